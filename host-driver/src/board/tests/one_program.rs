//! One port, one program.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use super::*;

#[test]
fn a_second_program_is_told_which_process_has_the_port() {
    let fake = FakeBoard::plug_in(Role::Capture, 1);
    // util-linux' flock stands for the other program: it holds the lock while `cat` runs.
    let mut other = Command::new("flock")
        .args(["--exclusive", "--nonblock"])
        .arg(&fake.path)
        .arg("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // `cat` answers once the lock is held.
    let mut stdin = other.stdin.take().unwrap();
    stdin.write_all(b"ready\n").unwrap();
    let mut line = String::new();
    let stdout = other.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut line).unwrap();

    let error = Board::open(&fake.path, Role::Capture, BOOT).unwrap_err();
    let BoardError::InUse { path, holder } = &error else {
        panic!("{error}")
    };
    assert_eq!(*path, fake.path.to_str().unwrap());
    assert_eq!(*holder, format!("process {} (flock)", other.id()));
    assert!(error.to_string().contains("is in use by process"), "{error}");

    drop(stdin);
    other.wait().unwrap();
    let (board, _events) = open(&fake, Role::Capture);
    board.wait_until_up(PATIENCE).unwrap();
}

#[test]
fn a_port_in_use_here_is_free_for_others_as_soon_as_it_is_closed() {
    let fake = FakeBoard::plug_in(Role::Capture, 1);
    let (board, _events) = open(&fake, Role::Capture);
    board.wait_until_up(PATIENCE).unwrap();
    let error = Board::open(&fake.path, Role::Capture, BOOT + 1).unwrap_err();
    let here = format!("process {} ", std::process::id());
    assert!(
        matches!(&error, BoardError::InUse { holder, .. } if holder.starts_with(&here)),
        "{error}"
    );
    board.request(StatusRequest {}, PATIENCE).unwrap();
    drop(board);
    Board::open(&fake.path, Role::Capture, BOOT + 1).unwrap();
}

#[test]
fn a_port_that_another_program_takes_while_it_was_lost_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture-board");
    let fake = FakeBoard::plug_in(Role::Capture, 1);
    symlink(&fake.path, &path).unwrap();
    let (board, _events) = Board::open(&path, Role::Capture, BOOT).unwrap();
    board.wait_until_up(PATIENCE).unwrap();

    let again = FakeBoard::plug_in(Role::Capture, 1);
    let (_other, _other_events) = Board::open(&again.path, Role::Capture, BOOT + 1).unwrap();
    std::fs::remove_file(&path).unwrap();
    symlink(&again.path, &path).unwrap();
    drop(fake);
    let deadline = Instant::now() + PATIENCE;
    loop {
        match board.request(StatusRequest {}, PATIENCE) {
            Err(BoardError::InUse { .. }) => break,
            other => assert!(Instant::now() < deadline, "{other:?}"),
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

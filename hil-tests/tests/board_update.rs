//! `loket board update` against boards: one on a desk that takes firmware, on a pseudo-terminal, and the LM3S6965 in QEMU, which does not.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use desk_board::{Bay, Card, Witness};
use ed25519_dalek::SigningKey;
use hil_tests::device::pty::Pty;
use hil_tests::rig::build;
use hil_tests::rig::firmware::{development_key, sign};
use hil_tests::rig::line::Line;
use hil_tests::rig::qemu::Board;
use kiosk_fw::link_port::FIRMWARE;
use protocol::Role;
use protocol::package::Manifest;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// Bytes after which a line goes dead; none yet.
const NEVER: usize = usize::MAX;

/// A kiosk board on a desk that lives in real time on a pseudo-terminal, in a thread of its own.
struct OnDesk {
    port: PathBuf,
    /// How many more bytes reach the board; after them the line is dead both ways.
    line: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    seen: Arc<Seen>,
}

/// What a test may look at from outside.
#[derive(Default)]
struct Seen {
    /// Starts of the board.
    starts: AtomicUsize,
    /// The power is to go off and on.
    unplug: AtomicBool,
    /// The flash is to go bad.
    wear_out: AtomicBool,
    /// First byte of the firmware that would run.
    first_byte: AtomicUsize,
}

impl OnDesk {
    fn start() -> Self {
        let mut pty = Pty::open().unwrap();
        pty.set_timeout(Duration::from_millis(1));
        let port = pty.path().to_owned();
        let (line, stop) = (
            Arc::new(AtomicUsize::new(NEVER)),
            Arc::new(AtomicBool::new(false)),
        );
        let seen = Arc::new(Seen::default());
        let (its_line, its_stop, its_seen) = (Arc::clone(&line), Arc::clone(&stop), Arc::clone(&seen));
        let thread = std::thread::spawn(move || run(pty, &its_line, &its_stop, &its_seen));
        while seen.starts.load(Ordering::SeqCst) == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        Self {
            port,
            line,
            stop,
            thread: Some(thread),
            seen,
        }
    }

    fn unplug(&self) {
        let before = self.seen.starts.load(Ordering::SeqCst);
        self.seen.unplug.store(true, Ordering::SeqCst);
        while self.seen.starts.load(Ordering::SeqCst) == before {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn runs(&self) -> u8 {
        self.seen.first_byte.load(Ordering::SeqCst) as u8
    }
}

impl Drop for OnDesk {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(std::thread::panicking() || ended.is_none_or(|ended| ended.is_ok()));
    }
}

fn run(mut pty: Pty, line: &AtomicUsize, stop: &AtomicBool, seen: &Seen) {
    let bay = Bay::default();
    let mut desk = desk_board::kiosk(Card::default(), Witness::default()).with_bay(bay.clone());
    let began = Instant::now();
    let now = || began.elapsed().as_micros() as u64;
    desk.switch_on(0, 1);
    while !stop.load(Ordering::SeqCst) {
        let mut bytes = [0; 4096];
        let mut count = pty.read(&mut bytes).unwrap_or(0);
        let left = line.load(Ordering::SeqCst);
        if left != NEVER {
            count = count.min(left);
            line.store(left - count, Ordering::SeqCst);
        }
        desk.host_says(&bytes[..count]);
        if seen.unplug.swap(false, Ordering::SeqCst) {
            desk.switch_off();
            desk.switch_on(now(), now() as u32);
        }
        if seen.wear_out.swap(false, Ordering::SeqCst) {
            bay.wear_out();
        }
        let until = now();
        let mut said = Vec::new();
        while let Some(at) = desk.next().filter(|at| *at <= until) {
            said.extend(desk.advance(at).host);
        }
        said.extend(desk.advance(until).host);
        // A cable that is cut is cut both ways.
        if line.load(Ordering::SeqCst) > 0 {
            let _ = pty.write_all(&said);
        }
        seen.first_byte
            .store(usize::from(bay.active()[0]), Ordering::SeqCst);
        seen.starts.store(desk.starts() as usize, Ordering::SeqCst);
    }
}

/// A folder with a configuration for a kiosk on `port`.
fn office(port: &Path) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        r#"
            [office]
            name = "Disdukcapil"
            province = "SUMATERA BARAT"
            regency = "KOTA PADANG PANJANG"
            office_place = "PADANG PANJANG"
            counter = 2
            [store]
            path = "{}"
            [boards]
            kiosk = "{}"
            patience_seconds = 30
        "#,
        folder.path().join("office.sqlite").display(),
        port.display()
    );
    std::fs::write(folder.path().join("loket.toml"), text).unwrap();
    folder
}

fn image() -> Vec<u8> {
    (0..100_000_u32)
        .map(|place| 0x42 ^ (place / 256) as u8 ^ place as u8)
        .collect()
}

fn manifest(board: &str, image: &[u8]) -> Manifest {
    Manifest {
        board: Manifest::board_name(board),
        role: Role::Kiosk.code(),
        // The desk's program is the same before and after.
        firmware: FIRMWARE,
        length: image.len() as u32,
        hash: Sha256::digest(image).into(),
    }
}

/// Runs `loket board update` with a file of these bytes.
fn update(office: &TempDir, file: &[u8], more: &[&str]) -> Output {
    let path = office.path().join("image.loket");
    std::fs::write(&path, file).unwrap();
    Command::new(build::loket().unwrap())
        .args(["board", "update", "--board", "kiosk", "--config"])
        .arg(office.path().join("loket.toml"))
        .args(more)
        .arg(path)
        .output()
        .unwrap()
}

fn ended_with(output: &Output, code: i32, words: &str) {
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(words), "{said}");
}

fn good() -> Vec<u8> {
    let image = image();
    sign(&manifest("desk", &image), &image, &development_key())
}

#[test]
fn an_update_runs_stays_after_power_was_gone_and_a_second_one_follows() {
    let desk = OnDesk::start();
    let office = office(&desk.port);
    ended_with(&update(&office, &good(), &[]), 0, "runs, is well, and stays");
    assert_eq!(desk.runs(), 0x42);
    desk.unplug();
    assert_eq!(desk.runs(), 0x42);
    ended_with(&update(&office, &good(), &[]), 0, "stays");
}

#[test]
fn an_update_that_is_not_confirmed_goes_back_at_the_next_start() {
    let desk = OnDesk::start();
    let office = office(&desk.port);
    let before = desk.runs();
    ended_with(
        &update(&office, &good(), &["--leave-on-trial"]),
        0,
        "on trial and was not confirmed",
    );
    assert_eq!(desk.runs(), 0x42);
    ended_with(&update(&office, &good(), &[]), 15, "is itself on trial");
    desk.unplug();
    assert_eq!(desk.runs(), before);
}

#[test]
fn what_the_board_should_not_run_it_refuses_and_says_why() {
    let desk = OnDesk::start();
    let office = office(&desk.port);
    let image = image();
    let ours = development_key();
    let stranger = SigningKey::from_bytes(&[7; 32]);
    let right = manifest("desk", &image);
    let before = desk.runs();
    ended_with(
        &update(&office, &sign(&right, &image, &stranger), &[]),
        15,
        "not signed with the key",
    );
    let other_board = manifest("RP2040", &image);
    ended_with(
        &update(&office, &sign(&other_board, &image, &ours), &[]),
        15,
        "another kind of board",
    );
    let mut older = right.clone();
    older.firmware = protocol::message::Firmware::default();
    ended_with(
        &update(&office, &sign(&older, &image, &ours), &[]),
        15,
        "is older",
    );
    let long = vec![1; 300_000];
    let too_long = sign(&manifest("desk", &long), &long, &ours);
    ended_with(&update(&office, &too_long, &[]), 15, "longer than");
    // What can be seen without the board does not reach it.
    let mut capture = right;
    capture.role = Role::Capture.code();
    ended_with(
        &update(&office, &sign(&capture, &image, &ours), &[]),
        5,
        "not for a kiosk board",
    );
    let mut damaged = good();
    damaged[200] ^= 1;
    ended_with(&update(&office, &damaged, &[]), 5, "damaged");
    ended_with(&update(&office, b"LOKETFW1", &[]), 5, "pack");
    assert_eq!(desk.runs(), before);
}

#[test]
fn a_transfer_whose_line_goes_dead_leaves_the_firmware_that_runs() {
    let desk = OnDesk::start();
    let office = office(&desk.port);
    let before = desk.runs();
    desk.line.store(60_000, Ordering::SeqCst);
    let output = update(&office, &good(), &[]);
    ended_with(&output, 15, "the line to the board went dead");
    assert_eq!(desk.runs(), before);
    desk.line.store(NEVER, Ordering::SeqCst);
    ended_with(&update(&office, &good(), &[]), 0, "stays");
    assert_eq!(desk.runs(), 0x42);
}

#[test]
fn power_that_goes_during_the_transfer_leaves_the_firmware_that_runs() {
    let desk = OnDesk::start();
    let office = office(&desk.port);
    let before = desk.runs();
    let output = std::thread::scope(|scope| {
        let updating = scope.spawn(|| update(&office, &good(), &[]));
        desk.line.store(50_000, Ordering::SeqCst);
        while desk.line.load(Ordering::SeqCst) > 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        desk.line.store(NEVER, Ordering::SeqCst);
        desk.unplug();
        updating.join().unwrap()
    });
    ended_with(&output, 15, "restarted during the transfer");
    assert_eq!(desk.runs(), before);
}

#[test]
fn a_flash_that_does_not_hold_what_was_written_is_found_out() {
    let desk = OnDesk::start();
    let office = office(&desk.port);
    let before = desk.runs();
    desk.seen.wear_out.store(true, Ordering::SeqCst);
    ended_with(&update(&office, &good(), &[]), 15, "is not what was sent");
    desk.unplug();
    assert_eq!(desk.runs(), before);
}

/// The firmware that ships, on a board whose flash this way does not reach.
#[test]
fn a_board_whose_firmware_cannot_be_changed_over_the_line_says_so_and_runs_on() {
    let (kiosk, _) = build::firmware().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let board = Board::start("kiosk", &kiosk, folder.path()).unwrap();
    let line = Line::connect(&board.serial_socket(0)).unwrap();
    board.power_on().unwrap();
    let office = office(line.path());
    let image = image();
    let package = sign(&manifest("LM3S6965", &image), &image, &development_key());
    for _ in 0..2 {
        ended_with(
            &update(&office, &package, &[]),
            15,
            "its firmware cannot be changed over the link",
        );
    }
}

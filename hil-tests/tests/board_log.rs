//! A board's log comes whole over its link, live and as it is kept, and only with the words of its own firmware.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use hil_tests::rig::line::Line;
use hil_tests::rig::qemu::Board;
use hil_tests::rig::{build, defmt_log};

/// `loket board logs`.
struct Loket<'a> {
    program: &'a Path,
    elf: &'a Path,
    folder: &'a Path,
}

impl Loket<'_> {
    fn logs(&self, what: &[&Path]) -> Output {
        Command::new(self.program)
            .args(["board", "logs", "--elf"])
            .arg(self.elf)
            .args(what)
            .current_dir(self.folder)
            .output()
            .unwrap()
    }
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Lines of the log: without what the program says of starts.
fn entries(output: &Output) -> Vec<String> {
    assert!(output.status.success(), "{}", words(output));
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text.lines().filter(|line| !line.starts_with("---"));
    lines.map(str::to_owned).collect()
}

fn only_file(folder: &Path) -> PathBuf {
    let mut files = fs::read_dir(folder).unwrap();
    let file = files.next().unwrap().unwrap().path();
    assert!(files.next().is_none());
    file
}

#[test]
fn the_link_carries_the_same_lines_as_semihosting() {
    let programs = build::programs().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let board = Board::start("kiosk", &programs.kiosk, folder.path()).unwrap();
    let line = Line::connect(&board.serial_socket(0)).unwrap();
    let config = format!(
        "[office]\nname = \"D\"\nprovince = \"P\"\nregency = \"R\"\noffice_place = \"O\"\ncounter = 1\n\
         [store]\npath = \"loket.sqlite\"\n[boards]\nkiosk = \"{}\"\n",
        line.path().display()
    );
    fs::write(folder.path().join("loket.toml"), config).unwrap();
    let loket = Loket {
        program: &programs.loket,
        elf: &programs.kiosk,
        folder: folder.path(),
    };
    let kept = folder.path().join("logs");
    board.power_on().unwrap();
    let live = loket.logs(&[Path::new("--logs"), &kept]);
    board.kill();
    let told = fs::read(board.defmt_file()).unwrap();
    let told = defmt_log::decode(&programs.kiosk, &told).unwrap();
    println!("{told}");
    let heard = entries(&live);
    assert!(heard.len() > 1, "{heard:?}");
    // The board may have logged after the program had left.
    let told: Vec<_> = told.lines().take(heard.len()).collect();
    assert_eq!(heard, told);
    assert_eq!(entries(&loket.logs(&[&kept])), told);

    // The log of a firmware of another build.
    let file = only_file(&kept);
    let mut bytes = fs::read(&file).unwrap();
    let build = u32::from_le_bytes(bytes[8..12].try_into().unwrap());
    assert_ne!(build, 0);
    bytes[8..12].copy_from_slice(&(build ^ 0xff).to_le_bytes());
    fs::write(&file, bytes).unwrap();
    let refused = loket.logs(&[&kept]);
    assert!(!refused.status.success());
    for build in [build, build ^ 0xff] {
        let named = format!("{build:08x}");
        assert!(words(&refused).contains(&named), "{}", words(&refused));
    }
}

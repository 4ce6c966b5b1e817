//! Whatever ends a board's firmware, the board comes back by itself and knows why.
//!
//! `kiosk-fw/src/bin/endings.rs` ends in every way, one after the other, and logs what each start finds.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::fs::File;
use std::process::Stdio;
use std::time::Duration;

use hil_tests::rig::process::Process;
use hil_tests::rig::{build, defmt_log};

/// What the starts log, in order. What is the same in every run is told to the last digit.
const TOLD: &[&[&str]] = &[
    &["start 1 cause PowerOn test 0 stack true"],
    &["panicked at"],
    &["start 2 cause Panic test 0"],
    &[
        "ended Panic tasks 0",
        "words bin/endings.rs:",
        ": the paper is blue",
    ],
    &["fault: CFSR"],
    &["start 3 cause StackOverflow test 0"],
    // MMARVALID, MSTKERR and DACCVIOL (Armv7-M ARM, B3.2.15): there was no room to say where it was.
    &["ended StackOverflow tasks 0", "status 0x92", "address 0x20000"],
    &["watchdog: tasks 0b0010"],
    &["start 4 cause Watchdog test 0"],
    &["ended Watchdog tasks 2 uptime 9", "pc true"],
    &["watchdog: tasks 0b0010"],
    &["start 5 cause Watchdog test 0"],
    // Seven to nine seconds: with a sleep that takes no time, QEMU loses some turns of the board's clock.
    &["ended Watchdog tasks 2 uptime", "pc true"],
    &["fault: CFSR 0x00010000"],
    &["start 6 cause Fault test 0"],
    // UNDEFINSTR.
    &["ended Fault tasks 0", "pc true status 0x10000"],
    // With interrupts off the watchdog has no last words.
    &["start 7 cause Unknown test 0"],
    &["ended Unknown tasks 0 uptime 1 pc false"],
    &["start 8 cause Requested test 0"],
    &["ended Requested tasks 0"],
    &["done"],
];

#[test]
fn a_board_comes_back_from_every_end_and_tells_it() {
    let elf = build::endings().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log.defmt");
    let mut command = Process::command("/usr/bin/qemu-system-arm");
    command
        .args([
            "-machine",
            "lm3s6965evb",
            "-display",
            "none",
            "-monitor",
            "none",
            "-nodefaults",
        ])
        .args(["-semihosting-config", "enable=on,target=native"])
        // Sleeping takes no time, and an instruction so much of the board's that a stuck loop soon is.
        .args(["-icount", "shift=9,sleep=off"])
        .arg("-kernel")
        .arg(&elf)
        .stdin(Stdio::null())
        .stdout(File::create(&log).unwrap());
    let mut qemu = Process::spawn("QEMU", &mut command).unwrap();
    let ended = qemu.wait_for_end(Duration::from_mins(2));
    let text = defmt_log::decode(&elf, &std::fs::read(&log).unwrap()).unwrap();
    assert!(
        ended.is_some_and(|status| status.success()),
        "{ended:?}, and the log says:\n{text}"
    );
    let lines: Vec<&str> = text.lines().collect();
    let mut rest = lines.iter();
    for told in TOLD {
        let found = rest.any(|line| told.iter().all(|part| line.contains(part)));
        assert!(found, "nothing says {told:?} where it should:\n{text}");
    }
}

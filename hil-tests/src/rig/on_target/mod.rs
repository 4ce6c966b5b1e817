//! `cargo rig on-target`: the firmware's tests that run on the board itself, under QEMU.
//!
//! One program holds them all; the list is in its ELF. Each test starts from the board's reset, has an SD card of its own, and says
//! how it went by QEMU's exit code.

mod list;

use std::fs::File;
use std::ops::Range;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tempfile::TempDir;

use super::card::CardImage;
use super::process::Process;
use super::setup::{self, Purpose};
use super::{build, defmt_log};
use list::Test;

/// How long a test may take if it does not say. Time on the board passes by itself, so this is for one that is stuck.
const LIMIT: Duration = Duration::from_mins(1);
/// What comes on UART2: as many bytes, of which the n-th is 7 n.
const LINE: Range<u32> = 0..1_000;
/// A test whose name ends so has no SD card in its slot.
const WITHOUT_CARD: &str = "_without_a_card";

/// Sets the machine up, then builds and runs the tests, or those whose names contain `filter`. With `log`, also shows what those
/// said that passed.
///
/// # Errors
/// If the set-up or the build fails, or a test.
pub fn run(yes: bool, filter: Option<&str>, log: bool) -> anyhow::Result<()> {
    setup::run(Purpose::Test, yes)?;
    eprintln!("Building the tests that run on the board …");
    run_built(&build::on_target()?, filter, log)
}

/// Runs the tests of a program that is built, on a machine that is set up.
///
/// # Errors
/// If a test fails, or there is none at all.
pub fn run_built(elf: &Path, filter: Option<&str>, log: bool) -> anyhow::Result<()> {
    let all = list::of(elf)?;
    if all.is_empty() {
        bail!("there are no tests in {}", elf.display());
    }
    let chosen = all
        .iter()
        .filter(|test| filter.is_none_or(|filter| test.name.contains(filter)));
    let mut failed = Vec::new();
    let mut count = 0;
    for test in chosen {
        if test.ignored {
            println!("on the board: {} ... ignored", test.name);
            continue;
        }
        let start = Instant::now();
        let verdict = run_one(elf, test, log)?;
        count += 1;
        match &verdict {
            Ok(()) => println!("on the board: {} ... ok ({:.1?})", test.name, start.elapsed()),
            Err(words) => {
                println!("on the board: {} ... FAILED: {words}", test.name);
                failed.push(test.name.as_str());
            }
        }
    }
    println!(
        "on the board: {} passed, {} failed",
        count - failed.len(),
        failed.len()
    );
    if !failed.is_empty() {
        bail!("on the board, {} failed", failed.join(", "));
    }
    Ok(())
}

/// Runs a test; what went wrong with it, if anything did.
fn run_one(elf: &Path, test: &Test, show: bool) -> anyhow::Result<Result<(), String>> {
    let folder = TempDir::with_prefix("loket-test-").context("making a folder for a test")?;
    let log = folder.path().join("log.defmt");
    let words = folder.path().join("qemu.log");
    let mut command = Process::command("/usr/bin/qemu-system-arm");
    command
        .args(["-machine", "lm3s6965evb", "-nodefaults"])
        .args(["-display", "none", "-monitor", "none"])
        // Instructions are the clock, and it jumps while the board sleeps: every run is the same.
        .args(["-icount", "shift=4,sleep=off"])
        .args(["-d", "guest_errors,unimp"])
        .arg("-semihosting-config")
        .arg(format!(
            "enable=on,target=native,arg=run_addr,arg={}",
            test.function
        ))
        .arg("-kernel")
        .arg(elf);
    let line = folder.path().join("line");
    std::fs::write(&line, LINE.map(|place| (place * 7) as u8).collect::<Vec<_>>())?;
    // Standard output is for the log; what a test sends would be mixed with it.
    command.args(["-serial", "null", "-serial", "null"]).args([
        "-chardev",
        "stdio,id=line,signal=off",
        "-serial",
        "chardev:line",
    ]);
    let card;
    if !test.name.ends_with(WITHOUT_CARD) {
        card = CardImage::blank(folder.path().join("card.img"))?;
        command.args(card.qemu_arguments());
    }
    command
        .stdin(File::open(&line)?)
        .stdout(File::create(&log)?)
        .stderr(File::create(&words)?);
    let mut process = Process::spawn("QEMU", &mut command)
        .context("starting qemu-system-arm; `cargo rig setup` installs it")?;
    let limit = test.timeout.unwrap_or(LIMIT);
    let status = process.wait_for_end(limit);
    process.kill();
    let verdict = judge(status, test.should_panic, limit);
    if show || verdict.is_err() {
        let log = defmt_log::decode(elf, &std::fs::read(&log)?)?;
        eprint!("{}{log}", std::fs::read_to_string(&words)?);
    }
    Ok(verdict)
}

fn judge(status: Option<ExitStatus>, should_panic: bool, limit: Duration) -> Result<(), String> {
    let Some(status) = status else {
        return Err(format!("it did not end within {limit:?}"));
    };
    match (status.code(), should_panic) {
        (Some(0), true) => Err("it should have panicked".into()),
        (Some(0), false) | (Some(_), true) => Ok(()),
        (Some(code), false) => Err(format!("exit code {code}")),
        (None, _) => Err(format!("QEMU was ended by signal {:?}", status.signal())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit(code: i32) -> ExitStatus {
        ExitStatus::from_raw(code << 8)
    }

    #[test]
    fn a_test_passes_only_if_it_says_so_in_time() {
        assert_eq!(judge(Some(exit(0)), false, LIMIT), Ok(()));
        assert!(judge(Some(exit(101)), false, LIMIT).is_err());
        assert!(judge(None, false, LIMIT).is_err());
        assert!(
            judge(Some(ExitStatus::from_raw(6)), false, LIMIT).is_err(),
            "a signal"
        );
    }

    #[test]
    fn a_test_that_should_panic_fails_if_it_does_not() {
        assert_eq!(judge(Some(exit(101)), true, LIMIT), Ok(()));
        assert!(judge(Some(exit(0)), true, LIMIT).is_err());
        assert!(judge(None, true, LIMIT).is_err());
    }
}

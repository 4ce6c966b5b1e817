//! A firmware that nobody wants anything of: boots, draws, waits.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tempfile::TempDir;

use crate::rig::card::CardImage;
use crate::rig::defmt_log;
use crate::rig::process::Process;

/// Longest wait for the minute that the firmware reports on. It passes in seconds, because sleep takes no time.
const PATIENCE: Duration = Duration::from_mins(3);

/// An instruction takes 2^5 ns of the board's time; the real ones take 20 ns to 60 (Cortex-M3 TRM, 3.3.1). Sleep takes none of ours.
const ICOUNT: &str = "shift=5,sleep=off";

/// What it says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quiet {
    pub ready_us: u64,
    pub busy_permille: u16,
    pub longest_block_us: u64,
    pub stack_free: u64,
}

/// Runs it until it has reported.
pub(super) fn run(name: &str, elf: &Path) -> anyhow::Result<Quiet> {
    let folder = TempDir::with_prefix("loket-quiet-").context("making a folder")?;
    let log = folder.path().join("log.defmt");
    let card = CardImage::blank(folder.path().join("card.img"))?;
    let mut command = Process::command("/usr/bin/qemu-system-arm");
    command
        .args(["-machine", "lm3s6965evb", "-nodefaults"])
        .args(["-display", "none", "-monitor", "none"])
        .args(["-icount", ICOUNT])
        .args(["-semihosting-config", "enable=on,target=native"])
        .args(card.qemu_arguments())
        .arg("-kernel")
        .arg(elf)
        .stdin(Stdio::null())
        .stdout(File::create(&log)?)
        .stderr(File::create(folder.path().join("qemu.log"))?);
    let mut qemu = Process::spawn("QEMU", &mut command)
        .context("starting qemu-system-arm; `cargo rig setup` installs it")?;
    let end = Instant::now() + PATIENCE;
    loop {
        let text = defmt_log::decode(elf, &std::fs::read(&log)?)?;
        if let Some(quiet) = read(&text) {
            qemu.kill();
            return Ok(quiet);
        }
        if qemu.ended().is_some() || Instant::now() > end {
            bail!("the {name} did not report. It said:\n{text}");
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// What the log says, once it has said all.
fn read(text: &str) -> Option<Quiet> {
    let after = |words: &str| {
        let rest = &text[text.find(words)? + words.len()..];
        let digits = rest.split(|character: char| !character.is_ascii_digit());
        digits.into_iter().next()?.parse::<u64>().ok()
    };
    // The last of the line, so that a line that is still being written is not taken for one.
    text.contains(", test 0x").then_some(())?;
    Some(Quiet {
        ready_us: after("ready after ")?,
        busy_permille: after("health: busy ")?.try_into().ok()?,
        longest_block_us: after("longest block ")?,
        stack_free: after("stack free ")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_once_it_is_whole() {
        let text = "0.1 INFO ready after 84123 us\n61.0 INFO health: busy 7 permille, longest block 1503 us, stack free \
                    25004";
        assert_eq!(read(text), None);
        let whole = Quiet {
            ready_us: 84_123,
            busy_permille: 7,
            longest_block_us: 1_503,
            stack_free: 25_004,
        };
        assert_eq!(read(&format!("{text}, test 0x10\n")), Some(whole));
    }
}

//! `cargo rig bench firmware`: what each firmware takes of its board, and how quick it is.
//!
//! The LM3S6965's firmwares run under QEMU with counted instructions, on the board's own clock, so that the figures are the same
//! in every run on any machine. The Pico's are measured by their files only.

mod quiet;
mod size;

use std::path::PathBuf;

use super::{Figure, Limit, Report};
use crate::rig::build;
use crate::rig::setup::{self, Purpose};
use size::Size;

/// How to measure.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Do not ask before something is installed.
    pub yes: bool,
}

/// Flash of a firmware: half of the LM3S6965's.
const MOST_FLASH: f64 = 128.0 * 1024.0;
/// Variables and stack of a firmware, of 64 KiB.
const MOST_RAM: f64 = 40.0 * 1024.0;
/// From reset until the screen is drawn and the link looks for its host.
const MOST_BOOT_MS: f64 = 300.0;
/// Share of the time at work while nobody wants anything.
const MOST_BUSY: f64 = 1.0;

/// A firmware to measure.
struct Binary {
    board: &'static str,
    name: &'static str,
    elf: PathBuf,
    /// Whether it can be run here.
    runs: bool,
}

/// All firmwares of all boards, built.
fn binaries() -> anyhow::Result<Vec<Binary>> {
    let (kiosk, capture) = build::firmware()?;
    let pico = build::pico()?;
    let binary = |board, name, elf, runs| Binary {
        board,
        name,
        elf,
        runs,
    };
    Ok(vec![
        binary("LM3S6965", "kiosk", kiosk, true),
        binary("LM3S6965", "capture", capture, true),
        binary("RP2040", "kiosk", pico.kiosk, false),
        binary("RP2040", "capture", pico.capture, false),
    ])
}

/// Measures.
///
/// # Errors
/// If a firmware does not build or does not run; a figure that misses its limit is no error.
pub fn run(options: Options) -> anyhow::Result<Report> {
    setup::run(Purpose::Demo, options.yes)?;
    let mut report = Report::new("firmware");
    for binary in binaries()? {
        report.section(format!("{} on {}", binary.name, binary.board));
        let size = size::of(&binary.elf)?;
        let name = |what: &str| format!("{} {}: {what}", binary.board, binary.name);
        report.add(
            Figure::new(name("flash"), size.flash as f64, "bytes")
                .limit(Limit::AtMost(MOST_FLASH))
                .beside("code", size.code as f64)
                .beside("constants", size.constants as f64),
        );
        if binary.runs {
            running(&binary, &size, name, &mut report)?;
        } else {
            report.add(
                Figure::new(name("variables"), size.variables as f64, "bytes")
                    .limit(Limit::AtMost(MOST_RAM))
                    .remark("without stack: this board is not run here"),
            );
        }
    }
    Ok(report)
}

/// What shows only when it runs.
fn running(
    binary: &Binary,
    size: &Size,
    name: impl Fn(&str) -> String,
    report: &mut Report,
) -> anyhow::Result<()> {
    let quiet = quiet::run(binary.name, &binary.elf)?;
    let stack = size.stack.saturating_sub(quiet.stack_free);
    report.add(
        Figure::new(name("RAM"), (size.variables + stack) as f64, "bytes")
            .limit(Limit::AtMost(MOST_RAM))
            .beside("variables", size.variables as f64)
            .beside("worst stack seen", stack as f64)
            .remark("while it starts and waits"),
    );
    report.add(
        Figure::new(name("boot to ready"), quiet.ready_us as f64 / 1e3, "ms")
            .limit(Limit::AtMost(MOST_BOOT_MS))
            .remark("screen drawn, link looks for its host"),
    );
    report.add(
        Figure::new(name("busy"), f64::from(quiet.busy_permille) / 10.0, "%")
            .limit(Limit::AtMost(MOST_BUSY))
            .remark("first minute after the start, nobody there"),
    );
    report.add(
        Figure::new(name("longest block"), quiet.longest_block_us as f64 / 1e3, "ms")
            .remark("the longest that the processor was kept from all other tasks, start included"),
    );
    Ok(())
}

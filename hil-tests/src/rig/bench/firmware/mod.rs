//! `cargo rig bench firmware`: what each firmware takes of its board, and how quick it is.
//!
//! The LM3S6965's firmwares run under QEMU with counted instructions, on the board's own clock, so that the figures are the same
//! in every run on any machine; but what a peer on a line takes is real time. The Pico's are measured by their files only.

mod peers;
mod quiet;
mod size;

use std::path::PathBuf;

use super::{Figure, Limit, Report};
use crate::rig::build;
use crate::rig::setup::{self, Purpose};
use kiosk_fw::drivers::button::SETTLE_US;
use peers::Vitals;
use peers::kiosk::{Press, Served};
use quiet::Quiet;
use size::Size;

/// How to measure.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Fewer presses, and the LM3S6965 only.
    pub quick: bool,
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

/// From the press until the first byte of the ticket is on the printer's line, but for the host's answer.
const MOST_PRESS_MS: f64 = 30.0;
/// Presses that are measured, and with `--quick`.
const PRESSES: usize = 12;
const FEW_PRESSES: usize = 4;
/// A bit of the printer's line, 9,600 baud, in ms; ten make a byte.
const BYTE_MS: f64 = 10.0 / 9.6;

/// A firmware to measure.
struct Binary {
    board: &'static str,
    name: &'static str,
    elf: PathBuf,
    /// Whether it can be run here.
    runs: bool,
}

/// The firmwares, built.
fn binaries(quick: bool) -> anyhow::Result<Vec<Binary>> {
    let (kiosk, capture) = build::firmware()?;
    let binary = |board, name, elf, runs| Binary {
        board,
        name,
        elf,
        runs,
    };
    let mut binaries = vec![
        binary("LM3S6965", "kiosk", kiosk, true),
        binary("LM3S6965", "capture", capture, true),
    ];
    if !quick {
        let pico = build::pico()?;
        binaries.push(binary("RP2040", "kiosk", pico.kiosk, false));
        binaries.push(binary("RP2040", "capture", pico.capture, false));
    }
    Ok(binaries)
}

/// Measures.
///
/// # Errors
/// If a firmware does not build or does not run; a figure that misses its limit is no error.
pub fn run(options: Options) -> anyhow::Result<Report> {
    setup::run(Purpose::Demo, options.yes)?;
    let mut report = Report::new("firmware");
    for binary in binaries(options.quick)? {
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
            running(&binary, options, &size, name, &mut report)?;
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
    options: Options,
    size: &Size,
    name: impl Fn(&str) -> String,
    report: &mut Report,
) -> anyhow::Result<()> {
    let quiet = quiet::run(binary.name, &binary.elf)?;
    let (served, busy) = if binary.name == "kiosk" {
        let count = if options.quick { FEW_PRESSES } else { PRESSES };
        let Served { presses, vitals } = peers::kiosk::run(&binary.elf, count)?;
        (presses, vitals)
    } else {
        (Vec::new(), peers::capture::run(&binary.elf)?)
    };
    add_memory(&quiet, &busy, size, &name, report);
    report.add(
        Figure::new(name("boot to ready"), quiet.ready_us as f64 / 1e3, "ms")
            .limit(Limit::AtMost(MOST_BOOT_MS))
            .remark("screen drawn, link looks for its host"),
    );
    if !served.is_empty() {
        add_press(&served, &name, report);
    }
    report.add(
        Figure::new(name("busy"), f64::from(quiet.busy_permille) / 10.0, "%")
            .limit(Limit::AtMost(MOST_BUSY))
            .beside("at work", f64::from(busy.busy_permille) / 10.0)
            .remark("first minute after the start, nobody there"),
    );
    let longest = quiet.longest_block_us.max(busy.longest_block_us);
    report.add(
        Figure::new(name("longest block"), longest as f64 / 1e3, "ms")
            .beside("at rest", quiet.longest_block_us as f64 / 1e3)
            .beside("at work", busy.longest_block_us as f64 / 1e3)
            .remark("the longest that the processor was kept from all other tasks, start included"),
    );
    Ok(())
}

fn add_memory(
    quiet: &Quiet,
    busy: &Vitals,
    size: &Size,
    name: &impl Fn(&str) -> String,
    report: &mut Report,
) {
    let used = |free: u64| size.stack.saturating_sub(free);
    let (rest, work) = (used(quiet.stack_free), used(busy.stack_free));
    report.add(
        Figure::new(name("RAM"), (size.variables + rest.max(work)) as f64, "bytes")
            .limit(Limit::AtMost(MOST_RAM))
            .beside("variables", size.variables as f64)
            .beside("worst stack at rest", rest as f64)
            .beside("worst stack at work", work as f64),
    );
}

/// How long a resident waits, in its parts. Each part is its own median, so that they need not add up to the whole's.
fn add_press(presses: &[Press], name: &impl Fn(&str) -> String, report: &mut Report) {
    let median = |of: &dyn Fn(&Press) -> f64| {
        let mut values: Vec<f64> = presses.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let debounce = SETTLE_US as f64 / 1e3;
    let board = |press: &Press| (press.begins - (press.host - press.asks)) as f64 / 1e3;
    let line = |press: &Press| press.line_bytes as f64 * BYTE_MS;
    report.add(
        Figure::new(
            name("button to first printed byte"),
            median(&|press| debounce + line(press) + board(press)),
            "ms",
        )
        .limit(Limit::AtMost(MOST_PRESS_MS))
        .beside("debouncing", debounce)
        .beside("printer's line", median(&line))
        .beside("board until it asks the host", median(&|press| press.asks as f64 / 1e3))
        .beside(
            "board from the answer until the number is recorded",
            median(&|press| (press.records - press.host) as f64 / 1e3),
        )
        .beside(
            "board from there",
            median(&|press| (press.begins - press.records) as f64 / 1e3),
        )
        .beside(
            "host, not counted",
            median(&|press| (press.host - press.asks) as f64 / 1e3),
        )
        .beside("presses", presses.len() as f64)
        .remark(
            "median; the line's time is that of its bytes at 9,600 baud. QEMU takes no time for the SPI bus, and its card writes at \
             once: a real card takes what it takes, twice",
        ),
    );
}

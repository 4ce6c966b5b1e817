//! `cargo rig bench link`: what the link carries, against what the line could, and beside others.

mod beside;
pub mod board;
mod codec;
mod goodput;
mod latency;
mod messages;

use clap::ValueEnum;

use super::Report;
use crate::rig::setup::{self, Purpose};

/// What to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Goodput of objects over lines of each bit error rate, in virtual time.
    Goodput,
    /// Goodput beside that of ZMODEM and C-Kermit over the same line, in real time.
    Beside,
    /// How long a command waits while an object is sent, in virtual time.
    Latency,
    /// A million messages over bad lines, with cuts and restarts: none lost, none twice, none out of order.
    Messages,
    /// Making frames and taking them apart on this computer, beside rust-mavlink and postcard.
    Codec,
    /// What the link costs on the board: instructions, stack, memory and flash.
    Board,
}

impl Part {
    /// What the machine is made ready for; `None` if nothing that it lacks is needed.
    const fn needs(self) -> Option<Purpose> {
        match self {
            Self::Beside => Some(Purpose::Bench),
            // QEMU, and a compiler for the board.
            Self::Board => Some(Purpose::Demo),
            _ => None,
        }
    }
}

/// How to measure.
#[derive(Clone, Debug)]
pub struct Options {
    /// These parts only; empty: all.
    pub only: Vec<Part>,
    /// Much less of everything, to see that it runs: the figures scatter.
    pub quick: bool,
    /// Do not ask before something is installed.
    pub yes: bool,
}

/// Measures.
///
/// # Errors
/// If something that is needed cannot be started; a figure that misses its limit is none.
pub fn run(options: &Options) -> anyhow::Result<Report> {
    let wanted: Vec<Part> = Part::value_variants()
        .iter()
        .copied()
        .filter(|part| options.only.is_empty() || options.only.contains(part))
        .collect();
    // First of all: nobody is asked after minutes of measuring.
    for purpose in wanted.iter().filter_map(|part| part.needs()) {
        setup::run(purpose, options.yes)?;
    }
    let mut report = Report::new("link");
    for part in wanted {
        eprintln!(
            "measuring {} …",
            part.to_possible_value()
                .map_or_else(String::new, |it| it.get_name().into())
        );
        match part {
            Part::Goodput => goodput::measure(options, &mut report),
            Part::Beside => beside::measure(options, &mut report)?,
            Part::Latency => latency::measure(options, &mut report),
            Part::Messages => messages::measure(options, &mut report),
            Part::Codec => codec::measure(options, &mut report)?,
            Part::Board => board::measure(&mut report)?,
        }
    }
    Ok(report)
}

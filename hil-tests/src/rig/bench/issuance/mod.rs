//! `cargo rig bench issuance`: whatever fails while a card is issued, what must hold holds; and what issuing one costs.

mod beside;
mod crashes;
mod faults;
mod frames;
mod hostile;
mod kills;
mod model;
mod time;

use clap::ValueEnum;

use super::Report;
use crate::rig::setup::{self, Purpose};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// The machine with a model of card, printer, operator and crashes: every interleaving with up to two faults.
    Model,
    /// In this process: stopped at every crash point of every way, with every kind of fault.
    Crashes,
    /// Every fault of every device at every step, and what the system did.
    Faults,
    /// Cards that lie.
    Hostile,
    /// Through the real PC/SC service and the emulated printer: killed, and started again.
    Kills,
    /// APDUs and bytes of one personalisation, beside what its content needs.
    Frames,
    /// The time that the software takes, with devices that answer at once and with devices at real speed.
    Time,
    /// Beside OpenSC, writing the same bytes to the same card.
    Beside,
}

/// How to measure.
#[derive(Clone, Debug)]
pub struct Options {
    /// These parts only; empty: all.
    pub only: Vec<Part>,
    /// From which everything random is drawn.
    pub seed: u64,
    /// Much less of everything, to see that it runs.
    pub quick: bool,
    /// Do not ask before something is installed.
    pub yes: bool,
}

impl Options {
    fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}

/// Measures.
///
/// # Errors
/// If something that is needed cannot be started; a figure that misses its limit is none.
pub fn run(options: &Options) -> anyhow::Result<Report> {
    if [Part::Kills, Part::Time, Part::Beside]
        .into_iter()
        .any(|part| options.wants(part))
    {
        // First of all: nobody is asked after minutes of measuring.
        setup::run(Purpose::Test, options.yes)?;
    }
    let mut report = Report::new("issuance");
    let parts: [(Part, fn(&Options, &mut Report) -> anyhow::Result<()>); 8] = [
        (Part::Model, model::measure),
        (Part::Crashes, crashes::measure),
        (Part::Faults, faults::measure),
        (Part::Hostile, hostile::measure),
        (Part::Kills, kills::measure),
        (Part::Frames, frames::measure),
        (Part::Time, time::measure),
        (Part::Beside, beside::measure),
    ];
    for (part, measure) in parts {
        if options.wants(part) {
            measure(options, &mut report)?;
        }
    }
    Ok(report)
}

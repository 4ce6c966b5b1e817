//! `cargo rig bench issuance`: whatever fails while a card is issued, what must hold holds; and what issuing one costs.

mod crashes;
mod faults;
mod kills;
mod model;
mod sweep;

use clap::ValueEnum;

use super::Report;
use crate::rig::setup::{self, Purpose};
use crate::rig::{build, isolation};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// The machine with a model of card, printer, operator and crashes: every interleaving with up to four faults.
    Model,
    /// In one process: stopped at every moment of every way, with every kind of fault.
    Crashes,
    /// Every fault of every device at every moment, and what the system did.
    Faults,
    /// Through the real PC/SC service and the emulated printer: the operator's program is killed, and started again.
    Kills,
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
    if options.wants(Part::Kills) && isolation::Isolation::current() == isolation::Isolation::Shared {
        // First of all: nobody is asked after minutes of measuring. And outside of the private place: it has no network.
        setup::run(Purpose::Test, options.yes)?;
        build::programs()?;
        isolation::enter()?;
    }
    let mut report = Report::new("issuance");
    if options.wants(Part::Model) {
        model::measure(options, &mut report);
    }
    if options.wants(Part::Crashes) {
        crashes::measure(options, &mut report)?;
    }
    if options.wants(Part::Faults) {
        faults::measure(options, &mut report)?;
    }
    if options.wants(Part::Kills) {
        kills::measure(options, &mut report)?;
    }
    Ok(report)
}

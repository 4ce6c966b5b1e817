//! `cargo rig demo`: one applicant, from the queue number to the activated card.

mod person;
mod report;
mod story;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;

use super::evidence::Evidence;
use super::fault::Fault;
use super::setup::{self, Purpose};
use super::{build, isolation, test};
use crate::applicant::{Applicant, Sample};
use crate::finger::RealScans;

/// What the person at the terminal asked for.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
#[derive(Clone, Debug)]
pub struct Options {
    /// Install without asking.
    pub yes: bool,
    /// Print the result as one JSON object on the last line.
    pub json: bool,
    /// Name of a sample applicant.
    pub applicant: String,
    /// What shall be wrong.
    pub fault: Option<Fault>,
    /// Real scans instead of synthetic fingers.
    pub real_fingers: bool,
    /// The person presses the keys and answers the operator's questions.
    pub interactive: bool,
    /// Folder for what the run leaves behind; a new one of its own if not given.
    pub output: Option<PathBuf>,
}

/// Runs the demonstration. The exit code is 0 only if the card ended activated and handed over.
///
/// # Errors
/// If the set-up or a build fails, a part of the office does not start, or there is no such applicant.
pub fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let sample = Sample::from_name(&options.applicant).with_context(|| {
        let names: Vec<&str> = Sample::ALL.into_iter().map(Sample::name).collect();
        format!(
            "there is no sample applicant {:?}; there are: {}",
            options.applicant,
            names.join(", ")
        )
    })?;
    // Outside of the private place: it has no network, and nothing is built in it.
    if isolation::Isolation::current() == isolation::Isolation::Shared
        && std::env::var_os(test::PREPARED).is_none()
    {
        setup::run(Purpose::Demo, options.yes)?;
        eprintln!("Building the firmwares and the operator's program …");
        build::programs()?;
    }
    let isolation = isolation::enter()?;
    let applicant = if options.real_fingers {
        let scans = RealScans::find()
            .context("looking for the real scans; set LOKET_FINGERPRINTS to their folder")?;
        Applicant::with_real_fingers(sample, &scans)
    } else {
        Applicant::new(sample)
    }
    .context("making the sample applicant")?;
    let programs = build::Programs::built();
    let run_name = options.fault.map_or_else(
        || options.applicant.clone(),
        |fault| format!("{}-{}", options.applicant, fault.name()),
    );
    let mut evidence = Evidence::new(options.output.as_deref(), &run_name)?;
    let told = story::tell(options, &applicant, &programs, isolation, &mut evidence)?;
    report::print(&told, &evidence, options.json)?;
    Ok(if told.is_issued() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

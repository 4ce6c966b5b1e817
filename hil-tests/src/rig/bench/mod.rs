//! `cargo rig bench NAME`: figures, each beside its limit.
//!
//! A bench fills a [`Report`]. It prints as a table, or with `--json` as one object on the last line of standard output;
//! the exit code is 1 when a limit is missed.

pub mod firmware;
pub mod issuance;
pub mod link;
pub mod office_hours;
pub mod power_cut;
mod report;

pub use report::{Figure, Limit, Report};

use std::process::ExitCode;

/// Prints a report and makes the exit code of it.
///
/// # Errors
/// If standard output is closed.
pub fn finish(report: &Report, json: bool) -> anyhow::Result<ExitCode> {
    use std::io::Write;

    let mut out = std::io::stdout().lock();
    write!(out, "{report}")?;
    if json {
        writeln!(out, "{}", serde_json::to_string(&report.to_json())?)?;
    }
    Ok(if report.is_met() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

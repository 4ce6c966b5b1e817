//! How fast frames are made and taken apart on this computer, beside rust-mavlink and postcard.

use std::collections::BTreeMap;
use std::process::Stdio;

use anyhow::{Context, ensure};
use serde::Deserialize;

use super::Options;
use crate::rig::bench::{Figure, Limit, Report};
use crate::rig::project;

/// Ours by the faster of the others.
const LEAST: f64 = 2.0;

/// What the comparison prints on its last line.
#[derive(Deserialize)]
struct Printed {
    figures: Vec<Compared>,
}

/// One thing that all have done, by turns.
#[derive(Deserialize)]
struct Compared {
    name: String,
    /// Of the rates: `frames/s` or `bytes/s`.
    unit: String,
    /// Ours by the fastest other's of the same round, median of the rounds.
    ratio: f64,
    /// The same, by postcard with the checksum that is ours.
    ratio_with_our_checksum: f64,
    /// Median rate of each.
    rates: BTreeMap<String, f64>,
}

/// # Errors
/// If the comparison does not build or run.
pub(super) fn measure(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let printed = compare(options.quick)?;
    report.section(
        "codec: payload per second of processor time, checksum included, as ratio of ours to the faster of rust-mavlink and \
         postcard with COBS and CRC-32 (crates cobs and crc, composed in two ways); all by turns in one run, median of the \
         rounds; decoded from a stream in reads of so many bytes",
    );
    for compared in printed.figures {
        report.add(compared.figure());
    }
    Ok(())
}

impl Compared {
    fn figure(self) -> Figure {
        let rates: Vec<String> = self
            .rates
            .iter()
            .map(|(who, rate)| format!("{who} {:.1}", rate / 1e6))
            .collect();
        Figure::new(self.name, self.ratio, "times")
            .limit(Limit::AtLeast(LEAST))
            .beside("postcard with crc32fast", self.ratio_with_our_checksum)
            .remark(format!("{} million {}", rates.join(", "), self.unit))
    }
}

/// Builds and runs the comparison, which is a package of its own.
fn compare(quick: bool) -> anyhow::Result<Printed> {
    let mut command = project::cargo_command();
    command
        .args(["run", "--quiet", "--release", "--manifest-path"])
        .arg(project::root().join("protocol/benches/codec/Cargo.toml"))
        .arg("--target-dir")
        .arg(project::target_dir().join("codec-bench"));
    if quick {
        command.args(["--", "--quick"]);
    }
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("starting cargo to run the comparison of codecs")?;
    ensure!(
        output.status.success(),
        "the comparison of codecs failed ({})",
        output.status
    );
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().unwrap_or_default();
    serde_json::from_str(last).context("what the comparison of codecs printed")
}

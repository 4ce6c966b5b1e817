//! Builds the targets, runs one, and reads what libFuzzer says.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use super::{Sanitizer, Target, seeds};
use crate::rig::process::Process;
use crate::rig::project;

/// Longer inputs take time and show nothing new.
const MAX_LEN: &str = "-max_len=1000";
/// An input that takes longer than this, in seconds, hangs.
const TIME_LIMIT: &str = "-timeout=20";
/// How long a run may go on after its time: the last input, and the writing of the corpus.
const GRACE: Duration = Duration::from_mins(1);

/// What came of a run.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outcome {
    pub(super) target: Target,
    pub(super) executions: u64,
    pub(super) time: Duration,
    /// Edges of the program's flow that were reached.
    pub(super) edges: u64,
    /// What libFuzzer tells apart: edges, how often they were passed, values that were compared.
    pub(super) features: u64,
    /// Inputs that reached something new.
    pub(super) new_inputs: u64,
    pub(super) found: Option<Found>,
}

impl Outcome {
    pub(super) fn per_second(&self) -> f64 {
        self.executions as f64 / self.time.as_secs_f64().max(0.001)
    }
}

/// An input that the target does not survive.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    pub(super) what: String,
    pub(super) input: PathBuf,
    pub(super) log: PathBuf,
}

/// The triple of this machine, as cargo-fuzz names its folder.
pub(super) fn host() -> String {
    let version = Command::new("rustc").arg("-vV").output();
    let text = version
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.unwrap_or("x86_64-unknown-linux-gnu").to_owned()
}

/// Builds all targets, and returns the folder of the programs.
///
/// # Errors
/// If cargo-fuzz cannot be run or the targets do not compile.
pub(super) fn build(sanitizer: Sanitizer) -> anyhow::Result<PathBuf> {
    let host = host();
    // Each has flags of its own, and would build everything anew after the other.
    let folder = project::target_dir().join("fuzz").join(sanitizer.name());
    let status = project::cargo_command()
        .args([
            "fuzz",
            "build",
            "--fuzz-dir",
            "protocol/fuzz",
            "--sanitizer",
            sanitizer.name(),
        ])
        .args(["--target", &host, "--target-dir"])
        .arg(&folder)
        // The sanitizers' flag is for nightly compilers only; with this a stable one takes it too. Cargo would remember
        // that the compiler did not know the flag, from a time when it was called without.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_CACHE_RUSTC_INFO", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .context("starting cargo fuzz")?;
    ensure!(status.success(), "the fuzz targets did not compile ({status})");
    Ok(folder.join(host).join("release"))
}

/// A folder of this target under `.rig/fuzz`, which is there.
fn folder(kind: &str, target: Target) -> anyhow::Result<PathBuf> {
    let folder = project::state_dir().join("fuzz").join(kind).join(target.name());
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    Ok(folder)
}

/// Corpora of the target: where new inputs go, then those that are only read.
fn corpora(target: Target) -> anyhow::Result<[PathBuf; 3]> {
    let seeds = folder("seeds", target)?;
    seeds::write(target, &seeds)?;
    let checked_in = target.corpus();
    std::fs::create_dir_all(&checked_in).with_context(|| checked_in.display().to_string())?;
    Ok([folder("corpus", target)?, checked_in, seeds])
}

/// Runs a target for so long, or until it finds something.
///
/// # Errors
/// If it cannot be run, or does not end.
pub(super) fn run(target: Target, programs: &Path, time: Duration) -> anyhow::Result<Outcome> {
    let findings = folder("findings", target)?;
    let log = project::state_dir()
        .join("fuzz")
        .join(format!("{}.log", target.name()));
    let output = std::fs::File::create(&log).with_context(|| log.display().to_string())?;
    let mut command = Process::command(programs.join(target.name()));
    command
        .arg(format!("-max_total_time={}", time.as_secs()))
        .arg(format!("-artifact_prefix={}/", findings.display()))
        .args(["-print_final_stats=1", "-len_control=10", MAX_LEN, TIME_LIMIT])
        .args(corpora(target)?)
        .env("ASAN_OPTIONS", "detect_odr_violation=0")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(output);
    let start = Instant::now();
    let mut process = Process::spawn(target.name(), &mut command).context("starting a fuzz target")?;
    let Some(status) = process.wait_for_end(time + GRACE) else {
        bail!("{} does not end; its log is {}", target.name(), log.display());
    };
    let text = std::fs::read(&log).with_context(|| log.display().to_string())?;
    let mut outcome = read(target, &String::from_utf8_lossy(&text), start.elapsed(), &log);
    if !status.success() && outcome.found.is_none() {
        bail!(
            "{} ended with {status}; its log is {}",
            target.name(),
            log.display()
        );
    }
    outcome.time = start.elapsed();
    Ok(outcome)
}

/// Reads libFuzzer's log.
fn read(target: Target, log: &str, time: Duration, path: &Path) -> Outcome {
    let statistic = |name: &str| {
        let line = log.lines().rev().find_map(|line| line.strip_prefix(name));
        line.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
    };
    let progress = |name: &str| {
        let line = log
            .lines()
            .rev()
            .find(|line| line.starts_with('#') && line.contains(name));
        let value = line.and_then(|line| line.split(name).nth(1)?.split_whitespace().next());
        value.and_then(|value| value.parse().ok()).unwrap_or(0)
    };
    let input = log
        .lines()
        .find_map(|line| line.split("Test unit written to ").nth(1));
    Outcome {
        target,
        executions: statistic("stat::number_of_executed_units:"),
        time,
        edges: progress(" cov: "),
        features: progress(" ft: "),
        new_inputs: statistic("stat::new_units_added:"),
        found: input.map(|input| Found {
            what: what(log),
            input: input.trim().into(),
            log: path.into(),
        }),
    }
}

/// What went wrong: the panic's own words, or libFuzzer's.
fn what(log: &str) -> String {
    let panic: Vec<_> = log
        .lines()
        .skip_while(|line| !line.contains("panicked at "))
        .take(4)
        .take_while(|line| !line.starts_with("note: ") && !line.starts_with("stack backtrace"))
        .collect();
    if !panic.is_empty() {
        return panic.join(" ");
    }
    let summary = log.lines().rev().find(|line| line.starts_with("SUMMARY: "));
    summary.unwrap_or("it ended").to_owned()
}

/// Makes the checked-in corpus anew of it, the seeds and what was found, without what adds nothing; returns how many
/// inputs it has.
///
/// # Errors
/// If libFuzzer or the file system fails.
pub(super) fn keep(target: Target, programs: &Path) -> anyhow::Result<usize> {
    let merged = folder("merged", target)?;
    std::fs::remove_dir_all(&merged)?;
    std::fs::create_dir_all(&merged)?;
    // The fewest inputs that reach all edges: how often each is passed would keep ten times as many.
    let output = Process::command(programs.join(target.name()))
        .args(["-set_cover_merge=1", "-use_counters=0", MAX_LEN, TIME_LIMIT])
        .arg(&merged)
        .args(corpora(target)?)
        .env("ASAN_OPTIONS", "detect_odr_violation=0")
        .stdin(Stdio::null())
        .output()
        .context("starting a fuzz target to merge its corpora")?;
    ensure!(
        output.status.success(),
        "the corpora of {} could not be merged:\n{}",
        target.name(),
        String::from_utf8_lossy(&output.stderr)
    );
    let checked_in = target.corpus();
    let files = std::fs::read_dir(&merged)?.collect::<Result<Vec<_>, _>>()?;
    ensure!(
        !files.is_empty(),
        "nothing is left of the corpus of {}",
        target.name()
    );
    std::fs::remove_dir_all(&checked_in)?;
    std::fs::create_dir_all(&checked_in)?;
    for file in &files {
        std::fs::copy(file.path(), checked_in.join(file.file_name()))?;
    }
    Ok(files.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_without_a_finding_is_read() {
        let log = "#2\tINITED cov: 10 ft: 11 corp: 1/1b\n#99\tDONE   cov: 812 ft: 2405 corp: 9/9b lim: 9\n\
                   stat::number_of_executed_units: 99\nstat::new_units_added:          7\n";
        let outcome = read(Target::Frame, log, Duration::from_secs(3), Path::new("log"));
        assert_eq!((outcome.executions, outcome.new_inputs), (99, 7));
        assert_eq!((outcome.edges, outcome.features), (812, 2405));
        assert!((outcome.per_second() - 33.0).abs() < 1e-9);
        assert_eq!(outcome.found, None);
    }

    #[test]
    fn a_finding_is_told_in_the_words_of_the_panic() {
        let log = "thread '<unnamed>' (1) panicked at src/link/book.rs:165:9:\nthe owner knows\nstack backtrace:\n  0\n\
                   SUMMARY: libFuzzer: deadly signal\nartifact_prefix='x/'; Test unit written to x/crash-1\n\
                   stat::number_of_executed_units: 5\n";
        let found = read(Target::Link, log, Duration::ZERO, Path::new("log")).found;
        let found = found.expect("a finding");
        assert_eq!(found.input, Path::new("x/crash-1"));
        assert!(
            found.what.ends_with("book.rs:165:9: the owner knows"),
            "{}",
            found.what
        );
        let hang = read(
            Target::Link,
            "SUMMARY: libFuzzer: timeout\na; Test unit written to x/timeout-1\n",
            Duration::ZERO,
            Path::new("log"),
        );
        assert_eq!(hang.found.expect("a finding").what, "SUMMARY: libFuzzer: timeout");
    }
}

//! `cargo rig fuzz`: looks for inputs that the protocol does not survive.
//!
//! The targets are in `protocol/fuzz`. They are built by cargo-fuzz with the toolchain that is in use, stable too, and
//! begin with the checked-in corpus and the golden vectors. What they find anew stays in `.rig/fuzz`, unless it is to be
//! kept: then the checked-in corpus is made anew of all, without what adds nothing.

mod campaign;
mod seeds;

use std::io::Write;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::ValueEnum;

use self::campaign::{Found, Outcome};
use super::setup::{self, Purpose};
use super::{project, toolchain};

/// A fuzz target, as `protocol/fuzz/fuzz_targets` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Target {
    /// Any bytes through the decoder of frames.
    Frame,
    /// Any bytes as messages.
    Message,
    /// A link against a hostile peer.
    Link,
    /// Two links on a hostile line.
    Pair,
}

impl Target {
    const fn name(self) -> &'static str {
        match self {
            Self::Frame => "frame",
            Self::Message => "message",
            Self::Link => "link",
            Self::Pair => "pair",
        }
    }

    /// The corpus that is checked in.
    fn corpus(self) -> PathBuf {
        project::root().join("protocol/fuzz/corpus").join(self.name())
    }
}

/// What finds faults that do not panic by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Sanitizer {
    /// `AddressSanitizer`: finds wrong use of memory in the unsafe code of others; several times slower.
    Address,
    /// None: panics, failed checks and hangs are found all the same.
    None,
}

impl Sanitizer {
    const fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::None => "none",
        }
    }

    /// The address sanitizer, if the compiler in use brings its run-time library.
    fn best() -> Self {
        let library = |root: PathBuf| {
            let libraries = root.join("lib/rustlib").join(campaign::host()).join("lib");
            let mut names = std::fs::read_dir(libraries)
                .ok()?
                .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()));
            names.find(|name| name.contains("_rt.asan"))
        };
        if toolchain::sysroot().and_then(library).is_some() {
            Self::Address
        } else {
            Self::None
        }
    }
}

/// What to do.
#[derive(Clone, Debug)]
pub struct Options {
    /// Do not ask before something is installed.
    pub yes: bool,
    /// Print the result as one JSON object too.
    pub json: bool,
    /// How long each target runs.
    pub seconds: NonZeroU32,
    /// Which targets; all if there are none.
    pub targets: Vec<Target>,
    /// How many run at the same time; as many as there are cores if not given.
    pub jobs: Option<usize>,
    /// Which sanitizer; the best there is if not given.
    pub sanitizer: Option<Sanitizer>,
    /// Keep what was found in the checked-in corpus.
    pub keep: bool,
}

/// Runs targets; the exit code is 1 if there is a finding.
///
/// # Errors
/// If something could not be installed, built or run.
pub fn run(options: &Options) -> anyhow::Result<ExitCode> {
    setup::run(Purpose::Fuzz, options.yes)?;
    let sanitizer = options.sanitizer.unwrap_or_else(Sanitizer::best);
    eprintln!("Building the fuzz targets (sanitizer: {}) …", sanitizer.name());
    let programs = campaign::build(sanitizer)?;
    let targets = match &options.targets[..] {
        [] => Target::value_variants(),
        some => some,
    };
    let time = Duration::from_secs(options.seconds.get().into());
    let outcomes = in_parallel(targets, options.jobs, |target| {
        eprintln!("{} …", target.name());
        campaign::run(target, &programs, time)
    })?;
    let mut out = std::io::stdout().lock();
    write!(out, "{}", table(&outcomes))?;
    for (outcome, found) in outcomes
        .iter()
        .filter_map(|outcome| Some((outcome, outcome.found.as_ref()?)))
    {
        writeln!(out, "\n{}", report(outcome, found, &programs))?;
    }
    if options.keep {
        for target in targets {
            let count = campaign::keep(*target, &programs)?;
            eprintln!(
                "{}: {count} inputs in {}",
                target.name(),
                target.corpus().display()
            );
        }
    }
    if options.json {
        writeln!(out, "{}", to_json(sanitizer, &outcomes))?;
    }
    let found = outcomes.iter().any(|outcome| outcome.found.is_some());
    Ok(if found {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Runs the targets, several at a time, and returns the outcomes in the order of the targets.
fn in_parallel(
    targets: &[Target],
    jobs: Option<usize>,
    run: impl Fn(Target) -> anyhow::Result<Outcome> + Sync,
) -> anyhow::Result<Vec<Outcome>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = jobs.unwrap_or(cores).clamp(1, targets.len().max(1));
    let waiting = Mutex::new(targets.iter().copied().enumerate());
    let next = || waiting.lock().ok()?.next();
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while let Some((place, target)) = next() {
                    let outcome = run(target);
                    if let Ok(mut done) = done.lock() {
                        done.push((place, outcome));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().context("a run of a target broke off")?;
    ensure!(done.len() == targets.len(), "a run of a target broke off");
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, outcome)| outcome).collect()
}

fn table(outcomes: &[Outcome]) -> String {
    let head = format!(
        "{:<8} {:>12} {:>10} {:>8} {:>9} {:>11}  {}\n",
        "target", "executions", "per second", "edges", "features", "new inputs", "finding"
    );
    let rows = outcomes.iter().map(|outcome| {
        format!(
            "{:<8} {:>12} {:>10.0} {:>8} {:>9} {:>11}  {}\n",
            outcome.target.name(),
            outcome.executions,
            outcome.per_second(),
            outcome.edges,
            outcome.features,
            outcome.new_inputs,
            if outcome.found.is_some() { "yes" } else { "none" },
        )
    });
    std::iter::once(head).chain(rows).collect()
}

fn report(outcome: &Outcome, found: &Found, programs: &std::path::Path) -> String {
    format!(
        "{}: {}\n  input:  {}\n  log:    {}\n  repeat: {} {}\n  or put the input into {} and run: cargo test -p protocol --test corpus",
        outcome.target.name(),
        found.what,
        found.input.display(),
        found.log.display(),
        programs.join(outcome.target.name()).display(),
        found.input.display(),
        outcome.target.corpus().display(),
    )
}

fn to_json(sanitizer: Sanitizer, outcomes: &[Outcome]) -> serde_json::Value {
    let targets: Vec<_> = outcomes
        .iter()
        .map(|outcome| {
            let found = outcome.found.as_ref();
            serde_json::json!({
                "target": outcome.target.name(),
                "executions": outcome.executions,
                "seconds": outcome.time.as_secs_f64(),
                "executions_per_second": outcome.per_second(),
                "edges": outcome.edges,
                "features": outcome.features,
                "new_inputs": outcome.new_inputs,
                "finding": found.map(|found| serde_json::json!({
                    "what": found.what,
                    "input": found.input,
                    "log": found.log,
                })),
            })
        })
        .collect();
    serde_json::json!({
        "sanitizer": sanitizer.name(),
        "executions": outcomes.iter().map(|outcome| outcome.executions).sum::<u64>(),
        "findings": outcomes.iter().filter(|outcome| outcome.found.is_some()).count(),
        "targets": targets,
    })
}

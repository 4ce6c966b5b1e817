//! `cargo rig bench power-cut`: power goes in the middle of ticketing, again and again, and afterwards books are kept of every
//! press, number and piece of paper.

mod desk;
pub mod qemu;

use std::panic::{AssertUnwindSafe, catch_unwind};

use clap::ValueEnum;

use super::{Figure, Limit, Report};
use crate::hall::books::Account;
use crate::rig::setup::{self, Purpose};

/// Where power is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// On the desk, in simulated time.
    Desk,
    /// In QEMU: the firmware that ships is killed and started again.
    Qemu,
}

/// How to measure.
#[derive(Clone, Debug)]
pub struct Options {
    /// These parts only; empty: all.
    pub only: Vec<Part>,
    /// The first hall's seed on the desk; each further hall has the next.
    pub seed: u64,
    /// How often the kiosk's power is cut on the desk.
    pub cuts: u32,
    /// How often it is killed in QEMU.
    pub kills: u32,
    /// Do not ask before something is installed.
    pub yes: bool,
}

impl Options {
    /// As many cuts as are asked for, or as are needed; `quick`: a few, to see that it runs.
    pub fn new(only: Vec<Part>, cuts: Option<u32>, quick: bool, yes: bool) -> Self {
        let (most, kills) = if quick { (60, 3) } else { (1_000, 100) };
        Self {
            only,
            seed: 0,
            cuts: cuts.unwrap_or(most),
            kills,
            yes,
        }
    }

    fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}

/// Measures.
///
/// # Errors
/// If something that is needed cannot be started; a figure that misses its limit is none.
pub fn run(options: &Options) -> anyhow::Result<Report> {
    if options.wants(Part::Qemu) {
        // First of all: nobody is asked after minutes of measuring.
        setup::run(Purpose::Demo, options.yes)?;
    }
    let mut report = Report::new("power-cut");
    if options.wants(Part::Desk) {
        eprintln!("cutting power on the desk …");
        desk::measure(options, &mut report)?;
    }
    if options.wants(Part::Qemu) {
        eprintln!("killing the kiosk in QEMU …");
        qemu::measure(options, &mut report)?;
    }
    Ok(report)
}

/// The figures that the issue is about, of one section.
pub(super) fn add_account(report: &mut Report, place: &str, account: &Account) {
    let mut none = |name: &str, value: u64| {
        report.add(Figure::new(format!("{place}_{name}"), value as f64, "").limit(Limit::AtMost(0.0)));
    };
    none("duplicate_numbers", account.duplicate_numbers);
    none("double_prints", account.double_prints);
    none("lost_presses", account.lost_presses);
    none("unknown_unreported", account.unknown_unreported);
    none("strays", account.strays);
    for (name, value) in [
        ("presses", account.presses),
        ("numbers", account.numbers),
        ("printed", account.printed),
        ("not_printed", account.not_printed),
        ("unknown", account.unknown),
    ] {
        report.add(Figure::new(format!("{place}_{name}"), value as f64, ""));
    }
}

/// Runs `job` for each of `seeds`, on all cores, and adds the outcomes up. A panic is counted and told.
pub(super) fn for_each_seed<T: Send>(
    seeds: std::ops::Range<u64>,
    job: impl Fn(u64) -> anyhow::Result<T> + Sync,
    mut add: impl FnMut(T),
) -> anyhow::Result<u64> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let ends: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores)
            .map(|worker| {
                let (job, seeds) = (&job, seeds.clone());
                scope.spawn(move || -> Vec<(u64, Option<anyhow::Result<T>>)> {
                    let mine = seeds.filter(|seed| seed % cores == worker);
                    mine.map(|seed| (seed, catch_unwind(AssertUnwindSafe(|| job(seed))).ok()))
                        .collect()
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_default())
            .collect()
    });
    let mut panics = 0;
    for (seed, end) in ends {
        if let Some(outcome) = end {
            add(outcome?);
        } else {
            log::error!("seed {seed} ended in a panic");
            panics += 1;
        }
    }
    Ok(panics)
}

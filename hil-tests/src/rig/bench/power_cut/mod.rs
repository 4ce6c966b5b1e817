//! `cargo rig bench power-cut`: power goes in the middle of ticketing, again and again, and afterwards books are kept of every
//! press, number and piece of paper.

mod desk;

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Figure, Limit, Report};
use crate::hall::books::Account;

/// How to measure.
#[derive(Clone, Debug)]
pub struct Options {
    /// How often the kiosk's power is cut on the desk.
    pub cuts: u32,
    /// Much less of everything, to see that it runs.
    pub quick: bool,
}

impl Options {
    /// How often at least.
    const CUTS: u32 = 1_000;

    /// As many cuts as are asked for, or as are needed.
    pub fn new(cuts: Option<u32>, quick: bool) -> Self {
        let most = if quick { 60 } else { Self::CUTS };
        Self {
            cuts: cuts.unwrap_or(most),
            quick,
        }
    }
}

/// Measures.
///
/// # Errors
/// If something that is needed cannot be started; a figure that misses its limit is none.
pub fn run(options: &Options) -> anyhow::Result<Report> {
    let mut report = Report::new("power-cut");
    eprintln!("cutting power on the desk …");
    desk::measure(options, &mut report)?;
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

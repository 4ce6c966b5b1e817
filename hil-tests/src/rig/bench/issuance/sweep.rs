//! Many lives at one counter desk, on all cores.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::counter_desk::fate::{Fate, Strike};
use crate::counter_desk::life::{Account, Office, Told, Way};
use crate::rig::bench::{Figure, Limit, Report};

/// One life to be lived.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) way: Way,
    pub(super) strikes: Vec<(usize, Strike)>,
}

/// Lives all `plans`. In their order: what was told, and how many of its strikes came to pass.
pub(super) fn live_all(office: &Office, plans: &[Plan]) -> anyhow::Result<Vec<(Told, usize)>> {
    // That devices fail is no news here.
    let level = log::max_level();
    log::set_max_level(level.min(log::LevelFilter::Error));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let mut told: Vec<(usize, anyhow::Result<(Told, usize)>)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores)
            .map(|_| {
                scope.spawn(|| {
                    let mut mine = Vec::new();
                    while let Some((number, plan)) = {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        plans.get(number).map(|plan| (number, plan))
                    } {
                        let fate = Fate::new(plan.strikes.clone());
                        let told = office.live(plan.way, &fate);
                        mine.push((number, told.map(|told| (told, fate.struck()))));
                    }
                    mine
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_default())
            .collect()
    });
    anyhow::ensure!(
        told.len() == plans.len(),
        "a life ended in a panic that was not the program's death"
    );
    told.sort_by_key(|(number, _)| *number);
    for (number, life) in &told {
        match life {
            Ok((life, _)) if life.account.is_clean() || plans[*number].way == Way::WithoutIntents => {}
            Ok((life, _)) => eprintln!("{:?}: {}, {:?}", plans[*number], life.end(), life.account),
            Err(error) => eprintln!("{:?}: {error}", plans[*number]),
        }
    }
    told.into_iter().map(|(_, life)| life).collect()
}

/// The figures that the issue is about, over all lives.
pub(super) fn add_accounts<'a>(report: &mut Report, name: &str, accounts: impl Iterator<Item = &'a Account>) {
    let mut sums = [0_u32; 6];
    for account in accounts {
        for (sum, value) in sums.iter_mut().zip([
            account.double_activations,
            account.double_prints,
            account.wrong_face,
            account.lost_blanks,
            account.journal_not_whole,
            account.stuck,
        ]) {
            *sum += value;
        }
    }
    let names = [
        "double_activations",
        "double_prints",
        "wrong_face",
        "lost_blanks",
        "journal_not_whole",
        "stuck",
    ];
    for (figure, sum) in names.into_iter().zip(sums) {
        report.add(Figure::new(format!("{name}_{figure}"), f64::from(sum), "").limit(Limit::AtMost(0.0)));
    }
}

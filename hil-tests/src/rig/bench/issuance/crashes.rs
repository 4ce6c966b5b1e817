//! Stopped at every moment of every way: before a row of the journal, between intent and act, at every command to card and printer, between
//! act and outcome; alone, twice, and after every kind of fault.

use std::time::Instant;

use rand::seq::IteratorRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::Options;
use super::sweep::{Plan, add_accounts, live_all};
use crate::counter_desk::fate::{Fate, Strike};
use crate::counter_desk::faults;
use crate::counter_desk::life::{Office, Way};
use crate::rig::bench::{Figure, Limit, Report};

/// Of the faults that can come at a moment, so many are drawn to be followed by a death.
const FAULTS_EACH: usize = 5;
/// Of all plans, the quick run lives every so many.
const QUICK: usize = 41;

pub(super) fn measure(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let office = Office::open()?;
    let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
    let begun = Instant::now();
    report.section("In one process: stopped at every moment, and started again");
    let mut plans = Vec::new();
    for way in Way::ALL {
        let fate = Fate::new([]);
        office.live(way, &fate)?;
        let trail = fate.trail();
        let points = trail.len();
        report.add(Figure::new(
            format!("crash_points_{}", way.name()),
            points as f64,
            "",
        ));
        for (point, tick) in trail.iter().enumerate() {
            plans.push(Plan {
                way,
                strikes: vec![(point, Strike::Die)],
            });
            // Dead again while it finds out what was under way, or later.
            for longest in [12, points] {
                let again = point + 1 + rng.random_range(0..longest);
                plans.push(Plan {
                    way,
                    strikes: vec![(point, Strike::Die), (again, Strike::Die)],
                });
            }
            // Something fails, and while that is seen to, the program dies. (Every fault alone is tried by the faults' part.)
            for (_, fault) in faults::at(&tick.moment)
                .into_iter()
                .choose_multiple(&mut rng, FAULTS_EACH)
            {
                let death = point + 1 + rng.random_range(0..30);
                plans.push(Plan {
                    way,
                    strikes: vec![(point, fault), (death, Strike::Die)],
                });
            }
        }
    }
    if options.quick {
        let first = rng.random_range(0..QUICK);
        plans = plans.into_iter().skip(first).step_by(QUICK).collect();
    }
    eprintln!("living {} lives with crashes …", plans.len());
    let told = live_all(&office, &plans)?;
    let deaths: usize = plans
        .iter()
        .flat_map(|plan| &plan.strikes)
        .filter(|(_, strike)| *strike == Strike::Die)
        .count();
    let struck: usize = told.iter().map(|(_, struck)| struck).sum();
    let planned: usize = plans.iter().map(|plan| plan.strikes.len()).sum();
    report.add(
        Figure::new("crash_lives", plans.len() as f64, "")
            .limit(Limit::AtLeast(1.0))
            .beside("deaths planned", deaths as f64)
            .beside("strikes that came to pass", struck as f64)
            .beside("of", planned as f64)
            .beside("seconds", begun.elapsed().as_secs_f64()),
    );
    let issued = told.iter().filter(|(told, _)| told.account.issued > 0).count();
    report.add(
        Figure::new("crash_issued", issued as f64, "")
            .remark("ended with an active card in the applicant's hand"),
    );
    add_accounts(report, "crash", told.iter().map(|(told, _)| &told.account));
    broken_program(&office, report)
}

/// The same deaths of a program that begins acts before their intents are durable: they must not pass.
fn broken_program(office: &Office, report: &mut Report) -> anyhow::Result<()> {
    let fate = Fate::new([]);
    office.live(Way::WithoutIntents, &fate)?;
    let plans: Vec<Plan> = (0..fate.trail().len())
        .map(|point| Plan {
            way: Way::WithoutIntents,
            strikes: vec![(point, Strike::Die)],
        })
        .collect();
    let told = live_all(office, &plans)?;
    let caught = told.iter().filter(|(told, _)| !told.account.is_clean()).count();
    report.add(
        Figure::new("crash_broken_program_caught", caught as f64, "")
            .limit(Limit::AtLeast(1.0))
            .beside("of its crash points", plans.len() as f64),
    );
    Ok(())
}

//! Every fault of every device at every moment of an issuance, and what the system did: `host-driver/src/issuance/FAULTS.md`.

use std::time::Instant;

use super::Options;
use super::sweep::{Plan, add_accounts, live_all};
use crate::counter_desk::fate::Fate;
use crate::counter_desk::faults::{self, Place, Table};
use crate::counter_desk::life::{Office, Way};
use crate::rig::bench::{Figure, Limit, Report};
use crate::rig::project;

/// Ways whose every moment is tried: together they come by every act.
const WAYS: [Way; 2] = [Way::Happy, Way::UsedBlank];
/// Of all faults, the quick run tries every so many.
const QUICK: usize = 29;

pub(super) fn measure(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let office = Office::open()?;
    let begun = Instant::now();
    let mut plans = Vec::new();
    let mut places = Vec::new();
    for way in WAYS {
        let fate = Fate::new([]);
        office.live(way, &fate)?;
        for (point, tick) in fate.trail().iter().enumerate() {
            for (name, fault) in faults::at(&tick.moment) {
                plans.push(Plan {
                    way,
                    strikes: vec![(point, fault)],
                });
                places.push((way, Place::from(tick), name));
            }
        }
    }
    if options.quick {
        let first = usize::try_from(options.seed).unwrap_or(0) % QUICK;
        plans = plans.into_iter().skip(first).step_by(QUICK).collect();
        places = places.into_iter().skip(first).step_by(QUICK).collect();
    }
    eprintln!("living {} lives with a fault …", plans.len());
    let told = live_all(&office, &plans)?;
    let mut table = Table::default();
    for ((_, place, fault), (told, _)) in places.into_iter().zip(&told) {
        table.enter(place, &fault, told.end());
    }
    report.section("In one process: every fault of every device at every moment");
    report.add(
        Figure::new("fault_lives", plans.len() as f64, "")
            .limit(Limit::AtLeast(1.0))
            .beside("faults in places", table.len() as f64)
            .beside("seconds", begun.elapsed().as_secs_f64()),
    );
    add_accounts(report, "fault", told.iter().map(|(told, _)| &told.account));
    compare(options, report, &table)
}

/// The table in the documents against what was seen.
fn compare(options: &Options, report: &mut Report, table: &Table) -> anyhow::Result<()> {
    let path = project::root().join("host-driver/src/issuance/FAULTS.md");
    let text = std::fs::read_to_string(&path)?;
    let (begin, end) = ("<!-- begin faults -->\n", "<!-- end faults -->");
    let from = text.find(begin).map(|at| at + begin.len());
    let (Some(from), Some(to)) = (from, text.find(end)) else {
        anyhow::bail!(
            "{} has lost the marks between which the table belongs",
            path.display()
        );
    };
    if !options.quick && std::env::var_os("UPDATE_SPEC").is_some() {
        std::fs::write(&path, [&text[..from], &table.markdown(), &text[to..]].concat())?;
        return Ok(());
    }
    let differs = if options.quick {
        table.is_part_of(&text[from..to]).err()
    } else {
        (text[from..to] != table.markdown()).then(|| "renew it with UPDATE_SPEC=1".into())
    };
    if let Some(why) = &differs {
        eprintln!("FAULTS.md is out of date: {why}");
    }
    let differs = f64::from(u8::from(differs.is_some()));
    report.add(Figure::new("fault_table_differs", differs, "").limit(Limit::AtMost(0.0)));
    Ok(())
}

//! `cargo rig bench office-hours`: 24 hours with 2,000 residents and random faults, in simulated time.

use std::time::Instant;

use super::power_cut::{add_account, for_each_seed};
use super::{Figure, Limit, Report};
use crate::hall::day::{COMES_BACK, Outcome, Plan, run as run_day};

/// How to measure.
#[derive(Clone, Debug)]
pub struct Options {
    /// From which everything is drawn.
    pub seed: u64,
    /// Much less of everything, to see that it runs.
    pub quick: bool,
}

/// Measures.
///
/// # Errors
/// If the day cannot be begun; a figure that misses its limit is no error.
pub fn run(options: &Options) -> anyhow::Result<Report> {
    let (hours, residents) = if options.quick { (2, 166) } else { (24, 2_000) };
    let plan = Plan {
        seed: options.seed,
        hours,
        residents,
        faults: 4,
    };
    let begin = Instant::now();
    let mut outcome = Outcome::default();
    let panics = for_each_seed(
        plan.seed..plan.seed + 1,
        |_| Ok(run_day(&plan)?),
        |day| outcome = day,
    )?;
    let took = begin.elapsed().as_secs_f64();

    let mut report = Report::new("office-hours");
    report.section(format!(
        "{hours} simulated hours with {residents} residents and {} faults an hour, seed {}",
        plan.faults, plan.seed
    ));
    let mut none = |name: &str, value: u64, remark: &str| {
        report.add(
            Figure::new(name, value as f64, "")
                .limit(Limit::AtMost(0.0))
                .remark(remark),
        );
    };
    none("panics", panics, "");
    let comes_back = format!(
        "not back at the services {} s after the last key, call or fault",
        COMES_BACK / 1_000_000
    );
    none("stuck_screens", outcome.stuck, &comes_back);
    none("records_waiting_at_the_end", outcome.waiting, "");
    none(
        "bytes_held_at_the_end",
        outcome.held,
        "in the buffers of the kiosk's lines",
    );
    let restarts = outcome.starts.saturating_sub(outcome.cuts + 1);
    none(
        "restarts",
        restarts,
        "that no power cut explains: the watchdog's, or asked for",
    );
    add_account(&mut report, "day", &outcome.account);
    // Most people come to a number in spite of it all; a day on which hardly anybody did would prove nothing.
    let least = (residents / 2) as f64;
    report.add(
        Figure::new("numbers_given", outcome.account.numbers as f64, "")
            .limit(Limit::AtLeast(least))
            .beside("residents at the keys", outcome.served as f64)
            .beside("residents who gave up", outcome.gave_up as f64),
    );
    report.add(Figure::new("faults", outcome.faults as f64, "").beside("power cuts", outcome.cuts as f64));
    report.add(Figure::new(
        "most_records_waiting",
        outcome.most_waiting as f64,
        "",
    ));
    report.add(Figure::new(
        "speed",
        outcome.simulated_us as f64 / 3.6e9 / took,
        "simulated hours/s",
    ));
    Ok(report)
}

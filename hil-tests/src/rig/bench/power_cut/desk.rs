//! On the desk, in simulated time.

use std::time::Instant;

use desk_board::Card;

use super::{Options, add_account, for_each_seed};
use crate::hall::{Hall, PrinterKind, cuts};
use crate::rig::bench::{Figure, Limit, Report};

/// Presses with a cut in a hall, before its books are closed.
const PRESSES: u32 = 10;
/// Kiosk cuts that such a hall makes, on the average: not every press is hit, some are hit several times.
const CUTS: u32 = 9;

pub(super) fn measure(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let steps = cuts::steps_of_a_ticket()?;
    let begin = Instant::now();
    let mut total = cuts::Outcome::default();
    let (mut seed, mut panics) = (options.seed, 0);
    while total.cuts.kiosk < u64::from(options.cuts) && panics == 0 {
        let missing = u64::from(options.cuts) - total.cuts.kiosk;
        let halls = missing.div_ceil(u64::from(CUTS));
        panics += for_each_seed(
            seed..seed + halls,
            |seed| {
                // Every fourth hall has a cheap printer.
                let printer = if seed % 4 == 3 {
                    PrinterKind::Plain
                } else {
                    PrinterKind::Full
                };
                let hall = Hall::with(seed, Card::default(), printer)?;
                Ok(cuts::run(hall, seed, PRESSES, steps)?)
            },
            |outcome| total.add(&outcome),
        )?;
        seed += halls;
    }
    let took = begin.elapsed().as_secs_f64();
    report.section(format!(
        "On the desk: {} halls in simulated time, each with {PRESSES} presses into whose ticketing a cut falls",
        seed - options.seed
    ));
    let cut = total.cuts;
    report.add(
        Figure::new("desk_kiosk_cuts", cut.kiosk as f64, "")
            .limit(Limit::AtLeast(f64::from(options.cuts)))
            .beside("printer", cut.printer as f64)
            .beside("computer", cut.counter as f64)
            .beside("cable", cut.cable as f64)
            .remark(format!(
                "at any of the {steps} steps of a ticketing, or of what follows a start"
            )),
    );
    add_account(report, "desk", &total.account);
    report.add(Figure::new("desk_stuck_screens", total.stuck as f64, "").limit(Limit::AtMost(0.0)));
    report.add(Figure::new("desk_panics", panics as f64, "").limit(Limit::AtMost(0.0)));
    report.add(
        Figure::new("desk_cuts_per_second", cut.kiosk as f64 / took, "/s").beside(
            "simulated hours per second",
            total.simulated_us as f64 / 3.6e9 / took,
        ),
    );
    Ok(())
}

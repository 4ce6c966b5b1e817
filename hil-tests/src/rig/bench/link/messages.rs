//! A million messages over bad lines: none lost, none twice, none out of order.

use protocol_sim::conversation::{Disturbance, Tally, talk};
use protocol_sim::{Faults, Pair};

use super::Options;
use crate::rig::bench::{Figure, Limit, Report};

/// Messages that each end gives to its link in a conversation.
const EACH: u32 = 250;
const DISTURBANCES: [Disturbance; 4] = [
    Disturbance::None,
    Disturbance::Cuts,
    Disturbance::Restarts,
    Disturbance::CutsAndRestarts,
];

pub(super) fn measure(options: &Options, report: &mut Report) {
    let wanted: u64 = if options.quick { 20_000 } else { 1_000_000 };
    let mut all = Tally::default();
    let lines: Vec<Faults> = [Faults::default()].into_iter().chain(Faults::kinds()).collect();
    // Restarts take messages with them, but never half of all: links that deliver less miss the limit, and come to an end.
    let given = (lines.len() * DISTURBANCES.len()) as u64 * 2 * u64::from(EACH);
    let most_seeds = (2 * wanted).div_ceil(given);
    let (mut seed, mut repeat) = (0, String::new());
    while all.messages < wanted && seed < most_seeds {
        for (line, &faults) in lines.iter().enumerate() {
            for disturbance in DISTURBANCES {
                let tally = talk(&mut Pair::new(seed), faults, disturbance, EACH);
                if tally.wrong.total() > 0 && repeat.is_empty() {
                    repeat = format!(
                        "first seen with seed {seed}, line {line}, {disturbance:?}: {:?}",
                        tally.wrong
                    );
                }
                all += tally;
            }
        }
        seed += 1;
    }
    report.section(format!(
        "messages: {seed} seeds of 8 lines (clean, bit errors of 1e-4 and 1e-3, drops, insertions, bursts, doubled frames, \
         all of it), each undisturbed, with cuts, with restarts of either end, and with both"
    ));
    let count = |name: &str, value: u64| Figure::new(name, value as f64, "");
    let none = |name: &str, value: u64| {
        count(name, value)
            .limit(Limit::AtMost(0.0))
            .remark(repeat.clone())
    };
    report.add(count("messages delivered", all.messages).limit(Limit::AtLeast(wanted as f64)));
    report.add(none("messages lost", all.wrong.lost));
    report.add(none("messages twice", all.wrong.twice));
    report.add(none("messages out of order", all.wrong.out_of_order));
    report.add(none("requests without exactly one end", all.wrong.answers));
    report.add(none("sessions broken or stuck", all.wrong.sessions));
    report.add(count("requests ended", all.requests_ended));
    report.add(count("of these told of a restart", all.requests_failed));
    report.add(count("restarts", all.restarts));
    report.add(count("silences noticed", all.silences));
    report.add(count("damaged frames", all.damaged_frames));
    report.add(count("frames sent again", all.retransmissions));
}

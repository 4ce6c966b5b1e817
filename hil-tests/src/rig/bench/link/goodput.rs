//! Goodput of objects over lines of each bit error rate.

use protocol_sim::{Faults, Pair, transfer};
use rand::Rng;

use super::Options;
use crate::rig::bench::{Figure, Limit, Report};

/// A fingerprint image of the capture board: 256 × 288 pixels of 4 bits.
pub(super) const IMAGE: usize = 36_864;
/// A larger object.
pub(super) const MEBIBYTE: usize = 1 << 20;

/// Bit error rates, and the least share of the line's payload limit in percent that an object may have.
pub(super) const LINES: [(f64, f64); 5] =
    [(0.0, 97.0), (1e-6, 96.0), (1e-5, 90.0), (1e-4, 74.0), (1e-3, 0.0)];

/// What is on the wire for a frame beside its payload, without byte stuffing: section 2 of `PROTOCOL.md`.
const OVERHEAD: f64 = 12.0;

pub(super) fn measure(options: &Options, report: &mut Report) {
    for (what, length, runs) in [
        ("image of 36,864 bytes", IMAGE, 400),
        ("object of 1 MiB", MEBIBYTE, 24),
    ] {
        let runs = if options.quick { runs / 8 } else { runs };
        report.section(format!(
            "goodput, {what}: share of the payload limit of a line of 921,600 baud (10 bits a byte), mean of {runs} \
             seeded runs in virtual time, from the call that begins the object until its sender knows it delivered"
        ));
        for (rate, least) in LINES {
            report.add(figure(what, length, runs, rate, least));
        }
    }
}

fn figure(what: &str, length: usize, runs: u64, rate: f64, least: f64) -> Figure {
    let name = format!("{what}, bit error rate {rate:e}");
    let mut shares = Vec::new();
    for seed in 0..runs {
        let Some(share) = carried(length, rate, seed) else {
            return Figure::missing(name, "%", format!("seed {seed} did not get through"))
                .limit(Limit::AtLeast(least));
        };
        shares.push(share);
    }
    shares.sort_by(f64::total_cmp);
    // The time that all runs take together is what counts: the harmonic mean.
    let mean = shares.len() as f64 / shares.iter().map(|share| 1.0 / share).sum::<f64>();
    Figure::new(name, mean, "%")
        .limit(if least > 0.0 {
            Limit::AtLeast(least)
        } else {
            Limit::Above(0.0)
        })
        .beside("best possible", best_possible(rate))
        .beside("slowest run", shares[0])
}

/// One object's share of the line, in percent.
fn carried(length: usize, rate: f64, seed: u64) -> Option<f64> {
    let mut pair: Pair = Pair::new(seed);
    pair.faults(Faults::bit_errors(rate));
    pair.connect();
    // No zeros: the longest that byte stuffing can make it, as in the best possible.
    let content: Vec<u8> = (0..length).map(|_| pair.rng.random_range(1..=255)).collect();
    let transfer = transfer::carry(&mut pair, &content)?;
    Some(100.0 * transfer.goodput(length, pair.byte_us))
}

/// The best that any length of frames can give on a line with independent bit errors, in percent: what fraction of its
/// bytes are payload, times the chance that all of its bits arrive.
fn best_possible(rate: f64) -> f64 {
    (1..=1024)
        .map(|payload| {
            let wire = f64::from(payload) + OVERHEAD + f64::from((payload + 10) / 254 + 1);
            100.0 * f64::from(payload) / wire * (1.0 - rate).powf(10.0 * wire)
        })
        .fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_possible_is_what_was_worked_out_by_hand() {
        let best = LINES.map(|(rate, _)| (best_possible(rate) * 10.0).round() / 10.0);
        for (best, by_hand) in best.into_iter().zip([98.4, 97.4, 92.7, 79.1, 45.4]) {
            assert!((best - by_hand).abs() <= 0.11, "{best} instead of {by_hand}");
        }
    }
}

//! Our goodput beside that of ZMODEM and C-Kermit, over the same line, in real time and in the same run.

mod direction;
mod kermit;
mod line;
mod ours;
mod programs;
mod setting;
mod zmodem;

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use protocol_sim::{BYTE_US, Faults, Noise};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use self::setting::Setting;
use super::Options;
use super::goodput::{IMAGE, LINES, MEBIBYTE};
use crate::rig::bench::{Figure, Limit, Report};

/// Transfers that run at the same time: mostly they wait for their lines.
const AT_ONCE: usize = 16;
/// A transfer that takes longer than this many times what the bytes alone take, and [`PATIENCE`], has failed.
const TIMES: u32 = 12;
/// See [`TIMES`].
const PATIENCE: Duration = Duration::from_secs(20);

/// One transfer's line.
#[derive(Clone, Copy, Debug)]
struct Conditions {
    bit_error_rate: f64,
    seed: u64,
    limit: Duration,
}

impl Conditions {
    /// What the line does there and back: the same for everyone who has the same seed.
    fn noise(&self) -> [Noise; 2] {
        let faults = Faults::bit_errors(self.bit_error_rate);
        [0, 1].map(|way| Noise::new(faults, self.seed << 1 | way))
    }
}

/// How a transfer ended.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    /// Byte for byte.
    Delivered {
        /// Microseconds that it took.
        us: f64,
    },
    /// The sender thinks so, but the bytes differ.
    Wrong,
    /// Somebody gave up, or it took too long.
    Failed,
}

/// Who carries.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Carrier {
    Ours,
    Zmodem(Setting),
    Kermit(Setting),
    /// Nobody: the bytes alone, written and read.
    Line,
}

impl Carrier {
    fn carry(self, conditions: &Conditions, content: &[u8]) -> anyhow::Result<Outcome> {
        match self {
            Self::Ours => ours::carry(conditions, content),
            Self::Zmodem(setting) => zmodem::programs(setting).carry(conditions, content),
            Self::Kermit(setting) => kermit::programs(setting).carry(conditions, content),
            Self::Line => Ok(Outcome::Delivered {
                us: line::carry_alone(content)?,
            }),
        }
    }

    /// Everybody who is tried on a line.
    fn all(bit_error_rate: f64) -> Vec<Self> {
        let zmodem = zmodem::SETTINGS.into_iter().map(Self::Zmodem);
        let kermit = kermit::SETTINGS.into_iter().map(Self::Kermit);
        let others = zmodem.chain(kermit).filter(|carrier| match carrier {
            Self::Zmodem(setting) | Self::Kermit(setting) => setting.is_for(bit_error_rate),
            Self::Ours | Self::Line => true,
        });
        std::iter::once(Self::Ours).chain(others).collect()
    }
}

/// Transfers of one carrier on one kind of line.
#[derive(Clone, Debug, PartialEq)]
struct Race {
    length: usize,
    bit_error_rate: f64,
    carrier: Carrier,
    runs: u64,
}

impl Race {
    fn run(&self, seed: u64) -> anyhow::Result<Outcome> {
        let alone = Duration::from_secs_f64(self.length as f64 * BYTE_US / 1e6);
        let conditions = Conditions {
            bit_error_rate: self.bit_error_rate,
            seed,
            limit: alone * TIMES + PATIENCE,
        };
        // No zeros, as in virtual time: the longest that our byte stuffing can make it.
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let content: Vec<u8> = (0..self.length).map(|_| rng.random_range(1..=255)).collect();
        self.carrier.carry(&conditions, &content)
    }
}

/// What came of a race.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Tally {
    runs: u64,
    delivered: u64,
    wrong: u64,
    /// Of those delivered.
    total_us: f64,
    slowest_us: f64,
}

impl Tally {
    fn add(&mut self, outcome: Outcome) {
        self.runs += 1;
        match outcome {
            Outcome::Delivered { us } => {
                self.delivered += 1;
                self.total_us += us;
                self.slowest_us = self.slowest_us.max(us);
            }
            Outcome::Wrong => self.wrong += 1,
            Outcome::Failed => {}
        }
    }

    /// Share of the line's payload limit in percent, of all that were delivered together.
    fn share(&self, length: usize) -> Option<f64> {
        (self.delivered > 0).then(|| 100.0 * self.delivered as f64 * length as f64 * BYTE_US / self.total_us)
    }

    /// Which of two settings did better: the one with which more got through, then the faster one.
    fn rank(&self, length: usize) -> f64 {
        self.delivered as f64 * 1000.0 + self.share(length).unwrap_or(0.0)
    }

    fn through(&self) -> String {
        let wrong = match self.wrong {
            0 => String::new(),
            wrong => format!(", {wrong} arrived with wrong bytes"),
        };
        format!("{} of {} got through{wrong}", self.delivered, self.runs)
    }
}

pub(super) fn measure(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let races = races(options.quick);
    let tallies = run(&races)?;
    report.section(
        "beside ZMODEM (sz, rz) and C-Kermit: share of the payload limit of a line of 921,600 baud, of all seeded runs \
         together, over the same line model in real time, from the sender's first byte that is about the object (session \
         and program start are not counted) until the sender shows that it knows it delivered; for each program its best setting",
    );
    let alone = races
        .iter()
        .zip(&tallies)
        .find(|(race, _)| race.carrier == Carrier::Line);
    if let Some((race, tally)) = alone {
        // If this is missed, the machine was too busy for the rest to mean anything.
        let slowest = 100.0 * race.length as f64 * BYTE_US / tally.slowest_us;
        report.add(
            Figure::new("bytes alone over the same line, slowest run", slowest, "%")
                .limit(Limit::AtLeast(99.0)),
        );
    }
    for (what, length) in SIZES {
        for (rate, _) in LINES {
            let on_this_line: Vec<(Carrier, Tally)> = races
                .iter()
                .zip(&tallies)
                .filter(|(race, _)| race.length == length && race.bit_error_rate.total_cmp(&rate).is_eq())
                .map(|(race, tally)| (race.carrier, *tally))
                .collect();
            if !on_this_line.is_empty() {
                report.add(figure(what, length, rate, &on_this_line));
            }
        }
    }
    Ok(())
}

/// What is carried.
const SIZES: [(&str, usize); 2] = [("image of 36,864 bytes", IMAGE), ("object of 1 MiB", MEBIBYTE)];

/// All races, those first that may take longest.
fn races(quick: bool) -> Vec<Race> {
    let mut races = Vec::new();
    for (_, length) in SIZES {
        let large = length > IMAGE;
        for (bit_error_rate, _) in LINES {
            if quick && large && ![0.0, 1e-5].contains(&bit_error_rate) {
                continue;
            }
            let runs = match (quick, large) {
                (true, true) => 1,
                (true, false) => 2,
                (false, true) => 3,
                // One error more or less tells in so short an object, where there are few.
                (false, false) if bit_error_rate <= 1e-5 => 24,
                (false, false) => 6,
            };
            races.extend(Carrier::all(bit_error_rate).into_iter().map(|carrier| Race {
                length,
                bit_error_rate,
                carrier,
                runs,
            }));
        }
    }
    races.reverse();
    // In between, while all the others run.
    races.insert(
        races.len() / 2,
        Race {
            length: IMAGE,
            bit_error_rate: 0.0,
            carrier: Carrier::Line,
            runs: 6,
        },
    );
    races
}

/// Runs all races, several at a time, and returns what came of each.
fn run(races: &[Race]) -> anyhow::Result<Vec<Tally>> {
    let jobs: Vec<(usize, u64)> = races
        .iter()
        .enumerate()
        .flat_map(|(index, race)| (0..race.runs).map(move |seed| (index, seed)))
        .collect();
    let next = AtomicUsize::new(0);
    let tallies = Mutex::new(vec![Tally::default(); races.len()]);
    std::thread::scope(|scope| {
        let work = || -> anyhow::Result<()> {
            while let Some(&(index, seed)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                let outcome = races[index].run(seed)?;
                log::debug!("{:?} seed {seed}: {outcome:?}", races[index]);
                tallies.lock().unwrap_or_else(PoisonError::into_inner)[index].add(outcome);
            }
            Ok(())
        };
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| {
            worker
                .join()
                .map_err(|_| anyhow::anyhow!("a transfer panicked"))?
        })
    })?;
    Ok(tallies.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Ours on a line, which must be ahead of the best of the others, and every time get through.
fn figure(what: &str, length: usize, rate: f64, all: &[(Carrier, Tally)]) -> Figure {
    let name = format!("{what}, bit error rate {rate:e}, beside others");
    let mut remarks = Vec::new();
    let mut others = Vec::new();
    for program in ["ZMODEM", "C-Kermit"] {
        let best = all
            .iter()
            .filter_map(|(carrier, tally)| match carrier {
                Carrier::Zmodem(setting) if program == "ZMODEM" => Some((setting, tally)),
                Carrier::Kermit(setting) if program == "C-Kermit" => Some((setting, tally)),
                _ => None,
            })
            .max_by(|(_, one), (_, other)| one.rank(length).total_cmp(&other.rank(length)));
        let Some((setting, tally)) = best else { continue };
        remarks.push(format!("{program} ({}): {}", setting.text, tally.through()));
        if let Some(share) = tally.share(length) {
            others.push((program, share));
        }
    }
    let best_other = others.iter().map(|(_, share)| *share).fold(0.0, f64::max);
    let ours = all.iter().find(|(carrier, _)| *carrier == Carrier::Ours);
    let figure = match ours {
        Some((_, tally)) if tally.delivered == tally.runs => match tally.share(length) {
            Some(share) => Figure::new(name, share, "%")
                .beside("slowest run", 100.0 * length as f64 * BYTE_US / tally.slowest_us),
            None => Figure::missing(name, "%", ""),
        },
        other => {
            let through = other.map_or_else(String::new, |(_, tally)| tally.through());
            remarks.insert(0, format!("ours: {through}"));
            Figure::missing(name, "%", "")
        }
    };
    others
        .into_iter()
        .fold(figure, |figure, (program, share)| figure.beside(program, share))
        .limit(Limit::Above(best_other))
        .remark(remarks.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(outcomes: &[Option<f64>]) -> Tally {
        let mut tally = Tally::default();
        for outcome in outcomes {
            tally.add(outcome.map_or(Outcome::Failed, |us| Outcome::Delivered { us }));
        }
        tally
    }

    const A: Setting = Setting::new("a", &[1e-3]);
    const B: Setting = Setting::new("b", &[1e-3]);

    #[test]
    fn ours_is_compared_with_the_best_setting_of_the_best_program() {
        let alone = 1000.0 * BYTE_US;
        let all = [
            (Carrier::Ours, tally(&[Some(2.0 * alone), Some(2.0 * alone)])),
            (Carrier::Zmodem(A), tally(&[Some(8.0 * alone), Some(8.0 * alone)])),
            // Faster, but not every time.
            (Carrier::Zmodem(B), tally(&[Some(3.0 * alone), None])),
            (Carrier::Kermit(A), tally(&[Some(4.0 * alone), Some(4.0 * alone)])),
        ];
        let figure = figure("it", 1000, 1e-3, &all);
        assert_eq!(figure.is_met(), Some(true));
        assert!(figure.value.is_some_and(|value| (value - 50.0).abs() < 1e-9));
        assert!(matches!(figure.limit, Some(Limit::Above(best)) if (best - 25.0).abs() < 1e-9));
        assert!(figure.remark.contains("ZMODEM (a): 2 of 2"), "{}", figure.remark);
    }

    #[test]
    fn when_nobody_else_gets_through_ours_still_has_to() {
        let others = (Carrier::Kermit(A), tally(&[None]));
        let through = [(Carrier::Ours, tally(&[Some(1e6)])), others];
        assert_eq!(figure("it", 1000, 1e-3, &through).is_met(), Some(true));
        let stuck = [(Carrier::Ours, tally(&[Some(1e6), None])), others];
        assert_eq!(figure("it", 1000, 1e-3, &stuck).is_met(), Some(false));
    }

    #[test]
    fn both_programs_are_tried_on_every_line_in_every_size() {
        for (rate, _) in LINES {
            let all = Carrier::all(rate);
            assert_eq!(all[0], Carrier::Ours);
            assert!(all.iter().any(|it| matches!(it, Carrier::Zmodem(_))), "{rate}");
            assert!(all.iter().any(|it| matches!(it, Carrier::Kermit(_))), "{rate}");
        }
        let full = races(false);
        assert!((full[0].length, full[0].bit_error_rate) == (MEBIBYTE, 1e-3));
        assert!(races(true).len() < full.len());
    }
}

//! Who is faster: all in turn, in many short rounds, so that a busy machine slows all of them alike.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

/// How long a contender runs in a round, about.
const TURN: Duration = Duration::from_micros(500);

/// One of those that are compared.
pub struct Contender<'a> {
    name: &'static str,
    /// What one call of `batch` works off.
    units: f64,
    batch: Box<dyn FnMut() + 'a>,
    /// Calls that take a turn.
    calls: u32,
    /// Shown, but not one to be compared with.
    hybrid: bool,
}

impl<'a> Contender<'a> {
    /// A contender whose `batch` works off `units`.
    pub fn new(name: &'static str, units: f64, batch: impl FnMut() + 'a) -> Self {
        Self {
            name,
            units,
            batch: Box::new(batch),
            calls: 1,
            hybrid: false,
        }
    }

    /// A contender that was given something of ours to be faster.
    pub fn hybrid(name: &'static str, units: f64, batch: impl FnMut() + 'a) -> Self {
        Self {
            hybrid: true,
            ..Self::new(name, units, batch)
        }
    }

    /// Finds how many calls take a turn; caches and branch predictors warm up meanwhile.
    fn warm_up(&mut self) {
        while self.run() < TURN {
            self.calls *= 2;
        }
    }

    /// Processor time of a turn.
    fn run(&mut self) -> Duration {
        let start = processor_time();
        for _ in 0..self.calls {
            (self.batch)();
        }
        processor_time() - start
    }

    /// Units per second of processor time.
    fn turn(&mut self) -> f64 {
        f64::from(self.calls) * self.units / self.run().as_secs_f64()
    }
}

/// Time that the processor spent on this thread: what else runs on the machine does not count.
fn processor_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)
        .expect("Linux has this clock")
        .into()
}

/// What a comparison brought.
pub struct Outcome {
    name: String,
    unit: &'static str,
    /// Name and median rate of each.
    rates: Vec<(&'static str, f64)>,
    /// Median over the rounds: the first contender's rate by that of the fastest other in the same round.
    ratio: f64,
    /// The same, by that of the fastest hybrid.
    hybrid_ratio: f64,
}

impl Outcome {
    pub fn to_json(&self) -> Value {
        let rates: serde_json::Map<String, Value> = self
            .rates
            .iter()
            .map(|(name, rate)| ((*name).to_owned(), json!(rate)))
            .collect();
        json!({
            "name": self.name,
            "unit": self.unit,
            "ratio": self.ratio,
            "ratio_with_our_checksum": self.hybrid_ratio,
            "rates": rates,
        })
    }
}

/// Lets the contenders take turns; the first is the one that the others are compared with.
pub fn compare(name: &str, unit: &'static str, quick: bool, mut contenders: Vec<Contender<'_>>) -> Outcome {
    let rounds = if quick { 5 } else { 41 };
    contenders.iter_mut().for_each(Contender::warm_up);
    let mut rates = vec![Vec::new(); contenders.len()];
    let (mut ratios, mut hybrid_ratios) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let count = contenders.len();
        // Each round begins with another.
        for turn in 0..count {
            let index = (round + turn) % count;
            rates[index].push(contenders[index].turn());
        }
        let last = |index: usize| rates[index].last().copied().unwrap_or(0.0);
        let fastest = |hybrid: bool| {
            (1..count)
                .filter(|&index| contenders[index].hybrid == hybrid)
                .map(last)
                .fold(0.0, f64::max)
        };
        ratios.push(last(0) / fastest(false));
        hybrid_ratios.push(last(0) / fastest(true));
    }
    let outcome = Outcome {
        name: name.to_owned(),
        unit,
        rates: contenders
            .iter()
            .zip(rates)
            .map(|(contender, rates)| (contender.name, median(rates)))
            .collect(),
        ratio: median(ratios),
        hybrid_ratio: median(hybrid_ratios),
    };
    eprintln!("  {}: {:.2}", outcome.name, outcome.ratio);
    outcome
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

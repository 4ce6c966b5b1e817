//! Office hours: residents come and go, and things go wrong, as drawn from a seed.

use std::time::Duration;

use host_driver::store::StoreError;
use protocol_sim::Faults;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::books::{Account, reconcile};
use super::resident::{Habit, keys};
use super::{Hall, Happening, SECOND, Shows};
use crate::device::ticket_printer::{Knobs, PaperSensor};

/// How long after the last fault and the last key the screen may show something else than the services, in µs: a printer that is
/// back is seen within seconds, a resident who has walked away is forgotten after 20, a call is shown for 8.
pub const COMES_BACK: u64 = 60 * SECOND;
/// How long what is under way at closing time may take to come to its end, in µs.
const SETTLE: u64 = 15 * 60 * SECOND;
/// How often the screen is looked at, in µs.
const LOOK: u64 = SECOND;

/// How long it lasts and who comes.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Everything is drawn from it.
    pub seed: u64,
    /// How long the office is open.
    pub hours: u64,
    /// Who come in that time.
    pub residents: u64,
    /// Faults an hour.
    pub faults: u64,
}

/// What the day has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcome {
    /// The books at its end.
    pub account: Account,
    /// Residents who found the services on the screen and used the keys.
    pub served: u64,
    /// Residents who gave up, because the screen never showed the services while they waited.
    pub gave_up: u64,
    /// Faults.
    pub faults: u64,
    /// Times that the screen did not come back to the services in [`COMES_BACK`].
    pub stuck: u64,
    /// Times that the kiosk was started, its power cuts included.
    pub starts: u64,
    /// Power cuts of the kiosk.
    pub cuts: u64,
    /// Most records that waited for the host at a time.
    pub most_waiting: u64,
    /// Records that wait at the end.
    pub waiting: u64,
    /// Bytes in the buffers of the kiosk's lines at the end.
    pub held: u64,
    /// Simulated time, in µs.
    pub simulated_us: u64,
}

/// A day, from the first resident to the last record told.
///
/// # Errors
/// [`StoreError`].
pub fn run(plan: &Plan) -> Result<Outcome, StoreError> {
    let mut day = Day {
        hall: Hall::open(plan.seed)?,
        rng: ChaCha8Rng::seed_from_u64(plan.seed),
        quiet_since: 0,
        was_stuck: false,
        cut_until: 0,
        outcome: Outcome::default(),
    };
    let opening = 30 * SECOND;
    let long = plan.hours * 3_600 * SECOND;
    let mut arrivals: Vec<u64> = (0..plan.residents)
        .map(|_| opening + day.rng.random_range(0..long))
        .collect();
    arrivals.sort_unstable();
    let mut troubles: Vec<u64> = (0..plan.faults * plan.hours)
        .map(|_| opening + day.rng.random_range(0..long))
        .collect();
    troubles.sort_unstable();
    let mut calls = opening;
    let (mut arrivals, mut troubles) = (arrivals.into_iter().peekable(), troubles.into_iter().peekable());
    while arrivals.peek().is_some() || troubles.peek().is_some() {
        let next = [arrivals.peek(), troubles.peek(), Some(&calls)];
        let next = next.into_iter().flatten().copied().min().unwrap_or(calls);
        day.go(next)?;
        if troubles.next_if_eq(&next).is_some() {
            day.trouble();
        } else if arrivals.next_if_eq(&next).is_some() {
            day.resident()?;
        } else {
            day.hall.plan(next, Happening::Call);
            day.busy_until(next);
            calls = next + day.rng.random_range(20 * SECOND..120 * SECOND);
        }
    }
    day.close()
}

struct Day {
    hall: Hall,
    rng: ChaCha8Rng,
    /// Since when nobody has pressed and nothing was wrong; may be in the future.
    quiet_since: u64,
    was_stuck: bool,
    /// The kiosk is without power until then.
    cut_until: u64,
    outcome: Outcome,
}

impl Day {
    fn busy_until(&mut self, at: u64) {
        self.quiet_since = self.quiet_since.max(at);
    }

    /// Lets time pass, and looks at the screen meanwhile.
    fn go(&mut self, until: u64) -> Result<(), StoreError> {
        while self.hall.now() < until {
            let next = until.min(self.hall.now() + LOOK);
            self.hall.run_until(next)?;
            if !self.hall.kiosk.is_on() && self.cut_until <= self.hall.now() {
                // The power that was to fail has failed.
                let back = self.hall.now() + self.rng.random_range(SECOND..60 * SECOND);
                self.hall.plan(back, Happening::KioskOn);
                self.outcome.cuts += 1;
                self.cut_until = back + 1;
                self.busy_until(back);
            }
            let (waiting, shows) = (u64::from(self.hall.witness.waiting()), self.hall.screen());
            self.outcome.most_waiting = self.outcome.most_waiting.max(waiting);
            let stuck = shows != Shows::Services && self.hall.now() > self.quiet_since + COMES_BACK;
            if stuck && !self.was_stuck {
                log::warn!("{} the screen shows {shows:?}", self.hall.now());
                self.outcome.stuck += 1;
            }
            self.was_stuck = stuck;
        }
        Ok(())
    }

    /// Somebody comes, waits a minute at most for the services to be shown, and uses the keys.
    fn resident(&mut self) -> Result<(), StoreError> {
        let patience = self.hall.now() + 60 * SECOND;
        while self.hall.screen() != Shows::Services {
            if self.hall.now() >= patience {
                self.outcome.gave_up += 1;
                return Ok(());
            }
            self.go(self.hall.now() + 2 * SECOND)?;
        }
        self.outcome.served += 1;
        let habit = Habit::draw(&mut self.rng);
        for (at, happening) in keys(habit, self.hall.now(), &mut self.rng) {
            self.hall.plan(at, happening);
            self.busy_until(at);
        }
        Ok(())
    }

    /// Something goes wrong, and is put right after a while.
    fn trouble(&mut self) {
        self.outcome.faults += 1;
        let now = self.hall.now();
        let minutes = |rng: &mut ChaCha8Rng, most: u64| rng.random_range(5 * SECOND..most * 60 * SECOND);
        let well = self.hall.well();
        let with = |knobs| (Happening::Printer(knobs), Happening::Printer(well));
        let (happening, end, long) = match self.rng.random_range(0..13) {
            0 => {
                let paper = PaperSensor::Out;
                let (begin, end) = with(Knobs { paper, ..well });
                (begin, end, minutes(&mut self.rng, 8))
            }
            1 => {
                // The roll ends in the middle of a ticket.
                let paper_left = Some(self.rng.random_range(1..600));
                let (begin, end) = with(Knobs { paper_left, ..well });
                (begin, end, minutes(&mut self.rng, 8))
            }
            2 => {
                let paper = PaperSensor::NearEnd;
                let (begin, end) = with(Knobs { paper, ..well });
                (begin, end, minutes(&mut self.rng, 30))
            }
            3 => {
                let (begin, end) = with(Knobs {
                    cover_open: true,
                    ..well
                });
                (begin, end, minutes(&mut self.rng, 3))
            }
            4 => {
                let (begin, end) = with(Knobs {
                    cutter_error: true,
                    ..well
                });
                (begin, end, minutes(&mut self.rng, 5))
            }
            5 => (
                Happening::PrinterOff,
                Happening::Printer(well),
                minutes(&mut self.rng, 10),
            ),
            6 => (
                Happening::CounterOff,
                Happening::CounterOn,
                minutes(&mut self.rng, 30),
            ),
            7 => (
                Happening::Cable(true),
                Happening::Cable(false),
                minutes(&mut self.rng, 10),
            ),
            8 => {
                let faults = Faults::kinds()[self.rng.random_range(0..Faults::kinds().len())];
                let clean = Happening::Noise(Faults::default());
                (Happening::Noise(faults), clean, minutes(&mut self.rng, 20))
            }
            9 => (
                Happening::Card(true),
                Happening::Card(false),
                minutes(&mut self.rng, 3),
            ),
            10 => {
                let garbage = Some(self.rng.random());
                let (begin, end) = with(Knobs { garbage, ..well });
                (begin, end, minutes(&mut self.rng, 5))
            }
            11 => {
                let answer_delay = Duration::from_millis(self.rng.random_range(50..3_000));
                let (begin, end) = with(Knobs { answer_delay, ..well });
                (begin, end, minutes(&mut self.rng, 5))
            }
            _ => {
                // It comes back by `go`.
                let steps = self.rng.random_range(0..5_000);
                (Happening::KioskFails(steps), Happening::Cable(false), SECOND)
            }
        };
        self.hall.plan(now, happening);
        self.hall.plan(now + long, end);
        self.busy_until(now + long);
    }

    fn close(mut self) -> Result<Outcome, StoreError> {
        self.hall.mend()?;
        self.quiet_since = self.hall.now();
        self.go(self.hall.now() + SETTLE)?;
        let mut outcome = self.outcome;
        outcome.account = reconcile(&self.hall)?;
        outcome.starts = u64::from(self.hall.kiosk.starts());
        outcome.waiting = u64::from(self.hall.witness.waiting());
        outcome.held = self.hall.kiosk.held() as u64;
        outcome.simulated_us = self.hall.now();
        if !outcome.account.is_clean() {
            log::warn!("{outcome:?}");
        }
        Ok(outcome)
    }
}

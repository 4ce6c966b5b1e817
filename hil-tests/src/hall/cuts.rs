//! Power cuts in the middle of ticketing, at points drawn from a seed.

use desk_board::Key;
use host_driver::store::StoreError;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::books::{Account, reconcile};
use super::resident::{Habit, keys};
use super::{Hall, Happening, SECOND, Shows};

/// How long a hall takes at most until everything that was under way has ended: a loan is told, a printer is found, an old number
/// has become too old to be printed.
const SETTLE: u64 = 15 * 60 * SECOND;
/// How long a printer takes at least from its power to its first answer: it feels for its paper and moves its cutter.
const PRINTER_STARTS: u64 = 2 * SECOND;
/// How long a resident waits for the services to be shown.
const PATIENCE: u64 = 60 * SECOND;

/// What was cut how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cuts {
    /// The kiosk's power.
    pub kiosk: u64,
    /// The printer's.
    pub printer: u64,
    /// The computer's.
    pub counter: u64,
    /// The line between kiosk and computer.
    pub cable: u64,
}

impl Cuts {
    /// Losses of power.
    pub fn power(&self) -> u64 {
        self.kiosk + self.printer + self.counter
    }

    /// Adds another's.
    pub fn add(&mut self, other: &Self) {
        self.kiosk += other.kiosk;
        self.printer += other.printer;
        self.counter += other.counter;
        self.cable += other.cable;
    }
}

/// What a run has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcome {
    /// The books at its end.
    pub account: Account,
    /// What was cut.
    pub cuts: Cuts,
    /// Simulated time, in µs.
    pub simulated_us: u64,
    /// Halls whose screen did not come back to the services when all was well again.
    pub stuck: u64,
}

impl Outcome {
    /// Adds another run's.
    pub fn add(&mut self, other: &Self) {
        self.account.add(&other.account);
        self.cuts.add(&other.cuts);
        self.simulated_us += other.simulated_us;
        self.stuck += other.stuck;
    }
}

/// Steps of the kiosk's from a press to the end of its ticketing when nothing is cut.
///
/// # Errors
/// [`StoreError`].
pub fn steps_of_a_ticket() -> Result<u64, StoreError> {
    let mut hall = Hall::open(0)?;
    hall.run_until(4 * SECOND)?;
    let before = hall.kiosk.power().steps();
    hall.plan(hall.now(), Happening::Key(Key::Select, true));
    hall.plan(hall.now() + 90_000, Happening::Key(Key::Select, false));
    hall.run_until(10 * SECOND)?;
    Ok(hall.kiosk.power().steps() - before)
}

/// Opens a hall and cuts power in it `times` times, each in the ticketing of a press. `steps` is about how many steps of the
/// kiosk's that takes.
///
/// # Errors
/// [`StoreError`].
pub fn run(hall: Hall, seed: u64, times: u32, steps: u64) -> Result<Outcome, StoreError> {
    let mut run = Run {
        hall,
        rng: ChaCha8Rng::seed_from_u64(seed),
        steps,
        cuts: Cuts::default(),
    };
    for _ in 0..times {
        run.one_cut()?;
    }
    run.hall.mend()?;
    run.go(SETTLE)?;
    let mut outcome = Outcome {
        account: reconcile(&run.hall)?,
        cuts: run.cuts,
        simulated_us: run.hall.now(),
        stuck: 0,
    };
    outcome.stuck = u64::from(run.hall.screen() != Shows::Services);
    if !outcome.account.is_clean() || outcome.stuck > 0 {
        log::warn!("seed {seed}: {outcome:?}");
    }
    Ok(outcome)
}

struct Run {
    hall: Hall,
    rng: ChaCha8Rng,
    steps: u64,
    cuts: Cuts,
}

impl Run {
    /// A resident presses, and something loses its power while the number is given and the ticket printed.
    fn one_cut(&mut self) -> Result<(), StoreError> {
        let until = self.hall.now() + PATIENCE;
        while self.hall.screen() != Shows::Services && self.hall.now() < until {
            self.go(SECOND / 2)?;
        }
        let at = self.hall.now() + self.rng.random_range(0..SECOND);
        for (at, happening) in keys(Habit::Ordinary, at, &mut self.rng) {
            self.hall.plan(at, happening);
        }
        self.go(at - self.hall.now())?;
        // At least one is cut; now and then several.
        let victims = [0.7, 0.2, 0.2, 0.15].map(|chance| self.rng.random_bool(chance));
        let [kiosk, printer, counter, cable] = victims;
        if printer {
            let (at, off) = self.moment();
            let well = self.hall.well();
            self.hall.plan(at, Happening::PrinterOff);
            self.hall
                .plan(at + PRINTER_STARTS + off, Happening::Printer(well));
            self.cuts.printer += 1;
        }
        if counter {
            let (at, off) = self.moment();
            if self.rng.random() {
                let requests = self.rng.random_range(0..3);
                self.hall.plan(self.hall.now(), Happening::CounterFails(requests));
            } else {
                self.hall.plan(at, Happening::CounterOff);
            }
            self.hall.plan(at + off, Happening::CounterOn);
            self.cuts.counter += 1;
        }
        if cable {
            let (at, off) = self.moment();
            self.hall.plan(at, Happening::Cable(true));
            self.hall.plan(at + off, Happening::Cable(false));
            self.cuts.cable += 1;
        }
        if kiosk || !(printer || counter) {
            self.cut_kiosk()?;
            // Power often comes back for a moment only.
            while self.rng.random_bool(0.3) {
                self.cut_kiosk()?;
            }
        }
        self.go(8 * SECOND)
    }

    /// Lets the kiosk's power fail at some step of what it is at, and come back.
    fn cut_kiosk(&mut self) -> Result<(), StoreError> {
        let after = self.rng.random_range(0..self.steps);
        let (now, starts) = (self.hall.now(), self.hall.kiosk.starts());
        self.hall.plan(now, Happening::KioskFails(after));
        let until = now + PATIENCE;
        while self.hall.kiosk.is_on() && self.hall.now() < until {
            self.hall.step(until)?;
        }
        debug_assert_eq!(starts, self.hall.kiosk.starts());
        self.hall.kiosk.switch_off();
        self.cuts.kiosk += 1;
        let off = self.rng.random_range(SECOND / 20..10 * SECOND);
        self.go(off)?;
        self.hall.plan(self.hall.now(), Happening::KioskOn);
        self.go(1)
    }

    /// When something goes, within the time of a ticketing, and how long it stays away.
    fn moment(&mut self) -> (u64, u64) {
        let at = self.hall.now() + self.rng.random_range(0..5 * SECOND);
        (at, self.rng.random_range(SECOND / 20..20 * SECOND))
    }

    fn go(&mut self, us: u64) -> Result<(), StoreError> {
        let until = self.hall.now() + us;
        self.hall.run_until(until)
    }
}

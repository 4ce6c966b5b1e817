//! A clock and what waits for it.

use std::task::Waker;

/// A clock and what waits for it.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    now: u64,
    waiting: Vec<(u64, Waker)>,
}

impl Timers {
    pub(crate) const fn new() -> Self {
        Self {
            now: 0,
            waiting: Vec::new(),
        }
    }

    /// Microseconds since this clock began.
    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    /// Wakes `waker` at `at`, or at once if that has passed. A task has one entry, for the soonest of its moments: it asks
    /// for the later ones again whenever it is polled.
    pub(crate) fn wake_at(&mut self, at: u64, waker: &Waker) {
        if at <= self.now {
            waker.wake_by_ref();
            return;
        }
        match self.waiting.iter_mut().find(|(_, known)| known.will_wake(waker)) {
            Some((soonest, _)) => *soonest = at.min(*soonest),
            None => self.waiting.push((at, waker.clone())),
        }
    }

    /// The next moment at which something is woken. What waits until the end of time waits for something else.
    pub(crate) fn next(&self) -> Option<u64> {
        let moments = self.waiting.iter().map(|(at, _)| *at);
        moments.min().filter(|at| *at != u64::MAX)
    }

    /// Lets it be `at`, unless it is later already, and wakes what is due.
    pub(crate) fn advance_to(&mut self, at: u64) {
        self.now = self.now.max(at);
        let now = self.now;
        self.waiting.retain(|(at, waker)| {
            if *at <= now {
                waker.wake_by_ref();
            }
            *at > now
        });
    }
}

//! What embassy-time calls.

use std::cell::RefCell;
use std::task::Waker;

use embassy_time_driver::{Driver, time_driver_impl};

use crate::timers::Timers;

thread_local! {
    /// The clock that code on this thread sees now.
    static PRESENT: RefCell<Timers> = const { RefCell::new(Timers::new()) };
}

/// Lends the clock that code on this thread sees now.
pub(crate) fn with<T>(job: impl FnOnce(&mut Timers) -> T) -> T {
    PRESENT.with_borrow_mut(job)
}

/// Lets code on this thread see `timers` while `job` runs.
pub(crate) fn during<T>(timers: &mut Timers, job: impl FnOnce() -> T) -> T {
    /// Changes back, also when `job` panics.
    struct Change<'a>(&'a mut Timers);
    impl Drop for Change<'_> {
        fn drop(&mut self) {
            with(|present| std::mem::swap(present, self.0));
        }
    }
    with(|present| std::mem::swap(present, timers));
    let _back = Change(timers);
    job()
}

struct ThreadClock;

impl Driver for ThreadClock {
    fn now(&self) -> u64 {
        with(|timers| timers.now())
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        with(|timers| timers.wake_at(at, waker));
    }
}

time_driver_impl!(static DRIVER: ThreadClock = ThreadClock);

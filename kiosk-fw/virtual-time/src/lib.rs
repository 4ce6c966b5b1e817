//! Time of which a test is the master, for code that waits with `embassy-time`.
//!
//! embassy-time's own `mock-driver` is one clock for the whole process, so that tests which run at the same time push each
//! other's clock. Here each [`Executor`] has a clock and a queue of timers of its own, which the thread takes on while the
//! executor polls. It polls one future; when that can do nothing more, it jumps to the next timer. The same future does the
//! same at the same moments in every run, and waiting takes no time.
//!
//! Linking this crate makes it the program's time driver; there can be only one.

mod driver;
mod executor;
mod timers;

pub use executor::{Executor, run};

/// Moves the clock that code sees outside of any executor on this thread.
pub fn advance(microseconds: u64) {
    driver::with(|timers| timers.advance_to(timers.now() + microseconds));
}

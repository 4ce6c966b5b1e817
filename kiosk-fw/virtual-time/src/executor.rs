//! Polls one future, in its own time.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use crate::driver;
use crate::timers::Timers;

/// Polls at one moment before a future is taken to spin. On a board it would burn the processor and starve the others.
const SPINNING: u32 = 1_000_000;

/// Whether the future can do something.
#[derive(Debug)]
struct Ready(AtomicBool);

impl Wake for Ready {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// One future and its clock, which begins at 0.
///
/// Whoever has other things happen between the future's own timers (bytes that arrive, keys that are pressed) goes
/// [`advance_to`](Self::advance_to) that moment, does them, and [`settle`](Self::settle)s.
#[derive(Debug)]
pub struct Executor<F: ?Sized> {
    timers: Timers,
    ready: Arc<Ready>,
    waker: Waker,
    polls: u64,
    future: Pin<Box<F>>,
}

impl<F: Future> Executor<F> {
    /// Takes a future that was not polled yet.
    pub fn new(future: F) -> Self {
        Self::from_box(Box::pin(future))
    }
}

impl<F: Future + ?Sized> Executor<F> {
    /// The same for a future that is in its place already.
    pub fn from_box(future: Pin<Box<F>>) -> Self {
        let ready = Arc::new(Ready(AtomicBool::new(true)));
        Self {
            timers: Timers::new(),
            waker: Waker::from(Arc::clone(&ready)),
            ready,
            polls: 0,
            future,
        }
    }

    /// Microseconds since this clock began.
    pub fn now(&self) -> u64 {
        self.timers.now()
    }

    /// The next moment at which the future wants to be woken by the clock.
    pub fn next_timer(&self) -> Option<u64> {
        self.timers.next()
    }

    /// Whether the future can do something now.
    pub fn is_ready(&self) -> bool {
        self.ready.0.load(Ordering::Relaxed)
    }

    /// How often the future was polled.
    pub fn polls(&self) -> u64 {
        self.polls
    }

    /// Lets it be `at` (µs), unless it is later already. Timers that were due in between are woken together, at `at`.
    pub fn advance_to(&mut self, at: u64) {
        self.timers.advance_to(at);
    }

    /// Polls once, if the future can do something.
    pub fn step(&mut self) -> Poll<F::Output> {
        if !self.ready.0.swap(false, Ordering::Relaxed) {
            return Poll::Pending;
        }
        self.polls += 1;
        let (future, waker) = (self.future.as_mut(), &self.waker);
        driver::during(&mut self.timers, || future.poll(&mut Context::from_waker(waker)))
    }

    /// Polls until the future can do nothing more at this moment.
    ///
    /// # Panics
    ///
    /// If the future never waits.
    pub fn settle(&mut self) -> Poll<F::Output> {
        for _ in 0..SPINNING {
            if let Poll::Ready(output) = self.step() {
                return Poll::Ready(output);
            }
            if !self.is_ready() {
                return Poll::Pending;
            }
        }
        panic!("the future spins at {} us instead of waiting", self.now());
    }

    /// Lets time pass until `until` (µs), from timer to timer.
    pub fn run_until(&mut self, until: u64) -> Poll<F::Output> {
        loop {
            if let Poll::Ready(output) = self.settle() {
                return Poll::Ready(output);
            }
            let Some(at) = self.next_timer().filter(|at| *at <= until) else {
                self.advance_to(until);
                return Poll::Pending;
            };
            self.advance_to(at);
        }
    }
}

/// Runs a future to its end, in a time of its own that begins at 0.
///
/// # Panics
///
/// If it waits for something that no timer brings, and so for ever.
pub fn run<F: Future>(future: F) -> F::Output {
    let mut executor = Executor::new(future);
    loop {
        if let Poll::Ready(output) = executor.settle() {
            return output;
        }
        let at = executor.next_timer();
        executor.advance_to(at.expect("the future waits for something that never happens"));
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use embassy_futures::join::join;
    use embassy_time::{Duration, Instant, Timer, with_timeout};

    use super::*;

    fn at() -> u64 {
        Instant::now().as_micros()
    }

    #[test]
    fn waiting_takes_exactly_as_long_as_it_should() {
        let (first, second) = run(join(
            async {
                Timer::after_millis(5).await;
                Timer::after_secs(3_600).await;
                at()
            },
            async {
                Timer::after_millis(7).await;
                at()
            },
        ));
        assert_eq!((first, second), (3_600_005_000, 7_000));
    }

    #[test]
    fn each_future_has_a_time_of_its_own() {
        let mut early = Executor::new(async {
            Timer::after_secs(1).await;
            at()
        });
        let mut late = Executor::new(async {
            Timer::after_secs(9).await;
            at()
        });
        assert!(late.run_until(8_000_000).is_pending());
        assert_eq!(early.run_until(u64::MAX), Poll::Ready(1_000_000));
        assert_eq!(late.run_until(u64::MAX), Poll::Ready(9_000_000));
        assert_eq!((early.now(), late.now()), (1_000_000, 9_000_000));
    }

    #[test]
    fn time_stands_still_while_nobody_moves_it() {
        let seen = Cell::new(0);
        let mut executor = Executor::new(async {
            loop {
                Timer::after_millis(10).await;
                seen.set(at());
            }
        });
        assert!(executor.settle().is_pending());
        assert_eq!((seen.get(), executor.next_timer()), (0, Some(10_000)));
        // Both ticks are due, and the future sees the later moment.
        executor.advance_to(25_000);
        assert!(executor.settle().is_pending());
        assert_eq!(seen.get(), 25_000);
    }

    #[test]
    fn a_timeout_ends_what_never_happens() {
        let never = core::future::pending::<()>();
        assert!(run(with_timeout(Duration::from_secs(2), never)).is_err());
    }

    #[test]
    #[should_panic(expected = "never happens")]
    fn waiting_for_nothing_is_told() {
        run(core::future::pending::<()>());
    }

    #[test]
    #[should_panic(expected = "spins")]
    fn spinning_is_told() {
        run(async {
            loop {
                embassy_futures::yield_now().await;
            }
        });
    }

    #[test]
    fn outside_of_an_executor_a_test_moves_the_clock() {
        let before = at();
        crate::advance(1_500);
        assert_eq!(at() - before, 1_500);
    }
}

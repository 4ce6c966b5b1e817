//! Signs of life of an application's loops.

use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::sync::atomic::{AtomicU32, Ordering};

use embassy_futures::select::{Either, select};
use embassy_time::{Duration, Instant, Timer};

/// How long a loop may be silent, in milliseconds. Four times the second in which it should beat, so that a long piece of work that
/// is allowed (an image of the screen, a card that takes its time) is not taken for death.
pub const LIMIT_MS: u32 = 4_000;
/// How often a loop that only waits gives its sign.
const EVERY: Duration = Duration::from_millis(500);

/// A loop of an application. `Restarted.tasks` has a bit for each, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Task {
    /// The main loop: link, model and screen.
    Main = 0,
    /// The loop that works the device: ticket printer or fingerprint sensor.
    Device = 1,
    /// The loop that watches the buttons.
    Buttons = 2,
    /// The loop that works the durable storage.
    Storage = 3,
}

impl Task {
    const ALL: [Self; 4] = [Self::Main, Self::Device, Self::Buttons, Self::Storage];

    /// Its bit in `Restarted.tasks`.
    pub const fn bit(self) -> u16 {
        1 << self as u8
    }
}

/// When each loop last gave a sign of life.
///
/// A loop is watched from its first sign on. One loop writes each place, and the watchdog's interrupt may read all at any moment: plain
/// loads and stores are enough.
#[derive(Debug)]
pub struct Pulse {
    /// Milliseconds since start, plus one; 0 before the first sign. They wrap after 49 days.
    beats: [AtomicU32; Task::ALL.len()],
    /// The bits of the loops whose code the processor is in: one, or none while it sleeps.
    at_work: AtomicU32,
}

impl Pulse {
    /// No loop has begun.
    pub const fn new() -> Self {
        Self {
            beats: [const { AtomicU32::new(0) }; Task::ALL.len()],
            at_work: AtomicU32::new(0),
        }
    }

    /// `task` is alive. To be said at least every second.
    pub fn beat(&self, task: Task) {
        self.beat_at(task, Instant::now().as_millis() as u32);
    }

    /// `task` is alive at `now` (ms since start, wrapping).
    pub fn beat_at(&self, task: Task, now: u32) {
        self.beats[task as usize].store(now.wrapping_add(1).max(1), Ordering::Relaxed);
    }

    /// The bits of the loops that have been silent for too long at `now` (ms since start, wrapping).
    pub fn late(&self, now: u32) -> u16 {
        let late = |task: &Task| {
            let beat = self.beats[*task as usize].load(Ordering::Relaxed);
            // A sign that was given after `now` was taken is no lateness.
            let silent = now.wrapping_add(1).wrapping_sub(beat) as i32;
            beat != 0 && silent > LIMIT_MS as i32
        };
        Task::ALL
            .iter()
            .filter(|task| late(task))
            .fold(0, |bits, task| bits | task.bit())
    }

    /// The bits of the loops to blame when the watchdog bites at `now`: the one that the processor is stuck in, because it keeps all
    /// others from their signs; else all that are late.
    pub fn to_blame(&self, now: u32) -> u16 {
        match self.at_work.load(Ordering::Relaxed) as u16 {
            0 => self.late(now),
            stuck => stuck,
        }
    }

    /// Runs `task`'s `work`, and notes when the processor is in it.
    ///
    /// The work is lent: what a future takes by value it may hold twice, and memory is short.
    pub async fn watch<F: Future>(&self, task: Task, mut work: Pin<&mut F>) -> F::Output {
        poll_fn(|context| {
            let outside = self.at_work.load(Ordering::Relaxed);
            self.at_work.store(u32::from(task.bit()), Ordering::Relaxed);
            let poll = work.as_mut().poll(context);
            self.at_work.store(outside, Ordering::Relaxed);
            poll
        })
        .await
    }

    /// Waits for `event`, which may take any time, and gives `task`'s signs of life meanwhile.
    pub async fn while_waiting<F: Future>(&self, task: Task, mut event: Pin<&mut F>) -> F::Output {
        loop {
            self.beat(task);
            match select(event.as_mut(), Timer::after(EVERY)).await {
                Either::First(output) => {
                    self.beat(task);
                    return output;
                }
                Either::Second(()) => (),
            }
        }
    }

    /// Does `work`, which takes at most `limit`, and gives `task`'s signs of life meanwhile. Work that takes longer is done too, but
    /// without signs: the watchdog will end it.
    pub async fn while_working<F: Future>(
        &self,
        task: Task,
        limit: Duration,
        mut work: Pin<&mut F>,
    ) -> F::Output {
        match select(work.as_mut(), self.signs(task, limit)).await {
            Either::First(output) => output,
            Either::Second(()) => {
                crate::log_warn!("{} takes too long", task);
                work.await
            }
        }
    }

    async fn signs(&self, task: Task, limit: Duration) {
        let end = Instant::now() + limit;
        while Instant::now() < end {
            self.beat(task);
            Timer::after(EVERY).await;
        }
    }
}

impl Default for Pulse {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use core::pin::pin;

    use super::*;

    #[test]
    fn a_loop_is_late_once_it_was_silent_for_longer_than_the_limit() {
        let pulse = Pulse::new();
        pulse.beat_at(Task::Main, 1_000);
        pulse.beat_at(Task::Device, 3_000);
        assert_eq!(pulse.late(1_000 + LIMIT_MS), 0);
        assert_eq!(pulse.late(1_001 + LIMIT_MS), Task::Main.bit());
        assert_eq!(
            pulse.late(3_001 + LIMIT_MS),
            Task::Main.bit() | Task::Device.bit()
        );
        pulse.beat_at(Task::Main, 7_000);
        assert_eq!(pulse.late(7_500), Task::Device.bit());
    }

    #[test]
    fn a_loop_that_never_began_is_not_missed() {
        let pulse = Pulse::new();
        pulse.beat_at(Task::Main, 0);
        assert_eq!(pulse.late(1_000), 0);
        assert_eq!(pulse.late(60_000), Task::Main.bit());
    }

    #[test]
    fn the_milliseconds_may_wrap() {
        let pulse = Pulse::new();
        pulse.beat_at(Task::Main, u32::MAX);
        pulse.beat_at(Task::Device, u32::MAX - 1);
        assert_eq!(pulse.late(10), 0);
        assert_eq!(pulse.late(LIMIT_MS + 10), Task::Main.bit() | Task::Device.bit());
    }

    #[test]
    fn a_sign_that_comes_while_the_time_is_taken_is_not_late() {
        let pulse = Pulse::new();
        pulse.beat_at(Task::Main, 5_001);
        assert_eq!(pulse.late(5_000), 0);
    }

    #[test]
    fn the_loop_that_holds_the_processor_is_to_blame_for_all_others() {
        let pulse = Pulse::new();
        for task in Task::ALL {
            pulse.beat_at(task, 1_000);
        }
        // What the watchdog's interrupt would see in the middle of the device's work.
        let work = pin!(async { pulse.to_blame(20_000) });
        let blamed = embassy_futures::block_on(pulse.watch(Task::Device, work));
        assert_eq!(blamed, Task::Device.bit());
        assert_eq!(pulse.to_blame(20_000), 0b1111);
        assert_eq!(pulse.to_blame(1_500), 0);
    }
}

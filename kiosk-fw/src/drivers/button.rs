//! From a bouncing contact to one press.

use embassy_time::{Instant, Timer};
use embedded_hal::digital::InputPin;
use embedded_hal_async::digital::Wait;

/// How long a level must hold to count, in µs. Contacts of push-buttons settle within 5 ms; a person notices nothing
/// below 50.
pub const SETTLE_US: u64 = 8_000;

/// Turns the level of one button into presses. A button is pressed while its line is low.
///
/// ```text
/// Unseen --high--> Released <--> Settling --low held--> Pressed --high held--> Released
/// ```
///
/// Until the line was high once it says nothing: on the emulated board it reads low from the start until the first release, and
/// on a real one a stuck button must not take a number by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Debouncer {
    /// The level that counts now; `None` until the line was high.
    pressed: Option<bool>,
    /// When the line began to differ from it, in µs.
    differs_since: Option<u64>,
}

/// What a button's task should wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Await {
    /// The line to go high.
    High,
    /// The line to go low.
    Low,
    /// This time, in µs: the line is settling.
    Until(u64),
}

impl Debouncer {
    /// A button of which nothing is known.
    pub const fn new() -> Self {
        Self {
            pressed: None,
            differs_since: None,
        }
    }

    /// Takes the level at `now` (µs) and says whether this is a new press.
    pub fn update(&mut self, low: bool, now: u64) -> bool {
        let Some(pressed) = self.pressed else {
            if !low {
                self.pressed = Some(false);
            }
            return false;
        };
        if low == pressed {
            self.differs_since = None;
            return false;
        }
        let since = *self.differs_since.get_or_insert(now);
        if now.saturating_sub(since) < SETTLE_US {
            return false;
        }
        self.pressed = Some(low);
        self.differs_since = None;
        low
    }

    /// What to wait for before the next `update`.
    pub fn next(&self) -> Await {
        match (self.pressed, self.differs_since) {
            (_, Some(since)) => Await::Until(since + SETTLE_US),
            (Some(false), None) => Await::Low,
            (None | Some(true), None) => Await::High,
        }
    }
}

impl Default for Debouncer {
    fn default() -> Self {
        Self::new()
    }
}

/// Waits for presses of `pin` for ever and tells `pressed` of each.
pub async fn watch<P: InputPin + Wait>(mut pin: P, mut pressed: impl FnMut()) -> ! {
    /// How often a settling line is looked at: often enough to see it bounce back.
    const LOOK_US: u64 = 1_000;
    let mut debouncer = Debouncer::new();
    loop {
        let now = Instant::now().as_micros();
        // A line that cannot be read counts as released: the harmless reading.
        if debouncer.update(pin.is_low().unwrap_or(false), now) {
            pressed();
        }
        match debouncer.next() {
            Await::High => drop(pin.wait_for_high().await),
            Await::Low => drop(pin.wait_for_low().await),
            Await::Until(at) => Timer::after_micros(at.saturating_sub(now).clamp(1, LOOK_US)).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_low_from_boot_is_no_press_until_it_was_high() {
        let mut button = Debouncer::new();
        for now in (0..1_000_000).step_by(1_000) {
            assert!(!button.update(true, now));
        }
        assert_eq!(button.next(), Await::High);
        assert!(!button.update(false, 1_000_000));
        assert!(!button.update(true, 1_100_000));
        assert!(button.update(true, 1_100_000 + SETTLE_US));
    }

    #[test]
    fn bounces_make_one_press_and_holding_makes_no_second() {
        let mut button = Debouncer::new();
        button.update(false, 0);
        let mut presses = 0;
        for now in (10_000..400_000_u64).step_by(500) {
            let bouncing = now < 14_000 && now % 1_000 == 0;
            presses += u32::from(button.update(!bouncing, now));
        }
        assert_eq!(presses, 1);
        // The release bounces too.
        for now in (400_000..500_000_u64).step_by(500) {
            let bouncing = now < 404_000 && now % 1_000 == 0;
            presses += u32::from(button.update(bouncing, now));
        }
        assert_eq!(presses, 1);
    }

    #[test]
    fn a_glitch_shorter_than_the_settling_time_is_no_press() {
        let mut button = Debouncer::new();
        button.update(false, 0);
        assert!(!button.update(true, 1_000));
        assert!(!button.update(true, 1_000 + SETTLE_US - 1));
        assert!(!button.update(false, 1_000 + SETTLE_US));
        assert_eq!(button.next(), Await::Low);
    }
}

//! The time of day and the day, as far as the kiosk knows them. It has no clock of its own that runs without power.

/// Seconds of a day.
const DAY_S: i64 = 86_400;

/// The host's clock, carried on by the board's timer.
#[derive(Clone, Debug, Default)]
pub(super) struct Clock {
    /// Seconds since 1970, and the board's time in µs when it was so. `None` until the host has said so since the start.
    set: Option<(u64, u64)>,
}

impl Clock {
    /// The host says that it is `unix` (seconds since 1970).
    pub(super) fn set(&mut self, now: u64, unix: u64) {
        self.set = Some((unix, now));
    }

    /// Seconds since 1970, if they are known.
    pub(super) fn unix(&self, now: u64) -> Option<u64> {
        let (unix, at) = self.set?;
        Some(unix.saturating_add(now.saturating_sub(at) / 1_000_000))
    }
}

/// The local day of a time, counted from 1970-01-01.
pub(super) fn day_of(unix: u64, utc_offset_minutes: i16) -> u32 {
    let local = i64::try_from(unix)
        .unwrap_or(i64::MAX)
        .saturating_add(i64::from(utc_offset_minutes) * 60);
    u32::try_from(local.max(0) / DAY_S).unwrap_or(u32::MAX)
}

/// The day that counts, when the clock says that it is `today` and `before` counted until now.
///
/// A clock that is set back across midnight does not bring yesterday back: the day rolls over once. A clock that is set back by
/// more than a day was wrong before, and is believed.
pub(super) fn roll(before: u32, today: u32) -> u32 {
    if today.checked_add(1) == Some(before) {
        before
    } else {
        today
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_goes_on_after_it_was_set() {
        let mut clock = Clock::default();
        assert_eq!(clock.unix(5_000_000), None);
        clock.set(5_000_000, 1_000);
        assert_eq!(clock.unix(5_999_999), Some(1_000));
        assert_eq!(clock.unix(65_000_000), Some(1_060));
    }

    #[test]
    fn a_day_begins_at_the_offices_midnight() {
        // 2026-03-01 17:00 UTC is midnight in Padang.
        let midnight = 1_772_384_400;
        assert_eq!(day_of(midnight, 420), day_of(midnight - 1, 420) + 1);
        assert_eq!(day_of(midnight, 0), day_of(midnight - 1, 0));
        assert_eq!(day_of(0, -720), 0);
        assert_eq!(day_of(u64::MAX, 840), u32::MAX);
    }

    #[test]
    fn the_day_rolls_over_once_though_the_clock_is_set_back_across_midnight() {
        let mut day = 100;
        let mut rolled = 0;
        for today in [100, 101, 100, 101, 100, 101] {
            let next = roll(day, today);
            rolled += u32::from(next != day);
            day = next;
        }
        assert_eq!((day, rolled), (101, 1));
    }

    #[test]
    fn a_clock_that_was_far_ahead_is_set_right() {
        assert_eq!(roll(90_000, 20_000), 20_000);
    }
}

//! Time as the office's logic sees it: a value that is passed in.

use std::fmt;
use time::format_description::well_known::Iso8601;
use time::{Date, OffsetDateTime, UtcOffset};

/// A moment, in milliseconds since 1970-01-01 00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Moment(i64);

impl Moment {
    /// From milliseconds since 1970.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970; 0 before.
    pub fn unix_seconds(self) -> u64 {
        u64::try_from(self.0.div_euclid(1000)).unwrap_or(0)
    }

    /// Seconds from `earlier` to here; 0 when the clock was set back in between.
    pub fn seconds_since(self, earlier: Self) -> f64 {
        (self.0.saturating_sub(earlier.0)).max(0) as f64 / 1000.0
    }

    /// This moment on the wall clock of a place `utc_offset_minutes` east of Greenwich.
    pub fn local(self, utc_offset_minutes: i16) -> OffsetDateTime {
        // The clamp keeps within what `UtcOffset` and `OffsetDateTime` can hold, so that neither can fail.
        let seconds = i32::from(utc_offset_minutes.clamp(-14 * 60, 14 * 60)) * 60;
        let offset = UtcOffset::from_whole_seconds(seconds).unwrap_or(UtcOffset::UTC);
        let nanos = i128::from(self.0) * 1_000_000;
        OffsetDateTime::from_unix_timestamp_nanos(nanos)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
            .to_offset(offset)
    }

    /// The date there, as `YYYY-MM-DD`: the day for which a queue number counts.
    pub fn local_day(self, utc_offset_minutes: i16) -> String {
        let date = self.local(utc_offset_minutes).date();
        format!(
            "{:04}-{:02}-{:02}",
            date.year(),
            u8::from(date.month()),
            date.day()
        )
    }

    /// Date and time there, as `YYYY-MM-DD HH:MM:SS`.
    pub fn local_text(self, utc_offset_minutes: i16) -> String {
        let time = self.local(utc_offset_minutes).time();
        let day = self.local_day(utc_offset_minutes);
        format!(
            "{day} {:02}:{:02}:{:02}",
            time.hour(),
            time.minute(),
            time.second()
        )
    }
}

/// How far back a clock may be set over midnight without giving yesterday's numbers again.
const SET_BACK_HOURS: i64 = 6;

/// The day for which numbers count, as `YYYY-MM-DD`: the local day, except that a clock that is set back over midnight (by a time
/// server, say) does not bring back the day before. `last` is the latest day on which numbers were given.
pub fn office_day(now: Moment, utc_offset_minutes: i16, last: Option<&str>) -> String {
    let today = now.local_day(utc_offset_minutes);
    let soon = Moment(now.0.saturating_add(SET_BACK_HOURS * 3_600_000)).local_day(utc_offset_minutes);
    if last == Some(soon.as_str()) { soon } else { today }
}

/// Days from 1970-01-01 to a day written as `YYYY-MM-DD`.
pub fn days_since_1970(day: &str) -> Option<u32> {
    let day = Date::parse(day, &Iso8601::DATE).ok()?;
    u32::try_from((day - OffsetDateTime::UNIX_EPOCH.date()).whole_days()).ok()
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} UTC", self.local_text(0))
    }
}

/// Where moments come from.
pub trait Clock {
    /// The present moment.
    fn now(&self) -> Moment;
}

/// The computer's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Moment(since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_begins_at_local_midnight() {
        // 2026-03-01 16:59:59.999 UTC, and a millisecond later.
        let last = Moment::from_millis(1_772_384_399_999);
        let first = Moment::from_millis(1_772_384_400_000);
        assert_eq!(last.local_text(420), "2026-03-01 23:59:59");
        assert_eq!(first.local_text(420), "2026-03-02 00:00:00");
    }

    #[test]
    fn the_day_rolls_over_once_when_the_clock_is_set_back_over_midnight() {
        let before = Moment::from_millis(1_772_384_399_999);
        let after = Moment::from_millis(1_772_384_400_000);
        assert_eq!(office_day(after, 420, Some("2026-03-01")), "2026-03-02");
        assert_eq!(office_day(before, 420, Some("2026-03-02")), "2026-03-02");
        assert_eq!(office_day(before, 420, Some("2026-03-01")), "2026-03-01");
        assert_eq!(office_day(before, 420, None), "2026-03-01");
    }

    #[test]
    fn a_clock_that_was_a_year_ahead_does_not_keep_its_day() {
        let now = Moment::from_millis(1_772_384_399_999);
        assert_eq!(office_day(now, 420, Some("2027-03-02")), "2026-03-01");
    }

    #[test]
    fn days_are_counted_from_1970() {
        assert_eq!(days_since_1970("1970-01-02"), Some(1));
        assert_eq!(days_since_1970("2026-03-01"), Some(20_513));
        assert_eq!(days_since_1970("1969-12-31"), None);
        assert_eq!(days_since_1970("soon"), None);
    }

    #[test]
    fn a_clock_that_was_set_back_gives_no_negative_duration() {
        let late = Moment::from_millis(5000);
        assert!(Moment::from_millis(1000).seconds_since(late).abs() < f64::EPSILON);
    }
}

//! Day and time of day as people at the office read them.

use core::fmt::Write as _;

use heapless::String;

/// Day and time at the office, such as `Senin, 23 Nov 2026 09:15 WIB`.
pub(super) fn text(unix: u64, utc_offset_minutes: i16) -> String<32> {
    const DAYS: [&str; 7] = ["Kamis", "Jumat", "Sabtu", "Minggu", "Senin", "Selasa", "Rabu"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des",
    ];
    let minutes = (unix / 60) as i64 + i64::from(utc_offset_minutes);
    let (day, minute) = (minutes.div_euclid(1_440), minutes.rem_euclid(1_440));
    let (year, month, day_of_month) = civil_from_days(day);
    // 1970-01-01 was a Thursday.
    let weekday = DAYS[day.rem_euclid(7) as usize];
    let month = MONTHS[month as usize - 1];
    let mut text = String::new();
    let _ = write!(
        text,
        "{weekday}, {day_of_month} {month} {year} {:02}:{:02}",
        minute / 60,
        minute % 60
    );
    let _ = match utc_offset_minutes {
        420 => write!(text, " WIB"),
        480 => write!(text, " WITA"),
        540 => write!(text, " WIT"),
        other => write!(
            text,
            " {}{:02}{:02}",
            if other < 0 { '-' } else { '+' },
            other.unsigned_abs() / 60,
            other.unsigned_abs() % 60
        ),
    };
    text
}

/// Year, month (1 to 12) and day (1 to 31) of a day counted from 1970-01-01, in the Gregorian calendar.
///
/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn a_time_is_that_of_the_office() {
        assert_eq!(text(0, 0), "Kamis, 1 Jan 1970 00:00 +0000");
        assert_eq!(text(1_709_164_799, 0), "Rabu, 28 Feb 2024 23:59 +0000");
        assert_eq!(text(1_709_164_800, 0), "Kamis, 29 Feb 2024 00:00 +0000");
        // 2026-11-22 18:30 UTC is the next morning in Jayapura.
        assert_eq!(text(1_795_372_200, 540), "Senin, 23 Nov 2026 03:30 WIT");
        // Whatever the host says, the ticket has some time on it.
        assert!(text(0, i16::MIN).ends_with(" -54608"));
        assert_eq!(text(1_795_372_200, -90), "Minggu, 22 Nov 2026 17:00 -0130");
    }
}

//! The ticket on paper: 58 mm, ESC/POS.

use core::fmt::Write as _;

use heapless::String;
use protocol::message::{Service, TicketGranted};

use crate::drivers::escpos::document::{Align, CHARACTER_DOTS, COLUMNS, Document, PAPER_DOTS};

/// Bytes of the longest ticket, with room to spare: names and office at their longest make about 650.
pub const TICKET_BYTES: usize = 896;
/// Paper between the last line and the cut, in dots (8 a millimetre).
const CUT_MARGIN: u8 = 24;
/// Dots of a module of the QR code: 25 modules make 19 mm, readable by any telephone.
const QR_DOTS: u8 = 6;

/// Composes the ticket of a granted number. It fits with names as long as the protocol allows.
pub fn compose(office: &str, service: Option<&Service>, granted: &TicketGranted) -> Document<TICKET_BYTES> {
    let mut ticket = Document::new();
    ticket
        .align(Align::Center)
        .bold(true)
        .line(office, COLUMNS)
        .bold(false)
        .feed(1);
    if let Some(service) = service {
        ticket
            .bold(true)
            .size(1, 2)
            .line(&service.name_id, COLUMNS)
            .size(1, 1)
            .bold(false);
        ticket.line(&service.name_en, COLUMNS);
    }
    ticket.feed(1).line("NOMOR ANTREAN / QUEUE NUMBER", COLUMNS);
    let number = number_text(granted.prefix, granted.number);
    let scale = (PAPER_DOTS / (CHARACTER_DOTS * number.len().max(1))).min(6) as u8;
    ticket
        .bold(true)
        .size(scale, scale)
        .line(&number, COLUMNS)
        .size(1, 1)
        .bold(false);
    ticket
        .line(
            &time_text(granted.issued_unix, granted.utc_offset_minutes),
            COLUMNS,
        )
        .feed(1);
    let mut text = String::<COLUMNS>::new();
    // Neither line can exceed 32 characters: a u16 has five digits at most.
    let _ = write!(text, "Di depan Anda: {} orang", granted.people_before);
    ticket.line(&text, COLUMNS);
    text.clear();
    let _ = write!(text, "Perkiraan: {} menit", granted.wait_minutes);
    ticket.line(&text, COLUMNS);
    text.clear();
    let _ = write!(
        text,
        "{} ahead, about {} min",
        granted.people_before, granted.wait_minutes
    );
    ticket.line(&text, COLUMNS).feed(1);
    let id = ticket_id_text(granted.ticket_id);
    // A QR code needs four modules of quiet paper around it (ISO/IEC 18004, 6.3.8): 24 dots, less than a line.
    ticket.qr(&id, QR_DOTS).feed(1).line(&id, COLUMNS).feed(1);
    ticket
        .line("Simpan tiket ini sampai selesai.", COLUMNS)
        .line("Please keep this ticket.", COLUMNS);
    ticket.cut(CUT_MARGIN);
    ticket
}

/// A queue number as people read it: letter and at least three digits.
pub fn number_text(prefix: u8, number: u16) -> String<6> {
    let mut text = String::new();
    // A letter and five digits are six characters.
    let _ = write!(text, "{}{number:03}", char::from(prefix));
    text
}

/// What the QR code holds: `LOKET-` and 16 hexadecimal digits.
pub fn ticket_id_text(ticket_id: u64) -> String<22> {
    let mut text = String::new();
    let _ = write!(text, "LOKET-{ticket_id:016X}");
    text
}

/// Day and time at the office, such as `Senin, 23 Nov 2026 09:15 WIB`.
fn time_text(unix: u64, utc_offset_minutes: i16) -> String<COLUMNS> {
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
    use super::*;

    fn granted() -> TicketGranted {
        TicketGranted {
            press: 1,
            ticket_id: 0x0123_4567_89AB_CDEF,
            prefix: b'A',
            number: 12,
            people_before: 3,
            wait_minutes: 25,
            issued_unix: 1_795_400_100,
            utc_offset_minutes: 420,
        }
    }

    #[test]
    fn a_time_is_that_of_the_office() {
        assert_eq!(time_text(0, 0), "Kamis, 1 Jan 1970 00:00 +0000");
        assert_eq!(time_text(1_709_164_799, 0), "Rabu, 28 Feb 2024 23:59 +0000");
        assert_eq!(time_text(1_709_164_800, 0), "Kamis, 29 Feb 2024 00:00 +0000");
        // 2026-11-22 18:30 UTC is the next morning in Jayapura.
        assert_eq!(time_text(1_795_372_200, 540), "Senin, 23 Nov 2026 03:30 WIT");
        // Whatever the host says, the ticket has some time on it.
        assert!(time_text(0, i16::MIN).ends_with(" -54608"));
        assert_eq!(time_text(1_795_372_200, -90), "Minggu, 22 Nov 2026 17:00 -0130");
    }

    #[test]
    fn a_ticket_says_who_what_when_and_ends_with_one_cut() {
        let service = Service {
            id: 1,
            prefix: b'A',
            name_id: "Ambil KTP-el".try_into().unwrap(),
            name_en: "Collect ID card".try_into().unwrap(),
        };
        let ticket = compose("Disdukcapil Kota Contoh", Some(&service), &granted());
        let bytes = ticket.finish().unwrap();
        let contains = |part: &[u8]| bytes.windows(part.len()).filter(|window| *window == part).count();
        for text in [
            "Disdukcapil Kota Contoh\n",
            "Ambil KTP-el\n",
            "A012\n",
            " WIB\n",
            "LOKET-0123456789ABCDEF\n",
        ] {
            assert_eq!(contains(text.as_bytes()), 1, "{text}");
        }
        assert_eq!(contains(&[0x1D, b'V']), 1);
        assert!(bytes.ends_with(&[0x1D, b'V', 66, CUT_MARGIN]));
    }

    #[test]
    fn the_longest_names_fit() {
        let service = Service {
            id: 1,
            prefix: b'Z',
            name_id: "n".repeat(24).as_str().try_into().unwrap(),
            name_en: "m".repeat(24).as_str().try_into().unwrap(),
        };
        let longest = TicketGranted {
            number: u16::MAX,
            people_before: u16::MAX,
            wait_minutes: u16::MAX,
            issued_unix: 4_000_000_000,
            ..granted()
        };
        assert!(
            compose(&"o".repeat(32), Some(&service), &longest)
                .finish()
                .is_ok()
        );
    }
}

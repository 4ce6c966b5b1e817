//! What the kiosk's screen shows.

use core::fmt::Write as _;

use embedded_graphics::pixelcolor::Gray4;
use embedded_graphics::prelude::{GrayColor, Point};
use heapless::String;
use protocol::message::{Service, TicketDenial};
use u8g2_fonts::types::HorizontalAlignment;

use super::model::{Language, PaperProgress, Sorry, StorageTrouble, Trouble, View};
use super::ticket::number_text;
use crate::screen::font::{self, Font};
use crate::screen::layout::{BRIGHT, DIM, HEIGHT, WIDTH, bar, centered, clear, fit, text};
use crate::screen::{Screen, message, number};

/// Draws `view` on the whole of `screen`. Both languages stand on it as yet, whichever is chosen.
pub fn draw(screen: &mut impl Screen, view: View, _language: Language, services: &[Service]) {
    match view {
        View::Starting => message(screen, &["Mohon", "tunggu"], &["Starting, please wait"]),
        View::Offline => message(
            screen,
            &["Sedang", "gangguan"],
            &["Out of service,", "please ask the staff"],
        ),
        View::Closed => message(screen, &["TUTUP"], &["Closed: no numbers now"]),
        View::Services { selected, .. } => choice(screen, services, selected),
        View::PleaseWait => message(screen, &["Mohon", "tunggu"], &["Please wait"]),
        View::Number {
            prefix,
            number: digits,
            paper,
        } => {
            let below = match paper {
                PaperProgress::Printing => "Tiket dicetak / Printing",
                PaperProgress::Printed => "Ambil tiket / Take ticket",
                PaperProgress::Missing | PaperProgress::Uncertain => "CATAT! / Note it down!",
            };
            number(
                screen,
                "Nomor Anda / Your number",
                &number_text(prefix, digits),
                below,
            );
            if matches!(paper, PaperProgress::Missing | PaperProgress::Uncertain) {
                // In reverse, because nothing else will remind the resident.
                bar(screen, HEIGHT - 10, 10, BRIGHT);
                centered(screen, below, HEIGHT - 2, font::SECOND, Gray4::BLACK);
            }
        }
        View::Sorry(why) => sorry(screen, why),
        View::Called {
            prefix,
            number,
            counter,
        } => called(screen, prefix, number, counter),
    }
}

fn sorry(screen: &mut impl Screen, why: Sorry) {
    match why {
        Sorry::Denied(TicketDenial::Closed) => message(screen, &["TUTUP"], &["Closed: no numbers now"]),
        Sorry::Denied(TicketDenial::Full) | Sorry::NoNumbers => {
            message(screen, &["Nomor", "habis"], &["No numbers left today"]);
        }
        Sorry::Denied(_) | Sorry::NoAnswer => {
            message(
                screen,
                &["Gagal,", "coba lagi"],
                &["No number given,", "please try again"],
            );
        }
        Sorry::Printer(Trouble::PaperOut) => {
            message(
                screen,
                &["Kertas", "habis"],
                &["Out of paper,", "please tell the staff"],
            );
        }
        Sorry::Printer(Trouble::CoverOpen) => {
            message(
                screen,
                &["Printer", "terbuka"],
                &["Printer cover is open,", "please tell the staff"],
            );
        }
        Sorry::Printer(Trouble::Broken) => {
            message(
                screen,
                &["Printer", "gangguan"],
                &["Printer is not working,", "please tell the staff"],
            );
        }
        Sorry::Storage(trouble) => {
            let what = match trouble {
                StorageTrouble::Missing => "Memory card is missing,",
                StorageTrouble::Foreign => "Wrong memory card,",
                StorageTrouble::Full => "Memory card is full,",
                StorageTrouble::Failed => "Memory card is broken,",
            };
            message(screen, &["Kartu", "memori"], &[what, "please tell the staff"]);
        }
    }
}

/// Two services at a time, as large as fits; the chosen one in reverse.
fn choice(screen: &mut impl Screen, services: &[Service], selected: usize) {
    /// Rows of the title.
    const TITLE: i32 = 11;
    /// Rows of a service.
    const ROW: i32 = 26;
    /// Columns left free at both sides together.
    const MARGINS: i32 = 2;
    clear(screen);
    text(
        screen,
        "Pilih layanan / Choose",
        Point::new(0, 8),
        font::SECOND,
        HorizontalAlignment::Left,
        DIM,
    );
    let first = selected.saturating_sub(1).min(services.len().saturating_sub(2));
    if services.len() > 2 {
        let mut place = String::<8>::new();
        // At most four services.
        let _ = write!(place, "{}/{}", selected + 1, services.len());
        text(
            screen,
            &place,
            Point::new(WIDTH - 1, 8),
            font::SECOND,
            HorizontalAlignment::Right,
            DIM,
        );
    }
    for (row, (place, service)) in services.iter().enumerate().skip(first).take(2).enumerate() {
        let top = TITLE + ROW * row as i32;
        let (name, second) = if place == selected {
            bar(screen, top, ROW, BRIGHT);
            (Gray4::BLACK, Gray4::new(4))
        } else {
            (BRIGHT, DIM)
        };
        let font = fit(&service.name_id, WIDTH - MARGINS, 14, font::PRIMARY);
        // The name stands in the middle of the upper 15 rows; descenders reach below them.
        left(
            screen,
            &service.name_id,
            top + i32::midpoint(15, font.capital_height),
            font,
            name,
        );
        left(
            screen,
            &service.name_en,
            top + ROW - 2,
            fit(&service.name_en, WIDTH - MARGINS, 8, font::SECONDARY),
            second,
        );
    }
}

fn left(screen: &mut impl Screen, words: &str, baseline: i32, font: Font, color: Gray4) {
    text(
        screen,
        words,
        Point::new(1, baseline),
        font,
        HorizontalAlignment::Left,
        color,
    );
}

/// A called number and where to go, both large.
fn called(screen: &mut impl Screen, prefix: u8, digits: u16, counter: u8) {
    clear(screen);
    let number = number_text(prefix, digits);
    let font = fit(&number, WIDTH, 34, &font::NUMBERS[1..]);
    centered(screen, &number, 1 + font.capital_height, font, BRIGHT);
    let mut where_to = String::<16>::new();
    // "Ke loket 255" has twelve characters.
    let _ = write!(where_to, "Ke loket {counter}");
    centered(screen, &where_to, 51, font::MEDIUM, BRIGHT);
    where_to.clear();
    let _ = write!(where_to, "Go to counter {counter}");
    centered(screen, &where_to, HEIGHT - 2, font::SECOND, DIM);
}

//! What the kiosk's screen shows, one language at a time.

mod choice;
mod page;
mod signs;
mod words;

use core::fmt::Write as _;

use embedded_graphics::pixelcolor::Gray4;
use embedded_graphics::prelude::{GrayColor, Point};
use heapless::String;
use protocol::message::Service;
use u8g2_fonts::types::HorizontalAlignment;

use super::model::{Language, PaperProgress, View};
use super::ticket::number_text;
use crate::screen::Screen;
use crate::screen::font;
use crate::screen::layout::{BRIGHT, HEIGHT, WIDTH, bar, centered, clear, fit, text};
use crate::screen::wrap::readable;
use choice::Choice;
use page::TEXT;
use words::Words;

/// Draws `view` on the whole of `screen`.
pub fn draw(screen: &mut impl Screen, view: View, language: Language, services: &[Service]) {
    clear(screen);
    let words = Words::of(language);
    match view {
        View::Starting => page::message(screen, words.starting, words, None),
        View::Offline => page::message(screen, words.offline, words, None),
        View::Closed => page::message(screen, words.closed, words, None),
        View::PleaseWait => page::message(screen, words.please_wait, words, None),
        View::Sorry(why) => page::message(screen, words.sorry(why), words, words.for_staff(why)),
        View::Services {
            selected,
            priority,
            priority_offered,
            low_paper,
            alone,
            ..
        } => Choice {
            services,
            selected,
            language,
            priority,
            priority_offered,
            low_paper,
            alone,
        }
        .draw(screen, words),
        View::Number {
            prefix,
            number: digits,
            paper,
        } => number(screen, &number_text(prefix, digits), paper, words),
        View::Called {
            prefix,
            number,
            counter,
        } => called(screen, &number_text(prefix, number), counter, words),
    }
}

/// The resident's number, as large as possible, and what to do.
fn number(screen: &mut impl Screen, digits: &str, paper: PaperProgress, words: &Words) {
    /// Rows of the line at the bottom, descenders included.
    const LINE: i32 = 14;
    let certain = match paper {
        PaperProgress::Printing => Some(words.printing),
        PaperProgress::Printed => Some(words.take_ticket),
        PaperProgress::Missing | PaperProgress::Uncertain => None,
    };
    if let Some(below) = certain {
        text(
            screen,
            words.your_number,
            Point::new(0, font::TINY.capital_height),
            font::TINY,
            HorizontalAlignment::Left,
            BRIGHT,
        );
        signs::language_hint(screen, 10, words.other_language_short);
        // Between the lines are rows 14 to 48.
        let font = fit(digits, WIDTH, 34, font::NUMBERS);
        centered(screen, digits, 31 + font.capital_height / 2, font, BRIGHT);
        let (font, lines) = readable(below, TEXT, LINE, 1);
        for line in lines {
            centered(screen, line, HEIGHT - 3, font, BRIGHT);
        }
        return;
    }
    let font = fit(digits, WIDTH, 34, font::NUMBERS);
    centered(screen, digits, 17 + font.capital_height / 2, font, BRIGHT);
    let why = if paper == PaperProgress::Missing {
        words.no_ticket
    } else {
        words.perhaps_no_ticket
    };
    let (font, lines) = readable(why, TEXT, LINE, 1);
    for line in lines {
        centered(screen, line, HEIGHT - 2 * LINE + 11, font, BRIGHT);
    }
    // In reverse, because nothing else will remind the resident.
    bar(screen, HEIGHT - LINE, LINE, BRIGHT);
    let (font, lines) = readable(words.note_it_down, TEXT, LINE, 1);
    for line in lines {
        centered(screen, line, HEIGHT - 2, font, Gray4::BLACK);
    }
}

/// A called number and where to go, both large.
fn called(screen: &mut impl Screen, digits: &str, counter: u8, words: &Words) {
    let font = fit(digits, WIDTH, 34, font::NUMBERS);
    centered(screen, digits, 1 + font.capital_height, font, BRIGHT);
    let mut where_to = String::<24>::new();
    // "Go to counter 255" has seventeen characters.
    let _ = write!(where_to, "{} {counter}", words.go_to_counter);
    let (font, lines) = readable(&where_to, TEXT, 26, 1);
    for line in lines {
        centered(screen, line, 49 + font.capital_height / 2, font, BRIGHT);
    }
}

#[cfg(test)]
mod tests;

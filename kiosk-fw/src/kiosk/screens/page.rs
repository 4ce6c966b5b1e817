//! A screen that says one thing.

use embedded_graphics::prelude::Point;
use u8g2_fonts::types::HorizontalAlignment;

use super::signs;
use super::words::{Message, Words};
use crate::screen::Screen;
use crate::screen::font;
use crate::screen::layout::{BRIGHT, DIM, HEIGHT, WIDTH, centered, text};
use crate::screen::wrap::{Lines, block_height, pitch, readable, readable_small};

/// Width of text between the edges, so that none touches them.
pub(super) const TEXT: i32 = WIDTH - 4;
/// First row of the line with the hints.
pub(super) const HINTS: i32 = HEIGHT - 10;

/// The headline as large as fits, the advice below, and at the bottom what helps: words for staff, and how to change the language.
pub(super) fn message(screen: &mut impl Screen, message: Message, words: &Words, for_staff: Option<&str>) {
    let (advice_font, advice) = readable_small(message.advice, TEXT, 2);
    let room = HINTS - block_height(advice_font, advice.len());
    let (headline_font, headline) = readable(message.headline, TEXT, room, 2);
    let used = block_height(headline_font, headline.len());
    lines(screen, (room - used) / 2, headline_font, &headline);
    lines(screen, room, advice_font, &advice);
    if let Some(for_staff) = for_staff {
        text(
            screen,
            for_staff,
            Point::new(0, HEIGHT - 2),
            font::SECOND,
            HorizontalAlignment::Left,
            DIM,
        );
    }
    signs::language_hint(screen, HEIGHT - 2, words.other_language);
}

/// Lines below each other, the top of the first at row `top`.
fn lines(screen: &mut impl Screen, top: i32, font: font::Font, lines: &Lines<'_>) {
    for (row, line) in lines.iter().enumerate() {
        let baseline = top + font.capital_height + pitch(font) * row as i32;
        centered(screen, line, baseline, font, BRIGHT);
    }
}

//! Small signs: arrows at the keys, and what staff should see in passing.

use embedded_graphics::Pixel;
use embedded_graphics::pixelcolor::Gray4;
use embedded_graphics::prelude::Point;
use u8g2_fonts::types::HorizontalAlignment;

use crate::screen::Screen;
use crate::screen::font;
use crate::screen::layout::{DIM, WIDTH, text};

/// Rows and columns of every sign.
pub(super) const SIZE: i32 = 8;
/// Columns of an arrow and the gap to its words.
const ARROW: i32 = 7;

/// A sign, row by row, the leftmost pixel in the highest bit.
pub(super) struct Sign([u8; SIZE as usize]);

/// Points to the key LEFT, from its left edge.
const LEFT: Sign = Sign([0, 0x10, 0x30, 0x70, 0xF0, 0x70, 0x30, 0x10]);
/// Points to the key RIGHT, from its left edge.
const RIGHT: Sign = Sign([0, 0x80, 0xC0, 0xE0, 0xF0, 0xE0, 0xC0, 0x80]);
/// The paper ends soon: a thin roll, and what hangs from it.
pub(super) const LOW_PAPER: Sign = Sign([0x3C, 0x42, 0x99, 0x99, 0x43, 0x3F, 0x03, 0x03]);
/// The host is not there: an aerial, crossed out.
pub(super) const ALONE: Sign = Sign([0xA8, 0xA8, 0x70, 0x25, 0x22, 0x25, 0x20, 0x20]);
/// There is more above, and below.
const UP: Sign = Sign([0, 0, 0x10, 0x38, 0x7C, 0xFE, 0, 0]);
const DOWN: Sign = Sign([0, 0, 0xFE, 0x7C, 0x38, 0x10, 0, 0]);

impl Sign {
    /// Draws it with its left upper corner at `at`.
    pub(super) fn draw(&self, screen: &mut impl Screen, at: Point, color: Gray4) {
        #[cfg(test)]
        crate::screen::seen::note_sign(
            at,
            SIZE as u32 - self.0.iter().fold(0, |all, row| all | row).trailing_zeros(),
        );
        let pixels = self.0.iter().enumerate().flat_map(|(row, bits)| {
            (0..SIZE)
                .filter(move |column| bits & (0x80 >> column) != 0)
                .map(move |column| Pixel(at + Point::new(column, row as i32), color))
        });
        let Ok(()) = screen.draw_iter(pixels);
    }
}

/// What the key LEFT does, at the left edge, on the line with its baseline at row `baseline`.
pub(super) fn left_hint(screen: &mut impl Screen, baseline: i32, words: &str) {
    LEFT.draw(screen, Point::new(0, baseline - SIZE), DIM);
    text(
        screen,
        words,
        Point::new(ARROW, baseline),
        font::SECOND,
        HorizontalAlignment::Left,
        DIM,
    );
}

/// Whether the keys UP and DOWN lead to more than is shown, in the middle.
pub(super) fn more_hint(screen: &mut impl Screen, baseline: i32, above: bool, below: bool) {
    for (shown, sign, left) in [(above, UP, 54), (below, DOWN, 64)] {
        if shown {
            sign.draw(screen, Point::new(left, baseline - SIZE), DIM);
        }
    }
}

/// That the key RIGHT changes to `other` language, at the right edge.
pub(super) fn language_hint(screen: &mut impl Screen, baseline: i32, other: &str) {
    RIGHT.draw(screen, Point::new(WIDTH - 4, baseline - SIZE), DIM);
    text(
        screen,
        other,
        Point::new(WIDTH - ARROW, baseline),
        font::SECOND,
        HorizontalAlignment::Right,
        DIM,
    );
}

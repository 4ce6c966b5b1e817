//! Placing text so that it fits.

use core::convert::Infallible;

use embedded_graphics::pixelcolor::Gray4;
use embedded_graphics::prelude::{DrawTarget, GrayColor, Point, Size};
use embedded_graphics::primitives::Rectangle;
use u8g2_fonts::types::{FontColor, HorizontalAlignment, VerticalPosition};

use super::font::{self, Font};

/// Width of the panel, in pixels.
pub(crate) const WIDTH: i32 = 128;
/// Height of the panel, in pixels.
pub(crate) const HEIGHT: i32 = 64;
/// Full brightness.
pub(crate) const BRIGHT: Gray4 = Gray4::WHITE;
/// The English line: there, but not first.
pub(crate) const DIM: Gray4 = Gray4::new(9);

/// Something to draw on: a panel, or a picture in a test.
pub trait Screen: DrawTarget<Color = Gray4, Error = Infallible> {}

impl<T: DrawTarget<Color = Gray4, Error = Infallible>> Screen for T {}

/// The first of `fonts` in which `text` is at most `width` and its capitals at most `height` pixels; else the last.
pub(crate) fn fit(text: &str, width: i32, height: i32, fonts: &[Font]) -> Font {
    fonts
        .iter()
        .copied()
        .find(|font| font.capital_height <= height && font.width(text) <= width)
        .unwrap_or(font::NARROW)
}

/// Draws `text` in one line with its baseline at `at`.
pub(crate) fn text(
    screen: &mut impl Screen,
    text: &str,
    at: Point,
    font: Font,
    align: HorizontalAlignment,
    color: Gray4,
) {
    #[cfg(test)]
    super::seen::note(text, at, font, align);
    // An unknown character is left out and the screen cannot fail, so there is nothing to report.
    let _ = font.renderer().render_aligned(
        text,
        at,
        VerticalPosition::Baseline,
        align,
        FontColor::Transparent(color),
        screen,
    );
}

/// Draws `text` centred between the edges, with its baseline at row `baseline`.
pub(crate) fn centered(screen: &mut impl Screen, words: &str, baseline: i32, font: Font, color: Gray4) {
    text(
        screen,
        words,
        Point::new(WIDTH / 2, baseline),
        font,
        HorizontalAlignment::Center,
        color,
    );
}

/// Fills rows `top` to `top + height - 1`.
pub(crate) fn bar(screen: &mut impl Screen, top: i32, height: i32, color: Gray4) {
    let Ok(()) = screen.fill_solid(
        &Rectangle::new(Point::new(0, top), Size::new(WIDTH as u32, height as u32)),
        color,
    );
}

/// Clears the screen.
pub(crate) fn clear(screen: &mut impl Screen) {
    let Ok(()) = screen.clear(Gray4::BLACK);
}

/// Rows of an English line.
const ENGLISH_ROW: i32 = 10;

/// Draws `lines` below each other between rows `top` and `bottom`, all in the largest font that fits.
pub(crate) fn stack(screen: &mut impl Screen, top: i32, bottom: i32, lines: &[&str]) {
    let room = (bottom - top) / (lines.len() as i32).max(1);
    // A fifth of the room is for descenders and air.
    let font = lines
        .iter()
        .map(|line| fit(line, WIDTH - 2, room * 4 / 5, font::PRIMARY))
        .min_by_key(|font| font.capital_height)
        .unwrap_or(font::NARROW);
    for (row, line) in lines.iter().enumerate() {
        let middle = top + room * row as i32 + room / 2;
        centered(screen, line, middle + font.capital_height / 2, font, BRIGHT);
    }
}

/// Draws `lines` of English at the bottom and returns the row where they begin.
pub(crate) fn footer(screen: &mut impl Screen, lines: &[&str]) -> i32 {
    for (row, line) in lines.iter().rev().enumerate() {
        let baseline = HEIGHT - 3 - ENGLISH_ROW * row as i32;
        centered(screen, line, baseline, fit(line, WIDTH, 8, font::SECONDARY), DIM);
    }
    HEIGHT - 2 - ENGLISH_ROW * lines.len() as i32
}

/// A line or two of Indonesian, as large as fits, and up to two of English below.
pub fn message(screen: &mut impl Screen, indonesian: &[&str], english: &[&str]) {
    clear(screen);
    let bottom = footer(screen, english);
    stack(screen, 0, bottom, indonesian);
}

//! Remembers what was drawn, so that tests can ask whether people could read it.

use std::cell::RefCell;

use embedded_graphics::prelude::{Point, Size};
use embedded_graphics::primitives::Rectangle;
use u8g2_fonts::types::{HorizontalAlignment, VerticalPosition};

use super::font::Font;

/// A text, or a sign, on the screen.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Its words; nothing for a sign.
    pub words: String,
    /// Height of its capitals as they are drawn, in pixels.
    pub capital_height: i32,
    /// The pixels that it covers.
    pub area: Rectangle,
}

thread_local! {
    static SEEN: RefCell<Vec<Seen>> = const { RefCell::new(Vec::new()) };
}

/// All that was drawn on this thread since the last call.
pub(crate) fn take() -> Vec<Seen> {
    SEEN.take()
}

pub(super) fn note(words: &str, at: Point, font: Font, align: HorizontalAlignment) {
    let area = font
        .renderer()
        .get_rendered_dimensions_aligned(words, at, VerticalPosition::Baseline, align)
        .expect("a font without unknown characters")
        .expect("words have an area");
    let capital = font
        .renderer()
        .get_rendered_dimensions("H", Point::zero(), VerticalPosition::Baseline)
        .expect("every font has an H")
        .bounding_box
        .expect("and it is not empty");
    SEEN.with_borrow_mut(|seen| {
        seen.push(Seen {
            words: words.to_owned(),
            capital_height: capital.size.height as i32,
            area,
        });
    });
}

pub(crate) fn note_sign(at: Point, width: u32) {
    SEEN.with_borrow_mut(|seen| {
        seen.push(Seen {
            words: String::new(),
            capital_height: 8,
            area: Rectangle::new(at, Size::new(width, 8)),
        });
    });
}

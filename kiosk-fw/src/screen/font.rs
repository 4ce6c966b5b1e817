//! The fonts, by what they are for.
//!
//! The rule for what a resident must be able to read: capitals of at least [`MUST_READ`] pixels. It assumes the usual 2.42-inch panel
//! of 128 x 64 pixels (55.0 x 27.5 mm, so a pixel is 0.43 mm): eleven pixels are 4.7 mm, which from a metre is 16 minutes of arc, the least that
//! ISO 9241-303 asks for. What only helps (hints at the keys, words for staff) has at least [`MAY_READ`] pixels: 3.4 mm, the same
//! angle from 0.7 m, where the one stands who presses the keys.
//!
//! All come from the u8g2 collection: Helvetica and "5x7" from the X Window System's bitmap fonts (Adobe, public domain), Logisoso by Mathieu
//! Gabiot (SIL Open Font License).

use embedded_graphics::prelude::Point;
use u8g2_fonts::types::VerticalPosition;
use u8g2_fonts::{FontRenderer, fonts};

/// A font with what is needed to place it.
#[derive(Clone, Copy)]
pub struct Font {
    renderer: &'static FontRenderer,
    /// Pixels from the top of a capital letter to the baseline.
    pub capital_height: i32,
}

impl Font {
    /// How to draw it.
    pub fn renderer(self) -> &'static FontRenderer {
        self.renderer
    }

    /// Width in pixels of `text` in one line, from the first dark pixel to the last.
    pub fn width(self, text: &str) -> i32 {
        self.renderer
            .get_rendered_dimensions(text, Point::zero(), VerticalPosition::Baseline)
            .ok()
            .and_then(|dimensions| dimensions.bounding_box)
            .map_or(0, |bounds| bounds.size.width as i32)
    }
}

macro_rules! fonts {
    ($($(#[$doc:meta])* $name:ident = $font:ident, $height:literal;)+) => {$(
        $(#[$doc])*
        pub const $name: Font = Font {
            renderer: {
                static RENDERER: FontRenderer = FontRenderer::new::<fonts::$font>().with_ignore_unknown_chars(true);
                &RENDERER
            },
            capital_height: $height,
        };
    )+};
}

fonts! {
    /// A queue number: as large as the panel allows beside two lines of text.
    NUMBER = u8g2_font_logisoso34_tr, 34;
    /// One word that everybody must see.
    HUGE = u8g2_font_helvB24_tr, 25;
    /// A few words.
    LARGE = u8g2_font_helvB18_tr, 19;
    /// A sentence, or a service.
    MEDIUM = u8g2_font_helvB14_tr, 14;
    /// A longer service's name.
    SMALL = u8g2_font_helvB12_tr, 12;
    /// Still readable at arm's length.
    TINY = u8g2_font_helvB10_tr, 11;
    /// The same for long names: narrower.
    LIGHT = u8g2_font_helvR10_tr, 11;
    /// The same for names that fill the line.
    BOLD = u8g2_font_helvB08_tr, 8;
    /// English, and what only staff read.
    SECOND = u8g2_font_helvR08_tr, 8;
    /// The last resort for 24 characters: five pixels each, always fits.
    NARROW = u8g2_font_5x7_tr, 6;
}

/// Least height in pixels of capitals that must be readable from a metre.
pub const MUST_READ: i32 = 11;
/// Least height in pixels of capitals that are readable at the keys.
pub const MAY_READ: i32 = 8;

/// Fonts that are readable from a metre, the largest first.
pub const READABLE: &[Font] = &[HUGE, LARGE, MEDIUM, SMALL, TINY, LIGHT];
/// Fonts for Indonesian text, the largest first.
pub const PRIMARY: &[Font] = &[HUGE, LARGE, MEDIUM, SMALL, TINY, LIGHT, BOLD, SECOND, NARROW];
/// Fonts for the English line.
pub const SECONDARY: &[Font] = &[SECOND, NARROW];
/// Fonts for queue numbers, the largest first.
pub const NUMBERS: &[Font] = &[NUMBER, HUGE];

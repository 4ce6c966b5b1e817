//! The card's typeface: Liberation Sans (SIL Open Font License, see `fonts/LICENSE`), metrically equal to the Arial of
//! the real card. It is embedded, so a face looks the same on every machine.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use resvg::usvg::fontdb;
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

/// Family name, as the SVG document asks for it.
pub(super) const FAMILY: &str = "Liberation Sans";

static REGULAR: &[u8] = include_bytes!("fonts/LiberationSans-Regular.ttf");
static BOLD: &[u8] = include_bytes!("fonts/LiberationSans-Bold.ttf");

static DATABASE: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut database = fontdb::Database::new();
    for font in [REGULAR, BOLD] {
        database.load_font_source(fontdb::Source::Binary(Arc::new(font)));
    }
    database.set_sans_serif_family(FAMILY);
    Arc::new(database)
});

/// The two embedded fonts, for the renderer.
pub(super) fn database() -> Arc<fontdb::Database> {
    Arc::clone(&DATABASE)
}

/// Thickness of the letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// Advance widths of a font's characters, in dots for letters of one dot.
type Advances = HashMap<char, f32>;

static REGULAR_ADVANCES: LazyLock<Advances> = LazyLock::new(|| advances(REGULAR));
static BOLD_ADVANCES: LazyLock<Advances> = LazyLock::new(|| advances(BOLD));

fn advances(data: &'static [u8]) -> Advances {
    // A font that cannot be read has no characters, and every text is refused; a test would say so.
    let Ok(font) = FontRef::new(data) else {
        return Advances::new();
    };
    let metrics = font.glyph_metrics(Size::new(1.0), LocationRef::default());
    font.charmap()
        .mappings()
        .filter_map(|(code, glyph)| Some((char::from_u32(code)?, metrics.advance_width(glyph)?)))
        .collect()
}

/// Width of `text` in letters of `size` dots. The error is the first character that the font does not have.
///
/// Kerning is left out: it only ever makes Latin text narrower.
pub(super) fn width(text: &str, size: f32, weight: Weight) -> Result<f32, char> {
    let advances = match weight {
        Weight::Regular => &*REGULAR_ADVANCES,
        Weight::Bold => &*BOLD_ADVANCES,
    };
    text.chars()
        .map(|character| advances.get(&character).copied().ok_or(character))
        .sum::<Result<f32, char>>()
        .map(|width| width * size)
}

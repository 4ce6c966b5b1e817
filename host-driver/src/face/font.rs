//! The card's typeface: Liberation Sans (SIL Open Font License, see `fonts/LICENSE`), metrically equal to the Arial of
//! the real card. It is embedded, so a face looks the same on every machine.

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

/// Advance widths of one of the fonts, in dots for letters of one dot, so that they scale by multiplication.
struct Metrics {
    font: FontRef<'static>,
}

impl Metrics {
    fn of(weight: Weight) -> Option<Self> {
        let data = match weight {
            Weight::Regular => REGULAR,
            Weight::Bold => BOLD,
        };
        FontRef::new(data).ok().map(|font| Self { font })
    }

    fn advance(&self, character: char) -> Option<f32> {
        let glyph = self.font.charmap().map(character)?;
        // Size 1 would be rounded by nothing, but metrics at a large size keep more digits of the f32.
        self.font
            .glyph_metrics(Size::new(1000.0), LocationRef::default())
            .advance_width(glyph)
            .map(|width| width / 1000.0)
    }
}

/// Width of `text` in letters of `size` dots. The error is the first character that the font does not have.
///
/// Kerning is left out: it only ever makes Latin text narrower.
pub(super) fn width(text: &str, size: f32, weight: Weight) -> Result<f32, char> {
    let metrics = Metrics::of(weight).ok_or('?')?;
    text.chars()
        .map(|character| metrics.advance(character).ok_or(character))
        .sum::<Result<f32, char>>()
        .map(|width| width * size)
}

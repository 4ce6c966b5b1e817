//! Portraits of people who do not exist: a few shapes in front of a coloured wall.

use host_driver::office::record::{Biodata, MAX_PHOTO_BYTES, Sex};
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageError};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};

/// Size of a portrait in pixels, 3 : 4 as on the card.
const WIDTH: u32 = 150;
const HEIGHT: u32 = 200;

/// JPEG qualities that are tried, until the picture fits the chip.
const QUALITIES: [u8; 6] = [80, 70, 60, 50, 40, 30];

/// Why a portrait cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PortraitError {
    /// The drawing is not SVG.
    #[error("the portrait's drawing is broken: {0}")]
    Drawing(#[from] resvg::usvg::Error),
    /// The picture cannot be encoded.
    #[error("the portrait cannot be encoded: {0}")]
    Encoding(#[from] ImageError),
    /// No quality makes it small enough.
    #[error("the portrait does not fit into {MAX_PHOTO_BYTES} bytes")]
    TooLarge,
}

/// A portrait as JPEG of at most [`MAX_PHOTO_BYTES`]: the wall red if the year of birth is odd, blue if it is even, as
/// the rules for photographs on identity cards have it.
///
/// # Errors
/// If drawing or encoding fails, which the tests exclude.
pub fn portrait(of: &Biodata) -> Result<Vec<u8>, PortraitError> {
    let tree = Tree::from_str(&drawing(of), &Options::default())?;
    let mut canvas = Pixmap::new(WIDTH, HEIGHT).ok_or(PortraitError::TooLarge)?;
    resvg::render(&tree, Transform::identity(), &mut canvas.as_mut());
    // The wall covers everything: nothing is transparent.
    let rgb: Vec<u8> = canvas
        .data()
        .chunks_exact(4)
        .flat_map(|pixel| &pixel[..3])
        .copied()
        .collect();
    for quality in QUALITIES {
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, quality).encode(
            &rgb,
            WIDTH,
            HEIGHT,
            ExtendedColorType::Rgb8,
        )?;
        if jpeg.len() <= MAX_PHOTO_BYTES {
            return Ok(jpeg);
        }
    }
    Err(PortraitError::TooLarge)
}

fn drawing(of: &Biodata) -> String {
    let wall = if of.tanggal_lahir.year() % 2 == 0 {
        "#2456b0"
    } else {
        "#b8222a"
    };
    // The name decides about looks, so that two people are not one.
    let look = of.nama.bytes().fold(7_u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u32::from(byte))
    });
    let pick = |choices: [&'static str; 3], shift: u32| choices[(look >> shift) as usize % choices.len()];
    let skin = pick(["#c98f62", "#b57d52", "#d9a577"], 3);
    let shade = pick(["#b0784e", "#9c6740", "#c18d60"], 3);
    let shirt = pick(["#f1f1ee", "#39485c", "#5b6b4a"], 9);
    let old = of.tanggal_lahir.year() < 1960;
    let hair = if old { "#a9a9a9" } else { "#1d1613" };
    let (behind, over) = match of.jenis_kelamin {
        Sex::Male => (
            String::new(),
            format!(
                r#"<path d="M40 84 C36 40 60 26 76 27 C98 27 114 42 110 84 C106 66 100 58 92 56 C76 62 58 58 50 62
                C44 68 42 76 40 84 Z" fill="{hair}"/>"#
            ),
        ),
        Sex::Female => {
            let scarf = pick(["#6d4a7c", "#2f6f66", "#8c5a3c"], 15);
            (
                format!(
                    r#"<path d="M30 98 C24 38 56 18 75 18 C96 18 126 38 120 98 L132 176 L18 176 Z" fill="{scarf}"/>"#
                ),
                format!(
                    r#"<path d="M38 92 C36 46 58 34 75 34 C92 34 114 46 112 92 C112 116 98 138 75 140 C52 138 38 116 38 92
                    Z M45 90 C45 116 58 132 75 132 C92 132 105 116 105 90 C105 62 92 50 75 50 C58 50 45 62 45 90 Z"
                    fill="{scarf}" fill-rule="evenodd"/><path d="M37 104 C54 140 96 140 113 104 L118 172 C96 184 54 184 32 172 Z"
                    fill="{scarf}"/>"#
                ),
            )
        }
    };
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}">
        <rect width="{WIDTH}" height="{HEIGHT}" fill="{wall}"/>{behind}
        <path d="M6 200 C8 164 36 158 58 150 L92 150 C114 158 142 164 144 200 Z" fill="{shirt}"/>
        <path d="M60 118 L60 150 C66 162 84 162 90 150 L90 118 Z" fill="{shade}"/>
        <ellipse cx="75" cy="90" rx="34" ry="44" fill="{skin}"/>
        <path d="M52 78 q8 -5 16 0 M82 78 q8 -5 16 0" stroke="{hair}" stroke-width="3" fill="none"/>
        <ellipse cx="60" cy="87" rx="4" ry="3" fill="#20140f"/><ellipse cx="90" cy="87" rx="4" ry="3" fill="#20140f"/>
        <path d="M75 88 q-5 14 1 16" stroke="{shade}" stroke-width="2.5" fill="none"/>
        <path d="M63 115 q12 7 24 0" stroke="#8a4a40" stroke-width="3" fill="none"/>{over}</svg>"##
    )
}

//! The printer's typeface: Terminus Bold, a bitmap font of exactly the 12 x 24 dots of ESC/POS font A with the strokes of
//! two dots that a thermal head leaves (SIL Open Font License, see `font/LICENSE`).
//!
//! File format PSF 2: a header of eight little-endian words (magic, version, header size, flags, glyphs, bytes a glyph,
//! height, width), the glyphs row by row with the leftmost dot in the highest bit, then for each glyph its characters in
//! UTF-8, sequences after FE, ended by FF.

use std::collections::HashMap;
use std::sync::LazyLock;

static FILE: &[u8] = include_bytes!("font/Uni2-TerminusBold24x12.psf");

/// Width of a letter of font A in dots.
pub(super) const WIDTH: usize = 12;
/// Height of a letter of font A in dots.
pub(super) const HEIGHT: usize = 24;
const BYTES_A_ROW: usize = 2;
const BYTES_A_GLYPH: usize = HEIGHT * BYTES_A_ROW;
const HEADER: usize = 32;

static GLYPHS: LazyLock<HashMap<char, &'static [u8]>> = LazyLock::new(|| {
    let count = u32::from_le_bytes([FILE[16], FILE[17], FILE[18], FILE[19]]) as usize;
    let (bitmaps, table) = FILE[HEADER..].split_at(count * BYTES_A_GLYPH);
    let mut glyphs = HashMap::new();
    let names = table.split(|&byte| byte == 0xff);
    for (bitmap, names) in bitmaps.chunks_exact(BYTES_A_GLYPH).zip(names) {
        let single = names.split(|&byte| byte == 0xfe).next().unwrap_or_default();
        for character in String::from_utf8_lossy(single).chars() {
            glyphs.entry(character).or_insert(bitmap);
        }
    }
    glyphs
});

/// A letter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Glyph(&'static [u8]);

impl Glyph {
    /// The letter for `character`, or the question mark if the printer has none, as printers do.
    pub(super) fn of(character: char) -> Self {
        let bitmap = GLYPHS.get(&character).or_else(|| GLYPHS.get(&'?'));
        Self(bitmap.copied().unwrap_or(&[0; BYTES_A_GLYPH]))
    }

    /// Whether the dot at column `x` of row `y` is black.
    pub(super) fn dot(self, x: usize, y: usize) -> bool {
        self.0[y * BYTES_A_ROW + x / 8] & (0x80 >> (x % 8)) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_a_psf2_font_of_12_by_24_dots() {
        assert_eq!(FILE[..4], [0x72, 0xb5, 0x4a, 0x86]);
        assert_eq!(FILE[24..32], [24, 0, 0, 0, 12, 0, 0, 0]);
        for character in (' '..='~').chain("éüñ│─█°".chars()) {
            assert!(GLYPHS.contains_key(&character), "no {character}");
        }
    }

    #[test]
    fn letters_stand_upright_and_the_right_way_round() {
        let dots = |character, columns: std::ops::Range<usize>, rows: std::ops::Range<usize>| {
            let glyph = Glyph::of(character);
            rows.flat_map(|y| columns.clone().map(move |x| (x, y)))
                .filter(|&(x, y)| glyph.dot(x, y))
                .count()
        };
        // The stroke of L is left, its foot is at the bottom.
        assert!(dots('L', 0..6, 0..24) > dots('L', 6..12, 0..24));
        assert!(dots('L', 0..12, 12..24) > dots('L', 0..12, 0..12));
    }
}

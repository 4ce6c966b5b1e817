//! Shows a board's 128 × 64 screen in a terminal, eight pixels a character (Unicode Braille patterns).

use image::RgbImage;

/// Side of one of the board's pixels in QEMU's picture.
const SCALE: u32 = 4;

/// Bits of a Braille pattern by column and row (Unicode 15, chapter 21.1, U+2800).
const DOTS: [[u32; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

/// Turns QEMU's picture of the screen into 16 lines of 64 characters.
pub fn braille(picture: &RgbImage) -> String {
    let (width, height) = (picture.width() / SCALE, picture.height() / SCALE);
    let lit = |x: u32, y: u32| {
        x < width
            && y < height
            && picture
                .get_pixel(x * SCALE, y * SCALE)
                .0
                .iter()
                .any(|level| *level > 0x40)
    };
    let mut text = String::new();
    for y in (0..height).step_by(4) {
        for x in (0..width).step_by(2) {
            let mut bits = 0;
            for (dx, column) in DOTS.iter().enumerate() {
                for (dy, bit) in column.iter().enumerate() {
                    if lit(x + dx as u32, y + dy as u32) {
                        bits |= bit;
                    }
                }
            }
            text.push(char::from_u32(0x2800 + bits).unwrap_or(' '));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    #[test]
    fn one_lit_pixel_becomes_one_dot() {
        let mut picture = RgbImage::new(512, 256);
        for (x, y) in (0..4).flat_map(|x| (0..4).map(move |y| (x, y))) {
            picture.put_pixel(4 + x, 8 + y, Rgb([0xFF, 0xFF, 0x00]));
        }
        let text = braille(&picture);
        assert_eq!(text.lines().count(), 16);
        assert!(text.starts_with('\u{2820}'), "second column, third row");
        assert_eq!(text.matches('\u{2800}').count(), 64 * 16 - 1);
    }
}

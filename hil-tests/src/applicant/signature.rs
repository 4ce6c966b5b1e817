//! Signatures of nobody: a few strokes.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Width of a signature in pixels (chip file 6FF3).
pub const SIGNATURE_WIDTH: usize = 168;
/// Height of a signature in pixels.
pub const SIGNATURE_HEIGHT: usize = 44;

/// Half the width of the pen in pixels.
const PEN: f32 = 1.0;
/// Points drawn along each stroke.
const STEPS: usize = 240;
/// Free space around, in pixels.
const MARGIN: f32 = 4.0;

/// A signature: rows top down, the leftmost pixel in the highest bit, 1 = ink; 924 bytes. The same seed, the same hand.
pub fn signature(seed: u64) -> Vec<u8> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (width, height) = (SIGNATURE_WIDTH as f32, SIGNATURE_HEIGHT as f32);
    let mut bits = vec![0; SIGNATURE_WIDTH * SIGNATURE_HEIGHT / 8];
    let letters = rng.random_range(7..11);
    let advance = (width - 4.0 * MARGIN) / letters as f32;
    let mut pen = (2.0 * MARGIN, height * 0.6);
    for letter in 0..letters {
        // Each letter is a loop up and back to the line; the first is the largest.
        let rise = if letter == 0 {
            height * 0.8
        } else {
            rng.random_range(height * 0.15..height * 0.6)
        };
        let lean = rng.random_range(0.2..1.6) * advance;
        let end = (pen.0 + advance, height * rng.random_range(0.5..0.75));
        let controls = [
            pen,
            (pen.0 + lean, pen.1 - rise),
            (end.0 - lean, end.1 - rise * 0.7),
            end,
        ];
        stroke(&mut bits, controls);
        pen = end;
    }
    // The flourish below.
    let low = height - 2.0 * MARGIN;
    stroke(
        &mut bits,
        [pen, (width, height), (width * 0.5, low - 6.0), (width * 0.2, low)],
    );
    bits
}

/// Draws a cubic Bézier curve.
fn stroke(bits: &mut [u8], [a, b, c, d]: [(f32, f32); 4]) {
    for step in 0..=STEPS {
        let t = step as f32 / STEPS as f32;
        let s = 1.0 - t;
        let weights = [s * s * s, 3.0 * s * s * t, 3.0 * s * t * t, t * t * t];
        let blend = |values: [f32; 4]| values.iter().zip(weights).map(|(v, w)| v * w).sum::<f32>();
        dot(bits, blend([a.0, b.0, c.0, d.0]), blend([a.1, b.1, c.1, d.1]));
    }
}

fn dot(bits: &mut [u8], x: f32, y: f32) {
    for row in (y - PEN).round() as i32..=(y + PEN).round() as i32 {
        for column in (x - PEN).round() as i32..=(x + PEN).round() as i32 {
            let (dx, dy) = (column as f32 - x, row as f32 - y);
            let inside = dx * dx + dy * dy <= PEN * PEN;
            if let (Ok(row), Ok(column), true) = (usize::try_from(row), usize::try_from(column), inside)
                && row < SIGNATURE_HEIGHT
                && column < SIGNATURE_WIDTH
            {
                bits[(row * SIGNATURE_WIDTH + column) / 8] |= 0x80 >> (column % 8);
            }
        }
    }
}

//! Whether an image shows enough of a finger, in words that an operator can act on.

use super::{Advice, GrayImage};

/// Why nothing can be read from an image. All of them mean: capture again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The same grey everywhere: no finger on the glass, or the sensor is covered.
    #[error("the image is uniform: there is no finger on it")]
    Uniform,
    /// Something is there but ridges hardly differ from valleys: a dry or wet finger, or dirty glass.
    #[error("the contrast between ridges and valleys is too low")]
    ContrastTooLow,
    /// Ridges cover too small a part of the glass.
    #[error("too little of the finger is on the image")]
    TooLittleFinger,
    /// There are ridges, but fewer than ten minutiae.
    #[error("the finger shows too few minutiae")]
    TooFewMinutiae,
}

impl Unreadable {
    /// What to tell the operator.
    pub const fn advice(self) -> Advice {
        match self {
            Self::Uniform => Advice {
                id: "Tidak ada jari pada gambar. Letakkan jari di atas sensor.",
                en: "There is no finger on the image. Place the finger on the sensor.",
            },
            Self::ContrastTooLow => Advice {
                id: "Gambar kurang kontras. Bersihkan sensor; lembapkan jari yang kering atau keringkan jari yang basah.",
                en: "The contrast is too low. Clean the sensor; moisten a dry finger or dry a wet one.",
            },
            Self::TooLittleFinger => Advice {
                id: "Bagian jari terlalu sedikit. Letakkan jari lebih ke tengah dan tekan sedikit.",
                en: "Too little of the finger is visible. Place it more in the middle and press a little.",
            },
            Self::TooFewMinutiae => Advice {
                id: "Garis jari kurang jelas. Bersihkan jari dan tempelkan sekali lagi.",
                en: "The ridges are not clear enough. Clean the finger and place it again.",
            },
        }
    }
}

/// Side of the squares that are looked at, in pixels: two ridge periods at 500 dpi.
const BLOCK: usize = 16;
/// Below this standard deviation of grey values everywhere, nothing is on the glass.
const UNIFORM: u32 = 4;
/// Standard deviation of grey values in a square from which it shows ridges.
const RIDGES: u32 = 20;
/// Part of the squares that must show ridges, in per cent. The faintest of 160 evaluation scans (FVC2002 DB1 and DB2,
/// sets B) has 27.
const COVERED_PERCENT: usize = 20;

/// Checks an image before the long work of extraction.
pub(super) fn assess(image: &GrayImage) -> Result<(), Unreadable> {
    let (columns, rows) = (image.width() / BLOCK, image.height() / BLOCK);
    let (mut all, mut something, mut ridges) = (0, 0, 0);
    for row in 0..rows {
        for column in 0..columns {
            let variance = variance(image, column * BLOCK, row * BLOCK);
            all += 1;
            something += usize::from(variance >= UNIFORM * UNIFORM);
            ridges += usize::from(variance >= RIDGES * RIDGES);
        }
    }
    if all == 0 {
        return Err(Unreadable::TooLittleFinger);
    }
    let needed = (all * COVERED_PERCENT).div_ceil(100);
    if ridges >= needed {
        Ok(())
    } else if something * 50 < all {
        Err(Unreadable::Uniform)
    } else if ridges * 4 < something {
        Err(Unreadable::ContrastTooLow)
    } else {
        Err(Unreadable::TooLittleFinger)
    }
}

/// Variance of the grey values in the square with the upper left corner `left`, `top`.
fn variance(image: &GrayImage, left: usize, top: usize) -> u32 {
    let (mut sum, mut squares) = (0_u32, 0_u32);
    for y in top..top + BLOCK {
        let begin = y * image.width() + left;
        for pixel in &image.pixels()[begin..begin + BLOCK] {
            sum += u32::from(*pixel);
            squares += u32::from(*pixel) * u32::from(*pixel);
        }
    }
    let count = (BLOCK * BLOCK) as u32;
    // At most 256² · 255², just below 2³²: no overflow, and no mean to round.
    (count * squares - sum * sum) / (count * count)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An image of the sensor's size from grey values by column and row.
    fn image(grey: impl Fn(usize, usize) -> u8) -> GrayImage {
        let pixels = (0..288)
            .flat_map(|y| (0..256).map(move |x| (x, y)))
            .map(|(x, y)| grey(x, y))
            .collect();
        GrayImage::new(256, 288, 500, pixels).unwrap()
    }

    #[test]
    fn ridges_on_most_of_the_glass_are_readable() {
        assert_eq!(assess(&image(|_, y| if y % 9 < 5 { 40 } else { 210 })), Ok(()));
    }

    #[test]
    fn glass_without_a_finger_is_uniform_whatever_its_grey() {
        for grey in [0, 119, 255] {
            assert_eq!(assess(&image(|_, _| grey)), Err(Unreadable::Uniform));
        }
        assert_eq!(
            assess(&image(|x, y| 230 + ((x * 7 + y * 3) % 5) as u8)),
            Err(Unreadable::Uniform)
        );
    }

    #[test]
    fn pale_ridges_lack_contrast() {
        assert_eq!(
            assess(&image(|_, y| if y % 9 < 5 { 200 } else { 217 })),
            Err(Unreadable::ContrastTooLow)
        );
    }

    #[test]
    fn good_ridges_on_a_corner_are_too_little() {
        let corner = image(|x, y| if x < 80 && y < 80 && y % 9 < 5 { 40 } else { 210 });
        assert_eq!(assess(&corner), Err(Unreadable::TooLittleFinger));
    }

    #[test]
    fn the_sharpest_possible_square_does_not_overflow() {
        assert_eq!(variance(&image(|_, _| 255), 0, 0), 0);
        assert_eq!(
            variance(&image(|x, _| if x % 2 == 0 { 0 } else { 255 }), 0, 0),
            127 * 128
        );
    }
}

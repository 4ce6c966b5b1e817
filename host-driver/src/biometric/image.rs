//! A picture of a finger.

use std::fmt;

/// An 8-bit grey image, row by row from the top left; 0 is black (ridge), 255 white (valley, background).
#[derive(Clone, PartialEq, Eq)]
pub struct GrayImage {
    width: usize,
    height: usize,
    dpi: u16,
    pixels: Vec<u8>,
}

/// A number of bytes that cannot be an image of the stated size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an image of {width} x {height} pixels needs {needed} bytes, not {got}")]
pub struct ImageSizeError {
    /// Stated width in pixels.
    pub width: usize,
    /// Stated height in pixels.
    pub height: usize,
    /// Bytes that such an image has.
    pub needed: usize,
    /// Bytes that were given.
    pub got: usize,
}

impl GrayImage {
    /// An image of one byte a pixel, at `dpi` dots per inch.
    ///
    /// # Errors
    /// If there are not exactly `width * height` bytes.
    pub fn new(width: usize, height: usize, dpi: u16, pixels: Vec<u8>) -> Result<Self, ImageSizeError> {
        let needed = width.saturating_mul(height);
        if pixels.len() != needed {
            return Err(ImageSizeError {
                width,
                height,
                needed,
                got: pixels.len(),
            });
        }
        Ok(Self {
            width,
            height,
            dpi,
            pixels,
        })
    }

    /// Expands what sensors of the R307 family send: 4 bits a pixel, two pixels a byte, the first in the high
    /// nibble, 15 is white. The resolution is theirs, 500 dpi.
    ///
    /// # Errors
    /// If there are not exactly `width * height / 2` bytes (a half byte at the end counts as a whole one).
    pub fn from_packed_4bit(packed: &[u8], width: usize, height: usize) -> Result<Self, ImageSizeError> {
        let count = width.saturating_mul(height);
        let needed = count.div_ceil(2);
        if packed.len() != needed {
            return Err(ImageSizeError {
                width,
                height,
                needed,
                got: packed.len(),
            });
        }
        // 17 = 255 / 15 spreads 0..=15 over 0..=255.
        let mut pixels: Vec<u8> = packed
            .iter()
            .flat_map(|byte| [(byte >> 4) * 17, (byte & 15) * 17])
            .collect();
        pixels.truncate(count);
        Ok(Self {
            width,
            height,
            dpi: super::NOMINAL_DPI,
            pixels,
        })
    }

    /// The reverse of [`from_packed_4bit`](Self::from_packed_4bit): the upper four bits of each pixel.
    pub fn to_packed_4bit(&self) -> Vec<u8> {
        self.pixels
            .chunks(2)
            .map(|pair| (pair[0] & 0xF0) | (pair.get(1).copied().unwrap_or(0) >> 4))
            .collect()
    }

    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Dots per inch.
    pub fn dpi(&self) -> u16 {
        self.dpi
    }

    /// One byte a pixel, row by row from the top left.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The image as its bytes, for a file or another image type.
    pub fn into_pixels(self) -> Vec<u8> {
        self.pixels
    }
}

impl fmt::Debug for GrayImage {
    /// Shows the size only: a fingerprint has no place in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GrayImage({} x {}, {} dpi)", self.width, self.height, self.dpi)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_pixel_is_the_high_nibble_and_fifteen_is_white() {
        let image = GrayImage::from_packed_4bit(&[0x0F, 0x81], 2, 2).unwrap();
        assert_eq!(image.pixels(), [0, 255, 136, 17]);
        assert_eq!(image.to_packed_4bit(), [0x0F, 0x81]);
    }

    #[test]
    fn an_image_has_as_many_bytes_as_pixels() {
        let error = GrayImage::from_packed_4bit(&vec![0; 36_863], 256, 288).unwrap_err();
        assert_eq!((error.needed, error.got), (36_864, 36_863));
        assert!(GrayImage::new(2, 2, 500, vec![0; 5]).is_err());
    }

    #[test]
    fn an_odd_number_of_pixels_ends_in_half_a_byte() {
        let image = GrayImage::from_packed_4bit(&[0x12, 0x30], 3, 1).unwrap();
        assert_eq!(image.pixels(), [17, 34, 51]);
        assert_eq!(image.to_packed_4bit(), [0x12, 0x30]);
    }

    #[test]
    fn debug_output_shows_no_pixels() {
        let image = GrayImage::new(2, 1, 500, vec![1, 2]).unwrap();
        assert_eq!(format!("{image:?}"), "GrayImage(2 x 1, 500 dpi)");
    }
}

//! One touch of the sensor.

use host_driver::biometric::{GrayImage, NOMINAL_DPI};

/// Width of the R307's image in pixels.
pub const SENSOR_WIDTH: usize = 256;
/// Height of the R307's image in pixels.
pub const SENSOR_HEIGHT: usize = 288;

/// What the sensor sees of a finger: 256 x 288 pixels at 500 dpi, 4 bits of grey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impression {
    image: GrayImage,
}

impl Impression {
    /// Lays an image of 500 dpi on the glass: pixel `centre` of it in the middle, what is beyond the glass cut off,
    /// glass without finger white, 16 levels of grey.
    ///
    /// # Panics
    /// If `pixels` are fewer than `width * height`.
    pub fn lay(width: usize, height: usize, pixels: &[u8], centre: (usize, usize)) -> Self {
        let mut seen = vec![u8::MAX; SENSOR_WIDTH * SENSOR_HEIGHT];
        for y in 0..SENSOR_HEIGHT {
            for x in 0..SENSOR_WIDTH {
                let from_x = (centre.0 + x).checked_sub(SENSOR_WIDTH / 2);
                let from_y = (centre.1 + y).checked_sub(SENSOR_HEIGHT / 2);
                if let (Some(from_x), Some(from_y)) = (from_x, from_y)
                    && from_x < width
                    && from_y < height
                {
                    seen[y * SENSOR_WIDTH + x] = pixels[from_y * width + from_x];
                }
            }
        }
        Self::of_sensor_size(seen)
    }

    /// An impression of 256 x 288 pixels, brought to 16 levels of grey.
    ///
    /// # Panics
    /// If there are more or fewer pixels.
    pub fn of_sensor_size(mut pixels: Vec<u8>) -> Self {
        for pixel in &mut pixels {
            *pixel = (*pixel >> 4) * 17;
        }
        let image = GrayImage::new(SENSOR_WIDTH, SENSOR_HEIGHT, NOMINAL_DPI, pixels);
        Self {
            image: image.expect("an impression has 256 x 288 pixels"),
        }
    }

    /// The image, one byte a pixel; all values are multiples of 17.
    pub fn image(&self) -> &GrayImage {
        &self.image
    }

    /// The image as the sensor sends it: 36,864 bytes, two pixels a byte, the first in the high nibble.
    pub fn packed(&self) -> Vec<u8> {
        self.image.to_packed_4bit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_image_is_cut_and_a_small_one_surrounded_by_glass() {
        let large = vec![0x5A; 400 * 300];
        let cut = Impression::lay(400, 300, &large, (200, 150));
        assert!(cut.image().pixels().iter().all(|p| *p == 0x55));

        let small = Impression::lay(2, 2, &[0; 4], (1, 1));
        let dark: Vec<usize> = (0..SENSOR_WIDTH * SENSOR_HEIGHT)
            .filter(|i| small.image().pixels()[*i] == 0)
            .collect();
        let first = (SENSOR_HEIGHT / 2 - 1) * SENSOR_WIDTH + SENSOR_WIDTH / 2 - 1;
        assert_eq!(
            dark,
            [first, first + 1, first + SENSOR_WIDTH, first + SENSOR_WIDTH + 1]
        );
    }

    #[test]
    fn what_the_sensor_sends_expands_to_what_it_saw() {
        let pixels = (0..SENSOR_WIDTH * SENSOR_HEIGHT)
            .map(|i| (i * 31) as u8)
            .collect();
        let impression = Impression::of_sensor_size(pixels);
        let packed = impression.packed();
        assert_eq!(packed.len(), 36_864);
        let back = GrayImage::from_packed_4bit(&packed, SENSOR_WIDTH, SENSOR_HEIGHT).unwrap();
        assert_eq!(&back, impression.image());
    }
}

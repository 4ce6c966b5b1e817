//! What a blank looks like before the printer gets it: artwork that only resembles a real card.

use std::f32::consts::TAU;
use std::sync::LazyLock;

use host_driver::face::{HEIGHT, PHOTO_AREA, WIDTH};
use image::{Rgba, RgbaImage};

static ARTWORK: LazyLock<RgbaImage> = LazyLock::new(draw);

/// Synthetic pre-printed artwork: a light blue ground with fine waves, as a security print has them, and a white field for
/// the photo. It copies nothing of a real card.
pub fn artwork() -> &'static RgbaImage {
    &ARTWORK
}

fn draw() -> RgbaImage {
    RgbaImage::from_fn(WIDTH, HEIGHT, |x, y| {
        if PHOTO_AREA.contains(x, y) {
            return Rgba([255; 4]);
        }
        let (across, down) = (x as f32 / WIDTH as f32, y as f32 / HEIGHT as f32);
        // Two families of lines whose distance swings: where they cross, rosettes appear.
        let swing = (across * 3.0 * TAU).sin() * 14.0 + (across * 7.0 * TAU + down * TAU).cos() * 5.0;
        let lines = (((y as f32 + swing) / 9.0).fract() * TAU).cos();
        let counter = (((y as f32 - swing * 1.7 + across * 40.0) / 11.0).fract() * TAU).cos();
        let relief = (lines.max(0.0).powi(6) + counter.max(0.0).powi(6)) * 9.0;
        // Lighter in the middle, where text stands.
        let light = 1.0 - (across - 0.45).abs() * 0.5;
        let shade =
            |dark: f32, bright: f32| (dark + (bright - dark) * light - relief).clamp(0.0, 255.0) as u8;
        Rgba([shade(150.0, 214.0), shade(196.0, 233.0), shade(222.0, 245.0), 255])
    })
}

//! Separation of a picture into the panels of a YMCKO ribbon.

use image::{Rgba, RgbaImage};

use super::{Area, HEIGHT, WIDTH};

/// Most dye a colour dot can have: 128 levels, 0 is none.
pub const COLOUR_FULL: u8 = 127;

/// Value of a black or overlay dot that is printed; 0 is not.
pub const BLACK_INK: u8 = 1;

/// What each panel of a YMCKO ribbon leaves on the card: yellow, magenta, cyan (dye, 128 levels), black (resin,
/// 2 levels), overlay (varnish, 2 levels).
///
/// Each plane has one byte a dot, [`WIDTH`] x [`HEIGHT`] of them, row by row from the top left corner of the card.
/// How a printer wants them packed is its driver's business.
#[derive(Clone, PartialEq, Eq)]
pub struct Panels {
    /// Yellow dye, 0 to [`COLOUR_FULL`].
    pub yellow: Vec<u8>,
    /// Magenta dye, 0 to [`COLOUR_FULL`].
    pub magenta: Vec<u8>,
    /// Cyan dye, 0 to [`COLOUR_FULL`].
    pub cyan: Vec<u8>,
    /// Black resin, 0 or [`BLACK_INK`].
    pub black: Vec<u8>,
    /// Overlay varnish, 0 or [`BLACK_INK`].
    pub overlay: Vec<u8>,
}

impl Panels {
    /// Dots of a panel.
    pub const DOTS: usize = (WIDTH * HEIGHT) as usize;

    /// Separates `image`: inside `colour` into yellow, magenta and cyan, outside into black. The overlay covers the
    /// whole card.
    ///
    /// Text must not be mixed from three dyes: its edges would be coloured and soft, and dye is not read by infrared
    /// scanners. So outside the photo there is only resin: a dot is black where the picture is darker than half.
    /// Dots beyond the picture's edge stay free, what of it lies beyond the frame is left out.
    pub fn separate(image: &RgbaImage, colour: Area) -> Self {
        let mut panels = Self::unprinted();
        panels.overlay.fill(BLACK_INK);
        let rows = image.height().min(HEIGHT);
        let columns = image.width().min(WIDTH);
        for y in 0..rows {
            for x in 0..columns {
                let Rgba([red, green, blue, alpha]) = *image.get_pixel(x, y);
                let on_white = |channel: u8| {
                    let alpha = u32::from(alpha);
                    ((u32::from(channel) * alpha + 255 * (255 - alpha)) / 255) as u8
                };
                let (red, green, blue) = (on_white(red), on_white(green), on_white(blue));
                let dot = (y * WIDTH + x) as usize;
                if colour.contains(x, y) {
                    panels.yellow[dot] = (255 - blue) >> 1;
                    panels.magenta[dot] = (255 - green) >> 1;
                    panels.cyan[dot] = (255 - red) >> 1;
                } else if luminance(red, green, blue) < 128 {
                    panels.black[dot] = BLACK_INK;
                }
            }
        }
        panels
    }

    /// Panels that leave the card as it is, without even the overlay.
    pub fn unprinted() -> Self {
        let plane = || vec![0; Self::DOTS];
        Self {
            yellow: plane(),
            magenta: plane(),
            cyan: plane(),
            black: plane(),
            overlay: plane(),
        }
    }
}

/// Brightness with the weights of ITU-R BT.601, in 256ths.
fn luminance(red: u8, green: u8, blue: u8) -> u32 {
    (u32::from(red) * 77 + u32::from(green) * 150 + u32::from(blue) * 29) >> 8
}

impl std::fmt::Debug for Panels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let printed = |plane: &[u8]| plane.iter().filter(|&&level| level > 0).count();
        f.debug_struct("Panels")
            .field("yellow_dots", &printed(&self.yellow))
            .field("magenta_dots", &printed(&self.magenta))
            .field("cyan_dots", &printed(&self.cyan))
            .field("black_dots", &printed(&self.black))
            .field("overlay_dots", &printed(&self.overlay))
            .finish()
    }
}

//! What is printed on a card.

use std::sync::Arc;

use host_driver::face::{HEIGHT, WIDTH};
use host_driver::printer::evolis::wire::{Levels, Panel};
use image::{Rgba, RgbaImage};

/// Panels that have been printed on one card. Cloning is cheap.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PrintedFace {
    /// In the order of [`Panel::ALL`]; a byte a dot, row by row, 0 is none and 255 is all the ink there can be.
    planes: [Option<Arc<[u8]>>; 5],
    /// How often each of them passed the print head.
    passes: [u32; 5],
}

impl PrintedFace {
    /// Whether nothing at all has been printed.
    pub fn is_blank(&self) -> bool {
        self.planes.iter().all(Option::is_none)
    }

    /// Whether a panel was printed on another of the same colour: a card that was printed twice.
    pub fn is_overprinted(&self) -> bool {
        self.passes.iter().any(|passes| *passes > 1)
    }

    /// The panels that have been printed, in the order of the ribbon.
    pub fn panels(&self) -> Vec<Panel> {
        Panel::ALL
            .into_iter()
            .filter(|&panel| self.plane(panel).is_some())
            .collect()
    }

    /// The ink of a panel: a byte a dot, row by row from the top left, 255 is all the ink there can be.
    pub fn plane(&self, panel: Panel) -> Option<&[u8]> {
        self.planes[panel as usize].as_deref()
    }

    /// The card, printed on a white blank.
    pub fn on_white(&self) -> RgbaImage {
        self.on(&RgbaImage::from_pixel(WIDTH, HEIGHT, Rgba([255; 4])))
    }

    /// The card, printed on a blank that looks like `artwork`. Dye lets the artwork through, resin covers it.
    pub fn on(&self, artwork: &RgbaImage) -> RgbaImage {
        let ink = |panel: Panel, dot: usize| self.plane(panel).map_or(0, |plane| u32::from(plane[dot]));
        let through = |light: u8, ink: u32| (u32::from(light) * (255 - ink) / 255) as u8;
        RgbaImage::from_fn(WIDTH, HEIGHT, |x, y| {
            let Rgba([red, green, blue, _]) =
                artwork.get_pixel_checked(x, y).copied().unwrap_or(Rgba([255; 4]));
            let dot = (y * WIDTH + x) as usize;
            let black = ink(Panel::Black, dot);
            Rgba([
                through(through(red, ink(Panel::Cyan, dot)), black),
                through(through(green, ink(Panel::Magenta, dot)), black),
                through(through(blue, ink(Panel::Yellow, dot)), black),
                255,
            ])
        })
    }

    /// Puts a downloaded panel on the card.
    pub(super) fn print(&mut self, panel: Panel, plane: Arc<[u8]>) {
        self.planes[panel as usize] = Some(plane);
        self.passes[panel as usize] += 1;
    }
}

impl std::fmt::Debug for PrintedFace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PrintedFace")
            .field("panels", &self.panels())
            .finish_non_exhaustive()
    }
}

/// Turns downloaded data into ink, dot by dot.
///
/// Written from the picture on page 14 of A5013, not from the driver's packing: dot 0 is the bottom left corner of the
/// landscape card, a line is 648 dots up, 1016 lines follow to the right. `data` has the length that `levels` asks for.
pub(super) fn unpack(levels: Levels, data: &[u8]) -> Arc<[u8]> {
    let bits = levels.bits() as usize;
    let full = (1_u32 << bits) - 1;
    let (lines, dots_a_line) = (WIDTH as usize, HEIGHT as usize);
    let mut plane = vec![0; lines * dots_a_line];
    for number in 0..lines * dots_a_line {
        let mut level = 0;
        for bit in number * bits..(number + 1) * bits {
            level = level << 1 | u32::from(data[bit / 8] >> (7 - bit % 8) & 1);
        }
        let (line, up) = (number / dots_a_line, number % dots_a_line);
        plane[(dots_a_line - 1 - up) * lines + line] = (level * 255 / full) as u8;
    }
    plane.into()
}

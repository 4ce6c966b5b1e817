//! Emulated ticket printer: ESC/POS bytes in, printed paper out.
//!
//! [`EscPosCore`] understands the commands that ticket programs use (Epson's ESC/POS reference names them), sets what
//! they print dot by dot on paper of 58 or 80 mm at 203 dpi, and answers `DLE EOT` at once, `GS g 2` and `GS ( H` in their turn. At each cut a [`Receipt`] falls
//! into the [`Paper`] sink: its text, the contents of its QR codes, the bytes, and the picture.
//!
//! Commands that print nothing here (bar codes, drawer, macros) are passed over by their length and listed in
//! [`Receipt::unknown`], so that nothing is lost unseen.

mod answers;
mod charset;
mod commands;
mod core;
mod dots;
mod font;
mod page;

pub use self::core::{EscPosCore, Knobs, PaperSensor};
pub use commands::Cut;

use image::GrayImage;

/// Width of the paper roll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Roll {
    /// 58 mm: 48 mm can be printed on, 384 dots, 32 letters of font A.
    Mm58,
    /// 80 mm: 72 mm can be printed on, 576 dots, 48 letters of font A.
    Mm80,
}

impl Roll {
    /// Dots across, at 203 dpi (8 a millimetre).
    pub const fn dots(self) -> u32 {
        match self {
            Self::Mm58 => 384,
            Self::Mm80 => 576,
        }
    }
}

/// A printed piece of paper.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// Lines of text in the order in which they were printed, without spaces at their end. Empty lines are kept.
    pub lines: Vec<String>,
    /// Contents of the QR codes in the order in which they were printed.
    pub qr_codes: Vec<Vec<u8>>,
    /// Cuts that ended it: one, or none if it was torn off.
    pub cuts: Vec<Cut>,
    /// Commands that printed nothing because this printer does not know them.
    pub unknown: Vec<Vec<u8>>,
    /// All bytes that were carried out for it, but for questions and for padding between commands.
    pub bytes: Vec<u8>,
    /// What is on the paper: 0 is a black dot, 255 is paper. One dot a pixel, as wide as [`Roll::dots`].
    pub picture: GrayImage,
}

impl Receipt {
    /// The lines that are not empty, joined by line feeds.
    pub fn text(&self) -> String {
        let lines: Vec<&str> = self
            .lines
            .iter()
            .map(|line| line.trim())
            .filter(|line| !line.is_empty())
            .collect();
        lines.join("\n")
    }

    /// The picture with the paper around it: 5 mm at each side, which the print head does not reach, and 4 mm at both
    /// ends.
    pub fn on_paper(&self) -> GrayImage {
        const SIDE: u32 = 40;
        const END: u32 = 32;
        let (width, height) = self.picture.dimensions();
        let mut paper = GrayImage::from_pixel(width + 2 * SIDE, height + 2 * END, image::Luma([255]));
        image::imageops::replace(&mut paper, &self.picture, i64::from(SIDE), i64::from(END));
        paper
    }
}

/// Where finished receipts go.
pub trait Paper {
    /// A receipt has been cut.
    fn receipt(&mut self, receipt: Receipt);
}

impl Paper for Vec<Receipt> {
    fn receipt(&mut self, receipt: Receipt) {
        self.push(receipt);
    }
}

impl Paper for std::sync::mpsc::Sender<Receipt> {
    fn receipt(&mut self, receipt: Receipt) {
        // Nobody is there to take the ticket: it falls to the floor, as it would.
        let _ = self.send(receipt);
    }
}

impl<P: Paper + ?Sized> Paper for Box<P> {
    fn receipt(&mut self, receipt: Receipt) {
        (**self).receipt(receipt);
    }
}

#[cfg(test)]
mod tests;

//! The 128 x 64 OLED controller SSD0323 (Solomon Systech, data sheet rev. 1.2): 16 levels of grey, two pixels a byte.
//!
//! Drawing goes to a [`Frame`] in memory; [`Ssd0323::show`](crate::board::Panel::show) sends the rows that changed.

use core::convert::Infallible;
use core::future::Future;

use embassy_futures::yield_now;
use embedded_graphics::pixelcolor::{Gray4, GrayColor};
use embedded_graphics::prelude::{DrawTarget, OriginDimensions, Pixel, Point, Size};
use embedded_graphics::primitives::Rectangle;

use crate::board::Panel;

/// Pixels in a row.
pub const WIDTH: usize = 128;
/// Rows.
pub const HEIGHT: usize = 64;
/// Bytes of a row: two pixels each, the left one in the high four bits.
const ROW: usize = WIDTH / 2;
/// Rows sent between two chances for other tasks: 512 bytes, about a millisecond at 4 MHz.
const BAND: usize = 8;

/// A picture in the panel's own format, in memory.
///
/// All zero at the start, so that a static one takes no flash.
#[derive(Clone)]
pub struct Frame {
    rows: [[u8; ROW]; HEIGHT],
    /// Rows that did not change since they were last taken, one bit each.
    unchanged: u64,
}

impl Frame {
    /// An empty (black) picture. All rows count as changed, because a panel starts with noise.
    pub const fn new() -> Self {
        Self {
            rows: [[0; ROW]; HEIGHT],
            unchanged: 0,
        }
    }

    /// Brightness of a pixel, 0 (black) to 15. Black outside the picture.
    pub fn luma(&self, x: usize, y: usize) -> u8 {
        let Some(pair) = self.rows.get(y).and_then(|row| row.get(x / 2)) else {
            return 0;
        };
        if x.is_multiple_of(2) {
            pair >> 4
        } else {
            pair & 0x0F
        }
    }

    fn set(&mut self, x: usize, y: usize, luma: u8) {
        let pair = &mut self.rows[y][x / 2];
        let new = if x.is_multiple_of(2) {
            (*pair & 0x0F) | (luma << 4)
        } else {
            (*pair & 0xF0) | luma
        };
        if *pair != new {
            *pair = new;
            self.unchanged &= !(1 << y);
        }
    }

    /// The first and last of the rows of `band` that changed; they count as sent from now on.
    fn take_changed(&mut self, band: usize) -> Option<(usize, usize)> {
        let bits = !((self.unchanged >> (band * BAND)) as u8);
        if bits == 0 {
            return None;
        }
        self.unchanged |= 0xFF << (band * BAND);
        Some((
            band * BAND + bits.trailing_zeros() as usize,
            band * BAND + 7 - bits.leading_zeros() as usize,
        ))
    }
}

impl Default for Frame {
    fn default() -> Self {
        Self::new()
    }
}

impl OriginDimensions for Frame {
    fn size(&self) -> Size {
        Size::new(WIDTH as u32, HEIGHT as u32)
    }
}

impl DrawTarget for Frame {
    type Color = Gray4;
    type Error = Infallible;

    fn draw_iter<I>(&mut self, pixels: I) -> Result<(), Self::Error>
    where
        I: IntoIterator<Item = Pixel<Self::Color>>,
    {
        for Pixel(Point { x, y }, color) in pixels {
            if let (Ok(x @ 0..WIDTH), Ok(y @ 0..HEIGHT)) = (usize::try_from(x), usize::try_from(y)) {
                self.set(x, y, color.luma());
            }
        }
        Ok(())
    }

    fn fill_solid(&mut self, area: &Rectangle, color: Self::Color) -> Result<(), Self::Error> {
        let area = area.intersection(&Rectangle::new(Point::zero(), self.size()));
        for y in area.rows() {
            for x in area.columns() {
                self.set(x as usize, y as usize, color.luma());
            }
        }
        Ok(())
    }
}

/// The wires to a controller: a serial bus, its select line, and the line D/C that tells commands from data.
pub trait PanelWire {
    /// Sends a command with its arguments, with D/C low.
    fn command(&mut self, bytes: &[u8]) -> impl Future<Output = ()>;

    /// Sends pixels, with D/C high.
    fn data(&mut self, bytes: &[u8]) -> impl Future<Output = ()>;
}

/// What the controller is told (data sheet, table 6 "Command table").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Columns (pairs of pixels, 0 to 63) that data goes to, first and last.
    Columns(u8, u8),
    /// Rows (0 to 79) that data goes to, first and last.
    Rows(u8, u8),
    /// Contrast, 0 to 127.
    Contrast(u8),
    /// Half of the full current range.
    HalfCurrent,
    /// Which way memory and panel lie to each other, as in the data sheet's bits.
    Remap(u8),
    /// The memory row shown at the top, 0 to 79.
    StartLine(u8),
    /// Rows by which the picture is shifted up, 0 to 79.
    Offset(u8),
    /// Show memory as it is.
    Normal,
    /// Rows of the panel less one, 15 to 79.
    Multiplex(u8),
    /// Lengths of discharge and pre-charge phase, four bits each.
    PhaseLength(u8),
    /// Clocks per row, less one.
    RowPeriod(u8),
    /// Oscillator frequency (high) and divider less one (low), four bits each.
    ClockDivider(u8),
    /// Low level of the segments.
    SegmentLow(u8),
    /// High level of the rows.
    CommonHigh(u8),
    /// Pre-charge level.
    Precharge(u8),
    /// Widths of the grey levels, eight bytes of packed steps.
    GrayTable([u8; 8]),
    /// The panel's DC-DC converter on.
    ConverterOn,
    /// Panel on.
    On,
}

impl Command {
    /// Sends the command: opcode, then arguments, all as a command.
    async fn send<W: PanelWire>(self, wire: &mut W) {
        match self {
            Self::Columns(first, last) => wire.command(&[0x15, first, last]).await,
            Self::Rows(first, last) => wire.command(&[0x75, first, last]).await,
            Self::Contrast(level) => wire.command(&[0x81, level]).await,
            Self::HalfCurrent => wire.command(&[0x85]).await,
            Self::Remap(bits) => wire.command(&[0xA0, bits]).await,
            Self::StartLine(row) => wire.command(&[0xA1, row]).await,
            Self::Offset(rows) => wire.command(&[0xA2, rows]).await,
            Self::Normal => wire.command(&[0xA4]).await,
            Self::Multiplex(rows) => wire.command(&[0xA8, rows]).await,
            Self::PhaseLength(lengths) => wire.command(&[0xB1, lengths]).await,
            Self::RowPeriod(clocks) => wire.command(&[0xB2, clocks]).await,
            Self::ClockDivider(bits) => wire.command(&[0xB3, bits]).await,
            Self::SegmentLow(level) => wire.command(&[0xBF, level]).await,
            Self::CommonHigh(level) => wire.command(&[0xBE, level]).await,
            Self::Precharge(level) => wire.command(&[0xBC, level]).await,
            Self::GrayTable([a, b, c, d, e, f, g, h]) => wire.command(&[0xB8, a, b, c, d, e, f, g, h]).await,
            Self::ConverterOn => wire.command(&[0xAD, 0x03]).await,
            Self::On => wire.command(&[0xAF]).await,
        }
    }
}

/// Row offset of the evaluation board's panel: its first row hangs on the controller's row 76 less 64 of 80.
const EVB_OFFSET: u8 = 0x4C;
/// Nibbles swapped (left pixel high), rows remapped and split odd/even; columns and increment as they are.
const EVB_REMAP: u8 = 0x52;

/// What the panel of the evaluation board needs at start, in order.
pub const START: [Command; 19] = [
    Command::Columns(0, 63),
    Command::Rows(0, 63),
    Command::Contrast(50),
    Command::HalfCurrent,
    Command::Remap(EVB_REMAP),
    Command::StartLine(0),
    Command::Offset(EVB_OFFSET),
    Command::Normal,
    Command::Multiplex(63),
    Command::PhaseLength(0x22),
    Command::RowPeriod(70),
    Command::ClockDivider(0xF1),
    Command::SegmentLow(0x0D),
    Command::CommonHigh(0x02),
    Command::Precharge(0x10),
    Command::GrayTable([0x01, 0x11, 0x22, 0x32, 0x43, 0x54, 0x65, 0x76]),
    Command::ConverterOn,
    Command::Rows(0, 63),
    Command::On,
];

/// The panel behind its wires.
pub struct Ssd0323<W> {
    wire: W,
    frame: &'static mut Frame,
    started: bool,
}

impl<W: PanelWire> Ssd0323<W> {
    /// A panel that is set up when something is first shown.
    ///
    /// Its picture is lent, because of its size: what is moved, the stack holds once more.
    pub const fn new(wire: W, frame: &'static mut Frame) -> Self {
        Self {
            wire,
            frame,
            started: false,
        }
    }

    async fn send_band(&mut self, band: usize) {
        let Some((first, last)) = self.frame.take_changed(band) else {
            return;
        };
        Command::Columns(0, (ROW - 1) as u8).send(&mut self.wire).await;
        Command::Rows(first as u8, last as u8).send(&mut self.wire).await;
        self.wire.data(self.frame.rows[first..=last].as_flattened()).await;
    }
}

impl<W: PanelWire> Panel for Ssd0323<W> {
    async fn show(&mut self) {
        if !self.started {
            self.started = true;
            // Memory first, then on: nobody sees the noise that it starts with.
            let (on, setup) = (Command::On, &START[..START.len() - 1]);
            for command in setup {
                command.send(&mut self.wire).await;
            }
            for band in 0..HEIGHT / BAND {
                self.send_band(band).await;
            }
            on.send(&mut self.wire).await;
        }
        for band in 0..HEIGHT / BAND {
            self.send_band(band).await;
            yield_now().await;
        }
    }
}

impl<W> OriginDimensions for Ssd0323<W> {
    fn size(&self) -> Size {
        self.frame.size()
    }
}

impl<W> DrawTarget for Ssd0323<W> {
    type Color = Gray4;
    type Error = Infallible;

    fn draw_iter<I>(&mut self, pixels: I) -> Result<(), Self::Error>
    where
        I: IntoIterator<Item = Pixel<Self::Color>>,
    {
        self.frame.draw_iter(pixels)
    }

    fn fill_solid(&mut self, area: &Rectangle, color: Self::Color) -> Result<(), Self::Error> {
        self.frame.fill_solid(area, color)
    }
}

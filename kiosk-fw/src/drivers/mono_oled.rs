//! Small 128 x 64 OLEDs with one bit a pixel on I2C: SSD1306 (Solomon Systech, data sheet rev. 1.1) and SH1106 (Sino Wealth, data
//! sheet v2.3), as the modules sold under either name have them.
//!
//! Drawing goes to memory; [`show`](crate::board::Panel::show) sends the pages that changed, each eight rows high, over the
//! `ssd1306` crate. The pages are addressed one by one ("page addressing mode"), because that is the one way that both controllers
//! know. They differ in where the panel's first column lies, and the status byte tells them apart.

use core::convert::Infallible;

use embedded_graphics::pixelcolor::{Gray4, GrayColor};
use embedded_graphics::prelude::{DrawTarget, OriginDimensions, Pixel, Point, Size};
use embedded_hal_async::i2c::I2c;
use ssd1306::command::AddrMode;
use ssd1306::mode::BasicMode;
use ssd1306::prelude::{Brightness, DisplayRotation, DisplaySize128x64, I2CInterface};
use ssd1306::{I2CDisplayInterface, Ssd1306Async};

use crate::board::Panel;

/// Pixels in a row.
const WIDTH: usize = 128;
/// Rows.
const HEIGHT: usize = 64;
/// Rows of a page: the bits of a byte, the uppermost in bit 0 (SSD1306, figure 8-14).
const PAGE_ROWS: usize = 8;
const PAGES: usize = HEIGHT / PAGE_ROWS;
/// A pixel is lit from this brightness on. The screens have a brighter and a dimmer text on black (15 and 9) and a darker one on
/// a white bar (4): all three stay readable.
const LIT: u8 = 8;
/// I2C address of nearly every module; the other is 0x3D (SSD1306, 8.1.5).
const ADDRESS: u8 = 0x3C;
/// First column of the panel: the SH1106's memory is 132 wide and modules hang their 128 in its middle.
const SH1106_OFFSET: u8 = 2;

/// Why a picture was not shown: nobody answers at the panel's address. It is sent whole at the next [`show`](Panel::show).
struct Silent;

/// The panel on an I2C bus of its own.
pub struct MonoOled<BUS> {
    bus: BUS,
    pages: [[u8; WIDTH]; PAGES],
    /// Pages that changed since they were sent, one bit each.
    changed: u8,
    /// First column, once the controller is known and has been set up.
    offset: Option<u8>,
}

impl<BUS: I2c> MonoOled<BUS> {
    /// A panel that has not been spoken to.
    pub const fn new(bus: BUS) -> Self {
        Self {
            bus,
            pages: [[0; WIDTH]; PAGES],
            changed: u8::MAX,
            offset: None,
        }
    }

    /// Whether the panel answered when it was last spoken to.
    pub const fn answers(&self) -> bool {
        self.offset.is_some()
    }

    /// Sends what changed. Each page is some sixteen transfers that the bus carries by itself, so that other tasks go on meanwhile.
    async fn send(&mut self) -> Result<(), Silent> {
        let offset = match self.offset {
            Some(offset) => offset,
            None => self.start().await?,
        };
        let mut panel = controller(&mut self.bus);
        for (page, bytes) in self.pages.iter().enumerate() {
            if self.changed & 1 << page == 0 {
                continue;
            }
            panel
                .set_row((page * PAGE_ROWS) as u8)
                .await
                .map_err(|_| Silent)?;
            panel.set_column(offset).await.map_err(|_| Silent)?;
            panel.draw(bytes).await.map_err(|_| Silent)?;
            self.changed &= !(1 << page);
        }
        Ok(())
    }

    /// Finds out which controller it is and sets it up.
    async fn start(&mut self) -> Result<u8, Silent> {
        let mut status = [0];
        self.bus.read(ADDRESS, &mut status).await.map_err(|_| Silent)?;
        // Neither data sheet gives the low four bits a meaning; SH1106 reads 8, SSD1306 3 or 6. Drivers for both go by that
        // (OneBitDisplay, ss_oled). What is neither is taken for an SSD1306, the more common one.
        let offset = if status[0] & 0x0F == 8 { SH1106_OFFSET } else { 0 };
        let mut panel = controller(&mut self.bus);
        panel
            .init_with_addr_mode(AddrMode::Page)
            .await
            .map_err(|_| Silent)?;
        panel
            .set_brightness(Brightness::BRIGHT)
            .await
            .map_err(|_| Silent)?;
        self.changed = u8::MAX;
        self.offset = Some(offset);
        Ok(offset)
    }

    fn set(&mut self, x: usize, y: usize, lit: bool) {
        let byte = &mut self.pages[y / PAGE_ROWS][x];
        let bit = 1 << (y % PAGE_ROWS);
        let new = if lit { *byte | bit } else { *byte & !bit };
        if *byte != new {
            *byte = new;
            self.changed |= 1 << (y / PAGE_ROWS);
        }
    }
}

/// The crate's driver, which keeps nothing between calls in its basic mode.
fn controller<BUS: I2c>(bus: &mut BUS) -> Ssd1306Async<I2CInterface<&mut BUS>, DisplaySize128x64, BasicMode> {
    let interface = I2CDisplayInterface::new_custom_address(bus, ADDRESS);
    Ssd1306Async::new(interface, DisplaySize128x64, DisplayRotation::Rotate0)
}

impl<BUS> OriginDimensions for MonoOled<BUS> {
    fn size(&self) -> Size {
        Size::new(WIDTH as u32, HEIGHT as u32)
    }
}

impl<BUS: I2c> DrawTarget for MonoOled<BUS> {
    type Color = Gray4;
    type Error = Infallible;

    fn draw_iter<I>(&mut self, pixels: I) -> Result<(), Self::Error>
    where
        I: IntoIterator<Item = Pixel<Self::Color>>,
    {
        for Pixel(Point { x, y }, color) in pixels {
            if let (Ok(x @ 0..WIDTH), Ok(y @ 0..HEIGHT)) = (usize::try_from(x), usize::try_from(y)) {
                self.set(x, y, color.luma() >= LIT);
            }
        }
        Ok(())
    }
}

impl<BUS: I2c> Panel for MonoOled<BUS> {
    async fn show(&mut self) {
        if self.send().await.is_err() {
            // Its cable came loose, or its power. It is set up anew as soon as it answers again.
            self.offset = None;
        }
    }
}

#[cfg(test)]
mod tests;

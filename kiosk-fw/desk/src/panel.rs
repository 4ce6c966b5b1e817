//! The screen: what was shown last can be looked at.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::rc::Rc;

use embassy_time::Timer;
use embedded_graphics::pixelcolor::Gray4;
use embedded_graphics::prelude::{DrawTarget, OriginDimensions, Pixel, Size};
use embedded_graphics::primitives::Rectangle;
use kiosk_fw::board;
use kiosk_fw::drivers::ssd0323::Frame;

use crate::power::Power;

/// How long a whole picture takes to a panel: 4 KiB at 4 MHz, in µs.
const SHOW_US: u64 = 8_000;

/// What people see.
#[derive(Default)]
pub(crate) struct Shown {
    frame: RefCell<Frame>,
    pictures: Cell<u64>,
}

impl Shown {
    pub(crate) fn frame(&self) -> Frame {
        self.frame.borrow().clone()
    }

    pub(crate) fn pictures(&self) -> u64 {
        self.pictures.get()
    }

    pub(crate) fn power_off(&self) {
        self.frame.replace(Frame::new());
        self.pictures.set(self.pictures.get() + 1);
    }
}

/// The screen as the board sees it.
pub struct Panel {
    pub(crate) drawn: Frame,
    pub(crate) shown: Rc<Shown>,
    pub(crate) power: Rc<Power>,
}

impl OriginDimensions for Panel {
    fn size(&self) -> Size {
        self.drawn.size()
    }
}

impl DrawTarget for Panel {
    type Color = Gray4;
    type Error = Infallible;

    fn draw_iter<I>(&mut self, pixels: I) -> Result<(), Infallible>
    where
        I: IntoIterator<Item = Pixel<Gray4>>,
    {
        self.drawn.draw_iter(pixels)
    }

    fn fill_solid(&mut self, area: &Rectangle, color: Gray4) -> Result<(), Infallible> {
        self.drawn.fill_solid(area, color)
    }
}

impl board::Panel for Panel {
    async fn show(&mut self) {
        Timer::after_micros(SHOW_US).await;
        if self.power.step() {
            self.shown.frame.replace(self.drawn.clone());
            self.shown.pictures.set(self.shown.pictures.get() + 1);
        }
    }
}

//! The driver against a controller that keeps to the data sheets: what it shows is what was drawn.

use std::cell::RefCell;
use std::convert::Infallible;

use embassy_futures::block_on;
use embedded_graphics::prelude::{Drawable, Primitive};
use embedded_graphics::primitives::{PrimitiveStyle, Rectangle};
use embedded_hal_async::i2c::{Error, ErrorKind, ErrorType, Operation};

use super::*;

/// A module: its memory is `columns` wide, and its panel begins at column `first`.
struct Module {
    columns: usize,
    first: usize,
    status: u8,
    plugged_in: bool,
    memory: [[u8; 132]; PAGES],
    page: usize,
    column: usize,
    on: bool,
    paged: bool,
    bytes: usize,
}

impl Module {
    fn new(columns: usize, first: usize, status: u8) -> RefCell<Self> {
        RefCell::new(Self {
            columns,
            first,
            status,
            plugged_in: true,
            // What is in it at power-on.
            memory: [[0xA5; 132]; PAGES],
            page: 0,
            column: 0,
            on: false,
            paged: false,
            bytes: 0,
        })
    }

    fn ssd1306() -> RefCell<Self> {
        Self::new(128, 0, 0x43)
    }

    fn sh1106() -> RefCell<Self> {
        Self::new(132, 2, 0x48)
    }

    fn lit(&self, x: usize, y: usize) -> bool {
        self.on && self.memory[y / 8][self.first + x] >> (y % 8) & 1 == 1
    }

    /// One transfer: a control byte (SSD1306, 8.1.5.2), then commands or data.
    fn take(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len();
        match bytes {
            [0x40, data @ ..] => {
                for byte in data {
                    if let Some(place) = self.memory[self.page].get_mut(self.column) {
                        *place = *byte;
                    }
                    // Page addressing: the column pointer wraps within the page (10.1.3).
                    self.column = (self.column + 1) % self.columns;
                }
            }
            [0x00, command @ ..] => self.obey(command),
            _ => panic!("control byte {bytes:02x?}"),
        }
    }

    fn obey(&mut self, command: &[u8]) {
        match *command {
            [0x20, mode] => self.paged = mode == 0b10,
            [low @ 0x00..=0x0F, high @ 0x10..=0x1F] => {
                self.column = usize::from((high & 0xF) << 4 | low);
            }
            [page @ 0xB0..=0xB7] => self.page = usize::from(page & 7),
            [0xAE] => self.on = false,
            [0xAF] => self.on = true,
            // Rotation as most modules are built: pins above the glass.
            [0xA0 | 0xC0] => panic!("turned upside down"),
            [0x21 | 0x22, ..] => panic!("an SH1106 does not know windows"),
            _ => (),
        }
    }
}

/// The bus that the module is on.
struct Wire<'a>(&'a RefCell<Module>);

#[derive(Debug)]
struct NoAnswer;

impl Error for NoAnswer {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl ErrorType for Wire<'_> {
    type Error = NoAnswer;
}

impl I2c for Wire<'_> {
    async fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), Self::Error> {
        let mut module = self.0.borrow_mut();
        if address != ADDRESS || !module.plugged_in {
            return Err(NoAnswer);
        }
        for operation in operations {
            match operation {
                Operation::Write(bytes) => module.take(bytes),
                Operation::Read(bytes) => bytes.fill(module.status),
            }
        }
        Ok(())
    }
}

fn square(panel: &mut impl DrawTarget<Color = Gray4, Error = Infallible>, luma: u8) {
    let Ok(()) = Rectangle::new(Point::new(3, 5), Size::new(10, 20))
        .into_styled(PrimitiveStyle::with_fill(Gray4::new(luma)))
        .draw(panel);
}

fn shows_the_square(module: &RefCell<Module>) -> bool {
    let module = module.borrow();
    (0..HEIGHT)
        .all(|y| (0..WIDTH).all(|x| module.lit(x, y) == ((3..13).contains(&x) && (5..25).contains(&y))))
}

#[test]
fn both_controllers_show_what_was_drawn_and_nothing_of_what_was_in_their_memory() {
    for module in [Module::ssd1306(), Module::sh1106()] {
        let mut panel = MonoOled::new(Wire(&module));
        square(&mut panel, 15);
        block_on(panel.show());
        assert!(shows_the_square(&module));
        assert!(module.borrow().paged);
    }
}

#[test]
fn dim_text_is_lit_and_dark_text_on_a_white_bar_is_not() {
    let module = Module::ssd1306();
    let mut panel = MonoOled::new(Wire(&module));
    square(&mut panel, 9);
    block_on(panel.show());
    assert!(shows_the_square(&module));
    square(&mut panel, 4);
    block_on(panel.show());
    assert!(!module.borrow().lit(5, 10));
}

#[test]
fn only_pages_that_changed_are_sent() {
    let module = Module::ssd1306();
    let mut panel = MonoOled::new(Wire(&module));
    block_on(panel.show());
    let before = module.borrow().bytes;
    block_on(panel.show());
    assert_eq!(module.borrow().bytes, before);
    panel.set(0, 63, true);
    block_on(panel.show());
    let sent = module.borrow().bytes - before;
    assert!((129..160).contains(&sent), "{sent} bytes for a page");
}

#[test]
fn a_panel_that_was_unplugged_is_set_up_anew_and_shows_the_whole_picture() {
    let module = Module::ssd1306();
    let mut panel = MonoOled::new(Wire(&module));
    block_on(panel.show());
    assert!(panel.answers());
    module.borrow_mut().plugged_in = false;
    square(&mut panel, 15);
    block_on(panel.show());
    assert!(!panel.answers());
    // Its memory is noise again, as after power-on.
    *module.borrow_mut() = Module::ssd1306().into_inner();
    block_on(panel.show());
    assert!(shows_the_square(&module));
}

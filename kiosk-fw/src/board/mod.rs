//! The seam between the firmware and the board it runs on.
//!
//! An application is written against [`Board`] and so against embedded-hal and embedded-io traits. One folder per board; only these
//! folders know registers, and only they may use `unsafe`.

use core::future::Future;

use embedded_graphics::{draw_target::DrawTarget, pixelcolor::Gray4};
use embedded_hal::digital::InputPin;
use embedded_hal_async::digital::Wait;
use embedded_io_async::{Read, Write};

// The one place where `unsafe` is allowed: registers, vectors, the executor's loop. Each use says why it is sound.
#[allow(unsafe_code)]
#[cfg(feature = "lm3s6965")]
pub mod lm3s6965;

/// What an application needs from its board. One file per board names the parts.
pub trait Board {
    /// The board's name as its maker writes it, for logs and status.
    const NAME: &'static str;
    /// From the counter's computer.
    type HostReader: Read;
    /// To the counter's computer.
    type HostWriter: Write;
    /// From the device of this application: ticket printer or fingerprint sensor.
    type DeviceReader: Read;
    /// To the device of this application.
    type DeviceWriter: Write;
    /// The screen, 128 x 64.
    type Panel: Panel;
    /// A button, low while pressed.
    type Button: InputPin + Wait;

    /// Takes the board apart.
    fn parts(self) -> Parts<Self>
    where
        Self: Sized;

    /// Bytes that UARTs lost since start because nobody took them in time.
    fn uart_overruns() -> u32;
}

/// A board taken apart.
pub struct Parts<B: Board> {
    /// From the counter's computer.
    pub host_reader: B::HostReader,
    /// To the counter's computer.
    pub host_writer: B::HostWriter,
    /// From the ticket printer or the sensor.
    pub device_reader: B::DeviceReader,
    /// To the ticket printer or the sensor.
    pub device_writer: B::DeviceWriter,
    /// The screen.
    pub panel: B::Panel,
    /// The buttons.
    pub buttons: Buttons<B::Button>,
    /// A number that differs from that of every other start, as far as the board can do.
    pub boot_id: u32,
}

/// The buttons of a board, as the person in front of it sees them.
pub struct Buttons<P> {
    /// Towards the top of the screen.
    pub up: P,
    /// Towards the bottom.
    pub down: P,
    /// Back.
    pub left: P,
    /// Forth.
    pub right: P,
    /// The big one: yes, this.
    pub select: P,
}

/// A screen with 16 levels of grey that shows what was drawn when told to.
pub trait Panel: DrawTarget<Color = Gray4, Error = core::convert::Infallible> {
    /// Puts what was drawn since the last call in front of people.
    ///
    /// Gives way to other tasks every millisecond or so. A screen that does not answer cannot be noticed (it has no way
    /// to answer), so there is no error.
    fn show(&mut self) -> impl Future<Output = ()>;
}

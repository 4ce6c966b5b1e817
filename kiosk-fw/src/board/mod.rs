//! The seam between the firmware and the board it runs on.
//!
//! An application is written against [`Board`] and so against embedded-hal and embedded-io traits. One folder per board; only these
//! folders know registers, and only they may use `unsafe`.

use core::future::Future;

use embedded_graphics::{draw_target::DrawTarget, pixelcolor::Gray4};
use embedded_hal::digital::InputPin;
use embedded_hal_async::digital::Wait;
use embedded_io_async::{Read, Write};
use protocol::message::ResetCause;
pub use protocol::message::Restarted as LastEnd;

use crate::health::Pulse;
use crate::journal::Store;
use crate::update::Slot;

// The one place where `unsafe` is allowed: registers, vectors, the executor's loop. Each use says why it is sound.
#[allow(unsafe_code)]
#[cfg(feature = "lm3s6965")]
pub mod lm3s6965;
#[allow(unsafe_code)]
#[cfg(feature = "rp2040")]
pub mod rp2040;
#[allow(unsafe_code)]
#[cfg(feature = "board")]
pub mod tee;

#[allow(unsafe_code)]
#[cfg(feature = "bootloader")]
#[path = "rp2040/bootloader.rs"]
pub mod pico_bootloader;

#[cfg(feature = "lm3s6965")]
pub use lm3s6965 as chosen;
#[cfg(all(feature = "rp2040", not(feature = "lm3s6965")))]
pub use rp2040 as chosen;

#[cfg(all(feature = "lm3s6965", feature = "rp2040"))]
compile_error!("a firmware is built for one board: choose the feature `lm3s6965` or `rp2040`, not both");
#[cfg(all(feature = "bootloader", any(feature = "lm3s6965", feature = "rp2040")))]
compile_error!("the bootloader is a program of its own: build it without a board's feature");

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
    /// The speed of that device's line.
    type DeviceSpeed: DeviceSpeed;
    /// Durable storage; [`NoStore`](crate::journal::NoStore) for a board without.
    type Store: Store;
    /// The screen, 128 x 64.
    type Panel: Panel;
    /// A button, low while pressed.
    type Button: InputPin + Wait;

    /// Takes the board apart.
    fn parts(self) -> Parts<Self>
    where
        Self: Sized;

    /// What the board has counted of itself.
    fn vitals() -> Vitals;

    /// What the end before left in memory that survives a reset: why it ended and where. `None` if it was the power, or if
    /// [`forget_last_end`](Self::forget_last_end) was called since.
    fn last_end() -> Option<LastEnd>;

    /// The host has the last end in durable storage.
    fn forget_last_end();

    /// The signs of life of this board's tasks, where its watchdog can see them.
    fn pulse() -> &'static Pulse;

    /// Keeps the watchdog from restarting the board for some seconds. Only [`crate::health`] calls it.
    fn feed_watchdog();

    /// Starts the board anew, and leaves `why` for the start to come.
    fn restart(why: ResetCause) -> !;

    /// Where a new firmware goes; `None` on a board whose firmware cannot be changed over the link. To be called once.
    fn slot() -> Option<&'static mut dyn Slot> {
        None
    }
}

/// The speed of a line to a device, where it can be changed.
pub trait DeviceSpeed {
    /// Sends and receives at `bits_per_second` from now on. To be called when nothing is under way: what is on its way is damaged.
    fn set(&mut self, bits_per_second: u32);
}

/// Bytes of a line that came to harm, since start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineErrors {
    /// Lost, because nobody took them in time.
    pub overruns: u32,
    /// Came with a framing or parity error.
    pub damaged: u32,
}

/// What a board counts of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vitals {
    /// From the counter's computer.
    pub host: LineErrors,
    /// From the ticket printer or the sensor.
    pub device: LineErrors,
    /// Bytes of the stack that have never been used.
    pub stack_free: u32,
    /// The longest that the processor was kept from all other tasks, in microseconds.
    pub longest_block_us: u32,
    /// Share of the time that the processor was at work in the last whole minute (or since start, in the first), in thousandths.
    pub busy_permille: u16,
    /// Starts since power was switched on, that for the power included.
    pub starts: u32,
    /// Parts that failed the test at start: see [`crate::health::self_test`].
    pub self_test: u16,
    /// Why the board started.
    pub cause: ResetCause,
    /// Bytes of the log that were lost for want of room.
    pub log_lost: u32,
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
    /// The speed of its line.
    pub device_speed: B::DeviceSpeed,
    /// Durable storage, not opened yet.
    pub store: B::Store,
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

//! The board's end of the link on its UART.

use embassy_futures::select::{Either3, select3};
use embassy_time::{Duration, Instant, Timer};
use embedded_io_async::{Read, Write};
use protocol::RequestId;
use protocol::link::{Config, Role};
use protocol::message::{Firmware, Message, Status};

use crate::log;
use crate::update::STRIDE;

/// Bytes of an object from the host that the board has room for: none where its firmware cannot be changed.
pub const OBJECT_ROOM: usize = if cfg!(feature = "lm3s6965") { 0 } else { STRIDE };

/// The link of this board.
pub type BoardLink = protocol::link::TakingBoardLink<OBJECT_ROOM>;

/// Bytes taken from the UART at once.
const READ_BYTES: usize = 256;

/// The longest that a turn takes when nothing happens: the loop around it must give its signs of life (see [`crate::health`]).
const LONGEST_TURN: Duration = Duration::from_millis(500);

/// Which firmware this is. The build comes from the environment variable `LOKET_BUILD` (hexadecimal) at compile time.
pub const FIRMWARE: Firmware = Firmware {
    major: decimal(env!("CARGO_PKG_VERSION_MAJOR")),
    minor: decimal(env!("CARGO_PKG_VERSION_MINOR")),
    patch: decimal(env!("CARGO_PKG_VERSION_PATCH")),
    build: match option_env!("LOKET_BUILD") {
        Some(digits) => hexadecimal(digits),
        None => 0,
    },
};

const fn number(digits: &str, radix: u32) -> u32 {
    match u32::from_str_radix(digits, radix) {
        Ok(value) => value,
        Err(_) => 0,
    }
}

const fn decimal(digits: &str) -> u8 {
    number(digits, 10) as u8
}

const fn hexadecimal(digits: &str) -> u32 {
    number(digits, 16)
}

/// A link that looks for the host.
pub fn link(role: Role, boot_id: u32) -> BoardLink {
    BoardLink::new(Config::new(role, boot_id, FIRMWARE))
}

/// Microseconds since the board started.
pub fn now() -> u64 {
    Instant::now().as_micros()
}

/// A [`BoardLink`] with the UART that carries it.
pub struct LinkPort<'a, R, W> {
    /// The link: commands go to it and events come from it.
    pub link: &'a mut BoardLink,
    reader: R,
    writer: W,
    /// A frame on its way out, and how much of it is gone.
    frame: [u8; BoardLink::MAX_WIRE_FRAME],
    frame_len: usize,
    frame_sent: usize,
}

impl<'a, R: Read, W: Write> LinkPort<'a, R, W> {
    /// Carries `link` on `reader` and `writer`.
    ///
    /// The link is lent, because by far it is the largest thing on a board: wherever it were moved to, the stack would hold it
    /// once more.
    pub fn new(link: &'a mut BoardLink, reader: R, writer: W) -> Self {
        Self {
            link,
            reader,
            writer,
            frame: [0; BoardLink::MAX_WIRE_FRAME],
            frame_len: 0,
            frame_sent: 0,
        }
    }

    /// Carries bytes until something may have happened: look for events and room after it. Dropping the future loses nothing.
    pub async fn turn(&mut self) {
        if self.frame_sent == self.frame_len {
            self.frame_sent = 0;
            self.frame_len = self
                .link
                .poll_transmit_with_log(now(), &mut self.frame, log::take);
        }
        let mut received = [0; READ_BYTES];
        let waiting = &self.frame[self.frame_sent..self.frame_len];
        let latest = Instant::now() + LONGEST_TURN;
        let deadline = self
            .link
            .poll_timeout()
            .map_or(latest, |at| Instant::from_micros(at).min(latest));
        let send = async {
            if waiting.is_empty() {
                core::future::pending().await
            } else {
                self.writer.write(waiting).await
            }
        };
        match select3(self.reader.read(&mut received), send, Timer::at(deadline)).await {
            // A UART's errors show as damaged frames, which the link counts.
            Either3::First(count) => self.link.handle_bytes(now(), &received[..count.unwrap_or(0)]),
            Either3::Second(count) => self.frame_sent += count.unwrap_or(0),
            Either3::Third(()) => self.link.handle_timeout(now()),
        }
    }

    /// Answers a request with `message`.
    pub fn reply(&mut self, id: RequestId, message: &Message) {
        // It fails only if the host has restarted since and waits no more.
        let _ = self.link.reply(now(), id, message);
    }

    /// Answers `StatusRequest`. `uart_overruns` is what all lines together lost.
    pub fn reply_status(&mut self, id: RequestId, uart_overruns: u32) {
        let status = Status {
            uptime_ms: now() / 1_000,
            uart_overruns,
            firmware: FIRMWARE,
            link: *self.link.counters(),
        };
        self.reply(id, &status.into());
    }
}

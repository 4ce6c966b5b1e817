//! SD memory cards in SPI mode: standard and high capacity, one block at a time, with sums over everything.
//!
//! Sections are those of the SD Physical Layer Simplified Specification, version 6.00; its chapter 7 is the SPI mode.
//!
//! The bus may be shared: it is claimed for a command with its data, and given back while a card is busy writing (7.2.4: a card
//! that is not selected goes on). While a card looks for what is to be read it must stay selected, so the bus is kept for that, but other tasks run.

#[cfg(test)]
mod simulated;
#[cfg(test)]
mod tests;
mod wire;

use core::future::Future;

use aligned::{A1, Aligned};
use block_device_driver::BlockDevice;
use embassy_time::{Duration, Instant, Timer};
use embedded_hal::spi::SpiBus;

use crate::journal::StoreError;
pub use wire::BLOCK;
use wire::{Command, R1};

/// How fast the bus may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// At most 400 kHz, for a card that is being started (4.2.1: the rate of the identification mode).
    Starting,
    /// At most 25 MHz, the default speed (4.2.1).
    Started,
}

/// A slot for a card, on a bus that it may share.
pub trait Slot {
    /// The bus while nobody else has it.
    type Bus<'a>: CardBus
    where
        Self: 'a;

    /// Waits until nobody else has the bus, and sets it to mode 0 and a speed of at most `pace`. The card is not selected.
    fn claim(&mut self, pace: Pace) -> impl Future<Output = Self::Bus<'_>>;
}

/// The bus, and the line that selects the card. Giving it back (dropping it) deselects the card.
pub trait CardBus: SpiBus {
    /// Selects the card (its line is low) or not.
    fn select(&mut self, selected: bool);
}

/// Why a card did not do what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SdError {
    /// Nobody answers.
    NoCard,
    /// It answers, but is no SD memory card that this driver knows.
    Unusable,
    /// It has to be started first, perhaps because it is not the card that was started.
    NotStarted,
    /// Sums were wrong, three times.
    Checksum,
    /// It took longer than the specification allows.
    Timeout,
    /// It refused the command, by its first response.
    Refused(u8),
    /// It could not read: its error token.
    Read(u8),
    /// It did not write: its answer to the data, or its status afterwards.
    Write(u8),
    /// There is no such block.
    OutOfRange,
    /// The bus failed.
    Bus,
}

impl From<SdError> for StoreError {
    fn from(error: SdError) -> Self {
        match error {
            SdError::NoCard => Self::Missing,
            _ => Self::Failed,
        }
    }
}

/// From the supply to the first command (6.4.1).
const POWER_UP: Duration = Duration::from_millis(1);
/// Clocks before the first command: at least 74 (6.4.1).
const FIRST_CLOCKS: [u8; 10] = [0xFF; 10];
/// Attempts to reset a card: one that was reading or writing when the board was reset does not hear the first.
const RESETS: usize = 4;
/// Bytes until a response comes: at most 8 (`N_CR`, 7.5.4).
const RESPONSE: usize = 9;
/// A card has a second to start (4.2.3).
const START: Duration = Duration::from_secs(1);
/// Between two questions whether it has.
const START_POLL: Duration = Duration::from_millis(2);
/// Until the data that is to be read (4.6.2.1).
const READ: Duration = Duration::from_millis(100);
/// Until data is written (4.6.2.2).
const WRITE: Duration = Duration::from_millis(250);
/// Looks without a break, 8 bytes each, before others get their turn: up to half a millisecond at full speed.
const QUICK_LOOKS: usize = 32;
/// Between two looks after that.
const LOOK: Duration = Duration::from_micros(500);
/// Attempts at a block while sums are wrong.
const ATTEMPTS: usize = 3;

/// What was found out about a card when it was started.
#[derive(Clone, Copy, Debug)]
struct Started {
    /// Addresses count blocks.
    high_capacity: bool,
    blocks: u32,
}

/// A card in a slot.
pub struct SdCard<S> {
    slot: S,
    started: Option<Started>,
}

impl<S: Slot> SdCard<S> {
    /// The card in `slot`, if there is one. It is started by [`start`](Self::start).
    pub const fn new(slot: S) -> Self {
        Self { slot, started: None }
    }

    /// Starts whatever card is in the slot now (7.2.1, figure 7-2) and returns its number of blocks.
    ///
    /// # Errors
    ///
    /// Any; [`SdError::NoCard`] within 10 ms.
    pub async fn start(&mut self) -> Result<u32, SdError> {
        self.started = None;
        Timer::after(POWER_UP).await;
        self.reset().await?;
        let version_2 = self.interface_condition().await?;
        self.command(Pace::Starting, Command::CheckSums)
            .await?
            .refused()?;
        let begun = Instant::now();
        loop {
            self.command(Pace::Starting, Command::Application)
                .await?
                .refused()?;
            let start = Command::SendOperatingCondition {
                high_capacity: version_2,
            };
            if !self.command(Pace::Starting, start).await?.refused()?.is_idle() {
                break;
            }
            if begun.elapsed() > START {
                return Err(SdError::Timeout);
            }
            Timer::after(START_POLL).await;
        }
        let high_capacity = version_2 && self.ocr().await? & wire::OCR_HIGH_CAPACITY != 0;
        if !high_capacity {
            self.command(Pace::Started, Command::SetBlockLength)
                .await?
                .refused()?;
        }
        let mut csd = [0; 16];
        self.read_data(Command::SendCsd, &mut csd).await?;
        let blocks = wire::blocks(&csd).ok_or(SdError::Unusable)?;
        self.started = Some(Started {
            high_capacity,
            blocks,
        });
        Ok(blocks)
    }

    /// Reads a block.
    ///
    /// # Errors
    ///
    /// Any but [`SdError::Unusable`] and [`SdError::Write`].
    pub async fn read_block(&mut self, block: u32, into: &mut [u8; BLOCK]) -> Result<(), SdError> {
        let address = self.address(block)?;
        let mut result = Err(SdError::Checksum);
        for _ in 0..ATTEMPTS {
            result = self.read_data(Command::ReadBlock(address), into).await;
            if result != Err(SdError::Checksum) {
                break;
            }
        }
        self.unless_gone(result)
    }

    /// Writes a block. The card says that it is written when this returns `Ok`.
    ///
    /// # Errors
    ///
    /// Any but [`SdError::Unusable`] and [`SdError::Read`]. What the block holds then is not known.
    pub async fn write_block(&mut self, block: u32, from: &[u8; BLOCK]) -> Result<(), SdError> {
        let address = self.address(block)?;
        let mut result = Err(SdError::Checksum);
        for _ in 0..ATTEMPTS {
            result = self.write_data(Command::WriteBlock(address), from).await;
            if result != Err(SdError::Checksum) {
                break;
            }
        }
        self.unless_gone(result)
    }

    fn address(&self, block: u32) -> Result<u32, SdError> {
        let card = self.started.ok_or(SdError::NotStarted)?;
        if block >= card.blocks {
            return Err(SdError::OutOfRange);
        }
        // A card that counts bytes has at most 2 GiB, so this fits.
        Ok(if card.high_capacity {
            block
        } else {
            block * BLOCK as u32
        })
    }

    /// A card that is gone or was changed must be started before anything else.
    fn unless_gone(&mut self, result: Result<(), SdError>) -> Result<(), SdError> {
        if let Err(SdError::NoCard | SdError::NotStarted | SdError::Timeout) = result {
            self.started = None;
        }
        result
    }

    async fn reset(&mut self) -> Result<(), SdError> {
        let mut answered = false;
        for _ in 0..RESETS {
            let mut bus = self.slot.claim(Pace::Starting).await;
            bus.write(&FIRST_CLOCKS).map_err(bus_failed)?;
            bus.select(true);
            match send(&mut bus, Command::GoIdle) {
                Ok(R1(0x01)) => return finish(&mut bus),
                Ok(_) => answered = true,
                Err(SdError::NoCard) => (),
                Err(error) => return Err(error),
            }
            finish(&mut bus)?;
            // In the middle of a block that was being read: let it come to its end.
            if answered {
                bus.write(&[0xFF; BLOCK]).map_err(bus_failed)?;
            }
        }
        Err(if answered {
            SdError::Unusable
        } else {
            SdError::NoCard
        })
    }

    /// Whether the card is of version 2 or later: an older one does not know the command (7.2.1).
    async fn interface_condition(&mut self) -> Result<bool, SdError> {
        let mut bus = self.slot.claim(Pace::Starting).await;
        bus.select(true);
        let response = send(&mut bus, Command::SendInterfaceCondition)?;
        let mut condition = [0; 4];
        if !response.is_illegal_command() {
            bus.read(&mut condition).map_err(bus_failed)?;
        }
        finish(&mut bus)?;
        if response.is_illegal_command() {
            return Ok(false);
        }
        response.refused()?;
        if u32::from_be_bytes(condition) & 0xFFF == wire::INTERFACE_CONDITION {
            Ok(true)
        } else {
            Err(SdError::Unusable)
        }
    }

    async fn ocr(&mut self) -> Result<u32, SdError> {
        let mut bus = self.slot.claim(Pace::Started).await;
        bus.select(true);
        // QEMU says that it is idle here although it has said that it is not: only errors count.
        send(&mut bus, Command::ReadOcr)?.refused()?;
        let mut ocr = [0; 4];
        bus.read(&mut ocr).map_err(bus_failed)?;
        finish(&mut bus)?;
        Ok(u32::from_be_bytes(ocr))
    }

    async fn command(&mut self, pace: Pace, command: Command) -> Result<R1, SdError> {
        let mut bus = self.slot.claim(pace).await;
        bus.select(true);
        let response = send(&mut bus, command)?;
        finish(&mut bus)?;
        Ok(response)
    }

    /// A command that is answered with data (7.2.3).
    async fn read_data(&mut self, command: Command, into: &mut [u8]) -> Result<(), SdError> {
        self.not_busy().await?;
        let mut bus = self.slot.claim(Pace::Started).await;
        bus.select(true);
        send(&mut bus, command)?.ready()?;
        let begun = Instant::now();
        let mut looks = 0;
        let token = loop {
            let mut byte = [0xFF];
            bus.read(&mut byte).map_err(bus_failed)?;
            if byte[0] != 0xFF {
                break byte[0];
            }
            looks += 1;
            if looks > 8 * QUICK_LOOKS {
                if begun.elapsed() > READ {
                    return Err(SdError::Timeout);
                }
                Timer::after(LOOK).await;
            }
        };
        if token != wire::START_BLOCK {
            return Err(SdError::Read(token));
        }
        bus.read(into).map_err(bus_failed)?;
        let mut sum = [0; 2];
        bus.read(&mut sum).map_err(bus_failed)?;
        finish(&mut bus)?;
        if sum == wire::data_sum(into) {
            Ok(())
        } else {
            Err(SdError::Checksum)
        }
    }

    /// A command that data follows (7.2.4).
    async fn write_data(&mut self, command: Command, data: &[u8; BLOCK]) -> Result<(), SdError> {
        self.not_busy().await?;
        let mut bus = self.slot.claim(Pace::Started).await;
        bus.select(true);
        send(&mut bus, command)?.ready()?;
        // A byte between response and data (`N_WR`, 7.5.4).
        bus.write(&[0xFF, wire::START_BLOCK]).map_err(bus_failed)?;
        bus.write(data).map_err(bus_failed)?;
        bus.write(&wire::data_sum(data)).map_err(bus_failed)?;
        let mut answer = [0xFF];
        bus.read(&mut answer).map_err(bus_failed)?;
        finish(&mut bus)?;
        drop(bus);
        let answered = match answer[0] & wire::DATA_RESPONSE {
            wire::DATA_ACCEPTED => Ok(()),
            wire::DATA_BAD_CHECKSUM => Err(SdError::Checksum),
            wire::DATA_RESPONSE => Err(SdError::NoCard),
            other => Err(SdError::Write(other)),
        };
        self.not_busy().await?;
        answered?;
        self.status().await
    }

    /// Waits until the card does not hold the line low any more (7.2.4), with the bus free between two looks.
    async fn not_busy(&mut self) -> Result<(), SdError> {
        let begun = Instant::now();
        let mut looks = 0;
        loop {
            let mut bus = self.slot.claim(Pace::Started).await;
            bus.select(true);
            let mut line = [0; 8];
            while looks < QUICK_LOOKS {
                bus.read(&mut line).map_err(bus_failed)?;
                if line[7] == 0xFF {
                    return finish(&mut bus);
                }
                looks += 1;
            }
            // From here on one look at a time.
            looks -= 1;
            finish(&mut bus)?;
            drop(bus);
            if begun.elapsed() > WRITE {
                return Err(SdError::Timeout);
            }
            Timer::after(LOOK).await;
        }
    }

    /// Whether the last write went well: the card may find out only after it has accepted the data (7.2.4, 7.3.2.3).
    async fn status(&mut self) -> Result<(), SdError> {
        let mut bus = self.slot.claim(Pace::Started).await;
        bus.select(true);
        let response = send(&mut bus, Command::SendStatus)?;
        let mut status = [0; 1];
        bus.read(&mut status).map_err(bus_failed)?;
        finish(&mut bus)?;
        response.ready()?;
        if status[0] == 0 {
            Ok(())
        } else {
            Err(SdError::Write(status[0]))
        }
    }
}

impl R1 {
    /// An error, if the card refused the command.
    fn refused(self) -> Result<Self, SdError> {
        if self.is_bad_checksum() {
            Err(SdError::Checksum)
        } else if self.is_error() {
            Err(SdError::Refused(self.0))
        } else {
            Ok(self)
        }
    }

    /// An error, if the card refused the command or was not started.
    fn ready(self) -> Result<(), SdError> {
        if self.is_idle() {
            return Err(SdError::NotStarted);
        }
        self.refused().map(drop)
    }
}

/// Sends a command to the selected card and waits for the first byte of its response.
fn send<B: CardBus>(bus: &mut B, command: Command) -> Result<R1, SdError> {
    // A byte to begin with: some cards want a few clocks after they are selected.
    bus.write(&[0xFF]).map_err(bus_failed)?;
    bus.write(&command.bytes()).map_err(bus_failed)?;
    for _ in 0..RESPONSE {
        let mut byte = [0xFF];
        bus.read(&mut byte).map_err(bus_failed)?;
        if byte[0] & 0x80 == 0 {
            return Ok(R1(byte[0]));
        }
    }
    Err(SdError::NoCard)
}

/// Deselects the card, and gives it the eight clocks that it needs to let go of the line (4.4).
fn finish<B: CardBus>(bus: &mut B) -> Result<(), SdError> {
    bus.select(false);
    bus.write(&[0xFF]).map_err(bus_failed)
}

fn bus_failed<E>(_: E) -> SdError {
    SdError::Bus
}

impl<S: Slot> BlockDevice<BLOCK> for SdCard<S> {
    type Error = SdError;
    type Align = A1;

    async fn read(&mut self, block: u32, data: &mut [Aligned<A1, [u8; BLOCK]>]) -> Result<(), SdError> {
        for (block, into) in (block..).zip(data) {
            self.read_block(block, into).await?;
        }
        Ok(())
    }

    async fn write(&mut self, block: u32, data: &[Aligned<A1, [u8; BLOCK]>]) -> Result<(), SdError> {
        for (block, from) in (block..).zip(data) {
            self.write_block(block, from).await?;
        }
        Ok(())
    }

    /// Starts the card that is in the slot now, and says how large it is.
    async fn size(&mut self) -> Result<u64, SdError> {
        Ok(u64::from(self.start().await?) * BLOCK as u64)
    }
}

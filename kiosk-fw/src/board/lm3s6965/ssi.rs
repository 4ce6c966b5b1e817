//! SSI0: ARM's PL022 (TRM DDI 0194; data sheet, chapter 14) as an SPI master, and the OLED's place on it.

use core::convert::Infallible;

use embedded_hal::digital::PinState;
use embedded_hal::spi::{ErrorType, Operation, SpiBus, SpiDevice};

use super::clock::SYSTEM_HZ;
use super::gpio::Output;
use super::registers::Register;

const SSI0: u32 = 0x4000_8000;
const SSICR0: Register = Register::at(SSI0, 0x000);
/// Eight bits a frame, Freescale format, clock idle high, data taken on the first edge: mode 2, as the SSD0323 wants it.
const CR0_MODE_2: u32 = 7 | (1 << 6);
const SSICR1: Register = Register::at(SSI0, 0x004);
const CR1_ENABLE: u32 = 1 << 1;
const SSIDR: Register = Register::at(SSI0, 0x008);
const SSISR: Register = Register::at(SSI0, 0x00C);
const SR_RNE: u32 = 1 << 2;
const SR_BSY: u32 = 1 << 4;
const SSICPSR: Register = Register::at(SSI0, 0x010);
/// TRM 2.3.5: bit rate = clock / (prescale * (1 + rate)). Prescale is even.
const PRESCALE: u32 = 2;
/// SSD0323 data sheet, table 11: the serial clock's cycle is at least 250 ns, so at most 4 MHz.
const OLED_HZ: u32 = 4_000_000;
const RATE: u32 = SYSTEM_HZ.div_ceil(PRESCALE * OLED_HZ) - 1;
/// Depth of both FIFOs (TRM 2.2.3).
const FIFO: usize = 8;

/// The SSI as an SPI bus.
pub(super) struct Bus(());

impl Bus {
    /// Sets format and speed and switches the SSI on. To be called once.
    pub(super) fn start() -> Self {
        SSICR1.write(0);
        SSICPSR.write(PRESCALE);
        SSICR0.write(CR0_MODE_2 | (RATE << 8));
        SSICR1.write(CR1_ENABLE);
        Self(())
    }

    /// Sends up to a FIFO's worth of words and takes in as many.
    fn exchange(words: &[u8], mut received: impl FnMut(usize, u8)) {
        debug_assert!(words.len() <= FIFO);
        for word in words {
            SSIDR.write(u32::from(*word));
        }
        for place in 0..words.len() {
            while SSISR.read() & SR_RNE == 0 {}
            received(place, SSIDR.read() as u8);
        }
    }
}

impl ErrorType for Bus {
    type Error = Infallible;
}

impl SpiBus for Bus {
    fn read(&mut self, words: &mut [u8]) -> Result<(), Self::Error> {
        for chunk in words.chunks_mut(FIFO) {
            Self::exchange(&[0xFF; FIFO][..chunk.len()], |place, word| chunk[place] = word);
        }
        Ok(())
    }

    fn write(&mut self, words: &[u8]) -> Result<(), Self::Error> {
        for chunk in words.chunks(FIFO) {
            Self::exchange(chunk, |_, _| ());
        }
        Ok(())
    }

    fn transfer(&mut self, read: &mut [u8], write: &[u8]) -> Result<(), Self::Error> {
        let both = read.len().min(write.len());
        for (into, from) in read[..both].chunks_mut(FIFO).zip(write[..both].chunks(FIFO)) {
            Self::exchange(from, |place, word| into[place] = word);
        }
        self.read(&mut read[both..])?;
        self.write(&write[both..])
    }

    fn transfer_in_place(&mut self, words: &mut [u8]) -> Result<(), Self::Error> {
        for chunk in words.chunks_mut(FIFO) {
            let mut send = [0; FIFO];
            send[..chunk.len()].copy_from_slice(chunk);
            Self::exchange(&send[..chunk.len()], |place, word| chunk[place] = word);
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        while SSISR.read() & SR_BSY != 0 {}
        Ok(())
    }
}

/// The OLED as a device on the bus.
///
/// On the evaluation board it is selected by PA3, low. QEMU selects it while PD0 is high; PD0 is the SD card's select, low. Driving
/// both is right in both places: the card is released, then the OLED selected.
pub struct OledDevice {
    bus: Bus,
    select: Output,
    card_select: Output,
}

impl OledDevice {
    /// The OLED on `bus` with its select line (PA3) and the card's (PD0).
    pub(super) fn new(bus: Bus, select: Output, card_select: Output) -> Self {
        Self {
            bus,
            select,
            card_select,
        }
    }
}

impl ErrorType for OledDevice {
    type Error = Infallible;
}

impl SpiDevice for OledDevice {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Self::Error> {
        self.card_select.put(PinState::High);
        self.select.put(PinState::Low);
        for operation in operations {
            match operation {
                Operation::Read(words) => self.bus.read(words)?,
                Operation::Write(words) => self.bus.write(words)?,
                Operation::Transfer(read, write) => self.bus.transfer(read, write)?,
                Operation::TransferInPlace(words) => self.bus.transfer_in_place(words)?,
                Operation::DelayNs(nanoseconds) => {
                    cortex_m::asm::delay(nanoseconds.div_ceil(1_000_000_000 / SYSTEM_HZ));
                }
            }
        }
        self.bus.flush()?;
        self.select.put(PinState::High);
        Ok(())
    }
}

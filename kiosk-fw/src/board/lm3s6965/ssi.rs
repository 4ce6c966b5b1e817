//! SSI0: ARM's PL022 (TRM DDI 0194; data sheet, chapter 14) as an SPI master, and the places of OLED and SD card on it.
//!
//! Both claim the bus for a while, with the speed and the mode that they need.

use core::convert::Infallible;

use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::mutex::{Mutex, MutexGuard};
use embedded_hal::digital::PinState;
use embedded_hal::spi::{ErrorType, SpiBus};

use super::clock::SYSTEM_HZ;
use super::gpio::Output;
use super::registers::Register;
use crate::drivers::sd::{CardBus, Pace, Slot};
use crate::drivers::ssd0323::PanelWire;

const SSI0: u32 = 0x4000_8000;
const SSICR0: Register = Register::at(SSI0, 0x000);
/// Eight bits a frame, Freescale format (data sheet, register SSICR0).
const CR0_8_BITS: u32 = 7;
/// The clock is high while nothing is sent (SPO).
const CR0_IDLE_HIGH: u32 = 1 << 6;
const SSICR1: Register = Register::at(SSI0, 0x004);
const CR1_ENABLE: u32 = 1 << 1;
const SSIDR: Register = Register::at(SSI0, 0x008);
const SSISR: Register = Register::at(SSI0, 0x00C);
const SR_RNE: u32 = 1 << 2;
const SR_BSY: u32 = 1 << 4;
const SSICPSR: Register = Register::at(SSI0, 0x010);
/// TRM 2.3.5: bit rate = clock / (prescale * (1 + rate)). Prescale is even.
const PRESCALE: u32 = 2;

/// Mode and speed, as the control register has them.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Setting(u32);

impl Setting {
    const fn new(mode: u32, hz: u32) -> Self {
        Self(CR0_8_BITS | mode | ((SYSTEM_HZ.div_ceil(PRESCALE * hz) - 1) << 8))
    }

    /// Data is taken on the first edge of a clock that idles high: mode 2. SSD0323 data sheet, table 11: the clock's cycle is
    /// at least 250 ns, so at most 4 MHz.
    const OLED: Self = Self::new(CR0_IDLE_HIGH, 4_000_000);
    /// Mode 0 (SD Physical Layer Simplified Specification, 7.5), 400 kHz at most.
    const CARD_STARTING: Self = Self::new(0, 400_000);
    /// Half of what a card takes; the core cannot fill the FIFO faster.
    const CARD: Self = Self::new(0, 12_500_000);
}

/// Depth of both FIFOs (TRM 2.2.3).
const FIFO: usize = 8;

/// The SSI as an SPI bus.
pub(super) struct Bus {
    setting: Option<Setting>,
}

/// The one bus. Nobody has it at the start.
static BUS: Mutex<CriticalSectionRawMutex, Bus> = Mutex::new(Bus { setting: None });

type Claimed = MutexGuard<'static, CriticalSectionRawMutex, Bus>;

/// Waits until nobody else has the bus, and gives it `setting`.
async fn claim(setting: Setting) -> Claimed {
    let mut bus = BUS.lock().await;
    bus.set(setting);
    bus
}

impl Bus {
    fn set(&mut self, setting: Setting) {
        if self.setting == Some(setting) {
            return;
        }
        self.setting = Some(setting);
        // Only while it is off (data sheet, 14.3).
        SSICR1.write(0);
        SSICPSR.write(PRESCALE);
        SSICR0.write(setting.0);
        SSICR1.write(CR1_ENABLE);
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

/// The OLED's wires.
///
/// On the evaluation board it is selected by PA3, low. QEMU selects it while PD0 is high; PD0 is the SD card's select, which is
/// high whenever the card has not claimed the bus.
pub struct OledDevice {
    select: Output,
    data: Output,
}

impl OledDevice {
    /// The OLED with its select line (PA3) and its data/command line (PC7).
    pub(super) fn new(select: Output, data: Output) -> Self {
        Self { select, data }
    }

    async fn send(&mut self, kind: PinState, bytes: &[u8]) {
        let mut bus = claim(Setting::OLED).await;
        self.data.put(kind);
        self.select.put(PinState::Low);
        // The panel only listens: nothing can be known to fail.
        let Ok(()) = bus.write(bytes);
        let Ok(()) = bus.flush();
        self.select.put(PinState::High);
    }
}

impl PanelWire for OledDevice {
    async fn command(&mut self, bytes: &[u8]) {
        self.send(PinState::Low, bytes).await;
    }

    async fn data(&mut self, bytes: &[u8]) {
        self.send(PinState::High, bytes).await;
    }
}

/// The slot of the SD card.
///
/// QEMU's OLED hears what is clocked while the card is not selected, as it knows no select of its own. As a command, which
/// the line PC7 low says, it takes the 0xFF that a card gets then for nothing.
pub struct CardSlot {
    select: Output,
    oled_data: Output,
}

impl CardSlot {
    /// The slot with its select line (PD0) and the OLED's data/command line (PC7).
    pub(super) fn new(select: Output, oled_data: Output) -> Self {
        Self { select, oled_data }
    }
}

impl Slot for CardSlot {
    type Bus<'a> = CardOnBus<'a>;

    async fn claim(&mut self, pace: Pace) -> CardOnBus<'_> {
        let setting = match pace {
            Pace::Starting => Setting::CARD_STARTING,
            Pace::Started => Setting::CARD,
        };
        let bus = claim(setting).await;
        self.oled_data.put(PinState::Low);
        CardOnBus { bus, slot: self }
    }
}

/// The bus while the card has it.
pub struct CardOnBus<'a> {
    bus: Claimed,
    slot: &'a mut CardSlot,
}

impl CardBus for CardOnBus<'_> {
    fn select(&mut self, selected: bool) {
        self.slot.select.put(PinState::from(!selected));
    }
}

impl Drop for CardOnBus<'_> {
    fn drop(&mut self) {
        self.select(false);
    }
}

impl ErrorType for CardOnBus<'_> {
    type Error = Infallible;
}

impl SpiBus for CardOnBus<'_> {
    fn read(&mut self, words: &mut [u8]) -> Result<(), Self::Error> {
        self.bus.read(words)
    }

    fn write(&mut self, words: &[u8]) -> Result<(), Self::Error> {
        self.bus.write(words)
    }

    fn transfer(&mut self, read: &mut [u8], write: &[u8]) -> Result<(), Self::Error> {
        self.bus.transfer(read, write)
    }

    fn transfer_in_place(&mut self, words: &mut [u8]) -> Result<(), Self::Error> {
        self.bus.transfer_in_place(words)
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        self.bus.flush()
    }
}

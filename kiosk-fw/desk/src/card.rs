//! A memory card, sector by sector. It outlives the board's power, and can be pulled.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use aligned::{A1, Aligned};
use block_device_driver::BlockDevice;
use embassy_time::Timer;
use kiosk_fw::journal::StoreError;

use crate::power::Power;

/// Bytes of a sector.
const SECTOR: usize = 512;
/// Bytes of a sector between which power can fail: what a card has taken of a sector when power goes is anybody's guess, and a
/// journal must not care; finer points would only draw all cuts to themselves.
const TEAR: usize = 32;
/// How long a sector takes over the bus, in µs: 512 bytes at 6 MHz, and the card's own time to find it.
const TRANSFER_US: u64 = 900;
/// How long a card takes to programme a sector, in µs. The standard allows 250 ms; cards mostly need this.
const PROGRAMME_US: u64 = 1_500;
/// Sectors of a card that is not told otherwise: 2 MiB, of which a journal uses all.
const SECTORS: u32 = 4_096;

/// How a card cheats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flaw {
    /// It does not.
    #[default]
    None,
    /// It says that a sector is written when it is not: the last one written is lost with the power.
    LosesLastWrite,
    /// It keeps nothing without power.
    LosesAll,
}

#[derive(Debug)]
struct Chips {
    sectors: u32,
    written: HashMap<u32, [u8; SECTOR]>,
    missing: bool,
    flaw: Flaw,
    /// With a flaw: what was acknowledged last and is not written.
    pretended: Option<(u32, [u8; SECTOR])>,
    writes: u64,
}

/// A memory card. Clones are the same card.
#[derive(Clone, Debug)]
pub struct Card(Rc<RefCell<Chips>>);

impl Default for Card {
    fn default() -> Self {
        Self::new(SECTORS, Flaw::None)
    }
}

impl Card {
    /// A new card with so many sectors.
    pub fn new(sectors: u32, flaw: Flaw) -> Self {
        Self(Rc::new(RefCell::new(Chips {
            sectors,
            written: HashMap::new(),
            missing: false,
            flaw,
            pretended: None,
            writes: 0,
        })))
    }

    /// Pulls the card out, or puts it back.
    pub fn set_missing(&self, missing: bool) {
        self.0.borrow_mut().missing = missing;
    }

    /// Forgets everything, as a card that was exchanged for a new one.
    pub fn wipe(&self) {
        let mut chips = self.0.borrow_mut();
        chips.written.clear();
        chips.pretended = None;
    }

    /// Sectors written in its life.
    pub fn writes(&self) -> u64 {
        self.0.borrow().writes
    }

    /// Its power is gone.
    pub(crate) fn power_off(&self) {
        let mut chips = self.0.borrow_mut();
        chips.pretended = None;
        if chips.flaw == Flaw::LosesAll {
            chips.written.clear();
        }
    }
}

impl Chips {
    fn usable(&self, address: u32) -> Result<(), StoreError> {
        match address {
            _ if self.missing => Err(StoreError::Missing),
            _ if address >= self.sectors => Err(StoreError::Failed),
            _ => Ok(()),
        }
    }

    fn get(&self, address: u32) -> [u8; SECTOR] {
        match self.pretended {
            Some((pretended, sector)) if pretended == address => sector,
            _ => self.written.get(&address).copied().unwrap_or([0xFF; SECTOR]),
        }
    }

    fn put(&mut self, address: u32, sector: &[u8; SECTOR]) {
        let kept = match self.flaw {
            Flaw::None | Flaw::LosesAll => Some((address, *sector)),
            Flaw::LosesLastWrite => self.pretended.replace((address, *sector)),
        };
        self.written.extend(kept);
        self.writes += 1;
    }
}

/// The card in its slot, as the board sees it.
#[derive(Debug)]
pub struct Slot {
    card: Card,
    power: Rc<Power>,
}

impl Slot {
    pub(crate) fn new(card: Card, power: Rc<Power>) -> Self {
        Self { card, power }
    }

    /// Lets the card have a sector's bytes, as far as power goes.
    fn take(&self, address: u32, sector: &[u8; SECTOR]) {
        let mut chips = self.card.0.borrow_mut();
        let mut now = chips.get(address);
        for from in (0..SECTOR).step_by(TEAR) {
            if !self.power.step() {
                if from > 0 {
                    chips.written.insert(address, now);
                }
                return;
            }
            now[from..from + TEAR].copy_from_slice(&sector[from..from + TEAR]);
        }
        chips.put(address, &now);
    }
}

impl BlockDevice<SECTOR> for Slot {
    type Error = StoreError;
    type Align = A1;

    async fn read(&mut self, address: u32, data: &mut [Aligned<A1, [u8; SECTOR]>]) -> Result<(), StoreError> {
        for (address, sector) in (address..).zip(data) {
            Timer::after_micros(TRANSFER_US).await;
            let chips = self.card.0.borrow();
            chips.usable(address)?;
            **sector = chips.get(address);
        }
        Ok(())
    }

    async fn write(&mut self, address: u32, data: &[Aligned<A1, [u8; SECTOR]>]) -> Result<(), StoreError> {
        for (address, sector) in (address..).zip(data) {
            Timer::after_micros(TRANSFER_US).await;
            self.card.0.borrow().usable(address)?;
            self.take(address, sector);
            Timer::after_micros(PROGRAMME_US).await;
        }
        Ok(())
    }

    async fn size(&mut self) -> Result<u64, StoreError> {
        // A card takes its time to start.
        Timer::after_millis(5).await;
        let chips = self.card.0.borrow();
        chips.usable(0)?;
        Ok(u64::from(chips.sectors) * SECTOR as u64)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A test that cannot go on has failed.
mod tests {
    use kiosk_fw::journal::sectors::SectorStore;
    use kiosk_fw::journal::{MAX_RECORD, Store};

    use super::*;

    async fn newest(card: &Card) -> Vec<u8> {
        let mut record = [0; MAX_RECORD];
        let mut store = SectorStore::new(Slot::new(card.clone(), Rc::default()), 2);
        let length = store.open(&mut record).await.unwrap().newest.unwrap_or(0);
        record[..length].to_vec()
    }

    async fn push(card: &Card, record: &[u8]) {
        let mut store = SectorStore::new(Slot::new(card.clone(), Rc::default()), 1);
        store.open(&mut [0; MAX_RECORD]).await.unwrap();
        store.push(record).await.unwrap();
    }

    #[test]
    fn a_journal_outlives_the_power_unless_the_card_lies() {
        for (flaw, kept) in [(Flaw::None, &b"second"[..]), (Flaw::LosesLastWrite, b"first")] {
            let card = Card::new(64, flaw);
            virtual_time::run(async {
                push(&card, b"first").await;
                push(&card, b"second").await;
                card.power_off();
                assert_eq!(newest(&card).await, kept);
            });
        }
    }

    #[test]
    fn a_sector_that_power_fails_in_holds_a_part_of_each() {
        let card = Card::new(64, Flaw::None);
        let power = Power::default();
        power.fail_after(3);
        Slot::new(card.clone(), Rc::new(power)).take(7, &[0x55; SECTOR]);
        let sector = card.0.borrow().get(7);
        assert_eq!((sector[3 * TEAR - 1], sector[3 * TEAR]), (0x55, 0xFF));
    }
}

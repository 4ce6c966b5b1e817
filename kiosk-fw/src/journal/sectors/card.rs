//! A card in memory that loses its power, goes bad, lies and is pulled, as a test wants.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use aligned::{A1, Aligned};
use block_device_driver::BlockDevice;

use super::layout::SECTOR;
use crate::journal::StoreError;

/// What the card is made of. Sectors that were never written are all `erased`.
#[derive(Clone)]
pub(super) struct Chips {
    pub(super) sectors: u32,
    erased: u8,
    written: HashMap<u32, [u8; SECTOR]>,
    /// Bytes of writing that power lasts for.
    pub(super) power: Option<usize>,
    pub(super) reads: u32,
    pub(super) writes: HashMap<u32, u32>,
    /// Sectors that read as an error.
    pub(super) unreadable: HashSet<u32>,
    /// Sectors that accept what they do not keep.
    pub(super) forgetful: HashSet<u32>,
    pub(super) pulled: bool,
    /// What sectors that were never written hold, if not nothing.
    pub(super) made: Option<Rc<Make>>,
}

type Make = dyn Fn(u32) -> Option<[u8; SECTOR]>;

/// A card that stays when whoever used it is gone.
#[derive(Clone)]
pub(super) struct Card(pub(super) Rc<RefCell<Chips>>);

impl Card {
    pub(super) fn new(sectors: u32, erased: u8) -> Self {
        Self(Rc::new(RefCell::new(Chips {
            sectors,
            erased,
            written: HashMap::new(),
            power: None,
            reads: 0,
            writes: HashMap::new(),
            unreadable: HashSet::new(),
            forgetful: HashSet::new(),
            pulled: false,
            made: None,
        })))
    }

    /// Another card with the same content.
    pub(super) fn copy(&self) -> Self {
        Self(Rc::new(RefCell::new(self.0.borrow().clone())))
    }

    pub(super) fn sector(&self, address: u32) -> [u8; SECTOR] {
        self.0.borrow().get(address)
    }

    pub(super) fn put(&self, address: u32, sector: &[u8; SECTOR]) {
        self.0.borrow_mut().written.insert(address, *sector);
    }

    /// How many sectors are read meanwhile.
    pub(super) fn reads(&self, meanwhile: impl FnOnce()) -> u32 {
        let before = self.0.borrow().reads;
        meanwhile();
        self.0.borrow().reads - before
    }
}

impl Chips {
    fn get(&self, address: u32) -> [u8; SECTOR] {
        let written = self.written.get(&address).copied();
        written
            .or_else(|| self.made.as_ref().and_then(|make| make(address)))
            .unwrap_or([self.erased; SECTOR])
    }

    fn usable(&self, address: u32) -> Result<(), StoreError> {
        if self.pulled {
            return Err(StoreError::Missing);
        }
        if self.power == Some(0) || address >= self.sectors {
            return Err(StoreError::Failed);
        }
        Ok(())
    }
}

impl BlockDevice<SECTOR> for Card {
    type Error = StoreError;
    type Align = A1;

    async fn read(
        &mut self,
        address: u32,
        data: &mut [Aligned<Self::Align, [u8; SECTOR]>],
    ) -> Result<(), StoreError> {
        let mut chips = self.0.borrow_mut();
        for (address, sector) in (address..).zip(data) {
            chips.usable(address)?;
            chips.reads += 1;
            if chips.unreadable.contains(&address) {
                return Err(StoreError::Failed);
            }
            **sector = chips.get(address);
        }
        Ok(())
    }

    async fn write(
        &mut self,
        address: u32,
        data: &[Aligned<Self::Align, [u8; SECTOR]>],
    ) -> Result<(), StoreError> {
        let mut chips = self.0.borrow_mut();
        for (address, sector) in (address..).zip(data) {
            chips.usable(address)?;
            *chips.writes.entry(address).or_default() += 1;
            if chips.forgetful.contains(&address) {
                continue;
            }
            let lasts = chips.power.map_or(SECTOR, |bytes| bytes.min(SECTOR));
            let mut now = chips.get(address);
            now[..lasts].copy_from_slice(&sector[..lasts]);
            chips.written.insert(address, now);
            if let Some(power) = &mut chips.power {
                *power -= lasts;
                if lasts < SECTOR {
                    return Err(StoreError::Failed);
                }
            }
        }
        Ok(())
    }

    async fn size(&mut self) -> Result<u64, StoreError> {
        let chips = self.0.borrow();
        chips.usable(0)?;
        Ok(u64::from(chips.sectors) * SECTOR as u64)
    }
}

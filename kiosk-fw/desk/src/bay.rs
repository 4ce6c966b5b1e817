//! The desk's flash: a firmware that runs, a place for another, and the bootloader that swaps them. It holds bytes; the program that runs
//! is the same, whatever they say.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::rc::Rc;

use embassy_boot::{BootLoader, BootLoaderConfig};
use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use kiosk_fw::update::{FlashSlot, Slot, Trial, Words};
use protocol::message::ResetCause;

const SECTOR: usize = 4096;
/// As long as the Pico's, so that an update takes as many turns.
const ACTIVE_SECTORS: usize = 64;
const STATE_SECTORS: usize = 2;

/// A flash with two firmwares. Clones are the same one. It outlives power.
#[derive(Clone, Debug)]
pub struct Bay {
    active: Part,
    dfu: Part,
    state: Part,
    damaged: Rc<Cell<bool>>,
}

impl Default for Bay {
    fn default() -> Self {
        let damaged = Rc::default();
        Self {
            active: Part::new(ACTIVE_SECTORS, &Rc::default()),
            dfu: Part::new(ACTIVE_SECTORS + 1, &damaged),
            state: Part::new(STATE_SECTORS, &Rc::default()),
            damaged,
        }
    }
}

impl Bay {
    /// The bytes of the firmware that would run now.
    pub fn active(&self) -> Vec<u8> {
        self.active.bytes.borrow().clone()
    }

    /// From now on, what is written to the place for another firmware is not what lies there afterwards.
    pub fn wear_out(&self) {
        self.damaged.set(true);
    }

    /// What the bootloader does at each start, and why the firmware then starts, if it is for its sake.
    pub(crate) fn start(&self) -> Option<ResetCause> {
        let mut loader = BootLoader::new(BootLoaderConfig {
            active: self.active.clone(),
            dfu: self.dfu.clone(),
            state: Words(self.state.clone()),
        });
        loader
            .prepare_boot(&mut [0; SECTOR])
            .expect("this flash does not fail");
        match self.slot().trial() {
            Trial::OnTrial => Some(ResetCause::Updated),
            Trial::RolledBack => Some(ResetCause::RolledBack),
            Trial::Settled => None,
        }
    }

    /// Where the program puts a new firmware. Each start leaves a few bytes behind.
    pub(crate) fn slot(&self) -> &'static mut dyn Slot {
        Box::leak(Box::new(FlashSlot::new(self.dfu.clone(), self.state.clone())))
    }
}

/// Erased to ones, written to zeros.
#[derive(Clone, Debug)]
struct Part {
    bytes: Rc<RefCell<Vec<u8>>>,
    damaged: Rc<Cell<bool>>,
}

impl Part {
    fn new(sectors: usize, damaged: &Rc<Cell<bool>>) -> Self {
        Self {
            bytes: Rc::new(RefCell::new(vec![0xFF; sectors * SECTOR])),
            damaged: Rc::clone(damaged),
        }
    }
}

impl ErrorType for Part {
    type Error = Infallible;
}

impl ReadNorFlash for Part {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, into: &mut [u8]) -> Result<(), Infallible> {
        let start = offset as usize;
        into.copy_from_slice(&self.bytes.borrow()[start..start + into.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.borrow().len()
    }
}

impl NorFlash for Part {
    const WRITE_SIZE: usize = 1;
    const ERASE_SIZE: usize = SECTOR;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Infallible> {
        self.bytes.borrow_mut()[from as usize..to as usize].fill(0xFF);
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Infallible> {
        let start = offset as usize;
        let mut flash = self.bytes.borrow_mut();
        for (place, byte) in flash[start..start + bytes.len()].iter_mut().zip(bytes) {
            *place &= byte;
        }
        if self.damaged.get() {
            // A cell that holds no charge.
            flash[start] &= 0xFE;
        }
        Ok(())
    }
}

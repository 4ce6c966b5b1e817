//! The flash beside the program: a place for a new firmware, the bootloader's notes, and the journal.
//!
//! While the chip erases (45 ms, at most 400) or programs a page (0.7 ms, at most 3; W25Q16JV data sheet, 9.6) it cannot be read, and the
//! program lies in it: `embassy-rp` waits in memory, with interrupts off. Bytes that come meanwhile beyond the UART's 32 are lost and
//! counted; the link repeats them. The host is held back while a firmware is written, so there are few.

use core::cell::RefCell;

use embassy_embedded_hal::flash::partition::BlockingPartition;
use embassy_rp::Peri;
use embassy_rp::flash::{Blocking, Flash};
use embassy_rp::peripherals::FLASH;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::blocking_mutex::{CriticalSectionMutex, Mutex};
use static_cell::StaticCell;

use embedded_storage::nor_flash::{NorFlash as _, ReadNorFlash as _};
use embedded_storage_async::nor_flash::{ErrorType, MultiwriteNorFlash, NorFlash, ReadNorFlash};

use super::flash_map::{DFU, DFU_LEN, JOURNAL, JOURNAL_LEN, SIZE, STATE, STATE_LEN};
use crate::journal::flash::FlashStore;
use crate::update::{FlashSlot, Slot, Trial};

type Chip = Mutex<CriticalSectionRawMutex, RefCell<Flash<'static, FLASH, Blocking, { SIZE as usize }>>>;
type Part =
    BlockingPartition<'static, CriticalSectionRawMutex, Flash<'static, FLASH, Blocking, { SIZE as usize }>>;
type PicoSlot = FlashSlot<Part, Part>;

static CHIP: StaticCell<Chip> = StaticCell::new();
static PLACE: StaticCell<PicoSlot> = StaticCell::new();
/// Between start and whoever works it.
static SLOT: CriticalSectionMutex<RefCell<Option<&'static mut PicoSlot>>> =
    CriticalSectionMutex::new(RefCell::new(None));

static RECORDS: CriticalSectionMutex<RefCell<Option<Records>>> =
    CriticalSectionMutex::new(RefCell::new(None));

/// Makes slot and journal ready, and says how the firmware that runs came to run. To be called once.
pub(super) fn start(flash: Peri<'static, FLASH>) -> Trial {
    let chip = CHIP.init(Mutex::new(RefCell::new(Flash::new_blocking(flash))));
    let slot = PLACE.init(FlashSlot::new(
        Part::new(chip, DFU, DFU_LEN),
        Part::new(chip, STATE, STATE_LEN),
    ));
    let records = Records(Part::new(chip, JOURNAL, JOURNAL_LEN));
    RECORDS.lock(|place| place.replace(Some(records)));
    let trial = slot.trial();
    SLOT.lock(|place| place.replace(Some(slot)));
    trial
}

/// The slot, once.
pub(super) fn slot() -> Option<&'static mut dyn Slot> {
    SLOT.lock(RefCell::take).map(|slot| slot as &mut dyn Slot)
}

/// The journal, once.
pub(super) fn journal() -> Option<FlashStore<Records>> {
    let records = RECORDS.lock(RefCell::take)?;
    Some(FlashStore::new(records, 0..JOURNAL_LEN))
}

/// The journal's part. It waits like everything else while the chip is busy: there is nothing to be done meanwhile.
pub struct Records(Part);

impl ErrorType for Records {
    type Error = <Part as ErrorType>::Error;
}

impl ReadNorFlash for Records {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.0.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

impl NorFlash for Records {
    const WRITE_SIZE: usize = embassy_rp::flash::WRITE_SIZE;
    const ERASE_SIZE: usize = embassy_rp::flash::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        self.0.erase(from, to)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        self.0.write(offset, bytes)
    }
}

/// Bits that are 1 can be written to 0 at any time (W25Q16JV data sheet, 8.2.13).
impl MultiwriteNorFlash for Records {}

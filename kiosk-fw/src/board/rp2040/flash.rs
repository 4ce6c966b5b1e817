//! The flash beside the program: a place for a new firmware, and the bootloader's notes.
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

use super::flash_map::{DFU, DFU_LEN, SIZE, STATE, STATE_LEN};
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

/// Makes the slot ready, and says how the firmware that runs came to run. To be called once.
pub(super) fn start(flash: Peri<'static, FLASH>) -> Trial {
    let chip = CHIP.init(Mutex::new(RefCell::new(Flash::new_blocking(flash))));
    let slot = PLACE.init(FlashSlot::new(
        Part::new(chip, DFU, DFU_LEN),
        Part::new(chip, STATE, STATE_LEN),
    ));
    let trial = slot.trial();
    SLOT.lock(|place| place.replace(Some(slot)));
    trial
}

/// The slot, once.
pub(super) fn slot() -> Option<&'static mut dyn Slot> {
    SLOT.lock(RefCell::take).map(|slot| slot as &mut dyn Slot)
}

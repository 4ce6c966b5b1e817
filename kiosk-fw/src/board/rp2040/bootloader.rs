//! What runs before the Pico's firmware.
//!
//! It uses memory of its own (see `flash_map`), so that what a firmware left for its next start is still there.

// The firmware knows more of the map than the bootloader.
#[allow(dead_code, unreachable_pub)]
#[path = "flash_map.rs"]
mod flash_map;

use core::cell::RefCell;
use core::panic::PanicInfo;

use embassy_boot_rp::{BootLoader, BootLoaderConfig, WatchdogFlash};
use embassy_embedded_hal::flash::partition::BlockingPartition;
use embassy_sync::blocking_mutex::NoopMutex;
use embassy_time::Duration;

use crate::update::Words;
use flash_map::{ACTIVE, ACTIVE_LEN, DFU, DFU_LEN, SECTOR, SIZE, STATE, STATE_LEN};

/// Where flash begins in memory.
const XIP: u32 = 0x1000_0000;
/// The longest between two operations on flash, and from here to where the firmware feeds the watchdog. The longest that the watchdog
/// can wait is 8.3 s (RP2040 data sheet, 4.7.2 and erratum E1).
const WATCHDOG: Duration = Duration::from_secs(8);

/// Swaps if a new firmware is marked, swaps back if one was not confirmed, and starts what is there then. An operation on flash that
/// hangs ends in a reset, and what was begun goes on.
pub fn run() -> ! {
    let parts = embassy_rp::init(embassy_rp::config::Config::default());
    let flash = WatchdogFlash::<{ SIZE as usize }>::start(parts.FLASH, parts.WATCHDOG, WATCHDOG);
    let flash = NoopMutex::new(RefCell::new(flash));
    let loader = BootLoader::<{ SECTOR as usize }>::prepare(BootLoaderConfig {
        active: BlockingPartition::new(&flash, ACTIVE, ACTIVE_LEN),
        dfu: BlockingPartition::new(&flash, DFU, DFU_LEN),
        state: Words(BlockingPartition::new(&flash, STATE, STATE_LEN)),
    });
    // SAFETY: the vector table of the firmware lies there: nothing else is ever put at the start of that part.
    unsafe { loader.load(XIP + ACTIVE) }
}

/// It fails only if the flash does. A reset tries again.
#[panic_handler]
fn panic(_info: &PanicInfo<'_>) -> ! {
    cortex_m::peripheral::SCB::sys_reset()
}

//! Watchdog timer (data sheet, chapter 11).
//!
//! It counts down; at zero it interrupts, and if nobody has fed it by the second zero it resets the chip. The interrupt is for last
//! words: it is the most urgent of all, so that it comes through whatever is stuck, but for a loop with interrupts off.

use super::clock::SYSTEM_HZ;
use super::registers::{Register, irq};

const WATCHDOG: u32 = 0x4000_0000;
const WDTLOAD: Register = Register::at(WATCHDOG, 0x000);
const WDTCTL: Register = Register::at(WATCHDOG, 0x008);
/// Interrupt on; it cannot be switched off again but by a reset.
const CTL_INTEN: u32 = 1 << 0;
const CTL_RESEN: u32 = 1 << 1;
/// Any write clears the interrupt and starts the count anew.
const WDTICR: Register = Register::at(WATCHDOG, 0x00C);
const WDTTEST: Register = Register::at(WATCHDOG, 0x418);
/// Does not count while a debugger has stopped the core. QEMU says that it lacks this.
const TEST_STALL: u32 = 1 << 8;
const WDTLOCK: Register = Register::at(WATCHDOG, 0xC00);
const LOCK_OPEN: u32 = 0x1ACC_E551;
const LOCK_SHUT: u32 = 0;

/// From the last feeding to the interrupt. Loops may be silent for four seconds (`health::pulse`); under QEMU the board's time goes
/// on while a busy computer does not let it run, and that should not count as death.
const SECONDS: u32 = 8;

/// Starts it. It runs from now on, whatever happens.
pub(super) fn start() {
    unlocked(|| {
        WDTLOAD.write(SECONDS * SYSTEM_HZ);
        WDTTEST.write(TEST_STALL);
        // In one: with the interrupt on, QEMU ignores what else is written, for it "cannot be switched off".
        WDTCTL.write(CTL_INTEN | CTL_RESEN);
    });
    irq::WATCHDOG.enable_before_all();
}

/// Starts the count anew.
pub(super) fn feed() {
    unlocked(|| WDTICR.write(0));
}

/// Opens the lock that keeps runaway code from the registers.
fn unlocked(change: impl FnOnce()) {
    critical_section::with(|_| {
        WDTLOCK.write(LOCK_OPEN);
        change();
        WDTLOCK.write(LOCK_SHUT);
    });
}

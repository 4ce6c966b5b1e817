//! The stack: a guard that faults where it ends, and paint that shows how far it has come.
//!
//! flip-link puts the variables above the stack, so that it grows towards the start of RAM and cannot reach them. Below RAM
//! there is nothing: the chip faults there; QEMU does not, so that the guard is needed to see an overflow in either place.

use cortex_m::register::msp;

use super::registers::Register;

/// Memory protection unit (Armv7-M ARM, B3.5).
const MPU_CTRL: Register = Register::at(0xE000_ED94, 0);
const MPU_RNR: Register = Register::at(0xE000_ED98, 0);
const MPU_RBAR: Register = Register::at(0xE000_ED9C, 0);
const MPU_RASR: Register = Register::at(0xE000_EDA0, 0);
/// On, with the usual memory map for everything outside the regions, and off during `HardFault`.
const CTRL_ON: u32 = (1 << 0) | (1 << 2);
/// Bytes without access at the lowest end of the stack.
const GUARD: u32 = 256;
/// No access, no execution, on; the size is 2^(n+1).
const fn no_access(n: u32) -> u32 {
    (1 << 28) | (n << 1) | 1
}
/// What a function with large locals reaches when it steps over the guard: the 64 KiB below.
const BELOW: u32 = 64 * 1024;

/// What is painted over the free stack.
const PAINT: u32 = 0x5AFE_57AC;
/// Stack of the painter itself: nothing below its frame is in use, and the frame is smaller than this.
const OWN_FRAME: u32 = 128;

unsafe extern "C" {
    /// The lowest address of the stack, from the linker. Its address is its value.
    static _stack_end: u32;
}

fn end() -> u32 {
    (&raw const _stack_end as u32).next_multiple_of(GUARD)
}

/// The lowest address that the stack may use.
pub(super) fn lowest() -> u32 {
    end() + GUARD
}

/// Whether an access of `address` is one of a stack that is too long.
pub(super) fn is_overflow(address: u32) -> bool {
    (end() - BELOW..lowest()).contains(&address)
}

/// Forbids the lowest bytes that the stack could grow into, and those below.
pub(super) fn guard() {
    for (region, base, access) in [
        (0, end(), no_access(7)),
        (1, end().next_multiple_of(BELOW) - BELOW, no_access(15)),
    ] {
        MPU_RNR.write(region);
        MPU_RBAR.write(base);
        MPU_RASR.write(access);
    }
    MPU_CTRL.write(CTRL_ON);
    cortex_m::asm::dsb();
    cortex_m::asm::isb();
}

/// Tests the free part of the stack, and paints it. To be called before interrupts are on. `false` if the memory does not hold
/// what is written to it.
#[inline(never)]
pub(super) fn test_and_paint() -> bool {
    let free = || (lowest()..msp::read() - OWN_FRAME).step_by(4);
    let mut holds = true;
    // Each word's address and its complement: a line that is stuck or shorted shows as a word that is somewhere else.
    for pattern in [|address: u32| address, |address: u32| !address, |_| PAINT] {
        for address in free() {
            // SAFETY: aligned RAM between the guard and the frame of this function; nobody uses it now.
            unsafe { core::ptr::write_volatile(address as *mut u32, pattern(address)) };
        }
        for address in free() {
            // SAFETY: the same memory.
            holds &= unsafe { core::ptr::read_volatile(address as *const u32) } == pattern(address);
        }
    }
    holds
}

/// Bytes of the stack that were never used since they were painted.
pub(super) fn free() -> u32 {
    let (lowest, now) = (lowest(), msp::read());
    let used = (lowest..now)
        .step_by(4)
        // SAFETY: aligned RAM; words that the stack uses are read as they are and only compared.
        .find(|&address| unsafe { core::ptr::read_volatile(address as *const u32) } != PAINT);
    used.unwrap_or(now) - lowest
}

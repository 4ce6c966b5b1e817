//! The stack's paint, which shows how far it has come.

use cortex_m::register::msp;

/// What is painted over the free stack.
const PAINT: u32 = 0x5AFE_57AC;
/// Stack of the painter itself: nothing below its frame is in use, and the frame is smaller than this.
const OWN_FRAME: u32 = 128;

unsafe extern "C" {
    /// The lowest address of the stack, from the linker. Its address is its value.
    static _stack_end: u32;
}

fn lowest() -> u32 {
    (&raw const _stack_end as u32).next_multiple_of(4)
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
            // SAFETY: aligned memory between the variables and the frame of this function; nobody uses it now.
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
        // SAFETY: aligned memory; words that the stack uses are read as they are and only compared.
        .find(|&address| unsafe { core::ptr::read_volatile(address as *const u32) } != PAINT);
    used.unwrap_or(now) - lowest
}

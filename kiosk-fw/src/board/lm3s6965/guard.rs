//! A stack that grows too far must fault at once instead of changing variables below it.

use super::registers::Register;

/// Memory protection unit (Armv7-M ARM, B3.5).
const MPU_CTRL: Register = Register::at(0xE000_ED94, 0);
const MPU_RNR: Register = Register::at(0xE000_ED98, 0);
const MPU_RBAR: Register = Register::at(0xE000_ED9C, 0);
const MPU_RASR: Register = Register::at(0xE000_EDA0, 0);
/// On, with the usual memory map for everything outside the regions, and off during `HardFault`.
const CTRL_ON: u32 = (1 << 0) | (1 << 2);
/// Bytes without access: more than any single push of a function without large locals.
const GUARD: u32 = 256;
/// No access, no execution, size 2^(7+1), on.
const RASR_GUARD: u32 = (1 << 28) | (7 << 1) | 1;

unsafe extern "C" {
    /// The end of the variables, from cortex-m-rt's linker script. Its address is its value.
    static _stack_end: u32;
}

/// The lowest address that the stack may use.
#[cfg(feature = "measure")]
pub(super) fn lowest() -> u32 {
    (&raw const _stack_end as u32).next_multiple_of(GUARD) + GUARD
}

/// Forbids the lowest bytes that the stack could grow into.
pub(super) fn start() {
    let end = &raw const _stack_end as u32;
    MPU_RNR.write(0);
    MPU_RBAR.write(end.next_multiple_of(GUARD));
    MPU_RASR.write(RASR_GUARD);
    MPU_CTRL.write(CTRL_ON);
    cortex_m::asm::dsb();
    cortex_m::asm::isb();
}

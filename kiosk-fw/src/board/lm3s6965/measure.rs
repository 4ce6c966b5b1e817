//! Counts instructions and stack, under QEMU with `-icount`: for programs that measure, not for those that ship.
//!
//! With `-icount shift=N` an instruction takes 2^N ns of the board's time, whatever it is, so a timer counts
//! instructions and each run gives the same figures. `SysTick` ticks every 20 ns: from `shift=5` on, its resolution is
//! one instruction.

use core::arch::asm;

use cortex_m::register::msp;

use super::registers::Register;
use super::{clock, stack};

/// `SysTick` (Armv7-M ARM, B3.3): control and status, reload value, current value.
const SYST_CSR: Register = Register::at(0xE000_E010, 0);
const SYST_RVR: Register = Register::at(0xE000_E014, 0);
const SYST_CVR: Register = Register::at(0xE000_E018, 0);
/// On, from the core's clock, without its exception.
const SYST_CSR_COUNT: u32 = (1 << 0) | (1 << 2);
const COUNTER_MASK: u32 = (1 << 24) - 1;

/// Length of the loop that instructions are measured by. Calling it takes a few more, which the difference of two runs
/// does not have.
const CALIBRATION: u32 = 100_000;

/// What is painted over the free stack, and where it has gone afterwards.
const PAINT: u32 = 0x5AFE_57AC;
/// How far down the stack is painted. The link needs far less; the guard lies below.
const PAINTED: u32 = 8 * 1024;
/// Stack of the painter itself.
const OWN_FRAME: u32 = 128;

/// Measures how much a piece of work takes.
pub trait Meter {
    /// Does the work once, and says how much it took.
    fn measure(&self, work: &mut dyn FnMut()) -> u32;
}

/// Counts instructions.
pub struct Instructions {
    /// `SysTick`'s ticks for [`CALIBRATION`] instructions.
    ticks: u32,
    /// What measuring nothing takes, in ticks.
    overhead: u32,
}

impl Instructions {
    /// Starts the clock and calibrates. To be called once, first of all.
    pub fn start() -> Self {
        stack::guard();
        clock::start();
        SYST_RVR.write(COUNTER_MASK);
        SYST_CVR.write(0);
        SYST_CSR.write(SYST_CSR_COUNT);
        let once = ticks(&mut || instructions(CALIBRATION));
        let twice = ticks(&mut || instructions(2 * CALIBRATION));
        Self {
            ticks: twice - once,
            overhead: ticks(&mut || {}),
        }
    }

    /// Ticks of the timer for a thousand instructions: below 1000 the resolution is worse than one instruction.
    pub fn ticks_per_thousand(&self) -> u32 {
        self.ticks / (CALIBRATION / 1_000)
    }

    /// What a loop of `count` instructions, an even number, measures; those to call it included.
    pub fn of_loop(&self, count: u32) -> u32 {
        self.measure(&mut || instructions(count))
    }
}

impl Meter for Instructions {
    /// The work must take fewer than ten million.
    fn measure(&self, work: &mut dyn FnMut()) -> u32 {
        let ticks = u64::from(ticks(work).saturating_sub(self.overhead));
        ((ticks * u64::from(CALIBRATION) + u64::from(self.ticks) / 2) / u64::from(self.ticks)) as u32
    }
}

/// A loop of so many instructions, an even number.
#[inline(never)]
fn instructions(count: u32) {
    let rounds = (count / 2).max(1);
    // SAFETY: it changes nothing but its own register and the flags, which the compiler takes as changed.
    unsafe {
        asm!("2:", "subs {0}, #1", "bne 2b", inout(reg) rounds => _, options(nomem, nostack));
    }
}

#[inline(never)]
fn ticks(work: &mut dyn FnMut()) -> u32 {
    let start = SYST_CVR.read();
    work();
    let end = SYST_CVR.read();
    start.wrapping_sub(end) & COUNTER_MASK
}

/// Finds how deep the stack grows, in bytes.
pub struct Stack;

impl Meter for Stack {
    #[inline(never)]
    fn measure(&self, work: &mut dyn FnMut()) -> u32 {
        let top = msp::read();
        let bottom = stack::lowest().max(top - PAINTED);
        for address in (bottom..top - OWN_FRAME).step_by(4) {
            // SAFETY: between the guard and the frame of this function the stack is free. `OWN_FRAME` is more than the
            // compiler may use below the stack pointer, which is nothing; no interrupt is enabled in these programs.
            unsafe { core::ptr::write_volatile(address as *mut u32, PAINT) };
        }
        work();
        let lowest = (bottom..top)
            .step_by(4)
            // SAFETY: the same memory, which is always mapped and aligned.
            .find(|&address| unsafe { core::ptr::read_volatile(address as *const u32) } != PAINT)
            .unwrap_or(top);
        top - lowest
    }
}

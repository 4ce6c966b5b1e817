//! How the firmware ends: with a record of why, and a reset.
//!
//! A kiosk in a hall has nobody to press its button, so the board always comes back by itself; the next start tells the host.

use core::arch::naked_asm;
use core::fmt;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, Ordering};

use cortex_m_rt::exception;
use embassy_time::Instant;
use protocol::message::ResetCause;

use super::registers::Register;
use super::{PULSE, clock, kept, stack};
use crate::health::kept::Place;

/// Configurable fault status, and the addresses of memory management and bus faults (Armv7-M ARM, B3.2.15 to B3.2.18).
const CFSR: Register = Register::at(0xE000_ED28, 0);
const CFSR_MMARVALID: u32 = 1 << 7;
const CFSR_BFARVALID: u32 = 1 << 15;
const MMFAR: Register = Register::at(0xE000_ED34, 0);
const BFAR: Register = Register::at(0xE000_ED38, 0);

/// Words of an exception's frame (Armv7-M ARM, B1.5.6): r0 to r3, r12, lr, pc, xpsr.
const FRAME: u32 = 8;
const FRAME_LR: u32 = 5;
const FRAME_PC: u32 = 6;
/// RAM (data sheet, 2.4).
const RAM: core::ops::Range<u32> = 0x2000_0000..0x2001_0000;
/// A firmware that ends sooner than this waits before it starts again, so that one that cannot live does not drown the host in restarts.
const SHORT_LIFE_MS: u64 = 10_000;

/// Ends on request, or for a new firmware.
pub(super) fn restart(why: ResetCause) -> ! {
    end(why, &Place::default(), format_args!(""))
}

/// Leaves a record and starts anew.
fn end(cause: ResetCause, place: &Place, words: fmt::Arguments<'_>) -> ! {
    cortex_m::interrupt::disable();
    let uptime = Instant::now().as_millis();
    kept::with(|kept| kept.end(cause, uptime, place, words));
    if cfg!(any(feature = "measure", feature = "on-target")) {
        // A program that measures or tests has nothing to come back for, and somebody waits for its end.
        semihosting::process::exit(101);
    }
    if uptime < SHORT_LIFE_MS && cause != ResetCause::Requested {
        cortex_m::asm::delay(clock::SYSTEM_HZ);
    }
    cortex_m::peripheral::SCB::sys_reset()
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    cortex_m::interrupt::disable();
    defmt::error!("{}", defmt::Display2Format(info));
    let place = Place::default();
    let Some(location) = info.location() else {
        end(ResetCause::Panic, &place, format_args!("{}", info.message()))
    };
    let file = crate::health::below_sources(location.file());
    let line = location.line();
    end(
        ResetCause::Panic,
        &place,
        format_args!("{file}:{line}: {}", info.message()),
    )
}

/// defmt's own panics have been logged already.
#[defmt::panic_handler]
fn logged_panic() -> ! {
    end(
        ResetCause::Panic,
        &Place::default(),
        format_args!("its words are in the log"),
    )
}

#[exception]
unsafe fn DefaultHandler(interrupt: i16) {
    panic!("interrupt {interrupt} has no handler");
}

/// Any fault comes here, that of a stack which grew into its guard among them: `MemManage` is left disabled on purpose, because
/// the MPU does not act during `HardFault` (HFNMIENA = 0).
///
/// A handler needs a stack. One that is used up is thrown away: there is no way back. `0x2000_0800` leaves the handler 1.75 KiB above
/// the guard, more than it needs.
// SAFETY: cortex-m-rt's vector table expects exactly this symbol, and nothing else defines it; it is entered only by the core, and
// hands over to a function that never returns.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn HardFault() -> ! {
    naked_asm!(
        "mrs r0, MSP",
        "movw r1, #0x0800",
        "movt r1, #0x2000",
        "cmp r0, r1",
        "blo 2f",
        // A question to a debugger (the instruction BKPT 0xAB, ARM's semihosting) that no debugger took: HFSR.DEBUGEVT (Armv7-M
        // ARM, B3.2.16); QEMU says FORCED. It is answered with -1, which is "no", and noted, so that the log asks no more.
        "movw r2, #0xED2C",
        "movt r2, #0xE000",
        "ldr r3, [r2]",
        "lsrs r3, r3, #30",
        "beq 1f",
        // The stacked program counter, if it points into flash (data sheet, 2.4).
        "ldr r1, [r0, #24]",
        "cmp r1, #0x40000",
        "bhs 1f",
        "ldrh r12, [r1]",
        "movw r3, #0xBEAB",
        "cmp r12, r3",
        "bne 1f",
        "adds r1, #2",
        "str r1, [r0, #24]",
        "mov r3, #-1",
        "str r3, [r0]",
        "mov r3, #0xC0000000",
        "str r3, [r2]",
        "movw r1, :lower16:{alone}",
        "movt r1, :upper16:{alone}",
        "movs r3, #1",
        "strb r3, [r1]",
        "bx lr",
        "2: movw r1, :lower16:_stack_start",
        "movt r1, :upper16:_stack_start",
        "msr MSP, r1",
        "1: b {handler}",
        handler = sym on_fault,
        alone = sym ALONE,
    )
}

/// A debugger was asked something, and there is none.
static ALONE: AtomicBool = AtomicBool::new(false);

/// Whether it is known that no debugger listens.
pub(super) fn nobody_listens() -> bool {
    ALONE.load(Ordering::Relaxed)
}

extern "C" fn on_fault(frame: u32) -> ! {
    let status = CFSR.read();
    let address = if status & CFSR_MMARVALID != 0 {
        MMFAR.read()
    } else if status & CFSR_BFARVALID != 0 {
        BFAR.read()
    } else {
        0
    };
    let (pc, lr) = stacked(frame);
    defmt::error!(
        "fault: CFSR {=u32:#010x} address {=u32:#010x} pc {=u32:#010x} stack {=u32:#010x}",
        status,
        address,
        pc,
        frame
    );
    // A frame that could not be stacked has no address, but lies where the stack ends.
    let overflow = stack::is_overflow(address) || stack::is_overflow(frame);
    let place = Place {
        tasks: 0,
        pc,
        lr,
        fault_status: status,
        address: if overflow && address == 0 { frame } else { address },
    };
    let cause = if overflow {
        ResetCause::StackOverflow
    } else {
        ResetCause::Fault
    };
    end(cause, &place, format_args!(""))
}

/// The watchdog's first expiry: nobody has fed it.
// SAFETY: entered only by the core, through the vector table; hands over to a function that never returns.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn on_watchdog() {
    naked_asm!("mrs r0, MSP", "b {handler}", handler = sym on_bite)
}

extern "C" fn on_bite(frame: u32) -> ! {
    let tasks = PULSE.to_blame(Instant::now().as_millis() as u32);
    let (pc, lr) = stacked(frame);
    defmt::error!("watchdog: tasks {=u16:#06b} pc {=u32:#010x}", tasks, pc);
    let place = Place {
        tasks,
        pc,
        lr,
        ..Place::default()
    };
    end(ResetCause::Watchdog, &place, format_args!(""))
}

/// Program counter and link register of the exception's frame at `frame`; 0 where there is none.
fn stacked(frame: u32) -> (u32, u32) {
    let whole = RAM.contains(&frame) && RAM.contains(&(frame + FRAME * 4 - 1)) && frame.is_multiple_of(4);
    if !whole {
        return (0, 0);
    }
    // SAFETY: aligned RAM, which is only looked at.
    let word = |place: u32| unsafe { core::ptr::read_volatile((frame + place * 4) as *const u32) };
    (word(FRAME_PC), word(FRAME_LR))
}

/// Asks the core for an instruction that it does not have.
#[cfg(feature = "endings")]
pub(super) fn undefined() {
    // SAFETY: permanently undefined by the architecture (Armv7-M ARM, A7.7.194), so that it faults and never comes back.
    unsafe { core::arch::asm!("udf #7") }
}

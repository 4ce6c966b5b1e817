//! How a firmware ends, and what it leaves for its next start.
//!
//! The chip's watchdog has no interrupt before it resets: when it bites there are no last words, only the seconds that the firmware had
//! run. A stack that outgrows its place runs below memory, where the fault's own frame has no room either: the core locks up and the
//! watchdog ends that too.

use core::arch::naked_asm;
use core::cell::RefCell;
use core::fmt;
use core::panic::PanicInfo;

use cortex_m_rt::exception;
use embassy_rp::Peri;
use embassy_rp::peripherals::WATCHDOG;
use embassy_rp::watchdog::{ResetReason, Watchdog};
use embassy_sync::blocking_mutex::CriticalSectionMutex;
use embassy_time::{Duration, Instant};
use protocol::message::ResetCause;

use super::flash_map::{KEPT, KEPT_LEN};
use crate::health::kept::{Kept, Place};

/// From the last feeding to the reset: the longest that the chip can wait is 8.3 s (data sheet, 4.7.2 and erratum E1).
const PATIENCE: Duration = Duration::from_secs(8);
/// Words of an exception's frame (Armv6-M ARM, B1.5.6): r0 to r3, r12, lr, pc, xpsr.
const FRAME_LR: u32 = 5;
const FRAME_PC: u32 = 6;
const FRAME: u32 = 8;
/// Memory (data sheet, 2.6.2).
const MEMORY: core::ops::Range<u32> = 0x2000_0000..0x2004_2000;

static DOG: CriticalSectionMutex<RefCell<Option<Watchdog>>> = CriticalSectionMutex::new(RefCell::new(None));

/// Starts the watchdog, and says what the chip knows of the reason for this start.
pub(super) fn start(watchdog: Peri<'static, WATCHDOG>) -> ResetCause {
    let mut dog = Watchdog::new(watchdog);
    let cause = match dog.reset_reason() {
        // The reason is cleared only by power and the reset line.
        None => ResetCause::PowerOn,
        Some(ResetReason::TimedOut) => ResetCause::Watchdog,
        Some(ResetReason::Forced) => ResetCause::Unknown,
    };
    dog.pause_on_debug(true);
    dog.start(PATIENCE);
    DOG.lock(|place| place.replace(Some(dog)));
    cause
}

/// The board is well for now.
pub(super) fn feed_watchdog() {
    DOG.lock(|dog| {
        if let Some(dog) = dog.borrow_mut().as_mut() {
            dog.feed(PATIENCE);
        }
    });
    kept(|kept| kept.still_alive(Instant::now().as_secs() as u32));
}

/// Reads or changes what a reset leaves alone, undisturbed by interrupts.
///
/// At a fixed address rather than in a section, so that the next firmware finds what this one left.
pub(super) fn kept<T>(look: impl FnOnce(&mut Kept) -> T) -> T {
    const {
        assert!(size_of::<Kept>() <= KEPT_LEN as usize && (KEPT as usize).is_multiple_of(align_of::<Kept>()));
    }
    critical_section::with(|_| {
        let kept = core::ptr::with_exposed_provenance_mut::<Kept>(KEPT as usize);
        // SAFETY: it is memory, aligned, and the linker is not told of it; any bytes are a `Kept`. Nobody else makes a reference to it,
        // and none outlives this call: `look` cannot be interrupted but by a fault, which never comes back.
        look(unsafe { &mut *kept })
    })
}

/// Ends on request, or for a new firmware.
pub(super) fn restart(why: ResetCause) -> ! {
    end(why, &Place::default(), format_args!(""))
}

/// Leaves a record and starts anew, through the bootloader.
fn end(cause: ResetCause, place: &Place, words: fmt::Arguments<'_>) -> ! {
    cortex_m::interrupt::disable();
    let uptime = Instant::now().as_millis();
    kept(|kept| kept.end(cause, uptime, place, words));
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

/// Any fault comes here. Armv6-M keeps no register that says why.
// SAFETY: cortex-m-rt's vector table expects exactly this symbol, and nothing else defines it; it is entered only by the core, and
// hands over to a function that never returns.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn HardFault() -> ! {
    naked_asm!("mrs r0, MSP", "bl {handler}", handler = sym on_fault)
}

extern "C" fn on_fault(frame: u32) -> ! {
    let (pc, lr) = stacked(frame);
    defmt::error!("fault: pc {=u32:#010x} stack {=u32:#010x}", pc, frame);
    let place = Place {
        pc,
        lr,
        ..Place::default()
    };
    end(ResetCause::Fault, &place, format_args!(""))
}

/// Program counter and link register of the exception's frame at `frame`; 0 where there is none.
fn stacked(frame: u32) -> (u32, u32) {
    let whole =
        MEMORY.contains(&frame) && MEMORY.contains(&(frame + FRAME * 4 - 1)) && frame.is_multiple_of(4);
    if !whole {
        return (0, 0);
    }
    // SAFETY: aligned memory, which is only looked at.
    let word = |place: u32| unsafe { core::ptr::read_volatile((frame + place * 4) as *const u32) };
    (word(FRAME_PC), word(FRAME_LR))
}

//! The clock that never goes backwards, and its alarm: embassy's time driver.
//!
//! `SysTick` counts the 50 MHz system clock freely in 24 bits, a wrap every 0.336 s; the wraps are counted by its exception.
//! The alarm is general-purpose timer 0 in its 32-bit one-shot mode (data sheet, chapter 10). Its running value cannot be the
//! clock, because QEMU reads it as 0; `SysTick` cannot be the alarm as well, because reloading it loses ticks.

use core::cell::RefCell;
use core::sync::atomic::{AtomicU32, Ordering};
use core::task::Waker;

use critical_section::{CriticalSection, Mutex};
use embassy_time_driver::{Driver, time_driver_impl};
use embassy_time_queue_utils::Queue;

use super::clock::TICKS_PER_MICROSECOND;
use super::registers::{Register, irq};

/// `SysTick` (Armv7-M ARM, B3.3): control and status, reload value, current value.
const SYST_CSR: Register = Register::at(0xE000_E010, 0);
const SYST_RVR: Register = Register::at(0xE000_E014, 0);
const SYST_CVR: Register = Register::at(0xE000_E018, 0);
const SYST_CSR_ENABLE: u32 = 1 << 0;
const SYST_CSR_TICKINT: u32 = 1 << 1;
const SYST_CSR_CORE_CLOCK: u32 = 1 << 2;
/// Interrupt control and state (Armv7-M ARM, B3.2.4): `SysTick`'s exception is pending.
const ICSR: Register = Register::at(0xE000_ED04, 0);
const ICSR_PENDSTSET: u32 = 1 << 26;
const COUNTER_BITS: u32 = 24;
const COUNTER_MASK: u32 = (1 << COUNTER_BITS) - 1;

/// General-purpose timer 0 (data sheet, 10.5).
const TIMER0: u32 = 0x4003_0000;
const GPTMCFG: Register = Register::at(TIMER0, 0x000);
const GPTMTAMR: Register = Register::at(TIMER0, 0x004);
const GPTMCTL: Register = Register::at(TIMER0, 0x00C);
const GPTMIMR: Register = Register::at(TIMER0, 0x018);
const GPTMICR: Register = Register::at(TIMER0, 0x024);
const GPTMTAILR: Register = Register::at(TIMER0, 0x028);
const CFG_32_BIT: u32 = 0;
const TAMR_ONE_SHOT: u32 = 1;
const CTL_TAEN: u32 = 1 << 0;
/// Timer A time-out, in the mask and in the clear register.
const TATO: u32 = 1 << 0;
/// The longest that one shot can be set for: the 32-bit counter holds 85 s. A later alarm takes several shots.
const LONGEST_SHOT_US: u64 = 60_000_000;

struct Clock {
    /// Wraps of the 24-bit counter since start: good for 45 years.
    wraps: AtomicU32,
    queue: Mutex<RefCell<Queue>>,
}

time_driver_impl!(static CLOCK: Clock = Clock {
    wraps: AtomicU32::new(0),
    queue: Mutex::new(RefCell::new(Queue::new())),
});

/// Starts counting. Before this call `now` waits for ever.
pub(super) fn start() {
    SYST_RVR.write(COUNTER_MASK);
    SYST_CVR.write(0);
    irq::put_systick_second();
    SYST_CSR.write(SYST_CSR_ENABLE | SYST_CSR_TICKINT | SYST_CSR_CORE_CLOCK);
    GPTMCTL.write(0);
    GPTMCFG.write(CFG_32_BIT);
    GPTMTAMR.write(TAMR_ONE_SHOT);
    GPTMICR.write(TATO);
    GPTMIMR.write(TATO);
    irq::TIMER0A.enable();
}

impl Clock {
    /// Core clocks since start.
    fn ticks(&self) -> u64 {
        critical_section::with(|_| {
            let wraps = self.wraps.load(Ordering::Relaxed);
            loop {
                let count = SYST_CVR.read();
                if ICSR.read() & ICSR_PENDSTSET != 0 {
                    // It wrapped and the exception has yet to count that. The first reading may be older than the
                    // wrap, one made now is not.
                    let position = SYST_CVR.read().wrapping_neg() & COUNTER_MASK;
                    return (u64::from(wraps.wrapping_add(1)) << COUNTER_BITS) | u64::from(position);
                }
                // At 0 the wrap is about to be pending or has just been counted, and nothing tells which: wait
                // out that tick. QEMU stays at 0 for as long as its own timer is late.
                if count != 0 {
                    let position = count.wrapping_neg() & COUNTER_MASK;
                    return (u64::from(wraps) << COUNTER_BITS) | u64::from(position);
                }
            }
        })
    }

    /// Sets the alarm for `at` (µs since start). False if that has passed.
    fn set_alarm(&self, at: u64) -> bool {
        GPTMCTL.write(0);
        GPTMICR.write(TATO);
        if at == u64::MAX {
            return true;
        }
        let now = self.now();
        if at <= now {
            return false;
        }
        let microseconds = (at - now).min(LONGEST_SHOT_US);
        GPTMTAILR.write((microseconds * TICKS_PER_MICROSECOND) as u32);
        GPTMCTL.write(CTL_TAEN);
        true
    }

    /// Wakes whoever is due and sets the alarm for the next.
    fn run_queue(&self, section: CriticalSection<'_>) {
        let mut queue = self.queue.borrow(section).borrow_mut();
        let mut next = queue.next_expiration(self.now());
        while !self.set_alarm(next) {
            next = queue.next_expiration(self.now());
        }
    }
}

impl Driver for Clock {
    fn now(&self) -> u64 {
        self.ticks() / TICKS_PER_MICROSECOND
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        critical_section::with(|section| {
            let sooner = self.queue.borrow(section).borrow_mut().schedule_wake(at, waker);
            if sooner {
                self.run_queue(section);
            }
        });
    }
}

/// `SysTick` wrapped.
#[cortex_m_rt::exception]
fn SysTick() {
    // Load and store are enough: only this exception writes.
    CLOCK.wraps.store(
        CLOCK.wraps.load(Ordering::Relaxed).wrapping_add(1),
        Ordering::Relaxed,
    );
}

/// The alarm rang.
pub(super) extern "C" fn on_alarm() {
    GPTMICR.write(TATO);
    critical_section::with(|section| CLOCK.run_queue(section));
}

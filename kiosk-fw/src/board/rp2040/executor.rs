//! embassy's executor, with the time that it works and sleeps taken.

use core::sync::atomic::{AtomicBool, Ordering};

use embassy_executor::{Spawner, raw};
use static_cell::StaticCell;

/// Somebody woke a task since the executor was last polled.
static WORK: AtomicBool = AtomicBool::new(false);
static EXECUTOR: StaticCell<raw::Executor> = StaticCell::new();

/// embassy calls this when a task becomes ready, from tasks and from interrupts.
// SAFETY: embassy-executor declares exactly this symbol and signature, and nothing else defines it.
#[unsafe(export_name = "__pender")]
fn pender(_context: *mut ()) {
    WORK.store(true, Ordering::Relaxed);
}

/// Runs tasks for ever. `start` spawns the first.
pub(super) fn run(start: impl FnOnce(Spawner)) -> ! {
    let executor: &'static raw::Executor = EXECUTOR.init(raw::Executor::new(core::ptr::null_mut()));
    start(executor.spawner());
    loop {
        // SAFETY: called from this one loop only, never reentrantly, as `poll` demands.
        unsafe { executor.poll() };
        cortex_m::interrupt::disable();
        // Armv6-M has no swap; with interrupts off and one core at work none is needed.
        if WORK.load(Ordering::Relaxed) {
            WORK.store(false, Ordering::Relaxed);
        } else {
            cortex_m::asm::wfi();
        }
        // SAFETY: this loop runs outside every critical section, so none is broken by enabling interrupts.
        unsafe { cortex_m::interrupt::enable() };
    }
}

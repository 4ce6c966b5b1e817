//! embassy's executor, with the time that it works and sleeps taken.

use core::cell::Cell;
use core::sync::atomic::{AtomicBool, Ordering};

use critical_section::Mutex;
use embassy_executor::{Spawner, raw};
use static_cell::StaticCell;

use crate::health::load::Load;
use crate::link_port::now;

/// Somebody woke a task since the executor was last polled.
static WORK: AtomicBool = AtomicBool::new(false);
static EXECUTOR: StaticCell<raw::Executor> = StaticCell::new();

/// What the loop has counted, as of its last turn.
static LOAD: Mutex<Cell<Load>> = Mutex::new(Cell::new(Load::new()));

/// How much of the time is work.
pub(super) fn load() -> Load {
    critical_section::with(|section| LOAD.borrow(section).get())
}

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
    let mut load = Load::new();
    loop {
        let begun = now();
        // SAFETY: called from this one loop only, never reentrantly, as `poll` demands.
        unsafe { executor.poll() };
        let done = now();
        load.worked(done - begun);
        critical_section::with(|section| LOAD.borrow(section).set(load));
        cortex_m::interrupt::disable();
        // Armv6-M has no swap; with interrupts off and one core at work none is needed.
        if WORK.load(Ordering::Relaxed) {
            WORK.store(false, Ordering::Relaxed);
        } else {
            cortex_m::asm::wfi();
            // Before interrupts are on again: what they do is work.
            let woken = now();
            load.slept(woken, woken - done);
        }
        // SAFETY: this loop runs outside every critical section, so none is broken by enabling interrupts.
        unsafe { cortex_m::interrupt::enable() };
    }
}

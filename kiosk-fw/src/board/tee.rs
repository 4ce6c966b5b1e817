//! One entry of defmt's log to two places: the board's own transport, and the ring for the link.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, Ordering};

use crate::log;

/// What a board's `#[defmt::global_logger]` is made of: it calls the three functions as `defmt::Logger` asks for them.
pub struct Tee {
    /// An entry is being written: the rest belongs to whoever writes it.
    taken: AtomicBool,
    /// What to restore when it ends.
    restore: UnsafeCell<critical_section::RestoreState>,
    encoder: UnsafeCell<defmt::Encoder>,
    /// The board's own transport.
    transport: fn(&[u8]),
}

// SAFETY: the cells are only touched between `acquire` and `release`, inside a critical section, and `acquire` lets nobody in
// a second time.
unsafe impl Sync for Tee {}

impl Tee {
    /// A tee into `transport`.
    pub const fn new(transport: fn(&[u8])) -> Self {
        Self {
            taken: AtomicBool::new(false),
            restore: UnsafeCell::new(critical_section::RestoreState::invalid()),
            encoder: UnsafeCell::new(defmt::Encoder::new()),
            transport,
        }
    }

    /// Begins an entry.
    ///
    /// # Panics
    /// If one is being written.
    pub fn acquire(&self) {
        // SAFETY: `release` ends it; defmt calls it once for each `acquire`.
        let restore = unsafe { critical_section::acquire() };
        // Load and store instead of a swap: the Cortex-M0+ has none, and nothing comes between them here.
        assert!(!self.taken.load(Ordering::Relaxed), "an entry inside an entry");
        self.taken.store(true, Ordering::Relaxed);
        // SAFETY: inside the critical section, and nobody else is here.
        unsafe {
            self.restore.get().write(restore);
            (*self.encoder.get()).start_frame(|bytes| self.put(bytes));
        }
    }

    /// Appends to the entry.
    ///
    /// # Safety
    /// Between `acquire` and `release` only.
    pub unsafe fn write(&self, bytes: &[u8]) {
        // SAFETY: as the caller promises, inside the critical section.
        unsafe { (*self.encoder.get()).write(bytes, |bytes| self.put(bytes)) };
    }

    /// Ends the entry.
    ///
    /// # Safety
    /// After `acquire` only, once.
    pub unsafe fn release(&self) {
        // SAFETY: as the caller promises, inside the critical section, which ends here.
        unsafe {
            (*self.encoder.get()).end_frame(|bytes| self.put(bytes));
            log::entry_ends();
            let restore = self.restore.get().read();
            self.taken.store(false, Ordering::Relaxed);
            critical_section::release(restore);
        }
    }

    fn put(&self, bytes: &[u8]) {
        (self.transport)(bytes);
        log::keep(bytes);
    }
}

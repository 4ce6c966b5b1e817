//! defmt's log: through semihosting to a debugger or QEMU, and into the ring for the link.

use core::cell::RefCell;

use critical_section::Mutex;
use semihosting::io::{Stdout, Write, stdout};

use super::ending::nobody_listens;
use crate::board::tee::Tee;

#[defmt::global_logger]
struct Logger;

/// Where the debugger writes, once it was asked.
static OUT: Mutex<RefCell<Option<Stdout>>> = Mutex::new(RefCell::new(None));

static TEE: Tee = Tee::new(|bytes| {
    if nobody_listens() {
        return;
    }
    critical_section::with(|section| {
        let mut out = OUT.borrow_ref_mut(section);
        if out.is_none() {
            *out = stdout().ok();
        }
        // A log that nobody takes is no reason to stop.
        if let Some(out) = out.as_mut() {
            let _ = out.write_all(bytes);
        }
    });
});

// SAFETY: `Tee` does what the trait asks for: entries exclude each other by a critical section.
unsafe impl defmt::Logger for Logger {
    fn acquire() {
        TEE.acquire();
    }

    unsafe fn flush() {
        // Semihosting returns when the bytes are written.
    }

    unsafe fn release() {
        // SAFETY: defmt calls it once after each `acquire`.
        unsafe { TEE.release() };
    }

    unsafe fn write(bytes: &[u8]) {
        // SAFETY: defmt calls it between the two.
        unsafe { TEE.write(bytes) };
    }
}

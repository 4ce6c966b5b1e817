//! The board that this thread is at the moment: what an application asks of its board without having it in hand.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use kiosk_fw::board::{LastEnd, Vitals};
use kiosk_fw::health::Pulse;
use protocol::message::ResetCause;

use crate::bay::Bay;
use crate::uart::Uart;

/// What a board knows of itself.
#[derive(Debug)]
pub(crate) struct Present {
    pub(crate) host: Rc<Uart>,
    pub(crate) device: Rc<Uart>,
    pub(crate) pulse: &'static Pulse,
    /// The flash, if the board's firmware can be changed.
    pub(crate) bay: Option<Bay>,
    /// Outlives a reset, but not the power.
    pub(crate) last_end: RefCell<Option<LastEnd>>,
    pub(crate) cause: Cell<ResetCause>,
    pub(crate) starts: Cell<u32>,
    /// Whether the watchdog was fed since somebody looked.
    pub(crate) fed: Cell<bool>,
}

thread_local! {
    static PRESENT: RefCell<Option<Rc<Present>>> = const { RefCell::new(None) };
}

/// The thread is this board while `job` runs.
pub(crate) fn during<T>(present: &Rc<Present>, job: impl FnOnce() -> T) -> T {
    /// Changes back, also when `job` panics.
    struct Back(Option<Rc<Present>>);
    impl Drop for Back {
        fn drop(&mut self) {
            PRESENT.replace(self.0.take());
        }
    }
    let _back = Back(PRESENT.replace(Some(Rc::clone(present))));
    job()
}

/// Asks the board that this thread is.
///
/// # Panics
///
/// Outside of [`during`]: an application runs on its board only.
pub(crate) fn ask<T>(question: impl FnOnce(&Present) -> T) -> T {
    PRESENT.with_borrow(|present| question(present.as_deref().expect("the application runs on a desk")))
}

/// The application asks for a new start. Travels as a panic's payload out of the application's future.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Restart(pub(crate) ResetCause);

impl Present {
    pub(crate) fn vitals(&self) -> Vitals {
        Vitals {
            host: self.host.errors(),
            device: self.device.errors(),
            // A thread's stack and time are not the board's.
            stack_free: 0,
            longest_block_us: 0,
            busy_permille: 0,
            starts: self.starts.get(),
            self_test: 0,
            cause: self.cause.get(),
            log_lost: 0,
        }
    }
}

//! Logging through defmt where there is a board to log from, and nothing on the host.
//!
//! A board's logger gives each entry to its own transport, for who has a probe, and to a ring here, from which the link takes
//! it to the counter's computer when the line has nothing else to do.

#[cfg(any(feature = "board", test))]
mod ring;

#[cfg(feature = "board")]
use ring::LogRing;

#[cfg(feature = "board")]
mod kept {
    use core::cell::RefCell;

    use embassy_sync::blocking_mutex::Mutex;
    use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
    use protocol::link::LogTaken;

    use super::LogRing;

    /// Bytes of the log that wait for the line: some forty entries.
    const BYTES: usize = 1_024;

    static RING: Mutex<CriticalSectionRawMutex, RefCell<LogRing<BYTES>>> =
        Mutex::new(RefCell::new(LogRing::new()));

    /// Keeps bytes of an entry that the logger writes.
    pub(crate) fn keep(bytes: &[u8]) {
        RING.lock(|ring| ring.borrow_mut().write(bytes));
    }

    /// The entry is whole.
    pub(crate) fn entry_ends() {
        RING.lock(|ring| ring.borrow_mut().end());
    }

    /// Takes the next bytes for the host.
    pub(crate) fn take(place: &mut [u8]) -> LogTaken {
        RING.lock(|ring| ring.borrow_mut().take(place))
    }

    /// Bytes that were lost for want of room since start.
    pub(crate) fn lost() -> u32 {
        RING.lock(|ring| ring.borrow().lost())
    }
}

#[cfg(feature = "board")]
pub(crate) use kept::{entry_ends, keep, lost, take};

/// Takes the next bytes for the host. Without a board nothing is logged.
#[cfg(not(feature = "board"))]
pub(crate) fn take(_place: &mut [u8]) -> protocol::link::LogTaken {
    protocol::link::LogTaken::default()
}

/// Logs what a technician wants to follow.
#[macro_export]
#[doc(hidden)]
macro_rules! log_info {
    ($format:literal $(, $value:expr)* $(,)?) => {{
        #[cfg(feature = "defmt")]
        defmt::info!($format $(, $value)*);
        #[cfg(not(feature = "defmt"))]
        { $(let _ = &$value;)* }
    }};
}

/// Logs what should not happen but can.
#[macro_export]
#[doc(hidden)]
macro_rules! log_warn {
    ($format:literal $(, $value:expr)* $(,)?) => {{
        #[cfg(feature = "defmt")]
        defmt::warn!($format $(, $value)*);
        #[cfg(not(feature = "defmt"))]
        { $(let _ = &$value;)* }
    }};
}

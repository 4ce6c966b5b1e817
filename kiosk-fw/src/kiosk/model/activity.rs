//! What the kiosk is in the middle of.

use super::view::Sorry;

/// What the kiosk is doing, with what must be known while it does. Times are in µs since boot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Activity {
    Idle,
    Checking {
        service: u8,
    },
    Asking {
        press: u64,
        until: u64,
    },
    Printing {
        ticket: Ticket,
    },
    Done {
        ticket: Ticket,
        printed: bool,
        until: u64,
    },
    Sorry {
        why: Sorry,
        until: u64,
    },
}

/// What must be remembered of a granted number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ticket {
    pub(super) press: u64,
    pub(super) id: u64,
    pub(super) prefix: u8,
    pub(super) number: u16,
}

/// Somebody who is called: letter, number, counter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Call {
    pub(super) called: (u8, u16, u8),
    /// Set when it comes on the screen.
    pub(super) until: Option<u64>,
}

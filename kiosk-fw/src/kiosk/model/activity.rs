//! What the kiosk is in the middle of.

use super::view::{PaperProgress, Sorry};
use crate::kiosk::record::Ticket;
use protocol::message::PrintCause;

/// What the kiosk is doing, with what must be known while it does. Times are in µs since boot. What must be known after a restart as
/// well is in the flight of the [`Snapshot`](crate::kiosk::record::Snapshot).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Activity {
    /// Residents can choose.
    Idle,
    /// The printer is asked how it is, before anything else.
    Checking {
        /// The chosen service.
        service: u8,
        /// Whether it was chosen from the list for those who have priority.
        priority: bool,
    },
    /// What is about to be done is being written down.
    Recording {
        /// What comes then.
        next: Next,
        /// Since when.
        since: u64,
    },
    /// The host is asked for a number.
    Asking {
        /// How long the resident is kept waiting.
        until: u64,
        /// When the host is to be asked (again); `None` while its answer is awaited.
        ask_at: Option<u64>,
    },
    /// The printer has the ticket.
    Printing,
    /// The ticket is to be printed as soon as the printer can.
    Waiting {
        /// Why it is not out.
        cause: PrintCause,
        /// Whether any of it may have reached the printer.
        sent: bool,
        /// How long.
        until: u64,
    },
    /// The printer is asked what became of the ticket.
    Resolving {
        /// How long there may be trouble.
        until: u64,
    },
    /// The flight was brought back after a restart; whether it is still of use depends on the time, which only the host knows.
    Ageing {
        /// How long the host is waited for.
        until: u64,
    },
    /// The resident reads the number.
    Done {
        /// The ticket.
        ticket: Ticket,
        /// What became of the paper.
        paper: PaperProgress,
        /// How long.
        until: u64,
    },
    /// The resident reads why there is no number.
    Sorry {
        /// Why.
        why: Sorry,
        /// How long.
        until: u64,
    },
}

/// What comes once it is written down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Next {
    /// To ask the host for a number.
    Ask,
    /// To print the flight's ticket.
    Print,
}

/// Somebody who is called: letter, number, counter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Call {
    pub(super) called: (u8, u16, u8),
    /// Set when it comes on the screen.
    pub(super) until: Option<u64>,
}

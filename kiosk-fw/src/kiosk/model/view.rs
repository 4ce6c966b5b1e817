//! What the screen should show, and why.

use protocol::message::TicketDenial;

/// Why a resident got no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sorry {
    /// The host refused.
    Denied(TicketDenial),
    /// The host did not answer in time.
    NoAnswer,
    /// The ticket could not be printed.
    Printer(Trouble),
}

/// Why the printer cannot print, as a resident sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No paper.
    PaperOut,
    /// The cover is open.
    CoverOpen,
    /// Everything else.
    Broken,
}

/// How far the paper is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaperProgress {
    /// On its way.
    Printing,
    /// Out.
    Printed,
    /// It did not come, or not for certain.
    Missing,
}

/// What the screen should show. The services themselves are in [`Model::services`](super::Model::services).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// Nothing is known of the office yet.
    Starting,
    /// The host does not answer.
    Offline,
    /// No numbers are given now.
    Closed,
    /// The choice of services.
    Services {
        /// Which configuration they are of: another one looks different.
        configuration: u16,
        /// Which one SELECT takes, by its place.
        selected: usize,
    },
    /// Something takes a moment.
    PleaseWait,
    /// The resident's number.
    Number {
        /// Its letter.
        prefix: u8,
        /// Its digits.
        number: u16,
        /// The paper.
        paper: PaperProgress,
    },
    /// No number, and why.
    Sorry(Sorry),
    /// Somebody is called.
    Called {
        /// The number's letter.
        prefix: u8,
        /// The number's digits.
        number: u16,
        /// Where to go.
        counter: u8,
    },
}

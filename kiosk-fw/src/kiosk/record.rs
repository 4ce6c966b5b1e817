//! What the kiosk writes down, so that it can go on after its power was cut at any moment.
//!
//! A record is a [`Snapshot`] of all that must be known, and [`Happened`]: what made it be written. The newest record alone
//! restores the kiosk. Those before it are what the host has yet to be told ([`news`]), in order.

mod codec;
mod loan;

use heapless::{String, Vec};
use protocol::message::{PrintCause, PrintOutcome, Service, TicketPrinted, TicketTaken};

pub use codec::{encode, news, restore};
pub use loan::{Lent, Loan, Number};

use crate::drivers::escpos::Counters;

/// All that a kiosk must know after a restart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// The boot that wrote it.
    pub writer: u32,
    /// Counts records, over all boots. With `writer` it tells whether a record is the one that was written last.
    pub sequence: u32,
    /// Counts presses, over all boots, so that none is numbered like another even if two boots were.
    pub presses: u32,
    /// The resident who is being served.
    pub flight: Option<Flight>,
    /// The last time that was known, in seconds since 1970; 0 if none ever was.
    pub unix: u64,
    /// Minutes that the office's time is ahead of UTC.
    pub utc_offset_minutes: i16,
    /// The last local day that was known, counted from 1970-01-01; 0 if none ever was.
    pub day: u32,
    /// Numbers to give while the host does not answer.
    pub loan: Option<Loan>,
    /// What residents can choose from.
    pub offer: Offer,
}

/// What residents can choose from, as the host last configured it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Offer {
    /// The office's name.
    pub office: String<32>,
    /// Whether numbers are given.
    pub open: bool,
    /// Whether residents can ask for priority.
    pub priority: bool,
    /// Width of the paper in millimetres.
    pub paper_mm: u8,
    /// The services. A record that is too short for all their English names has the Indonesian ones in their place.
    pub services: Vec<Service, 4>,
}

/// A press of SELECT whose end is not known yet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flight {
    /// Which press; 0 for a copy, which nobody pressed for.
    pub press: u64,
    /// The chosen service.
    pub service: u8,
    /// Whether the resident asked for priority.
    pub priority: bool,
    /// How far it is.
    pub stage: Stage,
}

/// How far a press is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stage {
    /// It has no number, or none that the kiosk knows of: the host may have been asked.
    Pressed {
        /// When, in seconds since 1970; 0 if the time was not known.
        at: u64,
    },
    /// It has a number, and its ticket may be on its way to paper.
    Intent {
        /// The ticket.
        ticket: Ticket,
        /// What the printer says when it has carried it out.
        mark: u32,
        /// The printer's counters before.
        counters: Option<Counters>,
    },
}

/// A ticket, as it is printed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ticket {
    /// Which, unique for ever.
    pub id: u64,
    /// Letter.
    pub prefix: u8,
    /// Digits.
    pub number: u16,
    /// When it was given, in seconds since 1970, and minutes that the office's time is ahead of UTC; `None` if the time was not
    /// known.
    pub issued: Option<(u64, i16)>,
    /// People before it, and how many minutes that may take; `None` if only the host could know.
    pub ahead: Option<(u16, u16)>,
    /// Which copy it is, from 1; 0 for the ticket itself.
    pub copy: u8,
    /// It was given without the host.
    pub lent: bool,
}

/// What made a record be written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Happened {
    /// Somebody pressed SELECT; the host is to be asked.
    Pressed,
    /// A ticket is about to be printed: that of the flight.
    Intent,
    /// A number of the loan was given to the flight, whose ticket is about to be printed.
    Taken {
        /// Of which loan.
        loan: u32,
        /// The press for which the host had been asked before, without an answer. If it has given a number, that is for nobody.
        instead_of: Option<u64>,
    },
    /// A press has come to its end.
    Outcome {
        /// Which press.
        press: u64,
        /// Its ticket; 0 if it got none, as far as the kiosk knows.
        ticket_id: u64,
        /// What became of the paper.
        outcome: PrintOutcome,
        /// Why.
        cause: PrintCause,
    },
    /// A press was denied, or a copy has come to its end: of no more concern.
    Dropped,
    /// The host lent numbers.
    Loan,
    /// The host offers something else.
    Offer,
    /// The day of the loan is over.
    DayOver,
}

/// What the host is to be told of a record: first what was printed, then what was taken.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct News {
    /// What became of a ticket.
    pub printed: Option<TicketPrinted>,
    /// A number that was given without the host.
    pub taken: Option<TicketTaken>,
}

impl News {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.printed.is_none() && self.taken.is_none()
    }
}

#[cfg(test)]
mod tests;

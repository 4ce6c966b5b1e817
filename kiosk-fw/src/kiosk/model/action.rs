//! What a kiosk does.

use heapless::Vec;
use protocol::RequestId;
use protocol::message::{PrinterStatus, Refusal, Reprinted, TicketPrinted, TicketRequest, TicketTaken};

use crate::drivers::escpos::Counters;

/// What a kiosk does.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Answers a request of the host with `Accepted`.
    Accept(RequestId),
    /// Refuses a request of the host.
    Refuse(RequestId, Refusal),
    /// Answers `Reprint`.
    AnswerReprint(RequestId, Reprinted),
    /// Asks the host for a number. The answer to an earlier press is of no interest any more.
    RequestTicket(TicketRequest),
    /// Tells the host what became of a ticket.
    TellPrinted(TicketPrinted),
    /// Tells the host of a number that was given without it.
    TellTaken(TicketTaken),
    /// Tells the host how the printer is.
    TellPrinter(PrinterStatus),
    /// Asks the printer how it is.
    CheckPrinter {
        /// And how much it has printed in its life.
        counters: bool,
    },
    /// Prints the ticket that [`Model::face`](super::Model::face) describes.
    Print {
        /// What the printer is to say when it has carried it out.
        mark: u32,
    },
    /// Asks the printer what became of a ticket.
    Resolve {
        /// What it was to say.
        mark: u32,
        /// How much it had printed before.
        counters: Option<Counters>,
    },
    /// Looks what the storage holds.
    Open,
    /// Writes [`Model::record`](super::Model::record) down.
    Record,
    /// Reads the oldest record that waits.
    Peek,
    /// Forgets it.
    Pop,
}

/// The actions of one event, in order.
pub type Actions = Vec<Action, 8>;

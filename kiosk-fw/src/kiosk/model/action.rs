//! What a kiosk does.

use heapless::Vec;
use protocol::RequestId;
use protocol::message::{PrinterStatus, Refusal, TicketGranted, TicketPrinted, TicketRequest};

/// What a kiosk does.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Answers a request of the host with `Accepted`.
    Accept(RequestId),
    /// Refuses a request of the host.
    Refuse(RequestId, Refusal),
    /// Asks the host for a number.
    RequestTicket(TicketRequest),
    /// Tells the host what became of a ticket.
    Report(TicketPrinted),
    /// Tells the host how the printer is.
    TellPrinter(PrinterStatus),
    /// Asks the printer how it is.
    CheckPrinter,
    /// Prints a ticket.
    Print(TicketGranted),
}

/// The actions of one event, in order.
pub type Actions = Vec<Action, 12>;

//! What happens to a kiosk.

use protocol::RequestId;
use protocol::link::RequestFailure;
use protocol::message::Message;

use crate::drivers::escpos::{self, Outcome, Status};

/// A button, by what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Key {
    /// The service above.
    Up,
    /// The service below.
    Down,
    /// The list for those who have priority, and back.
    Left,
    /// The other language.
    Right,
    /// Take a number.
    Select,
}

/// What happens to a kiosk.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The host is there.
    LinkUp,
    /// The host is not there.
    LinkDown,
    /// The host asks for something.
    Asked {
        /// For the answer.
        id: RequestId,
        /// What for.
        message: Message,
    },
    /// The answer to [`Action::RequestTicket`](super::Action::RequestTicket).
    TicketAnswer {
        /// Which press.
        press: u64,
        /// The host's answer, or why there is none.
        answer: Result<Message, RequestFailure>,
    },
    /// The answer to [`Action::Report`](super::Action::Report).
    ReportAnswer {
        /// Which press.
        press: u64,
        /// The host's answer, or why there is none.
        answer: Result<Message, RequestFailure>,
    },
    /// A button was pressed.
    Pressed(Key),
    /// The answer to [`Action::CheckPrinter`](super::Action::CheckPrinter).
    Printer(Result<Status, escpos::Trouble>),
    /// The answer to [`Action::Print`](super::Action::Print).
    TicketOut(Outcome),
    /// The time given by [`Model::next_timeout`](super::Model::next_timeout) has come.
    Timeout,
}

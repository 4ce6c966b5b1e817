//! What happens to a kiosk.

use protocol::RequestId;
use protocol::link::RequestFailure;
use protocol::message::Message;

use crate::drivers::escpos::{self, Counters, Outcome, Resolution, Status};
use crate::journal::StoreError;
use crate::kiosk::record::News;

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

/// How full the storage is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Records that wait to be told to the host.
    pub waiting: u32,
    /// Records for which there is room.
    pub room: u32,
}

/// What happens to a kiosk. What is large is lent.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<'a> {
    /// The host is there.
    LinkUp,
    /// The host is not there.
    LinkDown,
    /// The host asks for something.
    Asked {
        /// For the answer.
        id: RequestId,
        /// What for.
        message: &'a Message,
    },
    /// The answer to [`Action::RequestTicket`](super::Action::RequestTicket).
    TicketAnswer {
        /// Which press.
        press: u64,
        /// The host's answer, or why there is none.
        answer: Result<&'a Message, RequestFailure>,
    },
    /// The answer to [`Action::TellPrinted`](super::Action::TellPrinted) or [`Action::TellTaken`](super::Action::TellTaken).
    TellAnswer(Result<&'a Message, RequestFailure>),
    /// A button was pressed.
    Pressed(Key),
    /// The answer to [`Action::CheckPrinter`](super::Action::CheckPrinter).
    Printer {
        /// How it is.
        status: Result<Status, escpos::Trouble>,
        /// How much it has printed, if it was asked and knows.
        counters: Option<Counters>,
    },
    /// The answer to [`Action::Print`](super::Action::Print).
    TicketOut(Outcome),
    /// The answer to [`Action::Resolve`](super::Action::Resolve).
    Resolved(Resolution),
    /// The answer to [`Action::Open`](super::Action::Open): the newest record, if there is one.
    Opened(Result<(Option<&'a [u8]>, Stored), StoreError>),
    /// The answer to [`Action::Record`](super::Action::Record).
    Recorded(Result<Stored, StoreError>),
    /// The answer to [`Action::Peek`](super::Action::Peek): what the host is to be told; nothing of a record that cannot be read.
    /// `None` if no record waits.
    Peeked(Result<Option<News>, StoreError>),
    /// The answer to [`Action::Pop`](super::Action::Pop).
    Popped(Result<Stored, StoreError>),
    /// The time given by [`Model::next_timeout`](super::Model::next_timeout) has come.
    Timeout,
}

//! What can go wrong with a board.

use std::io;

use protocol::Role;
use protocol::link::{BulkError, SendError};
use protocol::message::Refusal;

/// Why a board could not be used; each says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BoardError {
    /// The serial port cannot be opened.
    #[error(
        "serial port {path} cannot be opened: {cause}; check that the board is plugged in and that the path under [boards] in the configuration is right"
    )]
    Open {
        /// Path of the port.
        path: String,
        /// What the operating system said.
        cause: String,
    },
    /// Another program uses the serial port.
    #[error("serial port {path} is in use by {holder}; end that program first, then try again")]
    InUse {
        /// Path of the port.
        path: String,
        /// Which program, as far as that can be told.
        holder: String,
    },
    /// The port is open, but nobody answers.
    #[error("no board answers on {path}; check its power and its cable, then press its reset button")]
    Silent {
        /// Path of the port.
        path: String,
    },
    /// The port was lost in the middle. Whether the request was carried out is not known.
    #[error("serial port {path} was lost ({cause}); plug the board in again, it is found by itself")]
    PortLost {
        /// Path of the port.
        path: String,
        /// What the operating system said.
        cause: String,
    },
    /// The board has restarted in the middle. Whether the request was carried out is not known.
    #[error("the board on {path} has restarted; check its power supply if this happens again")]
    Restarted {
        /// Path of the port.
        path: String,
    },
    /// The answer did not come in time. Whether the request was carried out is not known.
    #[error(
        "the board on {path} did not answer {message} in time; press its reset button if this happens again"
    )]
    TimedOut {
        /// Path of the port.
        path: String,
        /// Which request.
        message: &'static str,
    },
    /// The board answers but takes no more messages, so this one was not sent.
    #[error(
        "the board on {path} is alive but takes no messages; {message} was not sent; press its reset button if this happens again"
    )]
    NotTaken {
        /// Path of the port.
        path: String,
        /// Which message.
        message: &'static str,
    },
    /// The board refused the request, which had no effect.
    #[error("the board refused the request: {0:?}")]
    Refused(Refusal),
    /// The board's answer could not be understood.
    #[error(
        "the board's answer could not be understood; board and program probably have different versions, update both"
    )]
    BadReply,
    /// Another board is on this port.
    #[error(
        "on {path} there is a {found:?} board, not a {expected:?} board; exchange the plugs or the paths under [boards] in the configuration"
    )]
    WrongBoard {
        /// Path of the port.
        path: String,
        /// What belongs there.
        expected: Role,
        /// What answered.
        found: Role,
    },
    /// The board's firmware and this program have no version of the protocol in common, or the line is looped back.
    #[error("the board on {path} cannot be used: {cause}; update its firmware or this program")]
    Incompatible {
        /// Path of the port.
        path: String,
        /// What does not fit.
        cause: String,
    },
    /// The message cannot be sent: a mistake of the program.
    #[error("the message cannot be sent: {0}")]
    NotSendable(SendError),
    /// The object cannot be sent now.
    #[error("the object was not sent: {0}")]
    ObjectNotTaken(BulkError),
    /// The board's thread has ended.
    #[error("the board was closed")]
    Stopped,
}

impl BoardError {
    /// The error of a port that could not be opened.
    pub(super) fn not_opened(path: &str, error: &io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::ResourceBusy => Self::InUse {
                path,
                holder: error.to_string(),
            },
            _ => Self::Open {
                path,
                cause: error.to_string(),
            },
        }
    }
}

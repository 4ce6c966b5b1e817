//! What the printer's answers mean to residents and to the host.

use protocol::message::{PaperState, PrintCause, PrinterStatus};

use super::view::Trouble;
use crate::drivers::escpos::status::Paper;
use crate::drivers::escpos::{NoAnswer, Status};

/// Why the printer cannot print, as a resident sees it; `None` if it can.
pub(super) fn trouble(status: Result<Status, NoAnswer>) -> Option<Trouble> {
    match status {
        Ok(status) if status.can_print() => None,
        Ok(status) if status.cover_open => Some(Trouble::CoverOpen),
        Ok(status) if !status.has_paper() => Some(Trouble::PaperOut),
        Ok(_) | Err(NoAnswer) => Some(Trouble::Broken),
    }
}

/// How the printer is, in the words of the protocol.
pub(super) fn printer_status(status: Result<Status, NoAnswer>) -> PrinterStatus {
    match status {
        Ok(status) => PrinterStatus {
            online: !status.offline,
            paper: match status.paper {
                Paper::End => PaperState::Out,
                _ if status.stopped_without_paper => PaperState::Out,
                Paper::NearEnd => PaperState::NearEnd,
                Paper::Adequate => PaperState::Ok,
            },
            cover_open: status.cover_open,
            error: status.error,
            trouble: protocol::message::PrinterTrouble::None,
        },
        Err(NoAnswer) => PrinterStatus {
            online: false,
            paper: PaperState::Unknown,
            cover_open: false,
            error: false,
            trouble: protocol::message::PrinterTrouble::None,
        },
    }
}

/// Why a ticket is not certain to be out, in the words of the protocol.
pub(super) fn cause(status: Result<Status, NoAnswer>) -> PrintCause {
    match status {
        Err(NoAnswer) => PrintCause::NoAnswer,
        Ok(status) if status.cover_open => PrintCause::CoverOpen,
        Ok(status) if !status.has_paper() => PrintCause::PaperOut,
        Ok(status) if status.error => PrintCause::Error,
        Ok(_) => PrintCause::Offline,
    }
}

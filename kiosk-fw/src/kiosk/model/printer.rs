//! What the printer's answers mean to residents and to the host.

use protocol::message::{PaperState, PrinterStatus, PrinterTrouble};

use super::view::Trouble;
use crate::drivers::escpos::status::Paper;
use crate::drivers::escpos::{self, Status};

/// Why the printer cannot print, as a resident sees it; `None` if it can.
pub(super) fn trouble(status: Result<Status, escpos::Trouble>) -> Option<Trouble> {
    match status {
        Ok(status) if status.can_print() => None,
        Ok(status) if status.cover_open => Some(Trouble::CoverOpen),
        Ok(status) if !status.has_paper() => Some(Trouble::PaperOut),
        Ok(_) | Err(_) => Some(Trouble::Broken),
    }
}

/// How the printer is, in the words of the protocol.
pub(super) fn printer_status(status: Result<Status, escpos::Trouble>) -> PrinterStatus {
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
            trouble: PrinterTrouble::None,
        },
        Err(why) => PrinterStatus {
            online: false,
            paper: PaperState::Unknown,
            cover_open: false,
            error: false,
            trouble: match why {
                escpos::Trouble::Silent => PrinterTrouble::Silent,
                escpos::Trouble::Garbled => PrinterTrouble::Garbled,
                escpos::Trouble::Slow => PrinterTrouble::Slow,
            },
        },
    }
}

//! What the operator hears of the kiosk.

use crate::office::console::News;
use crate::office::queue::{cause, paper, ticket_id_text};
use crate::office::words::Words;
use crate::store::{Contradiction, Ticket};
use protocol::message::{PaperState, PrinterStatus, PrinterTrouble, TicketPrinted, TicketTaken};

pub(super) fn printer(status: &PrinterStatus) -> News {
    News::TicketPrinter {
        online: status.online,
        paper: match status.paper {
            PaperState::Ok => "ok",
            PaperState::NearEnd => "near_end",
            PaperState::Out => "out",
            PaperState::Unknown | PaperState::Unrecognised(_) => "unknown",
        },
        cover_open: status.cover_open,
        error: status.error,
        trouble: match status.trouble {
            PrinterTrouble::None => "none",
            PrinterTrouble::Silent => "silent",
            PrinterTrouble::Garbled => "garbled",
            PrinterTrouble::Slow => "slow",
            PrinterTrouble::Unrecognised(_) => "other",
        },
    }
}

/// What became of a ticket's paper.
pub(super) fn ticket(ticket: &Ticket, ticket_id: u64, report: &TicketPrinted) -> News {
    News::Ticket {
        ticket: ticket.label(),
        ticket_id: ticket_id_text(ticket_id),
        printed: paper(report.outcome).as_str(),
        cause: cause(report.cause),
    }
}

/// A number of an earlier day, of which the kiosk could not know that it is over.
pub(super) fn of_another_day(ticket: &Ticket) -> Words {
    let (label, day) = (ticket.label(), &ticket.day);
    Words::new(
        format!(
            "Kios memberi nomor {label} yang berlaku untuk {day}. Tanyakan siapa yang memegangnya dan beri nomor baru."
        ),
        format!(
            "The kiosk gave number {label}, which was for {day}. Ask who holds it, and have them take a new one."
        ),
    )
}

/// A number that cannot be.
pub(super) fn stray_ticket(told: &TicketTaken, why: Contradiction) -> Words {
    let label = format!("{}{:03}", char::from(told.prefix), told.number);
    let id = ticket_id_text(told.ticket_id);
    let (because_id, because_en) = match why {
        Contradiction::UnknownTicket => ("tiket itu tidak dikenal di sini", "that ticket is not known here"),
        Contradiction::OtherLoan => (
            "tiket itu bukan dari pinjaman ini",
            "that ticket is of another loan",
        ),
        Contradiction::OtherNumber => ("tiket itu bernomor lain", "that ticket has another number"),
        Contradiction::GivenTwice => ("nomor itu sudah diberikan", "that number was given before"),
        Contradiction::OtherDay => ("nomor itu untuk hari lain", "that number was for another day"),
        Contradiction::PressHasAnother => ("penekan sudah punya tiket", "the resident has another ticket"),
    };
    Words::new(
        format!(
            "Kios memberi nomor {label} ({id}), tetapi {because_id}. Nomor ini tidak dipanggil; tanyakan siapa yang \
             memegangnya dan beri nomor baru. Laporkan ke teknisi."
        ),
        format!(
            "The kiosk gave number {label} ({id}), but {because_en}. It is not called; ask who holds it, and have them \
             take a new one. Tell a technician."
        ),
    )
}

/// A paper of a press that is not known.
pub(super) fn stray_paper(report: &TicketPrinted) -> Words {
    let id = ticket_id_text(report.ticket_id);
    let printed = paper(report.outcome).as_str();
    Words::new(
        format!(
            "Kios melaporkan tiket {id} ({printed}) yang tidak dikenal di sini; tiket ini tidak dipanggil."
        ),
        format!("The kiosk reports ticket {id} ({printed}), which is not known here; it is not called."),
    )
}

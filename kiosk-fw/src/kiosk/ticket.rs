//! The ticket on paper of 58 or 80 mm, in ESC/POS.

mod time;

use core::fmt::Write as _;

use heapless::String;
use protocol::message::Service;

use crate::drivers::escpos::document::{Align, CHARACTER_DOTS, Document, Roll};

/// Bytes of the longest ticket, with room to spare: with everything at its longest it has about 930.
pub const TICKET_BYTES: usize = 1_024;
/// Paper between the last line and the cut, in dots (8 a millimetre).
const CUT_MARGIN: u8 = 24;

/// A line as it is put together; the longest has 47 characters.
type Line = String<64>;

/// What stands on a ticket.
#[derive(Clone, Copy, Debug)]
pub struct Face<'a> {
    /// The office's name.
    pub office: &'a str,
    /// For which service, if it is still known.
    pub service: Option<&'a Service>,
    /// What to bring for it, a line each.
    pub bring: &'a [String<40>],
    /// The number's letter.
    pub prefix: u8,
    /// The number's digits.
    pub number: u16,
    /// For the elderly, disabled and pregnant.
    pub priority: bool,
    /// When it was given, in seconds since 1970-01-01 00:00 UTC, and the minutes that the office is ahead of UTC. `None` if nobody knows.
    pub issued: Option<(u64, i16)>,
    /// How many people wait before, and how many minutes that may take. `None` if nobody knows.
    pub ahead: Option<(u16, u16)>,
    /// Which ticket: the content of the QR code.
    pub ticket_id: u64,
    /// Which copy of a ticket that was printed before.
    pub copy: Option<u8>,
    /// The paper in the printer.
    pub paper: Roll,
    /// The number was given while the host was not there.
    pub alone: bool,
}

/// Composes a ticket. It fits with texts as long as the protocol allows.
pub fn compose(face: &Face<'_>, into: &mut Document<TICKET_BYTES>) {
    let columns = face.paper.columns();
    into.begin()
        .align(Align::Center)
        .bold(true)
        .line(face.office, columns)
        .bold(false)
        .feed(1);
    if let Some(copy) = face.copy {
        let mut text = Line::new();
        let _ = write!(text, "*** SALINAN {copy} / COPY {copy} ***");
        banner(into, &text, columns);
    }
    if face.priority {
        banner(into, "*** PRIORITAS / PRIORITY ***", columns);
    }
    if let Some(service) = face.service {
        into.bold(true)
            .size(1, 2)
            .line(&service.name_id, columns)
            .size(1, 1)
            .bold(false)
            .line(&service.name_en, columns);
    }
    number(face, into);
    match face.issued {
        Some((unix, offset)) => into.line(&time::text(unix, offset), columns),
        None => into
            .line("Tanggal dan jam tidak diketahui", columns)
            .line("Date and time not known", columns),
    };
    // What was true of the queue when the number was given says nothing on a copy.
    if face.copy.is_none() {
        queue(face, into.feed(1));
    }
    if face.alone {
        into.feed(1)
            .line("Diberikan saat luring", columns)
            .line("Given while offline", columns);
    }
    if !face.bring.is_empty() {
        into.feed(1)
            .align(Align::Left)
            .bold(true)
            .line("Yang perlu dibawa / Please bring", columns)
            .bold(false);
        for text in face.bring {
            into.item(text, columns);
        }
        into.align(Align::Center);
    }
    let id = ticket_id_text(face.ticket_id);
    // A QR code needs four modules of quiet paper around it (ISO/IEC 18004, 6.3.8): about a line.
    into.feed(1)
        .qr(&id, qr_dots(face.paper))
        .feed(1)
        .line(&id, columns)
        .feed(1)
        .line("Simpan tiket ini sampai selesai.", columns)
        .line("Please keep this ticket.", columns)
        .cut(CUT_MARGIN);
}

/// What sets this ticket apart, on a line of its own. (White on black would look better; not all printers know `GS B`.)
fn banner(into: &mut Document<TICKET_BYTES>, text: &str, columns: usize) {
    into.bold(true)
        .size(1, 2)
        .line(text, columns)
        .size(1, 1)
        .bold(false)
        .feed(1);
}

/// The number, as large as the paper and common sense allow.
fn number(face: &Face<'_>, into: &mut Document<TICKET_BYTES>) {
    let largest = match face.paper {
        Roll::Mm58 => 6,
        Roll::Mm80 => 8,
    };
    let digits = number_text(face.prefix, face.number);
    let scale = (face.paper.dots() / (CHARACTER_DOTS * digits.len().max(1))).min(largest) as u8;
    into.feed(1)
        .line("NOMOR ANTREAN / QUEUE NUMBER", face.paper.columns())
        .bold(true)
        .size(scale, scale)
        .line(&digits, face.paper.columns())
        .size(1, 1)
        .bold(false);
}

/// How long it may take.
fn queue(face: &Face<'_>, into: &mut Document<TICKET_BYTES>) {
    let columns = face.paper.columns();
    let mut text = Line::new();
    // No line is longer than a `Line`: a u16 has five digits at most.
    match face.ahead {
        None => {
            into.line("Lama menunggu tidak diketahui", columns)
                .line("Waiting time not known", columns);
        }
        Some((0, _)) => {
            into.line("Tidak ada antrean di depan Anda", columns)
                .line("Nobody is ahead of you", columns);
        }
        Some((people, minutes)) => {
            let _ = write!(text, "Di depan Anda: {people} orang");
            into.line(&text, columns);
            text.clear();
            let (hours, minutes) = (minutes / 60, minutes % 60);
            let _ = match hours {
                0 => write!(text, "Tunggu sekitar {minutes} menit"),
                _ => write!(text, "Tunggu sekitar {hours} jam {minutes} menit"),
            };
            into.line(&text, columns);
            text.clear();
            let _ = match hours {
                0 => write!(text, "{people} ahead, about {minutes} min"),
                _ => write!(text, "{people} ahead, about {hours} h {minutes} min"),
            };
            into.line(&text, columns);
        }
    }
}

/// Dots of a module of the QR code: its 25 modules make 19 and 25 mm, readable by any telephone.
const fn qr_dots(paper: Roll) -> u8 {
    match paper {
        Roll::Mm58 => 6,
        Roll::Mm80 => 8,
    }
}

/// A queue number as people read it: letter and at least three digits.
pub fn number_text(prefix: u8, number: u16) -> String<6> {
    let mut text = String::new();
    // A letter and five digits are six characters.
    let _ = write!(text, "{}{number:03}", char::from(prefix));
    text
}

/// What the QR code holds: `LOKET-` and 16 hexadecimal digits.
pub fn ticket_id_text(ticket_id: u64) -> String<22> {
    let mut text = String::new();
    let _ = write!(text, "LOKET-{ticket_id:016X}");
    text
}

#[cfg(test)]
mod tests;

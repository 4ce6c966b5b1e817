//! What comes out of the ticket printer: each piece of paper is looked at and put aside.

use crate::device::ticket_printer::{Paper, Receipt};

/// A piece of paper with something on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Tickets whose QR codes are on it.
    pub ticket_ids: Vec<u64>,
    /// The lines on it.
    pub lines: Vec<String>,
    /// It was cut off; otherwise it was torn off, because it never came to an end.
    pub cut: bool,
}

impl Piece {
    /// Whether it bears this number as a line of its own, as a ticket does.
    pub fn bears(&self, label: &str) -> bool {
        self.lines.iter().any(|line| line.trim() == label)
    }

    /// Whether it says of itself that it is a copy.
    pub fn is_copy(&self) -> bool {
        self.lines.iter().any(|line| line.contains("SALINAN"))
    }
}

/// The box under the printer. It keeps no pictures: two thousand of them are half a gigabyte.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tray(pub Vec<Piece>);

impl Paper for Tray {
    fn receipt(&mut self, receipt: Receipt) {
        self.0.push(Piece {
            ticket_ids: receipt
                .qr_codes
                .iter()
                .filter_map(|code| ticket_id(code))
                .collect(),
            cut: !receipt.cuts.is_empty(),
            lines: receipt.lines,
        });
    }
}

/// `LOKET-` and 16 hexadecimal digits.
fn ticket_id(code: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(code).ok()?.strip_prefix("LOKET-")?;
    u64::from_str_radix(digits, 16).ok()
}

//! The answers to `DLE EOT n`, "transmit real-time status".

/// Which of the four status bytes is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Query {
    /// `DLE EOT 1`: printer.
    Printer,
    /// `DLE EOT 2`: why it is off line.
    OfflineCause,
    /// `DLE EOT 3`: which error.
    ErrorCause,
    /// `DLE EOT 4`: roll paper.
    Paper,
}

impl Query {
    /// All four, in order.
    pub const ALL: [Self; 4] = [Self::Printer, Self::OfflineCause, Self::ErrorCause, Self::Paper];

    /// The bytes that ask all four, in order.
    pub const COMMANDS: [u8; 12] = [0x10, 0x04, 1, 0x10, 0x04, 2, 0x10, 0x04, 3, 0x10, 0x04, 4];
}

/// Whether a byte can be one of the four answers: bits 1 and 4 are 1, bits 0 and 7 are 0.
pub const fn is_answer(byte: u8) -> bool {
    byte & 0b1001_0011 == 0b0001_0010
}

/// How much paper the sensors see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Paper {
    /// Enough.
    #[default]
    Adequate,
    /// The roll is nearly used up.
    NearEnd,
    /// None.
    End,
}

/// What a printer says of itself.
#[allow(clippy::struct_excessive_bools)] // They are independent of each other, each a bit of the answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// It does not take print data now.
    pub offline: bool,
    /// The cover is open.
    pub cover_open: bool,
    /// Printing stopped because the paper ended.
    pub stopped_without_paper: bool,
    /// An error: cutter, head temperature or one that needs service.
    pub error: bool,
    /// What the paper sensors see.
    pub paper: Paper,
}

impl Status {
    /// Takes one answer in (Epson, `DLE EOT`, tables of n = 1 to 4).
    pub fn take(&mut self, query: Query, answer: u8) {
        let bit = |number: u32| answer & (1 << number) != 0;
        match query {
            Query::Printer => self.offline = bit(3),
            Query::OfflineCause => {
                self.cover_open = bit(2);
                self.stopped_without_paper = bit(5);
                self.error |= bit(6);
            }
            // Autocutter, unrecoverable, automatically recoverable (head too hot).
            Query::ErrorCause => self.error |= bit(3) || bit(5) || bit(6),
            // Each sensor sets a pair of bits.
            Query::Paper => {
                self.paper = match (bit(5) || bit(6), bit(2) || bit(3)) {
                    (true, _) => Paper::End,
                    (false, true) => Paper::NearEnd,
                    (false, false) => Paper::Adequate,
                }
            }
        }
    }

    /// Whether there is paper at the head.
    pub fn has_paper(&self) -> bool {
        self.paper != Paper::End && !self.stopped_without_paper
    }

    /// Whether a ticket sent now would be printed.
    pub fn can_print(&self) -> bool {
        !self.offline && !self.cover_open && !self.error && self.has_paper()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(answers: [u8; 4]) -> Status {
        let mut status = Status::default();
        for (query, answer) in Query::ALL.into_iter().zip(answers) {
            assert!(is_answer(answer), "{answer:#04x}");
            status.take(query, answer);
        }
        status
    }

    #[test]
    fn a_ready_printer_answers_0x12_four_times() {
        assert!(status([0x12; 4]).can_print());
    }

    #[test]
    fn near_end_can_still_print_but_end_cannot() {
        let near = status([0x12, 0x12, 0x12, 0x1E]);
        assert_eq!((near.paper, near.can_print()), (Paper::NearEnd, true));
        let end = status([0x1A, 0x32, 0x12, 0x7E]);
        assert_eq!((end.paper, end.can_print()), (Paper::End, false));
    }

    #[test]
    fn an_open_cover_and_a_jammed_cutter_stop_it() {
        assert!(status([0x1A, 0x16, 0x12, 0x12]).cover_open);
        let jam = status([0x1A, 0x52, 0x1A, 0x12]);
        assert!(jam.error && !jam.can_print());
    }

    #[test]
    fn noise_is_not_taken_for_an_answer() {
        for noise in [0x00, 0xFF, 0x11, 0x13, b'A', 0x92] {
            assert!(!is_answer(noise), "{noise:#04x}");
        }
    }
}

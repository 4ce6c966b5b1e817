//! What a printer sends: status bytes, which come singly, and blocks, which have a header and end with NUL.
//!
//! Epson chose the header bytes so that none looks like a status (37h and 5Fh), and a printer sends no status within a block
//! (Citizen CT-S2000 command reference, `GS g 2`, caution).

use super::status;

/// The four characters by which a printer confirms that all before a point was carried out (`GS ( H`, function 48).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark([u8; 4]);

/// Characters a mark is made of: function 48 takes 20h to 7Eh; less those that look like a status byte, so that a mark whose header
/// was lost on the line is noise and never a status.
const MARK_CHARACTERS: u32 = {
    let mut count = 0;
    let mut byte = 0x20;
    while byte <= 0x7E {
        count += !status::is_answer(byte) as u32;
        byte += 1;
    }
    count
};

/// How many marks of tickets there are; one more is left for [`Mark::PROBE`].
const MARKS: u32 = MARK_CHARACTERS.pow(4) - 1;

impl Mark {
    /// The mark of no ticket: it finds out whether the printer knows marks, and whether it has done all that it was sent.
    pub const PROBE: Self = Self::spell(MARKS);

    /// The mark of a number; numbers that differ by less than 47 million have different marks.
    pub const fn new(number: u32) -> Self {
        Self::spell(number % MARKS)
    }

    const fn spell(number: u32) -> Self {
        let mut rest = number;
        let mut characters = [0; 4];
        let mut place = 4;
        while place > 0 {
            place -= 1;
            characters[place] = character(rest % MARK_CHARACTERS);
            rest /= MARK_CHARACTERS;
        }
        Self(characters)
    }

    /// `GS ( H`, function 48, "specifies the process ID response" (Epson, ESC/POS Command Reference): pL = 6, pH = 0, fn = 48, m = 48.
    pub const fn command(self) -> [u8; 11] {
        let [a, b, c, d] = self.0;
        [0x1D, b'(', b'H', 6, 0, 48, 48, a, b, c, d]
    }
}

const fn character(mut place: u32) -> u8 {
    let mut byte = 0x20;
    loop {
        if !status::is_answer(byte) {
            if place == 0 {
                return byte;
            }
            place -= 1;
        }
        byte += 1;
    }
}

/// One thing that a printer said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// One of the four status bytes: which one, only the order of the questions tells.
    Status(u8),
    /// Everything before this mark was carried out.
    Mark(Mark),
    /// A maintenance counter, modulo 2³²: it has up to ten digits, and only differences matter.
    Counter(u32),
    /// Nothing that a printer says.
    Noise,
}

/// Puts answers together from bytes.
#[derive(Clone, Copy, Debug)]
pub struct Answers(State);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Between,
    /// In a process ID response: how many of its bytes after the header, and its characters.
    Mark(u8, [u8; 4]),
    /// In a counter: how many digits, and their value.
    Counter(u8, u32),
}

/// Header of the responses to `GS ( H`, and the identifier of the one to function 48.
const MARK_HEADER: [u8; 2] = [0x37, 0x22];
/// Header of the response to `GS g 2`.
const COUNTER_HEADER: u8 = 0x5F;
/// Flow control, which this driver does not use: some printers send it all the same.
const XON_XOFF: [u8; 2] = [0x11, 0x13];

impl Answers {
    /// Between answers.
    pub const BETWEEN: Self = Self(State::Between);

    /// Forgets a block that has begun.
    pub fn reset(&mut self) {
        *self = Self::BETWEEN;
    }

    /// Takes one byte; an answer if it was the last of one.
    pub fn take(&mut self, byte: u8) -> Option<Answer> {
        let (next, answer) = match (self.0, byte) {
            (State::Mark(0, text), _) if byte == MARK_HEADER[1] => (State::Mark(1, text), None),
            (State::Mark(at @ 1..=4, mut text), 0x20..=0x7E) => {
                text[usize::from(at) - 1] = byte;
                (State::Mark(at + 1, text), None)
            }
            (State::Mark(5, text), 0) => (State::Between, Some(Answer::Mark(Mark(text)))),
            (State::Counter(digits @ 0..=9, value), b'0'..=b'9') => {
                let value = value.wrapping_mul(10).wrapping_add(u32::from(byte - b'0'));
                (State::Counter(digits + 1, value), None)
            }
            (State::Counter(1.., value), 0) => (State::Between, Some(Answer::Counter(value))),
            (State::Between, _) if byte == MARK_HEADER[0] => (State::Mark(0, [0; 4]), None),
            (State::Between, COUNTER_HEADER) => (State::Counter(0, 0), None),
            (State::Between, _) if XON_XOFF.contains(&byte) => (State::Between, None),
            (State::Between, _) if status::is_answer(byte) => (State::Between, Some(Answer::Status(byte))),
            // A block that broke off, or no answer at all.
            _ => (State::Between, Some(Answer::Noise)),
        };
        self.0 = next;
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(bytes: &[u8]) -> Vec<Answer> {
        let mut answers = Answers::BETWEEN;
        bytes.iter().filter_map(|byte| answers.take(*byte)).collect()
    }

    #[test]
    fn statuses_marks_and_counters_are_told_apart() {
        let mark = Mark::new(7);
        let mut bytes = vec![0x12, 0x37, 0x22];
        bytes.extend_from_slice(&mark.command()[7..]);
        bytes.extend_from_slice(b"\x00\x5F120\x00\x1E");
        assert_eq!(
            answers(&bytes),
            [
                Answer::Status(0x12),
                Answer::Mark(mark),
                Answer::Counter(120),
                Answer::Status(0x1E)
            ]
        );
    }

    #[test]
    fn a_mark_is_asked_for_as_the_reference_says() {
        let command = Mark::new(0).command();
        assert_eq!(command[..7], [0x1D, 0x28, 0x48, 0x06, 0x00, 0x30, 0x30]);
    }

    #[test]
    fn marks_are_distinct_and_never_look_like_a_status() {
        let mut seen = std::collections::HashSet::new();
        let numbers = (0..200_000).chain(47_000_000..MARKS);
        for Mark(text) in numbers.map(Mark::new).chain([Mark::PROBE]) {
            assert!(text.iter().all(|byte| (0x20..=0x7E).contains(byte)));
            assert!(!text.iter().any(|byte| status::is_answer(*byte)), "{text:?}");
            assert!(seen.insert(text), "{text:?} twice");
        }
    }

    #[test]
    fn a_block_that_breaks_off_is_noise_and_what_follows_is_heard() {
        assert_eq!(
            answers(&[0x37, 0x22, b'A', 0x12, 0x12]),
            [Answer::Noise, Answer::Status(0x12)]
        );
        assert_eq!(answers(b"\x5F\x00\x12"), [Answer::Noise, Answer::Status(0x12)]);
        assert_eq!(answers(b"\x5F12345678901\x00"), [Answer::Noise; 2]);
        assert_eq!(
            answers(&[0x37, 0x23, 0x12]),
            [Answer::Noise, Answer::Status(0x12)]
        );
    }

    #[test]
    fn ten_digits_do_not_overflow() {
        assert_eq!(
            answers(b"\x5F9999999999\x00"),
            [Answer::Counter(9_999_999_999_u64 as u32)]
        );
    }
}

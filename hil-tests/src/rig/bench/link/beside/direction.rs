//! One direction of a line in real time: when each byte is on the wire, and what arrives of it.

use std::collections::VecDeque;

use protocol_sim::{BYTE_US, Noise};

/// Microseconds from a byte's last bit to its arrival, as in [`protocol_sim::Pair`].
const DELAY_US: f64 = 100.0;
/// Bytes that wait inside the line for their turn: some milliseconds, so that a late wake-up of the thread that carries
/// them leaves no gap, and too few to matter to a protocol that waits for the other end.
const FIFO: usize = 512;
/// Longest time that bytes which have arrived are held back while more follow, as a UART's FIFO does.
const COALESCE_US: f64 = 400.0;

/// A few bytes to look for in what a sender says. At most eight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    bits: u64,
    mask: u64,
    length: u32,
}

impl Mark {
    /// Bytes, each with a mask of the bits that count.
    pub(super) const fn new<const N: usize>(bytes: [(u8, u8); N]) -> Self {
        let (mut bits, mut mask, mut at) = (0, 0, 0);
        while at < N {
            bits = bits << 8 | (bytes[at].0 & bytes[at].1) as u64;
            mask = mask << 8 | bytes[at].1 as u64;
            at += 1;
        }
        Self {
            bits,
            mask,
            length: N as u32,
        }
    }

    fn ends(self, history: u64) -> bool {
        history & self.mask == self.bits
    }
}

/// When a transfer began and when its sender knew that it was done, in microseconds of the line's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Span {
    /// When the first byte that the sender put on the line began.
    pub(super) first: Option<f64>,
    /// When the first mark of the beginning began.
    pub(super) begin: Option<f64>,
    /// When the first mark of the end after it began.
    pub(super) end: Option<f64>,
}

/// One direction. It knows no clock: `now` never goes backwards.
#[derive(Debug)]
pub(super) struct Direction {
    noise: Noise,
    /// When the last byte given to the line leaves it.
    free_at: f64,
    /// Batches that are under way: when they have arrived, what of them arrives.
    arriving: VecDeque<(f64, Vec<u8>)>,
    marks: Option<[Mark; 2]>,
    history: u64,
    /// What was seen of the marks.
    pub(super) span: Span,
    /// Bytes put on the wire.
    pub(super) sent: u64,
}

impl Direction {
    /// A free direction whose beginning and end of a transfer are shown by marks.
    pub(super) fn new(noise: Noise, marks: Option<[Mark; 2]>) -> Self {
        Self {
            noise,
            free_at: 0.0,
            arriving: VecDeque::new(),
            marks,
            history: 0,
            span: Span::default(),
            sent: 0,
        }
    }

    /// How many bytes the line takes now: none while less than half of its buffer is free. If there have been bytes to
    /// take since `since` and nobody took them, also those that would have left in the meantime.
    pub(super) fn room(&self, now: f64, since: f64) -> usize {
        let waiting = (self.free_at.max(since) - now) / BYTE_US;
        let half = (FIFO / 2) as f64;
        if waiting > half {
            0
        } else {
            (FIFO as f64 - waiting) as usize
        }
    }

    /// Takes bytes, at most as many as there is [room](Self::room) for. They have been there since `since`: if the line
    /// was free by then, they leave from then on, however late the one who carries them comes.
    pub(super) fn push(&mut self, since: f64, bytes: &[u8]) {
        let mut at = self.free_at.max(since);
        self.sent += bytes.len() as u64;
        let batch = (COALESCE_US / BYTE_US) as usize;
        for piece in bytes.chunks(batch) {
            for (index, &byte) in piece.iter().enumerate() {
                self.look(at + (index + 1) as f64 * BYTE_US, byte);
            }
            at += piece.len() as f64 * BYTE_US;
            let mut out = Vec::with_capacity(piece.len());
            self.noise.carry(piece, &mut out);
            self.arriving.push_back((at + DELAY_US, out));
        }
        self.free_at = at;
    }

    /// Looks for the marks; `at`: when the byte's last bit leaves.
    fn look(&mut self, at: f64, byte: u8) {
        self.span.first.get_or_insert(at - BYTE_US);
        let Some([begin, end]) = self.marks else {
            return;
        };
        self.history = self.history << 8 | u64::from(byte);
        let began = |mark: Mark| at - f64::from(mark.length) * BYTE_US;
        if self.span.begin.is_none() && begin.ends(self.history) {
            self.span.begin = Some(began(begin));
        } else if self.span.begin.is_some() && self.span.end.is_none() && end.ends(self.history) {
            self.span.end = Some(began(end));
        }
    }

    /// Appends to `out` what has arrived by now.
    pub(super) fn arrived(&mut self, now: f64, out: &mut Vec<u8>) {
        while let Some((_, bytes)) = self.arriving.pop_front_if(|(at, _)| *at <= now) {
            out.extend_from_slice(&bytes);
        }
    }

    /// When something happens next, if no more bytes are given: something arrives, or half of the room is there again.
    pub(super) fn next_event(&self, now: f64) -> Option<f64> {
        let arrival = self.arriving.front().map(|(at, _)| *at);
        let room = self.free_at - (FIFO / 2) as f64 * BYTE_US;
        let room = (self.room(now, now) == 0).then_some(room);
        [arrival, room].into_iter().flatten().reduce(f64::min)
    }

    /// Whether nothing is under way.
    pub(super) fn is_empty(&self) -> bool {
        self.arriving.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use protocol_sim::Faults;

    use super::*;

    fn clean() -> Direction {
        Direction::new(Noise::new(Faults::default(), 1), None)
    }

    /// Sends the content as fast as the line takes it, looked at every so many microseconds; returns what arrived and when
    /// it was all there.
    fn carry(mut direction: Direction, content: &[u8], every_us: f64) -> (Vec<u8>, f64) {
        let (mut now, mut sent, mut out) = (0.0, 0, Vec::new());
        loop {
            let room = direction.room(now, 0.0).min(content.len() - sent);
            direction.push(0.0, &content[sent..sent + room]);
            sent += room;
            direction.arrived(now, &mut out);
            if sent == content.len() && direction.is_empty() {
                return (out, now);
            }
            now += every_us;
        }
    }

    #[test]
    fn bytes_take_as_long_as_at_921_600_baud_however_late_somebody_looks() {
        let content: Vec<u8> = (0..92_160_u32).map(|it| it as u8).collect();
        for every_us in [50.0, 700.0, 2_500.0, 20_000.0] {
            let (arrived, took) = carry(clean(), &content, every_us);
            assert!(arrived == content);
            // A second, and at most until the next look.
            let late = took - (1e6 + DELAY_US);
            assert!(late >= -1.0 && late <= every_us + 1.0, "every {every_us}: {late}");
        }
    }

    #[test]
    fn the_line_does_to_bytes_what_the_noise_does() {
        let content: Vec<u8> = (0..50_000_u32).map(|it| (it * 7) as u8).collect();
        let noise = || Noise::new(Faults::bit_errors(1e-3), 5);
        let mut expected = Vec::new();
        noise().carry(&content, &mut expected);
        let (arrived, _) = carry(Direction::new(noise(), None), &content, 333.0);
        assert!(arrived == expected && arrived != content);
    }

    #[test]
    fn a_byte_arrives_after_its_ten_bits_and_the_delay_and_not_before() {
        let mut direction = clean();
        direction.push(1_000.0, b"x");
        let mut out = Vec::new();
        direction.arrived(1_000.0 + BYTE_US + DELAY_US - 0.1, &mut out);
        assert!(out.is_empty());
        direction.arrived(1_000.0 + BYTE_US + DELAY_US + 0.1, &mut out);
        assert_eq!(out, b"x");
    }

    #[test]
    fn the_line_takes_no_more_than_it_holds() {
        let mut direction = clean();
        assert_eq!(direction.room(0.0, 0.0), FIFO);
        direction.push(0.0, &[0; FIFO]);
        assert_eq!(direction.room(0.0, 0.0), 0);
        let half = FIFO as f64 / 2.0 * BYTE_US;
        assert!((FIFO / 2..FIFO).contains(&direction.room(half + 1.0, 0.0)));
        // Late, but there was nothing to take until now.
        assert_eq!(direction.room(90_000.0, 90_000.0), FIFO);
        assert!(direction.room(90_000.0, 0.0) > 7_000);
    }

    #[test]
    fn a_transfer_lasts_from_the_first_begin_to_the_first_end_after_it() {
        let mark = |byte| Mark::new([(b'<', 0xff), (byte, 0xff), (0, 0)]);
        let marks = Some([mark(b'b'), mark(b'e')]);
        let mut direction = Direction::new(Noise::new(Faults::default(), 1), marks);
        direction.push(0.0, b"..<e.<b.<b.");
        direction.push(10_000.0, b"..<e.<e.");
        let span = direction.span;
        let at = |index: f64, of: Option<f64>| of.is_some_and(|of| (of - index).abs() < 1e-6);
        assert!(at(0.0, span.first));
        assert!(at(5.0 * BYTE_US, span.begin), "{span:?}");
        assert!(at(10_000.0 + 2.0 * BYTE_US, span.end), "{span:?}");
    }
}

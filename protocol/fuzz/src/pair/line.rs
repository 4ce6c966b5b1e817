//! One direction of the line.

use std::collections::{HashSet, VecDeque};

use protocol::frame::{Decoder, Received};

use super::super::program::Program;

/// The line changed a frame so that its checksum is right for the new content.
pub(super) struct Accident;

/// Bytes under way, in order.
#[derive(Default)]
pub(super) struct Line {
    /// Everything is lost while the line is cut.
    pub(super) cut: bool,
    arriving: VecDeque<Vec<u8>>,
    /// Contents of all frames that were sent.
    sent: HashSet<Vec<u8>>,
    at_the_end: Decoder,
}

impl Line {
    /// The sender sends a frame.
    pub(super) fn put(&mut self, frame: &[u8]) {
        let mut decoder = Decoder::new();
        let (_, received) = decoder.push(frame);
        assert_eq!(received, Some(Received::Frame));
        if !self.cut {
            self.sent.insert(decoder.frame().to_vec());
            self.arriving.push_back(frame.to_vec());
        }
    }

    /// The receiver receives what was sent first.
    pub(super) fn take(&mut self) -> Result<Option<Vec<u8>>, Accident> {
        let Some(bytes) = self.arriving.pop_front() else {
            return Ok(None);
        };
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let (taken, received) = self.at_the_end.push(rest);
            rest = &rest[taken..];
            if received == Some(Received::Frame) && !self.sent.contains(self.at_the_end.frame()) {
                return Err(Accident);
            }
        }
        Ok(Some(bytes))
    }

    /// Something happens to what is under way.
    pub(super) fn suffer(&mut self, program: &mut Program<'_>) {
        let what = program.byte();
        let count = self.arriving.len();
        if count == 0 {
            return;
        }
        let which = usize::from(what >> 3) % count;
        let frame = &mut self.arriving[which];
        let at = usize::from(program.byte()) * 5 % frame.len().max(1);
        match what & 7 {
            0 | 1 => drop(self.arriving.remove(which)),
            2 => self.arriving.clear(),
            3 => {
                let twice = frame.clone();
                self.arriving.insert(which, twice);
            }
            4 => frame.truncate(at),
            5 => drop(frame.drain(..at)),
            6 => frame.insert(at, program.byte()),
            _ => {
                if let Some(byte) = frame.get_mut(at) {
                    *byte ^= program.byte();
                }
            }
        }
    }
}

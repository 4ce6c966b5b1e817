//! Bytes of one direction to entries of a trace.

use protocol::frame::{Decoder, Received};

use super::record::{Content, Damage, Direction, Record, claim, kept};

/// Cuts the bytes of one direction into frames, as the receiver does, but keeps the damaged ones in sight.
#[derive(Debug)]
pub struct Cutter {
    direction: Direction,
    decoder: Decoder,
    /// Bytes since the last delimiter, and the first of them.
    len: usize,
    head: [u8; 3],
    /// Kind and session of the latest intact frames of each kind, by the kind's code.
    seen: [Option<[u8; 2]>; 16],
}

impl Cutter {
    /// For the bytes that go in the given direction.
    pub fn new(direction: Direction) -> Self {
        Self {
            direction,
            decoder: Decoder::new(),
            len: 0,
            head: [0; 3],
            seen: [None; 16],
        }
    }

    /// Takes bytes that came at a certain time, and hands over the frames that they end.
    pub fn push(&mut self, at: u64, bytes: &[u8], mut record: impl FnMut(Record)) {
        for run in bytes.split_inclusive(|byte| *byte == 0) {
            let mut rest = run;
            let mut received = None;
            while !rest.is_empty() {
                let (taken, ended) = self.decoder.push(rest);
                rest = rest.get(taken..).unwrap_or_default();
                received = received.or(ended);
            }
            let ends = run.ends_with(&[0]);
            let content = &run[..run.len() - usize::from(ends)];
            if let Some(head) = self.head.get_mut(self.len..) {
                for (place, byte) in head.iter_mut().zip(content) {
                    *place = *byte;
                }
            }
            self.len += content.len();
            if let Some(received) = received {
                let content = self.content(received);
                record(Record {
                    at,
                    direction: Some(self.direction),
                    content,
                });
            }
            if ends {
                self.len = 0;
            }
        }
    }

    /// What has come of a frame that did not end, if anything has.
    pub fn finish(&mut self, at: u64) -> Option<Record> {
        let len = std::mem::take(&mut self.len);
        self.decoder.reset();
        (len > 0).then(|| Record {
            at,
            direction: Some(self.direction),
            content: Content::Note(format!("{len} bytes of a frame without an end")),
        })
    }

    fn content(&mut self, received: Received) -> Content {
        if let Some(damage) = Damage::of(received) {
            let head = &self.head[..self.len.min(self.head.len())];
            let like = head.get(1).and_then(|first| self.seen[usize::from(first & 0xf)]);
            return Content::Damaged {
                damage,
                claim: claim(head, like),
                len: self.len,
            };
        }
        let frame = self.decoder.frame();
        if let Some(&start) = frame.first_chunk::<2>() {
            self.seen[usize::from(start[0] & 0xf)] = Some(start);
        }
        Content::Frame {
            bytes: frame[..kept(frame)].to_vec(),
            len: frame.len(),
        }
    }
}

//! Bytes of the wire to frames.

use super::{CRC, CRC_LEN, MAX_FRAME, MIN_FRAME};

/// What the end of a frame brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// A whole and intact frame: [`Decoder::frame`] is its header and payload.
    Frame,
    /// Its checksum is wrong.
    BadChecksum,
    /// Its byte stuffing is wrong, or it is too short to be a frame.
    BadFraming,
    /// It is longer than any frame; it was discarded up to its delimiter.
    Oversize,
}

/// Takes a stream of bytes apart into frames: in place, without allocation, and whatever the bytes are.
///
/// Work per byte is bounded: each byte is stored once and, at the end of its frame, summed once.
#[derive(Debug)]
pub struct Decoder {
    buffer: [u8; MAX_FRAME],
    /// Bytes of `buffer` in use.
    len: usize,
    /// Bytes that the present COBS block still has; 0 when its next byte is a code.
    block_left: u8,
    /// A zero stands between the previous block and the next, if there is a next.
    zero_due: bool,
    /// Nothing has come since the last delimiter.
    empty: bool,
    /// The frame is longer than the buffer.
    oversize: bool,
    /// Length of header and payload of the frame last received.
    frame_len: usize,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder that waits for the first frame.
    pub const fn new() -> Self {
        Self {
            buffer: [0; MAX_FRAME],
            len: 0,
            block_left: 0,
            zero_due: false,
            empty: true,
            oversize: false,
            frame_len: 0,
        }
    }

    /// Takes bytes up to the end of the next frame.
    ///
    /// Returns how many were taken, at least one if there are any, and what the frame was, if one ended.
    pub fn push(&mut self, bytes: &[u8]) -> (usize, Option<Received>) {
        let mut taken = 0;
        while let Some(&byte) = bytes.get(taken) {
            if byte == 0 {
                taken += 1;
                if let Some(received) = self.finish() {
                    return (taken, Some(received));
                }
            } else if self.block_left == 0 {
                taken += 1;
                self.start_block(byte);
            } else {
                let rest = &bytes[taken..];
                let most = rest.len().min(usize::from(self.block_left));
                let run = rest[..most].iter().position(|&byte| byte == 0).unwrap_or(most);
                self.store(&rest[..run]);
                self.block_left -= run as u8; // run <= block_left
                taken += run;
            }
        }
        (taken, None)
    }

    /// Header and payload of the frame that [`push`](Self::push) reported last; valid until it is called again.
    pub fn frame(&self) -> &[u8] {
        &self.buffer[..self.frame_len]
    }

    /// Forgets a frame that has begun, as after the line was interrupted.
    pub fn reset(&mut self) {
        self.len = 0;
        self.block_left = 0;
        self.zero_due = false;
        self.empty = true;
        self.oversize = false;
    }

    fn start_block(&mut self, code: u8) {
        if self.zero_due {
            self.store(&[0]);
        }
        self.zero_due = code != 0xff;
        self.block_left = code - 1; // the caller has seen that it is not a delimiter
        self.empty = false;
    }

    fn store(&mut self, bytes: &[u8]) {
        match self.buffer.get_mut(self.len..self.len + bytes.len()) {
            Some(room) => {
                room.copy_from_slice(bytes);
                self.len += bytes.len();
            }
            None => self.oversize = true,
        }
    }

    fn finish(&mut self) -> Option<Received> {
        let (len, block_left, empty, oversize) = (self.len, self.block_left, self.empty, self.oversize);
        self.reset();
        if empty {
            return None;
        }
        if oversize {
            return Some(Received::Oversize);
        }
        if block_left != 0 || len < MIN_FRAME {
            return Some(Received::BadFraming);
        }
        let (content, sum) = self.buffer[..len].split_at(len - CRC_LEN);
        if CRC.checksum(content).to_le_bytes() != *sum {
            return Some(Received::BadChecksum);
        }
        self.frame_len = content.len();
        Some(Received::Frame)
    }
}

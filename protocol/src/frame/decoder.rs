//! Bytes of the wire to frames.

use super::zeros::WORD;
use super::{CRC_LEN, FULL_CODE, MAX_FRAME, MAX_STUFFED, MIN_FRAME, crc32};

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
/// Work per byte is bounded: each byte is looked at once for a delimiter, stored once, and once more for each full
/// block before it (at most 4), and at the end of its frame summed once.
#[derive(Debug)]
pub struct Decoder {
    /// The frame so far; what comes is put here before its codes are taken out, hence longer than a frame.
    buffer: [u8; MAX_STUFFED],
    /// Bytes of `buffer` in use.
    len: usize,
    /// Bytes until the next code.
    block_left: usize,
    /// The next code stands for no zero: the block before it is full, or there is none.
    no_zero: bool,
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
            buffer: [0; MAX_STUFFED],
            len: 0,
            block_left: 0,
            no_zero: true,
            oversize: false,
            frame_len: 0,
        }
    }

    /// Takes bytes up to the end of the next frame.
    ///
    /// Returns how many were taken, at least one if there are any, and what the frame was, if one ended.
    pub fn push(&mut self, bytes: &[u8]) -> (usize, Option<Received>) {
        let mut rest = bytes;
        while let Some((&first, after)) = rest.split_first() {
            if first == 0 && self.is_empty() {
                rest = after;
                continue;
            }
            let run = memchr::memchr(0, rest).unwrap_or(rest.len());
            let (inside, from_delimiter) = rest.split_at(run);
            self.store(inside);
            let Some((_delimiter, after)) = from_delimiter.split_first() else {
                break;
            };
            rest = after;
            return (bytes.len() - rest.len(), Some(self.finish()));
        }
        (bytes.len(), None)
    }

    /// Header and payload of the frame that [`push`](Self::push) reported last; valid until it is called again.
    pub fn frame(&self) -> &[u8] {
        &self.buffer[..self.frame_len]
    }

    /// Forgets a frame that has begun, as after the line was interrupted.
    pub fn reset(&mut self) {
        self.len = 0;
        self.block_left = 0;
        self.no_zero = true;
        self.oversize = false;
    }

    /// Takes bytes from between two delimiters, without their stuffing.
    fn store(&mut self, mut bytes: &[u8]) {
        while let Some((&first, after)) = bytes.split_first() {
            if self.no_zero && self.block_left == 0 {
                self.no_zero = first == FULL_CODE;
                self.block_left = usize::from(first - 1); // no delimiter is among them
                bytes = after;
                continue;
            }
            // Of a full block it is known how far it goes.
            let run = if self.no_zero {
                self.block_left.min(bytes.len())
            } else {
                bytes.len()
            };
            let Some(room) = self.buffer.get_mut(self.len..self.len + run) else {
                self.oversize = true;
                return;
            };
            room.copy_from_slice(&bytes[..run]);
            // A code becomes, where it stands, the zero that the block before it stands for. What follows a full
            // block has to be put one place further to the front.
            let (mut next, mut no_zero) = (self.block_left, self.no_zero);
            'codes: while !no_zero {
                // Zeros in a row, a word at a time.
                while bytes.get(next..next + WORD) == Some(&[1; WORD]) {
                    room[next..next + WORD].fill(0);
                    next += WORD;
                }
                for _ in 0..8 {
                    let Some(&code) = bytes.get(next) else {
                        break 'codes;
                    };
                    room[next] = 0;
                    next += usize::from(code);
                    if code == FULL_CODE {
                        no_zero = true;
                        break 'codes;
                    }
                }
            }
            self.no_zero = no_zero;
            let taken = next.min(bytes.len());
            self.block_left = next - taken;
            self.len += taken;
            bytes = &bytes[taken..];
        }
    }

    /// Whether nothing has come since the last delimiter.
    fn is_empty(&self) -> bool {
        self.len == 0 && self.block_left == 0 && self.no_zero && !self.oversize
    }

    fn finish(&mut self) -> Received {
        let Self {
            len,
            block_left,
            oversize,
            ..
        } = *self;
        self.reset();
        if oversize || len > MAX_FRAME {
            return Received::Oversize;
        }
        if block_left != 0 || len < MIN_FRAME {
            return Received::BadFraming;
        }
        let (content, sum) = self.buffer[..len].split_at(len - CRC_LEN);
        if crc32(content).to_le_bytes() != *sum {
            return Received::BadChecksum;
        }
        self.frame_len = content.len();
        Received::Frame
    }
}

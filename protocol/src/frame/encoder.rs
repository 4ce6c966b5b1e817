//! Frames to bytes of the wire.

use super::{CRC, MAX_FRAME, wire_len};

/// Writes the frame whose header and payload are the given parts, one after the other, into `out`.
///
/// Returns the number of bytes, or `None` if it does not fit into `out` or into a frame.
pub fn encode(out: &mut [u8], parts: &[&[u8]]) -> Option<usize> {
    let content: usize = parts.iter().map(|part| part.len()).sum();
    let frame_len = content + super::CRC_LEN;
    if frame_len > MAX_FRAME || wire_len(frame_len) > out.len() {
        return None;
    }
    let mut digest = CRC.digest();
    let mut stuffer = Stuffer::new(out);
    for part in parts {
        digest.update(part);
        stuffer.put(part);
    }
    stuffer.put(&digest.finalize().to_le_bytes());
    Some(stuffer.finish())
}

/// Consistent overhead byte stuffing (Cheshire and Baker, 1999): a frame without zeros, in blocks of a code
/// and `code - 1` bytes; each block but one with the code 0xff stands for its bytes and a zero.
struct Stuffer<'a> {
    /// Long enough for everything that will be put: [`encode`] has checked it.
    out: &'a mut [u8],
    /// Where the code of the open block goes.
    code_at: usize,
    /// Where the next byte goes.
    at: usize,
}

impl<'a> Stuffer<'a> {
    fn new(out: &'a mut [u8]) -> Self {
        out[0] = 0;
        Self {
            out,
            code_at: 1,
            at: 2,
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            // A full block (0xff) stands for no zero. It is closed only when more follows, so that no empty
            // block trails the frame.
            if self.at - self.code_at == 0xff {
                self.close_block();
            }
            if byte == 0 {
                self.close_block();
                continue;
            }
            self.out[self.at] = byte;
            self.at += 1;
        }
    }

    fn close_block(&mut self) {
        self.out[self.code_at] = (self.at - self.code_at) as u8; // at most 0xff
        self.code_at = self.at;
        self.at += 1;
    }

    fn finish(mut self) -> usize {
        self.close_block();
        // `close_block` has opened a block that is not needed; its place takes the delimiter.
        self.out[self.code_at] = 0;
        self.at
    }
}

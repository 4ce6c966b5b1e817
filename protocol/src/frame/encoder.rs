//! Frames to bytes of the wire.

use super::zeros::{WORD, Zeros};
use super::{CRC_LEN, Crc32, FULL_CODE, MAX_FRAME, crc32, wire_len};

/// Header and payload of up to so many bytes are put together before they are summed and stuffed: then a message,
/// whose parts are short, is worked off in words.
const SHORT: usize = 64;

/// Whether that is worth its flash.
const GATHER: bool = cfg!(not(target_os = "none"));

/// Writes the frame whose header and payload are the given parts, one after the other, into `out`.
///
/// Returns the number of bytes, or `None` if it does not fit into `out` or into a frame.
pub fn encode(out: &mut [u8], parts: &[&[u8]]) -> Option<usize> {
    let content: usize = parts.iter().map(|part| part.len()).sum();
    let frame_len = content + CRC_LEN;
    if frame_len > MAX_FRAME || wire_len(frame_len) > out.len() {
        return None;
    }
    out[0] = 0;
    let End { code_at, at } = if GATHER && content <= SHORT {
        stuff_short(out, parts)
    } else {
        stuff_long(out, parts)
    };
    out[code_at] = (at - code_at) as u8; // at most 0xff
    out[at] = 0;
    Some(at + 1)
}

fn stuff_short(out: &mut [u8], parts: &[&[u8]]) -> End {
    // What stands behind the frame is not zero, so that stuffing it, too, changes nothing before it.
    let mut frame = [1; (SHORT + CRC_LEN).next_multiple_of(WORD)];
    let mut len = 0;
    for part in parts {
        frame[len..len + part.len()].copy_from_slice(part);
        len += part.len();
    }
    let sum = crc32(&frame[..len]);
    frame[len..len + CRC_LEN].copy_from_slice(&sum.to_le_bytes());
    len += CRC_LEN;
    let words = len.next_multiple_of(WORD);
    let more = if End::FIRST.at + words < out.len() {
        words - len
    } else {
        0
    };
    let End { code_at, at } = stuff(out, End::FIRST, &frame[..len + more]);
    End {
        code_at,
        at: at - more,
    }
}

fn stuff_long(out: &mut [u8], parts: &[&[u8]]) -> End {
    let mut sum = Crc32::new();
    let mut end = End::FIRST;
    for part in parts {
        sum.update(part);
        end = stuff(out, end, part);
    }
    stuff(out, end, &sum.value().to_le_bytes())
}

/// Where a frame ends that is being stuffed.
#[derive(Clone, Copy)]
struct End {
    /// Where the code of the open block goes.
    code_at: usize,
    /// Where the next byte goes.
    at: usize,
}

impl End {
    /// Behind the delimiter, in the first block.
    const FIRST: Self = Self { code_at: 1, at: 2 };
}

/// Appends `bytes` by consistent overhead byte stuffing (Cheshire and Baker, 1999): a frame without zeros, in blocks
/// of a code and `code - 1` bytes; each block but one with the code 0xff stands for its bytes and a zero.
///
/// `out` is long enough: [`encode`] has checked it.
// Measured: for a short message the call would be a twentieth of the work. A board has no flash for that.
#[allow(clippy::inline_always)]
#[cfg_attr(not(target_os = "none"), inline(always))]
fn stuff(out: &mut [u8], End { mut code_at, mut at }: End, bytes: &[u8]) -> End {
    let (words, rest) = bytes.as_chunks::<WORD>();
    for word in words {
        // Near the end of a full block something may have to go in between.
        if at - code_at > usize::from(FULL_CODE) - WORD {
            End { code_at, at } = stuff_slowly(out, End { code_at, at }, word);
            continue;
        }
        // The next code goes where a zero stands.
        let zeros = Zeros::of(*word);
        if zeros.is_all() {
            out[code_at] = (at - code_at) as u8;
            out[at..at + WORD].copy_from_slice(&[1; WORD]);
            code_at = at + WORD - 1;
        } else {
            out[at..at + WORD].copy_from_slice(word);
            for zero in zeros {
                out[code_at] = (at + zero - code_at) as u8;
                code_at = at + zero;
            }
        }
        at += WORD;
    }
    stuff_slowly(out, End { code_at, at }, rest)
}

/// The same, a byte at a time.
#[inline]
fn stuff_slowly(out: &mut [u8], End { mut code_at, mut at }: End, bytes: &[u8]) -> End {
    for &byte in bytes {
        // A full block stands for no zero. It is closed only when more follows, so that no empty block trails the
        // frame.
        if at - code_at == usize::from(FULL_CODE) {
            out[code_at] = FULL_CODE;
            code_at = at;
            at += 1;
        }
        if byte == 0 {
            out[code_at] = (at - code_at) as u8;
            code_at = at;
        } else {
            out[at] = byte;
        }
        at += 1;
    }
    End { code_at, at }
}

//! The board's log on its way to the host: what the line carries when it has nothing else to do.

use super::wire::{LOG_ENTRY_NONE, MAX_LOG};
use crate::frame::{CRC_LEN, FrameKind, encode, kind_and_session, wire_len};

/// What stands in front of the bytes: kind and session, offset, entry, number of bytes.
const HEAD: usize = 2 + 4 + 1 + 1;
/// What a frame takes on the wire at most.
const MAX_WIRE: usize = wire_len(HEAD + MAX_LOG + CRC_LEN);

/// What an owner has of its log for the next frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogTaken {
    /// Bytes of whole entries that were lost since those that it gave before, for want of room.
    pub lost: u32,
    /// Bytes that it has put into the place it was given.
    pub len: usize,
}

/// Where the log is.
#[derive(Debug, Default)]
pub(super) struct LogOut {
    /// Bytes of it before the next, those that were lost included.
    offset: u32,
    /// The next byte is inside an entry.
    inside: bool,
}

impl LogOut {
    pub(super) const fn new() -> Self {
        Self {
            offset: 0,
            inside: false,
        }
    }

    /// Writes a frame of what `take` has, and returns its length; 0 if it has nothing or `out` is too short.
    pub(super) fn transmit(
        &mut self,
        tag: u16,
        out: &mut [u8],
        take: impl FnOnce(&mut [u8]) -> LogTaken,
    ) -> usize {
        if out.len() < MAX_WIRE {
            return 0;
        }
        let mut bytes = [0; MAX_LOG];
        let taken = take(&mut bytes);
        self.offset = self.offset.wrapping_add(taken.lost);
        let bytes = &bytes[..taken.len.min(MAX_LOG)];
        let Some(last) = bytes.last() else { return 0 };
        let entry = if self.inside {
            let end = bytes.iter().position(|byte| *byte == 0);
            end.map_or(LOG_ENTRY_NONE, |end| (end + 1) as u8) // at most 128
        } else {
            0
        };
        let [k0, k1] = kind_and_session(FrameKind::Log, tag);
        let [o0, o1, o2, o3] = self.offset.to_le_bytes();
        let head: [u8; HEAD] = [k0, k1, o0, o1, o2, o3, entry, bytes.len() as u8];
        self.offset = self.offset.wrapping_add(bytes.len() as u32);
        self.inside = *last != 0;
        encode(out, &[&head, bytes]).unwrap_or(0)
    }
}

//! A board's log as it comes over the link: pieces to a stream of whole entries, and what is missing.

mod recorded;
mod recording;

pub use recorded::{NotALog, Piece, Recorded, SUFFIX};
pub use recording::{Recording, files};

use protocol::link::wire::{LOG_ENTRY_NONE, Log};

/// What the next piece brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Bytes of the log that are missing before it; the entry before them is not whole, and its beginning is to be thrown away.
    pub missing: Option<u32>,
    /// Bytes that continue the stream, or after a gap begin with a whole entry.
    pub bytes: Vec<u8>,
}

/// Follows one board's log.
#[derive(Debug, Default)]
pub struct Follower {
    /// Of which start of the board, and where its log goes on.
    place: Option<(u32, u32)>,
    /// No entry has begun since the last gap.
    between: bool,
}

impl Follower {
    /// Takes a piece of the log of the start with this boot id.
    pub fn take(&mut self, boot_id: u32, log: &Log) -> Heard {
        let after = log.offset.wrapping_add(log.bytes.len() as u32);
        let missing = match self.place.replace((boot_id, after)) {
            Some((boot, at)) if boot == boot_id => log.offset.wrapping_sub(at),
            // A start that was not heard from its beginning.
            _ => log.offset,
        };
        let missing = (missing != 0).then_some(missing);
        self.between |= missing.is_some();
        let mut bytes = &log.bytes[..];
        if self.between {
            let begins = usize::from(log.entry);
            self.between = log.entry == LOG_ENTRY_NONE;
            bytes = bytes.get(begins..).unwrap_or_default();
        }
        Heard {
            missing,
            bytes: bytes.to_vec(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A test stops at what it does not expect.
mod tests {
    use super::*;

    fn piece(offset: u32, entry: u8, bytes: &[u8]) -> Log {
        let bytes = bytes.iter().copied().collect();
        Log { offset, entry, bytes }
    }

    fn heard(missing: Option<u32>, bytes: &[u8]) -> Heard {
        Heard {
            missing,
            bytes: bytes.to_vec(),
        }
    }

    #[test]
    fn after_a_gap_a_log_goes_on_with_a_whole_entry() {
        let mut follower = Follower::default();
        assert_eq!(
            follower.take(1, &piece(0, 0, &[1, 0, 2])),
            heard(None, &[1, 0, 2])
        );
        assert_eq!(
            follower.take(1, &piece(3, 1, &[0, 3, 0])),
            heard(None, &[0, 3, 0])
        );
        assert_eq!(follower.take(1, &piece(10, 2, &[4, 0, 5])), heard(Some(4), &[5]));
        assert_eq!(
            follower.take(1, &piece(20, LOG_ENTRY_NONE, &[6])),
            heard(Some(7), &[])
        );
        assert_eq!(follower.take(1, &piece(21, 1, &[0, 7, 0])), heard(None, &[7, 0]));
    }

    #[test]
    fn another_start_has_another_log() {
        let mut follower = Follower::default();
        follower.take(1, &piece(0, 0, &[1, 0]));
        assert_eq!(follower.take(2, &piece(0, 0, &[2, 0])), heard(None, &[2, 0]));
        assert_eq!(
            follower.take(3, &piece(500, 0, &[3, 0])),
            heard(Some(500), &[3, 0])
        );
    }
}

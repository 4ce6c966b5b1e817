//! A file of a board's log: the pieces as they came, so that what is missing between them can be told.
//!
//! ```text
//! "LOKETLOG"  build u32   then for each piece:   heard u64 (us since 1970)  boot u32  offset u32  entry u8  length u8  bytes
//! ```
//!
//! Numbers are little-endian; offset, entry and bytes are those of a `Log` frame (PROTOCOL.md). The words of the log are not in it
//! but in the firmware's ELF.

use protocol::link::wire::Log;

/// How the names of the files end.
pub const SUFFIX: &str = ".loketlog";

const MAGIC: &[u8; 8] = b"LOKETLOG";

/// What the log of a firmware of this build begins with.
pub(super) fn preamble(build: u32) -> Vec<u8> {
    [&MAGIC[..], &build.to_le_bytes()].concat()
}

/// A piece of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// When it was heard, in microseconds since 1970.
    pub heard: u64,
    /// Which start of the board said it.
    pub boot_id: u32,
    /// What it said.
    pub log: Log,
}

impl Piece {
    /// The piece as it lies in a file.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(18 + self.log.bytes.len());
        bytes.extend(self.heard.to_le_bytes());
        bytes.extend(self.boot_id.to_le_bytes());
        bytes.extend(self.log.offset.to_le_bytes());
        // A piece has 128 bytes at most.
        bytes.extend([self.log.entry, self.log.bytes.len() as u8]);
        bytes.extend(&self.log.bytes);
        bytes
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        let heard = u64::from_le_bytes(take(input)?);
        let boot_id = u32::from_le_bytes(take(input)?);
        let offset = u32::from_le_bytes(take(input)?);
        let [entry, length] = take(input)?;
        let (bytes, rest) = input.split_at_checked(length.into())?;
        *input = rest;
        let bytes = bytes.try_into().ok()?;
        let log = Log { offset, entry, bytes };
        log.is_sound().then_some(Self { heard, boot_id, log })
    }
}

fn take<const N: usize>(input: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = input.split_first_chunk()?;
    *input = rest;
    Some(*head)
}

/// The file is no log of a board.
#[derive(Debug, thiserror::Error)]
#[error("it is no log of a board")]
pub struct NotALog;

/// What a file holds.
#[derive(Debug)]
pub struct Recorded {
    /// Build of the firmware that logged; 0 if it does not know.
    pub build: u32,
    /// The pieces, in the order in which they came.
    pub pieces: Vec<Piece>,
    /// The file ends within a piece: it is still written, or the computer went down.
    pub is_cut: bool,
}

impl Recorded {
    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// [`NotALog`] if it does not begin as one.
    pub fn read(mut bytes: &[u8]) -> Result<Self, NotALog> {
        let input = &mut bytes;
        if take(input).as_ref() != Some(MAGIC) {
            return Err(NotALog);
        }
        let build = take(input).map(u32::from_le_bytes).ok_or(NotALog)?;
        let pieces: Vec<_> = std::iter::from_fn(|| Piece::read(input)).collect();
        let is_cut = !input.is_empty();
        Ok(Self {
            build,
            pieces,
            is_cut,
        })
    }
}

//! The file that a firmware comes in: what it is, a signature of that, and its bytes as they lie in flash.
//!
//! ```text
//!  byte 0           8                   24    25        28     32      36        68         132      132 + length
//!       | LOKETFW1  | board, zeros after | role | version | build | length | SHA-256 | signature | image |
//!       +-----------+--------------------+------+---------+-------+--------+---------+-----------+-------+
//!       |<------------------------ signed, the manifest, 68 bytes ------------------>|   64      |
//! ```
//!
//! Numbers are little-endian; the version is major, minor, patch. The signature is Ed25519 (RFC 8032) over the manifest, and the
//! manifest has the image's SHA-256, so that who trusts the key can trust the image. `UpdateBegin` carries the same fields.

use crate::message::{Firmware, UpdateBegin};

/// What the file begins with: which format it is.
pub const MAGIC: [u8; 8] = *b"LOKETFW1";
/// Most bytes of a board's name.
pub const BOARD_BYTES: usize = 16;
/// Bytes that are signed.
pub const MANIFEST_BYTES: usize = 68;
/// Bytes of a signature.
pub const SIGNATURE_BYTES: usize = 64;
/// Bytes before the image.
pub const HEADER_BYTES: usize = MANIFEST_BYTES + SIGNATURE_BYTES;

/// What a firmware is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Name of the board that it runs on, as `Board::NAME` of the firmware, with zeros after it.
    pub board: [u8; BOARD_BYTES],
    /// Code of the role that it plays, as in `Hello`.
    pub role: u8,
    /// Which firmware it is.
    pub firmware: Firmware,
    /// Bytes of the image.
    pub length: u32,
    /// SHA-256 of the image.
    pub hash: [u8; 32],
}

impl Manifest {
    /// A board's name as it stands in a manifest; cut off where the room ends.
    pub fn board_name(name: &str) -> [u8; BOARD_BYTES] {
        let mut board = [0; BOARD_BYTES];
        for (place, byte) in board.iter_mut().zip(name.bytes()) {
            *place = byte;
        }
        board
    }

    /// What an offer says, or `None` if its hash or name is not of the right length.
    pub fn of(offer: &UpdateBegin) -> Option<Self> {
        Some(Self {
            board: Self::board_name(&offer.board),
            role: offer.role,
            firmware: offer.firmware,
            length: offer.length,
            hash: offer.hash.as_slice().try_into().ok()?,
        })
    }

    /// The bytes that are signed.
    pub fn to_bytes(&self) -> [u8; MANIFEST_BYTES] {
        let mut bytes = [0; MANIFEST_BYTES];
        let Firmware {
            major,
            minor,
            patch,
            build,
        } = self.firmware;
        let parts: [&[u8]; 7] = [
            &MAGIC,
            &self.board,
            &[self.role],
            &[major, minor, patch],
            &build.to_le_bytes(),
            &self.length.to_le_bytes(),
            &self.hash,
        ];
        let mut rest = bytes.as_mut_slice();
        for part in parts {
            let (place, after) = rest.split_at_mut(part.len());
            place.copy_from_slice(part);
            rest = after;
        }
        bytes
    }

    /// Reads the manifest at the start of a file; `None` if it does not begin with one.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..MANIFEST_BYTES)?.strip_prefix(&MAGIC)?;
        let (board, bytes) = bytes.split_first_chunk()?;
        let ([role, major, minor, patch], bytes) = bytes.split_first_chunk()?;
        let (build, bytes) = bytes.split_first_chunk()?;
        let (length, bytes) = bytes.split_first_chunk()?;
        Some(Self {
            board: *board,
            role: *role,
            firmware: Firmware {
                major: *major,
                minor: *minor,
                patch: *patch,
                build: u32::from_le_bytes(*build),
            },
            length: u32::from_le_bytes(*length),
            hash: bytes.try_into().ok()?,
        })
    }
}

/// What [`ident`] begins with.
pub const IDENT_MAGIC: [u8; 8] = *b"LOKETID1";
/// Bytes of an [`ident`].
pub const IDENT_BYTES: usize = 32;

/// What a program says of itself, somewhere in its bytes, so that whoever packs it need not be told and cannot be wrong: magic,
/// board, role and version, each as in the manifest.
pub const fn ident(board: &str, role: u8, firmware: Firmware) -> [u8; IDENT_BYTES] {
    let mut bytes = [0; IDENT_BYTES];
    let mut place = 0;
    while place < IDENT_MAGIC.len() {
        bytes[place] = IDENT_MAGIC[place];
        place += 1;
    }
    let board = board.as_bytes();
    let mut letter = 0;
    while letter < board.len() && letter < BOARD_BYTES {
        bytes[place + letter] = board[letter];
        letter += 1;
    }
    let build = firmware.build.to_le_bytes();
    let rest = [
        role,
        firmware.major,
        firmware.minor,
        firmware.patch,
        build[0],
        build[1],
        build[2],
        build[3],
    ];
    place += BOARD_BYTES;
    let mut at = 0;
    while at < rest.len() {
        bytes[place + at] = rest[at];
        at += 1;
    }
    bytes
}

/// A manifest for `image`, whose SHA-256 is `hash`, as the program in it says of itself; `None` if it does not, or twice.
pub fn manifest_of(image: &[u8], hash: [u8; 32]) -> Option<Manifest> {
    let mut idents = image
        .windows(IDENT_BYTES)
        .filter(|bytes| bytes.starts_with(&IDENT_MAGIC));
    let (found, None) = (idents.next()?, idents.next()) else {
        return None;
    };
    let (board, rest) = found.get(IDENT_MAGIC.len()..)?.split_first_chunk()?;
    let [role, major, minor, patch, build @ ..] = rest else {
        return None;
    };
    Some(Manifest {
        board: *board,
        role: *role,
        firmware: Firmware {
            major: *major,
            minor: *minor,
            patch: *patch,
            build: u32::from_le_bytes(build.try_into().ok()?),
        },
        length: u32::try_from(image.len()).ok()?,
        hash,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest {
            board: Manifest::board_name("RP2040"),
            role: 2,
            firmware: Firmware {
                major: 1,
                minor: 2,
                patch: 3,
                build: 0x0a0b_0c0d,
            },
            length: 0x0001_0203,
            hash: core::array::from_fn(|place| place as u8),
        }
    }

    #[test]
    fn the_signed_bytes_are_those_of_the_format() {
        let bytes = manifest().to_bytes();
        assert_eq!(&bytes[..24], b"LOKETFW1RP2040\0\0\0\0\0\0\0\0\0\0");
        assert_eq!(bytes[24..36], [2, 1, 2, 3, 0x0d, 0x0c, 0x0b, 0x0a, 3, 2, 1, 0]);
        assert_eq!(bytes[36..39], [0, 1, 2]);
        assert_eq!(Manifest::from_bytes(&bytes), Some(manifest()));
    }

    #[test]
    fn a_program_says_once_what_it_is() {
        let ours = manifest();
        let ident = ident("RP2040", ours.role, ours.firmware);
        let mut image = [7; 100];
        image[40..72].copy_from_slice(&ident);
        let found = manifest_of(&image, ours.hash);
        assert_eq!(
            found,
            Some(Manifest {
                length: 100,
                ..manifest()
            })
        );
        image[..32].copy_from_slice(&ident);
        assert_eq!(manifest_of(&image, ours.hash), None, "twice");
        assert_eq!(manifest_of(&image[..30], ours.hash), None);
    }

    #[test]
    fn another_format_and_half_a_manifest_are_none() {
        let bytes = manifest().to_bytes();
        assert_eq!(Manifest::from_bytes(&bytes[..67]), None);
        let mut other = bytes;
        other[7] = b'2';
        assert_eq!(Manifest::from_bytes(&other), None);
    }
}

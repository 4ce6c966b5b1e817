//! Frames on the wire.
//!
//! ```text
//!  0x00 | COBS( header (6) | payload (0..=1024) | CRC-32 (4, little-endian) ) | 0x00
//! ```
//!
//! A frame has a delimiter at both ends, so that noise before it cannot take it along; empty frames, which
//! two delimiters in a row look like, mean nothing. The checksum (CRC-32/ISO-HDLC, that of Ethernet) covers
//! header and payload. Overhead: 2 delimiters, 6 bytes of header, 4 of checksum, and one byte of COBS per 254.
//!
//! Both ways work in words and runs. Stuffing makes a code of a zero where it stands, and unstuffing a zero of a code,
//! so that all else is copied as it is; only behind a full block is something put in or left out. `cargo rig bench
//! link --only codec` measures it.

mod checksum;
mod decoder;
mod encoder;
mod header;
mod zeros;

pub(crate) use checksum::Crc32;
pub use checksum::crc32;
pub use decoder::{Decoder, Received};
pub use encoder::encode;
pub use header::{
    BulkHeader, ControlHeader, FrameKind, SESSION_MASK, header, kind_and_session, split_kind_and_session,
};

/// Bytes of header.
pub const HEADER_LEN: usize = 6;
/// Bytes of checksum.
pub const CRC_LEN: usize = 4;
/// The most bytes of payload a frame carries.
pub const MAX_PAYLOAD: usize = 1024;
/// The longest frame before byte stuffing.
pub const MAX_FRAME: usize = HEADER_LEN + MAX_PAYLOAD + CRC_LEN;
/// The shortest frame before byte stuffing: kind and session, checksum.
pub const MIN_FRAME: usize = 2 + CRC_LEN;

/// The code of a block of byte stuffing that is full, with 254 bytes, and stands for no zero.
const FULL_CODE: u8 = 0xff;

/// The most bytes that a frame takes on the wire, if it has `frame_len` bytes before byte stuffing.
///
/// COBS adds one byte, and one more for every 254 bytes without a zero; the delimiters add two.
pub const fn wire_len(frame_len: usize) -> usize {
    frame_len + frame_len / 254 + 1 + 2
}

/// The most bytes that any frame takes on the wire.
pub const MAX_WIRE_FRAME: usize = wire_len(MAX_FRAME);

/// The most bytes that any frame takes between its delimiters.
const MAX_STUFFED: usize = MAX_WIRE_FRAME - 2;

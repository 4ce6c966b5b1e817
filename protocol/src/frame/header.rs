//! The first bytes of a frame.
//!
//! ```text
//!  every frame      0       1       2       3       4       5
//!                 +-------+-------+-------+-------+-------+-------+
//!                 | session:12 k:4| by kind                       |
//!                 +-------+-------+-------+-------+-------+-------+
//!  Control (3)    |               | sequence      | acknowledged  |  payload: one message
//!  Bulk (5)       |               | tran. | offset                |  payload: bytes of the object
//! ```
//!
//! `k` is the kind, in the low four bits of the first little-endian 16-bit word; the session's number is above it.

use super::HEADER_LEN;

/// What a frame is for; the low four bits of its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum FrameKind {
    /// Who is there: opens a session.
    Hello = 1,
    /// Why there can be no session.
    Refuse = 2,
    /// A message, in sequence.
    Control = 3,
    /// Which messages have come.
    Ack = 4,
    /// A piece of a bulk object.
    Bulk = 5,
    /// Which pieces have come.
    BulkAck = 6,
    /// Bytes of a board's log.
    Log = 7,
}

impl FrameKind {
    /// The kind with the given code, if this version knows it.
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Hello,
            2 => Self::Refuse,
            3 => Self::Control,
            4 => Self::Ack,
            5 => Self::Bulk,
            6 => Self::BulkAck,
            7 => Self::Log,
            _ => return None,
        })
    }
}

/// The bits of a session's number that frames carry.
pub const SESSION_MASK: u16 = 0x0fff;

/// The first two bytes of a frame.
pub const fn kind_and_session(kind: FrameKind, session: u16) -> [u8; 2] {
    ((session & SESSION_MASK) << 4 | kind as u16).to_le_bytes()
}

/// The six bytes in front of the payload of a frame whose header has all of them.
pub const fn header(kind: FrameKind, session: u16, by_kind: [u8; 4]) -> [u8; HEADER_LEN] {
    let ([k0, k1], [b0, b1, b2, b3]) = (kind_and_session(kind, session), by_kind);
    [k0, k1, b0, b1, b2, b3]
}

/// Kind (if known), session, and the rest of a frame; `None` if it is too short.
pub fn split_kind_and_session(frame: &[u8]) -> Option<(Option<FrameKind>, u16, &[u8])> {
    let (word, rest) = frame.split_first_chunk::<2>()?;
    let word = u16::from_le_bytes(*word);
    Some((FrameKind::from_code((word & 0xf) as u8), word >> 4, rest))
}

/// What follows kind and session in a `Control` frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlHeader {
    /// Place of the message in the sequence of this direction of this session, from 0, wrapping.
    pub sequence: u16,
    /// The next sequence number that the sender expects: it has all before.
    pub acknowledged: u16,
}

impl ControlHeader {
    /// The four bytes.
    pub const fn to_bytes(self) -> [u8; 4] {
        let (s, a) = (self.sequence.to_le_bytes(), self.acknowledged.to_le_bytes());
        [s[0], s[1], a[0], a[1]]
    }

    /// Header and payload; `None` if the frame is too short.
    pub fn split(rest: &[u8]) -> Option<(Self, &[u8])> {
        let (&[s0, s1, a0, a1], payload) = rest.split_first_chunk::<4>()?;
        let header = Self {
            sequence: u16::from_le_bytes([s0, s1]),
            acknowledged: u16::from_le_bytes([a0, a1]),
        };
        Some((header, payload))
    }
}

/// What follows kind and session in a `Bulk` frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BulkHeader {
    /// Which transfer of this direction of this session, counted from 0, wrapping.
    pub transfer: u8,
    /// Place of the payload's first byte in the object: below 2^24.
    pub offset: u32,
}

impl BulkHeader {
    /// The four bytes; only the low 24 bits of the offset are carried.
    pub const fn to_bytes(self) -> [u8; 4] {
        let offset = self.offset.to_le_bytes();
        [self.transfer, offset[0], offset[1], offset[2]]
    }

    /// Header and payload; `None` if the frame is too short.
    pub fn split(rest: &[u8]) -> Option<(Self, &[u8])> {
        let (&[transfer, o0, o1, o2], payload) = rest.split_first_chunk::<4>()?;
        Some((
            Self {
                transfer,
                offset: u32::from_le_bytes([o0, o1, o2, 0]),
            },
            payload,
        ))
    }
}

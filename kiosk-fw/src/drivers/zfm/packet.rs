//! The packets of the sensor family.
//!
//! ```text
//! | EF 01 | address u32 | kind u8 | length u16 | payload: length - 2 bytes | sum u16 |      all big-endian
//! ```
//!
//! The sum is that of the bytes from kind to the end of the payload, modulo 2^16.

use nom::IResult;
use nom::Parser;
use nom::bytes::streaming::{tag, take};
use nom::combinator::{map_opt, verify};
use nom::number::streaming::{be_u8, be_u16, be_u32};

/// What every packet begins with.
pub const START: [u8; 2] = [0xEF, 0x01];
/// The address that every sensor has until it is given another.
pub const DEFAULT_ADDRESS: u32 = 0xFFFF_FFFF;
/// The largest payload: packet size code 3.
pub const MAX_PAYLOAD: usize = 256;
/// Start, address, kind, length and sum.
pub const OVERHEAD: usize = 11;

/// What a packet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// To the sensor: an instruction and its arguments.
    Command,
    /// Part of an image or a template; more follows.
    Data,
    /// From the sensor: a confirmation code and the results.
    Acknowledge,
    /// The last part.
    EndOfData,
}

impl Kind {
    const fn code(self) -> u8 {
        match self {
            Self::Command => 1,
            Self::Data => 2,
            Self::Acknowledge => 7,
            Self::EndOfData => 8,
        }
    }

    const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Command),
            2 => Some(Self::Data),
            7 => Some(Self::Acknowledge),
            8 => Some(Self::EndOfData),
            _ => None,
        }
    }
}

/// A packet as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Whose it is.
    pub address: u32,
    /// What it is for.
    pub kind: Kind,
    /// What it carries.
    pub payload: &'a [u8],
    /// Whether its sum is right.
    pub intact: bool,
}

/// Adds up bytes as the sensor does.
fn sum(kind: Kind, length: u16, payload: &[u8]) -> u16 {
    let [high, low] = length.to_be_bytes();
    payload
        .iter()
        .chain(&[kind.code(), high, low])
        .fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(*byte)))
}

/// Reads a packet from the front of `input`. Asks for more if it is not all there.
pub fn packet(input: &[u8]) -> IResult<&[u8], Packet<'_>> {
    let (input, _) = tag(&START[..])(input)?;
    let (input, address) = be_u32(input)?;
    let (input, kind) = map_opt(be_u8, Kind::from_code).parse(input)?;
    let (input, length) =
        verify(be_u16, |length| (2..=(MAX_PAYLOAD + 2) as u16).contains(length)).parse(input)?;
    let (input, payload) = take(length - 2)(input)?;
    let (input, expected) = be_u16(input)?;
    Ok((
        input,
        Packet {
            address,
            kind,
            payload,
            intact: sum(kind, length, payload) == expected,
        },
    ))
}

/// Writes a packet into `out` and returns its length.
///
/// # Panics
///
/// If `out` is too small. All callers send commands of fixed size.
pub fn encode(address: u32, kind: Kind, payload: &[u8], out: &mut [u8]) -> usize {
    let length = (payload.len() + 2) as u16;
    out[..2].copy_from_slice(&START);
    out[2..6].copy_from_slice(&address.to_be_bytes());
    out[6] = kind.code();
    out[7..9].copy_from_slice(&length.to_be_bytes());
    out[9..9 + payload.len()].copy_from_slice(payload);
    out[9 + payload.len()..OVERHEAD + payload.len()]
        .copy_from_slice(&sum(kind, length, payload).to_be_bytes());
    OVERHEAD + payload.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The manual's example: verify the password 0.
    const VERIFY_PASSWORD: [u8; 16] = [
        0xEF, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 0x00, 0x07, 0x13, 0x00, 0x00, 0x00, 0x00, 0x00, 0x1B,
    ];

    #[test]
    fn the_manuals_example_comes_out_byte_for_byte() {
        let mut out = [0; 32];
        let length = encode(DEFAULT_ADDRESS, Kind::Command, &[0x13, 0, 0, 0, 0], &mut out);
        assert_eq!(out[..length], VERIFY_PASSWORD);
    }

    #[test]
    fn a_wrong_sum_is_told_and_a_short_packet_asks_for_more() {
        let mut bytes = VERIFY_PASSWORD;
        assert!(packet(&bytes).unwrap().1.intact);
        assert!(matches!(packet(&bytes[..15]), Err(nom::Err::Incomplete(_))));
        bytes[12] ^= 1;
        assert!(!packet(&bytes).unwrap().1.intact);
    }

    #[test]
    fn an_impossible_length_is_an_error_at_once() {
        let bytes = [0xEF, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0x02, 0xFF, 0xFF];
        assert!(matches!(packet(&bytes), Err(nom::Err::Error(_))));
    }

    proptest! {
        #[test]
        fn every_payload_survives_the_way(payload in proptest::collection::vec(any::<u8>(), 0..=MAX_PAYLOAD)) {
            let mut out = [0; MAX_PAYLOAD + OVERHEAD];
            let length = encode(7, Kind::Data, &payload, &mut out);
            let (rest, back) = packet(&out[..length]).unwrap();
            prop_assert!(rest.is_empty() && back.intact);
            prop_assert_eq!((back.address, back.kind, back.payload), (7, Kind::Data, payload.as_slice()));
        }
    }
}

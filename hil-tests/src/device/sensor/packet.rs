//! Packets of the line: `EF01 | address u32 | kind u8 | length u16 | payload | sum u16`, big-endian.
//!
//! The length counts payload and sum. The sum is that of the bytes from kind to payload, modulo 65,536.

/// First two bytes of a packet.
const START: [u8; 2] = [0xEF, 0x01];
/// Bytes before the payload.
const HEADER_LENGTH: usize = 9;
/// Bytes of the sum.
const SUM_LENGTH: usize = 2;
/// Largest payload: packet size code 3.
const MAX_PAYLOAD: usize = 256;

/// Largest value of the length field.
const MAX_LENGTH: usize = MAX_PAYLOAD + SUM_LENGTH;

/// What a packet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Command,
    Data,
    Acknowledge,
    EndOfData,
}

impl Kind {
    const fn code(self) -> u8 {
        match self {
            Self::Command => 0x01,
            Self::Data => 0x02,
            Self::Acknowledge => 0x07,
            Self::EndOfData => 0x08,
        }
    }

    const fn from_code(code: u8) -> Option<Self> {
        match code {
            0x01 => Some(Self::Command),
            0x02 => Some(Self::Data),
            0x07 => Some(Self::Acknowledge),
            0x08 => Some(Self::EndOfData),
            _ => None,
        }
    }
}

/// What came over the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Received {
    Packet {
        address: u32,
        kind: Kind,
        payload: Vec<u8>,
    },
    /// A packet whose sum is wrong.
    BadSum,
}

/// A packet's bytes.
pub(super) fn encode(address: u32, kind: Kind, payload: &[u8]) -> Vec<u8> {
    let mut packet = START.to_vec();
    packet.extend_from_slice(&address.to_be_bytes());
    packet.push(kind.code());
    packet.extend_from_slice(&((payload.len() + SUM_LENGTH) as u16).to_be_bytes());
    packet.extend_from_slice(payload);
    packet.extend_from_slice(&sum(&packet[6..]).to_be_bytes());
    packet
}

fn sum(bytes: &[u8]) -> u16 {
    bytes
        .iter()
        .fold(0, |sum: u16, byte| sum.wrapping_add(u16::from(*byte)))
}

/// Takes the first packet off the front of `buffer`; what is no packet is thrown away. `None`: wait for more bytes.
pub(super) fn take(buffer: &mut Vec<u8>) -> Option<Received> {
    loop {
        let start = buffer.windows(START.len()).position(|window| window == START);
        // Without a start, only a last byte that may begin one is worth keeping.
        let waste = start.unwrap_or(buffer.len() - usize::from(buffer.last() == Some(&START[0])));
        buffer.drain(..waste);
        let header: [u8; HEADER_LENGTH] = *buffer.first_chunk()?;
        let length = usize::from(u16::from_be_bytes([header[7], header[8]]));
        let kind = Kind::from_code(header[6]);
        let (Some(kind), SUM_LENGTH..=MAX_LENGTH) = (kind, length) else {
            buffer.drain(..START.len());
            continue;
        };
        let end = HEADER_LENGTH + length;
        if buffer.len() < end {
            return None;
        }
        let packet: Vec<u8> = buffer.drain(..end).collect();
        let (body, stated) = packet[6..].split_at(end - 6 - SUM_LENGTH);
        if sum(body).to_be_bytes() != stated {
            return Some(Received::BadSum);
        }
        let address = u32::from_be_bytes([header[2], header[3], header[4], header[5]]);
        let payload = packet[HEADER_LENGTH..end - SUM_LENGTH].to_vec();
        return Some(Received::Packet {
            address,
            kind,
            payload,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const VERIFY_PASSWORD: [u8; 16] = [
        0xEF, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 0x00, 0x07, 0x13, 0x00, 0x00, 0x00, 0x00, 0x00, 0x1B,
    ];

    #[test]
    fn the_manual_s_example_is_written_and_read() {
        assert_eq!(
            encode(0xFFFF_FFFF, Kind::Command, &[0x13, 0, 0, 0, 0]),
            VERIFY_PASSWORD
        );
        let expected = Received::Packet {
            address: 0xFFFF_FFFF,
            kind: Kind::Command,
            payload: vec![0x13, 0, 0, 0, 0],
        };
        let mut buffer = VERIFY_PASSWORD.to_vec();
        assert_eq!(take(&mut buffer), Some(expected));
        assert_eq!(take(&mut buffer), None);
    }

    #[test]
    fn noise_before_a_packet_is_thrown_away() {
        let mut buffer = vec![0x00, 0xEF, 0x02, 0xEF, 0x01, 0xEF];
        buffer.extend_from_slice(&VERIFY_PASSWORD);
        assert!(matches!(take(&mut buffer), Some(Received::Packet { .. })));
    }

    #[test]
    fn a_wrong_sum_is_noticed() {
        let mut buffer = VERIFY_PASSWORD.to_vec();
        buffer[12] = 1;
        assert_eq!(take(&mut buffer), Some(Received::BadSum));
        assert!(buffer.is_empty());
    }

    proptest! {
        #[test]
        fn packets_come_through_in_any_pieces(
            payload in prop::collection::vec(any::<u8>(), 0..=256),
            cut in 0..300_usize,
        ) {
            let bytes = encode(7, Kind::Data, &payload);
            let (first, second) = bytes.split_at(cut.min(bytes.len() - 1));
            let mut buffer = first.to_vec();
            prop_assert_eq!(take(&mut buffer), None);
            buffer.extend_from_slice(second);
            prop_assert_eq!(take(&mut buffer), Some(Received::Packet { address: 7, kind: Kind::Data, payload }));
        }

        #[test]
        fn noise_never_panics_and_never_grows(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            let mut buffer = bytes;
            while take(&mut buffer).is_some() {}
            prop_assert!(buffer.len() < HEADER_LENGTH + MAX_LENGTH);
        }
    }
}

//! Frames of MAVLink 2, by rust-mavlink.

use std::hint::black_box;

use mavlink::dialects::common::{ATTITUDE_QUATERNION_DATA, ENCAPSULATED_DATA_DATA, MavMessage};
use mavlink::{MAVLinkV2MessageRaw, MavHeader, MavlinkReader, MavlinkVersion};

use crate::line::Line;

/// The most bytes of an object in a frame: those of `ENCAPSULATED_DATA`.
pub const MAX_DATA: usize = 253;

/// Messages as long as ours: `ATTITUDE_QUATERNION` has 32 bytes, `TicketGranted` 33.
pub fn attitudes(count: usize) -> Frames {
    let message = |index: usize| {
        let turn = index as f32 * 0.1 + 0.05;
        MavMessage::ATTITUDE_QUATERNION(ATTITUDE_QUATERNION_DATA {
            time_boot_ms: 100_000 + 20 * index as u32,
            q1: turn.cos(),
            q2: turn.sin(),
            q3: -0.3 * turn,
            q4: 0.2 * turn,
            rollspeed: 0.01 * turn,
            pitchspeed: -0.02 * turn,
            yawspeed: 0.7,
        })
    };
    Frames((0..count).map(message).collect())
}

/// Pieces of an object.
pub fn pieces(pieces: &[Vec<u8>]) -> Frames {
    let message = |(index, piece): (usize, &Vec<u8>)| {
        let mut data = ENCAPSULATED_DATA_DATA {
            seqnr: index as u16,
            ..Default::default()
        };
        data.data.copy_from_slice(piece);
        MavMessage::ENCAPSULATED_DATA(data)
    };
    Frames(pieces.iter().enumerate().map(message).collect())
}

/// What is sent, over and over.
pub struct Frames(Vec<MavMessage>);

fn header(number: usize) -> MavHeader {
    MavHeader {
        system_id: 1,
        component_id: 1,
        sequence: number as u8,
    }
}

impl Frames {
    /// Encodes all.
    pub fn encoder(&self) -> impl FnMut() {
        let mut raw = MAVLinkV2MessageRaw::new();
        move || {
            for (number, message) in self.0.iter().enumerate() {
                raw.serialize_message(header(number), black_box(message));
                black_box(raw.raw_bytes());
            }
        }
    }

    /// Decodes all, from reads of so many bytes.
    pub fn decoder(&self, read: usize) -> impl FnMut() {
        let mut wire = Vec::new();
        for (number, message) in self.0.iter().enumerate() {
            let mut raw = MAVLinkV2MessageRaw::new();
            raw.serialize_message(header(number), message);
            wire.extend_from_slice(raw.raw_bytes());
        }
        let mut reader = MavlinkReader::new(Line::new(wire, read));
        let mut next = move || {
            reader
                .read_message::<MavMessage>(MavlinkVersion::V2)
                .expect("it is intact")
        };
        for message in &self.0 {
            assert_eq!(next().1, *message, "what was sent arrives");
        }
        move || {
            for _ in 0..self.0.len() {
                black_box(&next());
            }
        }
    }
}

//! Our frames.

use std::hint::black_box;
use std::io::Read;

use protocol::frame::{
    BulkHeader, ControlHeader, Decoder, FrameKind, MAX_WIRE_FRAME, Received, encode, header,
    split_kind_and_session,
};
use protocol::link::RequestId;
use protocol::link::wire::{Envelope, MAX_CONTROL};
use protocol::message::{DecodeError, Message, TicketGranted, Writer};

use crate::line::Line;

const SESSION: u16 = 0x2a5;

/// What a sender keeps for its frames.
pub struct Room {
    payload: [u8; MAX_CONTROL],
    wire: [u8; MAX_WIRE_FRAME],
}

impl Room {
    const fn new() -> Self {
        Self {
            payload: [0; MAX_CONTROL],
            wire: [0; MAX_WIRE_FRAME],
        }
    }
}

/// Something that can be sent.
pub trait Content {
    /// Writes its frame for the wire and returns the length.
    fn encode(&self, number: usize, room: &mut Room) -> usize;
    /// Takes header and payload of a frame apart, for `black_box`; whether they make sense.
    fn decode(frame: &[u8]) -> bool;
    /// Whether it is what a frame has.
    fn is_in(&self, frame: &[u8]) -> bool;
}

/// Control frames with a reply that gives a queue number.
pub fn replies(tickets: &[TicketGranted]) -> Frames<Message> {
    Frames(tickets.iter().cloned().map(Message::from).collect())
}

/// Bulk frames with pieces of an object.
pub fn pieces(pieces: &[Vec<u8>]) -> Frames<Vec<u8>> {
    Frames(pieces.to_vec())
}

/// What is sent, over and over.
pub struct Frames<T>(Vec<T>);

impl<T: Content> Frames<T> {
    /// Encodes all.
    pub fn encoder(&self) -> impl FnMut() {
        let mut room = Room::new();
        move || {
            for (number, content) in self.0.iter().enumerate() {
                let len = black_box(content).encode(number, &mut room);
                black_box(&room.wire[..len]);
            }
        }
    }

    /// Decodes all, from reads of so many bytes.
    pub fn decoder(&self, read: usize) -> impl FnMut() {
        let mut wire = Vec::new();
        for (number, content) in self.0.iter().enumerate() {
            let mut room = Room::new();
            let len = content.encode(number, &mut room);
            wire.extend_from_slice(&room.wire[..len]);
        }
        let mut port = Port {
            line: Line::new(wire, read),
            decoder: Decoder::new(),
            chunk: [0; 512],
            start: 0,
            end: 0,
        };
        for content in &self.0 {
            assert!(content.is_in(port.next()), "what was sent arrives");
        }
        move || {
            for _ in 0..self.0.len() {
                assert!(T::decode(port.next()), "it makes sense");
            }
        }
    }
}

/// A serial port and what has come.
struct Port {
    line: Line,
    decoder: Decoder,
    chunk: [u8; 512],
    /// What of `chunk` is not yet decoded.
    start: usize,
    end: usize,
}

impl Port {
    /// The next frame.
    #[inline]
    fn next(&mut self) -> &[u8] {
        loop {
            if self.start == self.end {
                self.start = 0;
                self.end = self.line.read(&mut self.chunk).expect("it never fails");
            }
            let (taken, received) = self.decoder.push(&self.chunk[self.start..self.end]);
            self.start += taken;
            match received {
                None => {}
                Some(Received::Frame) => return self.decoder.frame(),
                Some(damage) => panic!("{damage:?}"),
            }
        }
    }
}

impl Content for Message {
    #[inline]
    fn encode(&self, number: usize, room: &mut Room) -> usize {
        let mut writer = Writer::new(&mut room.payload);
        let id = RequestId {
            origin: 0x5eed_0001,
            number: number as u16,
        };
        // The body comes last, so it is written where it belongs.
        let envelope = Envelope::Reply {
            id,
            code: self.code(),
            body: &[],
        };
        envelope.write(&mut writer).expect("it fits");
        self.write_body(&mut writer).expect("it fits");
        let len = writer.len();
        let by_kind = ControlHeader {
            sequence: number as u16,
            acknowledged: 77,
        };
        let header = header(FrameKind::Control, SESSION, by_kind.to_bytes());
        encode(&mut room.wire, &[&header, &room.payload[..len]]).expect("it fits")
    }

    #[inline]
    fn decode(frame: &[u8]) -> bool {
        message(frame, |message| black_box(message).is_ok())
    }

    fn is_in(&self, frame: &[u8]) -> bool {
        message(frame, |message| message.as_ref() == Ok(self))
    }
}

/// Takes a control frame with a reply apart, and gives the message to `then`.
#[inline]
fn message(frame: &[u8], then: impl FnOnce(&Result<Message, DecodeError>) -> bool) -> bool {
    let Some((Some(FrameKind::Control), SESSION, rest)) = split_kind_and_session(frame) else {
        return false;
    };
    let Some((header, payload)) = ControlHeader::split(rest) else {
        return false;
    };
    black_box(header);
    let Ok((_, Some(Envelope::Reply { id, code, body }))) = Envelope::parse(payload) else {
        return false;
    };
    black_box(id);
    then(&parse(code, body))
}

impl Content for Vec<u8> {
    #[inline]
    fn encode(&self, number: usize, room: &mut Room) -> usize {
        let by_kind = BulkHeader {
            transfer: 3,
            offset: (number * self.len()) as u32,
        };
        let header = header(FrameKind::Bulk, SESSION, by_kind.to_bytes());
        encode(&mut room.wire, &[&header, self]).expect("it fits")
    }

    #[inline]
    fn decode(frame: &[u8]) -> bool {
        piece(frame).is_some_and(|piece| !black_box(piece).1.is_empty())
    }

    fn is_in(&self, frame: &[u8]) -> bool {
        piece(frame).is_some_and(|(_, payload)| payload == self)
    }
}

/// Takes a bulk frame apart.
#[inline]
fn piece(frame: &[u8]) -> Option<(BulkHeader, &[u8])> {
    match split_kind_and_session(frame)? {
        (Some(FrameKind::Bulk), SESSION, rest) => BulkHeader::split(rest),
        _ => None,
    }
}

/// A function of its own, as in the link, which has many ends for a message.
#[inline(never)]
fn parse(code: u16, body: &[u8]) -> Result<Message, DecodeError> {
    Message::parse(code, body)
}

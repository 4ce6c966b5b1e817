//! Frames of postcard, COBS and CRC-32, composed in each way that its users do.

use std::hint::black_box;
use std::io::Read;

use crc::{CRC_32_ISO_HDLC, Crc, Table};
use postcard::ser_flavors::crc::CrcModifier;
use postcard::ser_flavors::{Cobs, Slice};
use protocol::message::TicketGranted;
use serde::{Deserialize, Serialize};

use crate::line::Line;

/// Longer than any frame.
const ROOM: usize = 1100;

/// The one that postcard's flavours take.
static SMALL_CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);
/// The fastest of the same crate.
static LARGE_CRC: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);

/// The checksum by the crate that postcard works with, with its largest table.
pub fn table_crc(bytes: &[u8]) -> u32 {
    LARGE_CRC.checksum(bytes)
}

/// The fields of a control frame and its reply.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    session: u16,
    sequence: u16,
    acknowledged: u16,
    origin: u32,
    number: u16,
    message: Message,
}

/// As many as it takes for a discriminant.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
enum Message {
    #[allow(dead_code)] // It is what else could come.
    Accepted,
    TicketGranted {
        press: u64,
        ticket_id: u64,
        prefix: u8,
        number: u16,
        people_before: u16,
        wait_minutes: u16,
        issued_unix: u64,
        utc_offset_minutes: i16,
    },
}

/// The fields of a bulk frame.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Piece<'a> {
    session: u16,
    transfer: u8,
    offset: u32,
    #[serde(borrow)]
    payload: &'a serde_bytes::Bytes,
}

/// Something that is serialised as a `Frame`.
pub trait Content {
    type Frame<'a>: Serialize + Deserialize<'a> + PartialEq
    where
        Self: 'a;

    fn frame(&self, number: usize) -> Self::Frame<'_>;
}

impl Content for TicketGranted {
    type Frame<'a> = Reply;

    #[inline]
    fn frame(&self, number: usize) -> Reply {
        Reply {
            session: 0x2a5,
            sequence: number as u16,
            acknowledged: 77,
            origin: 0x5eed_0001,
            number: number as u16,
            message: Message::TicketGranted {
                press: self.press,
                ticket_id: self.ticket_id,
                prefix: self.prefix,
                number: self.number,
                people_before: self.people_before,
                wait_minutes: self.wait_minutes,
                issued_unix: self.issued_unix,
                utc_offset_minutes: self.utc_offset_minutes,
            },
        }
    }
}

impl Content for Vec<u8> {
    type Frame<'a> = Piece<'a>;

    #[inline]
    fn frame(&self, number: usize) -> Piece<'_> {
        Piece {
            session: 0x2a5,
            transfer: 3,
            offset: (number * self.len()) as u32,
            payload: serde_bytes::Bytes::new(self),
        }
    }
}

/// Replies that give a queue number.
pub fn replies(tickets: &[TicketGranted]) -> Frames<TicketGranted> {
    Frames(tickets.to_vec())
}

/// Pieces of an object.
pub fn pieces(pieces: &[Vec<u8>]) -> Frames<Vec<u8>> {
    Frames(pieces.to_vec())
}

/// What is sent, over and over.
pub struct Frames<T>(Vec<T>);

impl<T: Content + 'static> Frames<T> {
    /// Encodes all with postcard's flavours: serialised, summed and stuffed byte by byte in one go.
    pub fn flavours_encoder(&self) -> impl FnMut() {
        let mut out = [0; ROOM];
        move || {
            for (number, content) in self.0.iter().enumerate() {
                let cobs = Cobs::try_new(Slice::new(&mut out)).expect("it fits");
                let flavour = CrcModifier::new(cobs, SMALL_CRC.digest());
                let frame = black_box(content).frame(number);
                black_box(postcard::serialize_with_flavor(&frame, flavour).expect("it fits"));
            }
        }
    }

    /// Encodes all in steps: serialised, then summed, then stuffed.
    pub fn steps_encoder(&self, crc: impl Fn(&[u8]) -> u32) -> impl FnMut() {
        let (mut plain, mut out) = ([0; ROOM], [0; ROOM]);
        move || {
            for (number, content) in self.0.iter().enumerate() {
                let len = steps(black_box(content), number, &crc, &mut plain, &mut out);
                black_box(&out[..len]);
            }
        }
    }

    /// Decodes all, from reads of so many bytes: unstuffed in place, then summed while it is deserialised.
    pub fn flavours_decoder(&self, read: usize) -> impl FnMut() {
        self.decoder(read, |plain| {
            postcard::from_bytes_crc32::<T::Frame<'_>>(plain, SMALL_CRC.digest()).expect("it is intact")
        })
    }

    /// Decodes all, from reads of so many bytes: unstuffed in place, then summed, then deserialised.
    pub fn steps_decoder(&self, read: usize, crc: impl Fn(&[u8]) -> u32) -> impl FnMut() {
        self.decoder(read, move |plain| {
            let (content, sum) = plain.split_last_chunk::<4>().expect("it has a checksum");
            assert_eq!(crc(content).to_le_bytes(), *sum, "it is intact");
            postcard::from_bytes::<T::Frame<'_>>(content).expect("it is intact")
        })
    }

    fn decoder(&self, read: usize, decode: impl for<'a> Fn(&'a [u8]) -> T::Frame<'a>) -> impl FnMut() {
        let mut wire = Vec::new();
        for (number, content) in self.0.iter().enumerate() {
            let (mut plain, mut out) = ([0; ROOM], [0; ROOM]);
            let len = steps(content, number, table_crc, &mut plain, &mut out);
            wire.extend_from_slice(&out[..len]);
        }
        let mut port = Port {
            line: Line::new(wire, read),
            frame: [0; ROOM],
            len: 0,
            chunk: [0; 512],
            start: 0,
            end: 0,
        };
        for (number, content) in self.0.iter().enumerate() {
            assert!(
                decode(port.next()) == content.frame(number),
                "what was sent arrives"
            );
        }
        move || {
            for _ in 0..self.0.len() {
                black_box(&decode(port.next()));
            }
        }
    }
}

/// Serialises, sums and stuffs.
#[inline]
fn steps(
    content: &impl Content,
    number: usize,
    crc: impl Fn(&[u8]) -> u32,
    plain: &mut [u8],
    out: &mut [u8],
) -> usize {
    let len = postcard::to_slice(&content.frame(number), plain)
        .expect("it fits")
        .len();
    let sum = crc(&plain[..len]);
    plain[len..len + 4].copy_from_slice(&sum.to_le_bytes());
    let stuffed = cobs::encode(&plain[..len + 4], out);
    out[stuffed] = 0;
    stuffed + 1
}

/// A serial port and what has come; as `postcard::accumulator::CobsAccumulator`, which knows no checksum.
struct Port {
    line: Line,
    frame: [u8; ROOM],
    len: usize,
    chunk: [u8; 512],
    /// What of `chunk` is not yet in `frame`.
    start: usize,
    end: usize,
}

impl Port {
    /// The next frame, without its stuffing.
    #[inline]
    fn next(&mut self) -> &[u8] {
        loop {
            if self.start == self.end {
                self.start = 0;
                self.end = self.line.read(&mut self.chunk).expect("it never fails");
            }
            let rest = &self.chunk[self.start..self.end];
            let delimiter = rest.iter().position(|&byte| byte == 0);
            let taken = &rest[..delimiter.unwrap_or(rest.len())];
            self.frame[self.len..self.len + taken.len()].copy_from_slice(taken);
            self.len += taken.len();
            self.start += taken.len();
            if delimiter.is_some() {
                self.start += 1;
                let stuffed = std::mem::take(&mut self.len);
                let len = cobs::decode_in_place(&mut self.frame[..stuffed]).expect("it is intact");
                return &self.frame[..len];
            }
        }
    }
}

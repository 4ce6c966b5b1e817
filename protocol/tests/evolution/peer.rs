//! A stranger at the other end: it knows frames and session as PROTOCOL.md describes them, byte by byte, and shares no
//! code with this crate.

use crc::{CRC_32_ISO_HDLC, Crc};
use protocol::Event;
use protocol::link::{Link, LogTaken};

const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

pub const HELLO: u8 = 1;
pub const REFUSE: u8 = 2;
pub const CONTROL: u8 = 3;
pub const ACK: u8 = 4;
pub const BULK: u8 = 5;
pub const BULK_ACK: u8 = 6;

/// A frame that the link under test has sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    pub kind: u8,
    pub session: u16,
    pub rest: Vec<u8>,
}

impl Frame {
    /// What a Control frame carries: class and what follows.
    pub fn message(&self) -> &[u8] {
        &self.rest[4..]
    }
}

pub fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap())
}

pub fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

/// A frame on the wire.
fn on_wire(kind: u8, session: u16, rest: &[u8]) -> Vec<u8> {
    let mut content = (session << 4 | u16::from(kind)).to_le_bytes().to_vec();
    content.extend_from_slice(rest);
    content.extend_from_slice(&CRC.checksum(&content).to_le_bytes());
    let mut stuffed = vec![0; cobs::max_encoding_length(content.len())];
    let len = cobs::encode(&content, &mut stuffed);
    [&[0], &stuffed[..len], &[0]].concat()
}

fn from_wire(wire: &[u8]) -> Frame {
    let stuffed = wire.strip_prefix(&[0]).and_then(|rest| rest.strip_suffix(&[0]));
    let stuffed = stuffed.expect("a delimiter at both ends");
    let mut content = vec![0; stuffed.len()];
    let len = cobs::decode(stuffed, &mut content)
        .expect("byte stuffing")
        .frame_size();
    let (content, checksum) = content[..len].split_last_chunk().unwrap();
    assert_eq!(CRC.checksum(content), u32::from_le_bytes(*checksum));
    let word = u16_at(content, 0);
    Frame {
        kind: (word & 0xf) as u8,
        session: word >> 4,
        rest: content[2..].to_vec(),
    }
}

/// The stranger, and the link under test at the other end of the line.
pub struct Bench<const Q: usize, const S: usize, const O: usize, const I: usize> {
    pub link: Box<Link<Q, S, O, I>>,
    pub now: u64,
    /// What the stranger draws and says of itself.
    pub boot: u32,
    pub role: u8,
    pub versions: (u8, u8),
    pub flags: u8,
    /// What follows the fields that every version has.
    pub hello_tail: Vec<u8>,
    /// What the link's owner logs.
    pub log: Vec<u8>,
    session: u16,
    sequence: u16,
    expected: u16,
}

/// `max_payload`, `capabilities` and `firmware` as version 1 says them, the end of its hello.
pub const TAIL_OF_VERSION_1: [u8; 14] = [0, 4, 0, 0, 0, 0, 7, 1, 2, 3, 0xef, 0xbe, 0xad, 0xde];

impl<const Q: usize, const S: usize, const O: usize, const I: usize> Bench<Q, S, O, I> {
    pub fn new(link: Link<Q, S, O, I>, role: u8, versions: (u8, u8)) -> Self {
        Self {
            link: Box::new(link),
            now: 1_000,
            boot: 0x5eed_0001,
            role,
            versions,
            flags: 1,
            hello_tail: TAIL_OF_VERSION_1.to_vec(),
            log: Vec::new(),
            session: 0,
            sequence: 0,
            expected: 0,
        }
    }

    /// Everything that the link wants to send now.
    pub fn said(&mut self) -> Vec<Frame> {
        self.now += 1_000;
        let mut wire = [0; 1_100];
        let mut frames = Vec::new();
        loop {
            let len = self.link.poll_transmit_with_log(self.now, &mut wire, |place| {
                let len = self.log.len().min(place.len());
                place[..len].copy_from_slice(&self.log.drain(..len).collect::<Vec<_>>());
                LogTaken { lost: 0, len }
            });
            if len == 0 {
                return frames;
            }
            frames.push(from_wire(&wire[..len]));
        }
    }

    pub fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.link.poll_event()).collect()
    }

    /// Sends a frame of the session, or of none for the kinds that have none.
    pub fn tell(&mut self, kind: u8, rest: &[u8]) {
        let session = if kind == HELLO || kind == REFUSE {
            0
        } else {
            self.session
        };
        self.link.handle_bytes(self.now, &on_wire(kind, session, rest));
    }

    fn hello(&mut self, peer_boot: u32) {
        let mut rest = b"LK".to_vec();
        rest.extend([self.versions.0, self.versions.1]);
        rest.extend(self.boot.to_le_bytes());
        rest.extend(peer_boot.to_le_bytes());
        rest.extend([self.role, self.flags]);
        rest.extend(self.hello_tail.clone());
        self.tell(HELLO, &rest);
    }

    /// Says hello until both know the other; returns the link's hello and its events.
    pub fn meet(&mut self) -> (Frame, Vec<Event>) {
        let hello = self.said().into_iter().find(|frame| frame.kind == HELLO).unwrap();
        assert_eq!((&hello.rest[..2], hello.session), (&b"LK"[..], 0));
        let boot = u32_at(&hello.rest, 4);
        self.hello(boot);
        let ids = if self.role == 1 {
            [self.boot, boot]
        } else {
            [boot, self.boot]
        };
        let ids: Vec<u8> = ids.iter().flat_map(|id| id.to_le_bytes()).collect();
        self.session = (CRC.checksum(&ids) & 0xfff) as u16;
        let events = self.events();
        (hello, events)
    }

    /// Sends a message in the control lane: class and what follows.
    pub fn send(&mut self, message: &[u8]) {
        let header = [self.sequence.to_le_bytes(), self.expected.to_le_bytes()].concat();
        self.sequence += 1;
        self.tell(CONTROL, &[&header[..], message].concat());
    }

    /// Acknowledges everything, with what stands behind the fields of version 1.
    pub fn ack(&mut self, tail: &[u8]) {
        let limit = self.expected + 8;
        let rest = [
            &self.expected.to_le_bytes()[..],
            &limit.to_le_bytes(),
            &[0; 4],
            tail,
        ]
        .concat();
        self.tell(ACK, &rest);
    }

    /// The messages that the link sends now, in order, each acknowledged.
    pub fn messages(&mut self) -> Vec<Vec<u8>> {
        let mut messages = Vec::new();
        loop {
            let control: Vec<_> = self
                .said()
                .into_iter()
                .filter(|frame| frame.kind == CONTROL)
                .collect();
            if control.is_empty() {
                return messages;
            }
            for frame in control {
                assert_eq!(
                    (frame.session, u16_at(&frame.rest, 0)),
                    (self.session, self.expected)
                );
                self.expected += 1;
                messages.push(frame.message().to_vec());
            }
            self.ack(&[]);
        }
    }

    /// How many of its messages the link has acknowledged, and how many there are.
    pub fn acknowledged(&mut self) -> (u16, u16) {
        let mut acks = self.said().into_iter().filter(|frame| frame.kind == ACK);
        let last = acks.next_back().expect("an acknowledgement");
        (u16_at(&last.rest, 0), self.sequence)
    }
}

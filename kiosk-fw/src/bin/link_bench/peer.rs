//! A host that says whatever it is told to, in intact frames.

use crc::{CRC_32_ISO_HDLC, Crc};
use kiosk_fw::link_port::FIRMWARE;
use protocol::RequestId;
use protocol::frame::{
    ControlHeader, Decoder, FrameKind, SESSION_MASK, encode, kind_and_session, split_kind_and_session,
};
use protocol::link::wire::{Ack, BulkAck, Envelope, Hello, Refuse};
use protocol::link::{Config, Link, Role};
use protocol::message::{NoRoom, Writer};

use crate::drive::BOARD;
use crate::noise::Noise;

static CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// Boot id of the first host.
pub(crate) const HOST: u32 = 0x0bad_cafe;

/// The host's end, as far as it has one.
pub(crate) struct Peer {
    /// Frames made so far.
    pub(crate) count: u32,
    /// Sequence number of the next control frame.
    pub(crate) sequence: u16,
    /// Boot id.
    pub(crate) boot_id: u32,
    pub(crate) noise: Noise,
    hello: Hello,
    refuse: Refuse,
}

/// Where a frame goes: its bytes from the first after the delimiter in front, which the frame before has.
pub(crate) type Out<'a> = &'a mut [u8];

impl Peer {
    /// `None` if the link does not say what is expected of it.
    pub(crate) fn new() -> Option<Self> {
        let (hello, refuse) = samples()?;
        Some(Self {
            count: 0,
            sequence: 0,
            boot_id: HOST,
            noise: Noise::new(3),
            hello,
            refuse,
        })
    }

    /// Number of the session with the board: section 3 of the specification.
    pub(crate) fn session(&self) -> u16 {
        let mut ids = [0; 8];
        ids[..4].copy_from_slice(&self.boot_id.to_le_bytes());
        ids[4..].copy_from_slice(&BOARD.to_le_bytes());
        CRC.checksum(&ids) as u16 & SESSION_MASK
    }

    /// A hello from this host that names `board`, and wants an answer.
    pub(crate) fn hello(&self, board: u32) -> Hello {
        Hello {
            boot_id: self.boot_id,
            peer_boot_id: board,
            ..self.hello.clone()
        }
    }

    /// A refusal of the board because of its role.
    pub(crate) fn refuse(&self, boot_id: u32) -> Refuse {
        Refuse {
            boot_id,
            peer_boot_id: BOARD,
            ..self.refuse.clone()
        }
    }

    pub(crate) fn put_hello(out: Out<'_>, hello: &Hello) -> usize {
        put(out, FrameKind::Hello, 0, |body| hello.write_body(body))
    }

    pub(crate) fn put_refuse(out: Out<'_>, refuse: &Refuse) -> usize {
        put(out, FrameKind::Refuse, 0, |body| refuse.write_body(body))
    }

    /// A frame of the session with any rest.
    pub(crate) fn put_raw(&self, out: Out<'_>, kind: FrameKind, rest: &[u8]) -> usize {
        put(out, kind, self.session(), |body| {
            body.put(rest);
            body.end()
        })
    }

    pub(crate) fn put_ack(&self, out: Out<'_>, ack: &Ack) -> usize {
        put(out, FrameKind::Ack, self.session(), |body| ack.write_body(body))
    }

    pub(crate) fn put_bulk_ack(&self, out: Out<'_>, ack: &BulkAck) -> usize {
        put(out, FrameKind::BulkAck, self.session(), |body| {
            ack.write_body(body)
        })
    }

    /// A control frame with a sequence number of its own, which acknowledges nothing.
    pub(crate) fn put_control(&self, out: Out<'_>, sequence: u16, envelope: &Envelope<'_>) -> usize {
        let header = ControlHeader {
            sequence,
            acknowledged: 0,
        };
        put(out, FrameKind::Control, self.session(), |body| {
            body.put(&header.to_bytes());
            envelope.write(body)
        })
    }

    /// The next control frame in sequence.
    pub(crate) fn put_next(&mut self, out: Out<'_>, envelope: &Envelope<'_>) -> usize {
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        self.put_control(out, sequence, envelope)
    }

    /// A request's id that was not used before.
    pub(crate) fn fresh_id(&self) -> RequestId {
        RequestId {
            origin: self.boot_id,
            number: self.count as u16,
        }
    }
}

fn put(
    out: Out<'_>,
    kind: FrameKind,
    session: u16,
    write: impl FnOnce(&mut Writer<'_>) -> Result<(), NoRoom>,
) -> usize {
    let mut payload = [0; 400];
    let mut body = Writer::new(&mut payload);
    let written = write(&mut body).is_ok();
    let len = body.len();
    let mut frame = [0; 480];
    let parts = [&kind_and_session(kind, session)[..], &payload[..len]];
    let len = encode(&mut frame, &parts).filter(|_| written);
    let frame = len.and_then(|len| frame.get(1..len)).unwrap_or_default();
    out[..frame.len()].copy_from_slice(frame);
    frame.len()
}

/// Hello and refusal as a real host says them.
// Not inlined, so that the link is on the stack for no longer than this takes.
#[inline(never)]
fn samples() -> Option<(Hello, Refuse)> {
    let mut link: Link<1024, 4, 0, 0> = Link::new(Config::new(Role::Host, HOST, FIRMWARE));
    let mut out = [0; 480];
    let len = link.poll_transmit(0, &mut out);
    let mut decoder = Decoder::new();
    let (_, hello) = Hello::parse_body(content(&mut decoder, &out[..len])?).ok()?;
    // Another host is refused.
    let other = Hello {
        boot_id: HOST + 1,
        flags: 0,
        ..hello.clone()
    };
    let len = Peer::put_hello(&mut out, &other);
    link.handle_bytes(0, &out[..len]);
    let len = link.poll_transmit(0, &mut out);
    let (_, refuse) = Refuse::parse_body(content(&mut decoder, &out[..len])?).ok()?;
    Some((hello, refuse))
}

/// What follows kind and session in a frame.
fn content<'a>(decoder: &'a mut Decoder, frame: &[u8]) -> Option<&'a [u8]> {
    decoder.push(frame);
    Some(split_kind_and_session(decoder.frame())?.2)
}

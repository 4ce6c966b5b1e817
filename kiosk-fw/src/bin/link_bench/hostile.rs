//! Streams that are made to cost the board as much as they can, or that broken peers send.

use heapless::Vec;
use kiosk_fw::board::lm3s6965::measure::Meter;
use kiosk_fw::link_port;
use protocol::RequestId;
use protocol::frame::{BulkHeader, Decoder, FrameKind, split_kind_and_session};
use protocol::link::wire::{Ack, BulkAck, Envelope, Span};
use protocol::link::{Object, Role};
use protocol::message::{Configure, Message, ObjectKind, Service};
use semihosting::{print, println};

use crate::drive::{BOARD, Cost, Drive, Owner};
use crate::peer::{Out, Peer};

/// Code of `StatusRequest`.
const STATUS_REQUEST: u16 = 0x0003;

/// Bytes of each stream, when it comes frame by frame; when each byte comes alone; when the stack is looked at.
const BY_FRAMES: u32 = 16_384;
const BY_BYTES: u32 = 2_048;
const FOR_STACK: u32 = 1_024;

/// What the board has to do besides.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// No session.
    Seeking,
    /// A session, and nothing under way.
    Up,
    /// A session, with as many messages and pieces of an object under way as there can be.
    Loaded,
}

struct Stream {
    name: &'static str,
    state: State,
    owner: Owner,
    /// What comes next, and how long it is.
    next: fn(&mut Peer, Out<'_>) -> usize,
}

const fn stream(name: &'static str, state: State, next: fn(&mut Peer, Out<'_>) -> usize) -> Stream {
    Stream {
        name,
        state,
        owner: Owner::Answers,
        next,
    }
}

const fn kept(name: &'static str, state: State, next: fn(&mut Peer, Out<'_>) -> usize) -> Stream {
    Stream {
        name,
        state,
        owner: Owner::KeepsThem,
        next,
    }
}

/// Raw bytes come in pieces of this length, about what a UART's interrupt brings.
const CHUNK: usize = 16;

const STREAMS: &[Stream] = &[
    stream("zeros", State::Loaded, |_, out| raw(out, |_| 0)),
    stream("ones", State::Loaded, |_, out| raw(out, |_| 1)),
    stream("twos", State::Loaded, |_, out| raw(out, |_| 2)),
    stream("bytes of 255", State::Loaded, |_, out| raw(out, |_| 255)),
    stream("zero and one by turns", State::Loaded, |_, out| {
        raw(out, |at| at as u8 & 1)
    }),
    stream("noise", State::Loaded, |peer, out| {
        raw(out, |_| peer.noise.byte())
    }),
    stream("noise, no session", State::Seeking, |peer, out| {
        raw(out, |_| peer.noise.byte())
    }),
    stream("strays, no session", State::Seeking, stray),
    stream("strays", State::Loaded, stray),
    stream("shortest frames", State::Loaded, |peer, out| {
        peer.put_raw(out, FrameKind::Ack, &[])
    }),
    stream("Acks of nothing", State::Loaded, |peer, out| ack(peer, out, 0)),
    stream("Acks of all but the first", State::Loaded, |peer, out| {
        ack(peer, out, u32::MAX)
    }),
    stream("Acks of the last, by turns", State::Loaded, |peer, out| {
        let last = 1 << 30 >> (peer.count % 31);
        ack(peer, out, last)
    }),
    stream("BulkAcks of nothing", State::Loaded, |peer, out| {
        bulk_ack(peer, out, |at| (3_000_000 + 2 * at, 3_000_001 + 2 * at))
    }),
    stream("BulkAcks of single bytes", State::Loaded, |peer, out| {
        bulk_ack(peer, out, |at| (2 * at + 1, 2 * at + 2))
    }),
    stream("BulkAcks of every second piece", State::Loaded, |peer, out| {
        bulk_ack(peer, out, |at| (256 * at + 128, 256 * at + 256))
    }),
    stream("BulkAcks of the last piece", State::Loaded, |peer, out| {
        bulk_ack(peer, out, |at| (4_000 * at, 4_000 * at + 96))
    }),
    stream(
        "BulkAcks that let the object go on",
        State::Loaded,
        |peer, out| {
            let ack = BulkAck {
                transfer: 1,
                acknowledged: peer.count * 40,
                limit: 0x00ff_ffff,
                received: Vec::new(),
            };
            peer.put_bulk_ack(out, &ack)
        },
    ),
    stream("duplicates", State::Loaded, |peer, out| {
        peer.put_raw(out, FrameKind::Control, &[0xff, 0xff, 0, 0])
    }),
    stream("control beyond the window", State::Loaded, |peer, out| {
        peer.put_raw(out, FrameKind::Control, &[0, 0x10, 0, 0])
    }),
    stream("control that skips one", State::Loaded, |peer, out| {
        peer.put_raw(out, FrameKind::Control, &[1 + peer.count as u8 % 3, 0, 0, 0])
    }),
    stream("empty control", State::Loaded, |peer, out| {
        let sequence = peer.count.to_le_bytes();
        peer.put_raw(out, FrameKind::Control, &[sequence[0], sequence[1], 0, 0])
    }),
    stream("unknown notifications", State::Loaded, |peer, out| {
        let envelope = Envelope::Notification {
            code: 0x7fff,
            body: &[],
        };
        peer.put_next(out, &envelope)
    }),
    stream("unknown requests", State::Up, |peer, out| {
        request(peer, out, 0x7fff, &[])
    }),
    stream("unknown requests, loaded", State::Loaded, |peer, out| {
        request(peer, out, 0x7fff, &[])
    }),
    kept("requests beyond memory", State::Up, |peer, out| {
        request(peer, out, STATUS_REQUEST, &[])
    }),
    stream("requests", State::Up, |peer, out| {
        request(peer, out, STATUS_REQUEST, &[])
    }),
    stream("a request again and again", State::Up, |peer, out| {
        let envelope = Envelope::Request {
            id: RequestId { origin: 1, number: 1 },
            code: STATUS_REQUEST,
            body: &[],
        };
        peer.put_next(out, &envelope)
    }),
    stream("the longest requests", State::Up, configure),
    stream("malformed requests", State::Up, |peer, out| {
        request(peer, out, 0x0101, &[200; 40])
    }),
    stream("replies to nothing", State::Loaded, |peer, out| {
        let envelope = Envelope::Reply {
            id: peer.fresh_id(),
            code: 0x0001,
            body: &[],
        };
        peer.put_next(out, &envelope)
    }),
    stream("objects begun and cancelled", State::Up, |peer, out| {
        let transfer = (peer.count / 2) as u8;
        let object = Object {
            kind: ObjectKind::Image,
            id: 1,
            length: 1_000_000,
        };
        let begin = Envelope::BulkBegin { transfer, object };
        let cancel = Envelope::BulkCancel { transfer };
        let envelope = if peer.count.is_multiple_of(2) {
            begin
        } else {
            cancel
        };
        peer.put_next(out, &envelope)
    }),
    stream("results of the object", State::Loaded, |peer, out| {
        let envelope = Envelope::BulkResult {
            transfer: peer.count as u8,
            outcome: protocol::link::BulkOutcome::Cancelled,
        };
        peer.put_next(out, &envelope)
    }),
    stream("pieces of no object", State::Loaded, |peer, out| {
        peer.put_raw(out, FrameKind::Bulk, &[1, 0, 0, 0, 7])
    }),
    stream("hellos of strangers", State::Loaded, |peer, out| {
        let mut hello = peer.hello(0);
        hello.boot_id = peer.count + 1;
        Peer::put_hello(out, &hello)
    }),
    stream("hellos of the peer", State::Loaded, |peer, out| {
        Peer::put_hello(out, &peer.hello(BOARD))
    }),
    stream("hosts that restart", State::Loaded, |peer, out| {
        peer.boot_id = peer.count + 1;
        Peer::put_hello(out, &peer.hello(BOARD))
    }),
    stream("hellos of a board", State::Seeking, |peer, out| {
        let mut hello = peer.hello(BOARD);
        hello.boot_id = peer.count + 1;
        hello.role = Role::Kiosk.code();
        Peer::put_hello(out, &hello)
    }),
    stream("refusals", State::Seeking, |peer, out| {
        let refuse = peer.refuse(peer.count + 1);
        Peer::put_refuse(out, &refuse)
    }),
];

fn raw(out: Out<'_>, mut byte: impl FnMut(usize) -> u8) -> usize {
    for (at, place) in out[..CHUNK].iter_mut().enumerate() {
        *place = byte(at);
    }
    CHUNK
}

/// The shortest frame there is, of a session that is none.
fn stray(peer: &mut Peer, out: Out<'_>) -> usize {
    let boot_id = core::mem::replace(&mut peer.boot_id, 99);
    let len = peer.put_raw(out, FrameKind::Ack, &[]);
    peer.boot_id = boot_id;
    len
}

fn ack(peer: &Peer, out: Out<'_>, received: u32) -> usize {
    let ack = Ack {
        acknowledged: 0,
        limit: 32,
        received,
    };
    peer.put_ack(out, &ack)
}

/// As many ranges as there can be.
fn bulk_ack(peer: &Peer, out: Out<'_>, range: fn(u32) -> (u32, u32)) -> usize {
    let spans = (0..16).map(|at| {
        let (start, end) = range(at);
        Span { start, end }
    });
    let ack = BulkAck {
        transfer: 1,
        acknowledged: 0,
        limit: 0x00ff_ffff,
        received: spans.collect(),
    };
    peer.put_bulk_ack(out, &ack)
}

fn request(peer: &mut Peer, out: Out<'_>, code: u16, body: &[u8]) -> usize {
    let id = peer.fresh_id();
    peer.put_next(out, &Envelope::Request { id, code, body })
}

/// `Configure` with everything as long as it may be.
fn configure(peer: &mut Peer, out: Out<'_>) -> usize {
    let name = "abcdefghijklmnopqrstuvwx";
    let service = Service {
        id: 1,
        prefix: b'A',
        name_id: name.try_into().unwrap_or_default(),
        name_en: name.try_into().unwrap_or_default(),
    };
    let mut configure = Configure {
        office: "abcdefghijklmnopqrstuvwxyz012345".try_into().unwrap_or_default(),
        tickets_open: true,
        services: Vec::new(),
        paper_mm: 58,
        priority: false,
    };
    while configure.services.push(service.clone()).is_ok() {}
    let message = Message::from(configure);
    let mut body = [0; 256];
    let len = message.encode_body(&mut body).unwrap_or(0);
    request(peer, out, message.code(), &body[..len])
}

#[inline(never)] // See `main`.
pub(crate) fn run(instructions: &dyn Meter, stack: &dyn Meter) {
    let mut link = link_port::link(Role::Capture, BOARD);
    for stream in STREAMS {
        let (loaded, frames) = play(instructions, &mut link, stream, BY_FRAMES, false);
        let (_, bytes) = play(instructions, &mut link, stream, BY_BYTES, true);
        let (_, depth) = play(stack, &mut link, stream, FOR_STACK, false);
        print!(
            "{{\"measure\":\"hostile\",\"name\":\"{}\",\"pieces\":{},\"received\":{},\"sent\":{},\"handle\":{},\"events\":{},\
             \"transmit\":{},\"idle\":{},\"worst_handle\":{},\"worst_events\":{},\"worst_transmit\":{},\"worst_idle\":{},",
            stream.name,
            loaded,
            frames.received,
            frames.sent,
            frames.handle.sum,
            frames.events.sum,
            frames.transmit.sum,
            frames.idle.sum,
            frames.handle.worst,
            frames.events.worst,
            frames.transmit.worst,
            frames.idle.worst
        );
        println!(
            "\"bytes_received\":{},\"bytes_total\":{},\"stack_handle\":{},\"stack_events\":{},\"stack_transmit\":{}}}",
            bytes.received,
            bytes.total(),
            depth.handle.worst,
            depth.events.worst,
            depth.transmit.worst.max(depth.idle.worst)
        );
    }
}

/// Brings a fresh board into the state, then gives it the stream. Returns how many pieces of an object were under way, too.
#[inline(never)] // See `main`.
fn play(
    meter: &dyn Meter,
    link: &mut protocol::BoardLink,
    stream: &Stream,
    length: u32,
    by_bytes: bool,
) -> (u32, Cost) {
    let Some(mut peer) = Peer::new() else {
        panic!("a host's link says neither hello nor refusal")
    };
    let mut drive = Drive::new(meter, link);
    let pieces = prepare(&mut drive, &peer, stream.state);
    drive.cost = Cost::default();
    drive.owner = stream.owner;
    let mut out = [0; 512];
    while drive.cost.received < length {
        let len = (stream.next)(&mut peer, &mut out);
        peer.count += 1;
        assert!(len > 0, "{}: a frame that does not fit", stream.name);
        let at_once = if by_bytes { 1 } else { len };
        out[..len]
            .chunks(at_once)
            .for_each(|bytes| drive.turn(bytes, &mut |_| ()));
        if stream.state == State::Loaded {
            drive.fill();
        }
    }
    (pieces, drive.cost)
}

#[inline(never)] // See `main`.
fn prepare(drive: &mut Drive<'_>, peer: &Peer, state: State) -> u32 {
    let mut out = [0; 512];
    if state == State::Seeking {
        return 0;
    }
    let len = Peer::put_hello(&mut out, &peer.hello(BOARD));
    drive.turn(&out[..len], &mut |_| ());
    assert!(drive.link.is_up(), "no session");
    if state == State::Up {
        return 0;
    }
    drive.fill();
    let mut pieces = 0;
    // Each time-out makes the pieces shorter, and so more.
    for _ in 0..12 {
        let shut = BulkAck {
            transfer: 1,
            acknowledged: 0,
            limit: 0x00ff_ffff,
            received: Vec::new(),
        };
        let len = peer.put_bulk_ack(&mut out, &shut);
        drive.turn(&out[..len], &mut |_| ());
        let len = ack(peer, &mut out, 0);
        pieces = 0;
        drive.turn(&out[..len], &mut |frame| pieces += u32::from(is_piece(frame)));
        for _ in 0..80 {
            drive.wait(2_000);
            drive.turn(&[], &mut |frame| pieces += u32::from(is_piece(frame)));
        }
        drive.wait(1_100_000);
    }
    // The last time-out makes all of it due; it is under way when the stream begins, and the peer was just heard.
    for _ in 0..80 {
        drive.wait(2_000);
        drive.turn(&[], &mut |_| ());
    }
    let len = ack(peer, &mut out, 0);
    drive.turn(&out[..len], &mut |_| ());
    assert!(drive.link.is_up(), "the session is lost");
    pieces
}

/// Whether a frame is a piece of an object that is not empty.
#[inline(never)] // See `main`.
fn is_piece(frame: &[u8]) -> bool {
    let mut decoder = Decoder::new();
    decoder.push(frame);
    let content = split_kind_and_session(decoder.frame());
    let piece = content.filter(|(kind, ..)| *kind == Some(FrameKind::Bulk));
    piece
        .and_then(|(.., rest)| BulkHeader::split(rest))
        .is_some_and(|(_, bytes)| !bytes.is_empty())
}

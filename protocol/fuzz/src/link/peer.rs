//! What the hostile peer says: mostly what a good one might say now, or nearly.

use protocol::frame::{
    BulkHeader, ControlHeader, FrameKind, MAX_PAYLOAD, MAX_WIRE_FRAME, encode, kind_and_session,
};
use protocol::link::wire::{Ack, BulkAck, Envelope, Hello, MAGIC, Refuse, Span};
use protocol::link::{BulkOutcome, Object, RequestId, Role};
use protocol::message::{Firmware, NoRoom, ObjectKind, Refusal, Writer};

use super::wire::Wire;
use super::{OWN_BOOT, Program, pattern};

/// A frame for the link.
pub(super) fn frame(program: &mut Program<'_>, wire: &mut Wire) -> Vec<u8> {
    match program.below(18) {
        0 => {
            let boot = program.one_of(&[0x1001, 0x1002, 0x1003]);
            said(&connecting(wire, boot))
        }
        1 => {
            let hello = odd_hello(program, wire);
            said(&hello)
        }
        2 | 3 => in_order(
            wire,
            &Envelope::Notification {
                code: 0x0207,
                body: &notification(program),
            },
        ),
        4 => {
            let id = request_id(program);
            let capture = program.long().to_le_bytes();
            in_order(
                wire,
                &Envelope::Request {
                    id,
                    code: 0x0206,
                    body: &capture,
                },
            )
        }
        5 => odd_control(program, wire),
        6 => answer(program, wire),
        7 => ack(
            wire,
            &Ack {
                acknowledged: wire.seen,
                limit: wire.seen.wrapping_add(32),
                received: 0,
            },
        ),
        8 => {
            let ack_ = odd_ack(program, wire);
            ack(wire, &ack_)
        }
        9 => {
            let length = program.one_of(&[0, 1, 90, 91, 300, 1000, 4000, 70_000, (1 << 24) - 1, 1 << 24]);
            let number = wire.peer_object.wrapping_add(u8::from(program.below(8) != 7));
            wire.begins_to_say(number, length);
            let object = Object {
                kind: ObjectKind::Image,
                id: length,
                length,
            };
            in_order(
                wire,
                &Envelope::BulkBegin {
                    transfer: number,
                    object,
                },
            )
        }
        10 => {
            let length = u32::from(program.word() % 1100).min(wire.peer_length - wire.peer_said);
            let offset = wire.peer_said;
            wire.peer_said += length;
            piece(wire, wire.peer_object, offset, length as usize)
        }
        11 => {
            let number = program.near(wire.peer_object.into()) as u8;
            let centre = program.one_of(&[
                wire.peer_arrived,
                wire.peer_said,
                wire.peer_limit,
                wire.peer_length,
            ]);
            let offset = program.near(centre) & 0x00ff_ffff;
            let length = program.word() % 1025;
            piece(wire, number, offset, length.into())
        }
        12 => {
            let content = pattern::bytes(wire.peer_object.into(), 0, wire.peer_length.min(70_000) as usize);
            let checksum = pattern::checksum(&content) ^ u32::from(program.below(8) == 7);
            in_order(
                wire,
                &Envelope::BulkEnd {
                    transfer: wire.peer_object,
                    checksum,
                },
            )
        }
        13 => {
            let (transfer, acknowledged) = (wire.own_object, wire.own_sent);
            let limit = acknowledged.saturating_add(program.near(3000));
            bulk_ack(
                wire,
                &BulkAck {
                    transfer,
                    acknowledged,
                    limit,
                    received: [].into_iter().collect(),
                },
            )
        }
        14 => {
            let ack_ = odd_bulk_ack(program, wire);
            bulk_ack(wire, &ack_)
        }
        15 => refuse(program, wire),
        16 => odd_envelope(program, wire),
        _ => {
            let kind = program.one_of(&KINDS);
            let tag = if program.flag() { wire.tag } else { program.word() };
            let payload = program.bytes(60);
            if kind == FrameKind::Log {
                return log(wire, payload);
            }
            encoded(&[&kind_and_session(kind, tag), payload])
        }
    }
}

const KINDS: [FrameKind; 7] = [
    FrameKind::Hello,
    FrameKind::Refuse,
    FrameKind::Control,
    FrameKind::Ack,
    FrameKind::Bulk,
    FrameKind::BulkAck,
    FrameKind::Log,
];

fn encoded(parts: &[&[u8]]) -> Vec<u8> {
    let mut out = vec![0; MAX_WIRE_FRAME];
    let len = encode(&mut out, parts).expect("it fits into a frame");
    out.truncate(len);
    out
}

fn own(kind: FrameKind, tag: u16, write: impl FnOnce(&mut Writer<'_>) -> Result<(), NoRoom>) -> Vec<u8> {
    let mut buffer = [0; 400];
    let mut out = Writer::new(&mut buffer);
    write(&mut out).expect("it fits");
    let len = out.len();
    encoded(&[&kind_and_session(kind, tag), &buffer[..len]])
}

fn said(hello: &Hello) -> Vec<u8> {
    own(FrameKind::Hello, 0, |out| hello.write_body(out))
}

fn ack(wire: &Wire, ack: &Ack) -> Vec<u8> {
    own(FrameKind::Ack, wire.tag, |out| ack.write_body(out))
}

/// A frame of a log, nearly right: the first bytes of `payload` say where it is.
fn log(wire: &Wire, payload: &[u8]) -> Vec<u8> {
    let (head, bytes) = payload.split_at(payload.len().min(5));
    let mut rest = [head, &[bytes.len() as u8], bytes].concat();
    if let [_, _, _, _, entry, _, ..] = &mut rest[..] {
        *entry = entry.wrapping_sub(10);
    }
    encoded(&[&kind_and_session(FrameKind::Log, wire.tag), &rest])
}

fn bulk_ack(wire: &Wire, ack: &BulkAck) -> Vec<u8> {
    own(FrameKind::BulkAck, wire.tag, |out| ack.write_body(out))
}

/// The hello that brings the link up.
fn connecting(wire: &Wire, boot_id: u32) -> Hello {
    Hello {
        magic: MAGIC,
        version_min: 1,
        version_current: 1,
        boot_id,
        peer_boot_id: OWN_BOOT,
        role: if wire.role == Role::Host { 3 } else { 1 },
        flags: 0,
        max_payload: MAX_PAYLOAD as u16,
        capabilities: 0,
        firmware: Firmware {
            major: 1,
            minor: 0,
            patch: 0,
            build: 0,
        },
        window: 1,
    }
}

fn odd_hello(program: &mut Program<'_>, wire: &Wire) -> Hello {
    let boot_id = program.one_of(&[0x1001, 0x1002, 0x1003, OWN_BOOT, 0]);
    let mut hello = connecting(wire, boot_id);
    hello.peer_boot_id = program.one_of(&[OWN_BOOT, 0, 0x1001, OWN_BOOT]);
    hello.flags = program.below(3);
    hello.max_payload = program.one_of(&[1024, 0, 64, 65, 100, 2000, u16::MAX]);
    match program.below(8) {
        0 => hello.role = program.below(5),
        1 => (hello.version_min, hello.version_current) = (program.below(4), program.below(4)),
        2 => hello.magic ^= 1,
        3 => hello.window = program.one_of(&[0, 4, 32, 33, u16::MAX]),
        _ => {}
    }
    hello
}

fn refuse(program: &mut Program<'_>, wire: &Wire) -> Vec<u8> {
    let refuse = Refuse {
        reason: program.below(4),
        version_min: program.below(3),
        version_current: program.below(3),
        boot_id: program.one_of(&[wire.boot, 0x1001, 0x1002]),
        peer_boot_id: program.one_of(&[OWN_BOOT, 0]),
    };
    own(FrameKind::Refuse, 0, |out| refuse.write_body(out))
}

/// A notification that is like no other, so far.
fn notification(program: &mut Program<'_>) -> [u8; 5] {
    let [a, b, c, d] = program.long().to_le_bytes();
    [a, b, c, d, program.below(5)]
}

fn request_id(program: &mut Program<'_>) -> RequestId {
    RequestId {
        origin: program.one_of(&[0x1001, 0x1002]),
        number: program.below(24).into(),
    }
}

fn control(wire: &Wire, sequence: u16, acknowledged: u16, payload: &[u8]) -> Vec<u8> {
    let header = ControlHeader {
        sequence,
        acknowledged,
    }
    .to_bytes();
    encoded(&[&kind_and_session(FrameKind::Control, wire.tag), &header, payload])
}

fn written(envelope: &Envelope<'_>) -> Vec<u8> {
    let mut buffer = [0; 400];
    let mut out = Writer::new(&mut buffer);
    envelope.write(&mut out).expect("it fits");
    let len = out.len();
    buffer[..len].to_vec()
}

/// The next message in sequence.
fn in_order(wire: &mut Wire, envelope: &Envelope<'_>) -> Vec<u8> {
    let sequence = wire.next;
    wire.next = wire.next.wrapping_add(1);
    control(wire, sequence, wire.seen, &written(envelope))
}

fn odd_control(program: &mut Program<'_>, wire: &Wire) -> Vec<u8> {
    let sequence = program.near(wire.next.into()) as u16;
    let acknowledged = program.near(wire.seen.into()) as u16;
    match program.below(3) {
        0 => control(wire, sequence, acknowledged, program.bytes(20)),
        1 => {
            let mut payload = vec![program.below(4)];
            payload.extend_from_slice(program.bytes(8));
            payload.resize(usize::from(program.word() % 1025), 7);
            control(wire, sequence, acknowledged, &payload)
        }
        _ => {
            let body = notification(program);
            let envelope = Envelope::Notification {
                code: 0x0207,
                body: &body,
            };
            control(wire, sequence, acknowledged, &written(&envelope))
        }
    }
}

/// The answer to a request of the link, or to none.
fn answer(program: &mut Program<'_>, wire: &mut Wire) -> Vec<u8> {
    let id = match wire.asked.len() {
        0 => request_id(program),
        count => wire.asked[usize::from(program.byte()) % count],
    };
    let envelope = match program.below(4) {
        0 => Envelope::Refusal {
            id,
            reason: Refusal::Busy,
        },
        1 => Envelope::Reply {
            id,
            code: 0x7777,
            body: b"what?",
        },
        _ => Envelope::Reply {
            id,
            code: 0x0001,
            body: &[],
        },
    };
    in_order(wire, &envelope)
}

fn odd_ack(program: &mut Program<'_>, wire: &Wire) -> Ack {
    let acknowledged = program.near(wire.seen.into()) as u16;
    Ack {
        acknowledged,
        limit: program.near(acknowledged.into()) as u16,
        received: program.long(),
    }
}

fn odd_bulk_ack(program: &mut Program<'_>, wire: &Wire) -> BulkAck {
    let acknowledged = program.near(wire.own_acknowledged);
    let mut at = acknowledged;
    let received = (0..program.below(17)).map(|_| {
        let start = program.near(at);
        let end = program.near(start.wrapping_add(100));
        at = end;
        Span { start, end }
    });
    let received = received.collect();
    BulkAck {
        transfer: program.near(wire.own_object.into()) as u8,
        acknowledged,
        limit: program.near(wire.own_sent),
        received,
    }
}

fn piece(wire: &Wire, number: u8, offset: u32, length: usize) -> Vec<u8> {
    let header = BulkHeader {
        transfer: number,
        offset,
    }
    .to_bytes();
    let content = pattern::bytes(number.into(), offset, length.min(MAX_PAYLOAD));
    encoded(&[&kind_and_session(FrameKind::Bulk, wire.tag), &header, &content])
}

/// Something about an object, in sequence.
fn odd_envelope(program: &mut Program<'_>, wire: &mut Wire) -> Vec<u8> {
    let theirs = program.near(wire.own_object.into()) as u8;
    let ours = program.near(wire.peer_object.into()) as u8;
    let outcome = program.one_of(&[
        BulkOutcome::Delivered,
        BulkOutcome::ChecksumMismatch,
        BulkOutcome::Cancelled,
        BulkOutcome::Refused,
        BulkOutcome::PeerRestarted,
    ]);
    let envelope = match program.below(4) {
        0 => Envelope::BulkCancel { transfer: ours },
        1 => Envelope::BulkEnd {
            transfer: ours,
            checksum: program.long(),
        },
        2 => Envelope::BulkResult {
            transfer: theirs,
            outcome,
        },
        _ => {
            let length = program.near(100);
            let object = Object {
                kind: ObjectKind::Image,
                id: 1,
                length,
            };
            wire.begins_to_say(ours, length);
            Envelope::BulkBegin {
                transfer: ours,
                object,
            }
        }
    };
    in_order(wire, &envelope)
}

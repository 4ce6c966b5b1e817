//! What the link itself says: payloads of hello, refusal and acknowledgement, and the envelope of a message.

use heapless::Vec;

use super::event::{BulkOutcome, Object, RequestId};
use crate::message::{
    Field, Firmware, MAX_BODY, Malformed, NoRoom, ObjectKind, Parsed, Reader, Refusal, Writer, wire_struct,
};
use crate::version;

/// `LK`: what every hello begins with, in every version.
pub const MAGIC: u16 = u16::from_le_bytes(*b"LK");

/// The sender of the hello does not know yet that it is known, and wants a hello back.
pub const ANSWER_WANTED: u8 = 1;

wire_struct! {
    /// Payload of a `Hello` frame. The fields up to and including `flags` are the same in every version; an end that
    /// can read those knows whether the two can talk.
    Hello {
        /// `LK`.
        magic: u16,
        /// Oldest version spoken.
        version_min: u8,
        /// Newest version spoken.
        version_current: u8,
        /// The sender's boot id; never 0.
        boot_id: u32,
        /// The boot id of the peer, as the sender last heard it; 0 if it has heard none.
        peer_boot_id: u32,
        /// The sender's role.
        role: u8,
        /// Bit 0: an answer is wanted. The others are 0 when sent and ignored when received.
        flags: u8,
        /// The most bytes of payload that the sender takes in a Bulk frame: 64 to 1024; less counts as 64, more as 1024.
        max_payload: u16,
        /// Optional abilities, a bit each; none are defined yet. Bits without a meaning are 0 when sent and ignored when
        /// received.
        capabilities: u32,
        /// What the sender runs.
        firmware: Firmware,
        /// How many Control frames the sender takes before its first Ack: 1 to 32. Less counts as 1, more as 32.
        #[since(2, else 1)]
        window: u16,
    }
}

impl Hello {
    /// Reads a hello. One of versions without any in common with this end's is read as far as all versions are the same;
    /// the rest is 0.
    pub fn parse(payload: &[u8]) -> Parsed<'_, Self> {
        let Some((head, rest)) = payload.split_first_chunk::<HEAD>() else {
            return Err(Malformed::Short);
        };
        // After the magic, which is not looked at here.
        let [_, _, version_min, version_current, ..] = *head;
        if version::in_common(version_min, version_current).is_some() {
            return Self::parse_body(payload);
        }
        let mut as_if = AFTER_HEAD;
        as_if[..HEAD].copy_from_slice(head);
        Self::parse_body(&as_if).map(|(_, hello)| (rest, hello))
    }
}

/// What every version's hello begins with: up to and including `flags`.
const HEAD: usize = 14;

/// A hello whose fields after the head are 0.
const AFTER_HEAD: [u8; Hello::MAX_BODY] = {
    let mut body = [0; Hello::MAX_BODY];
    // The length of `firmware`.
    body[HEAD + u16::MAX_LEN + u32::MAX_LEN] = Firmware::MAX_BODY as u8;
    body
};

/// The most of a peer's [`window`](Hello::window) that is used: an acknowledgement names so many messages.
pub const MAX_WINDOW: u16 = 32;

wire_struct! {
    /// Payload of a `Refuse` frame.
    Refuse {
        /// Why: 1 no common version, 2 not exactly one host.
        reason: u8,
        /// Oldest version spoken by the sender.
        version_min: u8,
        /// Newest version spoken by the sender.
        version_current: u8,
        /// The sender's boot id.
        boot_id: u32,
        /// The boot id that is refused.
        peer_boot_id: u32,
    }
}

/// No version in common.
pub const REFUSE_VERSION: u8 = 1;
/// Not exactly one host.
pub const REFUSE_ROLE: u8 = 2;

wire_struct! {
    /// What follows kind and session in an `Ack` frame.
    Ack {
        /// The next sequence number expected: everything before has come.
        acknowledged: u16,
        /// Sequence numbers before this one are taken.
        limit: u16,
        /// Bit i: the message `acknowledged + 1 + i` has come too.
        received: u32,
    }
}

wire_struct! {
    /// A range of bytes of an object.
    #[derive(Copy)]
    Span {
        /// Offset of the first byte.
        start: u32,
        /// Offset after the last byte.
        end: u32,
    }
}

/// The most ranges a `BulkAck` names.
pub const MAX_SPANS: usize = 16;

wire_struct! {
    /// What follows kind and session in a `BulkAck` frame.
    BulkAck {
        /// Which transfer.
        transfer: u8,
        /// All bytes before this offset have come.
        acknowledged: u32,
        /// Bytes before this offset are taken.
        limit: u32,
        /// Which bytes after `acknowledged` have come too: ascending, apart from each other.
        received: Vec<Span, 16>,
    }
}

/// The most bytes of a log in a frame: so short that it keeps nothing else from the line.
pub const MAX_LOG: usize = 128;

/// No entry begins among the bytes of a [`Log`] frame.
pub const LOG_ENTRY_NONE: u8 = 255;

/// The version that brought the log.
pub(crate) const LOG_SINCE: u8 = 3;

wire_struct! {
    /// What follows kind and session in a `Log` frame; since version 3.
    Log {
        /// How many bytes of the log were before these since the board's start, modulo 2^32: those that were lost count.
        offset: u32,
        /// Which of the bytes is the first that begins an entry: 0 to 128, which is the first of the next frame; 255 if none is known to.
        entry: u8,
        /// Bytes of the log: 1 to 128.
        bytes: Vec<u8, 128>,
    }
}

impl Log {
    /// Whether the fields agree with each other.
    pub fn is_sound(&self) -> bool {
        let count = self.bytes.len();
        count > 0 && (self.entry == LOG_ENTRY_NONE || usize::from(self.entry) <= count)
    }
}

// Classes of control frames.
const NOTIFICATION: u8 = 0;
const REQUEST: u8 = 1;
const REPLY: u8 = 2;
const REFUSAL: u8 = 3;
const BULK_BEGIN: u8 = 4;
const BULK_END: u8 = 5;
const BULK_RESULT: u8 = 6;
const BULK_CANCEL: u8 = 7;

/// The most bytes in front of a message's body.
const MAX_ENVELOPE: usize = 1 + 4 + 2 + 2;

/// The most bytes of payload in a control frame.
pub const MAX_CONTROL: usize = MAX_ENVELOPE + MAX_BODY;

impl BulkOutcome {
    const fn code(self) -> u8 {
        match self {
            Self::Delivered => 0,
            Self::ChecksumMismatch => 1,
            Self::Cancelled => 2,
            Self::Refused => 3,
            Self::PeerRestarted => 4,
        }
    }

    const fn from_code(code: u8) -> Self {
        match code {
            0 => Self::Delivered,
            1 => Self::ChecksumMismatch,
            3 => Self::Refused,
            4 => Self::PeerRestarted,
            // A newer cause: whatever it is, the object did not get there.
            _ => Self::Cancelled,
        }
    }
}

/// Payload of a control frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Envelope<'a> {
    /// Needs no answer.
    Notification {
        /// Code of the message.
        code: u16,
        /// Its fields.
        body: &'a [u8],
    },
    /// Needs an answer.
    Request {
        /// Names the request.
        id: RequestId,
        /// Code of the message.
        code: u16,
        /// Its fields.
        body: &'a [u8],
    },
    /// Answers a request.
    Reply {
        /// Which request.
        id: RequestId,
        /// Code of the message.
        code: u16,
        /// Its fields.
        body: &'a [u8],
    },
    /// Refuses a request.
    Refusal {
        /// Which request.
        id: RequestId,
        /// Why.
        reason: Refusal,
    },
    /// An object will be sent.
    BulkBegin {
        /// Number of the transfer.
        transfer: u8,
        /// What is coming.
        object: Object,
    },
    /// The sender has all of the object, and knows its checksum.
    BulkEnd {
        /// Which transfer.
        transfer: u8,
        /// CRC-32 of the whole object.
        checksum: u32,
    },
    /// What the receiver made of the object.
    BulkResult {
        /// Which transfer.
        transfer: u8,
        /// How it ended.
        outcome: BulkOutcome,
    },
    /// The sender gives up.
    BulkCancel {
        /// Which transfer.
        transfer: u8,
    },
}

impl<'a> Envelope<'a> {
    /// Appends the envelope.
    pub fn write(&self, out: &mut Writer<'_>) -> Result<(), NoRoom> {
        match *self {
            Self::Notification { code, body } => {
                NOTIFICATION.write(out);
                code.write(out);
                out.put(body);
            }
            Self::Request { id, code, body } => write_message(REQUEST, id, code, body, out),
            Self::Reply { id, code, body } => write_message(REPLY, id, code, body, out),
            Self::Refusal { id, reason } => {
                REFUSAL.write(out);
                write_id(id, out);
                reason.write(out);
            }
            Self::BulkBegin { transfer, object } => {
                out.put(&[BULK_BEGIN, transfer, object.kind.code()]);
                object.id.write(out);
                object.length.write(out);
            }
            Self::BulkEnd { transfer, checksum } => {
                out.put(&[BULK_END, transfer]);
                checksum.write(out);
            }
            Self::BulkResult { transfer, outcome } => out.put(&[BULK_RESULT, transfer, outcome.code()]),
            Self::BulkCancel { transfer } => out.put(&[BULK_CANCEL, transfer]),
        }
        out.end()
    }

    /// Reads an envelope; `Ok(None)` for a class that this version does not know.
    pub fn parse(payload: &'a [u8]) -> Parsed<'a, Option<Self>> {
        let mut input = Reader::new(payload);
        let class = u8::read(&mut input);
        let envelope = match class {
            NOTIFICATION => Self::Notification {
                code: u16::read(&mut input),
                body: input.rest(),
            },
            REQUEST | REPLY => {
                let id = read_id(&mut input);
                let code = u16::read(&mut input);
                let body = input.rest();
                if class == REQUEST {
                    Self::Request { id, code, body }
                } else {
                    Self::Reply { id, code, body }
                }
            }
            REFUSAL => Self::Refusal {
                id: read_id(&mut input),
                reason: Refusal::read(&mut input),
            },
            BULK_BEGIN => Self::BulkBegin {
                transfer: u8::read(&mut input),
                object: Object {
                    kind: ObjectKind::read(&mut input),
                    id: u32::read(&mut input),
                    length: u32::read(&mut input),
                },
            },
            BULK_END => Self::BulkEnd {
                transfer: u8::read(&mut input),
                checksum: u32::read(&mut input),
            },
            BULK_RESULT => Self::BulkResult {
                transfer: u8::read(&mut input),
                outcome: BulkOutcome::from_code(u8::read(&mut input)),
            },
            BULK_CANCEL => Self::BulkCancel {
                transfer: u8::read(&mut input),
            },
            _ => return Ok((&[], None)),
        };
        input.end(Some(envelope)).map(|(_, envelope)| (&[][..], envelope))
    }
}

fn write_message(class: u8, id: RequestId, code: u16, body: &[u8], out: &mut Writer<'_>) {
    class.write(out);
    write_id(id, out);
    code.write(out);
    out.put(body);
}

fn write_id(id: RequestId, out: &mut Writer<'_>) {
    id.origin.write(out);
    id.number.write(out);
}

fn read_id(input: &mut Reader<'_>) -> RequestId {
    RequestId {
        origin: u32::read(input),
        number: u16::read(input),
    }
}

//! What the link itself says: payloads of hello, refusal and acknowledgement, and the envelope of a message.

use heapless::Vec;

use super::event::{BulkOutcome, Object, RequestId};
use crate::message::{Field, Firmware, MAX_BODY, NoRoom, ObjectKind, Parsed, Refusal, Writer, wire_struct};
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

wire_struct! {
    /// What every version's hello begins with.
    Head {
        /// As in [`Hello`].
        magic: u16,
        /// As in [`Hello`].
        version_min: u8,
        /// As in [`Hello`].
        version_current: u8,
        /// As in [`Hello`].
        boot_id: u32,
        /// As in [`Hello`].
        peer_boot_id: u32,
        /// As in [`Hello`].
        role: u8,
        /// As in [`Hello`].
        flags: u8,
    }
}

impl Hello {
    /// Reads a hello. One of versions without any in common with this end's is read as far as all versions are the same;
    /// the rest is 0.
    pub fn parse(payload: &[u8]) -> Parsed<'_, Self> {
        let (rest, head) = Head::parse_body(payload)?;
        if version::in_common(head.version_min, head.version_current).is_some() {
            return Self::parse_body(payload);
        }
        let hello = Self {
            magic: head.magic,
            version_min: head.version_min,
            version_current: head.version_current,
            boot_id: head.boot_id,
            peer_boot_id: head.peer_boot_id,
            role: head.role,
            flags: head.flags,
            max_payload: 0,
            capabilities: 0,
            firmware: Firmware::default(),
            window: 0,
        };
        Ok((rest, hello))
    }
}

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
                out.put(&[NOTIFICATION])?;
                code.write(out)?;
                out.put(body)
            }
            Self::Request { id, code, body } => {
                out.put(&[REQUEST])?;
                write_id(id, out)?;
                code.write(out)?;
                out.put(body)
            }
            Self::Reply { id, code, body } => {
                out.put(&[REPLY])?;
                write_id(id, out)?;
                code.write(out)?;
                out.put(body)
            }
            Self::Refusal { id, reason } => {
                out.put(&[REFUSAL])?;
                write_id(id, out)?;
                reason.write(out)
            }
            Self::BulkBegin { transfer, object } => {
                out.put(&[BULK_BEGIN, transfer])?;
                object.kind.write(out)?;
                object.id.write(out)?;
                object.length.write(out)
            }
            Self::BulkEnd { transfer, checksum } => {
                out.put(&[BULK_END, transfer])?;
                checksum.write(out)
            }
            Self::BulkResult { transfer, outcome } => out.put(&[BULK_RESULT, transfer, outcome.code()]),
            Self::BulkCancel { transfer } => out.put(&[BULK_CANCEL, transfer]),
        }
    }

    /// Reads an envelope; `Ok(None)` for a class that this version does not know.
    pub fn parse(payload: &'a [u8]) -> Parsed<'a, Option<Self>> {
        let (input, class) = u8::parse(payload)?;
        let envelope = match class {
            NOTIFICATION => {
                let (body, code) = u16::parse(input)?;
                Self::Notification { code, body }
            }
            REQUEST | REPLY => {
                let (input, id) = parse_id(input)?;
                let (body, code) = u16::parse(input)?;
                if class == REQUEST {
                    Self::Request { id, code, body }
                } else {
                    Self::Reply { id, code, body }
                }
            }
            REFUSAL => {
                let (input, id) = parse_id(input)?;
                let (_, reason) = Refusal::parse(input)?;
                Self::Refusal { id, reason }
            }
            BULK_BEGIN => {
                let (input, transfer) = u8::parse(input)?;
                let (input, kind) = ObjectKind::parse(input)?;
                let (input, id) = u32::parse(input)?;
                let (_, length) = u32::parse(input)?;
                Self::BulkBegin {
                    transfer,
                    object: Object { kind, id, length },
                }
            }
            BULK_END => {
                let (input, transfer) = u8::parse(input)?;
                let (_, checksum) = u32::parse(input)?;
                Self::BulkEnd { transfer, checksum }
            }
            BULK_RESULT => {
                let (input, transfer) = u8::parse(input)?;
                let (_, code) = u8::parse(input)?;
                Self::BulkResult {
                    transfer,
                    outcome: BulkOutcome::from_code(code),
                }
            }
            BULK_CANCEL => {
                let (_, transfer) = u8::parse(input)?;
                Self::BulkCancel { transfer }
            }
            _ => return Ok((&[], None)),
        };
        Ok((&[], Some(envelope)))
    }
}

fn write_id(id: RequestId, out: &mut Writer<'_>) -> Result<(), NoRoom> {
    id.origin.write(out)?;
    id.number.write(out)
}

fn parse_id(input: &[u8]) -> Parsed<'_, RequestId> {
    let (input, origin) = u32::parse(input)?;
    let (input, number) = u16::parse(input)?;
    Ok((input, RequestId { origin, number }))
}

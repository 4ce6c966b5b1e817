//! What a link tells its owner.

use crate::message::{Firmware, Message, ObjectKind, Refusal};

/// What an end of the link is.
///
/// One end of every link is the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Role {
    /// The counter's computer.
    Host,
    /// The kiosk's board.
    Kiosk,
    /// The capture board.
    Capture,
    /// A board of a kind that this version does not know.
    Unrecognised(u8),
}

impl Role {
    /// The code on the wire.
    pub const fn code(self) -> u8 {
        match self {
            Self::Host => 1,
            Self::Kiosk => 2,
            Self::Capture => 3,
            Self::Unrecognised(code) => code,
        }
    }

    /// The role with the given code on the wire.
    pub const fn from_code(code: u8) -> Self {
        match code {
            1 => Self::Host,
            2 => Self::Kiosk,
            3 => Self::Capture,
            other => Self::Unrecognised(other),
        }
    }
}

/// Who is at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Peer {
    /// What it is.
    pub role: Role,
    /// Number it drew at its start; another number means another start.
    pub boot_id: u32,
    /// What it runs.
    pub firmware: Firmware,
    /// Version of the protocol that both ends now use.
    pub version: u8,
}

/// Names a request, at both ends.
///
/// `origin` is the boot id of the requester at the time it first made the request. So a requester that keeps
/// the id in durable storage can repeat the request after a restart ([`Link::request_again`]) and gets the
/// remembered answer if the request was carried out before.
///
/// [`Link::request_again`]: crate::Link::request_again
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RequestId {
    /// Boot id under which the request was first made.
    pub origin: u32,
    /// Number of the request within that boot.
    pub number: u16,
}

/// Names a bulk transfer of one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TransferId(pub u8);

/// What a bulk object is; told before its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Object {
    /// What it is.
    pub kind: ObjectKind,
    /// Which one of its kind; the meaning depends on the kind.
    pub id: u32,
    /// Its length in bytes: below 2^24.
    pub length: u32,
}

/// Why the link went down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum DownReason {
    /// Nothing came from the peer for [`Timing::silence_us`](super::Timing::silence_us). What was sent is kept: if
    /// the same start of the peer comes back, the link goes on where it was, and nothing is lost.
    #[error("nothing came from the other end")]
    Silent,
    /// The peer has restarted and has forgotten what it was asked.
    #[error("the other end has restarted")]
    PeerRestarted,
    /// The ends have no version of the protocol in common.
    #[error(
        "the other end speaks versions {peer_min} to {peer_current} of the protocol, which this program does not"
    )]
    VersionMismatch {
        /// The oldest version that the peer speaks.
        peer_min: u8,
        /// The newest version that the peer speaks.
        peer_current: u8,
    },
    /// Both ends are hosts, or neither is; or a line that is looped back.
    #[error("the other end is not what this end talks to")]
    WrongRole,
}

/// Why a request got no answer. Exactly one of an answer or this comes for every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum RequestFailure {
    /// The peer restarted before it answered. Whether the request had an effect is not known.
    #[error("the other end restarted before it answered")]
    PeerRestarted,
    /// The peer refused it; it had no effect.
    #[error("the other end refused the request: {0:?}")]
    Refused(Refusal),
    /// The peer answered in a way that this end does not understand.
    #[error("the answer could not be understood")]
    BadReply,
}

/// How a bulk transfer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum BulkOutcome {
    /// The receiver has the whole object, and its checksum is right.
    #[error("delivered")]
    Delivered,
    /// The receiver has it, but its checksum is wrong.
    #[error("the object's checksum is wrong")]
    ChecksumMismatch,
    /// The sender or the receiver gave up.
    #[error("cancelled")]
    Cancelled,
    /// The receiver cannot take this object.
    #[error("the other end cannot take the object")]
    Refused,
    /// The peer restarted in the middle.
    #[error("the other end restarted")]
    PeerRestarted,
}

/// What a link tells its owner, in the order in which it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
// The message dominates; boards have no heap to box it on.
#[allow(clippy::large_enum_variant)]
pub enum Event {
    /// The ends know each other; requests and notifications flow.
    Up {
        /// Who is at the other end.
        peer: Peer,
        /// The same session goes on after a silence: nothing was lost. Otherwise everything starts anew.
        resumed: bool,
    },
    /// Nothing flows any more.
    Down {
        /// Why.
        reason: DownReason,
    },
    /// The peer asks for something: answer with [`Link::reply`](crate::Link::reply) or
    /// [`Link::refuse`](crate::Link::refuse), now or later.
    Request {
        /// Names the request for the answer.
        id: RequestId,
        /// What is asked for.
        message: Message,
    },
    /// The peer tells something.
    Notification(Message),
    /// The answer to a request of this end.
    Reply {
        /// Which request.
        id: RequestId,
        /// The answer.
        message: Message,
    },
    /// A request of this end gets no answer.
    RequestFailed {
        /// Which request.
        id: RequestId,
        /// Why.
        reason: RequestFailure,
    },
    /// The peer begins to send an object; read its bytes with [`Link::bulk_read`](crate::Link::bulk_read).
    BulkBegin {
        /// Which transfer.
        transfer: TransferId,
        /// What is coming.
        object: Object,
    },
    /// The object from the peer has ended; comes after its last byte was read.
    BulkEnd {
        /// Which transfer.
        transfer: TransferId,
        /// What was coming.
        object: Object,
        /// How it ended. Only [`BulkOutcome::Delivered`] makes the bytes good.
        outcome: BulkOutcome,
    },
    /// Bytes of the board's log. They may be lost on the way, which the next offset tells then.
    #[cfg(feature = "host")]
    Log(super::wire::Log),
    /// The object of this end has ended.
    BulkSent {
        /// Which transfer.
        transfer: TransferId,
        /// How it ended.
        outcome: BulkOutcome,
    },
}

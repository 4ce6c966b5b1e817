//! What a trace consists of, and what of a frame may be in it.

use protocol::Message;
use protocol::frame::{FrameKind, HEADER_LEN, Received, split_kind_and_session};
use protocol::link::wire::{Ack, BulkAck, Envelope, Hello, MAX_CONTROL, Refuse};
use protocol::message::Writer;

use super::fields::Fields;

/// Which way a frame went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the host to the board.
    ToBoard,
    /// From the board to the host.
    FromBoard,
}

impl Direction {
    /// The opposite one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::ToBoard => Self::FromBoard,
            Self::FromBoard => Self::ToBoard,
        }
    }
}

/// Why a frame was thrown away by its receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Damage {
    /// Its checksum is wrong.
    Checksum,
    /// Its byte stuffing is wrong, or it is too short.
    Framing,
    /// It is longer than any frame.
    Oversize,
}

impl Damage {
    /// What the decoder says of a damaged frame; `None` if it is not damaged.
    pub(super) const fn of(received: Received) -> Option<Self> {
        match received {
            Received::Frame => None,
            Received::BadChecksum => Some(Self::Checksum),
            Received::BadFraming => Some(Self::Framing),
            Received::Oversize => Some(Self::Oversize),
        }
    }

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Checksum => "wrong checksum",
            Self::Framing => "wrong byte stuffing, or too short",
            Self::Oversize => "longer than any frame",
        }
    }
}

/// What happened on the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// An intact frame.
    Frame {
        /// Its header, and of its payload what may be kept ([`kept`]).
        bytes: Vec<u8>,
        /// Length of header and payload.
        len: usize,
    },
    /// A frame that its receiver cannot use.
    Damaged {
        /// Why.
        damage: Damage,
        /// Kind and session, if they are those of an intact frame before; else empty: a damaged frame may begin anywhere in an image.
        claim: Vec<u8>,
        /// Bytes between its delimiters.
        len: usize,
    },
    /// The port was opened, lost, and the like.
    Note(String),
}

/// One entry of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// When: microseconds since 1970-01-01 00:00:00 UTC; in a raw capture, its place in bytes.
    pub at: u64,
    /// Which way; `None` for what concerns the port.
    pub direction: Option<Direction>,
    /// What.
    pub content: Content,
}

/// Offset, entry and length of a piece of a board's log.
const LOG_HEAD: usize = 6;

/// How many bytes of an intact frame (header and payload) may be in a file.
///
/// What this version of the protocol defines, and nothing else: of a piece of an object, which may be a fingerprint, the
/// header; of a frame, a message or a field that only a newer peer knows, nothing.
pub fn kept(frame: &[u8]) -> usize {
    let Some((kind, _, rest)) = split_kind_and_session(frame) else {
        return 0;
    };
    let header = frame.len() - rest.len();
    let known = |left: Option<usize>| left.map_or(0, |left| rest.len() - left);
    header
        + match kind {
            None => 0,
            Some(FrameKind::Bulk) => rest.len().min(HEADER_LEN - header),
            // What a log holds is not for this file.
            Some(FrameKind::Log) => rest.len().min(LOG_HEAD),
            Some(FrameKind::Hello) => known(Hello::parse_body(rest).ok().map(|(left, _)| left.len())),
            Some(FrameKind::Refuse) => known(Refuse::parse_body(rest).ok().map(|(left, _)| left.len())),
            Some(FrameKind::Ack) => known(Ack::parse_body(rest).ok().map(|(left, _)| left.len())),
            Some(FrameKind::BulkAck) => known(BulkAck::parse_body(rest).ok().map(|(left, _)| left.len())),
            Some(FrameKind::Control) => {
                rest.len().min(HEADER_LEN - header) + kept_envelope(&frame[HEADER_LEN.min(frame.len())..])
            }
        }
}

/// The same of the payload of a control frame.
fn kept_envelope(payload: &[u8]) -> usize {
    let Ok((_, Some(envelope))) = Envelope::parse(payload) else {
        // The class, so that the trace can say that it is not known.
        return payload.len().min(1);
    };
    let known = match envelope {
        Envelope::Notification { code, body }
        | Envelope::Request { code, body, .. }
        | Envelope::Reply { code, body, .. } => {
            let spec = Message::TABLE.iter().find(|spec| spec.code == code);
            let left = spec.and_then(|spec| Fields::parse(spec.fields, body).ok());
            return payload.len() - left.map_or(body.len(), |(_, left)| left.len());
        }
        fixed => fixed,
    };
    let mut again = [0; MAX_CONTROL];
    let mut out = Writer::new(&mut again);
    match known.write(&mut out) {
        Ok(()) => out.len().min(payload.len()),
        Err(_) => payload.len().min(1),
    }
}

/// What of a damaged frame may be in a file: kind and session, if the intact frame `like` had the same.
///
/// Where a damaged frame begins, its own header need not: noise that looks like delimiters in the middle of an object's
/// piece leaves a "frame" that begins with the image itself, and no two delimiters prove the contrary. Two bytes that
/// are known already tell nothing of an image, whatever they were. `head` is the beginning of the frame as it came: the
/// code of a block, then bytes that are as they were unless the code says that a zero stood there.
pub(super) fn claim(head: &[u8], like: Option<[u8; 2]>) -> Vec<u8> {
    let (&[code, first, second], Some(like)) = (head, like) else {
        return Vec::new();
    };
    // After a code of 2 stands one byte and then a zero, whose place the next block's code has taken.
    let second = if code == 2 { 0 } else { second };
    if code >= 2 && [first, second] == like {
        like.to_vec()
    } else {
        Vec::new()
    }
}

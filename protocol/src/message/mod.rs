//! The vocabulary: what boards and host say to each other.
//!
//! Each message is defined once, in this folder; the definition gives the structure, its encoder, its
//! parser and its rows in `PROTOCOL.md`. Fields and codes are only ever appended, never changed, removed
//! or reordered: a board in the field speaks the version it was flashed with for years.
//!
//! A reader ignores bytes after the last field it knows, so a newer peer can say more to an older one. A field
//! that an older peer does not send yet takes the default of its definition ([`Appended`]).

use crate::link::Role;

mod capture;
mod common;
mod define;
pub(crate) mod field;
mod kiosk;
mod table;

pub use capture::{
    CaptureFailure, CapturePhase, CapturePurpose, CaptureRefusal, CaptureVerdict, FingerPosition,
    FingerQuality, ObjectKind,
};
pub use common::{Firmware, LinkCounters, Refusal, ResetCause, StorageState, UpdatePhase, UpdateRefusal};
pub(crate) use define::wire_struct;
pub use field::{Field, Malformed, NoRoom, Parsed, Reader, Writer};
pub use kiosk::{LentRange, PaperState, PrintCause, PrintOutcome, PrinterTrouble, Service, TicketDenial};
pub use table::*;

/// The most bytes that the body of a message may take, in every version to come.
///
/// A receiver can rely on it for its buffers.
pub const MAX_BODY: usize = 256;

/// The most bytes that the body of a reply may take: replies are remembered, and boards are small.
pub const MAX_REPLY_BODY: usize = 128;

/// How a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// Asks for something; answered exactly once, by a reply or a refusal.
    Request,
    /// Answers a request.
    Reply,
    /// Tells something; needs no answer.
    Notification,
}

/// Who sends a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The host, to any board.
    HostToBoard,
    /// The host, to the kiosk.
    HostToKiosk,
    /// The kiosk, to the host.
    KioskToHost,
    /// The host, to the capture board.
    HostToCapture,
    /// The capture board, to the host.
    CaptureToHost,
    /// Any board, to the host.
    BoardToHost,
    /// Either side.
    Either,
}

impl Direction {
    /// Whether a program built like this one can hear such a message, at an end with the role of this code; 0 is any role.
    pub(crate) const fn is_heard(self, role: u8) -> bool {
        let by_any = role == 0 || matches!(self, Self::Either);
        match self {
            Self::KioskToHost | Self::CaptureToHost | Self::BoardToHost => {
                cfg!(feature = "host") && (by_any || role == Role::Host.code())
            }
            Self::HostToKiosk => by_any || role == Role::Kiosk.code(),
            Self::HostToCapture => by_any || role == Role::Capture.code(),
            Self::HostToBoard => role != Role::Host.code(),
            Self::Either => true,
        }
    }

    /// Whether a program built like this one can say such a message.
    pub(crate) const fn is_said(self) -> bool {
        let by_host = matches!(self, Self::HostToBoard | Self::HostToKiosk | Self::HostToCapture);
        cfg!(feature = "host") || !by_host
    }
}

/// What the specification says of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldSpec {
    /// Name, as in the structure.
    pub name: &'static str,
    /// Type, as in the structure.
    pub ty: &'static str,
    /// Meaning, unit and range.
    pub doc: &'static str,
    /// If it was appended after version 1: when, and what it is for a peer that does not send it.
    pub appended: Option<Appended>,
}

/// What the specification says of a field that was not there from the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The first version that has the field.
    pub since: u8,
    /// What it is taken to be when an older peer leaves it out, as in the definition.
    pub default: &'static str,
}

/// What the specification says of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageSpec {
    /// Code on the wire.
    pub code: u16,
    /// Name, as in [`Message`].
    pub name: &'static str,
    /// How it travels.
    pub usage: Usage,
    /// Who sends it.
    pub direction: Direction,
    /// The first version that has it.
    pub since: u8,
    /// Meaning.
    pub doc: &'static str,
    /// Fields, in the order of the wire.
    pub fields: &'static [FieldSpec],
    /// The most bytes the body takes in this version.
    pub max_body: usize,
}

/// What the specification says of an enumeration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnumSpec {
    /// Name of the type.
    pub name: &'static str,
    /// Whether a receiver keeps unknown codes (`true`) or takes the message as malformed (`false`).
    pub open: bool,
    /// Meaning.
    pub doc: &'static str,
    /// Code, name and meaning of each value.
    pub codes: &'static [(u8, &'static str, &'static str)],
}

/// Every enumeration of the vocabulary, in the order of the specification.
pub const ENUMS: &[EnumSpec] = &[
    Refusal::SPEC,
    ResetCause::SPEC,
    StorageState::SPEC,
    UpdateRefusal::SPEC,
    UpdatePhase::SPEC,
    TicketDenial::SPEC,
    PrintOutcome::SPEC,
    PrintCause::SPEC,
    PaperState::SPEC,
    PrinterTrouble::SPEC,
    FingerPosition::SPEC,
    CapturePurpose::SPEC,
    CaptureRefusal::SPEC,
    CapturePhase::SPEC,
    CaptureFailure::SPEC,
    CaptureVerdict::SPEC,
    FingerQuality::SPEC,
    ObjectKind::SPEC,
];

/// Every structure that is a field of a message: name, meaning, fields.
pub const STRUCTS: &[(&str, &str, &[FieldSpec])] = &[
    ("Firmware", Firmware::DOC, Firmware::FIELDS),
    ("LinkCounters", LinkCounters::DOC, LinkCounters::FIELDS),
    ("Service", Service::DOC, Service::FIELDS),
    ("LentRange", LentRange::DOC, LentRange::FIELDS),
];

/// Why a message could not be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum DecodeError {
    /// No message of this version has the code; the peer is probably newer.
    #[error("message {0:#06x} is not known to this version")]
    UnknownMessage(u16),
    /// The message is known, its body makes no sense.
    #[error("{0}")]
    Malformed(Malformed),
}

impl Message {
    /// Writes the body into `buffer` and returns its length.
    pub fn encode_body(&self, buffer: &mut [u8]) -> Result<usize, NoRoom> {
        let mut out = Writer::new(buffer);
        self.write_body(&mut out)?;
        Ok(out.len())
    }
}

// Every message fits the buffers that the specification promises.
const _: () = {
    let mut row = 0;
    while row < Message::TABLE.len() {
        let spec = &Message::TABLE[row];
        assert!(spec.max_body <= MAX_BODY);
        assert!(!matches!(spec.usage, Usage::Reply) || spec.max_body <= MAX_REPLY_BODY);
        row += 1;
    }
};

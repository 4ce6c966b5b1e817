//! What may happen: outcomes of acts, readings of devices, answers of the operator. These are what the journal keeps.

use crate::office::record::FingerPosition;
use crate::office::words::Words;
use serde::{Deserialize, Serialize};
use std::fmt;

/// UID of a contactless chip, as upper-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CardUid(String);

impl CardUid {
    /// From the bytes that the reader gives (4, 7 or 10 of them by ISO/IEC 14443-3).
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]);
        Self(
            digits
                .filter_map(|digit| char::from_digit(u32::from(digit), 16))
                .collect::<String>()
                .to_ascii_uppercase(),
        )
    }

    /// From hexadecimal digits, as the store keeps them.
    pub fn from_hex(hex: &str) -> Self {
        Self(hex.to_ascii_uppercase())
    }

    /// The hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<crate::card::Uid> for CardUid {
    fn from(uid: crate::card::Uid) -> Self {
        Self::from_bytes(uid.as_bytes())
    }
}

impl fmt::Display for CardUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How an act that changes the world ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It happened.
    Done,
    /// It certainly did not happen, or not as it should.
    Failed {
        /// What the device said, in words for a technician.
        detail: Words,
    },
    /// It may have happened: look before anything else is done.
    Unknown {
        /// What the device said.
        detail: Words,
    },
}

/// How printing a face ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum PrintOutcome {
    /// The whole face is on the card.
    Done,
    /// Nothing was printed; the blank is as it was.
    Refused {
        /// Why.
        detail: Words,
    },
    /// Part of the face is on the card.
    Spoilt {
        /// Why.
        detail: Words,
    },
    /// It may have happened: count.
    Unknown {
        /// What the printer said.
        detail: Words,
    },
}

/// A live finger against enrolled templates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "comparison", rename_all = "snake_case")]
pub enum Comparison {
    /// The same person.
    Match {
        /// Which finger it was.
        finger: FingerPosition,
        /// Score, at or above the threshold.
        score: u32,
    },
    /// Not the same person.
    NoMatch {
        /// Score, below the threshold.
        score: u32,
    },
    /// The image does not allow a comparison. This is not "no match".
    CannotTell {
        /// Why, in words for the operator.
        reason: Words,
    },
    /// No finger was put on the sensor in time.
    NotPlaced,
    /// The sensor, the board or the line failed.
    Failed {
        /// What it said.
        detail: Words,
    },
}

/// Where in the printer a card is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardPlace {
    /// No card in the transport.
    Nowhere,
    /// At the contactless station.
    Contactless,
    /// Somewhere else in the transport.
    Elsewhere,
    /// The printer does not answer, or does not know.
    CannotTell,
}

/// A look at the card printer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrinterView {
    /// Where a card is.
    pub place: CardPlace,
    /// What keeps the printer from working, if anything does: cover open, hopper empty, ribbon ended.
    pub fault: Option<Words>,
}

/// A look at a freshly fed blank, before anything is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "blank", rename_all = "snake_case")]
pub enum BlankReading {
    /// A blank that may be written.
    Blank {
        /// Its UID.
        uid: CardUid,
    },
    /// A chip, but not an unused blank.
    NotBlank {
        /// Its UID.
        uid: CardUid,
        /// What it is instead.
        detail: Words,
    },
    /// No chip answers.
    Unreadable {
        /// What the reader said.
        detail: Words,
    },
    /// The reader or the PC/SC service is not there; this says nothing about the card.
    ReaderGone {
        /// What PC/SC said.
        detail: Words,
    },
}

/// A look at a chip whose personalisation may have happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "chip", rename_all = "snake_case")]
pub enum ChipReading {
    /// Nothing has been written.
    Untouched,
    /// Everything is there and equal to what was to be written; not activated.
    Complete,
    /// Something else: half written, different, or activated.
    Spoilt {
        /// What was found.
        detail: Words,
    },
    /// The reader or the PC/SC service is not there.
    ReaderGone {
        /// What PC/SC said.
        detail: Words,
    },
}

/// A look at the card on the desk reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "desk", rename_all = "snake_case")]
pub enum DeskReading {
    /// A card of ours.
    Card {
        /// Its UID.
        uid: CardUid,
        /// Whether its life cycle is operational activated (ISO 7816-4 life cycle 05 or 07).
        activated: bool,
        /// Whether its content is what was personalised for this application.
        intact: bool,
    },
    /// No card on the reader.
    NoCard,
    /// A card that cannot be read.
    Unreadable {
        /// What the reader said.
        detail: Words,
    },
    /// The reader or the PC/SC service is not there.
    ReaderGone {
        /// What PC/SC said.
        detail: Words,
    },
}

/// An answer of the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Yes.
    Yes,
    /// No.
    No,
    /// Try again.
    Retry,
    /// Give up for now.
    Cancel,
    /// Nobody answers: the console was closed.
    Gone,
}

/// What may happen to an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", content = "of", rename_all = "snake_case")]
pub enum Event {
    /// The documents are complete and the record may be printed: start.
    Begin {
        /// Enrolled fingers, in the order in which they are asked for.
        fingers: Vec<FingerPosition>,
    },
    /// Go on with a parked application.
    Resume,
    /// End the application for good. Not possible once the chip may be active.
    Cancel,
    /// The program was started again and found this application under way.
    Restarted {
        /// Whether the state's act had been begun (its intent is in the journal, its outcome is not).
        begun: bool,
    },
    /// Outcome of [`super::Act::CompareRecord`] and [`super::Act::CompareChip`].
    Compared(Comparison),
    /// Outcome of [`super::Act::FindCard`].
    Found(PrinterView),
    /// Outcome of [`super::Act::Feed`].
    Fed(Outcome),
    /// Outcome of [`super::Act::ReadBlank`].
    BlankRead(BlankReading),
    /// Outcome of [`super::Act::Personalise`].
    Personalised(Outcome),
    /// Outcome of [`super::Act::InspectChip`].
    ChipInspected(ChipReading),
    /// Outcome of [`super::Act::CountPanels`].
    Counted {
        /// Ribbon panels printed in the printer's life, if it says.
        panels: Option<u32>,
    },
    /// Outcome of [`super::Act::Print`].
    Printed(PrintOutcome),
    /// Outcome of [`super::Act::Eject`].
    Ejected(Outcome),
    /// Outcome of [`super::Act::Reject`].
    Rejected(Outcome),
    /// Outcome of [`super::Act::ReadDesk`].
    DeskRead(DeskReading),
    /// Outcome of [`super::Act::Activate`].
    Activated(Outcome),
    /// Outcome of [`super::Act::Ask`].
    Answered(Answer),
}

impl Event {
    /// The event's name, for messages and logs: it carries nothing of the content.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Begin { .. } => "begin",
            Self::Resume => "resume",
            Self::Cancel => "cancel",
            Self::Restarted { .. } => "restarted",
            Self::Compared(_) => "compared",
            Self::Found(_) => "found",
            Self::Fed(_) => "fed",
            Self::BlankRead(_) => "blank_read",
            Self::Personalised(_) => "personalised",
            Self::ChipInspected(_) => "chip_inspected",
            Self::Counted { .. } => "counted",
            Self::Printed(_) => "printed",
            Self::Ejected(_) => "ejected",
            Self::Rejected(_) => "rejected",
            Self::DeskRead(_) => "desk_read",
            Self::Activated(_) => "activated",
            Self::Answered(_) => "answered",
        }
    }
}

//! What the machine asks for: acts in the world, and entries in the office's books.

use super::event::CardUid;
use crate::office::record::FingerPosition;
use serde::{Deserialize, Serialize};

/// Something to be done because of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Write in the books, in the same transaction as the event itself.
    Note(Note),
    /// Act, and feed the outcome back as an event.
    Do(Act),
}

/// What a live finger is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// The enrolled impressions of the record: the biometric test.
    Record,
    /// The templates read from the chip on the desk: before activation.
    Chip,
}

/// What is asked of the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Is the printed card good? Yes or no.
    CardGood,
    /// Is the card on the desk reader? Yes or no.
    CardOnDesk,
    /// Has the applicant got the card? Yes or no.
    HandedOver,
    /// Something went wrong: retry or cancel.
    RetryOrCancel,
}

/// One act. Outcomes are the [`super::Event`]s that name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// Capture a live finger and compare it with the record.
    CompareRecord {
        /// Which finger to ask for.
        finger: FingerPosition,
        /// Number of this try, from 1 to [`super::MAX_TRIES`].
        attempt: u8,
    },
    /// Capture a live finger and compare it with the template read from the chip on the desk reader.
    CompareChip {
        /// The card that is expected there.
        uid: CardUid,
        /// Which finger to ask for.
        finger: FingerPosition,
        /// Number of this try, from 1 to [`super::MAX_TRIES`].
        attempt: u8,
    },
    /// Look where in the printer a card is. Changes nothing.
    FindCard,
    /// Move a blank from the hopper to the contactless station.
    Feed,
    /// Read the UID of the blank there and see whether it is unused. Changes nothing.
    ReadBlank,
    /// Write the chip, read everything back, compare.
    Personalise {
        /// The blank that is expected in the reader.
        uid: CardUid,
    },
    /// Read the chip and compare. Changes nothing.
    InspectChip {
        /// The blank that is expected in the reader.
        uid: CardUid,
    },
    /// Read the printer's counter of printed panels, once it is idle. Changes nothing.
    CountPanels,
    /// Move the blank to the print station and print its face.
    Print {
        /// The blank.
        uid: CardUid,
    },
    /// Move the card to the output tray.
    Eject,
    /// Move the card to the reject tray.
    Reject,
    /// Read the card on the desk reader. Changes nothing.
    ReadDesk {
        /// The card that is expected there.
        uid: CardUid,
    },
    /// Activate the chip on the desk reader.
    Activate {
        /// The card that is expected there.
        uid: CardUid,
    },
    /// Ask the operator.
    Ask {
        /// What.
        question: Question,
    },
}

impl Act {
    /// Whether it may change the world, so that it must not be repeated without looking.
    pub fn changes_the_world(&self) -> bool {
        matches!(
            self,
            Self::Feed
                | Self::Personalise { .. }
                | Self::Print { .. }
                | Self::Eject
                | Self::Reject
                | Self::Activate { .. }
        )
    }
}

/// Why a blank is rejected: the four reasons of the ministry's daily list of invalid cards (facts/card-printer.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectReason {
    /// The chip could not be written, verified or activated.
    GagalEncode,
    /// Damaged, or not an unused blank.
    Rusak,
    /// The face was not printed, or not well.
    GagalCetak,
    /// A sound card whose content is not to be issued (any more).
    PerubahanElemenData,
}

impl RejectReason {
    /// Every reason.
    pub const ALL: [Self; 4] = [
        Self::GagalEncode,
        Self::Rusak,
        Self::GagalCetak,
        Self::PerubahanElemenData,
    ];

    /// The word used in the ledger and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GagalEncode => "gagal_encode",
            Self::Rusak => "rusak",
            Self::GagalCetak => "gagal_cetak",
            Self::PerubahanElemenData => "perubahan_elemen_data",
        }
    }
}

/// An entry in the office's books. The blank meant is always the one that this application has taken and not yet settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// A blank has left the hopper; its UID is not known yet.
    BlankTaken,
    /// Its UID has been read.
    BlankIdentified {
        /// The UID.
        uid: CardUid,
    },
    /// Its face has been printed.
    BlankPrinted,
    /// It has been rejected.
    BlankRejected {
        /// Why.
        reason: RejectReason,
        /// Whether it is in the operator's hand, or nobody saw where it went: the operator must see to it that it is in the reject box.
        by_hand: bool,
    },
    /// Its chip has been activated: report that to the data centre.
    CardActivated,
    /// The applicant has it: report that to the data centre.
    CardHandedOver,
}

//! One card body: its chip and what is printed on it.

use std::sync::{Arc, Mutex, PoisonError};

use host_driver::card::{LifeCycle, Uid};

use crate::device::card::{CardCore, Snapshot};
use crate::device::card_printer::PrintedFace;

/// What kind of card somebody put into the hopper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlankKind {
    /// A blank as the factory ships it.
    Fresh,
    /// A card that was activated once before.
    UsedBefore,
    /// A card of another kind, without the KTP-el application.
    Foreign,
    /// A plain plastic card: no reader sees it.
    NoChip,
}

/// A card, blank or not.
#[derive(Debug)]
pub struct Blank {
    kind: BlankKind,
    chip: Arc<Mutex<CardCore>>,
    pub(super) face: PrintedFace,
}

impl Blank {
    /// Card number `number` of a delivery; its chip's UID follows from the number.
    pub fn new(number: u32, kind: BlankKind) -> Self {
        let uid = Self::uid_of(number);
        let chip = match kind {
            BlankKind::Fresh | BlankKind::NoChip => CardCore::blank(uid),
            BlankKind::UsedBefore => CardCore::blank(uid).with_life_cycle(LifeCycle::Activated),
            BlankKind::Foreign => CardCore::foreign(uid),
        };
        Self {
            kind,
            chip: Arc::new(Mutex::new(chip)),
            face: PrintedFace::default(),
        }
    }

    /// UID of card number `number`: 7 bytes, the first NXP's manufacturer code (ISO/IEC 7816-6).
    ///
    /// # Panics
    /// Never: seven bytes are a UID.
    pub fn uid_of(number: u32) -> Uid {
        let [a, b, c, d] = number.to_be_bytes();
        #[allow(clippy::expect_used, reason = "the length is a constant that Uid allows")]
        Uid::try_from([0x04, 0x4B, 0x54, a, b, c, d].as_slice()).expect("seven bytes are a UID")
    }

    /// Whether a reader sees this card.
    pub fn has_chip(&self) -> bool {
        self.kind != BlankKind::NoChip
    }

    pub(super) fn chip(&self) -> Arc<Mutex<CardCore>> {
        Arc::clone(&self.chip)
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        self.chip
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .snapshot()
    }
}

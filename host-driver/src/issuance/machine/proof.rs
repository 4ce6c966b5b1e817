//! Tries of a biometric test, and the proofs that one was passed.
//!
//! [`Passed`] and [`OwnerProof`] can only be made here, from a match. The states that feed a blank or activate a chip carry them,
//! so that no way through the machine leads there without one.

use super::event::CardUid;
use crate::office::record::FingerPosition;

/// Most comparisons that one test may take, as practised at activation (facts: "at most 4 tries").
pub const MAX_TRIES: u8 = 4;

/// After so many unreadable images the operator is asked before the finger is asked for again.
pub const UNREADABLE_BEFORE_ASKING: u8 = 4;

/// Tries for one finger before the other is asked for.
const TRIES_PER_FINGER: u8 = 2;

/// What a test has used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Tally {
    used: u8,
    no_match: u8,
    unreadable: u8,
}

impl Tally {
    /// Comparisons made, or cut short by a crash when nobody knows how they would have ended. Never above [`MAX_TRIES`].
    pub fn used(self) -> u8 {
        self.used
    }

    /// Comparisons that said "not this person".
    pub fn no_match(self) -> u8 {
        self.no_match
    }

    /// Whether no try is left.
    pub fn is_exhausted(self) -> bool {
        self.used >= MAX_TRIES
    }

    pub(super) fn count_no_match(&mut self) {
        self.used = (self.used + 1).min(MAX_TRIES);
        self.no_match = (self.no_match + 1).min(MAX_TRIES);
    }

    /// A try that a crash cut short is used up: otherwise crashing would buy more tries.
    pub(super) fn count_interrupted(&mut self) {
        self.used = (self.used + 1).min(MAX_TRIES);
    }

    /// An image in which nothing can be told is no try. Returns whether the operator should be asked first.
    pub(super) fn count_unreadable(&mut self) -> bool {
        self.unreadable = self.unreadable.wrapping_add(1);
        self.unreadable.is_multiple_of(UNREADABLE_BEFORE_ASKING)
    }

    /// Which of `fingers` is next: two images of one, then two of the other.
    pub(super) fn next_finger(self, fingers: &[FingerPosition]) -> FingerPosition {
        let images = usize::from(self.used) + usize::from(self.unreadable);
        let turn = images / usize::from(TRIES_PER_FINGER);
        fingers
            .get(turn % fingers.len().max(1))
            .copied()
            .unwrap_or(FingerPosition::Unknown)
    }
}

/// The person before the counter: the fingers that can be asked for, and the tries used against the record.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Case {
    pub(super) fingers: Vec<FingerPosition>,
    pub(super) tally: Tally,
}

impl Case {
    /// The tries used against the record.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// A match makes the proof; nothing else does.
    pub(super) fn pass(self, finger: FingerPosition, score: u32) -> Passed {
        Passed {
            case: self,
            finger,
            score,
        }
    }
}

/// Proof that a live finger matched the record in this application.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Passed {
    case: Case,
    finger: FingerPosition,
    score: u32,
}

impl Passed {
    /// Score of the match.
    pub fn score(&self) -> u32 {
        self.score
    }

    /// The fingers to ask for against the chip: the one that matched comes first.
    pub(super) fn fingers(&self) -> Vec<FingerPosition> {
        let others = self
            .case
            .fingers
            .iter()
            .copied()
            .filter(|finger| *finger != self.finger);
        std::iter::once(self.finger).chain(others).collect()
    }

    /// Takes a blank whose UID has been read.
    pub(super) fn with_blank(self, blank: CardUid) -> Job {
        Job {
            passed: self,
            blank,
            owner_tally: Tally::default(),
        }
    }
}

/// One blank being made into the card of a person who passed the test.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Job {
    pub(super) passed: Passed,
    pub(super) blank: CardUid,
    pub(super) owner_tally: Tally,
}

impl Job {
    /// The blank's UID.
    pub fn blank(&self) -> &CardUid {
        &self.blank
    }

    /// The test that was passed before the blank was fed.
    pub fn passed(&self) -> &Passed {
        &self.passed
    }

    /// A match against the template read from the chip makes the proof.
    pub(super) fn prove_owner(self, score: u32) -> OwnerProof {
        OwnerProof { job: self, score }
    }
}

/// Proof that a live finger matched the template on the chip of this very card.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OwnerProof {
    pub(super) job: Job,
    score: u32,
}

impl OwnerProof {
    /// Score of the match.
    pub fn score(&self) -> u32 {
        self.score
    }

    /// The card.
    pub fn job(&self) -> &Job {
        &self.job
    }
}

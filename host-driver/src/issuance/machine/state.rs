//! The states of an application's issuance. What a state knows is in its variant, and nowhere else.

use super::act::{Act, Against, Question, RejectReason};
use super::event::CardUid;
use super::proof::{Case, Job, OwnerProof, Passed};
use crate::office::procedure::Step;
use crate::office::words::Words;

/// Where the issuance stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum State {
    /// Accepted; nothing has been tried.
    New,
    /// The live finger is compared with the record.
    Testing {
        /// Fingers and tries.
        case: Case,
    },
    /// Looking whether a card was left in the printer and whether the printer can work.
    FindingStray {
        /// The test that was passed.
        passed: Passed,
    },
    /// A blank moves from the hopper to the contactless station.
    Feeding {
        /// The test that was passed.
        passed: Passed,
    },
    /// Looking whether a blank was fed.
    FindingFed {
        /// The test that was passed.
        passed: Passed,
        /// Why it is not known.
        detail: Words,
    },
    /// The fed blank's UID is read.
    Identifying {
        /// The test that was passed.
        passed: Passed,
    },
    /// The chip is written, read back and compared.
    Personalising {
        /// The blank and its person.
        job: Job,
    },
    /// Looking what is on the chip.
    InspectingChip {
        /// The blank and its person.
        job: Job,
    },
    /// The printer's counter is read, to have something to compare with.
    Counting {
        /// The blank and its person.
        job: Job,
    },
    /// The face is printed.
    Printing {
        /// The blank and its person.
        job: Job,
        /// The printer's counter before, if it said.
        before: Option<u32>,
    },
    /// Looking whether the face was printed.
    InspectingPrint {
        /// The blank and its person.
        job: Job,
        /// The printer's counter before, if it said.
        before: Option<u32>,
    },
    /// The card moves to the output tray.
    Ejecting {
        /// The card and its person.
        job: Job,
    },
    /// Looking whether the card has left the printer.
    FindingEjected {
        /// The card and its person.
        job: Job,
    },
    /// The operator looks at the card.
    Judging {
        /// The card and its person.
        job: Job,
    },
    /// The operator puts the card on the desk reader.
    Placing {
        /// The card and its person.
        job: Job,
    },
    /// The card on the desk is read: the same UID, the same content?
    ReadingDesk {
        /// The card and its person.
        job: Job,
    },
    /// The live finger is compared with the template on the chip.
    MatchingOwner {
        /// The card and its person.
        job: Job,
    },
    /// The chip is activated.
    Activating {
        /// The finger that matched the chip.
        owner: OwnerProof,
    },
    /// Looking whether the chip is active and whole.
    ReadingBack {
        /// The finger that matched the chip.
        owner: OwnerProof,
    },
    /// The operator hands the active card over.
    HandingOver {
        /// The card.
        card: IssuedCard,
    },
    /// A blank moves to the reject tray.
    Rejecting {
        /// Why.
        reason: RejectReason,
        /// What comes then.
        after: After,
    },
    /// Looking whether the rejected blank has left the transport.
    FindingRejected {
        /// Why it is rejected.
        reason: RejectReason,
        /// What comes then.
        after: After,
    },
    /// The operator is asked: retry or cancel.
    Paused {
        /// What went wrong.
        trouble: Trouble,
        /// Where a retry leads.
        then: Box<Self>,
    },
    /// Nothing is under way. The application can be resumed.
    Parked {
        /// Why.
        trouble: Trouble,
        /// Where resuming leads.
        then: Box<Self>,
    },
    /// It is over.
    Ended(Ending),
}

/// What follows when a spoilt blank has been rejected.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum After {
    /// The operator is asked whether another blank shall be tried.
    AnotherBlank(Passed, Trouble),
    /// The application is parked.
    Park(Passed, Trouble),
    /// The application was cancelled.
    Cancel,
}

/// A card with an active chip.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IssuedCard {
    /// UID of its chip.
    pub uid: CardUid,
    /// Score of the test against the record.
    pub test_score: u32,
    /// Score of the finger against the chip.
    pub owner_score: u32,
}

/// How an application ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Ending {
    /// The applicant has an active card.
    Issued(IssuedCard),
    /// The finger does not match.
    NotMatched {
        /// With what it was compared.
        against: Against,
    },
    /// All tries were cut short, none said "no match".
    Inconclusive,
    /// The operator ended it.
    Cancelled,
    /// Nobody can say whether this card's chip is active. It is rejected, and this application makes no other.
    ActivationUnclear {
        /// The card.
        uid: CardUid,
    },
}

/// What went wrong. The catalogue of the console has words for each, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// No finger was put on the sensor in time.
    FingerNotPlaced,
    /// Several images in a row could not be read.
    FingerUnreadable(Words),
    /// The sensor, its board or the line failed.
    CaptureFailed(Words),
    /// The program was stopped in the middle.
    Interrupted,
    /// A card that no application had fed was in the printer; it went to the reject tray.
    StrayCard,
    /// The printer reports something that keeps it from working.
    PrinterFault(Words),
    /// No blank came out of the hopper.
    NotFed(Words),
    /// The printer does not say whether a blank was fed.
    FeedUnclear,
    /// The printer does not say where the card is.
    CardLost,
    /// A card does not leave the printer.
    CardStuck(Words),
    /// A reader or the PC/SC service is not there.
    ReaderGone(Words),
    /// What was fed is not an unused blank.
    WrongBlank(Words),
    /// The chip could not be written and verified.
    EncodeFailed(Words),
    /// The face was not printed.
    PrintFailed(Words),
    /// The operator does not find the printed card good.
    CardNotGood,
    /// No card, or an unreadable one, is on the desk reader.
    NoCardOnDesk(Words),
    /// Another card is on the desk reader.
    OtherCardOnDesk,
    /// The chip's content is not what was written.
    ChipDiffers,
    /// The chip did not become active.
    NotActivated(Words),
    /// The applicant has not got the card yet.
    NotHandedOver,
    /// Nobody answers at the console.
    OperatorGone,
}

/// How far an application has come, for lists and for finding what a crash left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nothing has been tried.
    New,
    /// Something is under way.
    Running,
    /// Stopped; can be resumed.
    Parked,
    /// Over.
    Ended,
}

impl Phase {
    /// Every phase.
    pub const ALL: [Self; 4] = [Self::New, Self::Running, Self::Parked, Self::Ended];

    /// The word used in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Running => "running",
            Self::Parked => "parked",
            Self::Ended => "ended",
        }
    }
}

impl State {
    /// What is being tried in this state, if anything is.
    pub fn act(&self) -> Option<Act> {
        let ask = |question| Some(Act::Ask { question });
        match self {
            Self::New | Self::Parked { .. } | Self::Ended(_) => None,
            Self::Testing { case } => Some(Act::CompareRecord {
                finger: case.tally.next_finger(&case.fingers),
                attempt: case.tally.used() + 1,
            }),
            Self::MatchingOwner { job } => Some(Act::CompareChip {
                uid: job.blank.clone(),
                finger: job.owner_tally.next_finger(&job.passed.fingers()),
                attempt: job.owner_tally.used() + 1,
            }),
            Self::FindingStray { .. }
            | Self::FindingFed { .. }
            | Self::FindingEjected { .. }
            | Self::FindingRejected { .. } => Some(Act::FindCard),
            Self::Feeding { .. } => Some(Act::Feed),
            Self::Identifying { .. } => Some(Act::ReadBlank),
            Self::Personalising { job } => Some(Act::Personalise {
                uid: job.blank.clone(),
            }),
            Self::InspectingChip { job } => Some(Act::InspectChip {
                uid: job.blank.clone(),
            }),
            Self::Counting { .. } | Self::InspectingPrint { .. } => Some(Act::CountPanels),
            Self::Printing { job, .. } => Some(Act::Print {
                uid: job.blank.clone(),
            }),
            Self::Ejecting { .. } => Some(Act::Eject),
            Self::Rejecting { .. } => Some(Act::Reject),
            Self::Judging { .. } => ask(Question::CardGood),
            Self::Placing { .. } => ask(Question::CardOnDesk),
            Self::ReadingDesk { job } => Some(Act::ReadDesk {
                uid: job.blank.clone(),
            }),
            Self::Activating { owner } => Some(Act::Activate {
                uid: owner.job.blank.clone(),
            }),
            Self::ReadingBack { owner } => Some(Act::ReadDesk {
                uid: owner.job.blank.clone(),
            }),
            Self::HandingOver { .. } => ask(Question::HandedOver),
            Self::Paused { .. } => ask(Question::RetryOrCancel),
        }
    }

    /// How far it has come.
    pub fn phase(&self) -> Phase {
        match self {
            Self::New => Phase::New,
            // A blank that may still be in the printer must be settled before anybody else's is fed.
            Self::Parked { then, .. } if then.may_hold_the_printer() => Phase::Running,
            Self::Parked { .. } => Phase::Parked,
            Self::Ended(_) => Phase::Ended,
            _ => Phase::Running,
        }
    }

    /// Whether a blank of this application may be in the printer.
    pub fn may_hold_the_printer(&self) -> bool {
        match self {
            Self::FindingFed { .. }
            | Self::Identifying { .. }
            | Self::Personalising { .. }
            | Self::InspectingChip { .. }
            | Self::Counting { .. }
            | Self::Printing { .. }
            | Self::InspectingPrint { .. }
            | Self::Ejecting { .. }
            | Self::FindingEjected { .. }
            | Self::Rejecting { .. }
            | Self::FindingRejected { .. } => true,
            Self::Paused { then, .. } | Self::Parked { then, .. } => then.may_hold_the_printer(),
            _ => false,
        }
    }

    /// The step that this state is part of. A pause belongs to the step that it interrupts.
    pub fn step(&self) -> Option<Step> {
        match self {
            // Rejecting is the end of the step that failed, so it has none of its own.
            Self::New
            | Self::Parked { .. }
            | Self::Ended(_)
            | Self::Rejecting { .. }
            | Self::FindingRejected { .. } => None,
            Self::Testing { .. } => Some(Step::BiometricTest),
            Self::FindingStray { .. }
            | Self::Feeding { .. }
            | Self::FindingFed { .. }
            | Self::Identifying { .. } => Some(Step::Feed),
            Self::Personalising { .. } | Self::InspectingChip { .. } => Some(Step::Personalise),
            Self::Counting { .. }
            | Self::Printing { .. }
            | Self::InspectingPrint { .. }
            | Self::Ejecting { .. }
            | Self::FindingEjected { .. } => Some(Step::Print),
            Self::Judging { .. } => Some(Step::Inspect),
            Self::Placing { .. }
            | Self::ReadingDesk { .. }
            | Self::MatchingOwner { .. }
            | Self::Activating { .. }
            | Self::ReadingBack { .. } => Some(Step::Activate),
            Self::HandingOver { .. } => Some(Step::HandOver),
            Self::Paused { then, .. } => then.step(),
        }
    }

    /// The state's name, for messages and logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Testing { .. } => "testing",
            Self::FindingStray { .. } => "finding_stray",
            Self::Feeding { .. } => "feeding",
            Self::FindingFed { .. } => "finding_fed",
            Self::Identifying { .. } => "identifying",
            Self::Personalising { .. } => "personalising",
            Self::InspectingChip { .. } => "inspecting_chip",
            Self::Counting { .. } => "counting",
            Self::Printing { .. } => "printing",
            Self::InspectingPrint { .. } => "inspecting_print",
            Self::Ejecting { .. } => "ejecting",
            Self::FindingEjected { .. } => "finding_ejected",
            Self::Judging { .. } => "judging",
            Self::Placing { .. } => "placing",
            Self::ReadingDesk { .. } => "reading_desk",
            Self::MatchingOwner { .. } => "matching_owner",
            Self::Activating { .. } => "activating",
            Self::ReadingBack { .. } => "reading_back",
            Self::HandingOver { .. } => "handing_over",
            Self::Rejecting { .. } => "rejecting",
            Self::FindingRejected { .. } => "finding_rejected",
            Self::Paused { .. } => "paused",
            Self::Parked { .. } => "parked",
            Self::Ended(_) => "ended",
        }
    }
}

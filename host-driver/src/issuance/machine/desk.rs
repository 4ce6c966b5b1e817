//! When the card is out of the printer: inspection, activation on the desk reader, hand-over.

use super::act::{Against, Note, RejectReason};
use super::event::{Answer, CardUid, Comparison, DeskReading, Event};
use super::proof::{Job, OwnerProof};
use super::state::{Ending, IssuedCard, State, Trouble};
use super::{Illegal, Next, illegal, testing};
use crate::office::words::Words;

pub(super) fn on(state: State, event: Event) -> Result<Next, Illegal> {
    use Event as E;
    use State as S;
    Ok(match (state, event) {
        (S::Judging { job }, E::Answered(Answer::Yes)) => Next::to(S::Placing { job }),
        (S::Judging { job }, E::Answered(Answer::No)) => {
            spoilt(job, RejectReason::GagalCetak, Trouble::CardNotGood)
        }
        (S::Judging { job }, E::Answered(Answer::Gone)) => {
            Next::park(Trouble::OperatorGone, S::Judging { job })
        }
        (S::Placing { job }, E::Answered(Answer::Yes)) => Next::to(S::ReadingDesk { job }),
        (S::Placing { job }, E::Answered(Answer::No)) => {
            Next::pause(Trouble::NoCardOnDesk(Words::default()), S::Placing { job })
        }
        (S::Placing { job }, E::Answered(Answer::Gone)) => {
            Next::park(Trouble::OperatorGone, S::Placing { job })
        }
        (S::ReadingDesk { job }, E::DeskRead(reading)) => read_before(job, reading),
        (S::MatchingOwner { job }, E::Compared(comparison)) => compared(job, comparison),
        // Whatever the command said, the chip is read: only that tells.
        (S::Activating { owner }, E::Activated(_)) => Next::to(S::ReadingBack { owner }),
        (S::ReadingBack { owner }, E::DeskRead(reading)) => read_back(owner, reading),
        (S::HandingOver { card }, E::Answered(Answer::Yes)) => {
            Next::to(S::Ended(Ending::Issued(card))).noting(Note::CardHandedOver)
        }
        (S::HandingOver { card }, E::Answered(Answer::No)) => {
            Next::park(Trouble::NotHandedOver, S::HandingOver { card })
        }
        (S::HandingOver { card }, E::Answered(Answer::Gone)) => {
            Next::park(Trouble::OperatorGone, S::HandingOver { card })
        }
        (state, event) => return Err(illegal(&state, &event)),
    })
}

fn read_before(job: Job, reading: DeskReading) -> Next {
    match reading {
        DeskReading::Card { uid, .. } if uid != job.blank => {
            Next::pause(Trouble::OtherCardOnDesk, State::ReadingDesk { job })
        }
        // Active although this application has not activated it: somebody else has.
        DeskReading::Card { activated: true, .. } => unclear(job.blank),
        DeskReading::Card { intact: false, .. } => {
            spoilt(job, RejectReason::GagalEncode, Trouble::ChipDiffers)
        }
        DeskReading::Card { .. } => Next::to(State::MatchingOwner { job }),
        DeskReading::NoCard => Next::pause(
            Trouble::NoCardOnDesk(Words::default()),
            State::ReadingDesk { job },
        ),
        DeskReading::Unreadable { detail } => {
            Next::pause(Trouble::NoCardOnDesk(detail), State::ReadingDesk { job })
        }
        DeskReading::ReaderGone { detail } => {
            Next::pause(Trouble::ReaderGone(detail), State::ReadingDesk { job })
        }
    }
}

fn compared(mut job: Job, comparison: Comparison) -> Next {
    match comparison {
        Comparison::Match { score, .. } => Next::to(State::Activating {
            owner: job.prove_owner(score),
        }),
        Comparison::NoMatch { .. } => {
            job.owner_tally.count_no_match();
            if job.owner_tally.is_exhausted() {
                let reason = RejectReason::GagalEncode;
                testing::exhausted(job.owner_tally, Against::Chip).noting(Note::BlankRejected {
                    reason,
                    by_hand: true,
                })
            } else {
                Next::to(State::MatchingOwner { job })
            }
        }
        Comparison::CannotTell { reason } => {
            if job.owner_tally.count_unreadable() {
                Next::pause(Trouble::FingerUnreadable(reason), State::MatchingOwner { job })
            } else {
                Next::to(State::MatchingOwner { job })
            }
        }
        Comparison::NotPlaced => Next::pause(Trouble::FingerNotPlaced, State::MatchingOwner { job }),
        // The card may have been taken away meanwhile, so it is read again first.
        Comparison::Failed { detail } => {
            Next::pause(Trouble::CaptureFailed(detail), State::ReadingDesk { job })
        }
    }
}

fn read_back(owner: OwnerProof, reading: DeskReading) -> Next {
    match reading {
        DeskReading::Card { uid, .. } if uid != owner.job.blank => {
            Next::pause(Trouble::OtherCardOnDesk, State::ReadingBack { owner })
        }
        DeskReading::Card {
            activated: true,
            intact: true,
            uid,
        } => {
            let card = IssuedCard {
                uid,
                test_score: owner.job.passed.score(),
                owner_score: owner.score(),
            };
            Next::to(State::HandingOver { card }).noting(Note::CardActivated)
        }
        DeskReading::Card {
            activated: true,
            intact: false,
            uid,
        } => unclear(uid),
        // It is seen not to be active, so activating is not a repetition.
        DeskReading::Card {
            activated: false,
            intact: true,
            ..
        } => Next::pause(
            Trouble::NotActivated(Words::default()),
            State::Activating { owner },
        ),
        DeskReading::Card {
            activated: false,
            intact: false,
            ..
        } => spoilt(owner.job, RejectReason::GagalEncode, Trouble::ChipDiffers),
        DeskReading::NoCard => Next::pause(
            Trouble::NoCardOnDesk(Words::default()),
            State::ReadingBack { owner },
        ),
        DeskReading::Unreadable { detail } => {
            Next::pause(Trouble::NoCardOnDesk(detail), State::ReadingBack { owner })
        }
        DeskReading::ReaderGone { detail } => {
            Next::pause(Trouble::ReaderGone(detail), State::ReadingBack { owner })
        }
    }
}

/// The card in the operator's hand is of no use; another blank may be tried.
fn spoilt(job: Job, reason: RejectReason, trouble: Trouble) -> Next {
    Next::pause(trouble, State::FindingStray { passed: job.passed }).noting(Note::BlankRejected {
        reason,
        by_hand: true,
    })
}

/// A chip that may be active without our knowing why ends the application: it must never make a second card.
pub(super) fn unclear(uid: CardUid) -> Next {
    Next::to(State::Ended(Ending::ActivationUnclear { uid })).noting(Note::BlankRejected {
        reason: RejectReason::GagalEncode,
        by_hand: true,
    })
}

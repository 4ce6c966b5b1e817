//! While the blank is in the printer: feed, personalise, print, eject; and the reject tray.

use super::act::{Note, RejectReason};
use super::event::{BlankReading, CardPlace, ChipReading, Event, Outcome, PrintOutcome, PrinterView};
use super::proof::{Job, Passed};
use super::state::{After, Ending, State, Trouble};
use super::{Illegal, Next, illegal};
use crate::office::words::Words;
use crate::printer::Counters;

pub(super) fn on(state: State, event: Event) -> Result<Next, Illegal> {
    use Event as E;
    use State as S;
    Ok(match (state, event) {
        (S::FindingStray { passed }, E::Found(view)) => looked_for_stray(passed, view),
        (S::Feeding { passed }, E::Fed(outcome)) => match outcome {
            Outcome::Done => Next::to(S::Identifying { passed }).noting(Note::BlankTaken),
            Outcome::Failed { detail } | Outcome::Unknown { detail } => {
                Next::to(S::FindingFed { passed, detail })
            }
        },
        (S::FindingFed { passed, detail }, E::Found(view)) => looked_for_fed(passed, detail, view),
        (S::Identifying { passed }, E::BlankRead(reading)) => blank_read(passed, reading),
        (S::Personalising { job }, E::Personalised(outcome)) => match outcome {
            Outcome::Done => Next::to(S::Counting { job }),
            Outcome::Failed { detail } => {
                spoilt(job, RejectReason::GagalEncode, Trouble::EncodeFailed(detail))
            }
            Outcome::Unknown { .. } => Next::to(S::InspectingChip { job }),
        },
        (S::InspectingChip { job }, E::ChipInspected(reading)) => match reading {
            ChipReading::Complete => Next::to(S::Counting { job }),
            // Nothing was written, so writing is not a repetition. The operator is asked so that this cannot go round for ever.
            ChipReading::Untouched => Next::pause(
                Trouble::EncodeFailed(Words::new("Chip belum ditulis.", "Nothing was written.")),
                S::Personalising { job },
            ),
            ChipReading::Spoilt { detail } => {
                spoilt(job, RejectReason::GagalEncode, Trouble::EncodeFailed(detail))
            }
            ChipReading::ReaderGone { detail } => {
                Next::pause(Trouble::ReaderGone(detail), S::InspectingChip { job })
            }
        },
        (S::Counting { job }, E::Counted { panels }) => Next::to(S::Printing { job, before: panels }),
        (S::Printing { job, before }, E::Printed(outcome)) => match outcome {
            PrintOutcome::Done => Next::to(S::Ejecting { job }),
            // The blank is as it was, so printing on it once the cause is removed is not a repetition.
            PrintOutcome::Refused { detail } => {
                Next::pause(Trouble::PrinterFault(detail), S::Counting { job })
            }
            PrintOutcome::Spoilt { detail } => {
                spoilt(job, RejectReason::GagalCetak, Trouble::PrintFailed(detail))
            }
            PrintOutcome::Unknown { .. } => Next::to(S::InspectingPrint { job, before }),
        },
        (S::InspectingPrint { job, before }, E::Counted { panels }) => match (before, panels) {
            // Less than a whole face was counted. Even at none, part of a panel may be there: not printed on again.
            (Some(before), Some(now)) if now.wrapping_sub(before) != Counters::PANELS_A_CARD => {
                let words = Words::new(
                    "Cetakan tidak lengkap menurut printer.",
                    "The printer counted less than a whole face.",
                );
                spoilt(job, RejectReason::GagalCetak, Trouble::PrintFailed(words))
            }
            // Counted whole, or nothing to compare with: the operator's eye decides in the next step.
            _ => Next::to(S::Ejecting { job }),
        },
        (S::Ejecting { job }, E::Ejected(outcome)) => match outcome {
            Outcome::Done => Next::to(S::Judging { job }).noting(Note::BlankPrinted),
            Outcome::Failed { .. } | Outcome::Unknown { .. } => Next::to(S::FindingEjected { job }),
        },
        (S::FindingEjected { job }, E::Found(view)) => match view.place {
            CardPlace::Nowhere => Next::to(S::Judging { job }).noting(Note::BlankPrinted),
            CardPlace::CannotTell => Next::pause(Trouble::CardLost, S::FindingEjected { job }),
            // It is seen to be inside, so ejecting is not a repetition.
            CardPlace::Contactless | CardPlace::Elsewhere => Next::pause(
                Trouble::CardStuck(view.fault.unwrap_or_default()),
                S::Ejecting { job },
            ),
        },
        (S::Rejecting { reason, after }, E::Rejected(outcome)) => match outcome {
            Outcome::Done => rejected(reason, after, false),
            Outcome::Failed { .. } | Outcome::Unknown { .. } => {
                Next::to(S::FindingRejected { reason, after })
            }
        },
        (S::FindingRejected { reason, after }, E::Found(view)) => match view.place {
            // Rejected unseen, ejected before, or taken out by somebody: a hand must see to it that it is with the other rejects.
            CardPlace::Nowhere => rejected(reason, after, true),
            CardPlace::CannotTell => Next::pause(Trouble::CardLost, S::FindingRejected { reason, after }),
            CardPlace::Contactless | CardPlace::Elsewhere => {
                let trouble = Trouble::CardStuck(view.fault.unwrap_or_default());
                Next::pause(trouble, S::Rejecting { reason, after })
            }
        },
        (state, event) => return Err(illegal(&state, &event)),
    })
}

fn looked_for_stray(passed: Passed, view: PrinterView) -> Next {
    match view.place {
        CardPlace::Contactless | CardPlace::Elsewhere => {
            let after = After::AnotherBlank(passed, Trouble::StrayCard);
            Next::to(State::Rejecting {
                reason: RejectReason::Rusak,
                after,
            })
            .noting(Note::BlankTaken)
        }
        CardPlace::CannotTell => {
            let trouble = view.fault.map_or(Trouble::CardLost, Trouble::PrinterFault);
            Next::pause(trouble, State::FindingStray { passed })
        }
        // Asked before a blank is touched: a ribbon that has ended would otherwise cost one.
        CardPlace::Nowhere => match view.fault {
            Some(fault) => Next::pause(Trouble::PrinterFault(fault), State::FindingStray { passed }),
            None => Next::to(State::Feeding { passed }),
        },
    }
}

fn looked_for_fed(passed: Passed, detail: Words, view: PrinterView) -> Next {
    match view.place {
        // The printer was empty before, so this is the blank that was fed.
        CardPlace::Contactless => Next::to(State::Identifying { passed }).noting(Note::BlankTaken),
        CardPlace::Elsewhere => {
            let after = After::AnotherBlank(passed, Trouble::NotFed(detail));
            Next::to(State::Rejecting {
                reason: RejectReason::Rusak,
                after,
            })
            .noting(Note::BlankTaken)
        }
        CardPlace::Nowhere => {
            let detail = view.fault.unwrap_or(detail);
            Next::pause(Trouble::NotFed(detail), State::FindingStray { passed })
        }
        // Not "lost": a blank taken out by hand now would be in no book.
        CardPlace::CannotTell => Next::pause(Trouble::FeedUnclear, State::FindingFed { passed, detail }),
    }
}

fn blank_read(passed: Passed, reading: BlankReading) -> Next {
    match reading {
        BlankReading::Blank { uid } => {
            let job = passed.with_blank(uid.clone());
            Next::to(State::Personalising { job }).noting(Note::BlankIdentified { uid })
        }
        BlankReading::NotBlank { uid, detail } => {
            let after = After::AnotherBlank(passed, Trouble::WrongBlank(detail));
            Next::to(State::Rejecting {
                reason: RejectReason::Rusak,
                after,
            })
            .noting(Note::BlankIdentified { uid })
        }
        BlankReading::Unreadable { detail } => {
            let after = After::AnotherBlank(passed, Trouble::WrongBlank(detail));
            Next::to(State::Rejecting {
                reason: RejectReason::Rusak,
                after,
            })
        }
        BlankReading::ReaderGone { detail } => {
            Next::pause(Trouble::ReaderGone(detail), State::Identifying { passed })
        }
    }
}

fn spoilt(job: Job, reason: RejectReason, trouble: Trouble) -> Next {
    Next::to(State::Rejecting {
        reason,
        after: After::AnotherBlank(job.passed, trouble),
    })
}

/// The blank is out of the way.
pub(super) fn rejected(reason: RejectReason, after: After, by_hand: bool) -> Next {
    let next = match after {
        After::AnotherBlank(passed, trouble) => Next::pause(trouble, State::FindingStray { passed }),
        After::Park(passed, trouble) => Next::park(trouble, State::FindingStray { passed }),
        After::Cancel => Next::to(State::Ended(Ending::Cancelled)),
    };
    next.noting(Note::BlankRejected { reason, by_hand })
}

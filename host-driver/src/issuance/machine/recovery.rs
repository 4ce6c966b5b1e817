//! Retry, giving up, cancelling, and what to look at after a crash.

use super::act::{Against, Note, RejectReason};
use super::event::{Answer, Event};
use super::proof::Passed;
use super::state::{After, Ending, State, Trouble};
use super::{Illegal, Next, desk, illegal, printer, testing};
use crate::office::words::Words;

/// How an application is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GivingUp {
    /// The operator chose to stop here; it may be resumed.
    ForNow,
    /// Nobody answers at the console.
    NobodyThere,
    /// It is ended.
    ForGood,
}

pub(super) fn on(state: State, event: Event) -> Result<Next, Illegal> {
    match (state, event) {
        (State::Paused { then, .. }, Event::Answered(Answer::Retry))
        | (State::Parked { then, .. }, Event::Resume) => Ok(Next::to(*then)),
        (State::Paused { trouble, then }, Event::Answered(Answer::Cancel)) => {
            give_up(*then, trouble, GivingUp::ForNow)
        }
        (State::Paused { trouble, then }, Event::Answered(Answer::Gone)) => {
            give_up(*then, trouble, GivingUp::NobodyThere)
        }
        (state, event) => Err(illegal(&state, &event)),
    }
}

/// The operator ends the application for good.
pub(super) fn cancelled(state: State) -> Result<Next, Illegal> {
    match state {
        State::Paused { trouble, then } | State::Parked { trouble, then } => match *then {
            // It was looked at in vain. Without the card nobody will ever know, and the operator says that it ends here.
            State::ReadingBack { owner } => Ok(desk::unclear(owner.job.blank)),
            then => give_up(then, trouble, GivingUp::ForGood),
        },
        state => give_up(state, Trouble::Interrupted, GivingUp::ForGood),
    }
}

/// Leaves `then` without trying it.
fn give_up(then: State, trouble: Trouble, how: GivingUp) -> Result<Next, Illegal> {
    use State as S;
    let for_good = how == GivingUp::ForGood;
    let cancel = || illegal(&then, &Event::Cancel);
    Ok(match then {
        // Looking decides where the blank is; until then nothing can be given up.
        S::FindingFed { .. } | S::ReadingBack { .. } | S::HandingOver { .. } if for_good => {
            return Err(cancel());
        }
        S::Ended(_) => return Err(cancel()),
        // No blank has left the hopper.
        S::New | S::Testing { .. } | S::FindingStray { .. } | S::Feeding { .. } if for_good => {
            Next::to(S::Ended(Ending::Cancelled))
        }
        // The card is in the operator's hand.
        S::Judging { .. }
        | S::Placing { .. }
        | S::ReadingDesk { .. }
        | S::MatchingOwner { .. }
        | S::Activating { .. }
            if for_good =>
        {
            let reason = RejectReason::PerubahanElemenData;
            Next::to(S::Ended(Ending::Cancelled)).noting(Note::BlankRejected {
                reason,
                by_hand: true,
            })
        }
        S::New => Next::to(S::New),
        S::Testing { .. }
        | S::FindingStray { .. }
        | S::FindingFed { .. }
        | S::Judging { .. }
        | S::Placing { .. }
        | S::HandingOver { .. }
        | S::Paused { .. }
        | S::Parked { .. } => Next::park(trouble, then),
        S::Feeding { passed } => Next::park(trouble, S::FindingStray { passed }),
        // A blank is in the printer: the reject tray is its only way out.
        S::Identifying { passed } => reject(passed, RejectReason::GagalEncode, trouble, for_good),
        S::Personalising { job } | S::InspectingChip { job } => {
            reject(job.passed, RejectReason::GagalEncode, trouble, for_good)
        }
        S::Counting { job }
        | S::Printing { job, .. }
        | S::InspectingPrint { job, .. }
        | S::Ejecting { job }
        | S::FindingEjected { job } => reject(job.passed, RejectReason::GagalCetak, trouble, for_good),
        S::Rejecting { reason, .. } if for_good => Next::to(S::Rejecting {
            reason,
            after: After::Cancel,
        }),
        S::FindingRejected { reason, .. } if for_good => Next::to(S::FindingRejected {
            reason,
            after: After::Cancel,
        }),
        // The operator was told to take the card out and put it in the reject box, and says it is done.
        S::Rejecting { reason, after } if how == GivingUp::NobodyThere => {
            Next::park(trouble, S::FindingRejected { reason, after })
        }
        then @ S::FindingRejected { .. } if how == GivingUp::NobodyThere => Next::park(trouble, then),
        S::Rejecting { reason, after } | S::FindingRejected { reason, after } => {
            printer::rejected(reason, after, true)
        }
        S::ReadingDesk { job } | S::MatchingOwner { job } => Next::park(trouble, S::Placing { job }),
        S::Activating { owner } => Next::park(trouble, S::Placing { job: owner.job }),
        S::ReadingBack { owner } => Next::park(trouble, S::ReadingBack { owner }),
    })
}

fn reject(passed: Passed, reason: RejectReason, trouble: Trouble, for_good: bool) -> Next {
    let after = if for_good {
        After::Cancel
    } else {
        After::Park(passed, trouble)
    };
    Next::to(State::Rejecting { reason, after })
}

/// The program was started again. Whatever may have happened is looked at; nothing is repeated.
pub(super) fn restarted(state: State, begun: bool) -> Next {
    use State as S;
    match state {
        S::Testing { mut case } => {
            if begun {
                case.tally.count_interrupted();
                if case.tally.is_exhausted() {
                    return testing::exhausted(case.tally, Against::Record);
                }
            }
            Next::pause(Trouble::Interrupted, S::Testing { case })
        }
        S::Feeding { passed } if begun => Next::to(S::FindingFed {
            passed,
            detail: Words::new(
                "Program berhenti saat mengambil blangko.",
                "The program was stopped while feeding.",
            ),
        }),
        // Hours may have passed: look again whether the printer is empty.
        S::Feeding { passed } => Next::to(S::FindingStray { passed }),
        S::Personalising { job } if begun => Next::to(S::InspectingChip { job }),
        S::Printing { job, before } if begun => Next::to(S::InspectingPrint { job, before }),
        S::Ejecting { job } if begun => Next::to(S::FindingEjected { job }),
        S::Rejecting { reason, after } if begun => Next::to(S::FindingRejected { reason, after }),
        S::Activating { owner } if begun => Next::to(S::ReadingBack { owner }),
        // Card and finger may be gone; the card is put on the reader again and the finger asked for again.
        S::Activating { owner } => Next::to(S::Placing { job: owner.job }),
        S::Paused { trouble, then } => match *then {
            S::Activating { owner } => Next::to(S::Placing { job: owner.job }),
            then => Next::pause(trouble, then),
        },
        S::ReadingDesk { job } => Next::to(S::Placing { job }),
        S::MatchingOwner { mut job } => {
            if begun {
                job.owner_tally.count_interrupted();
                if job.owner_tally.is_exhausted() {
                    let reason = RejectReason::GagalEncode;
                    return testing::exhausted(job.owner_tally, Against::Chip).noting(Note::BlankRejected {
                        reason,
                        by_hand: true,
                    });
                }
            }
            Next::to(S::Placing { job })
        }
        // A blank that could not be settled before: try again now.
        S::Parked { then, .. } if then.may_hold_the_printer() => Next::to(*then),
        // Looks and questions may be repeated; what was not begun is begun now; the rest stays as it is.
        state => Next::to(state),
    }
}

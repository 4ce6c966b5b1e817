//! The biometric test: a live finger against the record.

use super::act::Against;
use super::event::{Comparison, Event};
use super::proof::{Case, Tally};
use super::state::{Ending, State, Trouble};
use super::{Illegal, Next, illegal};

pub(super) fn on(state: State, event: Event) -> Result<Next, Illegal> {
    match (state, event) {
        (State::New, Event::Begin { fingers }) => Ok(Next::to(State::Testing {
            case: Case {
                fingers,
                tally: Tally::default(),
            },
        })),
        (State::Testing { case }, Event::Compared(comparison)) => Ok(compared(case, comparison)),
        (state, event) => Err(illegal(&state, &event)),
    }
}

fn compared(mut case: Case, comparison: Comparison) -> Next {
    match comparison {
        Comparison::Match { finger, score } => Next::to(State::FindingStray {
            passed: case.pass(finger, score),
        }),
        Comparison::NoMatch { .. } => {
            case.tally.count_no_match();
            if case.tally.is_exhausted() {
                exhausted(case.tally, Against::Record)
            } else {
                Next::to(State::Testing { case })
            }
        }
        Comparison::CannotTell { reason } => {
            if case.tally.count_unreadable() {
                Next::pause(Trouble::FingerUnreadable(reason), State::Testing { case })
            } else {
                Next::to(State::Testing { case })
            }
        }
        Comparison::NotPlaced => Next::pause(Trouble::FingerNotPlaced, State::Testing { case }),
        Comparison::Failed { detail } => Next::pause(Trouble::CaptureFailed(detail), State::Testing { case }),
    }
}

/// No try is left. "Cannot tell" is not "no match": without a single "no match" nothing is said about the person.
pub(super) fn exhausted(tally: Tally, against: Against) -> Next {
    Next::to(State::Ended(if tally.no_match() > 0 {
        Ending::NotMatched { against }
    } else {
        Ending::Inconclusive
    }))
}

//! What happens next in the issuance of one card: a pure function of state and event.
//!
//! ```text
//!  New ─Begin─> Testing ─match─> FindingStray ─empty─> Feeding ─> Identifying ─blank─> Personalising ─> Counting
//!                  │ 4 tries                               │unknown    │wrong              │unknown        │
//!                  v                                   FindingFed   Rejecting        InspectingChip     Printing ─unknown─> InspectingPrint
//!            Ended(NotMatched)                                                                             │                    │
//!                                                                  Judging <─ (FindingEjected) <─ Ejecting <────────────────────┘
//!                                                                     │ good
//!     Ended(Issued) <─ HandingOver <─ ReadingBack <─ Activating <─match─ MatchingOwner <─ ReadingDesk <─ Placing
//! ```
//!
//! `MACHINE.md` beside this room has the whole diagram and a table of every state, made from the code.
//!
//! Not drawn: from every place a trouble leads to `Paused` (the operator says retry or cancel), a spoilt blank to `Rejecting`
//! (the reject tray, with a reason), and giving up to `Parked`, from which the application can be resumed.
//!
//! Each state has at most one [`Act`]: the state says what is being tried, so after a crash the state alone says what
//! to look at. [`Note`]s are entries in the office's books that belong to the same moment as the event.

mod act;
mod desk;
mod event;
mod printer;
mod proof;
mod recovery;
mod state;
mod testing;
#[cfg(test)]
mod tests;

pub use act::{Act, Against, Effect, Note, Question, RejectReason};
pub use event::{
    Answer, BlankReading, CardPlace, CardUid, ChipReading, Comparison, DeskReading, Event, Outcome,
    PrintOutcome, PrinterView,
};
pub use proof::{Case, Job, MAX_TRIES, OwnerProof, Passed, Tally, UNREADABLE_BEFORE_ASKING};
pub use state::{After, Ending, IssuedCard, Phase, State, Trouble};

/// An event that cannot happen in this state: a fault of the program, or a journal that was tampered with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event `{event}` cannot happen in state `{state}`; the application is left as it is")]
pub struct Illegal {
    /// The state's name.
    pub state: &'static str,
    /// The event's name.
    pub event: &'static str,
}

/// Takes one step.
///
/// The effects are the notes of this step, in order, and then at most one [`Effect::Do`]: [`State::act`] of the new state.
///
/// # Errors
/// [`Illegal`] when the event does not belong to the state.
pub fn step(state: State, event: Event) -> Result<(State, Vec<Effect>), Illegal> {
    let Next { state, notes } = transition(state, event)?;
    let mut effects: Vec<Effect> = notes.into_iter().map(Effect::Note).collect();
    effects.extend(state.act().map(Effect::Do));
    Ok((state, effects))
}

/// Where a transition leads.
struct Next {
    state: State,
    notes: Vec<Note>,
}

impl Next {
    fn to(state: State) -> Self {
        Self {
            state,
            notes: Vec::new(),
        }
    }

    fn noting(mut self, note: Note) -> Self {
        self.notes.push(note);
        self
    }

    /// Asks the operator whether to try `then` again.
    fn pause(trouble: Trouble, then: State) -> Self {
        Self::to(State::Paused {
            trouble,
            then: Box::new(then),
        })
    }

    /// Stops with nothing under way; resuming leads to `then`.
    fn park(trouble: Trouble, then: State) -> Self {
        Self::to(State::Parked {
            trouble,
            then: Box::new(then),
        })
    }
}

fn transition(state: State, event: Event) -> Result<Next, Illegal> {
    use State as S;
    match event {
        Event::Restarted { begun } => return Ok(recovery::restarted(state, begun)),
        Event::Cancel => return recovery::cancelled(state),
        _ => {}
    }
    match state {
        S::New | S::Testing { .. } => testing::on(state, event),
        S::FindingStray { .. }
        | S::Feeding { .. }
        | S::FindingFed { .. }
        | S::Identifying { .. }
        | S::Personalising { .. }
        | S::InspectingChip { .. }
        | S::Counting { .. }
        | S::Printing { .. }
        | S::InspectingPrint { .. }
        | S::Ejecting { .. }
        | S::FindingEjected { .. }
        | S::Rejecting { .. }
        | S::FindingRejected { .. } => printer::on(state, event),
        S::Judging { .. }
        | S::Placing { .. }
        | S::ReadingDesk { .. }
        | S::MatchingOwner { .. }
        | S::Activating { .. }
        | S::ReadingBack { .. }
        | S::HandingOver { .. } => desk::on(state, event),
        S::Paused { .. } | S::Parked { .. } | S::Ended(_) => recovery::on(state, event),
    }
}

fn illegal(state: &State, event: &Event) -> Illegal {
    Illegal {
        state: state.name(),
        event: event.name(),
    }
}

//! Machines broken on purpose. A check that lets one of them pass checks nothing.
//!
//! What is not here could not be written: [`machine`]'s proofs cannot be made outside it, so no mutant can feed a blank without a passed test or
//! activate a chip without its owner's finger. Those two rules are kept by the types; the model checks them all the same.

use host_driver::issuance::machine::{
    self, After, Answer, Comparison, DeskReading, Effect, Ending, Event, Illegal, Note, Outcome,
    PrintOutcome, State, Trouble,
};
use host_driver::office::words::Words;

use super::system::Step;

/// A broken machine.
#[derive(Clone, Copy)]
pub struct Mutant {
    /// What is wrong with it.
    pub name: &'static str,
    /// Its transition function.
    pub step: Step,
}

type Stepped = Result<(State, Vec<Effect>), Illegal>;

/// The real step, but with another state after it.
#[allow(clippy::unnecessary_wraps, reason = "a transition function returns a result")]
fn instead(state: State) -> Stepped {
    let act = state.act().map(Effect::Do);
    Ok((state, act.into_iter().collect()))
}

fn without(stepped: Stepped, drop: fn(&Note) -> bool) -> Stepped {
    stepped.map(|(state, effects)| {
        let kept = effects
            .into_iter()
            .filter(|effect| !matches!(effect, Effect::Note(note) if drop(note)));
        (state, kept.collect())
    })
}

fn paused(trouble: Trouble, then: State) -> Stepped {
    instead(State::Paused {
        trouble,
        then: Box::new(then),
    })
}

macro_rules! mutants {
    ($($name:literal: |$state:ident, $event:ident| $body:expr;)+) => {
        /// All of them.
        pub const MUTANTS: &[Mutant] = &[$(Mutant {
            name: $name,
            step: {
                fn step($state: State, $event: Event) -> Stepped { $body }
                step
            },
        }),+];
    };
}

mutants! {
    "begins an act again after a crash instead of looking": |state, event| match event {
        Event::Restarted { .. } => machine::step(state, Event::Restarted { begun: false }),
        event => machine::step(state, event),
    };
    "feeds again when the printer did not answer": |state, event| match (state, event) {
        (State::Feeding { passed }, Event::Fed(Outcome::Unknown { .. })) => instead(State::Feeding { passed }),
        (state, event) => machine::step(state, event),
    };
    "takes an unknown feed for a failed one": |state, event| match (state, event) {
        (State::Feeding { passed }, Event::Fed(Outcome::Unknown { .. })) => {
            paused(Trouble::NotFed(Words::default()), State::FindingStray { passed })
        }
        (State::FindingStray { passed }, Event::Found(_)) => instead(State::Feeding { passed }),
        (state, event) => machine::step(state, event),
    };
    "writes a chip again that could not be written": |state, event| match (state, event) {
        (State::Personalising { job }, Event::Personalised(Outcome::Failed { detail })) => {
            paused(Trouble::EncodeFailed(detail), State::Personalising { job })
        }
        (state, event) => machine::step(state, event),
    };
    "prints although nobody knows what is on the chip": |state, event| match (state, event) {
        (State::Personalising { job }, Event::Personalised(Outcome::Unknown { .. })) => instead(State::Counting { job }),
        (state, event) => machine::step(state, event),
    };
    "prints again after a time-out": |state, event| match (state, event) {
        (State::Printing { job, .. }, Event::Printed(PrintOutcome::Unknown { .. })) => instead(State::Counting { job }),
        (state, event) => machine::step(state, event),
    };
    "prints again on a spoilt face": |state, event| match (state, event) {
        (State::Printing { job, .. }, Event::Printed(PrintOutcome::Spoilt { detail })) => {
            paused(Trouble::PrinterFault(detail), State::Counting { job })
        }
        (state, event) => machine::step(state, event),
    };
    "lets nobody look at the printed card": |state, event| match (state, event) {
        (State::InspectingPrint { job, .. }, Event::Counted { .. }) => instead(State::Ejecting { job }),
        (State::Judging { job }, Event::Answered(_)) => instead(State::Placing { job }),
        (state, event) => machine::step(state, event),
    };
    "activates again without reading the chip": |state, event| match (state, event) {
        (State::Activating { owner }, Event::Activated(Outcome::Unknown { .. })) => instead(State::Activating { owner }),
        (state, event) => machine::step(state, event),
    };
    "makes another card when the first may be active": |state, event| match (state, event) {
        (State::ReadingBack { owner }, Event::DeskRead(DeskReading::NoCard)) => {
            let passed = owner.job().passed().clone();
            let reject = machine::RejectReason::GagalEncode;
            let note = Note::BlankRejected { reason: reject, by_hand: true };
            let state = State::FindingStray { passed };
            let act = state.act().map(Effect::Do);
            Ok((state, std::iter::once(Effect::Note(note)).chain(act).collect()))
        }
        (state, event) => machine::step(state, event),
    };
    "cancels an application whose card is active": |state, event| match (state, event) {
        (State::Parked { then, .. }, Event::Cancel) if matches!(*then, State::HandingOver { .. }) => {
            instead(State::Ended(Ending::Cancelled))
        }
        (state, event) => machine::step(state, event),
    };
    "forgets to enter that a blank was taken": |state, event| {
        without(machine::step(state, event), |note| matches!(note, Note::BlankTaken))
    };
    "forgets to enter why a blank was rejected": |state, event| {
        without(machine::step(state, event), |note| matches!(note, Note::BlankRejected { .. }))
    };
    "forgets to enter that a card was printed": |state, event| {
        without(machine::step(state, event), |note| matches!(note, Note::BlankPrinted))
    };
    "forgets to enter that a card was handed over": |state, event| {
        without(machine::step(state, event), |note| matches!(note, Note::CardHandedOver))
    };
    "believes that a card was rejected which did not move": |state, event| match (state, event) {
        (state @ State::Rejecting { .. }, Event::Rejected(_)) => machine::step(state, Event::Rejected(Outcome::Done)),
        (state, event) => machine::step(state, event),
    };
    "believes that a card was ejected which did not move": |state, event| match (state, event) {
        (state @ State::Ejecting { .. }, Event::Ejected(_)) => machine::step(state, Event::Ejected(Outcome::Done)),
        (state, event) => machine::step(state, event),
    };
    "does not count the tries": |state, event| match (state, event) {
        (State::Testing { case }, Event::Compared(Comparison::NoMatch { .. })) => instead(State::Testing { case }),
        (state, event) => machine::step(state, event),
    };
    "takes \"cannot tell\" for \"no match\"": |state, event| match (state, event) {
        (State::Testing { .. }, Event::Compared(Comparison::CannotTell { .. })) => {
            instead(State::Ended(Ending::NotMatched { against: machine::Against::Record }))
        }
        (state, event) => machine::step(state, event),
    };
    "says issued before the applicant has the card": |state, event| match (state, event) {
        (State::HandingOver { card }, Event::Answered(Answer::No)) => instead(State::Ended(Ending::Issued(card))),
        (state, event) => machine::step(state, event),
    };
    "never goes on after a pause": |state, event| match (state, event) {
        (State::Paused { trouble, then }, Event::Answered(_)) => instead(State::Paused { trouble, then }),
        (state @ State::Paused { .. }, Event::Cancel) => {
            Err(Illegal { state: state.name(), event: "cancel" })
        }
        (state, event) => machine::step(state, event),
    };
    "looks for ever for a card that is not there": |state, event| match (state, event) {
        (State::FindingRejected { reason, after }, Event::Found(_)) => {
            instead(State::FindingRejected { reason, after })
        }
        (state, event) => machine::step(state, event),
    };
    "does not reject the card of a cancelled application": |state, event| match (state, event) {
        (State::Rejecting { after: After::Cancel, .. }, Event::Rejected(_)) => instead(State::Ended(Ending::Cancelled)),
        (State::Parked { then, .. }, Event::Cancel) if matches!(*then, State::Judging { .. } | State::Placing { .. }) => {
            instead(State::Ended(Ending::Cancelled))
        }
        (state, event) => machine::step(state, event),
    };
}

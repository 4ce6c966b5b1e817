//! Every way in which an act can end: what it does to the world, and what the program hears of it.

mod chip;
mod people;
mod printer;

use host_driver::issuance::machine::{Act, Event, Outcome, PrintOutcome, State};
use host_driver::office::words::Words;

use super::truth::{Deed, Place, Truth};

/// One way.
#[derive(Clone, Debug)]
pub(super) struct Way {
    /// Its name: unique among the ways of an act.
    pub(super) name: &'static str,
    /// Whether it is a fault, to be paid for.
    pub(super) is_fault: bool,
    /// Whether a crash in the middle of the act may leave the world so.
    pub(super) by_crash: bool,
    /// The world afterwards.
    pub(super) truth: Truth,
    /// What the program hears.
    pub(super) event: Event,
}

/// Collects ways that all begin in the same world.
struct Ways<'a> {
    truth: &'a Truth,
    all: Vec<Way>,
}

impl Ways<'_> {
    fn add(
        &mut self,
        name: &'static str,
        is_fault: bool,
        by_crash: bool,
        change: impl FnOnce(&mut Truth),
        event: Event,
    ) {
        let mut truth = self.truth.clone();
        change(&mut truth);
        self.all.push(Way {
            name,
            is_fault,
            by_crash,
            truth,
            event,
        });
    }

    /// Nothing goes wrong.
    fn plain(&mut self, name: &'static str, change: impl FnOnce(&mut Truth), event: Event) {
        self.add(name, false, false, change, event);
    }

    /// Nothing goes wrong with an act that changes the world, so that it may be done although the program dies.
    fn done(&mut self, name: &'static str, change: impl FnOnce(&mut Truth), event: Event) {
        self.add(name, false, true, change, event);
    }

    fn fault(&mut self, name: &'static str, change: impl FnOnce(&mut Truth), event: Event) {
        self.add(name, true, false, change, event);
    }

    /// A fault that a crash in the middle of the act may cause too.
    fn torn(&mut self, name: &'static str, change: impl FnOnce(&mut Truth), event: Event) {
        self.add(name, true, true, change, event);
    }
}

fn failed() -> Outcome {
    Outcome::Failed {
        detail: Words::default(),
    }
}

fn unknown() -> Outcome {
    Outcome::Unknown {
        detail: Words::default(),
    }
}

fn nothing(_: &mut Truth) {}

/// All of them.
pub(super) fn of(truth: &Truth, act: &Act, state: &State) -> Vec<Way> {
    let mut ways = Ways {
        truth,
        all: Vec::new(),
    };
    match act {
        Act::CompareRecord { .. } => people::compare_record(&mut ways),
        Act::CompareChip { uid, .. } => people::compare_chip(&mut ways, uid),
        Act::FindCard => printer::find_card(&mut ways),
        Act::Feed => printer::feed(&mut ways),
        Act::ReadBlank => chip::read_blank(&mut ways),
        Act::Personalise { uid } => chip::personalise(&mut ways, uid),
        Act::InspectChip { uid } => chip::inspect_chip(&mut ways, uid),
        Act::CountPanels => printer::count_panels(&mut ways),
        Act::Print { uid } => printer::print(&mut ways, uid),
        Act::Eject => printer::leave(&mut ways, Place::Outside, Event::Ejected),
        Act::Reject => printer::leave(&mut ways, Place::Rejects, Event::Rejected),
        Act::ReadDesk { uid } => chip::read_desk(&mut ways, uid),
        Act::Activate { uid } => chip::activate(&mut ways, uid),
        Act::Ask { question } => people::ask(&mut ways, *question, state),
    }
    let deed = Deed::of(act);
    for way in &mut ways.all {
        if is_unknown(&way.event) {
            way.truth.uncertain = deed;
        }
    }
    ways.all
}

fn is_unknown(event: &Event) -> bool {
    match event {
        Event::Fed(outcome)
        | Event::Personalised(outcome)
        | Event::Ejected(outcome)
        | Event::Rejected(outcome)
        | Event::Activated(outcome) => matches!(outcome, Outcome::Unknown { .. }),
        Event::Printed(outcome) => matches!(outcome, PrintOutcome::Unknown { .. }),
        _ => false,
    }
}

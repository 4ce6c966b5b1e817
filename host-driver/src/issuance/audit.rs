//! Whether the blank ledger and the applications say what the journal says.
//!
//! The chain finds a changed journal. The books beside it are not chained, but they follow from it: every entry is a note of a step
//! that the journal holds. So the machine is run again over each journal, and what it would enter is compared with what is entered.

use super::machine::{self, CardUid, Effect, Event, Note, State};
use super::runner::outcome_word;
use crate::store::{ApplicationId, BlankEntry, BlankPlace, Store, StoreError};
use std::fmt;

/// Books and journal disagree about an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// Which.
    pub application: ApplicationId,
    /// About what.
    pub about: About,
}

/// About what books and journal disagree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// The journal holds an event that cannot have happened.
    ImpossibleEvent,
    /// So many blanks follow from the journal, so many are in the ledger.
    Count {
        /// By the journal.
        journal: usize,
        /// In the ledger.
        ledger: usize,
    },
    /// A blank of the ledger is not as the journal says.
    Blank {
        /// Its number among those of the application, from 1.
        number: usize,
        /// By the journal.
        journal: String,
        /// In the ledger.
        ledger: String,
    },
    /// How far the application is, or how it ended.
    Phase {
        /// By the journal.
        journal: String,
        /// In its row.
        row: String,
    },
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "application {}: ", self.application)?;
        match &self.about {
            About::ImpossibleEvent => f.write_str("its journal holds an event that cannot have happened"),
            About::Count { journal, ledger } => {
                write!(
                    f,
                    "by its journal it took {journal} blanks, the ledger has {ledger}"
                )
            }
            About::Blank {
                number,
                journal,
                ledger,
            } => {
                write!(
                    f,
                    "its blank {number} is {journal} by the journal, {ledger} in the ledger"
                )
            }
            About::Phase { journal, row } => write!(f, "it is {journal} by its journal, {row} in the list"),
        }
    }
}

/// A blank as the journal has it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Expected {
    uid: Option<CardUid>,
    place: Option<BlankPlace>,
    activated: bool,
}

impl Expected {
    fn words(&self) -> String {
        words(
            self.uid.as_ref(),
            self.place.unwrap_or(BlankPlace::InPrinter),
            self.activated,
        )
    }
}

fn words(uid: Option<&CardUid>, place: BlankPlace, activated: bool) -> String {
    let (state, reason) = place.words();
    let uid = uid.map_or("of unknown UID", CardUid::as_str);
    let reason = reason.map_or(String::new(), |reason| format!(" ({reason})"));
    let active = if activated { ", activated" } else { "" };
    format!("{uid} {state}{reason}{active}")
}

/// Compares the books of every application with its journal.
///
/// # Errors
/// [`StoreError`] if they cannot be read.
pub fn audit(store: &Store) -> Result<Vec<Disagreement>, StoreError> {
    let blanks = store.blanks()?;
    let mut all = Vec::new();
    for row in store.all_applications()? {
        let application = row.id;
        let events = store.replay(application)?.events;
        let begun = !events.is_empty();
        let ledger: Vec<&BlankEntry> = blanks
            .iter()
            .filter(|blank| blank.application == application)
            .collect();
        let mut disagree = |about| all.push(Disagreement { application, about });
        let Some((state, expected)) = followed(events) else {
            disagree(About::ImpossibleEvent);
            continue;
        };
        // An application that was returned at the counter has no journal, and is ended all the same.
        if begun && state.phase() != row.phase {
            disagree(About::Phase {
                journal: state.phase().as_str().into(),
                row: row.phase.as_str().into(),
            });
        } else if let Some(word) = outcome_word(&state)
            && row.outcome.as_deref() != Some(word)
        {
            disagree(About::Phase {
                journal: word.into(),
                row: row.outcome.unwrap_or_else(|| "without an outcome".into()),
            });
        }
        if expected.len() != ledger.len() {
            disagree(About::Count {
                journal: expected.len(),
                ledger: ledger.len(),
            });
            continue;
        }
        for (number, (expected, entered)) in expected.iter().zip(ledger).enumerate() {
            let entered = words(entered.uid.as_ref(), entered.place, entered.activated);
            if expected.words() != entered {
                disagree(About::Blank {
                    number: number + 1,
                    journal: expected.words(),
                    ledger: entered,
                });
            }
        }
    }
    Ok(all)
}

/// Runs the machine over a journal and keeps the blanks' books on the way.
fn followed(events: Vec<Event>) -> Option<(State, Vec<Expected>)> {
    let mut state = State::New;
    let mut blanks: Vec<Expected> = Vec::new();
    for event in events {
        let (next, effects) = machine::step(state, event).ok()?;
        state = next;
        for effect in effects {
            let Effect::Note(note) = effect else { continue };
            if note == Note::BlankTaken {
                blanks.push(Expected::default());
                continue;
            }
            let blank = blanks.last_mut()?;
            match note {
                Note::BlankTaken => {}
                Note::BlankIdentified { uid } => blank.uid = Some(uid),
                Note::BlankPrinted => blank.place = Some(BlankPlace::Printed),
                Note::BlankRejected { reason, .. } => blank.place = Some(BlankPlace::Rejected(reason)),
                Note::CardActivated => blank.activated = true,
                Note::CardHandedOver => blank.place = Some(BlankPlace::HandedOver),
            }
        }
    }
    Some((state, blanks))
}

//! Moments and strikes.

use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, PoisonError};

use crate::device::{card, card_printer};

/// A moment at which something may happen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Moment {
    /// Before a row of the journal is durable.
    BeforeRow,
    /// After it is, and before anything else.
    AfterRow,
    /// Before an act is begun, after its intent is durable.
    BeforeAct,
    /// After it has ended, before its outcome is durable.
    AfterAct,
    /// A card in a reader is reached for.
    Reader,
    /// Before the card gets a command, with its instruction byte.
    Apdu(u8),
    /// After the card has carried it out, before the program has the answer.
    Answered(u8),
    /// Before the printer gets a command.
    Command(String),
    /// After it has carried it out, before the program has read the answer.
    Replied(String),
    /// A finger is asked for.
    Finger,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Strike {
    /// The program is gone, as if it was killed.
    Die,
    /// The disk is full.
    DiskFull,
    /// Another program holds the store.
    StoreLocked,
    /// The card fails.
    Card(card::FaultKind),
    /// The printer fails.
    Printer(card_printer::Fault),
    /// There is no such reader any more.
    ReaderGone,
    /// The smart-card service was stopped.
    ServiceGone,
    /// No card comes.
    NoCard,
    /// No finger was put on the sensor.
    NoFinger,
    /// The capture failed.
    CaptureFailed,
}

/// The program died. This is how far a panic may go, and no message is printed on the way.
#[derive(Debug)]
pub struct Death;

/// Where in an issuance a moment was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tick {
    /// The act under way, in the journal's word; `-` between acts.
    pub act: String,
    /// What was about to happen.
    pub moment: Moment,
}

#[derive(Debug, Default)]
struct State {
    seen: usize,
    strikes: Vec<(usize, Strike)>,
    /// The act under way.
    act: String,
    trail: Vec<Tick>,
    struck: usize,
}

/// What will happen, and what has. Clones are the same fate.
#[derive(Clone, Debug, Default)]
pub struct Fate(Arc<Mutex<State>>);

impl Fate {
    /// Strikes at chosen moments, counted from 0 over all starts of the program.
    pub fn new(strikes: impl IntoIterator<Item = (usize, Strike)>) -> Self {
        Self(Arc::new(Mutex::new(State {
            strikes: strikes.into_iter().collect(),
            act: "-".into(),
            ..State::default()
        })))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // Death is a panic; what it leaves behind is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A moment comes. What it brings, unless it is death.
    pub(super) fn tick(&self, moment: Moment) -> Option<Strike> {
        let strike = {
            let mut state = self.state();
            let now = state.seen;
            state.seen += 1;
            let act = state.act.clone();
            state.trail.push(Tick { act, moment });
            let due = state.strikes.iter().position(|(at, _)| *at == now);
            let strike = due.map(|due| state.strikes.swap_remove(due).1);
            state.struck += usize::from(strike.is_some());
            strike
        };
        if strike == Some(Strike::Die) {
            resume_unwind(Box::new(Death));
        }
        strike
    }

    pub(super) fn set_act(&self, act: &str) {
        act.clone_into(&mut self.state().act);
    }

    /// All moments so far.
    pub fn trail(&self) -> Vec<Tick> {
        self.state().trail.clone()
    }

    /// How many strikes have come to pass.
    pub fn struck(&self) -> usize {
        self.state().struck
    }
}

//! Carries an application through the machine: intent to the journal, act, outcome to the journal.
//!
//! ```text
//!            ┌──────────────── state.act() ───────────────┐
//!            v                                            │
//!     journal intent ──> perform ──> machine::step ──> journal event + books
//!            ·              ·               ·
//!            · crash here   · or here       · or here: the state is replayed from the journal, and
//!            ·              ·               · Event::Restarted { begun } leads to a look, never to a repetition
//! ```

use super::machine::{
    self, Act, Answer, BlankReading, CardUid, ChipReading, Comparison, DeskReading, Effect, Ending, Event,
    Illegal, Note, Outcome, PrintOutcome, PrinterView, Question, State, Trouble,
};
use crate::office::clock::{Clock, Moment};
use crate::office::procedure::{Procedure, Step};
use crate::office::record::FingerPosition;
use crate::store::{AgendaRow, ApplicationId, JournalEntry, Replay, Store, StoreError};

/// What the runner needs of the world. Emulation stands behind the devices' wires, not here; tests of the
/// machine alone use a model.
///
/// Every method ends in bounded time, except that [`Self::ask`] waits for the operator, and says *unknown* rather than
/// guessing. `Err` means that the program is being
/// stopped: nothing more is journaled, as after a crash.
pub trait Devices {
    /// Captures a live finger and compares it with the record. `attempt` counts from 1.
    fn compare_with_record(&mut self, finger: FingerPosition, attempt: u8) -> Result<Comparison, Stopped>;
    /// Captures a live finger and compares it with the templates on the chip of card `uid` on the desk reader.
    fn compare_with_chip(
        &mut self,
        uid: &CardUid,
        finger: FingerPosition,
        attempt: u8,
    ) -> Result<Comparison, Stopped>;
    /// Looks where in the printer a card is.
    fn find_card(&mut self) -> Result<PrinterView, Stopped>;
    /// Moves a blank to the contactless station.
    fn feed(&mut self) -> Result<Outcome, Stopped>;
    /// Reads the blank at the contactless station.
    fn read_blank(&mut self) -> Result<BlankReading, Stopped>;
    /// Writes, reads back, compares.
    fn personalise(&mut self, uid: &CardUid) -> Result<Outcome, Stopped>;
    /// Reads and compares.
    fn inspect_chip(&mut self, uid: &CardUid) -> Result<ChipReading, Stopped>;
    /// Reads the printer's counter of panels.
    fn count_panels(&mut self) -> Result<Option<u32>, Stopped>;
    /// Prints the face.
    fn print(&mut self, uid: &CardUid) -> Result<PrintOutcome, Stopped>;
    /// Ejects the card.
    fn eject(&mut self) -> Result<Outcome, Stopped>;
    /// Moves the card to the reject tray.
    fn reject(&mut self) -> Result<Outcome, Stopped>;
    /// Reads the card on the desk reader.
    fn read_desk(&mut self, uid: &CardUid) -> Result<DeskReading, Stopped>;
    /// Activates the card on the desk reader.
    fn activate(&mut self, uid: &CardUid) -> Result<Outcome, Stopped>;
    /// Asks the operator; `trouble` is what went wrong, when that is why it is asked.
    fn ask(&mut self, question: Question, trouble: Option<&Trouble>) -> Result<Answer, Stopped>;
}

/// The program is being stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the program is being stopped")]
pub struct Stopped;

/// Where intents and events are kept. [`Store`] is the real one.
pub trait Journal {
    /// See [`Store::replay`].
    fn replay(&self, application: ApplicationId) -> Result<Replay, StoreError>;
    /// See [`Store::journal_intent`].
    fn intent(&mut self, application: ApplicationId, act: &Act, at: Moment) -> Result<(), StoreError>;
    /// See [`Store::journal_event`].
    fn event(&mut self, entry: &JournalEntry<'_>) -> Result<(), StoreError>;
    /// See [`Store::blank_is_known`].
    fn blank_is_known(&self, uid: &CardUid) -> Result<bool, StoreError>;
}

impl Journal for Store {
    fn replay(&self, application: ApplicationId) -> Result<Replay, StoreError> {
        Self::replay(self, application)
    }

    fn intent(&mut self, application: ApplicationId, act: &Act, at: Moment) -> Result<(), StoreError> {
        self.journal_intent(application, act, at)
    }

    fn event(&mut self, entry: &JournalEntry<'_>) -> Result<(), StoreError> {
        self.journal_event(entry)
    }

    fn blank_is_known(&self, uid: &CardUid) -> Result<bool, StoreError> {
        Self::blank_is_known(self, uid)
    }
}

/// Who wants to know how it goes: the console, the kiosk's screen, the log.
pub trait Observer {
    /// A step began.
    fn step_started(&mut self, _step: Step) {}
    /// A step ended after `seconds`; `result` is `done`, `failed` or `parked`.
    fn step_ended(&mut self, _step: Step, _seconds: f64, _result: &str) {}
    /// An event was kept.
    fn happened(&mut self, _event: &Event, _notes: &[Note], _state: &State) {}
}

/// An observer that does not care.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nobody;

impl Observer for Nobody {}

/// Which application, and what its agenda rows say.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The application.
    pub application: ApplicationId,
    /// Its procedure.
    pub procedure: &'static Procedure,
    /// The ticket, as it is called.
    pub ticket: Option<String>,
    /// Who works at this counter.
    pub who: String,
}

/// How an application is to be taken up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// A new application: the enrolled fingers, in the order in which they are asked for.
    Begin(Vec<FingerPosition>),
    /// A parked one: go on.
    Resume,
    /// One that was under way when the program stopped: look, then go on.
    Recover,
    /// End it for good.
    Cancel,
}

/// Why a run ended before the application did.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The program is being stopped; the journal has everything.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// The journal cannot be kept, so nothing more is done. After the cause is removed, resume the application.
    #[error("the journal cannot be kept, so the work stops here: {0}")]
    Journal(#[from] StoreError),
    /// The journal and the machine disagree, or a command does not fit the application.
    #[error(transparent)]
    Illegal(#[from] Illegal),
}

/// Carries applications through the machine.
#[derive(Debug)]
pub struct Runner<'a, J, D, C, O> {
    journal: &'a mut J,
    devices: &'a mut D,
    clock: &'a C,
    observer: &'a mut O,
    assignment: Assignment,
    step: Option<(Step, Moment)>,
}

/// The state that an application's journal leads to.
///
/// # Errors
/// [`Illegal`] when the journal holds an event that cannot have happened.
pub fn replayed(events: Vec<Event>) -> Result<State, Illegal> {
    events.into_iter().try_fold(State::New, |state, event| {
        machine::step(state, event).map(|(state, _)| state)
    })
}

impl<'a, J: Journal, D: Devices, C: Clock, O: Observer> Runner<'a, J, D, C, O> {
    /// A runner for one application.
    pub fn new(
        journal: &'a mut J,
        devices: &'a mut D,
        clock: &'a C,
        observer: &'a mut O,
        assignment: Assignment,
    ) -> Self {
        Self {
            journal,
            devices,
            clock,
            observer,
            assignment,
            step: None,
        }
    }

    /// Takes the application up and carries it on until it is parked or over. Returns the state it is left in.
    ///
    /// # Errors
    /// [`RunError`]; the application can be taken up again with [`Start::Recover`].
    pub fn run(&mut self, start: Start) -> Result<State, RunError> {
        let Replay { events, begun } = self.journal.replay(self.assignment.application)?;
        let mut state = replayed(events)?;
        let event = match start {
            Start::Begin(fingers) => Event::Begin { fingers },
            Start::Resume => Event::Resume,
            Start::Recover => Event::Restarted { begun },
            Start::Cancel => Event::Cancel,
        };
        // A state whose act was begun must be looked at before anything else is said about it.
        if begun && event == Event::Cancel {
            state = self.take(state, &Event::Restarted { begun })?;
        }
        state = self.take(state, &event)?;
        while let Some(act) = state.act() {
            self.journal
                .intent(self.assignment.application, &act, self.clock.now())?;
            let event = self.perform(&act, &state)?;
            state = self.take(state, &event)?;
        }
        Ok(state)
    }

    /// Steps the machine and keeps the event with all that belongs to it.
    fn take(&mut self, state: State, event: &Event) -> Result<State, RunError> {
        let (next, effects) = machine::step(state, event.clone())?;
        let notes: Vec<Note> = effects
            .into_iter()
            .filter_map(|effect| match effect {
                Effect::Note(note) => Some(note),
                Effect::Do(_) => None,
            })
            .collect();
        let at = self.clock.now();
        let ended = self.step.filter(|(step, _)| next.step() != Some(*step));
        let result = step_result(&next);
        let agenda: Vec<AgendaRow> = ended
            .iter()
            .map(|(step, began)| self.assignment.row(*step, *began, at, result))
            .collect();
        self.journal.event(&JournalEntry {
            application: self.assignment.application,
            event,
            notes: &notes,
            agenda: &agenda,
            phase: next.phase(),
            outcome: outcome_word(&next),
            at,
        })?;
        if let Some((step, began)) = ended {
            self.observer.step_ended(step, at.seconds_since(began), result);
            self.step = None;
        }
        self.observer.happened(event, &notes, &next);
        if let (None, Some(step)) = (self.step, next.step()) {
            self.step = Some((step, at));
            self.observer.step_started(step);
        }
        Ok(next)
    }

    fn perform(&mut self, act: &Act, state: &State) -> Result<Event, RunError> {
        let devices = &mut *self.devices;
        Ok(match act {
            Act::CompareRecord { finger, attempt } => {
                Event::Compared(devices.compare_with_record(*finger, *attempt)?)
            }
            Act::CompareChip { uid, finger, attempt } => {
                Event::Compared(devices.compare_with_chip(uid, *finger, *attempt)?)
            }
            Act::FindCard => Event::Found(devices.find_card()?),
            Act::Feed => Event::Fed(devices.feed()?),
            Act::ReadBlank => Event::BlankRead(self.read_blank()?),
            Act::Personalise { uid } => Event::Personalised(devices.personalise(uid)?),
            Act::InspectChip { uid } => Event::ChipInspected(devices.inspect_chip(uid)?),
            Act::CountPanels => Event::Counted {
                panels: devices.count_panels()?,
            },
            Act::Print { uid } => Event::Printed(devices.print(uid)?),
            Act::Eject => Event::Ejected(devices.eject()?),
            Act::Reject => Event::Rejected(devices.reject()?),
            Act::ReadDesk { uid } => Event::DeskRead(devices.read_desk(uid)?),
            Act::Activate { uid } => Event::Activated(devices.activate(uid)?),
            Act::Ask { question } => {
                let trouble = match state {
                    State::Paused { trouble, .. } => Some(trouble),
                    _ => None,
                };
                Event::Answered(devices.ask(*question, trouble)?)
            }
        })
    }

    /// A chip that looks blank but is in the ledger has been here before: somebody took it out of the reject tray.
    fn read_blank(&mut self) -> Result<BlankReading, RunError> {
        let reading = self.devices.read_blank()?;
        if let BlankReading::Blank { uid } = &reading
            && self.journal.blank_is_known(uid)?
        {
            let detail = crate::office::words::Words::new(
                "Blangko ini sudah tercatat sebelumnya.",
                "This blank is in the ledger already.",
            );
            return Ok(BlankReading::NotBlank {
                uid: uid.clone(),
                detail,
            });
        }
        Ok(reading)
    }
}

impl Assignment {
    /// The agenda row of a step that has ended.
    pub fn row(&self, step: Step, started_at: Moment, ended_at: Moment, result: &str) -> AgendaRow {
        let sop = self.procedure.step_of(step);
        AgendaRow {
            application: Some(self.application),
            ticket: self.ticket.clone(),
            procedure: self.procedure.id.to_owned(),
            sop_step: sop.map(|row| row.number),
            step: step.as_str().to_owned(),
            role: sop.map(|row| row.who.as_str().to_owned()),
            who: self.who.clone(),
            started_at,
            ended_at,
            standard_seconds: self.procedure.standard(step).map(|time| time.as_secs()),
            result: result.to_owned(),
        }
    }
}

/// How the step ended that `next` is no longer part of.
fn step_result(next: &State) -> &'static str {
    match next {
        State::Parked { .. } => "parked",
        State::Rejecting { .. } | State::Paused { .. } => "failed",
        State::Ended(ending) if !matches!(ending, Ending::Issued(_)) => "failed",
        _ => "done",
    }
}

/// The word for lists: how an application ended, or that it is parked.
pub(super) fn outcome_word(state: &State) -> Option<&'static str> {
    Some(match state {
        State::Parked { .. } => "parked",
        State::Ended(Ending::Issued(_)) => "issued",
        State::Ended(Ending::NotMatched { .. }) => "not_matched",
        State::Ended(Ending::Inconclusive) => "inconclusive",
        State::Ended(Ending::Cancelled) => "cancelled",
        State::Ended(Ending::ActivationUnclear { .. }) => "activation_unclear",
        _ => return None,
    })
}

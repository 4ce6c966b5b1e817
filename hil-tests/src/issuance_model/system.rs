//! The program in its world: what it does next, and when it may die.

use std::fmt;

use host_driver::biometric::FingerPosition;
use host_driver::issuance::machine::{self, Effect, Event, Illegal, Note, Phase, State};
use stateright::{Model, Property};

use super::books::Books;
use super::rules::{self, MUST_OCCUR, Rule};
use super::truth::{Deed, Place, Truth};
use super::ways::{self, Way};

/// The machine's transition function, or a mutant of it.
pub type Step = fn(State, Event) -> Result<(State, Vec<Effect>), Illegal>;

/// What is checked.
#[derive(Clone, Debug)]
pub struct System {
    /// The transition function.
    pub step: Step,
    /// Blanks in the hopper.
    pub blanks: usize,
    /// How many faults there may be, crashes among them.
    pub faults: u8,
}

impl System {
    /// The machine that ships.
    pub fn real(blanks: usize, faults: u8) -> Self {
        Self {
            step: machine::step,
            blanks,
            faults,
        }
    }
}

/// One situation of program and world.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Situation {
    /// The state that the journal leads to. While the program runs it is also what the program knows.
    pub state: State,
    /// Whether the intent of the state's act is in the journal, and its outcome is not.
    pub begun: bool,
    /// Whether the program runs.
    pub runs: bool,
    /// What is so.
    pub truth: Truth,
    /// The ledger.
    pub books: Books,
    /// Faults that may still come.
    pub faults_left: u8,
}

impl Situation {
    /// Whether nothing is under way and nobody is expected to do anything before the next command.
    pub fn rests(&self) -> bool {
        !self.runs && !self.begun && self.state.phase() != Phase::Running
    }
}

/// What may happen next.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Move {
    /// The operator begins the application.
    Begin,
    /// The operator resumes it.
    Resume,
    /// The operator ends it for good.
    Cancel,
    /// The program is started again and finds it under way.
    Restart,
    /// The intent of the act becomes durable.
    Intent,
    /// The act is done and its outcome becomes durable.
    Act(&'static str),
    /// The program dies: between two writes, or between a write and an act.
    Die,
    /// The program dies after, or in the middle of, the act.
    ActAndDie(&'static str),
}

impl fmt::Debug for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Begin => f.write_str("operator begins"),
            Self::Resume => f.write_str("operator resumes"),
            Self::Cancel => f.write_str("operator cancels for good"),
            Self::Restart => f.write_str("program starts again"),
            Self::Intent => f.write_str("intent is written"),
            Self::Act(way) => write!(f, "{way}"),
            Self::Die => f.write_str("program dies"),
            Self::ActAndDie(way) => write!(f, "{way}, and program dies"),
        }
    }
}

impl System {
    fn ways(situation: &Situation) -> Vec<Way> {
        situation.state.act().map_or_else(Vec::new, |act| {
            let mut truth = situation.truth.clone();
            if let Some(deed) = Deed::of(&act)
                && truth.uncertain == Some(deed)
            {
                truth.break_rule(Rule::NeverGuesses);
            }
            ways::of(&truth, &act, &situation.state)
        })
    }

    fn begin() -> Event {
        Event::Begin {
            fingers: vec![FingerPosition::RightIndex, FingerPosition::LeftIndex],
        }
    }

    /// The machine takes a step, and its notes go into the books in the same moment.
    fn take(&self, situation: &mut Situation, event: Event) -> Result<(), Illegal> {
        let (state, effects) = (self.step)(situation.state.clone(), event)?;
        for effect in effects {
            let Effect::Note(note) = effect else { continue };
            Self::note(situation, &note);
        }
        situation.state = state;
        situation.begun = false;
        if situation.state.act().is_none() {
            situation.runs = false;
        }
        Ok(())
    }

    fn note(situation: &mut Situation, note: &Note) {
        if let Note::BlankRejected { by_hand: true, .. } = note {
            // The operator puts the card that is in their hand into the reject box, as the console says.
            for card in &mut situation.truth.cards {
                if card.place == Place::Outside {
                    card.place = Place::Rejects;
                }
            }
            situation.truth.on_desk = None;
        }
        match note {
            Note::BlankIdentified { .. } => situation.truth.chip_no_match = 0,
            // What is not known of a card that is out of the way keeps nobody from working on the next one.
            Note::BlankRejected { .. } => situation.truth.uncertain = None,
            _ => {}
        }
        if situation.books.enter(note).is_err() {
            situation.truth.break_rule(Rule::BooksTakeIt);
        }
    }

    /// An outcome of an act, which the machine must take.
    fn outcome(&self, situation: &mut Situation, event: Event) {
        if self.take(situation, event).is_err() {
            situation.truth.break_rule(Rule::OutcomeTaken);
        }
    }

    /// A command of the operator, as the runner carries it out. `None`: it is refused, and nothing has changed.
    fn command(&self, mut situation: Situation, event: Event) -> Option<Situation> {
        situation.runs = true;
        // An act that was begun is looked at before anything else is said about it.
        if situation.begun && event == Event::Cancel {
            self.take(&mut situation, Event::Restarted { begun: true }).ok()?;
            situation.runs = true;
        }
        self.take(&mut situation, event).ok()?;
        Some(situation)
    }
}

impl Model for System {
    type State = Situation;
    type Action = Move;

    fn init_states(&self) -> Vec<Situation> {
        [true, false]
            .map(|rightful| Situation {
                state: State::New,
                begun: false,
                runs: false,
                truth: Truth::new(self.blanks, rightful),
                books: Books::default(),
                faults_left: self.faults,
            })
            .to_vec()
    }

    fn actions(&self, situation: &Situation, moves: &mut Vec<Move>) {
        if situation.truth.broken.is_some() {
            return;
        }
        if !situation.runs {
            match situation.state.phase() {
                Phase::New => moves.extend([Move::Begin, Move::Cancel]),
                Phase::Running => moves.extend([Move::Restart, Move::Cancel]),
                Phase::Parked => moves.extend([Move::Resume, Move::Cancel]),
                Phase::Ended => {}
            }
            return;
        }
        let may_fail = situation.faults_left > 0;
        if may_fail {
            moves.push(Move::Die);
        }
        if !situation.begun {
            moves.push(Move::Intent);
            return;
        }
        for way in Self::ways(situation) {
            if may_fail || !way.is_fault {
                moves.push(Move::Act(way.name));
            }
            if may_fail && way.by_crash {
                moves.push(Move::ActAndDie(way.name));
            }
        }
    }

    fn next_state(&self, last: &Situation, next: Move) -> Option<Situation> {
        let mut situation = last.clone();
        let way = |name| Self::ways(last).into_iter().find(|way| way.name == name);
        match next {
            Move::Begin => return self.command(situation, Self::begin()),
            Move::Resume => return self.command(situation, Event::Resume),
            Move::Cancel => return self.command(situation, Event::Cancel),
            Move::Restart => {
                let begun = situation.begun;
                return self.command(situation, Event::Restarted { begun });
            }
            Move::Intent => situation.begun = true,
            Move::Act(name) => {
                let way = way(name)?;
                situation.truth = way.truth;
                situation.faults_left -= u8::from(way.is_fault);
                self.outcome(&mut situation, way.event);
            }
            Move::Die => {
                situation.runs = false;
                situation.faults_left -= 1;
                if situation.begun {
                    situation.truth.uncertain = situation.state.act().as_ref().and_then(Deed::of);
                }
            }
            Move::ActAndDie(name) => {
                situation.truth = way(name)?.truth;
                situation.truth.uncertain = situation.state.act().as_ref().and_then(Deed::of);
                situation.runs = false;
                situation.faults_left -= 1;
            }
        }
        Some(situation)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![Property::always(
            "the rules hold",
            |_: &Self, situation: &Situation| rules::check(situation).is_ok(),
        )];
        macro_rules! sometimes {
            ($($number:literal)+) => {$(
                properties.push(Property::sometimes(MUST_OCCUR[$number].name, |_: &Self, situation: &Situation| {
                    (MUST_OCCUR[$number].is)(situation)
                }));
            )+};
        }
        sometimes!(0 1 2 3 4 5 6 7 8);
        properties
    }
}

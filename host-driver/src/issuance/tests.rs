//! Machine, runner and store together, in a model of the world that fails and dies at every point.

use super::audit::{About, audit};
use super::machine::{Act, CardUid, Ending, Phase, State};
use super::runner::{Assignment, Journal, Nobody, RunError, Runner, Start, Stopped, replayed};
use super::world::{Dice, Place, World};
use crate::office::clock::{Clock, Moment};
use crate::office::nik::Nik;
use crate::office::procedure::KTP_SUDAH_REKAM;
use crate::office::record::FingerPosition;
use crate::store::{ApplicationId, BlankPlace, JournalEntry, Replay, Store, StoreError};
use proptest::prelude::*;

struct Stopwatch;

impl Clock for Stopwatch {
    fn now(&self) -> Moment {
        Moment::from_millis(1_000)
    }
}

/// The store, behind dice that make the program die before or after a row is on the disk.
struct Mortal<'a> {
    store: &'a mut Store,
    dice: Dice,
}

impl Mortal<'_> {
    /// A fault of the model's own, so that it cannot be taken for one of the store.
    const DEATH: StoreError = StoreError::Damaged("death in the middle");

    fn write(&mut self, write: impl FnOnce(&mut Store) -> Result<(), StoreError>) -> Result<(), StoreError> {
        match self.dice.throw() {
            9 => Err(Self::DEATH),
            8 => write(self.store).and(Err(Self::DEATH)),
            _ => write(self.store),
        }
    }
}

impl Journal for Mortal<'_> {
    fn replay(&self, application: ApplicationId) -> Result<Replay, StoreError> {
        self.store.replay(application)
    }

    fn intent(&mut self, application: ApplicationId, act: &Act, at: Moment) -> Result<(), StoreError> {
        self.write(|store| store.journal_intent(application, act, at))
    }

    fn event(&mut self, entry: &JournalEntry<'_>) -> Result<(), StoreError> {
        self.write(|store| store.journal_event(entry))
    }

    fn blank_is_known(&self, uid: &CardUid) -> Result<bool, StoreError> {
        self.store.blank_is_known(uid)
    }
}

struct Counter {
    store: Store,
    world: World,
    application: ApplicationId,
}

impl Counter {
    fn new(throws: impl IntoIterator<Item = u8>, blanks: usize, rightful: bool) -> Self {
        let mut store = Store::in_memory().unwrap();
        let nik = Nik::parse("1374025203900001").unwrap();
        let application = store
            .open_application("ktp-sudah-rekam", None, &nik, "", Moment::default())
            .unwrap();
        Self {
            store,
            world: World::new(Dice::new(throws), blanks, rightful),
            application,
        }
    }

    fn run(&mut self, start: Start) -> Result<State, RunError> {
        let dice = self.world.dice.clone();
        let mut journal = Mortal {
            store: &mut self.store,
            dice,
        };
        let assignment = Assignment {
            application: self.application,
            procedure: &KTP_SUDAH_REKAM,
            ticket: Some("A001".into()),
            who: "operator".into(),
        };
        Runner::new(&mut journal, &mut self.world, &Stopwatch, &mut Nobody, assignment).run(start)
    }

    /// Runs, restarts after each death, resumes what is parked, until the faults are used up and the application rests.
    fn live(&mut self) -> State {
        let mut start = Start::Begin(vec![FingerPosition::RightIndex, FingerPosition::LeftIndex]);
        for _ in 0..500 {
            let ran = self.run(start);
            self.check_truth();
            let state = match ran {
                Ok(state) => state,
                Err(
                    RunError::Stopped(Stopped)
                    | RunError::Journal(StoreError::Damaged("death in the middle")),
                ) => {
                    self.world.restart();
                    self.replayed()
                }
                Err(other) => panic!("{other}"),
            };
            start = match state.phase() {
                Phase::New => Start::Begin(vec![FingerPosition::RightIndex, FingerPosition::LeftIndex]),
                Phase::Running => Start::Recover,
                Phase::Parked if self.world.dice.are_used_up() => return state,
                Phase::Parked => Start::Resume,
                Phase::Ended => return state,
            };
        }
        panic!("it never comes to rest");
    }

    fn replayed(&self) -> State {
        replayed(self.store.replay(self.application).unwrap().events).unwrap()
    }

    /// What must hold at every moment, whatever the program knows.
    fn check_truth(&self) {
        assert!(self.world.active() <= 1, "two active cards");
        if !self.world.rightful {
            assert_eq!(self.world.active(), 0);
        }
    }

    /// What must hold once nothing is under way: ledger, journal and world agree.
    fn check_books(&self) {
        assert_eq!(audit(&self.store).unwrap(), []);
        assert_eq!(self.store.check_chain(None).unwrap().broken, None);
        let totals = self.store.blank_totals().unwrap();
        let blanks = self.store.blanks().unwrap();
        let out = self.world.cards.len() - self.world.at(Place::Hopper);
        assert_eq!(
            totals.taken, out as u64,
            "a blank has left the hopper and is not in the ledger"
        );
        assert_eq!(totals.in_printer, 0);
        assert_eq!(
            self.world.at(Place::Contactless) + self.world.at(Place::PrintStation),
            0,
            "left in the printer"
        );
        assert_eq!(totals.handed_over, self.world.at(Place::Owner) as u64);
        for blank in blanks {
            let Some(uid) = blank.uid else { continue };
            let card = self.world.cards.iter().find(|card| card.uid == uid).unwrap();
            let agrees = match blank.place {
                BlankPlace::InPrinter => false,
                BlankPlace::Printed => card.place == Place::Outside,
                BlankPlace::HandedOver => card.place == Place::Owner,
                // By the printer, or by the operator's hand.
                BlankPlace::Rejected(_) => matches!(card.place, Place::RejectTray | Place::Outside),
            };
            assert!(
                agrees,
                "{:?} in the ledger, {:?} in truth",
                blank.place, card.place
            );
        }
    }
}

#[test]
fn the_right_person_gets_an_active_card() {
    let mut counter = Counter::new([], 3, true);
    assert!(matches!(counter.live(), State::Ended(Ending::Issued(_))));
    counter.check_books();
    let agenda = counter.store.agenda().unwrap();
    let steps: Vec<_> = agenda
        .iter()
        .map(|row| (row.step.as_str(), row.result.as_str()))
        .collect();
    let expected = [
        "biometric_test",
        "feed",
        "personalise",
        "print",
        "inspect",
        "activate",
        "hand_over",
    ];
    assert_eq!(steps, expected.map(|step| (step, "done")));
}

#[test]
fn a_ledger_that_was_changed_behind_the_journals_back_is_found() {
    for (sql, number) in [
        ("UPDATE blanks SET state = 'rejected', reason = 'rusak'", 1),
        ("UPDATE blanks SET uid = '00000000'", 1),
        ("UPDATE blanks SET activated = 0", 1),
        ("DELETE FROM blanks", 0),
        ("UPDATE applications SET outcome = 'cancelled'", 0),
        ("UPDATE applications SET phase = 'parked'", 0),
    ] {
        let mut counter = Counter::new([], 3, true);
        counter.live();
        counter.store.execute_for_tests(sql);
        let found = audit(&counter.store).unwrap();
        assert_eq!(found.len(), 1, "{sql}: {found:?}");
        assert_eq!(
            matches!(found[0].about, About::Blank { number: 1, .. }),
            number == 1,
            "{sql}"
        );
    }
}

#[test]
fn another_persons_finger_costs_no_blank() {
    let mut counter = Counter::new([], 3, false);
    assert!(matches!(counter.live(), State::Ended(Ending::NotMatched { .. })));
    assert_eq!(counter.world.at(Place::Hopper), 3);
    assert_eq!(counter.world.record_comparisons, 4);
}

#[test]
fn an_empty_hopper_parks_the_application_and_blanks_make_it_go_on() {
    let mut counter = Counter::new([], 0, true);
    assert!(matches!(counter.live(), State::Parked { .. }));
    counter.check_books();
    counter.world.cards = World::new(Dice::default(), 1, true).cards;
    assert!(matches!(
        counter.run(Start::Resume).unwrap(),
        State::Ended(Ending::Issued(_))
    ));
    counter.check_books();
}

#[test]
fn a_spoilt_blank_is_rejected_and_another_is_taken() {
    // Every throw is one write or one act; this one lets the chip be written by half. See `World::personalise`.
    for fault in 1..=6 {
        let mut failed = 0;
        for position in 0..80 {
            let throws = std::iter::repeat_n(0, position).chain([fault]);
            let mut counter = Counter::new(throws, 3, true);
            let state = counter.live();
            failed += usize::from(!matches!(state, State::Ended(Ending::Issued(_))));
            counter.check_books();
        }
        // A fault that parks is one that the operator chose not to retry.
        assert!(failed <= 12, "fault {fault}: {failed} of 80 ended without a card");
    }
}

#[test]
fn a_blank_that_was_fed_unseen_is_in_the_books_when_the_printer_is_back() {
    // Fed, but the printer says nothing, neither then nor when it is looked at, and the operator stops for now.
    for position in 0..40 {
        let throws = std::iter::repeat_n(0, position).chain([3, 0, 0, 1, 0, 0, 2]);
        let mut counter = Counter::new(throws, 3, true);
        counter.live();
        counter.check_books();
    }
}

#[test]
fn a_death_at_any_point_is_survived() {
    // Death before and after every write and before every act of the happy way, alone and followed by a second one.
    for first in 0..80 {
        for throw in [8, 9] {
            for second in [None, Some(3), Some(11)] {
                let again = second
                    .into_iter()
                    .flat_map(|gap| std::iter::repeat_n(0, gap).chain([throw]));
                let throws: Vec<u8> = std::iter::repeat_n(0, first)
                    .chain([throw])
                    .chain(again)
                    .collect();
                let mut counter = Counter::new(throws.clone(), 3, true);
                let state = counter.live();
                assert!(
                    matches!(state, State::Ended(Ending::Issued(_))),
                    "{throws:?}: {state:?}"
                );
                counter.check_books();
            }
        }
    }
}

#[test]
fn cancelling_a_parked_application_rejects_its_card() {
    // Parked because the operator says that no card is on the desk: throw 2 at that question, and cancel after it.
    let mut parked_with_card = 0;
    for position in 0..80 {
        let throws = std::iter::repeat_n(0, position).chain([2, 0, 0, 2]);
        let mut counter = Counter::new(throws, 3, true);
        let state = counter.live();
        if let State::Parked { .. } = state {
            match counter.run(Start::Cancel) {
                // Given up between the command to activate and a look at the chip.
                Ok(State::Ended(Ending::ActivationUnclear { .. })) => {}
                Ok(state) => assert_eq!(state, State::Ended(Ending::Cancelled)),
                // An active card cannot be cancelled: it waits for its owner.
                Err(RunError::Illegal(_)) => assert_eq!(counter.world.active(), 1),
                Err(other) => panic!("{other}"),
            }
            parked_with_card += counter
                .store
                .blank_totals()
                .unwrap()
                .rejected
                .values()
                .sum::<u64>();
            counter.check_books();
        }
    }
    assert!(parked_with_card > 0, "the sweep never parked with a card in hand");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_fails_and_whenever_it_dies_the_rules_hold(
        throws in prop::collection::vec(prop_oneof![6 => Just(0_u8), 4 => 1_u8..=9], 0..160),
        blanks in 0_usize..4,
        rightful in prop::bool::weighted(0.9),
    ) {
        let mut counter = Counter::new(throws, blanks, rightful);
        let state = counter.live();
        counter.check_truth();
        counter.check_books();
        // Nothing is stuck: with everything mended, a parked application goes on to its end.
        if let State::Parked { .. } = state {
            counter.world.cards.extend((0..2).map(|n| {
                let mut card = World::new(Dice::default(), 1, true).cards.remove(0);
                card.uid = CardUid::from_bytes(&[5, 0, 0, n]);
                card
            }));
            let ended = counter.run(Start::Resume).unwrap();
            prop_assert!(matches!(ended, State::Ended(_)), "{ended:?}");
            counter.check_truth();
            counter.check_books();
        }
    }
}

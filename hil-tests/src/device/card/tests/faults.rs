//! Every fault at every command: nothing half-written passes for whole, nothing hangs, nothing panics.

use std::sync::Arc;

use host_driver::card::{
    CardError, CardTransport, Chip, ChipCondition, DataGroup, LifeCycle, StatusWord, TransportError,
};
use proptest::{prelude::*, test_runner::RngSeed};

use super::{
    super::{CardCore, Direct, Fault, FaultKind},
    Shared, blank, chip, content, personalised, uid,
};

fn fault(card: &Shared, at: u32, kind: FaultKind) {
    card.lock().unwrap().arm([Fault { at, kind }]);
}

/// Commands that a blank sees while it is filled.
fn commands_of_a_personalisation() -> u32 {
    let card = blank();
    let mut chip = chip(&card);
    chip.personalise(content(), |_| ()).unwrap();
    chip.traffic().commands
}

#[test]
fn a_card_removed_at_any_command_is_never_taken_for_finished() {
    for at in 1..=commands_of_a_personalisation() {
        for kind in [
            FaultKind::RemovedBefore,
            FaultKind::RemovedAfter,
            FaultKind::Torn { bytes: 1 },
        ] {
            let card = blank();
            fault(&card, at, kind.clone());
            let error = chip(&card).personalise(content(), |_| ()).unwrap_err();
            assert!(
                matches!(
                    error,
                    CardError::Transport {
                        source: TransportError::CardRemoved,
                        ..
                    }
                ),
                "{error}"
            );

            // Put back, the chip tells what it is, and what it says is true.
            let mut chip = chip(&card);
            match chip.inspect().unwrap().condition {
                ChipCondition::Blank => {
                    assert!(chip.personalise(content(), |_| ()).is_ok(), "{at} {kind:?}");
                }
                ChipCondition::Interrupted => assert!(chip.read_image(|_| ()).is_err(), "{at} {kind:?}"),
                ChipCondition::Personalised => {
                    assert_eq!(chip.read_back(|_| ()), Ok(content().clone()), "{at} {kind:?}");
                }
                other => panic!("{other} after {kind:?} at {at}"),
            }
        }
    }
}

#[test]
fn a_torn_write_shows_at_every_byte() {
    let control = content().encode().unwrap().get(DataGroup::CardControl).len();
    let writes = 1 + 2 * DataGroup::ALL.len() as u32;
    let first = commands_of_a_personalisation();
    for at in 1..=first {
        for bytes in [0, 1, 2, control, 500, 4000] {
            let card = blank();
            fault(&card, at, FaultKind::Torn { bytes });
            assert!(chip(&card).personalise(content(), |_| ()).is_err());
            let condition = chip(&card).inspect().unwrap().condition;
            let untouched = card.lock().unwrap().snapshot().files == CardCore::blank(uid()).snapshot().files;
            assert_eq!(
                condition == ChipCondition::Blank,
                untouched,
                "{bytes} bytes of command {at}"
            );
            let whole = chip(&card).read_back(|_| ()).is_ok_and(|read| read == *content());
            assert_eq!(
                condition == ChipCondition::Personalised,
                whole,
                "{bytes} bytes of command {at}"
            );
        }
    }
    assert!(first > writes);
}

#[test]
fn each_status_word_at_each_command_stops_the_work() {
    for at in 1..=commands_of_a_personalisation() {
        for &status in StatusWord::NAMED
            .iter()
            .filter(|status| **status != StatusWord::OK)
        {
            let card = blank();
            fault(&card, at, FaultKind::Status(status.0));
            match chip(&card).personalise(content(), |_| ()) {
                Err(error) => assert!(!error.to_string().is_empty()),
                // A warning of no consequence, or a fall-back to short commands: then the chip is right.
                Ok(_) => assert_eq!(
                    chip(&card).read_back(|_| ()),
                    Ok(content().clone()),
                    "{status} at {at}"
                ),
            }
        }
    }
}

#[test]
fn a_bad_memory_cell_is_found_by_reading_back() {
    for at in 1..=commands_of_a_personalisation() {
        for place in [0, 1, 77] {
            let card = blank();
            let healthy = {
                fault(
                    &card,
                    at,
                    FaultKind::BadCell {
                        at: place,
                        mask: 0x10,
                    },
                );
                let result = chip(&card).personalise(content(), |_| ());
                result.is_ok()
            };
            let whole = chip(&card).read_back(|_| ()).is_ok_and(|read| read == *content());
            assert!(
                !healthy || whole,
                "bad cell {place} in command {at} went unnoticed"
            );
        }
    }
}

#[test]
fn a_card_that_only_pretends_to_write_is_found() {
    for at in 1..=commands_of_a_personalisation() {
        let card = blank();
        fault(&card, at, FaultKind::Pretend);
        if chip(&card).personalise(content(), |_| ()).is_ok() {
            assert_eq!(
                chip(&card).read_back(|_| ()),
                Ok(content().clone()),
                "pretended command {at}"
            );
        }
    }
}

#[test]
fn an_activation_without_an_answer_is_unknown_and_looking_resolves_it() {
    for (kind, then) in [
        (FaultKind::RemovedBefore, ChipCondition::Personalised),
        (FaultKind::RemovedAfter, ChipCondition::Activated),
    ] {
        let card = personalised();
        // UID, SELECT DF, SELECT 6FF0, READ, ACTIVATE
        let mut chip_in_use = chip(&card);
        fault(&card, 5, kind);
        let error = chip_in_use.activate().unwrap_err();
        assert!(error.leaves_unknown(), "{error}");
        assert_eq!(chip(&card).inspect().unwrap().condition, then);
    }
}

#[test]
fn a_card_that_pretends_to_be_activated_is_found() {
    let card = personalised();
    let mut chip = chip(&card);
    fault(&card, 5, FaultKind::Pretend);
    assert_eq!(
        chip.activate(),
        Err(CardError::NotActivated(LifeCycle::Initialisation))
    );
}

#[test]
fn a_changed_uid_is_found() {
    struct Swapping(Direct, Shared, u32);
    impl CardTransport for Swapping {
        fn transmit(&mut self, apdu: &[u8], reply: &mut Vec<u8>) -> Result<(), TransportError> {
            self.2 += 1;
            if self.2 == 20 {
                self.1.lock().unwrap().set_uid("04FFFFFFFFFFFF".parse().unwrap());
            }
            self.0.transmit(apdu, reply)
        }
        fn atr(&self) -> &[u8] {
            self.0.atr()
        }
    }
    let card = blank();
    let mut chip = Chip::new(Swapping(Direct::insert(Arc::clone(&card)), card, 0));
    assert_eq!(chip.personalise(content(), |_| ()), Err(CardError::UidChanged));
}

fn seeded() -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(0x7816),
        cases: 300,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(seeded())]

    #[test]
    fn no_command_makes_the_card_panic(commands in proptest::collection::vec(
        prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..20),
            (prop_oneof![Just(0xA4u8), Just(0xB0), Just(0xD6), Just(0xC0), Just(0x44), Just(0xE6), Just(0x84)],
             proptest::collection::vec(any::<u8>(), 0..12)).prop_map(|(ins, rest)| [&[0, ins], rest.as_slice()].concat()),
            Just(vec![0, 0xA4, 0, 4, 2, 0x7F, 0x0A, 0]),
            (0xF0u8..0xF7).prop_map(|low| vec![0, 0xA4, 0, 4, 2, 0x6F, low, 0]),
        ], 0..30)) {
        let mut card = CardCore::blank(uid());
        for command in commands {
            let answer = card.process(&command).unwrap();
            prop_assert!(answer.len() >= 2);
        }
    }

    #[test]
    fn a_lying_card_neither_hangs_nor_passes(
        lies in proptest::collection::vec((1u32..60, any::<usize>(), 1u8..), 1..4),
    ) {
        let card = blank();
        card.lock().unwrap().arm(lies.into_iter().map(|(at, byte, mask)| Fault { at, kind: FaultKind::Lie { at: byte, mask } }));
        if chip(&card).personalise(content(), |_| ()).is_ok() {
            card.lock().unwrap().arm([]);
            prop_assert_eq!(chip(&card).read_back(|_| ()), Ok(content().clone()));
        }
    }

    #[test]
    fn arbitrary_answers_neither_hang_nor_pass(
        answers in proptest::collection::vec((1u32..60, prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..300),
            Just(vec![0x61, 0x00]),
            Just(vec![0x6C, 0x01]),
            Just(vec![0x00, 0x00, 0x61, 0xFF]),
            Just(vec![0xFF; 5000]),
        ]), 1..6),
    ) {
        let card = blank();
        card.lock().unwrap().arm(answers.into_iter().map(|(at, bytes)| Fault { at, kind: FaultKind::Answer(bytes) }));
        let mut in_use = chip(&card);
        let passed = in_use.personalise(content(), |_| ()).is_ok();
        prop_assert!(in_use.traffic().commands < 400);
        if passed {
            card.lock().unwrap().arm([]);
            prop_assert_eq!(chip(&card).read_back(|_| ()), Ok(content().clone()));
        }
    }
}

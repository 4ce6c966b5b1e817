//! The machine alone: transcripts of events, and what no sequence of events can bring about.

use super::*;
use crate::office::record::FingerPosition;
use crate::office::words::Words;
use proptest::prelude::*;

fn words() -> Words {
    Words::technical("test")
}

fn uid() -> CardUid {
    CardUid::from_bytes(&[4, 1, 2, 3])
}

fn begin() -> Event {
    Event::Begin {
        fingers: vec![FingerPosition::RightIndex, FingerPosition::LeftIndex],
    }
}

fn matched() -> Event {
    Event::Compared(Comparison::Match {
        finger: FingerPosition::RightIndex,
        score: 99,
    })
}

fn no_match() -> Event {
    Event::Compared(Comparison::NoMatch { score: 9 })
}

fn cannot_tell() -> Event {
    Event::Compared(Comparison::CannotTell { reason: words() })
}

fn found(place: CardPlace) -> Event {
    Event::Found(PrinterView { place, fault: None })
}

fn on_desk(activated: bool, intact: bool) -> Event {
    Event::DeskRead(DeskReading::Card {
        uid: uid(),
        activated,
        intact,
    })
}

/// The happy way, event by event.
fn happy() -> Vec<Event> {
    vec![
        begin(),
        matched(),
        found(CardPlace::Nowhere),
        Event::Fed(Outcome::Done),
        Event::BlankRead(BlankReading::Blank { uid: uid() }),
        Event::Personalised(Outcome::Done),
        Event::Counted { panels: Some(10) },
        Event::Printed(PrintOutcome::Done),
        Event::Ejected(Outcome::Done),
        Event::Answered(Answer::Yes),
        Event::Answered(Answer::Yes),
        on_desk(false, true),
        matched(),
        Event::Activated(Outcome::Done),
        on_desk(true, true),
        Event::Answered(Answer::Yes),
    ]
}

/// Where the first `count` events of the happy way lead, followed by `more`; and what the last step asked for.
fn after(count: usize, more: impl IntoIterator<Item = Event>) -> (State, Vec<Effect>) {
    let events = happy().into_iter().take(count).chain(more);
    events.fold((State::New, Vec::new()), |(state, _), event| {
        step(state, event).unwrap()
    })
}

fn names(count: usize, more: impl IntoIterator<Item = Event>) -> &'static str {
    after(count, more).0.name()
}

#[test]
fn the_happy_way_ends_issued() {
    let (state, effects) = after(16, []);
    assert!(matches!(
        state,
        State::Ended(Ending::Issued(IssuedCard {
            test_score: 99,
            owner_score: 99,
            ..
        }))
    ));
    assert_eq!(effects, [Effect::Note(Note::CardHandedOver)]);
}

#[test]
fn four_times_no_match_ends_it_and_no_blank_is_touched() {
    let (state, effects) = after(1, [no_match(), no_match(), no_match(), no_match()]);
    assert_eq!(
        state,
        State::Ended(Ending::NotMatched {
            against: Against::Record
        })
    );
    assert_eq!(effects, []);
}

#[test]
fn the_other_finger_is_asked_for_after_two_tries() {
    let asked = |count| match after(1, std::iter::repeat_n(no_match(), count)).0.act() {
        Some(Act::CompareRecord { finger, attempt }) => (finger, attempt),
        other => panic!("{other:?}"),
    };
    let (right, left) = (FingerPosition::RightIndex, FingerPosition::LeftIndex);
    assert_eq!(
        [0, 1, 2, 3].map(asked),
        [(right, 1), (right, 2), (left, 3), (left, 4)]
    );
}

#[test]
fn an_unreadable_finger_uses_up_no_try() {
    let (state, _) = after(1, [cannot_tell(), cannot_tell(), cannot_tell()]);
    assert!(matches!(state.act(), Some(Act::CompareRecord { attempt: 1, .. })));
    // After four of them the operator is asked, so that it does not go on for ever.
    assert_eq!(names(1, std::iter::repeat_n(cannot_tell(), 4)), "paused");
}

#[test]
fn a_test_that_was_interrupted_four_times_says_nothing_about_the_person() {
    let interrupted = [Event::Restarted { begun: true }, Event::Answered(Answer::Retry)];
    let events = std::iter::repeat_n(interrupted, 3)
        .flatten()
        .chain([Event::Restarted { begun: true }]);
    assert_eq!(after(1, events).0, State::Ended(Ending::Inconclusive));
}

#[test]
fn after_a_crash_what_was_begun_is_looked_at() {
    let restarted = |count| names(count, [Event::Restarted { begun: true }]);
    assert_eq!(restarted(3), "finding_fed");
    assert_eq!(restarted(5), "inspecting_chip");
    assert_eq!(restarted(7), "inspecting_print");
    assert_eq!(restarted(8), "finding_ejected");
    assert_eq!(restarted(13), "reading_back");
}

#[test]
fn after_a_crash_what_was_not_begun_is_begun() {
    for count in [5, 7, 8] {
        let (before, _) = after(count, []);
        assert_eq!(after(count, [Event::Restarted { begun: false }]).0, before);
    }
}

#[test]
fn a_print_that_was_not_counted_is_rejected_and_not_repeated() {
    let unknown = Event::Printed(PrintOutcome::Unknown { detail: words() });
    let (state, _) = after(7, [unknown.clone(), Event::Counted { panels: Some(10) }]);
    assert!(matches!(
        state,
        State::Rejecting {
            reason: RejectReason::GagalCetak,
            ..
        }
    ));
    assert_eq!(
        names(7, [unknown.clone(), Event::Counted { panels: Some(15) }]),
        "ejecting"
    );
    // Without a counter the operator's eye decides.
    assert_eq!(names(7, [unknown, Event::Counted { panels: None }]), "ejecting");
}

#[test]
fn a_ribbon_that_ends_before_the_print_costs_no_blank() {
    let refused = Event::Printed(PrintOutcome::Refused { detail: words() });
    assert_eq!(names(7, [refused, Event::Answered(Answer::Retry)]), "counting");
}

#[test]
fn another_card_on_the_desk_is_never_activated() {
    let other = CardUid::from_bytes(&[9, 9, 9, 9]);
    let reading = DeskReading::Card {
        uid: other,
        activated: false,
        intact: true,
    };
    assert_eq!(names(11, [Event::DeskRead(reading)]), "paused");
}

#[test]
fn a_finger_that_does_not_match_the_chip_sends_the_card_back() {
    let (state, effects) = after(12, std::iter::repeat_n(no_match(), 4));
    assert_eq!(
        state,
        State::Ended(Ending::NotMatched {
            against: Against::Chip
        })
    );
    assert_eq!(
        effects,
        [Effect::Note(Note::BlankRejected {
            reason: RejectReason::GagalEncode,
            by_hand: true
        })]
    );
}

#[test]
fn an_active_card_cannot_be_cancelled() {
    let (state, _) = after(15, []);
    assert_eq!(
        step(state, Event::Cancel),
        Err(Illegal {
            state: "handing_over",
            event: "cancel"
        })
    );
}

#[test]
fn a_rejected_card_that_nobody_saw_go_is_looked_for_by_the_operator() {
    // Ejected, the program dies before it knows, the operator cancels, and the program dies again while it rejects what is not there
    // any more. (Found by the model of all interleavings with two faults.)
    let (state, _) = after(8, [Event::Restarted { begun: true }, Event::Cancel]);
    assert_eq!(state.name(), "rejecting");
    let (state, _) = step(state, Event::Restarted { begun: true }).unwrap();
    let (_, effects) = step(state, found(CardPlace::Nowhere)).unwrap();
    let by_hand = Effect::Note(Note::BlankRejected {
        reason: RejectReason::GagalCetak,
        by_hand: true,
    });
    assert!(effects.contains(&by_hand), "{effects:?}");
}

#[test]
fn a_card_that_the_printer_could_not_reject_because_it_was_out_already_goes_into_the_reject_box() {
    // The eject was not seen to end, the operator stops, and the printer has no card to reject.
    let lost = [
        Event::Ejected(Outcome::Unknown { detail: words() }),
        found(CardPlace::CannotTell),
        Event::Answered(Answer::Cancel),
        Event::Rejected(Outcome::Failed { detail: words() }),
        found(CardPlace::Nowhere),
    ];
    let by_hand = |effects: Vec<Effect>| match effects.as_slice() {
        [Effect::Note(Note::BlankRejected { by_hand, .. }), ..] => *by_hand,
        other => panic!("{other:?}"),
    };
    assert!(by_hand(after(8, lost).1), "it lies in the output tray");
    let unseen = [
        Event::Personalised(Outcome::Failed { detail: words() }),
        Event::Rejected(Outcome::Unknown { detail: words() }),
        found(CardPlace::Nowhere),
    ];
    assert!(by_hand(after(5, unseen).1), "nobody saw where it went");
    let seen = [
        Event::Personalised(Outcome::Failed { detail: words() }),
        Event::Rejected(Outcome::Done),
    ];
    assert!(!by_hand(after(5, seen).1), "the printer has moved it");
}

#[test]
fn a_finger_from_before_a_crash_activates_nothing() {
    let not_active = [on_desk(false, true), Event::Restarted { begun: true }];
    assert_eq!(names(14, not_active), "placing");
}

#[test]
fn a_chip_that_may_be_active_waits_until_somebody_looks_again() {
    // The card slipped off the reader while it was activated, and the operator stops for now.
    let stopped = [
        Event::DeskRead(DeskReading::NoCard),
        Event::Answered(Answer::Cancel),
    ];
    let (state, effects) = after(14, stopped.clone());
    assert_eq!((state.name(), effects), ("parked", vec![]));
    let seen = stopped
        .clone()
        .into_iter()
        .chain([Event::Resume, on_desk(true, true)]);
    assert_eq!(names(14, seen), "handing_over");
    // Only who ends it for good, after it was looked at in vain, gives the card up.
    let ended = stopped.into_iter().chain([Event::Cancel]);
    assert_eq!(
        after(14, ended).0,
        State::Ended(Ending::ActivationUnclear { uid: uid() })
    );
    assert!(step(after(14, []).0, Event::Cancel).is_err());
}

#[test]
fn an_applicant_who_went_home_gets_the_card_later() {
    let later = [
        Event::Answered(Answer::No),
        Event::Resume,
        Event::Answered(Answer::Yes),
    ];
    assert!(matches!(after(15, later).0, State::Ended(Ending::Issued(_))));
}

#[test]
fn an_event_out_of_place_is_refused_by_name() {
    let refused = step(State::New, Event::Fed(Outcome::Done)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "event `fed` cannot happen in state `new`; the application is left as it is"
    );
}

#[test]
fn events_survive_the_journal() {
    for event in happy() {
        let row = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&row).unwrap(), event, "{row}");
    }
}

/// Any event at all, whether it fits or not.
fn any_event() -> impl Strategy<Value = Event> {
    let outcome = prop_oneof![
        Just(Outcome::Done),
        Just(Outcome::Failed { detail: words() }),
        Just(Outcome::Unknown { detail: words() }),
    ];
    let place = prop_oneof![
        Just(CardPlace::Nowhere),
        Just(CardPlace::Contactless),
        Just(CardPlace::Elsewhere),
        Just(CardPlace::CannotTell),
    ];
    let answer = prop_oneof![
        3 => Just(Answer::Yes),
        1 => Just(Answer::No),
        3 => Just(Answer::Retry),
        1 => Just(Answer::Cancel),
        1 => Just(Answer::Gone),
    ];
    let view = (place, any::<bool>()).prop_map(|(place, faulty)| PrinterView {
        place,
        fault: faulty.then(words),
    });
    prop_oneof![
        Just(begin()),
        Just(Event::Resume),
        Just(Event::Cancel),
        any::<bool>().prop_map(|begun| Event::Restarted { begun }),
        Just(matched()),
        Just(no_match()),
        Just(cannot_tell()),
        Just(Event::Compared(Comparison::NotPlaced)),
        view.prop_map(Event::Found),
        outcome.clone().prop_map(Event::Fed),
        Just(Event::BlankRead(BlankReading::Blank { uid: uid() })),
        Just(Event::BlankRead(BlankReading::Unreadable { detail: words() })),
        outcome.clone().prop_map(Event::Personalised),
        Just(Event::ChipInspected(ChipReading::Complete)),
        Just(Event::ChipInspected(ChipReading::Untouched)),
        Just(Event::ChipInspected(ChipReading::Spoilt { detail: words() })),
        (0..20_u32).prop_map(|panels| Event::Counted { panels: Some(panels) }),
        Just(Event::Printed(PrintOutcome::Done)),
        Just(Event::Printed(PrintOutcome::Unknown { detail: words() })),
        outcome.clone().prop_map(Event::Ejected),
        outcome.clone().prop_map(Event::Rejected),
        (any::<bool>(), any::<bool>()).prop_map(|(activated, intact)| on_desk(activated, intact)),
        outcome.prop_map(Event::Activated),
        answer.prop_map(Event::Answered),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// The happy way as far as it goes, then anything: events that do not fit are refused and change nothing.
    #[test]
    fn no_sequence_of_events_breaks_the_books(
        start in 0_usize..16,
        events in prop::collection::vec(any_event(), 0..200),
    ) {
        let mut state = State::New;
        let (mut matches, mut under_way, mut active, mut ended) = (0, 0_i32, 0, false);
        for event in happy().into_iter().take(start).chain(events) {
            let Ok((next, effects)) = step(state.clone(), event.clone()) else { continue };
            prop_assert!(!ended || next == state, "something follows the end");
            matches += u32::from(matches!(event, Event::Compared(Comparison::Match { .. })));
            for effect in effects {
                match effect {
                    Effect::Note(Note::BlankTaken) => under_way += 1,
                    Effect::Note(Note::BlankRejected { .. } | Note::CardHandedOver) => under_way -= 1,
                    Effect::Note(Note::CardActivated) => active += 1,
                    Effect::Do(Act::Feed) => prop_assert!(matches >= 1, "a blank before the test was passed"),
                    Effect::Do(Act::Activate { .. }) => prop_assert!(matches >= 2, "activation without the owner"),
                    Effect::Note(_) | Effect::Do(_) => {}
                }
                prop_assert!((0..=1).contains(&under_way), "{under_way} blanks under way");
                prop_assert!(active <= 1, "two active cards");
            }
            ended = matches!(next, State::Ended(_));
            prop_assert!(!ended || under_way == 0, "ended with a blank under way");
            state = next;
        }
    }
}

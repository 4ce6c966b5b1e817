//! Keys, lists, languages, and news on the screen.

use super::bench::{Bench, PRESS, granted, id, number, out, printer};
use super::office::configuration;
use super::paper::READY;
use crate::drivers::escpos::Outcome;
use crate::drivers::escpos::status::Paper;
use crate::kiosk::model::{Action, Event, Key, Language, PaperProgress, View};
use protocol::message::{Called, Configure, Refusal};

fn selected(kiosk: &Bench) -> Option<(usize, bool)> {
    match kiosk.view() {
        View::Services {
            selected, priority, ..
        } => Some((selected, priority)),
        _ => None,
    }
}

fn requested(kiosk: &Bench) -> Option<(u8, bool)> {
    kiosk.did.iter().find_map(|action| match action {
        Action::RequestTicket(request) => Some((request.service, request.priority)),
        _ => None,
    })
}

#[test]
fn down_chooses_the_second_service_and_no_further() {
    let mut kiosk = Bench::open();
    kiosk.press(Key::Down);
    kiosk.press(Key::Down);
    assert_eq!(selected(&kiosk), Some((1, false)));
    kiosk.press(Key::Select);
    kiosk.on(printer(READY));
    assert_eq!(requested(&kiosk), Some((9, false)));
}

#[test]
fn left_shows_the_list_for_those_who_have_priority_and_leaves_it() {
    let mut kiosk = Bench::open();
    kiosk.press(Key::Left);
    assert_eq!(selected(&kiosk), Some((0, true)));
    kiosk.press(Key::Left);
    assert_eq!(selected(&kiosk), Some((0, false)));
    kiosk.press(Key::Left);
    kiosk.press(Key::Select);
    kiosk.on(printer(READY));
    assert_eq!(requested(&kiosk), Some((7, true)));
    // The next resident begins with the ordinary list.
    kiosk.grant(PRESS);
    kiosk.on(out(Outcome::Printed));
    kiosk.pass(5_000_000);
    assert_eq!(selected(&kiosk), Some((0, false)));
}

#[test]
fn an_office_without_priority_shows_no_such_list() {
    let mut kiosk = Bench::open();
    kiosk.asked(
        &Configure {
            priority: false,
            ..configuration()
        }
        .into(),
    );
    kiosk.press(Key::Left);
    assert_eq!(selected(&kiosk), Some((0, false)));
    assert!(matches!(
        kiosk.view(),
        View::Services {
            priority_offered: false,
            ..
        }
    ));
}

#[test]
fn right_changes_the_language_until_the_resident_has_the_ticket() {
    let mut kiosk = Bench::open();
    kiosk.press(Key::Right);
    assert_eq!(kiosk.model.language(), Language::English);
    kiosk.press(Key::Select);
    kiosk.on(printer(READY));
    kiosk.grant(PRESS);
    kiosk.on(out(Outcome::Printed));
    assert_eq!(kiosk.model.language(), Language::English);
    kiosk.pass(5_000_000);
    assert_eq!(kiosk.model.language(), Language::Indonesian);
}

#[test]
fn a_resident_who_walks_away_leaves_nothing_behind() {
    let mut kiosk = Bench::open();
    for key in [Key::Down, Key::Left, Key::Right] {
        kiosk.press(key);
    }
    kiosk.pass(19_000_000);
    assert_eq!(selected(&kiosk), Some((1, true)));
    kiosk.pass(1_000_000);
    assert_eq!(selected(&kiosk), Some((0, false)));
    assert_eq!(kiosk.model.language(), Language::Indonesian);
}

#[test]
fn of_two_buttons_at_once_one_counts() {
    let mut kiosk = Bench::open();
    kiosk.press(Key::Down);
    // 1 ms later.
    assert_eq!(kiosk.on(Event::Pressed(Key::Select)), []);
    assert_eq!(selected(&kiosk), Some((1, false)));
    // The same the other way round: the number is for the service that was shown as chosen.
    kiosk.press(Key::Select);
    kiosk.on(Event::Pressed(Key::Up));
    kiosk.on(printer(READY));
    assert_eq!(requested(&kiosk), Some((9, false)));
}

#[test]
fn pressing_again_while_waiting_takes_no_second_number() {
    let mut kiosk = Bench::asking();
    for key in [Key::Select, Key::Select, Key::Up] {
        assert_eq!(kiosk.press(key), []);
    }
    kiosk.grant(PRESS);
    assert_eq!(kiosk.press(Key::Select), []);
    kiosk.on(out(Outcome::Printed));
    // Whoever hammers on the button has not read the number yet.
    for _ in 0..8 {
        kiosk.now += 300_000;
        kiosk.on(Event::Pressed(Key::Select));
    }
    assert_eq!(kiosk.view(), number(PaperProgress::Printed));
    // Who presses once puts it away, and takes no second one.
    assert_eq!(kiosk.press(Key::Select), []);
    assert!(kiosk.shows_services());
}

#[test]
fn keys_that_nobody_sees_the_effect_of_have_none() {
    let mut kiosk = Bench::open();
    kiosk.asked(
        &Configure {
            tickets_open: false,
            ..configuration()
        }
        .into(),
    );
    assert_eq!(kiosk.view(), View::Closed);
    kiosk.press(Key::Down);
    assert_eq!(kiosk.press(Key::Select), []);
    kiosk.asked(&configuration().into());
    assert_eq!(selected(&kiosk), Some((0, false)));
}

#[test]
fn paper_that_ends_soon_is_shown_but_keeps_nobody_waiting() {
    let mut kiosk = Bench::open();
    let near_end = crate::drivers::escpos::Status {
        paper: Paper::NearEnd,
        ..READY
    };
    kiosk.on(printer(near_end));
    assert!(matches!(kiosk.view(), View::Services { low_paper: true, .. }));
    kiosk.press(Key::Select);
    kiosk.on(printer(near_end));
    assert!(requested(&kiosk).is_some());
}

fn call(number: u16) -> Called {
    Called {
        prefix: b'A',
        number,
        counter: 2,
    }
}

fn called(number: u16) -> View {
    View::Called {
        prefix: b'A',
        number,
        counter: 2,
    }
}

#[test]
fn a_called_number_is_shown_and_goes_by_itself_or_at_a_press() {
    let mut kiosk = Bench::open();
    kiosk.asked(&call(3).into());
    assert_eq!(kiosk.view(), called(3));
    kiosk.pass(8_000_000);
    assert!(kiosk.shows_services());
    kiosk.asked(&call(4).into());
    kiosk.press(Key::Down);
    assert_eq!(selected(&kiosk), Some((1, false)));
}

#[test]
fn a_call_waits_while_another_resident_reads_a_number_but_not_the_callers_own() {
    let mut kiosk = Bench::printing();
    kiosk.on(out(Outcome::Printed));
    kiosk.asked(&call(3).into());
    assert_eq!(kiosk.view(), number(PaperProgress::Printed));
    kiosk.asked(&call(granted(PRESS).number).into());
    assert_eq!(kiosk.view(), called(12));
}

#[test]
fn a_configuration_without_services_is_refused() {
    let mut kiosk = Bench::new();
    let empty = Configure {
        services: heapless::Vec::new(),
        ..configuration()
    };
    assert_eq!(
        kiosk.asked(&empty.into())[0],
        Action::Refuse(id(), Refusal::NotPossible)
    );
    assert_eq!(kiosk.view(), View::Starting);
}

#[test]
fn a_kiosk_that_nobody_configures_does_not_ask_for_patience_for_ever() {
    let mut kiosk = Bench::new();
    assert_eq!(kiosk.view(), View::Starting);
    kiosk.pass(4_000_000);
    assert_eq!(kiosk.view(), View::Offline);
}

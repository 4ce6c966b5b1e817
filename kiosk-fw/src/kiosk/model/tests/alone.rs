//! Without the host: numbers of the loan, the day, the time.

use super::bench::{BOOT, Bench, PRESS, clock, id, lend, out, printer};
use super::office::MORNING;
use super::paper::READY;
use crate::drivers::escpos::Outcome;
use crate::journal::StoreError;
use crate::kiosk::model::{Action, Event, Key, Sorry, View};
use crate::kiosk::record::Ticket;
use protocol::message::{Accepted, LendNumbers, PrintOutcome, Refusal, TicketTaken};

/// The resident presses, the ticket comes out, the next one stands there.
fn take(kiosk: &mut Bench) -> Ticket {
    kiosk.press(Key::Select);
    kiosk.on(printer(READY));
    assert!(kiosk.prints(), "{:?}", kiosk.view());
    let (_, ticket) = kiosk.model.ticket().unwrap();
    kiosk.on(out(Outcome::Printed));
    kiosk.pass(5_000_000);
    ticket
}

/// What the host is told, if it accepts everything.
fn tells(kiosk: &mut Bench) -> Vec<Action> {
    let mut told = Vec::new();
    kiosk.on(Event::LinkUp);
    loop {
        let is_telling = |action: &Action| matches!(action, Action::TellTaken(_) | Action::TellPrinted(_));
        let Some(tell) = kiosk.did.iter().find(|action| is_telling(action)).cloned() else {
            return told;
        };
        told.push(tell);
        kiosk.on(Event::TellAnswer(Ok(&Accepted {}.into())));
    }
}

#[test]
fn without_a_host_numbers_come_from_the_loan_until_it_is_used_up() {
    let mut kiosk = Bench::open_with_loan();
    kiosk.host_goes();
    assert!(matches!(kiosk.view(), View::Services { alone: true, .. }));
    let numbers = [take(&mut kiosk), take(&mut kiosk)].map(|ticket| (ticket.number, ticket.id, ticket.lent));
    assert_eq!(numbers, [(100, 1_100, true), (101, 1_101, true)]);
    assert_eq!(kiosk.view(), View::Sorry(Sorry::NoNumbers));
    assert_eq!(kiosk.press(Key::Select), []);
}

#[test]
fn a_service_without_numbers_in_the_loan_is_refused_while_others_are_served() {
    let mut kiosk = Bench::open_with_loan();
    kiosk.host_goes();
    kiosk.press(Key::Down);
    kiosk.press(Key::Select);
    assert_eq!(kiosk.view(), View::Sorry(Sorry::NoNumbers));
}

#[test]
fn the_host_is_told_in_order_when_it_is_back() {
    let mut kiosk = Bench::open_with_loan();
    kiosk.host_goes();
    take(&mut kiosk);
    take(&mut kiosk);
    let said: Vec<_> = tells(&mut kiosk)
        .into_iter()
        .map(|tell| match tell {
            Action::TellTaken(taken) => (taken.press, Some(taken.number), None),
            Action::TellPrinted(printed) => (printed.press, None, Some(printed.outcome)),
            _ => unreachable!(),
        })
        .collect();
    let printed = Some(PrintOutcome::Printed);
    assert_eq!(
        said,
        [
            (PRESS, Some(100), None),
            (PRESS, None, printed),
            (PRESS + 1, Some(101), None),
            (PRESS + 1, None, printed)
        ]
    );
    assert_eq!(kiosk.popped, kiosk.records.len());
}

#[test]
fn without_a_loan_nobody_is_served_while_the_host_is_away() {
    let mut kiosk = Bench::open();
    kiosk.host_goes();
    assert_eq!(kiosk.view(), View::Offline);
    assert_eq!(kiosk.press(Key::Select), []);
}

#[test]
fn a_host_that_is_away_for_a_moment_is_waited_for() {
    let mut kiosk = Bench::open_with_loan();
    kiosk.on(Event::LinkDown);
    kiosk.pass(500_000);
    assert_eq!(kiosk.view(), View::PleaseWait);
    assert_eq!(kiosk.on(Event::Pressed(Key::Select)), []);
    kiosk.on(Event::LinkUp);
    assert!(matches!(kiosk.view(), View::Services { alone: false, .. }));
}

#[test]
fn a_host_that_falls_silent_after_it_was_asked_has_its_press_ended_before_the_loan_gives_another() {
    let mut kiosk = Bench::open_with_loan();
    kiosk.press(Key::Select);
    kiosk.on(printer(READY));
    kiosk.host_goes();
    assert!(kiosk.prints());
    let (flight, ticket) = kiosk.model.ticket().unwrap();
    assert_eq!((flight.press, ticket.number), (PRESS + 1, 100));
    // Whatever the host gave for the first press is not printed.
    assert_eq!(kiosk.grant(PRESS), []);
    kiosk.on(out(Outcome::Printed));
    let told = tells(&mut kiosk);
    assert!(
        matches!(&told[0], Action::TellPrinted(ended) if ended.press == PRESS
            && ended.ticket_id == 0 && ended.outcome == PrintOutcome::NotPrinted)
    );
    assert!(matches!(&told[1], Action::TellTaken(TicketTaken { press, .. }) if *press == PRESS + 1));
    assert!(matches!(&told[2], Action::TellPrinted(printed) if printed.press == PRESS + 1));
}

#[test]
fn a_host_that_is_there_but_does_not_answer_is_given_eight_seconds() {
    let mut kiosk = Bench::open_with_loan();
    kiosk.press(Key::Select);
    kiosk.on(printer(READY));
    kiosk.pass(7_900_000);
    assert!(!kiosk.prints());
    kiosk.pass(200_000);
    assert!(kiosk.prints());
}

#[test]
fn a_loan_is_accepted_when_it_is_durable() {
    let mut kiosk = Bench::open();
    let records = kiosk.records.len();
    assert_eq!(kiosk.asked(&lend(1, 100).into()), [Action::Accept(id())]);
    assert_eq!(kiosk.records.len(), records + 1);
    let mut broken = Bench::open();
    broken.storage = Err(StoreError::Failed);
    assert_eq!(broken.asked(&lend(1, 100).into()), []);
    broken.storage = Ok(());
    broken.pass(2_000_000);
    assert!(broken.did(&Action::Accept(id())));
}

#[test]
fn a_loan_that_is_repeated_does_not_give_its_numbers_again() {
    let mut kiosk = Bench::open_with_loan();
    kiosk.host_goes();
    take(&mut kiosk);
    kiosk.on(Event::LinkUp);
    assert!(kiosk.asked(&lend(1, 100).into()).contains(&Action::Accept(id())));
    kiosk.host_goes();
    assert_eq!(take(&mut kiosk).number, 101);
}

#[test]
fn a_loan_gives_way_to_a_newer_one_and_to_no_older_one() {
    let mut kiosk = Bench::open_with_loan();
    assert_eq!(kiosk.asked(&lend(2, 200).into()), [Action::Accept(id())]);
    let refused = [Action::Refuse(id(), Refusal::NotPossible)];
    assert_eq!(kiosk.asked(&lend(1, 100).into()), refused);
    assert_eq!(kiosk.asked(&lend(2, 300).into()), refused);
    kiosk.host_goes();
    assert_eq!(take(&mut kiosk).number, 200);
}

#[test]
fn a_loan_that_makes_no_sense_is_refused() {
    let mut kiosk = Bench::open();
    let refused = [Action::Refuse(id(), Refusal::NotPossible)];
    assert_eq!(kiosk.asked(&lend(1, 999).into()), refused);
    let yesterday = LendNumbers {
        day: lend(1, 1).day - 1,
        ..lend(1, 1)
    };
    assert_eq!(kiosk.asked(&yesterday.into()), refused);
}

#[test]
fn numbers_go_on_where_they_were_after_the_power_was_gone() {
    let mut kiosk = Bench::open_with_loan();
    kiosk.host_goes();
    take(&mut kiosk);
    let mut kiosk = kiosk.restarted();
    kiosk.on(printer(READY));
    kiosk.pass(3_100_000);
    assert!(matches!(kiosk.view(), View::Services { alone: true, .. }));
    let ticket = take(&mut kiosk);
    assert_eq!(ticket.number, 101);
    // Nobody has said what time it is.
    assert_eq!((ticket.issued, ticket.ahead), (None, None));
    let told = tells(&mut kiosk);
    let taken = told.iter().find_map(|tell| match tell {
        Action::TellTaken(taken) if taken.number == 101 => Some(taken.clone()),
        _ => None,
    });
    assert_eq!(taken.map(|taken| taken.taken_unix), Some(0));
}

#[test]
fn a_ticket_of_the_loan_carries_the_time_that_the_host_once_said() {
    let mut kiosk = Bench::open_with_loan();
    kiosk.host_goes();
    let ticket = take(&mut kiosk);
    let (unix, offset) = ticket.issued.unwrap();
    assert!((MORNING..MORNING + 60).contains(&unix) && offset == 420);
}

#[test]
fn at_midnight_the_loan_is_over_for_good() {
    let mut kiosk = Bench::open_with_loan();
    // A quarter to midnight.
    kiosk.asked(&clock(15 * 3_600 + 2_700).into());
    kiosk.host_goes();
    assert!(kiosk.shows_services());
    kiosk.pass(910_000_000);
    assert_eq!(kiosk.view(), View::Offline);
    // Even for a kiosk that does not know the day.
    let mut kiosk = kiosk.restarted();
    kiosk.on(printer(READY));
    kiosk.pass(4_000_000);
    assert_eq!(kiosk.view(), View::Offline);
}

#[test]
fn a_clock_that_is_set_back_across_midnight_does_not_bring_the_day_back() {
    let mut kiosk = Bench::open();
    kiosk.asked(&clock(16 * 3_600 + 10).into());
    kiosk.asked(&clock(16 * 3_600 - 60).into());
    let refused = [Action::Refuse(id(), Refusal::NotPossible)];
    assert_eq!(kiosk.asked(&lend(1, 1).into()), refused);
    let today = LendNumbers {
        day: lend(1, 1).day + 1,
        ..lend(1, 1)
    };
    assert_eq!(kiosk.asked(&today.into()), [Action::Accept(id())]);
    kiosk.host_goes();
    assert!(kiosk.shows_services());
}

#[test]
fn presses_of_two_starts_never_have_the_same_number_even_if_the_starts_do() {
    let mut kiosk = Bench::open_with_loan();
    kiosk.host_goes();
    take(&mut kiosk);
    let mut kiosk = kiosk.restarted();
    kiosk.on(printer(READY));
    kiosk.pass(4_000_000);
    kiosk.press(Key::Select);
    kiosk.on(printer(READY));
    let press = kiosk.model.flight().unwrap().press;
    assert_eq!(press, u64::from(BOOT) << 32 | 2);
}

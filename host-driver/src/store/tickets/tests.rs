//! Numbers, estimates and papers.

use super::testing::{press, report};
use super::*;

const NOW: Moment = Moment::from_millis(1_000_000);

#[test]
fn the_same_press_gets_the_same_number() {
    let mut store = Store::in_memory().unwrap();
    let first = store
        .allocate_ticket(&press(u64::MAX, "2026-01-01"), NOW)
        .unwrap();
    let other = store.allocate_ticket(&press(2, "2026-01-01"), NOW).unwrap();
    let again = store
        .allocate_ticket(&press(u64::MAX, "2026-01-01"), NOW)
        .unwrap();
    assert_eq!(first, again);
    assert_eq!((first.label().as_str(), other.label().as_str()), ("A001", "A002"));
    assert_eq!((other.people_before, other.wait_minutes), (1, 13));
}

#[test]
fn numbers_begin_again_each_day() {
    let mut store = Store::in_memory().unwrap();
    store.allocate_ticket(&press(1, "2026-01-01"), NOW).unwrap();
    assert_eq!(
        store
            .allocate_ticket(&press(2, "2026-01-02"), NOW)
            .unwrap()
            .number,
        1
    );
}

#[test]
fn after_the_last_number_the_press_is_refused_and_nothing_is_kept() {
    let mut store = Store::in_memory().unwrap();
    for n in 1..=899 {
        store.allocate_ticket(&press(n, "2026-01-01"), NOW).unwrap();
    }
    let refused = store.allocate_ticket(&press(5000, "2026-01-01"), NOW);
    assert!(matches!(refused, Err(StoreError::NumbersUsedUp)));
    assert_eq!(store.tickets_of("2026-01-01").unwrap().len(), 899);
}

#[test]
fn the_estimate_honours_priority_and_counts_every_service() {
    let mut store = Store::in_memory().unwrap();
    for n in 1..=4 {
        let mut pressed = press(n, "d");
        (pressed.service, pressed.prefix) = (n as u8 % 2, if n % 2 == 0 { 'A' } else { 'B' });
        store.allocate_ticket(&pressed, NOW).unwrap();
    }
    let mut elderly = press(5, "d");
    elderly.priority = true;
    assert_eq!(store.allocate_ticket(&elderly, NOW).unwrap().people_before, 0);
    let last = store.allocate_ticket(&press(6, "d"), NOW).unwrap();
    assert_eq!((last.people_before, last.wait_minutes), (5, 65));
}

#[test]
fn better_knowledge_replaces_a_doubt_and_never_the_other_way() {
    use Paper::{NotPrinted, Printed, Unknown};
    let said = |words: &[Paper]| {
        let mut store = Store::in_memory().unwrap();
        store.allocate_ticket(&press(1, "d"), NOW).unwrap();
        for paper in words {
            report(&mut store, 1, *paper);
        }
        let ticket = store.ticket(1).unwrap().unwrap();
        assert_eq!(ticket.paper.map(Paper::state), Some(ticket.state));
        ticket.state
    };
    assert_eq!(said(&[Unknown, Printed]), TicketState::Printed);
    assert_eq!(said(&[Unknown, NotPrinted]), TicketState::NotPrinted);
    assert_eq!(said(&[NotPrinted, Printed]), TicketState::Printed);
    assert_eq!(said(&[Printed, Unknown]), TicketState::Printed);
    assert_eq!(said(&[Printed, NotPrinted]), TicketState::Printed);
}

#[test]
fn what_is_learned_of_the_paper_after_the_call_is_kept_too() {
    let mut store = Store::in_memory().unwrap();
    store.allocate_ticket(&press(1, "d"), NOW).unwrap();
    report(&mut store, 1, Paper::Unknown);
    assert!(store.call_ticket(1, NOW).unwrap());
    report(&mut store, 1, Paper::Printed);
    let ticket = store.ticket(1).unwrap().unwrap();
    assert_eq!(
        (ticket.state, ticket.paper),
        (TicketState::Called, Some(Paper::Printed))
    );
}

#[test]
fn a_word_about_another_ticket_changes_none() {
    let mut store = Store::in_memory().unwrap();
    let ticket = store.allocate_ticket(&press(1, "d"), NOW).unwrap();
    let reported = store
        .report_ticket((1, 77, Some(77)), Paper::NotPrinted, None, NOW)
        .unwrap();
    assert_eq!(reported, Reported::Stray);
    assert_eq!(store.ticket(ticket.id).unwrap().unwrap(), ticket);
    assert_eq!(
        report(&mut store, 2, Paper::Printed),
        Reported::Stray,
        "an unknown press"
    );
}

#[test]
fn a_press_that_never_arrived_and_is_on_no_paper_is_no_stray() {
    let mut store = Store::in_memory().unwrap();
    assert_eq!(report(&mut store, 2, Paper::NotPrinted), Reported::Nobodys);
    assert!(store.strays(Moment::default()).unwrap().is_empty());
}

#[test]
fn two_connections_never_give_one_number_twice() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("loket.sqlite");
    drop(Store::open(&path).unwrap());
    let give = |from: u64| {
        let path = path.clone();
        std::thread::spawn(move || {
            let mut store = Store::open(&path).unwrap();
            (from..from + 20)
                .map(|n| store.allocate_ticket(&press(n, "d"), NOW).unwrap().number)
                .collect::<Vec<_>>()
        })
    };
    let threads = [give(0), give(100)];
    let mut numbers: Vec<u16> = threads.into_iter().flat_map(|t| t.join().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
}

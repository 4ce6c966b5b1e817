//! What the kiosk is lent, and what it says of that.

use super::*;
use crate::store::tickets::testing::{press, report};

const NOW: Moment = Moment::from_millis(1_000_000_000);
const LENDING: Lending<'static> = Lending {
    day: "d",
    services: &[(1, 'A'), (2, 'B')],
    each: 20,
    from: 900,
    start: 1,
};

fn lent(store: &mut Store) -> Loan {
    let loan = store.loan_due(&LENDING, NOW).unwrap().unwrap();
    store.loan_accepted(loan.id, NOW).unwrap();
    loan
}

fn taken(loan: &Loan, press: u64, nth: u16) -> TakenTicket {
    let range = &loan.ranges[0];
    let row = range.first_row + i64::from(nth);
    TakenTicket {
        press,
        loan: loan.id,
        ticket_id: row as u64,
        row: Some(row),
        service: range.service,
        prefix: range.prefix,
        number: range.first + nth,
        priority: false,
        taken: Some((NOW, "d".into())),
    }
}

fn take(store: &mut Store, taken: &TakenTicket) -> Ticket {
    match store.take_lent(taken, NOW).unwrap() {
        Taking::Taken(ticket) => ticket,
        Taking::Stray(why) => panic!("{why:?}"),
    }
}

#[test]
fn a_day_begins_with_a_loan_of_numbers_that_are_never_given_on_line() {
    let mut store = Store::in_memory().unwrap();
    let loan = lent(&mut store);
    let ranges: Vec<_> = loan
        .ranges
        .iter()
        .map(|range| (range.prefix, range.first, range.count))
        .collect();
    assert_eq!(ranges, [('A', 900, 20), ('B', 900, 20)]);
    let on_line = store.allocate_ticket(&press(1, "d"), NOW).unwrap();
    assert_eq!((on_line.number, on_line.people_before), (1, 0));
    assert_eq!(
        store.loan_due(&LENDING, NOW).unwrap(),
        None,
        "the kiosk has a good one"
    );
}

#[test]
fn a_loan_that_was_not_accepted_is_offered_again_and_not_another() {
    let mut store = Store::in_memory().unwrap();
    let loan = store.loan_due(&LENDING, NOW).unwrap();
    assert!(loan.is_some());
    assert_eq!(store.loan_due(&LENDING, NOW).unwrap(), loan);
}

#[test]
fn the_next_day_has_a_loan_of_its_own_and_what_was_left_returns_when_that_is_accepted() {
    let mut store = Store::in_memory().unwrap();
    let first = lent(&mut store);
    let tomorrow = Lending { day: "e", ..LENDING };
    let second = store.loan_due(&tomorrow, NOW).unwrap().unwrap();
    assert!(second.id > first.id);
    let state = |store: &Store| store.ticket(first.ranges[0].first_row).unwrap().unwrap().state;
    assert_eq!(
        state(&store),
        TicketState::Lent,
        "the kiosk may still give of the first"
    );
    store.loan_accepted(second.id, NOW).unwrap();
    assert_eq!(state(&store), TicketState::Returned);
}

#[test]
fn half_used_up_a_loan_is_followed_by_one_of_other_numbers() {
    let mut store = Store::in_memory().unwrap();
    let loan = lent(&mut store);
    for n in 0..10 {
        assert_eq!(store.loan_due(&LENDING, NOW).unwrap(), None);
        take(&mut store, &taken(&loan, u64::from(n) + 1, n));
    }
    let next = store.loan_due(&LENDING, NOW).unwrap().unwrap();
    assert_eq!((next.ranges[0].first, next.ranges[0].count), (920, 20));
}

#[test]
fn a_kiosk_that_started_anew_may_have_lost_its_loan_and_gets_other_numbers_once() {
    let mut store = Store::in_memory().unwrap();
    let first = lent(&mut store);
    let anew = Lending { start: 2, ..LENDING };
    let second = store.loan_due(&anew, NOW).unwrap().unwrap();
    assert_eq!(second.ranges[0].first, 920);
    assert_eq!(store.loan_due(&anew, NOW).unwrap().unwrap().id, second.id);
    store.loan_accepted(second.id, NOW).unwrap();
    assert_eq!(store.loan_due(&anew, NOW).unwrap(), None);
    take(&mut store, &taken(&first, 1, 0));
}

#[test]
fn a_kiosk_that_starts_again_and_again_keeps_a_loan() {
    let mut store = Store::in_memory().unwrap();
    for start in 1..50 {
        let lending = Lending { start, ..LENDING };
        if let Some(loan) = store.loan_due(&lending, NOW).unwrap() {
            store.loan_accepted(loan.id, NOW).unwrap();
        }
    }
    let last = store.newest_loan().unwrap().unwrap();
    assert!(last.is_accepted);
    let ranges: Vec<_> = last
        .ranges
        .iter()
        .map(|range| (range.first, range.left))
        .collect();
    assert_eq!(ranges, [(980, 20), (980, 20)]);
}

#[test]
fn a_band_that_ends_leaves_the_kiosk_what_it_has() {
    let mut store = Store::in_memory().unwrap();
    let lending = Lending {
        each: 20,
        from: 975,
        ..LENDING
    };
    let loan = store.loan_due(&lending, NOW).unwrap().unwrap();
    store.loan_accepted(loan.id, NOW).unwrap();
    for n in 0..10 {
        take(&mut store, &taken(&loan, u64::from(n) + 1, n));
    }
    // Five numbers of each are left in the band, the kiosk has ten and twenty.
    assert_eq!(store.loan_due(&lending, NOW).unwrap(), None);
}

#[test]
fn a_number_that_was_taken_waits_since_it_was_taken() {
    let mut store = Store::in_memory().unwrap();
    let loan = lent(&mut store);
    store.allocate_ticket(&press(1, "d"), NOW).unwrap();
    report(&mut store, 1, Paper::Printed);
    let mut early = taken(&loan, 2, 0);
    early.taken = Some((Moment::from_millis(NOW.millis() - 30_000), "d".into()));
    let ticket = take(&mut store, &early);
    assert!(ticket.is_issued_known);
    assert_eq!(
        store.next_waiting("d", 2, NOW).unwrap().unwrap().label(),
        "A001",
        "its paper is not known"
    );
    report(&mut store, 2, Paper::Printed);
    assert_eq!(store.next_waiting("d", 2, NOW).unwrap().unwrap().label(), "A900");
}

#[test]
fn told_twice_it_is_entered_once_even_after_the_loan_is_over() {
    let mut store = Store::in_memory().unwrap();
    let loan = lent(&mut store);
    let tomorrow = Lending { day: "e", ..LENDING };
    let second = store.loan_due(&tomorrow, NOW).unwrap().unwrap();
    store.loan_accepted(second.id, NOW).unwrap();
    let first = take(&mut store, &taken(&loan, 5, 3));
    assert_eq!(first, take(&mut store, &taken(&loan, 5, 3)));
    assert_eq!(first.state, TicketState::Issued);
}

#[test]
fn a_time_that_is_not_known_or_cannot_be_is_marked() {
    let mut store = Store::in_memory().unwrap();
    let loan = lent(&mut store);
    let later = Moment::from_millis(NOW.millis() + 86_400_000);
    for (nth, when) in [
        (0, None),
        (1, Some((later, "e".to_owned()))),
        (2, Some((Moment::from_millis(1), "a".into()))),
    ] {
        let mut told = taken(&loan, u64::from(nth) + 1, nth);
        told.taken = when;
        let ticket = take(&mut store, &told);
        assert_eq!((ticket.issued_at, ticket.is_issued_known), (NOW, false));
    }
}

#[test]
fn a_press_that_was_answered_unheard_keeps_the_number_that_it_took() {
    let mut store = Store::in_memory().unwrap();
    let loan = lent(&mut store);
    let unheard = store.allocate_ticket(&press(7, "d"), NOW).unwrap();
    let got = take(&mut store, &taken(&loan, 7, 0));
    assert_eq!(store.allocate_ticket(&press(7, "d"), NOW).unwrap().id, got.id);
    let unheard = store.ticket(unheard.id).unwrap().unwrap();
    assert_eq!((unheard.state, unheard.press), (TicketState::NotPrinted, None));
}

#[test]
fn who_gives_of_a_loan_has_it() {
    let mut store = Store::in_memory().unwrap();
    let loan = store.loan_due(&LENDING, NOW).unwrap().unwrap();
    take(&mut store, &taken(&loan, 1, 0));
    assert!(store.newest_loan().unwrap().unwrap().is_accepted);
}

#[test]
fn what_cannot_be_is_kept_apart_and_changes_no_ticket() {
    let mut store = Store::in_memory().unwrap();
    let loan = lent(&mut store);
    store.allocate_ticket(&press(100, "d"), NOW).unwrap();
    report(&mut store, 100, Paper::Printed);
    take(&mut store, &taken(&loan, 101, 19));
    let before = store.tickets_of("d").unwrap();
    let good = |press| taken(&loan, press, 0);
    let told = [
        (TakenTicket { row: None, ..good(1) }, Contradiction::UnknownTicket),
        (
            TakenTicket {
                row: Some(4000),
                ..good(2)
            },
            Contradiction::UnknownTicket,
        ),
        (TakenTicket { loan: 1, ..good(3) }, Contradiction::OtherLoan),
        (
            TakenTicket {
                number: 901,
                ..good(4)
            },
            Contradiction::OtherNumber,
        ),
        (
            TakenTicket {
                prefix: 'B',
                ..good(5)
            },
            Contradiction::OtherNumber,
        ),
        (taken(&loan, 6, 19), Contradiction::GivenTwice),
        (
            TakenTicket {
                taken: Some((NOW, "c".into())),
                ..good(7)
            },
            Contradiction::OtherDay,
        ),
        (good(100), Contradiction::PressHasAnother),
        (good(101), Contradiction::PressHasAnother),
    ];
    let many = told.len();
    for (told, why) in told {
        assert_eq!(
            store.take_lent(&told, NOW).unwrap(),
            Taking::Stray(why),
            "{told:?}"
        );
        assert_eq!(
            store.take_lent(&told, NOW).unwrap(),
            Taking::Stray(why),
            "told again"
        );
    }
    assert_eq!(store.tickets_of("d").unwrap(), before);
    assert_eq!(store.strays(Moment::default()).unwrap().len(), many);
}

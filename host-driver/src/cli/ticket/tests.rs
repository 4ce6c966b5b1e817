//! What staff see, with a store that holds a day.

use super::reprint::{self, Patience};
use super::*;
use crate::store::Paper;
use protocol::Message;
use protocol::message::{PrintCause, PrintOutcome, TicketPrinted, TicketRequest};
use std::time::Duration;

/// 2026-03-01 12:00 in the office.
const NOON: Moment = Moment::from_millis(1_772_341_200_000);

const QUICK: Patience = Patience {
    taken_up: Duration::from_millis(300),
    end: Duration::from_millis(300),
    look: Duration::from_millis(5),
};

struct Day {
    book: Book,
    path: std::path::PathBuf,
    _folder: tempfile::TempDir,
}

/// Four presses: printed, in doubt, not printed, and one of a resident with priority.
fn day(now: Moment) -> Day {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("loket.sqlite");
    let config = format!(
        "[office]\nname = \"D\"\nprovince = \"P\"\nregency = \"R\"\noffice_place = \"O\"\ncounter = 1\n\
         [store]\npath = '{}'\n",
        path.display()
    );
    let mut book = Book::open(&toml::from_str(&config).unwrap()).unwrap();
    let papers = [
        (PrintOutcome::Printed, PrintCause::None),
        (PrintOutcome::Unknown, PrintCause::Restarted),
        (PrintOutcome::NotPrinted, PrintCause::PaperOut),
        (PrintOutcome::Printed, PrintCause::None),
    ];
    for (press, (outcome, cause)) in (1..).zip(papers) {
        let request = TicketRequest {
            press,
            service: 1,
            priority: press == 4,
        };
        let Message::TicketGranted(granted) = book.queue.answer(&mut book.store, &request, now) else {
            panic!("denied")
        };
        let report = TicketPrinted {
            press,
            ticket_id: granted.ticket_id,
            outcome,
            cause,
        };
        book.queue.printed(&mut book.store, &report, now).unwrap();
    }
    Day {
        book,
        path,
        _folder: folder,
    }
}

#[test]
fn a_number_is_read_as_people_write_it() {
    assert_eq!(Named::parse(" a12 "), Some(Named::Number('A', 12)));
    assert_eq!(Named::parse("B012"), Some(Named::Number('B', 12)));
    assert_eq!(
        Named::parse("loket-0000ABCD00000001"),
        Some(Named::Id(0xABCD_0000_0001))
    );
    for wrong in ["", "12", "A", "A1234", "A-1", "LOKET-1", "LOKET-+000ABCD00000001"] {
        assert_eq!(Named::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn the_list_says_what_to_do_about_a_ticket_in_doubt() {
    let Day { book, _folder, .. } = day(NOON);
    let text = book.list_text("2026-03-01", NOON).unwrap();
    assert!(text.contains("A001   2026-03-01 12:00:00"), "{text}");
    assert!(text.contains("A002: it may not have been printed"), "{text}");
    assert!(text.contains("loket ticket reprint A003"), "{text}");
    assert!(!text.contains("reprint A001"), "{text}");

    let json = book.list_json("2026-03-01", NOON).unwrap();
    let tickets = json["tickets"].as_array().unwrap();
    assert_eq!(tickets.len(), 4);
    assert_eq!(
        (&tickets[1]["paper"], &tickets[1]["cause"]),
        (&"unknown".into(), &"restarted".into())
    );
    assert_eq!(tickets[3]["priority"], true);
    assert_eq!(json["strays"].as_array().map(Vec::len), Some(0));
}

#[test]
fn a_stray_is_listed_for_a_day() {
    let Day {
        mut book, _folder, ..
    } = day(NOON);
    let report = TicketPrinted {
        press: 99,
        ticket_id: 7,
        outcome: PrintOutcome::Printed,
        cause: PrintCause::None,
    };
    book.queue.printed(&mut book.store, &report, NOON).unwrap();
    let text = book.list_text("2026-03-01", NOON).unwrap();
    assert!(text.contains("LOKET-0000000000000007"), "{text}");
    let later = Moment::from_millis(NOON.millis() + STRAYS_MS + 1);
    assert!(!book.list_text("2026-03-01", later).unwrap().contains("LOKET-"));
}

#[test]
fn a_number_that_nobody_has_cannot_be_named() {
    let Day {
        mut book, _folder, ..
    } = day(NOON);
    // Numbers are lent, and nobody has taken one.
    assert!(book.queue.loan_due(&mut book.store, 1, NOON).unwrap().is_some());
    for name in ["A900", "A005", "B001", "LOKET-FFFFFFFF00000001", "12"] {
        assert_eq!(book.find(name, NOON).unwrap_err().exit(), Exit::Input, "{name}");
    }
    let ticket = book.find("a1", NOON).unwrap();
    let id = ticket_id_text(book.queue.ticket_id(&ticket));
    assert_eq!(book.find(&id, NOON).unwrap(), ticket);
    assert!(book.text(&ticket).unwrap().contains("A001"));
}

#[test]
fn a_void_ticket_is_out_of_the_queue_and_a_called_one_is_not_void() {
    let Day {
        mut book, _folder, ..
    } = day(NOON);
    let first = book.find("A004", NOON).unwrap();
    assert_eq!(book.void(&first, NOON).unwrap().state, TicketState::Void);
    let next = book.queue.next(&book.store, NOON).unwrap().unwrap();
    assert_eq!(next.label(), "A001");
    assert!(book.store.call_ticket(next.id, NOON).unwrap());
    let failure = book.void(&next, NOON).unwrap_err();
    assert!(failure.to_string().contains("called"), "{failure}");
}

#[test]
fn without_a_counter_nothing_is_printed_and_the_command_says_so() {
    let Day {
        mut book, _folder, ..
    } = day(SystemClock.now());
    let ticket = book.find("A002", SystemClock.now()).unwrap();
    let failure = reprint::run(&mut book, &ticket, false, QUICK).unwrap_err();
    assert_eq!(failure.exit(), Exit::Device);
    assert!(failure.to_string().contains("start `loket counter`"), "{failure}");
    assert_eq!(book.store.begin_reprint(SystemClock.now()).unwrap(), None);
}

#[test]
fn a_running_counter_prints_the_copy_and_the_doubt_is_over() {
    let Day {
        mut book,
        path,
        _folder,
    } = day(SystemClock.now());
    let counter = std::thread::spawn(move || {
        let mut store = Store::open(&path).unwrap();
        for paper in [Paper::NotPrinted, Paper::Printed] {
            let reprint = loop {
                match store.begin_reprint(SystemClock.now()).unwrap() {
                    Some(reprint) => break reprint,
                    None => std::thread::sleep(Duration::from_millis(5)),
                }
            };
            store
                .end_reprint(reprint.id, paper, None, SystemClock.now())
                .unwrap();
        }
    });
    let ticket = book.find("A002", SystemClock.now()).unwrap();
    let patience = Patience {
        taken_up: Duration::from_secs(10),
        ..QUICK
    };
    let failed = reprint::run(&mut book, &ticket, false, patience).unwrap_err();
    assert!(failed.to_string().contains("was not printed"), "{failed}");
    assert_eq!(
        reprint::run(&mut book, &ticket, true, patience).unwrap(),
        Exit::Done
    );
    counter.join().unwrap();
    let ticket = book.find("A002", SystemClock.now()).unwrap();
    assert_eq!(ticket.state, TicketState::Printed);
    assert_eq!(book.store.copies(ticket.id).unwrap(), 1);
}

#[test]
fn a_ticket_that_is_over_has_no_copies() {
    let Day {
        mut book, _folder, ..
    } = day(NOON);
    let ticket = book.find("A001", NOON).unwrap();
    let void = book.void(&ticket, NOON).unwrap();
    let failure = reprint::run(&mut book, &void, false, QUICK).unwrap_err();
    assert_eq!(failure.exit(), Exit::Input);
}

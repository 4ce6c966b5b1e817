//! From the press to the end of its ticket, while host, printer and storage do what they should or say what they cannot.

use super::bench::{Bench, PRESS, TICKET, number, out, printer, told};
use super::paper::{NO_PAPER, READY};
use crate::drivers::escpos::{Outcome, Resolution, Trouble as PrinterTrouble};
use crate::journal::StoreError;
use crate::kiosk::model::{Action, Event, Key, PaperProgress, Sorry, StorageTrouble, Trouble, View};
use protocol::link::RequestFailure;
use protocol::message::{
    Accepted, PaperState, PrintCause, PrintOutcome, PrinterStatus, Refusal, TicketDenial, TicketDenied,
    TicketPrinted, TicketRequest,
};

fn request(service: u8, priority: bool) -> Action {
    Action::RequestTicket(TicketRequest {
        press: PRESS,
        service,
        priority,
    })
}

fn looks(counters: bool) -> Action {
    Action::CheckPrinter { counters }
}

#[test]
fn one_press_becomes_one_request_one_ticket_and_one_report() {
    let mut kiosk = Bench::open();
    assert!(kiosk.shows_services());
    assert_eq!(kiosk.press(Key::Select), [looks(true)]);
    assert_eq!(kiosk.on(printer(READY)), [request(7, false)]);
    assert_eq!(kiosk.view(), View::PleaseWait);
    kiosk.grant(PRESS);
    assert!(kiosk.prints());
    assert_eq!(kiosk.view(), number(PaperProgress::Printing));
    kiosk.on(out(Outcome::Printed));
    assert!(kiosk.did(&told(PrintOutcome::Printed, PrintCause::None)));
    assert_eq!(kiosk.view(), number(PaperProgress::Printed));
    kiosk.on(Event::TellAnswer(Ok(&Accepted {}.into())));
    assert_eq!(kiosk.popped, kiosk.records.len());
    kiosk.pass(5_000_000);
    assert!(kiosk.shows_services());
}

#[test]
fn nothing_is_asked_or_printed_before_it_is_written_down() {
    let mut kiosk = Bench::open();
    kiosk.press(Key::Select);
    kiosk.storage = Err(StoreError::Failed);
    assert_eq!(kiosk.on(printer(READY)), []);
    assert_eq!(kiosk.view(), View::Sorry(Sorry::Storage(StorageTrouble::Failed)));
    // The card works again before the resident has gone.
    kiosk.storage = Ok(());
    kiosk.pass(2_000_000);
    assert!(kiosk.did(&request(7, false)));
    kiosk.storage = Err(StoreError::Missing);
    kiosk.grant(PRESS);
    assert!(!kiosk.prints());
    kiosk.storage = Ok(());
    kiosk.pass(2_000_000);
    assert!(kiosk.prints());
}

#[test]
fn a_number_that_could_not_be_written_down_in_time_is_not_printed() {
    let mut kiosk = Bench::asking();
    kiosk.storage = Err(StoreError::Failed);
    kiosk.grant(PRESS);
    kiosk.pass(20_000_000);
    kiosk.storage = Ok(());
    kiosk.pass(2_000_000);
    assert!(!kiosk.prints());
    assert!(kiosk.did(&told(PrintOutcome::NotPrinted, PrintCause::None)));
}

#[test]
fn without_storage_no_number_is_given_and_the_screen_says_why() {
    for (error, trouble) in [
        (StoreError::Missing, StorageTrouble::Missing),
        (StoreError::Foreign, StorageTrouble::Foreign),
        (StoreError::Failed, StorageTrouble::Failed),
    ] {
        let mut kiosk = Bench::open();
        kiosk.storage = Err(error);
        kiosk.press(Key::Select);
        kiosk.on(printer(READY));
        kiosk.pass(30_000_000);
        assert_eq!(kiosk.view(), View::Sorry(Sorry::Storage(trouble)));
        assert_eq!(kiosk.press(Key::Select), []);
    }
}

#[test]
fn a_card_full_of_what_the_host_has_not_taken_gives_no_numbers() {
    let mut kiosk = Bench::open();
    kiosk.room = 8;
    kiosk.press(Key::Select);
    kiosk.on(printer(READY));
    kiosk.grant(PRESS);
    kiosk.on(out(Outcome::Printed));
    kiosk.pass(5_000_000);
    assert_eq!(kiosk.view(), View::Sorry(Sorry::Storage(StorageTrouble::Full)));
    assert_eq!(kiosk.press(Key::Select), []);
}

#[test]
fn a_printer_without_paper_means_an_honest_screen_and_no_number() {
    let mut kiosk = Bench::open();
    kiosk.press(Key::Select);
    let told = PrinterStatus {
        online: true,
        paper: PaperState::Out,
        cover_open: false,
        error: false,
        trouble: protocol::message::PrinterTrouble::None,
    };
    assert_eq!(kiosk.on(printer(NO_PAPER)), [Action::TellPrinter(told)]);
    assert_eq!(kiosk.view(), View::Sorry(Sorry::Printer(Trouble::PaperOut)));
    // Paper is back: the screen recovers by itself.
    kiosk.pass(2_000_000);
    assert!(kiosk.shows_services());
}

#[test]
fn a_press_while_the_printer_is_in_trouble_only_looks_again() {
    let mut kiosk = Bench::open();
    kiosk.on(printer(NO_PAPER));
    assert_eq!(kiosk.press(Key::Select), [looks(true)]);
    kiosk.on(printer(READY));
    assert!(kiosk.shows_services());
    assert!(kiosk.model.flight().is_none());
}

#[test]
fn a_ticket_that_never_left_is_printed_when_the_paper_is_back() {
    let mut kiosk = Bench::printing();
    kiosk.on(out(Outcome::NotSent(Ok(NO_PAPER))));
    assert_eq!(kiosk.view(), number(PaperProgress::Missing));
    kiosk.pass_with(10_000_000, NO_PAPER);
    assert!(!kiosk.prints());
    kiosk.pass(2_000_000);
    assert!(kiosk.prints());
    kiosk.on(out(Outcome::Printed));
    assert!(kiosk.did(&told(PrintOutcome::Printed, PrintCause::None)));
}

#[test]
fn a_ticket_that_never_left_is_reported_as_not_printed_after_a_minute() {
    let mut kiosk = Bench::printing();
    kiosk.on(out(Outcome::NotSent(Ok(NO_PAPER))));
    kiosk.pass_with(60_000_000, NO_PAPER);
    assert!(kiosk.did(&told(PrintOutcome::NotPrinted, PrintCause::PaperOut)));
    assert_eq!(kiosk.view(), number(PaperProgress::Missing));
    // And it does not come when nobody expects it any more.
    kiosk.pass(60_000_000);
    assert!(!kiosk.prints() && kiosk.shows_services());
}

#[test]
fn paper_that_ends_in_the_middle_is_looked_into_when_it_is_back() {
    for (resolution, outcome) in [
        (Resolution::Printed, PrintOutcome::Printed),
        (Resolution::Unknown(PrintCause::Restarted), PrintOutcome::Unknown),
    ] {
        let mut kiosk = Bench::printing();
        kiosk.on(out(Outcome::Unknown(Ok(NO_PAPER))));
        assert_eq!(kiosk.view(), number(PaperProgress::Uncertain));
        kiosk.pass(2_000_000);
        assert!(
            kiosk
                .did
                .iter()
                .any(|action| matches!(action, Action::Resolve { .. }))
        );
        kiosk.on(Event::Resolved(resolution));
        let TicketPrinted { outcome: said, .. } = kiosk
            .did
            .iter()
            .find_map(|action| match action {
                Action::TellPrinted(printed) => Some(printed.clone()),
                _ => None,
            })
            .unwrap();
        assert_eq!(said, outcome);
    }
}

#[test]
fn a_ticket_of_which_nothing_came_out_is_written_down_and_printed_once_more() {
    let mut kiosk = Bench::printing();
    kiosk.on(out(Outcome::Unknown(Err(PrinterTrouble::Silent))));
    kiosk.pass(2_000_000);
    let records = kiosk.records.len();
    kiosk.on(Event::Resolved(Resolution::NotPrinted));
    assert!(kiosk.prints() && kiosk.records.len() == records + 1);
}

#[test]
fn what_stays_uncertain_for_a_minute_is_reported_as_unknown() {
    let mut kiosk = Bench::printing();
    kiosk.on(out(Outcome::Unknown(Ok(NO_PAPER))));
    kiosk.pass_with(60_000_000, NO_PAPER);
    assert!(kiosk.did(&told(PrintOutcome::Unknown, PrintCause::PaperOut)));
    assert_eq!(kiosk.view(), number(PaperProgress::Uncertain));
}

#[test]
fn a_refused_number_is_explained() {
    let mut kiosk = Bench::asking();
    let denied = TicketDenied {
        press: PRESS,
        reason: TicketDenial::Full,
    };
    kiosk.on(Event::TicketAnswer {
        press: PRESS,
        answer: Ok(&denied.into()),
    });
    assert_eq!(kiosk.view(), View::Sorry(Sorry::Denied(TicketDenial::Full)));
    kiosk.pass(6_000_000);
    assert!(kiosk.shows_services() && kiosk.model.flight().is_none());
}

#[test]
fn a_number_that_comes_too_late_is_nobodys_and_the_host_is_told_so() {
    let mut kiosk = Bench::asking();
    kiosk.pass(8_000_000);
    assert_eq!(kiosk.view(), View::Sorry(Sorry::NoAnswer));
    let nobodys = TicketPrinted {
        press: PRESS,
        ticket_id: 0,
        outcome: PrintOutcome::NotPrinted,
        cause: PrintCause::None,
    };
    assert!(kiosk.did(&Action::TellPrinted(nobodys)));
    assert_eq!(kiosk.grant(PRESS), []);
}

#[test]
fn a_host_that_restarts_is_asked_again_for_the_same_press() {
    let mut kiosk = Bench::asking();
    kiosk.on(Event::LinkDown);
    let answer = Err(RequestFailure::PeerRestarted);
    assert_eq!(kiosk.on(Event::TicketAnswer { press: PRESS, answer }), []);
    kiosk.on(Event::LinkUp);
    assert!(kiosk.did(&request(7, false)));
    kiosk.grant(PRESS);
    assert!(kiosk.prints());
}

#[test]
fn a_host_that_is_busy_is_asked_again_but_not_at_once() {
    let mut kiosk = Bench::asking();
    let answer = Err(RequestFailure::Refused(Refusal::Busy));
    assert_eq!(kiosk.on(Event::TicketAnswer { press: PRESS, answer }), []);
    kiosk.pass(500_000);
    assert!(kiosk.did(&request(7, false)));
}

#[test]
fn a_report_is_repeated_until_the_host_accepts_it() {
    let report = told(PrintOutcome::Printed, PrintCause::None);
    let mut kiosk = Bench::printing();
    kiosk.on(out(Outcome::Printed));
    kiosk.on(Event::LinkDown);
    kiosk.on(Event::TellAnswer(Err(RequestFailure::PeerRestarted)));
    kiosk.on(Event::LinkUp);
    assert!(kiosk.did(&report));
    kiosk.on(Event::TellAnswer(Err(RequestFailure::Refused(Refusal::Busy))));
    assert!(!kiosk.did(&report));
    kiosk.pass(2_000_000);
    assert!(kiosk.did(&report));
    kiosk.on(Event::TellAnswer(Err(RequestFailure::Refused(
        Refusal::NotPossible,
    ))));
    kiosk.pass(30_000_000);
    assert!(kiosk.did(&report));
    kiosk.on(Event::TellAnswer(Ok(&Accepted {}.into())));
    kiosk.on(Event::LinkDown);
    kiosk.on(Event::LinkUp);
    assert!(!kiosk.did(&report));
}

#[test]
fn a_ticket_says_what_the_host_said() {
    let kiosk = Bench::printing();
    let (_, ticket) = kiosk.model.ticket().unwrap();
    assert_eq!(
        (ticket.id, ticket.number, ticket.ahead),
        (TICKET, 12, Some((3, 20)))
    );
    assert!(ticket.issued.is_some() && !ticket.lent && ticket.copy == 0);
}

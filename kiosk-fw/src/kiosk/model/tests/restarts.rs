//! After the power was gone: what was under way comes to its end, or is known not to.

use super::bench::{BOOT, Bench, PRESS, clock, id, lend, number, printer, told};
use super::office::configuration;
use super::paper::{NO_PAPER, READY};
use crate::drivers::escpos::Resolution;
use crate::journal::StoreError;
use crate::kiosk::model::{Action, Event, Key, PaperProgress, Sorry, StorageTrouble, View};
use protocol::message::{PrintCause, PrintOutcome, TicketPrinted, TicketRequest};

fn same_press() -> Action {
    Action::RequestTicket(TicketRequest {
        press: PRESS,
        service: 7,
        priority: false,
    })
}

fn nobodys() -> Action {
    Action::TellPrinted(TicketPrinted {
        press: PRESS,
        ticket_id: 0,
        outcome: PrintOutcome::NotPrinted,
        cause: PrintCause::Restarted,
    })
}

fn resolves(kiosk: &Bench) -> bool {
    kiosk
        .did
        .iter()
        .any(|action| matches!(action, Action::Resolve { .. }))
}

/// The host comes back and says that so many seconds have passed since the morning.
fn host_at(kiosk: &mut Bench, seconds: u64) -> Vec<Action> {
    kiosk.on(Event::LinkUp);
    let mut did = kiosk.did.clone();
    did.extend_from_slice(kiosk.asked(&clock(seconds).into()));
    did.extend_from_slice(kiosk.asked(&configuration().into()));
    did
}

#[test]
fn a_press_without_a_number_is_asked_for_again() {
    let mut kiosk = Bench::asking().restarted();
    assert_eq!(kiosk.view(), View::PleaseWait);
    assert!(host_at(&mut kiosk, 30).contains(&same_press()));
    kiosk.grant(PRESS);
    assert!(kiosk.prints());
}

#[test]
fn a_press_of_half_an_hour_ago_is_nobodys() {
    let mut kiosk = Bench::asking().restarted();
    let did = host_at(&mut kiosk, 1_800);
    assert!(did.contains(&nobodys()) && !did.contains(&same_press()));
    kiosk.on(printer(READY));
    assert!(kiosk.shows_services());
}

#[test]
fn a_press_is_not_waited_with_for_a_host_that_does_not_come() {
    let mut kiosk = Bench::asking().restarted();
    kiosk.pass(6_000_000);
    assert_eq!(kiosk.view(), View::Offline);
    kiosk.on(Event::LinkUp);
    assert!(kiosk.did(&nobodys()));
}

#[test]
fn a_ticket_that_came_out_is_reported_and_not_printed_again() {
    let mut kiosk = Bench::printing().restarted();
    kiosk.on(printer(READY));
    assert!(resolves(&kiosk));
    kiosk.on(Event::Resolved(Resolution::Printed));
    assert_eq!(kiosk.view(), number(PaperProgress::Printed));
    let did = host_at(&mut kiosk, 10);
    assert!(did.contains(&told(PrintOutcome::Printed, PrintCause::None)));
}

#[test]
fn a_ticket_of_which_nothing_came_out_is_printed_if_it_is_not_old() {
    let mut kiosk = Bench::printing().restarted();
    kiosk.on(printer(READY));
    kiosk.on(Event::Resolved(Resolution::NotPrinted));
    // Only the host knows the time.
    assert!(!kiosk.prints());
    let records = kiosk.records.len();
    let did = host_at(&mut kiosk, 300);
    assert!(did.iter().any(|action| matches!(action, Action::Print { .. })));
    assert!(kiosk.records.len() > records);
}

#[test]
fn a_number_older_than_ten_minutes_is_not_printed_any_more() {
    let mut kiosk = Bench::printing().restarted();
    kiosk.on(printer(READY));
    kiosk.on(Event::Resolved(Resolution::NotPrinted));
    let did = host_at(&mut kiosk, 601);
    assert!(did.contains(&told(PrintOutcome::NotPrinted, PrintCause::Restarted)));
    assert!(!did.iter().any(|action| matches!(action, Action::Print { .. })));
}

#[test]
fn a_number_of_unknown_age_is_not_printed_any_more() {
    let mut kiosk = Bench::printing().restarted();
    kiosk.on(printer(READY));
    kiosk.on(Event::Resolved(Resolution::NotPrinted));
    kiosk.pass(6_000_000);
    assert!(!kiosk.prints());
    kiosk.on(Event::LinkUp);
    assert!(kiosk.did(&told(PrintOutcome::NotPrinted, PrintCause::Restarted)));
}

#[test]
fn what_the_printer_cannot_tell_is_reported_as_unknown() {
    let mut kiosk = Bench::printing().restarted();
    kiosk.on(printer(READY));
    kiosk.on(Event::Resolved(Resolution::Unknown(PrintCause::Restarted)));
    assert_eq!(kiosk.view(), number(PaperProgress::Uncertain));
    assert!(host_at(&mut kiosk, 10).contains(&told(PrintOutcome::Unknown, PrintCause::Restarted)));
}

#[test]
fn a_printer_that_is_not_ready_after_the_restart_is_waited_for() {
    let mut kiosk = Bench::printing().restarted();
    kiosk.on(printer(NO_PAPER));
    assert!(!resolves(&kiosk));
    kiosk.pass_with(20_000_000, NO_PAPER);
    kiosk.pass(2_000_000);
    assert!(resolves(&kiosk));
}

#[test]
fn a_report_that_the_host_did_not_hear_is_told_after_the_restart() {
    let mut kiosk = Bench::printing();
    kiosk.on(Event::LinkDown);
    kiosk.on(super::bench::out(crate::drivers::escpos::Outcome::Printed));
    let mut kiosk = kiosk.restarted();
    let did = host_at(&mut kiosk, 10);
    assert!(did.contains(&told(PrintOutcome::Printed, PrintCause::None)));
}

#[test]
fn a_card_with_something_else_on_it_is_not_written_to() {
    let kiosk = Bench::with_records(vec![vec![0xEE; 40]], 0);
    assert_eq!(kiosk.records.len(), 1);
    let mut kiosk = kiosk;
    kiosk.host_comes();
    kiosk.on(printer(READY));
    assert_eq!(kiosk.view(), View::Sorry(Sorry::Storage(StorageTrouble::Foreign)));
    assert_eq!(kiosk.records.len(), 1);
}

#[test]
fn another_card_begins_with_what_is_on_it_and_gives_no_number_twice() {
    let mut kiosk = Bench::open_with_loan();
    kiosk.host_goes();
    kiosk.press(Key::Select);
    kiosk.on(printer(READY));
    assert_eq!(kiosk.model.ticket().unwrap().1.number, 100);
    kiosk.on(super::bench::out(crate::drivers::escpos::Outcome::Printed));
    kiosk.pass(6_000_000);
    // A blank card takes the place of the one with the loan.
    kiosk.storage = Err(StoreError::Missing);
    kiosk.press(Key::Select);
    kiosk.on(printer(READY));
    kiosk.pass(10_000_000);
    kiosk.storage = Ok(());
    let first = core::mem::take(&mut kiosk.records);
    kiosk.popped = 0;
    kiosk.pass(10_000_000);
    assert!(!kiosk.prints());
    assert_eq!(kiosk.view(), View::Offline);
    // The press that the first card may know of has left no trace that another could repeat.
    kiosk.on(Event::LinkUp);
    kiosk.asked(&lend(2, 200).into());
    assert!(kiosk.did(&Action::Accept(id())));
    kiosk.press(Key::Select);
    kiosk.on(printer(READY));
    assert!(kiosk.model.flight().unwrap().press > u64::from(BOOT) << 32 | 2);
    assert!(first.len() > 2);
}

#[test]
fn the_printer_is_asked_for_its_counters_only_when_no_ticket_is_under_way() {
    let looks = |counters| Action::CheckPrinter { counters };
    let mut model = crate::kiosk::model::Model::new(BOOT);
    let did = model.handle(0, Event::Timeout);
    assert_eq!(did, [looks(false), Action::Open]);
    let stored = crate::kiosk::model::Stored {
        waiting: 0,
        room: 100,
    };
    model.handle(1_000, Event::Opened(Ok((None, stored))));
    let did = model.handle(2_000, printer(READY));
    assert_eq!(did, []);
    let did = model.handle(5_002_000, Event::Timeout);
    assert_eq!(did, [looks(true)]);
}

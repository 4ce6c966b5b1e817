//! What staff want: copies, and what to bring on the tickets.

use super::bench::{Bench, TICKET, id, out, printer};
use super::paper::{NO_PAPER, READY};
use crate::drivers::escpos::Outcome;
use crate::kiosk::model::{Action, Event, Key, View};
use protocol::message::{PrintCause, PrintOutcome, Refusal, Reprint, Reprinted, ServiceDetails};

fn reprint() -> Reprint {
    Reprint {
        ticket_id: TICKET,
        service: 7,
        prefix: b'A',
        number: 12,
        priority: true,
        issued_unix: 1_795_400_100,
        utc_offset_minutes: 420,
        copy: 1,
    }
}

fn reprinted(outcome: PrintOutcome, cause: PrintCause) -> Action {
    let answer = Reprinted {
        ticket_id: TICKET,
        outcome,
        cause,
    };
    Action::AnswerReprint(id(), answer)
}

#[test]
fn a_copy_is_written_down_printed_marked_and_answered() {
    let mut kiosk = Bench::open();
    let records = kiosk.records.len();
    kiosk.asked(&reprint().into());
    assert!(kiosk.prints() && kiosk.records.len() == records + 1);
    let (_, ticket) = kiosk.model.ticket().unwrap();
    assert_eq!((ticket.copy, ticket.number), (1, 12));
    assert_eq!(kiosk.view(), View::PleaseWait);
    kiosk.on(out(Outcome::Printed));
    assert!(kiosk.did(&reprinted(PrintOutcome::Printed, PrintCause::None)));
    assert!(kiosk.shows_services());
}

#[test]
fn a_copy_that_does_not_come_is_not_tried_again() {
    let mut kiosk = Bench::open();
    kiosk.asked(&reprint().into());
    kiosk.on(out(Outcome::NotSent(Ok(NO_PAPER))));
    assert!(kiosk.did(&reprinted(PrintOutcome::NotPrinted, PrintCause::PaperOut)));
    kiosk.pass(60_000_000);
    assert!(!kiosk.prints());
}

#[test]
fn no_copy_is_printed_while_a_resident_is_served() {
    let mut kiosk = Bench::asking();
    let busy = [Action::Refuse(id(), Refusal::Busy)];
    assert_eq!(kiosk.asked(&reprint().into()), busy);
    let mut kiosk = Bench::open();
    kiosk.press(Key::Select);
    assert_eq!(kiosk.asked(&reprint().into()), busy);
    let mut kiosk = Bench::open();
    kiosk.asked(&reprint().into());
    assert_eq!(kiosk.asked(&reprint().into()), busy);
}

#[test]
fn a_copy_that_the_power_ended_is_left_to_whoever_wanted_it() {
    let mut kiosk = Bench::open();
    kiosk.asked(&reprint().into());
    let mut kiosk = kiosk.restarted();
    kiosk.host_comes();
    kiosk.on(printer(READY));
    kiosk.pass(10_000_000);
    assert!(kiosk.shows_services() && !kiosk.prints());
    let told = |action: &Action| matches!(action, Action::TellPrinted(_) | Action::TellTaken(_));
    assert!(!kiosk.did.iter().any(told));
}

#[test]
fn a_copy_of_nothing_is_refused() {
    let mut kiosk = Bench::open();
    let refused = [Action::Refuse(id(), Refusal::NotPossible)];
    assert_eq!(kiosk.asked(&Reprint { copy: 0, ..reprint() }.into()), refused);
    assert_eq!(
        kiosk.asked(
            &Reprint {
                prefix: 7,
                ..reprint()
            }
            .into()
        ),
        refused
    );
}

#[test]
fn what_to_bring_is_known_by_service() {
    let mut kiosk = Bench::open();
    let details = |service| ServiceDetails {
        service,
        bring: ["KK asli".try_into().unwrap()].into_iter().collect(),
    };
    assert_eq!(kiosk.asked(&details(9).into()), [Action::Accept(id())]);
    assert_eq!(kiosk.model.bring(9)[0], "KK asli");
    assert!(kiosk.model.bring(7).is_empty());
    assert_eq!(
        kiosk.asked(&details(8).into()),
        [Action::Refuse(id(), Refusal::NotPossible)]
    );
}

#[test]
fn a_message_that_is_not_for_a_kiosk_is_refused() {
    let mut kiosk = Bench::open();
    let capture = protocol::message::CancelCapture { capture_id: 1 };
    assert_eq!(
        kiosk.on(Event::Asked {
            id: id(),
            message: &capture.into()
        }),
        [Action::Refuse(id(), Refusal::UnknownMessage)]
    );
}

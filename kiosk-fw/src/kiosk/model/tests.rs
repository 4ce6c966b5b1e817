use super::*;
use crate::drivers::escpos::status::Paper;
use protocol::message::Accepted;
use protocol::message::{PaperState, PrinterStatus, TicketDenial, TicketGranted};

const BOOT: u32 = 0xB007;
const PRESS: u64 = 0xB007_0000_0001;
const READY: Status = Status {
    offline: false,
    cover_open: false,
    stopped_without_paper: false,
    error: false,
    paper: Paper::Adequate,
};
const NO_PAPER: Status = Status {
    paper: Paper::End,
    ..READY
};

/// A kiosk with a clock, and what it did last.
struct Bench {
    model: Model,
    now: u64,
    did: Vec<Action, 12>,
}

impl Bench {
    /// A kiosk that was just switched on.
    fn new() -> Self {
        Self {
            model: Model::new(BOOT),
            now: 0,
            did: Vec::new(),
        }
    }

    /// A kiosk that shows its services: host there, configured, printer ready.
    fn open() -> Self {
        let mut bench = Self::new();
        bench.on(Event::LinkUp);
        bench.on(asked(configure(true)));
        bench.on(Event::Printer(Ok(READY)));
        bench
    }

    /// A kiosk that waits for the answer to its first press.
    fn asking() -> Self {
        let mut bench = Self::open();
        bench.on(Event::Pressed(Key::Select));
        bench.on(Event::Printer(Ok(READY)));
        bench
    }

    fn on(&mut self, event: Event) -> &[Action] {
        self.now += 1_000;
        self.did = self.model.handle(self.now, event);
        &self.did
    }

    /// Lets the time pass until the model next wants to hear of it, and no further than `until`.
    fn pass(&mut self, microseconds: u64) {
        let until = self.now + microseconds;
        while let Some(at) = self.model.next_timeout().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.did = self.model.handle(self.now, Event::Timeout);
            if self.did.contains(&Action::CheckPrinter) {
                self.on(Event::Printer(Ok(READY)));
            }
        }
        self.now = until;
    }
}

fn id() -> RequestId {
    RequestId { origin: 1, number: 1 }
}

fn asked(message: impl Into<Message>) -> Event {
    Event::Asked {
        id: id(),
        message: message.into(),
    }
}

fn configure(tickets_open: bool) -> Configure {
    let service = |id, prefix| Service {
        id,
        prefix,
        name_id: "Layanan".try_into().unwrap(),
        name_en: "Service".try_into().unwrap(),
    };
    Configure {
        office: "Disdukcapil".try_into().unwrap(),
        tickets_open,
        services: Vec::from_slice(&[service(7, b'A'), service(9, b'B')]).unwrap(),
        paper_mm: 58,
        priority: false,
    }
}

fn granted(press: u64) -> TicketGranted {
    TicketGranted {
        press,
        ticket_id: 42,
        prefix: b'A',
        number: 12,
        people_before: 3,
        wait_minutes: 20,
        issued_unix: 1_795_400_100,
        utc_offset_minutes: 420,
    }
}

fn answer(press: u64) -> Event {
    Event::TicketAnswer {
        press,
        answer: Ok(granted(press).into()),
    }
}

fn report(outcome: PrintOutcome, cause: PrintCause) -> Action {
    Action::Report(TicketPrinted {
        press: PRESS,
        ticket_id: 42,
        outcome,
        cause,
    })
}

fn request(service: u8) -> Action {
    Action::RequestTicket(TicketRequest {
        press: PRESS,
        service,
        priority: false,
    })
}

fn number(paper: PaperProgress) -> View {
    View::Number {
        prefix: b'A',
        number: 12,
        paper,
    }
}

#[test]
fn one_press_becomes_one_request_one_ticket_and_one_report() {
    let mut kiosk = Bench::open();
    assert!(matches!(kiosk.model.view(), View::Services { selected: 0, .. }));
    assert_eq!(kiosk.on(Event::Pressed(Key::Select)), [Action::CheckPrinter]);
    assert_eq!(kiosk.on(Event::Printer(Ok(READY))), [request(7)]);
    assert_eq!(kiosk.model.view(), View::PleaseWait);
    assert_eq!(kiosk.on(answer(PRESS)), [Action::Print(granted(PRESS))]);
    assert_eq!(kiosk.model.view(), number(PaperProgress::Printing));
    assert_eq!(
        kiosk.on(Event::TicketOut(Outcome::Printed)),
        [report(PrintOutcome::Printed, PrintCause::None)]
    );
    assert_eq!(kiosk.model.view(), number(PaperProgress::Printed));
    assert_eq!(
        kiosk.on(Event::ReportAnswer {
            press: PRESS,
            answer: Ok(Accepted {}.into())
        }),
        []
    );
    kiosk.pass(DONE_US);
    assert!(matches!(kiosk.model.view(), View::Services { selected: 0, .. }));
}

#[test]
fn down_chooses_the_second_service_and_no_further() {
    let mut kiosk = Bench::open();
    kiosk.on(Event::Pressed(Key::Down));
    kiosk.on(Event::Pressed(Key::Down));
    assert!(matches!(kiosk.model.view(), View::Services { selected: 1, .. }));
    kiosk.on(Event::Pressed(Key::Select));
    assert_eq!(kiosk.on(Event::Printer(Ok(READY))), [request(9)]);
}

#[test]
fn a_resident_who_walks_away_leaves_the_first_service_chosen() {
    let mut kiosk = Bench::open();
    kiosk.on(Event::Pressed(Key::Down));
    kiosk.pass(WALKED_AWAY_US);
    assert!(matches!(kiosk.model.view(), View::Services { selected: 0, .. }));
}

#[test]
fn pressing_again_while_waiting_takes_no_second_number() {
    let mut kiosk = Bench::asking();
    for key in [Key::Select, Key::Select, Key::Up] {
        assert_eq!(kiosk.on(Event::Pressed(key)), []);
    }
    kiosk.on(answer(PRESS));
    assert_eq!(kiosk.on(Event::Pressed(Key::Select)), []);
    kiosk.on(Event::TicketOut(Outcome::Printed));
    // The first press only puts the number away.
    assert_eq!(kiosk.on(Event::Pressed(Key::Select)), []);
    assert!(matches!(kiosk.model.view(), View::Services { .. }));
}

#[test]
fn a_printer_without_paper_means_an_honest_screen_and_no_number() {
    let mut kiosk = Bench::open();
    kiosk.on(Event::Pressed(Key::Select));
    let told = PrinterStatus {
        online: true,
        paper: PaperState::Out,
        cover_open: false,
        error: false,
        trouble: protocol::message::PrinterTrouble::None,
    };
    assert_eq!(
        kiosk.on(Event::Printer(Ok(NO_PAPER))),
        [Action::TellPrinter(told)]
    );
    assert_eq!(kiosk.model.view(), View::Sorry(Sorry::Printer(Trouble::PaperOut)));
    // Paper is back: the screen recovers by itself.
    kiosk.pass(PRINTER_POLL_TROUBLE_US);
    assert!(matches!(kiosk.model.view(), View::Services { .. }));
}

#[test]
fn paper_that_ends_in_the_middle_is_reported_as_unknown() {
    let mut kiosk = Bench::asking();
    kiosk.on(answer(PRESS));
    let did = kiosk.on(Event::TicketOut(Outcome::Unknown(Ok(NO_PAPER))));
    assert!(did.contains(&report(PrintOutcome::Unknown, PrintCause::PaperOut)));
    assert_eq!(kiosk.model.view(), number(PaperProgress::Missing));
}

#[test]
fn a_ticket_that_was_never_sent_is_reported_as_not_printed() {
    let mut kiosk = Bench::asking();
    kiosk.on(answer(PRESS));
    let did = kiosk.on(Event::TicketOut(Outcome::NotSent(Err(escpos::Trouble::Silent))));
    assert!(did.contains(&report(PrintOutcome::NotPrinted, PrintCause::NoAnswer)));
}

#[test]
fn a_refused_number_is_explained() {
    let mut kiosk = Bench::asking();
    let denied = protocol::message::TicketDenied {
        press: PRESS,
        reason: TicketDenial::Full,
    };
    kiosk.on(Event::TicketAnswer {
        press: PRESS,
        answer: Ok(denied.into()),
    });
    assert_eq!(kiosk.model.view(), View::Sorry(Sorry::Denied(TicketDenial::Full)));
    kiosk.pass(SORRY_US);
    assert!(matches!(kiosk.model.view(), View::Services { .. }));
}

#[test]
fn a_number_that_comes_too_late_is_reported_as_not_printed() {
    let mut kiosk = Bench::asking();
    kiosk.pass(ANSWER_US);
    assert_eq!(kiosk.model.view(), View::Sorry(Sorry::NoAnswer));
    assert_eq!(
        kiosk.on(answer(PRESS)),
        [report(PrintOutcome::NotPrinted, PrintCause::None)]
    );
}

#[test]
fn a_host_that_restarts_is_asked_again_for_the_same_press() {
    let mut kiosk = Bench::asking();
    kiosk.on(Event::LinkDown);
    let lost = Err(RequestFailure::PeerRestarted);
    assert_eq!(
        kiosk.on(Event::TicketAnswer {
            press: PRESS,
            answer: lost
        }),
        []
    );
    assert!(kiosk.on(Event::LinkUp).contains(&request(7)));
    assert_eq!(kiosk.on(answer(PRESS)), [Action::Print(granted(PRESS))]);
}

#[test]
fn a_report_is_repeated_until_the_host_accepts_it() {
    let mut kiosk = Bench::asking();
    kiosk.on(answer(PRESS));
    kiosk.on(Event::TicketOut(Outcome::Printed));
    kiosk.on(Event::LinkDown);
    kiosk.on(Event::ReportAnswer {
        press: PRESS,
        answer: Err(RequestFailure::PeerRestarted),
    });
    assert!(
        kiosk
            .on(Event::LinkUp)
            .contains(&report(PrintOutcome::Printed, PrintCause::None))
    );
    kiosk.on(Event::ReportAnswer {
        press: PRESS,
        answer: Ok(Accepted {}.into()),
    });
    kiosk.on(Event::LinkDown);
    assert!(
        !kiosk
            .on(Event::LinkUp)
            .contains(&report(PrintOutcome::Printed, PrintCause::None))
    );
}

#[test]
fn a_report_that_the_host_is_too_busy_for_is_repeated_but_not_at_once() {
    let mut kiosk = Bench::asking();
    kiosk.on(answer(PRESS));
    kiosk.on(Event::TicketOut(Outcome::Printed));
    let busy = Event::ReportAnswer {
        press: PRESS,
        answer: Err(RequestFailure::Refused(Refusal::Busy)),
    };
    assert!(kiosk.on(busy).is_empty());
    assert_eq!(
        kiosk.on(Event::Printer(Ok(READY))),
        [report(PrintOutcome::Printed, PrintCause::None)]
    );
    kiosk.on(Event::ReportAnswer {
        press: PRESS,
        answer: Ok(Accepted {}.into()),
    });
    assert!(kiosk.on(Event::Printer(Ok(READY))).is_empty());
}

#[test]
fn without_a_host_no_number_is_asked_for() {
    let mut kiosk = Bench::open();
    kiosk.on(Event::LinkDown);
    assert_eq!(kiosk.model.view(), View::Offline);
    assert_eq!(kiosk.on(Event::Pressed(Key::Select)), []);
}

#[test]
fn a_closed_office_gives_no_numbers() {
    let mut kiosk = Bench::open();
    assert_eq!(kiosk.on(asked(configure(false))), [Action::Accept(id())]);
    assert_eq!(kiosk.model.view(), View::Closed);
    assert_eq!(kiosk.on(Event::Pressed(Key::Select)), []);
}

#[test]
fn a_called_number_is_shown_and_goes_by_itself() {
    let mut kiosk = Bench::open();
    kiosk.on(asked(Called {
        prefix: b'A',
        number: 3,
        counter: 2,
    }));
    assert_eq!(
        kiosk.model.view(),
        View::Called {
            prefix: b'A',
            number: 3,
            counter: 2
        }
    );
    kiosk.pass(CALLED_US);
    assert!(matches!(kiosk.model.view(), View::Services { .. }));
}

#[test]
fn a_call_waits_while_another_resident_reads_a_number_but_not_the_callers_own() {
    let mut kiosk = Bench::asking();
    kiosk.on(answer(PRESS));
    kiosk.on(Event::TicketOut(Outcome::Printed));
    kiosk.on(asked(Called {
        prefix: b'A',
        number: 3,
        counter: 2,
    }));
    assert_eq!(kiosk.model.view(), number(PaperProgress::Printed));
    kiosk.on(asked(Called {
        prefix: b'A',
        number: 12,
        counter: 2,
    }));
    assert_eq!(
        kiosk.model.view(),
        View::Called {
            prefix: b'A',
            number: 12,
            counter: 2
        }
    );
}

#[test]
fn a_configuration_without_services_is_refused() {
    let mut kiosk = Bench::new();
    let empty = Configure {
        services: Vec::new(),
        ..configure(true)
    };
    assert_eq!(
        kiosk.on(asked(empty))[0],
        Action::Refuse(id(), Refusal::NotPossible)
    );
    assert_eq!(kiosk.model.view(), View::Starting);
}

proptest::proptest! {
    /// Whatever happens in whatever order, presses never get one number's worth of paper twice.
    #[test]
    fn no_press_is_printed_twice(steps in proptest::collection::vec(0_u8..9, 1..200)) {
        let mut kiosk = Bench::open();
        let mut printed = std::collections::HashSet::new();
        let mut last = PRESS;
        for step in steps {
            let event = match step {
                0 | 1 => Event::Pressed(Key::Select),
                2 => Event::Printer(Ok(READY)),
                3 => answer(last),
                4 => Event::TicketAnswer { press: last, answer: Err(RequestFailure::PeerRestarted) },
                5 => Event::TicketOut(Outcome::Printed),
                6 => Event::LinkDown,
                7 => Event::LinkUp,
                _ => { kiosk.now += 3_000_000; Event::Timeout }
            };
            for action in kiosk.on(event).to_vec() {
                match action {
                    Action::RequestTicket(request) => last = request.press,
                    Action::Print(granted) => proptest::prop_assert!(printed.insert(granted.press)),
                    _ => (),
                }
            }
        }
    }
}

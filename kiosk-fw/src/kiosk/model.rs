//! What the kiosk does: events and the time go in, actions come out.
//!
//! ```text
//!            select            printer ready           granted            paper out of the way
//!  Idle ------------> Checking -------------> Asking ----------> Printing ------------> Done --5 s--> Idle
//!                        | printer not ready     | denied, late
//!                        +---------> Sorry <-----+                                  Sorry --6 s--> Idle
//! ```
//!
//! One press is one request: it has a number of its own, and as long as its answer is owed it is asked for again after
//! every restart of the host, which gives the same number for the same press. Likewise every outcome on paper is reported
//! until the host has accepted it.

mod action;
mod activity;
mod event;
mod owing;
mod printer;
mod view;

use heapless::{String, Vec};
use protocol::RequestId;
use protocol::link::RequestFailure;
use protocol::message::{
    Called, Configure, Message, PrintCause, PrintOutcome, Refusal, Service, TicketPrinted, TicketRequest,
};

use crate::drivers::escpos::cause;
use crate::drivers::escpos::{self, Outcome, Status};
use activity::{Activity, Call, Ticket};
use owing::{OWED, Owing};
use printer::{printer_status, trouble};

pub use action::{Action, Actions};
pub use event::{Event, Key};
pub use view::{Language, PaperProgress, Sorry, StorageTrouble, Trouble, View};

/// How long a resident is kept waiting for a number, in µs.
const ANSWER_US: u64 = 8_000_000;
/// How long a number stays on the screen once its ticket is out.
const DONE_US: u64 = 5_000_000;
/// How long it stays if there is no ticket: time to write it down.
const NO_TICKET_US: u64 = 12_000_000;
/// How long an apology stays.
const SORRY_US: u64 = 6_000_000;
/// How long a called number stays.
const CALLED_US: u64 = 8_000_000;
/// How long after the last press the choice goes back to the first service: the resident has walked away.
const WALKED_AWAY_US: u64 = 20_000_000;
/// How often the printer is asked how it is, while it is well.
const PRINTER_POLL_US: u64 = 5_000_000;
/// The same while it is not: recovery should show at once.
const PRINTER_POLL_TROUBLE_US: u64 = 2_000_000;

/// The kiosk.
#[derive(Clone, Debug)]
pub struct Model {
    boot_id: u32,
    /// Presses of SELECT that led to a request, since boot.
    presses: u32,
    link_up: bool,
    office: String<32>,
    tickets_open: bool,
    services: Vec<Service, 4>,
    /// Counts configurations.
    configuration: u16,
    selected: usize,
    language: Language,
    last_key: u64,
    activity: Activity,
    call: Option<Call>,
    requests: Owing<TicketRequest>,
    reports: Owing<TicketPrinted>,
    /// `None` until it was asked for the first time.
    printer: Option<Result<Status, escpos::Trouble>>,
    checking: bool,
    next_check: u64,
}

impl Model {
    /// A kiosk that has just been switched on. `boot_id` makes its presses unique for ever.
    pub fn new(boot_id: u32) -> Self {
        Self {
            boot_id,
            presses: 0,
            link_up: false,
            office: String::new(),
            tickets_open: false,
            services: Vec::new(),
            configuration: 0,
            selected: 0,
            language: Language::Indonesian,
            last_key: 0,
            activity: Activity::Idle,
            call: None,
            requests: Owing::new(),
            reports: Owing::new(),
            printer: None,
            checking: false,
            next_check: 0,
        }
    }

    /// The office's name, as configured.
    pub fn office(&self) -> &str {
        &self.office
    }

    /// What residents can choose from, as configured.
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// The service whose numbers have this letter.
    pub fn service_by_prefix(&self, prefix: u8) -> Option<&Service> {
        self.services.iter().find(|service| service.prefix == prefix)
    }

    /// What the screen should show.
    pub fn view(&self) -> View {
        if let Some(Call {
            called: (prefix, number, counter),
            until: Some(_),
        }) = self.call
        {
            return View::Called {
                prefix,
                number,
                counter,
            };
        }
        let number = |ticket: Ticket, paper| View::Number {
            prefix: ticket.prefix,
            number: ticket.number,
            paper,
        };
        match self.activity {
            Activity::Checking { .. } | Activity::Asking { .. } => View::PleaseWait,
            Activity::Printing { ticket } => number(ticket, PaperProgress::Printing),
            Activity::Done {
                ticket,
                printed: true,
                ..
            } => number(ticket, PaperProgress::Printed),
            Activity::Done {
                ticket,
                printed: false,
                ..
            } => number(ticket, PaperProgress::Missing),
            Activity::Sorry { why, .. } => View::Sorry(why),
            Activity::Idle if self.services.is_empty() => View::Starting,
            Activity::Idle if !self.link_up => View::Offline,
            Activity::Idle if !self.tickets_open => View::Closed,
            Activity::Idle => match self.trouble() {
                Some(trouble) => View::Sorry(Sorry::Printer(trouble)),
                None => View::Services {
                    configuration: self.configuration,
                    selected: self.selected,
                    priority: false,
                    priority_offered: false,
                    low_paper: false,
                    alone: false,
                },
            },
        }
    }

    /// The language that the resident has chosen.
    pub fn language(&self) -> Language {
        self.language
    }

    /// When [`Event::Timeout`] is due, in µs since boot.
    pub fn next_timeout(&self) -> Option<u64> {
        let activity = match self.activity {
            Activity::Asking { until, .. } | Activity::Done { until, .. } | Activity::Sorry { until, .. } => {
                Some(until)
            }
            Activity::Idle | Activity::Checking { .. } | Activity::Printing { .. } => None,
        };
        let call = self.call.and_then(|call| call.until);
        let check = (!self.checking && self.may_check()).then_some(self.next_check);
        let walked_away = (self.selected != 0 || self.language != Language::Indonesian)
            .then(|| self.last_key + WALKED_AWAY_US);
        [activity, call, check, walked_away].into_iter().flatten().min()
    }

    /// Takes one event at `now` (µs since boot) and says what to do.
    pub fn handle(&mut self, now: u64, event: Event) -> Actions {
        let mut actions = Actions::new();
        match event {
            Event::LinkUp => self.link_up(&mut actions),
            Event::LinkDown => self.link_up = false,
            Event::Asked { id, message } => self.asked(now, id, message, &mut actions),
            Event::TicketAnswer { press, answer } => self.ticket_answer(now, press, answer, &mut actions),
            Event::ReportAnswer { press, answer } => self.report_answer(press, &answer),
            Event::Pressed(key) => self.pressed(now, key, &mut actions),
            Event::Printer(status) => self.printer_says(now, status, &mut actions),
            Event::TicketOut(outcome) => self.ticket_out(now, outcome, &mut actions),
            Event::Timeout => (),
        }
        self.pass_time(now, &mut actions);
        self.send_owed(&mut actions);
        actions
    }

    /// The request or report of `press` did not leave: it will be tried again with the next event.
    pub fn not_sent(&mut self, press: u64) {
        self.requests.lost(press);
        self.reports.lost(press);
    }

    fn link_up(&mut self, actions: &mut Actions) {
        self.link_up = true;
        if let Some(status) = self.printer {
            push(actions, Action::TellPrinter(printer_status(status)));
        }
    }

    fn asked(&mut self, now: u64, id: RequestId, message: Message, actions: &mut Actions) {
        let answer = match message {
            Message::Configure(configure) => self
                .configure(configure)
                .map_or(Action::Refuse(id, Refusal::NotPossible), |()| Action::Accept(id)),
            Message::Called(called) => {
                self.called(now, &called);
                Action::Accept(id)
            }
            // The ticket's time of day comes with the number, so the kiosk keeps no calendar.
            Message::SetClock(_) => Action::Accept(id),
            _ => Action::Refuse(id, Refusal::UnknownMessage),
        };
        push(actions, answer);
    }

    fn configure(&mut self, configure: Configure) -> Option<()> {
        let lettered = |service: &Service| service.prefix.is_ascii_uppercase();
        if configure.services.is_empty() || !configure.services.iter().all(lettered) {
            return None;
        }
        self.office = configure.office;
        self.tickets_open = configure.tickets_open;
        if self.services != configure.services {
            self.services = configure.services;
            self.configuration = self.configuration.wrapping_add(1);
            self.selected = 0;
        }
        Some(())
    }

    fn called(&mut self, now: u64, called: &Called) {
        let is = |ticket: Ticket| (ticket.prefix, ticket.number) == (called.prefix, called.number);
        // The very number on the screen is called: its resident should not wait to see it.
        if matches!(self.activity, Activity::Done { ticket, .. } if is(ticket)) {
            self.activity = Activity::Idle;
        }
        let free = self.activity == Activity::Idle;
        self.call = Some(Call {
            called: (called.prefix, called.number, called.counter),
            until: free.then_some(now + CALLED_US),
        });
    }

    fn pressed(&mut self, now: u64, key: Key, actions: &mut Actions) {
        self.last_key = now;
        if self.call.is_some_and(|call| call.until.is_some()) {
            // Whoever presses wants a number and not the news.
            self.call = None;
        }
        match self.activity {
            Activity::Idle => match key {
                Key::Up => self.selected = self.selected.saturating_sub(1),
                Key::Down => self.selected = (self.selected + 1).min(self.services.len().saturating_sub(1)),
                Key::Left => (),
                Key::Right => self.language = self.language.other(),
                Key::Select => self.select(actions),
            },
            // Done and apologies have been read when somebody presses: back, but no second number for it.
            Activity::Done { .. } | Activity::Sorry { .. } => self.activity = Activity::Idle,
            // Pressing again does not make it faster, nor two of it.
            Activity::Checking { .. } | Activity::Asking { .. } | Activity::Printing { .. } => (),
        }
    }

    fn select(&mut self, actions: &mut Actions) {
        let possible = self.link_up && self.tickets_open;
        let Some(service) = self.services.get(self.selected).filter(|_| possible) else {
            return;
        };
        self.activity = Activity::Checking { service: service.id };
        self.selected = 0;
        self.check_printer(actions);
    }

    /// Whether the printer can be asked how it is: not while it has a ticket, and an answer that is awaited comes anyway.
    fn may_check(&self) -> bool {
        matches!(
            self.activity,
            Activity::Idle | Activity::Done { .. } | Activity::Sorry { .. }
        )
    }

    fn check_printer(&mut self, actions: &mut Actions) {
        if !self.checking {
            self.checking = true;
            push(actions, Action::CheckPrinter);
        }
    }

    fn printer_says(&mut self, now: u64, status: Result<Status, escpos::Trouble>, actions: &mut Actions) {
        self.checking = false;
        self.remember_printer(now, status, actions);
        // Seconds have passed since the last look.
        self.reports.resume();
        let Activity::Checking { service } = self.activity else {
            return;
        };
        if let Some(trouble) = self.trouble() {
            self.sorry(now, Sorry::Printer(trouble));
            return;
        }
        self.presses = self.presses.wrapping_add(1);
        let press = u64::from(self.boot_id) << 32 | u64::from(self.presses);
        // Priority is given by staff in this version: the kiosk has no button for it.
        let request = TicketRequest {
            press,
            service,
            priority: false,
        };
        if !self.requests.add(request) {
            self.presses = self.presses.wrapping_sub(1);
            self.sorry(now, Sorry::NoAnswer);
            return;
        }
        self.activity = Activity::Asking {
            press,
            until: now + ANSWER_US,
        };
    }

    fn remember_printer(&mut self, now: u64, status: Result<Status, escpos::Trouble>, actions: &mut Actions) {
        let before = self.printer.replace(status);
        if before != Some(status) && self.link_up {
            push(actions, Action::TellPrinter(printer_status(status)));
        }
        let well = self.trouble().is_none();
        if well
            && matches!(
                self.activity,
                Activity::Sorry {
                    why: Sorry::Printer(_),
                    ..
                }
            )
        {
            self.activity = Activity::Idle;
        }
        self.next_check = now
            + if well {
                PRINTER_POLL_US
            } else {
                PRINTER_POLL_TROUBLE_US
            };
    }

    /// Why the printer could not print now. One that was never asked is taken to be well: it is asked before each number.
    fn trouble(&self) -> Option<Trouble> {
        trouble(self.printer?)
    }

    fn ticket_answer(
        &mut self,
        now: u64,
        press: u64,
        answer: Result<Message, RequestFailure>,
        actions: &mut Actions,
    ) {
        if answer == Err(RequestFailure::PeerRestarted) {
            // Whether it gave a number is unknown; asking for the same press again finds out.
            self.not_sent(press);
            return;
        }
        self.requests.settle(press);
        let waiting = matches!(self.activity, Activity::Asking { press: asked, .. } if asked == press);
        match answer {
            Ok(Message::TicketGranted(granted)) if waiting && granted.press == press => {
                self.activity = Activity::Printing {
                    ticket: Ticket {
                        press,
                        id: granted.ticket_id,
                        prefix: granted.prefix,
                        number: granted.number,
                    },
                };
                push(actions, Action::Print(granted));
            }
            // The resident was told to try again: this number has no ticket and never will.
            Ok(Message::TicketGranted(granted)) => self.reports.add_for_oldest(TicketPrinted {
                press,
                ticket_id: granted.ticket_id,
                outcome: PrintOutcome::NotPrinted,
                cause: PrintCause::None,
            }),
            Ok(Message::TicketDenied(denied)) if waiting => self.sorry(now, Sorry::Denied(denied.reason)),
            _ if waiting => self.sorry(now, Sorry::NoAnswer),
            _ => (),
        }
    }

    fn report_answer(&mut self, press: u64, answer: &Result<Message, RequestFailure>) {
        match answer {
            Err(RequestFailure::PeerRestarted) => self.not_sent(press),
            // The host could not store it. Asking at once would only keep it busy.
            Err(RequestFailure::Refused(Refusal::Busy)) => self.reports.put_off(press),
            _ => self.reports.settle(press),
        }
    }

    fn ticket_out(&mut self, now: u64, outcome: Outcome, actions: &mut Actions) {
        let Activity::Printing { ticket } = self.activity else {
            return;
        };
        let (paper, cause) = match outcome {
            Outcome::Printed => (PrintOutcome::Printed, PrintCause::None),
            Outcome::NotSent(state) => (PrintOutcome::NotPrinted, cause(state)),
            Outcome::Unknown(state) => (PrintOutcome::Unknown, cause(state)),
        };
        let printed = paper == PrintOutcome::Printed;
        self.activity = Activity::Done {
            ticket,
            printed,
            until: now + if printed { DONE_US } else { NO_TICKET_US },
        };
        self.reports.add_for_oldest(TicketPrinted {
            press: ticket.press,
            ticket_id: ticket.id,
            outcome: paper,
            cause,
        });
        if let Outcome::NotSent(state) | Outcome::Unknown(state) = outcome {
            self.remember_printer(now, state, actions);
        }
    }

    fn sorry(&mut self, now: u64, why: Sorry) {
        self.activity = Activity::Sorry {
            why,
            until: now + SORRY_US,
        };
    }

    fn pass_time(&mut self, now: u64, actions: &mut Actions) {
        match self.activity {
            Activity::Asking { until, .. } if now >= until => self.sorry(now, Sorry::NoAnswer),
            Activity::Done { until, .. } | Activity::Sorry { until, .. } if now >= until => {
                self.activity = Activity::Idle;
            }
            _ => (),
        }
        if now >= self.last_key + WALKED_AWAY_US {
            self.selected = 0;
            self.language = Language::Indonesian;
        }
        let idle = self.activity == Activity::Idle;
        match self.call {
            Some(Call {
                until: Some(until), ..
            }) if now >= until => self.call = None,
            Some(ref mut call) if call.until.is_none() && idle => call.until = Some(now + CALLED_US),
            _ => (),
        }
        if self.may_check() && now >= self.next_check {
            self.check_printer(actions);
        }
    }

    fn send_owed(&mut self, actions: &mut Actions) {
        if !self.link_up {
            return;
        }
        self.requests
            .send(|request| push(actions, Action::RequestTicket(request)));
        self.reports.send(|report| push(actions, Action::Report(report)));
    }
}

/// No event leads to more actions than fit: at most one answer, one notification, one check, one print and all that is owed.
fn push(actions: &mut Actions, action: Action) {
    let pushed = actions.push(action);
    debug_assert!(pushed.is_ok(), "an event led to more actions than counted on");
}

const _: () = assert!(4 + 2 * OWED <= 12);

#[cfg(test)]
mod tests;

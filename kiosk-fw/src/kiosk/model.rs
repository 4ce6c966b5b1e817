//! What the kiosk does: events and the time go in, actions come out.
//!
//! ```text
//!          SELECT            printer well              written               granted
//!  Idle ------------> Checking --------> Recording ---------> Asking ------------------------> Recording
//!    ^                   |                   |                  | denied, late, host away          |
//!    |<----- Sorry <-----+                   |  host away: a number of the loan --------------->   | written
//!    |                                       v                  v                                  v
//!    |<----- Done <---- outcome written down <---- Resolving <--- Waiting <--- trouble --- Printing
//! ```
//!
//! One press gets one number and at most one ticket, whatever dies when, because of three rules:
//!
//! - *Written before done.* The host is asked for a press, and the printer is given a ticket, only after a record says so.
//! - *One press, one source.* A number of the loan is given only for a press that the host was never asked for. If the host was
//!   asked and is silent, that press has come to its end without a ticket, and the host is told so when it is back, after
//!   whatever it was asked; the resident gets the number of the loan for a press of its own. Both are one record.
//! - *Unknown is looked into.* What was under way when something died is asked again: the host for the same press, the
//!   printer for the mark and its counters. A ticket is printed again only if the printer proves that nothing of it came out.
//!
//! What the kiosk knows for good is in its [`Snapshot`]; the rooms of this module each change a part of it:
//! `serving` from the press to the number, `paper` from the number to its end, `recovery` after a restart, `asked` what the
//! host wants, `telling` what the host is owed, `storage` what is written when, `shown` what residents see.

mod action;
mod activity;
mod asked;
mod clock;
mod event;
mod paper;
mod printer;
mod recovery;
mod serving;
mod shown;
mod storage;
mod telling;
mod view;

use heapless::{String, Vec};
use protocol::RequestId;
use protocol::message::Service;

use super::record::{Flight, Snapshot};
use super::ticket::Face;
use crate::drivers::escpos::document::Roll;
use crate::drivers::escpos::{self, Counters, Status};
use activity::{Activity, Call};
use clock::Clock;
use printer::{printer_status, trouble};
use storage::Storage;
use telling::Telling;

pub use action::{Action, Actions};
pub use event::{Event, Key, Stored};
pub use storage::StorageReport;
pub use view::{Language, PaperProgress, Sorry, StorageTrouble, Trouble, View};

/// How often the printer is asked how it is, while it is well.
const PRINTER_POLL_US: u64 = 5_000_000;
/// The same while it is not: recovery should show at once.
const PRINTER_POLL_TROUBLE_US: u64 = 2_000_000;

/// What residents have to bring for a service.
type Bring = Vec<String<40>, 4>;

/// The kiosk.
#[derive(Clone, Debug)]
pub struct Model {
    boot_id: u32,
    /// What is, or is about to be, written down.
    kept: Snapshot,
    /// Boot and sequence of the last record that is certainly durable.
    durable: Option<(u32, u32)>,
    storage: Storage,
    telling: Telling,
    link: Link,
    clock: Clock,
    /// What to bring, by service.
    details: Vec<(u8, Bring), 4>,
    activity: Activity,
    choice: Choice,
    /// Counts what changes the list of services.
    configuration: u16,
    call: Option<Call>,
    printer: Printer,
    /// The request that a copy is printed for.
    copying: Option<RequestId>,
    /// The request that waits for its loan to be durable.
    lending: Option<RequestId>,
    /// The offer is, or is about to be, written down.
    offer_kept: bool,
    /// Numbers that are left to give without the host.
    loan_left: u32,
    /// How long the flight's ticket is held back for a printer in trouble, in µs.
    paper_until: u64,
    /// The flight was under way before the start: its resident may be gone.
    from_before: bool,
}

/// Whether the host is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Up,
    /// It may be back at this time: nothing is decided before, in µs.
    Lost {
        alone_at: u64,
    },
    Alone,
}

/// What the resident is looking at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Choice {
    selected: usize,
    priority: bool,
    language: Language,
    last_key: Option<(Key, u64)>,
}

/// What is known of the ticket printer.
#[derive(Clone, Copy, Debug)]
struct Printer {
    /// `None` until it was asked for the first time.
    status: Option<Result<Status, escpos::Trouble>>,
    /// How much it has printed; `None` if it printed since it was asked.
    counters: Option<Counters>,
    checking: bool,
    next_check: u64,
}

impl Choice {
    const FIRST: Self = Self {
        selected: 0,
        priority: false,
        language: Language::Indonesian,
        last_key: None,
    };
}

impl Model {
    /// A kiosk that has just been switched on. `boot_id` tells this start from others.
    pub fn new(boot_id: u32) -> Self {
        Self {
            boot_id,
            kept: Snapshot::default(),
            durable: None,
            storage: Storage::new(),
            telling: Telling::default(),
            link: Link::Lost {
                alone_at: shown::STARTING_US,
            },
            clock: Clock::default(),
            details: Vec::new(),
            activity: Activity::Idle,
            choice: Choice::FIRST,
            configuration: 0,
            call: None,
            printer: Printer {
                status: None,
                counters: None,
                checking: false,
                next_check: 0,
            },
            copying: None,
            lending: None,
            offer_kept: true,
            loan_left: 0,
            paper_until: 0,
            from_before: false,
        }
    }

    /// What residents can choose from, as configured.
    pub fn services(&self) -> &[Service] {
        &self.kept.offer.services
    }

    /// The service of this id.
    fn service(&self, id: u8) -> Option<&Service> {
        self.services().iter().find(|service| service.id == id)
    }

    /// What residents have to bring for a service.
    fn bring(&self, service: u8) -> &[String<40>] {
        self.details
            .iter()
            .find(|(id, _)| *id == service)
            .map_or(&[], |(_, bring)| bring)
    }

    /// What stands on the flight's ticket, if it has one.
    pub fn face(&self) -> Option<Face<'_>> {
        let (flight, ticket) = self.ticket()?;
        Some(Face {
            office: &self.kept.offer.office,
            service: self.service(flight.service),
            bring: self.bring(flight.service),
            prefix: ticket.prefix,
            number: ticket.number,
            priority: flight.priority,
            issued: ticket.issued,
            ahead: ticket.ahead,
            ticket_id: ticket.id,
            copy: Some(ticket.copy).filter(|copy| *copy > 0),
            paper: if self.kept.offer.paper_mm >= 80 {
                Roll::Mm80
            } else {
                Roll::Mm58
            },
            alone: ticket.lent,
        })
    }

    /// The resident who is being served, and the ticket if there is one.
    pub fn flight(&self) -> Option<&Flight> {
        self.kept.flight.as_ref()
    }

    /// Takes one event at `now` (µs since boot) and says what to do.
    pub fn handle(&mut self, now: u64, event: Event<'_>) -> Actions {
        let mut actions = Actions::new();
        match event {
            Event::LinkUp => self.link_up(&mut actions),
            Event::LinkDown => self.link_down(now),
            Event::Asked { id, message } => self.asked(now, id, message, &mut actions),
            Event::TicketAnswer { press, answer } => self.ticket_answer(now, press, answer),
            Event::TellAnswer(answer) => self.telling.answered(now, answer),
            Event::Pressed(key) => self.pressed(now, key, &mut actions),
            Event::Printer { status, counters } => self.printer_says(now, status, counters, &mut actions),
            Event::TicketOut(outcome) => self.ticket_out(now, outcome, &mut actions),
            Event::Resolved(resolution) => self.resolved(now, resolution),
            Event::Opened(opened) => self.opened(now, opened, &mut actions),
            Event::Recorded(recorded) => self.recorded(now, recorded, &mut actions),
            Event::Peeked(peeked) => self.peeked(now, peeked),
            Event::Popped(popped) => self.popped(now, popped),
            Event::Timeout => (),
        }
        self.pass_time(now, &mut actions);
        actions
    }

    /// The request for a number did not leave the board: it will be tried again.
    pub fn not_asked(&mut self, now: u64) {
        if let Activity::Asking { ask_at, .. } = &mut self.activity {
            *ask_at = Some(now + serving::ASK_AGAIN_US);
        }
    }

    /// What the host was to be told did not leave the board: it will be tried again.
    pub fn not_told(&mut self, now: u64) {
        self.telling.put_off(now);
    }

    fn link_up(&mut self, actions: &mut Actions) {
        self.link = Link::Up;
        if let Some(status) = self.printer.status {
            push(actions, Action::TellPrinter(printer_status(status)));
        }
    }

    fn link_down(&mut self, now: u64) {
        if self.link == Link::Up {
            self.link = Link::Lost {
                alone_at: now + serving::GRACE_US,
            };
        }
    }

    fn pass_time(&mut self, now: u64, actions: &mut Actions) {
        if matches!(self.link, Link::Lost { alone_at } if now >= alone_at) {
            self.link = Link::Alone;
        }
        self.keep_day(now);
        self.serve(now, actions);
        self.show(now);
        if self.may_check() && now >= self.printer.next_check {
            self.check_printer(actions);
        }
        if self.link == Link::Up {
            self.telling.tell(now, actions);
        }
        self.work_storage(now, actions);
    }

    /// Whether the printer can be asked how it is: not while it has a ticket. An answer that is awaited comes anyway.
    fn may_check(&self) -> bool {
        let busy = match self.activity {
            Activity::Printing | Activity::Resolving { .. } => true,
            Activity::Recording { next, .. } => next == activity::Next::Print,
            _ => false,
        };
        !busy && !self.printer.checking
    }

    fn check_printer(&mut self, actions: &mut Actions) {
        if !self.printer.checking {
            self.printer.checking = true;
            // What a ticket that is looked into has printed is not known before.
            let counters = match self.activity {
                Activity::Waiting { .. } => false,
                // The resident should not wait longer than necessary.
                Activity::Checking { .. } => self.printer.counters.is_none(),
                // Before it is known whether a ticket was under way, the printer is told nothing that waits its turn.
                _ => self.storage.known,
            };
            push(actions, Action::CheckPrinter { counters });
        }
    }

    fn printer_says(
        &mut self,
        now: u64,
        status: Result<Status, escpos::Trouble>,
        counters: Option<Counters>,
        actions: &mut Actions,
    ) {
        self.printer.checking = false;
        self.printer.counters = counters.or(self.printer.counters);
        self.remember_printer(now, status, actions);
        if let Activity::Checking { service, priority } = self.activity {
            self.checked(now, service, priority);
        }
    }

    fn remember_printer(&mut self, now: u64, status: Result<Status, escpos::Trouble>, actions: &mut Actions) {
        let before = self.printer.status.replace(status);
        if before != Some(status) && self.link == Link::Up {
            push(actions, Action::TellPrinter(printer_status(status)));
        }
        let well = self.printer_trouble().is_none();
        if !well {
            // It may have been switched off, or be another.
            self.printer.counters = None;
        }
        self.printer.next_check = now
            + if well {
                PRINTER_POLL_US
            } else {
                PRINTER_POLL_TROUBLE_US
            };
    }

    /// Why the printer could not print now. One that was never asked is taken to be well: it is asked before each number.
    fn printer_trouble(&self) -> Option<Trouble> {
        trouble(self.printer.status?)
    }
}

/// No event leads to more actions than fit: one answer, one notification, one job for the printer, one request, one thing told, one
/// job for the storage.
// Called from everywhere: on a board, flash is dearer than the call.
#[cfg_attr(target_os = "none", inline(never))]
fn push(actions: &mut Actions, action: Action) {
    let pushed = actions.push(action);
    debug_assert!(pushed.is_ok(), "an event led to more actions than counted on");
}

#[cfg(test)]
mod tests;

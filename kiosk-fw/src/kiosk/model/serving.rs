//! From the press to the number.

use protocol::link::RequestFailure;
use protocol::message::{Message, PrintCause, PrintOutcome, Refusal, TicketGranted, TicketRequest};

use super::activity::{Activity, Next};
use super::paper::PAPER_US;
use super::view::{Sorry, StorageTrouble};
use super::{Action, Actions, Choice, Link, Model, push};
use crate::kiosk::record::{Flight, Happened, Stage, Ticket};

/// How long a resident is kept waiting for a number, in µs.
const ANSWER_US: u64 = 8_000_000;
/// How long the host may be away before numbers come from the loan: it may only have been started anew.
pub(super) const GRACE_US: u64 = 1_000_000;
/// When a host is asked again that was too busy, or that could not be asked.
pub(super) const ASK_AGAIN_US: u64 = 500_000;
/// How long an apology stays.
pub(super) const SORRY_US: u64 = 6_000_000;

impl Model {
    /// SELECT was pressed while the services are shown.
    pub(super) fn select(&mut self, now: u64, actions: &mut Actions) {
        let choice = self.choice;
        let service = self.kept.offer.services.get(choice.selected);
        let Some(service) = service.filter(|_| self.kept.offer.open).map(|service| service.id) else {
            return;
        };
        if self.kept.flight.is_some() || !self.storage.is_ready() || !self.storage.has_room() {
            return;
        }
        match self.link {
            Link::Up => (),
            Link::Alone if self.left(now, service) > 0 => (),
            Link::Alone => return self.sorry(now, Sorry::NoNumbers),
            Link::Lost { .. } => return,
        }
        self.activity = Activity::Checking {
            service,
            priority: choice.priority,
        };
        self.choice = Choice {
            language: choice.language,
            last_key: choice.last_key,
            ..Choice::FIRST
        };
        self.check_printer(actions);
    }

    /// The printer has answered: now the press counts, or the resident is told why not.
    pub(super) fn checked(&mut self, now: u64, service: u8, priority: bool) {
        if let Some(trouble) = self.printer_trouble() {
            return self.sorry(now, Sorry::Printer(trouble));
        }
        if !self.storage.is_ready() {
            let trouble = self.storage.trouble().unwrap_or(StorageTrouble::Failed);
            return self.sorry(now, Sorry::Storage(trouble));
        }
        let press = self.new_press();
        self.from_before = false;
        self.kept.flight = Some(Flight {
            press,
            service,
            priority,
            stage: Stage::Pressed {
                at: self.clock.unix(now).unwrap_or(0),
            },
        });
        if self.link == Link::Up {
            self.write_down(Happened::Pressed);
            self.activity = Activity::Recording {
                next: Next::Ask,
                since: now,
            };
        } else if !self.take_from_loan(now, None) {
            // The last number went, or the day, while the printer was asked. Nothing has happened.
            self.kept.flight = None;
            let why = if self.link == Link::Alone {
                Sorry::NoNumbers
            } else {
                Sorry::NoAnswer
            };
            self.sorry(now, why);
        }
    }

    fn new_press(&mut self) -> u64 {
        self.kept.presses = self.kept.presses.wrapping_add(1);
        u64::from(self.boot_id) << 32 | u64::from(self.kept.presses)
    }

    /// Gives the flight a number of the loan, if there is one. `asked` is the press that the host was asked for: the number is
    /// then given to a press of its own.
    fn take_from_loan(&mut self, now: u64, asked: Option<u64>) -> bool {
        let Some(flight) = self.kept.flight else {
            return false;
        };
        let Some(loan) = self.usable_loan(now).map(|loan| loan.id) else {
            return false;
        };
        let number = self.kept.loan.as_mut().and_then(|loan| loan.give(flight.service));
        let Some(number) = number else {
            return false;
        };
        let press = if asked.is_some() {
            self.new_press()
        } else {
            flight.press
        };
        let ticket = Ticket {
            id: number.ticket_id,
            prefix: number.prefix,
            number: number.number,
            issued: self
                .clock
                .unix(now)
                .map(|unix| (unix, self.kept.utc_offset_minutes)),
            ahead: None,
            copy: 0,
            lent: true,
        };
        let happened = Happened::Taken {
            loan,
            instead_of: asked,
        };
        self.intend(now, Flight { press, ..flight }, ticket, happened);
        true
    }

    /// Writes down that `ticket` is about to be printed.
    pub(super) fn intend(&mut self, now: u64, flight: Flight, ticket: Ticket, happened: Happened) {
        self.kept.flight = Some(Flight {
            stage: Stage::Intent {
                ticket,
                // That of the record to come: none is like another.
                mark: self.next_mark(),
                counters: self.printer.counters,
            },
            ..flight
        });
        self.write_down(happened);
        self.activity = Activity::Recording {
            next: Next::Print,
            since: now,
        };
        self.paper_until = now + PAPER_US;
    }

    /// What was written down for the resident is durable.
    pub(super) fn written_down(&mut self, now: u64, actions: &mut Actions) {
        let Activity::Recording { next, since } = self.activity else {
            return;
        };
        // The storage was in trouble meanwhile, and the resident was told so.
        let late = now >= since + ANSWER_US;
        match next {
            Next::Ask if late => self.give_up(now, PrintCause::None, None),
            Next::Ask => {
                self.activity = Activity::Asking {
                    until: since + ANSWER_US,
                    ask_at: Some(now),
                }
            }
            Next::Print if late => self.end_ticket(now, PrintOutcome::NotPrinted, PrintCause::None),
            Next::Print => self.print(actions),
        }
    }

    /// The resident waits for the host: asks it, or finds another way.
    pub(super) fn ask(&mut self, now: u64, actions: &mut Actions) {
        let (Activity::Asking { until, ask_at }, Some(flight)) = (self.activity, self.kept.flight) else {
            return;
        };
        if self.link == Link::Alone || now >= until {
            // Whether the host has it can be known only from the host.
            if !self.take_from_loan(now, Some(flight.press)) && now >= until {
                self.give_up(now, PrintCause::None, Some(Sorry::NoAnswer));
            }
        } else if self.link == Link::Up && ask_at.is_some_and(|at| now >= at) {
            self.activity = Activity::Asking { until, ask_at: None };
            push(
                actions,
                Action::RequestTicket(TicketRequest {
                    press: flight.press,
                    service: flight.service,
                    priority: flight.priority,
                }),
            );
        }
    }

    /// The press ends without a ticket. If the host was asked and has given a number, that is for nobody.
    pub(super) fn give_up(&mut self, now: u64, cause: PrintCause, why: Option<Sorry>) {
        if let Some(flight) = self.kept.flight.take() {
            self.write_down(Happened::Outcome {
                press: flight.press,
                ticket_id: 0,
                outcome: PrintOutcome::NotPrinted,
                cause,
            });
        }
        match why {
            Some(why) => self.sorry(now, why),
            None => self.activity = Activity::Idle,
        }
    }

    pub(super) fn ticket_answer(&mut self, now: u64, press: u64, answer: Result<&Message, RequestFailure>) {
        let Activity::Asking { until, .. } = self.activity else {
            return;
        };
        let Some(flight) = self.kept.flight.filter(|flight| flight.press == press) else {
            return;
        };
        match answer {
            Ok(Message::TicketGranted(granted)) if granted.press == press => {
                self.intend(now, flight, granted_ticket(granted), Happened::Intent);
            }
            Ok(Message::TicketDenied(denied)) => {
                self.kept.flight = None;
                self.write_down(Happened::Dropped);
                self.sorry(now, Sorry::Denied(denied.reason));
            }
            // Whether the host gave a number is unknown; asking for the same press again finds out.
            Err(RequestFailure::PeerRestarted) => {
                self.activity = Activity::Asking {
                    until,
                    ask_at: Some(now),
                };
            }
            Err(RequestFailure::Refused(Refusal::Busy)) => {
                self.activity = Activity::Asking {
                    until,
                    ask_at: Some(now + ASK_AGAIN_US),
                };
            }
            _ => self.give_up(now, PrintCause::None, Some(Sorry::NoAnswer)),
        }
    }

    pub(super) fn sorry(&mut self, now: u64, why: Sorry) {
        self.activity = Activity::Sorry {
            why,
            until: now + SORRY_US,
        };
    }
}

fn granted_ticket(granted: &TicketGranted) -> Ticket {
    Ticket {
        id: granted.ticket_id,
        prefix: granted.prefix,
        number: granted.number,
        issued: Some((granted.issued_unix, granted.utc_offset_minutes)),
        ahead: Some((granted.people_before, granted.wait_minutes)),
        copy: 0,
        lent: false,
    }
}

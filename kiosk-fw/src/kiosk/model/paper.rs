//! From the number to the end of its ticket.

use protocol::message::{PrintCause, PrintOutcome, Reprinted};

use super::activity::Activity;
use super::view::PaperProgress;
use super::{Action, Actions, Model, push};
use crate::drivers::escpos::{Outcome, Resolution, cause};
use crate::kiosk::record::{Flight, Happened, Stage, Ticket};

/// How long a ticket is held back for a printer in trouble, in µs: the resident stands there, and staff come with paper.
pub(super) const PAPER_US: u64 = 60_000_000;
/// How long a number stays on the screen once its ticket is out.
const DONE_US: u64 = 5_000_000;
/// How long it stays if there is no ticket: time to write it down.
const NO_TICKET_US: u64 = 12_000_000;

impl Model {
    /// What the printer says when it has carried out the ticket that is written down next: the record's place in the order, which
    /// only grows.
    pub(super) fn next_mark(&self) -> u32 {
        self.kept.sequence.wrapping_add(1)
    }

    /// The ticket of the flight.
    pub(super) fn ticket(&self) -> Option<(Flight, Ticket)> {
        let flight = self.kept.flight?;
        match flight.stage {
            Stage::Intent { ticket, .. } => Some((flight, ticket)),
            Stage::Pressed { .. } => None,
        }
    }

    /// That the flight's ticket is to be printed is durable.
    pub(super) fn print(&mut self, actions: &mut Actions) {
        let Some(Stage::Intent { mark, .. }) = self.kept.flight.map(|flight| flight.stage) else {
            return;
        };
        self.activity = Activity::Printing;
        self.printer.counters = None;
        push(actions, Action::Print { mark });
    }

    pub(super) fn ticket_out(&mut self, now: u64, outcome: Outcome, actions: &mut Actions) {
        if let Outcome::NotSent(state) | Outcome::Unknown(state) = outcome {
            self.remember_printer(now, state, actions);
        }
        // The counters are asked for at once, so that nobody has to wait for them.
        self.printer.next_check = now;
        let (Activity::Printing, Some((_, ticket))) = (self.activity, self.ticket()) else {
            return;
        };
        if ticket.copy > 0 {
            return self.copy_out(&ticket, outcome, actions);
        }
        match outcome {
            Outcome::Printed => self.end_ticket(now, PrintOutcome::Printed, PrintCause::None),
            Outcome::NotSent(state) => self.wait_for_printer(cause(state), false),
            Outcome::Unknown(state) => self.wait_for_printer(cause(state), true),
        }
        if !matches!(outcome, Outcome::Printed) {
            // As it was when it failed, it need not be asked at once.
            self.printer.next_check = now + super::PRINTER_POLL_TROUBLE_US;
        }
    }

    fn wait_for_printer(&mut self, cause: PrintCause, sent: bool) {
        self.activity = Activity::Waiting {
            cause,
            sent,
            until: self.paper_until,
        };
    }

    /// The printer was in trouble. Goes on as soon as it is not.
    pub(super) fn wait_for_paper(&mut self, now: u64, actions: &mut Actions) {
        let Activity::Waiting { cause, sent, until } = self.activity else {
            return;
        };
        let Some((flight, _)) = self.ticket() else { return };
        if now >= until {
            let outcome = if sent {
                PrintOutcome::Unknown
            } else {
                PrintOutcome::NotPrinted
            };
            return self.end_ticket(now, outcome, cause);
        }
        let well = self.printer.status.is_some() && self.printer_trouble().is_none();
        if !well || self.printer.checking {
            return;
        }
        if !sent {
            // What is written down is still so: the printer has seen nothing of it.
            return self.print(actions);
        }
        if let Stage::Intent { mark, counters, .. } = flight.stage {
            self.activity = Activity::Resolving { until };
            push(actions, Action::Resolve { mark, counters });
        }
    }

    /// Nothing of the ticket came out, that is certain: the next try is written down like the first.
    pub(super) fn print_again(&mut self, now: u64, flight: Flight, ticket: Ticket) {
        // What the printer had printed before is as it was, and is not asked again.
        if let Stage::Intent { counters, .. } = flight.stage {
            self.printer.counters = counters;
        }
        let until = self.paper_until;
        self.intend(now, flight, ticket, Happened::Intent);
        self.paper_until = until;
    }

    pub(super) fn resolved(&mut self, now: u64, resolution: Resolution) {
        self.printer.next_check = now;
        let (Activity::Resolving { until }, Some((flight, ticket))) = (self.activity, self.ticket()) else {
            return;
        };
        match resolution {
            Resolution::Printed => self.end_ticket(now, PrintOutcome::Printed, PrintCause::None),
            Resolution::NotPrinted if self.is_from_before_start() => self.wait_for_time(now),
            Resolution::NotPrinted if now < until && self.storage.is_ready() => {
                self.print_again(now, flight, ticket);
            }
            Resolution::NotPrinted => self.end_ticket(now, PrintOutcome::NotPrinted, PrintCause::Restarted),
            // The printer cannot tell, and will not be able to.
            Resolution::Unknown(PrintCause::Restarted) => {
                self.end_ticket(now, PrintOutcome::Unknown, PrintCause::Restarted);
            }
            Resolution::Unknown(cause) => {
                self.activity = Activity::Waiting {
                    cause,
                    sent: true,
                    until,
                };
                self.printer.next_check = now + super::PRINTER_POLL_TROUBLE_US;
            }
        }
    }

    /// What became of the flight's ticket is known, or will never be. The resident sees it at once; the host is told when it is
    /// written down.
    pub(super) fn end_ticket(&mut self, now: u64, outcome: PrintOutcome, cause: PrintCause) {
        let Some((flight, ticket)) = self.ticket() else {
            return;
        };
        self.kept.flight = None;
        self.write_down(Happened::Outcome {
            press: flight.press,
            ticket_id: ticket.id,
            outcome,
            cause,
        });
        let (paper, shown) = match outcome {
            PrintOutcome::Printed => (PaperProgress::Printed, DONE_US),
            PrintOutcome::NotPrinted => (PaperProgress::Missing, NO_TICKET_US),
            PrintOutcome::Unknown => (PaperProgress::Uncertain, NO_TICKET_US),
        };
        self.activity = Activity::Done {
            ticket,
            paper,
            until: now + shown,
        };
    }

    fn copy_out(&mut self, ticket: &Ticket, outcome: Outcome, actions: &mut Actions) {
        let (outcome, cause) = match outcome {
            Outcome::Printed => (PrintOutcome::Printed, PrintCause::None),
            Outcome::NotSent(state) => (PrintOutcome::NotPrinted, cause(state)),
            Outcome::Unknown(state) => (PrintOutcome::Unknown, cause(state)),
        };
        if let Some(id) = self.copying.take() {
            let answer = Reprinted {
                ticket_id: ticket.id,
                outcome,
                cause,
            };
            push(actions, Action::AnswerReprint(id, answer));
        }
        self.drop_flight();
    }

    /// The flight is of no more concern to anybody.
    pub(super) fn drop_flight(&mut self) {
        self.kept.flight = None;
        self.write_down(Happened::Dropped);
        self.activity = Activity::Idle;
    }
}

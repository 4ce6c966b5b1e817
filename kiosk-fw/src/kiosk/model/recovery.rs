//! After a restart: what was under way is brought to its end.

use protocol::message::{PrintCause, PrintOutcome, Refusal};

use super::activity::Activity;
use super::paper::PAPER_US;
use super::{Action, Actions, Link, Model, push};
use crate::kiosk::record::{Snapshot, Stage};

/// A number that is older than this is not printed any more, in seconds: nobody waits for the paper.
const TOO_OLD_S: u64 = 600;
/// How far the host's clock may be behind that of a record, in seconds, before the record counts as old for want of a better word.
const CLOCK_ERROR_S: u64 = 60;
/// How long the host is waited for, in µs: only it knows the time.
const HOST_US: u64 = 5_000_000;
/// How long a resident is kept waiting for the number that the press before the restart asked for.
const ANSWER_US: u64 = 8_000_000;

impl Model {
    /// Begins with what the storage holds: after the start, or when another card was put in.
    pub(super) fn start_from(&mut self, now: u64, newest: Snapshot, actions: &mut Actions) {
        let before = core::mem::replace(&mut self.kept, newest);
        // A press of this start must not be numbered like another of it.
        self.kept.presses = self.kept.presses.max(before.presses);
        if self.kept.offer != before.offer {
            self.configuration = self.configuration.wrapping_add(1);
        }
        // If the host has made an offer since the start, the card's is older.
        self.offer_kept = before.offer.services.is_empty() || self.kept.offer == before.offer;
        if !self.offer_kept {
            self.kept.offer = before.offer;
        }
        if self.clock.unix(now).is_some() {
            self.kept.utc_offset_minutes = before.utc_offset_minutes;
            self.kept.day = before.day;
        }
        for id in [self.copying.take(), self.lending.take()].into_iter().flatten() {
            push(actions, Action::Refuse(id, Refusal::Busy));
        }
        self.from_before = true;
        // Now it can be asked for its counters, or what became of the ticket.
        self.printer.next_check = now;
        self.activity = match self.kept.flight.map(|flight| flight.stage) {
            None => Activity::Idle,
            Some(Stage::Pressed { .. }) => Activity::Ageing { until: now + HOST_US },
            // A copy that was under way is asked for again by whoever wanted it.
            Some(Stage::Intent { ticket, .. }) if ticket.copy > 0 => return self.drop_flight(),
            Some(Stage::Intent { .. }) => {
                self.paper_until = now + PAPER_US;
                Activity::Waiting {
                    cause: PrintCause::Restarted,
                    sent: true,
                    until: self.paper_until,
                }
            }
        };
    }

    /// Whether the flight was brought back from the storage, so that its resident may be gone.
    pub(super) fn is_from_before_start(&self) -> bool {
        self.from_before
    }

    /// The printer has shown that nothing came out. Whether it still should depends on the time.
    pub(super) fn wait_for_time(&mut self, now: u64) {
        self.activity = Activity::Ageing { until: now + HOST_US };
    }

    /// Decides about a flight from before the start, once the time is known or will not be.
    pub(super) fn judge_age(&mut self, now: u64) {
        let Activity::Ageing { until } = self.activity else {
            return;
        };
        let Some(flight) = self.kept.flight else {
            self.activity = Activity::Idle;
            return;
        };
        let since = match flight.stage {
            Stage::Pressed { at } => Some(at).filter(|at| *at > 0),
            Stage::Intent { ticket, .. } => ticket.issued.map(|(unix, _)| unix),
        };
        let fresh = match (since, self.clock.unix(now)) {
            (Some(since), Some(unix)) => {
                unix + CLOCK_ERROR_S >= since && unix.saturating_sub(since) < TOO_OLD_S
            }
            (Some(_), None) if now < until => return,
            // Nobody can say how old it is.
            _ => false,
        };
        match flight.stage {
            Stage::Pressed { .. } if fresh && self.link == Link::Up => {
                self.from_before = false;
                self.activity = Activity::Asking {
                    until: now + ANSWER_US,
                    ask_at: Some(now),
                };
            }
            Stage::Pressed { .. } if fresh && now < until => (),
            Stage::Pressed { .. } => self.give_up(now, PrintCause::Restarted, None),
            Stage::Intent { ticket, .. } if fresh => {
                if self.storage.is_ready() {
                    self.from_before = false;
                    self.print_again(now, flight, ticket);
                } else if now >= until {
                    self.end_ticket(now, PrintOutcome::NotPrinted, PrintCause::Restarted);
                }
            }
            Stage::Intent { .. } => self.end_ticket(now, PrintOutcome::NotPrinted, PrintCause::Restarted),
        }
    }
}

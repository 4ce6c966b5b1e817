//! What residents see, the keys they press, and how long things stay.

use super::activity::{Activity, Call};
use super::view::{Language, PaperProgress, Sorry, View};
use super::{Actions, Choice, Key, Link, Model};
use crate::drivers::escpos::status::Paper;
use crate::kiosk::record::{Loan, Ticket};

/// How long a called number stays, in µs.
pub(super) const CALLED_US: u64 = 8_000_000;
/// How long after the last press the choice goes back to the first service: the resident has walked away.
const WALKED_AWAY_US: u64 = 20_000_000;
/// How long another key counts for nothing after one was pressed: nobody means two at once.
const ONE_AT_A_TIME_US: u64 = 120_000;
/// How long a key must have been left alone to put a number or an apology away: who presses again and again has not read it.
const QUIET_US: u64 = 1_000_000;
/// How long the host may take to be there after the start.
pub(super) const STARTING_US: u64 = 3_000_000;

impl Model {
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
        let storage = self.storage.failure().map(|why| View::Sorry(Sorry::Storage(why)));
        let ticket = self
            .ticket()
            .map(|(_, ticket)| ticket)
            .filter(|ticket| ticket.copy == 0);
        match self.activity {
            Activity::Recording { .. } if storage.is_some() => storage.unwrap_or(View::PleaseWait),
            Activity::Printing | Activity::Recording { .. } => {
                ticket.map_or(View::PleaseWait, |ticket| number(ticket, PaperProgress::Printing))
            }
            Activity::Waiting { sent, .. } if !self.from_before => {
                ticket.map_or(View::PleaseWait, |ticket| {
                    let paper = if sent {
                        PaperProgress::Uncertain
                    } else {
                        PaperProgress::Missing
                    };
                    number(ticket, paper)
                })
            }
            // Whoever the ticket was for may be gone: others see why they have to wait.
            Activity::Waiting { .. } => self
                .printer_trouble()
                .map_or(View::PleaseWait, |trouble| View::Sorry(Sorry::Printer(trouble))),
            Activity::Checking { .. }
            | Activity::Asking { .. }
            | Activity::Resolving { .. }
            | Activity::Ageing { .. } => View::PleaseWait,
            Activity::Done { ticket, paper, .. } => number(ticket, paper),
            Activity::Sorry { why, .. } => View::Sorry(why),
            Activity::Idle => self.idle_view(),
        }
    }

    /// Whether a press is on its way to its number, which takes milliseconds if all is well.
    pub fn is_hurried(&self) -> bool {
        matches!(
            self.activity,
            Activity::Checking { .. } | Activity::Recording { .. } | Activity::Asking { .. }
        )
    }

    fn idle_view(&self) -> View {
        let offer = &self.kept.offer;
        if !self.storage.known && self.storage.trouble().is_none() {
            return View::Starting;
        }
        if offer.services.is_empty() {
            return if self.link == Link::Alone {
                View::Offline
            } else {
                View::Starting
            };
        }
        if !offer.open {
            return View::Closed;
        }
        if let Some(trouble) = self.storage.trouble() {
            return View::Sorry(Sorry::Storage(trouble));
        }
        if let Some(trouble) = self.printer_trouble() {
            return View::Sorry(Sorry::Printer(trouble));
        }
        match self.link {
            Link::Lost { .. } => return View::PleaseWait,
            Link::Alone if self.loan_left == 0 => {
                return if self.kept.loan.is_some() {
                    View::Sorry(Sorry::NoNumbers)
                } else {
                    View::Offline
                };
            }
            Link::Up | Link::Alone => (),
        }
        View::Services {
            configuration: self.configuration,
            selected: self.choice.selected,
            priority: self.choice.priority,
            priority_offered: offer.priority,
            low_paper: matches!(self.printer.status, Some(Ok(status)) if status.paper == Paper::NearEnd),
            alone: self.link == Link::Alone,
        }
    }

    /// The language that the resident has chosen.
    pub fn language(&self) -> Language {
        self.choice.language
    }

    /// When [`Event::Timeout`](super::Event::Timeout) is due, in µs since boot.
    pub fn next_timeout(&self) -> Option<u64> {
        let activity = match self.activity {
            Activity::Asking { until, ask_at } => Some(match ask_at {
                Some(at) if self.link == Link::Up => at.min(until),
                _ => until,
            }),
            Activity::Done { until, .. }
            | Activity::Sorry { until, .. }
            | Activity::Waiting { until, .. }
            | Activity::Ageing { until } => Some(until),
            _ => None,
        };
        let link = match self.link {
            Link::Lost { alone_at } => Some(alone_at),
            Link::Up | Link::Alone => None,
        };
        let call = self.call.and_then(|call| call.until);
        let check = self.may_check().then_some(self.printer.next_check);
        let tell = self.telling.next().filter(|_| self.link == Link::Up);
        let times = [
            activity,
            link,
            call,
            check,
            tell,
            self.walks_away(),
            self.storage.next_open(),
        ];
        times.into_iter().flatten().min()
    }

    fn walks_away(&self) -> Option<u64> {
        let (_, last) = self.choice.last_key?;
        Some(last + WALKED_AWAY_US)
    }

    pub(super) fn pressed(&mut self, now: u64, key: Key, actions: &mut Actions) {
        let before = self.choice.last_key.replace((key, now));
        if before.is_some_and(|(other, at)| other != key && now < at + ONE_AT_A_TIME_US) {
            return;
        }
        if self.call.is_some_and(|call| call.until.is_some()) {
            // Whoever presses wants a number and not the news.
            self.call = None;
        }
        match self.activity {
            Activity::Idle => self.choose(now, key, actions),
            // Done and apologies have been read when somebody presses: back, but no second number for it.
            Activity::Done { .. } | Activity::Sorry { .. }
                if before.is_none_or(|(_, at)| now >= at + QUIET_US) =>
            {
                self.serve_next();
            }
            // Pressing again does not make it faster, nor two of it.
            _ => (),
        }
    }

    fn choose(&mut self, now: u64, key: Key, actions: &mut Actions) {
        if key == Key::Right {
            self.choice.language = self.choice.language.other();
            return;
        }
        match self.idle_view() {
            View::Services { .. } => (),
            // Whoever presses wants it to work: perhaps it does by now. What is chosen then must have been seen.
            View::Sorry(Sorry::Printer(_)) => return self.check_printer(actions),
            _ => return,
        }
        let last = self.kept.offer.services.len().saturating_sub(1);
        let choice = &mut self.choice;
        match key {
            Key::Up => choice.selected = choice.selected.saturating_sub(1),
            Key::Down => choice.selected = (choice.selected + 1).min(last),
            Key::Left => choice.priority = !choice.priority && self.kept.offer.priority,
            Key::Right => (),
            Key::Select => self.select(now, actions),
        }
    }

    /// The resident has the number, or has read why not: the screen is the next one's.
    fn serve_next(&mut self) {
        if matches!(self.activity, Activity::Done { .. }) {
            self.choice.language = Language::Indonesian;
        }
        self.activity = Activity::Idle;
    }

    /// Goes on with whoever is being served, as far as the time and the others allow.
    pub(super) fn serve(&mut self, now: u64, actions: &mut Actions) {
        self.judge_age(now);
        self.wait_for_paper(now, actions);
        self.ask(now, actions);
    }

    /// Lets what is shown go when its time is over.
    pub(super) fn show(&mut self, now: u64) {
        match self.activity {
            Activity::Done { until, .. } | Activity::Sorry { until, .. } if now >= until => self.serve_next(),
            // The trouble is over before the resident has read of it.
            Activity::Sorry {
                why: Sorry::Printer(_),
                ..
            } if self.printer_trouble().is_none() => self.serve_next(),
            _ => (),
        }
        if self.walks_away().is_some_and(|at| now >= at) {
            self.choice = Choice::FIRST;
        }
        let idle = self.activity == Activity::Idle;
        match self.call {
            Some(Call {
                until: Some(until), ..
            }) if now >= until => self.call = None,
            Some(ref mut call) if call.until.is_none() && idle => call.until = Some(now + CALLED_US),
            _ => (),
        }
        self.loan_left = self.usable_loan(now).map_or(0, Loan::left_in_all);
    }
}

//! A ticket printer that counts its tickets, and lies only if told to.

use std::collections::VecDeque;

use super::chance::Chance;
use crate::drivers::escpos::status::Paper;
use crate::drivers::escpos::{Counters, Outcome, Resolution, Status, Trouble, cause};
use crate::kiosk::model::Event;

pub(super) const READY: Status = Status {
    offline: false,
    cover_open: false,
    stopped_without_paper: false,
    error: false,
    paper: Paper::Adequate,
};
pub(super) const NO_PAPER: Status = Status {
    paper: Paper::End,
    ..READY
};

/// What lies in the tray.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sheet {
    pub(super) press: u64,
    pub(super) ticket_id: u64,
    pub(super) label: (u32, u8, u16),
    pub(super) whole: bool,
    pub(super) at: u64,
    pub(super) issued_at: Option<u64>,
}

#[derive(Clone, Debug)]
pub(super) enum Job {
    Look {
        counters: bool,
    },
    Print {
        mark: u32,
        sheet: Sheet,
    },
    Resolve {
        mark: u32,
        before: Option<Counters>,
    },
    /// Says that it has printed what came out before.
    Pretend,
}

pub(super) struct Printer {
    /// Knows marks and counters.
    pub(super) able: bool,
    pub(super) state: Result<Status, Trouble>,
    /// Says that nothing was printed, whatever was: a broken promise that the check must find.
    pub(super) liar: bool,
    pub(super) tray: Vec<Sheet>,
    counters: Counters,
    /// The last mark that was carried out.
    mark: Option<u32>,
    /// In its memory, while it cannot print.
    held: Option<(u32, Sheet)>,
    jobs: VecDeque<Job>,
    done_at: u64,
}

impl Printer {
    pub(super) fn new(able: bool) -> Self {
        Self {
            able,
            state: Ok(READY),
            liar: false,
            tray: Vec::new(),
            counters: Counters { lines: 9, cuts: 5 },
            mark: None,
            held: None,
            jobs: VecDeque::new(),
            done_at: 0,
        }
    }

    pub(super) fn give(&mut self, now: u64, job: Job, chance: &mut Chance) {
        self.jobs.push_back(job);
        assert!(
            self.jobs.len() <= 3,
            "more jobs than the application has room for"
        );
        if self.jobs.len() == 1 {
            self.begin(now, chance);
        }
    }

    fn begin(&mut self, now: u64, chance: &mut Chance) {
        self.done_at = now
            + match self.jobs.front() {
                Some(Job::Print { .. }) => chance.between(200_000, 2_500_000),
                Some(Job::Resolve { .. }) => chance.between(50_000, 1_000_000),
                _ => chance.between(2_000, 60_000),
            };
    }

    pub(super) fn next(&self) -> Option<u64> {
        self.jobs.front().map(|_| self.done_at)
    }

    fn can_print(&self) -> bool {
        self.state.is_ok_and(|status| status.can_print())
    }

    pub(super) fn put_out(&mut self, mark: u32, mut sheet: Sheet, whole: bool, now: u64) {
        sheet.whole = whole;
        sheet.at = now;
        self.tray.push(sheet);
        self.counters.lines += if whole { 30 } else { 11 };
        if whole {
            self.counters.cuts += 1;
            self.mark = Some(mark);
        }
    }

    /// The job that was under way has come to its end.
    pub(super) fn finish(&mut self, now: u64, chance: &mut Chance) -> Option<Event<'static>> {
        let job = self.jobs.pop_front()?;
        self.begin(now, chance);
        Some(match job {
            Job::Look { counters } => Event::Printer {
                status: self.state,
                counters: Some(self.counters).filter(|_| counters && self.able && self.can_print()),
            },
            Job::Pretend => Event::TicketOut(Outcome::Printed),
            Job::Print { .. } if !self.can_print() && chance.one_in(2) => {
                Event::TicketOut(Outcome::NotSent(self.state))
            }
            // The trouble came in the middle.
            Job::Print { mark, sheet } if !self.can_print() => {
                match chance.between(0, 3) {
                    0 => self.put_out(mark, sheet, true, now),
                    1 => self.put_out(mark, sheet, false, now),
                    2 => self.held = Some((mark, sheet)),
                    _ => (),
                }
                Event::TicketOut(Outcome::Unknown(self.state))
            }
            Job::Print { mark, sheet } => {
                self.put_out(mark, sheet, true, now);
                Event::TicketOut(Outcome::Printed)
            }
            Job::Resolve { .. } if !self.can_print() => {
                Event::Resolved(Resolution::Unknown(cause(self.state)))
            }
            Job::Resolve { .. } if self.liar => Event::Resolved(Resolution::NotPrinted),
            Job::Resolve { mark, before } => Event::Resolved(match before {
                _ if self.able && self.mark == Some(mark) => Resolution::Printed,
                Some(before) if self.able && before == self.counters => Resolution::NotPrinted,
                _ => Resolution::Unknown(protocol::message::PrintCause::Restarted),
            }),
        })
    }

    /// The state changes; what it holds is printed when it can be.
    pub(super) fn become_so(&mut self, now: u64, state: Result<Status, Trouble>) {
        self.state = state;
        if self.can_print()
            && let Some((mark, sheet)) = self.held.take()
        {
            self.put_out(mark, sheet, true, now);
        }
    }

    /// The kiosk has lost its power: what was on its way comes out whole, in part, or not at all.
    pub(super) fn abandoned(&mut self, now: u64, chance: &mut Chance) {
        let jobs = core::mem::take(&mut self.jobs);
        if let Some(Job::Print { mark, sheet }) = jobs.front().cloned()
            && self.can_print()
        {
            match chance.between(0, 2) {
                0 => self.put_out(mark, sheet, true, now),
                1 => self.put_out(mark, sheet, false, now),
                _ => (),
            }
        }
    }
}

//! What the host wants.

use protocol::RequestId;
use protocol::message::{
    Called, Configure, LendNumbers, Message, Refusal, Reprint, Service, ServiceDetails, SetClock,
};

use super::activity::{Activity, Call};
use super::shown::CALLED_US;
use super::{Action, Actions, Choice, Model, clock, push};
use crate::kiosk::record::{Flight, Happened, Loan, Offer, Stage, Ticket};

impl Model {
    pub(super) fn asked(&mut self, now: u64, id: RequestId, message: &Message, actions: &mut Actions) {
        let answer = match message {
            Message::Configure(configure) => self.configure(configure),
            Message::SetClock(set) => self.set_clock(now, set),
            Message::ServiceDetails(details) => self.details(details),
            Message::Called(called) => {
                self.called(now, called);
                Ok(true)
            }
            Message::LendNumbers(lend) => self.lend(id, lend),
            Message::Reprint(reprint) => self.reprint(now, id, reprint),
            _ => Err(Refusal::UnknownMessage),
        };
        match answer {
            Ok(true) => push(actions, Action::Accept(id)),
            // The answer comes later.
            Ok(false) => (),
            Err(refusal) => push(actions, Action::Refuse(id, refusal)),
        }
    }

    fn configure(&mut self, configure: &Configure) -> Result<bool, Refusal> {
        let lettered = |service: &Service| service.prefix.is_ascii_uppercase();
        if configure.services.is_empty() || !configure.services.iter().all(lettered) {
            return Err(Refusal::NotPossible);
        }
        let offer = Offer {
            office: configure.office.clone(),
            open: configure.tickets_open,
            priority: configure.priority,
            paper_mm: configure.paper_mm,
            services: configure.services.clone(),
        };
        if self.kept.offer != offer {
            if self.kept.offer.services != offer.services || self.kept.offer.priority != offer.priority {
                self.configuration = self.configuration.wrapping_add(1);
                self.choice = Choice {
                    language: self.choice.language,
                    last_key: self.choice.last_key,
                    ..Choice::FIRST
                };
            }
            self.kept.offer = offer;
            self.offer_kept = false;
        }
        Ok(true)
    }

    fn set_clock(&mut self, now: u64, set: &SetClock) -> Result<bool, Refusal> {
        if !(-720..=840).contains(&set.utc_offset_minutes) {
            return Err(Refusal::NotPossible);
        }
        self.clock.set(now, set.unix_seconds);
        self.kept.utc_offset_minutes = set.utc_offset_minutes;
        Ok(true)
    }

    fn details(&mut self, details: &ServiceDetails) -> Result<bool, Refusal> {
        if let Some((_, bring)) = self.details.iter_mut().find(|(id, _)| *id == details.service) {
            bring.clone_from(&details.bring);
            return Ok(true);
        }
        let offer = &self.kept.offer;
        if offer.services.iter().all(|service| service.id != details.service) {
            return Err(Refusal::NotPossible);
        }
        // Those of services that are not offered any more make room.
        self.details
            .retain(|(id, _)| offer.services.iter().any(|service| service.id == *id));
        self.details
            .push((details.service, details.bring.clone()))
            .map_err(|_| Refusal::NotPossible)?;
        Ok(true)
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

    /// Takes a loan in the place of that before. The host hears that it is accepted when it is durable.
    fn lend(&mut self, id: RequestId, lend: &LendNumbers) -> Result<bool, Refusal> {
        let loan = Loan::offered(lend).ok_or(Refusal::NotPossible)?;
        if self.lending.is_some() {
            return Err(Refusal::Busy);
        }
        if loan.day < self.kept.day {
            return Err(Refusal::NotPossible);
        }
        if let Some(before) = &self.kept.loan {
            if before.is_same(&loan) {
                // It has not heard the answer. What is given of it stays given.
                return Ok(true);
            }
            // Of the same day, only a newer one replaces: of an older some may be given.
            if loan.id <= before.id && loan.day <= before.day {
                return Err(Refusal::NotPossible);
            }
        }
        if !self.storage.takes_chores() {
            return Err(Refusal::Busy);
        }
        self.kept.loan = Some(loan);
        self.lending = Some(id);
        self.write_chore(Happened::Loan);
        Ok(false)
    }

    /// Prints a copy, if nobody is being served. The host hears what became of it.
    fn reprint(&mut self, now: u64, id: RequestId, reprint: &Reprint) -> Result<bool, Refusal> {
        if !reprint.prefix.is_ascii_uppercase() || reprint.copy == 0 {
            return Err(Refusal::NotPossible);
        }
        let free = self.activity == Activity::Idle && self.kept.flight.is_none();
        if !free || !self.storage.is_ready() || !self.storage.has_room() {
            return Err(Refusal::Busy);
        }
        let ticket = Ticket {
            id: reprint.ticket_id,
            prefix: reprint.prefix,
            number: reprint.number,
            issued: Some(reprint.issued_unix)
                .filter(|unix| *unix > 0)
                .map(|unix| (unix, reprint.utc_offset_minutes)),
            ahead: None,
            copy: reprint.copy,
            lent: false,
        };
        let flight = Flight {
            press: 0,
            service: reprint.service,
            priority: reprint.priority,
            stage: Stage::Pressed { at: 0 },
        };
        self.copying = Some(id);
        self.from_before = false;
        self.intend(now, flight, ticket, Happened::Intent);
        Ok(false)
    }

    /// A chore is durable.
    pub(super) fn chore_done(&mut self, actions: &mut Actions) {
        if let Some(id) = self.lending.take() {
            push(actions, Action::Accept(id));
        }
    }

    /// What the records to come say of the time.
    pub(super) fn stamp(&mut self, now: u64) {
        if let Some(unix) = self.clock.unix(now) {
            self.kept.unix = unix;
        }
    }

    /// Lets the day roll over, and writes down what has changed and no resident waits for.
    pub(super) fn keep_day(&mut self, now: u64) {
        let today = self
            .clock
            .unix(now)
            .map(|unix| clock::day_of(unix, self.kept.utc_offset_minutes));
        if let Some(today) = today {
            self.kept.day = clock::roll(self.kept.day, today);
        }
        if !self.storage.takes_chores() {
            return;
        }
        let over = |loan: &Loan| loan.day < self.kept.day;
        if today.is_some() && self.kept.loan.as_ref().is_some_and(over) {
            self.kept.loan = None;
            self.write_chore(Happened::DayOver);
        } else if !self.offer_kept && !self.kept.offer.services.is_empty() {
            self.offer_kept = true;
            self.write_chore(Happened::Offer);
        }
    }

    /// The loan, if its numbers may be given: it is for today, or nobody can say which day it is and none has passed since.
    pub(super) fn usable_loan(&self, now: u64) -> Option<&Loan> {
        let loan = self.kept.loan.as_ref()?;
        let usable = match self.clock.unix(now) {
            Some(_) => loan.day == self.kept.day,
            None => loan.day >= self.kept.day,
        };
        usable.then_some(loan)
    }

    /// Numbers that are left for `service` without the host.
    pub(super) fn left(&self, now: u64, service: u8) -> u16 {
        self.usable_loan(now).map_or(0, |loan| loan.left(service))
    }
}

//! A kiosk with a clock and whatever it did last. Printer and storage do what they are told at once, unless a test says otherwise.

use heapless::Vec as ShortVec;
use protocol::RequestId;
use protocol::message::{
    LendNumbers, LentRange, Message, PrintCause, PrintOutcome, SetClock, TicketGranted, TicketPrinted,
};

use super::office::{MORNING, OFFSET, configuration, today};
use super::paper::READY;
use crate::drivers::escpos::{Outcome, Status};
use crate::journal::{MAX_RECORD, StoreError};
use crate::kiosk::model::{Action, Event, Key, Model, PaperProgress, Stored, View};
use crate::kiosk::record;

pub(super) const BOOT: u32 = 0xB007;
pub(super) const PRESS: u64 = 0xB007_0000_0001;
pub(super) const TICKET: u64 = 42;

pub(super) struct Bench {
    pub(super) model: Model,
    pub(super) now: u64,
    /// What it did since the last event of the test, but for the storage's part.
    pub(super) did: Vec<Action>,
    pub(super) records: Vec<Vec<u8>>,
    pub(super) popped: usize,
    pub(super) room: usize,
    pub(super) storage: Result<(), StoreError>,
}

impl Bench {
    /// A kiosk that was just switched on.
    pub(super) fn new() -> Self {
        Self::with_records(Vec::new(), 0)
    }

    /// One that finds these records, of which the host has taken so many.
    pub(super) fn with_records(records: Vec<Vec<u8>>, popped: usize) -> Self {
        let mut bench = Self {
            model: Model::new(BOOT),
            now: 0,
            did: Vec::new(),
            records,
            popped,
            room: 1_000,
            storage: Ok(()),
        };
        bench.on(Event::Timeout);
        bench
    }

    /// One that shows its services: host there, configured, printer ready.
    pub(super) fn open() -> Self {
        let mut bench = Self::new();
        bench.host_comes();
        bench.on(printer(READY));
        bench
    }

    /// The same with a loan.
    pub(super) fn open_with_loan() -> Self {
        let mut bench = Self::open();
        bench.asked(&lend(1, 100).into());
        bench
    }

    /// The host comes and says what it says to each kiosk.
    pub(super) fn host_comes(&mut self) {
        self.on(Event::LinkUp);
        self.asked(&clock(0).into());
        self.asked(&configuration().into());
    }

    /// The host goes, and enough time passes for the kiosk to believe it.
    pub(super) fn host_goes(&mut self) {
        self.on(Event::LinkDown);
        self.pass(1_100_000);
    }

    /// One that waits for the answer to its first press.
    pub(super) fn asking() -> Self {
        let mut bench = Self::open();
        bench.press(Key::Select);
        bench.on(printer(READY));
        bench
    }

    /// One that prints its first ticket.
    pub(super) fn printing() -> Self {
        let mut bench = Self::asking();
        bench.grant(PRESS);
        bench
    }

    pub(super) fn on(&mut self, event: Event<'_>) -> &[Action] {
        self.now += 1_000;
        self.did.clear();
        let actions = self.model.handle(self.now, event);
        self.perform(actions.to_vec());
        &self.did
    }

    pub(super) fn asked(&mut self, message: &Message) -> &[Action] {
        self.on(Event::Asked { id: id(), message })
    }

    pub(super) fn grant(&mut self, press: u64) -> &[Action] {
        self.on(Event::TicketAnswer {
            press,
            answer: Ok(&granted(press).into()),
        })
    }

    /// A press long after the one before.
    pub(super) fn press(&mut self, key: Key) -> &[Action] {
        self.now += 1_200_000;
        self.on(Event::Pressed(key))
    }

    fn perform(&mut self, actions: Vec<Action>) {
        for action in actions {
            let stored = |bench: &Self| {
                let waiting = bench.records.len() - bench.popped;
                Stored {
                    waiting: waiting as u32,
                    room: bench.room.saturating_sub(waiting) as u32,
                }
            };
            let more = match action {
                Action::Open => {
                    let (newest, stored) = (self.records.last().cloned(), stored(self));
                    let opened = self.storage.map(|()| (newest.as_deref(), stored));
                    self.model.handle(self.now, Event::Opened(opened))
                }
                Action::Record => {
                    let (snapshot, happened) = self.model.record();
                    let mut bytes = [0; MAX_RECORD];
                    let length = record::encode(snapshot, &happened, &mut bytes).unwrap();
                    if self.storage.is_ok() {
                        self.records.push(bytes[..length].to_vec());
                    }
                    let recorded = self.storage.map(|()| stored(self));
                    self.model.handle(self.now, Event::Recorded(recorded))
                }
                Action::Peek => {
                    let news = self
                        .records
                        .get(self.popped)
                        .map(|oldest| record::news(oldest).unwrap());
                    self.model.handle(self.now, Event::Peeked(Ok(news)))
                }
                Action::Pop => {
                    self.popped += 1;
                    let popped = Ok(stored(self));
                    self.model.handle(self.now, Event::Popped(popped))
                }
                other => {
                    self.did.push(other);
                    continue;
                }
            };
            self.perform(more.to_vec());
        }
    }

    /// Lets the time pass. The printer answers that it is ready, as long as nothing else is said of it.
    pub(super) fn pass(&mut self, microseconds: u64) {
        self.pass_with(microseconds, READY);
    }

    pub(super) fn pass_with(&mut self, microseconds: u64, status: Status) {
        let until = self.now + microseconds;
        self.did.clear();
        let mut did = Vec::new();
        while let Some(at) = self.model.next_timeout().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.did.clear();
            let actions = self.model.handle(self.now, Event::Timeout);
            self.perform(actions.to_vec());
            did.append(&mut self.did);
            if did
                .iter()
                .any(|action| matches!(action, Action::CheckPrinter { .. }))
            {
                did.retain(|action| !matches!(action, Action::CheckPrinter { .. }));
                let actions = self.model.handle(self.now, printer(status));
                self.perform(actions.to_vec());
                did.append(&mut self.did);
            }
        }
        self.did = did;
        self.now = until;
    }

    /// The same kiosk after its power was gone and came back.
    pub(super) fn restarted(self) -> Self {
        Self::with_records(self.records, self.popped)
    }

    pub(super) fn view(&self) -> View {
        self.model.view()
    }

    pub(super) fn did(&self, wanted: &Action) -> bool {
        self.did.contains(wanted)
    }

    pub(super) fn prints(&self) -> bool {
        self.did
            .iter()
            .any(|action| matches!(action, Action::Print { .. }))
    }

    pub(super) fn shows_services(&self) -> bool {
        matches!(self.view(), View::Services { .. })
    }
}

pub(super) fn id() -> RequestId {
    RequestId { origin: 1, number: 1 }
}

pub(super) fn printer(status: Status) -> Event<'static> {
    Event::Printer {
        status: Ok(status),
        counters: None,
    }
}

pub(super) fn out(outcome: Outcome) -> Event<'static> {
    Event::TicketOut(outcome)
}

/// It is so many seconds after the morning.
pub(super) fn clock(seconds: u64) -> SetClock {
    SetClock {
        unix_seconds: MORNING + seconds,
        utc_offset_minutes: OFFSET,
    }
}

/// Two numbers from `first` on for service 7, of the morning's day.
pub(super) fn lend(loan: u32, first: u16) -> LendNumbers {
    LendNumbers {
        loan,
        day: today(),
        ranges: ShortVec::from_slice(&[LentRange {
            service: 7,
            prefix: b'A',
            first,
            count: 2,
            first_ticket_id: 1_000 + u64::from(first),
        }])
        .unwrap(),
    }
}

pub(super) fn granted(press: u64) -> TicketGranted {
    TicketGranted {
        press,
        ticket_id: TICKET,
        prefix: b'A',
        number: 12,
        people_before: 3,
        wait_minutes: 20,
        issued_unix: MORNING,
        utc_offset_minutes: OFFSET,
    }
}

pub(super) fn told(outcome: PrintOutcome, cause: PrintCause) -> Action {
    Action::TellPrinted(TicketPrinted {
        press: PRESS,
        ticket_id: TICKET,
        outcome,
        cause,
    })
}

pub(super) fn number(paper: PaperProgress) -> View {
    View::Number {
        prefix: b'A',
        number: 12,
        paper,
    }
}

//! A memory card: what was pushed stays, what was under way when the power went may or may not.

use super::chance::Chance;
use crate::journal::{MAX_RECORD, StoreError};
use crate::kiosk::model::{Event, Stored};
use crate::kiosk::record;

/// Records that fit.
const ROOM: usize = 60;

pub(super) enum Order {
    Open,
    Push(Vec<u8>),
    Peek,
    Pop,
}

#[derive(Default)]
pub(super) struct Card {
    pub(super) records: Vec<Vec<u8>>,
    /// Records that were popped, as far as the card remembers.
    popped: usize,
    /// The same, as far as it was written down.
    popped_for_good: usize,
    pub(super) broken: bool,
    order: Option<Order>,
    done_at: u64,
}

impl Card {
    pub(super) fn give(&mut self, now: u64, order: Order, chance: &mut Chance) {
        assert!(self.order.is_none(), "the storage does one thing at a time");
        self.order = Some(order);
        self.done_at = now
            + if chance.one_in(10) {
                chance.between(1_000, 250_000)
            } else {
                chance.between(500, 8_000)
            };
    }

    pub(super) fn next(&self) -> Option<u64> {
        self.order.as_ref().map(|_| self.done_at)
    }

    fn stored(&self) -> Stored {
        let waiting = self.records.len() - self.popped;
        Stored {
            waiting: waiting as u32,
            room: (ROOM - waiting) as u32,
        }
    }

    fn push(&mut self, record: Vec<u8>) {
        assert!(record.len() <= MAX_RECORD);
        self.records.push(record);
        self.popped_for_good = self.popped;
    }

    /// Calls `tell` with the end of the order that was under way.
    pub(super) fn finish(&mut self, chance: &mut Chance, tell: impl FnOnce(Event<'_>)) {
        let Some(order) = self.order.take() else { return };
        let ok = !self.broken && !chance.one_in(200);
        let failed = StoreError::Failed;
        match order {
            Order::Open => {
                let newest = self.records.last().map(Vec::as_slice);
                let stored = self.stored();
                tell(Event::Opened(if ok { Ok((newest, stored)) } else { Err(failed) }));
            }
            Order::Push(_) if ok && self.stored().room == 0 => tell(Event::Recorded(Err(StoreError::Full))),
            Order::Push(record) => {
                if ok || chance.one_in(2) {
                    self.push(record);
                }
                tell(Event::Recorded(if ok { Ok(self.stored()) } else { Err(failed) }));
            }
            Order::Peek => {
                let oldest = self.records.get(self.popped);
                let news = oldest.map(|record| record::news(record).unwrap());
                tell(Event::Peeked(if ok { Ok(news) } else { Err(failed) }));
            }
            Order::Pop => {
                if ok || chance.one_in(2) {
                    self.popped = (self.popped + 1).min(self.records.len());
                }
                tell(Event::Popped(if ok { Ok(self.stored()) } else { Err(failed) }));
            }
        }
    }

    /// The power has gone.
    pub(super) fn abandoned(&mut self, chance: &mut Chance) {
        match self.order.take() {
            Some(Order::Push(record)) if !self.broken && chance.one_in(2) => self.push(record),
            _ => (),
        }
        self.popped = self.popped_for_good;
    }
}

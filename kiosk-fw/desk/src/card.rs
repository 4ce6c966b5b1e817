//! The memory card, until its sectors are simulated: whole records.

use std::cell::RefCell;
use std::rc::Rc;

use embassy_time::Timer;
use kiosk_fw::journal::{MAX_RECORD, Opened, Store, StoreError};

use crate::power::Power;

/// How long a card takes to write a sector, in µs.
const WRITE_US: u64 = 3_000;
/// Records that fit.
const ROOM: usize = 1_024;

#[derive(Debug, Default)]
struct Records {
    missing: bool,
    newest: Option<Vec<u8>>,
    waiting: Vec<Vec<u8>>,
}

/// A card in the board's slot.
#[derive(Clone, Debug, Default)]
pub struct Card(Rc<RefCell<Records>>);

impl Card {
    /// Pulls the card out, or puts it back.
    pub fn set_missing(&self, missing: bool) {
        self.0.borrow_mut().missing = missing;
    }
}

/// The card as the board sees it.
#[derive(Debug)]
pub struct CardStore {
    card: Card,
    power: Rc<Power>,
}

impl CardStore {
    pub(crate) fn new(card: Card, power: Rc<Power>) -> Self {
        Self { card, power }
    }

    fn present(&self) -> Result<(), StoreError> {
        if self.card.0.borrow().missing {
            Err(StoreError::Missing)
        } else {
            Ok(())
        }
    }
}

impl Store for CardStore {
    async fn open(&mut self, newest: &mut [u8; MAX_RECORD]) -> Result<Opened, StoreError> {
        Timer::after_micros(WRITE_US).await;
        self.present()?;
        let records = self.card.0.borrow();
        let length = records.newest.as_ref().map(|record| {
            newest[..record.len()].copy_from_slice(record);
            record.len()
        });
        Ok(Opened {
            newest: length,
            waiting: records.waiting.len() as u32,
        })
    }

    async fn push(&mut self, record: &[u8]) -> Result<(), StoreError> {
        self.present()?;
        if self.room() == 0 {
            return Err(StoreError::Full);
        }
        if record.iter().all(|_| self.power.step()) {
            let mut records = self.card.0.borrow_mut();
            records.newest = Some(record.to_vec());
            records.waiting.push(record.to_vec());
        }
        Timer::after_micros(WRITE_US).await;
        Ok(())
    }

    async fn peek(&mut self, into: &mut [u8; MAX_RECORD]) -> Result<Option<usize>, StoreError> {
        Timer::after_micros(WRITE_US / 10).await;
        self.present()?;
        let records = self.card.0.borrow();
        Ok(records.waiting.first().map(|record| {
            into[..record.len()].copy_from_slice(record);
            record.len()
        }))
    }

    async fn pop(&mut self) -> Result<(), StoreError> {
        self.present()?;
        let mut records = self.card.0.borrow_mut();
        if !records.waiting.is_empty() && self.power.step() {
            records.waiting.remove(0);
        }
        Ok(())
    }

    fn waiting(&self) -> u32 {
        self.card.0.borrow().waiting.len() as u32
    }

    fn room(&self) -> u32 {
        (ROOM - self.card.0.borrow().waiting.len()) as u32
    }
}

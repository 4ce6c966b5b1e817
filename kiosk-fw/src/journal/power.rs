//! What every [`Store`] must hold to, whenever its power goes away: random pushes, pops and cuts, compared with a list.

use embassy_futures::block_on;
use proptest::prelude::*;

use super::{MAX_RECORD, Store, StoreError};

/// Something to keep records on, whose power can be cut at a chosen byte of what is written.
pub(super) trait Medium {
    type Store: Store;

    /// Another one with the same content.
    fn copy(&self) -> Self;

    /// A store that has just been started on it.
    fn store(&self) -> Self::Store;

    /// Power stays for so many more bytes of writing.
    fn cut_after(&self, bytes: usize);

    /// Power is back, and stays. Says whether it had gone.
    fn restore(&self) -> bool;
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Push(usize),
    Peek,
    Pop,
    /// Started again without any loss of power while something was under way.
    Restart,
    /// Power goes so many bytes of writing later.
    Cut(usize),
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (1..=MAX_RECORD).prop_map(Step::Push),
        2 => Just(Step::Peek),
        4 => Just(Step::Pop),
        1 => Just(Step::Restart),
        3 => (0_usize..1_200).prop_map(Step::Cut),
    ];
    prop::collection::vec(step, 1..80)
}

/// The store under test beside what it ought to hold.
pub(super) struct Trial<M: Medium> {
    medium: M,
    store: M::Store,
    /// Every record that is there, first to last, popped or not.
    records: Vec<Vec<u8>>,
    /// How many of them were popped; and how many of those cannot come back.
    popped: usize,
    surely_popped: usize,
    /// The record whose push did not return.
    attempted: Option<Vec<u8>>,
    made: u32,
}

impl<M: Medium> Trial<M> {
    pub(super) fn new(medium: M) -> Self {
        let store = medium.store();
        let mut trial = Self {
            medium,
            store,
            records: Vec::new(),
            popped: 0,
            surely_popped: 0,
            attempted: None,
            made: 0,
        };
        trial.start();
        trial
    }

    pub(super) fn run(&mut self, steps: &[Step]) {
        for step in steps {
            self.step(step);
        }
        self.start();
    }

    pub(super) fn step(&mut self, step: &Step) {
        match *step {
            Step::Push(length) => self.push(length),
            Step::Peek => self.peek(),
            Step::Pop => self.pop(),
            Step::Restart => self.start(),
            Step::Cut(bytes) => self.medium.cut_after(bytes),
        }
    }

    /// Records that can be popped.
    fn waiting(&self) -> &[Vec<u8>] {
        &self.records[self.popped..]
    }

    fn push(&mut self, length: usize) {
        // Each differs from all others in all of its length, so that a mixture of two is neither.
        self.made += 1;
        let seed = self.made.to_le_bytes();
        let record: Vec<u8> = (0..length)
            .map(|place| {
                seed[place % 4] ^ (place as u8).wrapping_mul(31) ^ (self.made as u8).wrapping_mul(151)
            })
            .collect();
        match block_on(self.store.push(&record)) {
            Ok(()) => {
                self.records.push(record);
                self.surely_popped = self.popped;
            }
            Err(StoreError::Full) => assert_eq!(self.store.room(), 0, "it said that there is room"),
            Err(error) => {
                self.attempted = Some(record);
                self.after(error);
            }
        }
    }

    fn peek(&mut self) {
        let mut into = [0; MAX_RECORD];
        match block_on(self.store.peek(&mut into)) {
            Ok(length) => assert_eq!(
                length.map(|length| &into[..length]),
                self.waiting().first().map(Vec::as_slice)
            ),
            Err(error) => self.after(error),
        }
    }

    fn pop(&mut self) {
        match block_on(self.store.pop()) {
            Ok(()) => self.popped = self.records.len().min(self.popped + 1),
            Err(error) => {
                // It may have happened.
                self.surely_popped = self.surely_popped.min(self.popped);
                self.popped = self.records.len().min(self.popped + 1);
                self.after(error);
            }
        }
        assert!(self.store.waiting() as usize <= self.records.len());
    }

    /// An error is allowed only if power went away.
    fn after(&mut self, error: StoreError) {
        assert!(self.medium.restore(), "{error:?} without a cause");
        self.start();
    }

    /// Starts anew and compares what is there with what ought to be.
    fn start(&mut self) {
        let mut newest = [0; MAX_RECORD];
        let opened = loop {
            self.store = self.medium.store();
            match block_on(self.store.open(&mut newest)) {
                Ok(opened) => break opened,
                // Power went away while it was opened.
                Err(error) => assert!(self.medium.restore(), "{error:?} without a cause"),
            }
        };
        let newest = opened.newest.map(|length| newest[..length].to_vec());
        if let Some(attempted) = self.attempted.take()
            && newest.as_ref() == Some(&attempted)
        {
            self.records.push(attempted);
            self.surely_popped = self.popped;
        }
        assert_eq!(
            newest.as_ref(),
            self.records.last(),
            "the newest is lost or invented"
        );
        let waiting = self.all_waiting();
        assert_eq!(opened.waiting as usize, waiting.len());
        let from = self.records.len() - waiting.len();
        assert!(
            (self.surely_popped..=self.popped).contains(&from),
            "record {from} comes first; {} were popped, {} for sure",
            self.popped,
            self.surely_popped
        );
        assert_eq!(waiting, self.records[from..], "lost, invented or out of order");
        self.popped = from;
    }

    /// What waits, without taking it.
    fn all_waiting(&self) -> Vec<Vec<u8>> {
        let mut store = self.medium.copy().store();
        let mut into = [0; MAX_RECORD];
        block_on(store.open(&mut into)).unwrap();
        let mut waiting = Vec::new();
        while let Some(length) = block_on(store.peek(&mut into)).unwrap() {
            waiting.push(into[..length].to_vec());
            block_on(store.pop()).unwrap();
        }
        waiting
    }
}

//! A store whose every record somebody else sees, too.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use kiosk_fw::journal::{MAX_RECORD, Opened, Store, StoreError};

/// What a store has promised. Clones see the same.
#[derive(Clone, Debug, Default)]
pub struct Witness {
    /// The records that were acknowledged, in order.
    records: Rc<RefCell<Vec<Vec<u8>>>>,
    waiting: Rc<Cell<u32>>,
}

impl Witness {
    /// Takes what was acknowledged since the last time.
    pub fn take(&self) -> Vec<Vec<u8>> {
        self.records.take()
    }

    /// Records that wait to be popped, as the store last said.
    pub fn waiting(&self) -> u32 {
        self.waiting.get()
    }
}

/// A store with a witness: what the store has promised to keep is known, whatever the store makes of its promise.
#[derive(Debug)]
pub struct Watched<S> {
    store: S,
    witness: Witness,
}

impl<S> Watched<S> {
    pub(crate) fn new(store: S, witness: Witness) -> Self {
        Self { store, witness }
    }
}

impl<S: Store> Watched<S> {
    fn look(&self) {
        self.witness.waiting.set(self.store.waiting());
    }
}

impl<S: Store> Store for Watched<S> {
    async fn open(&mut self, newest: &mut [u8; MAX_RECORD]) -> Result<Opened, StoreError> {
        let opened = self.store.open(newest).await;
        self.look();
        opened
    }

    async fn push(&mut self, record: &[u8]) -> Result<(), StoreError> {
        self.store.push(record).await?;
        self.witness.records.borrow_mut().push(record.to_vec());
        self.look();
        Ok(())
    }

    async fn peek(&mut self, into: &mut [u8; MAX_RECORD]) -> Result<Option<usize>, StoreError> {
        self.store.peek(into).await
    }

    async fn pop(&mut self) -> Result<(), StoreError> {
        let popped = self.store.pop().await;
        self.look();
        popped
    }

    fn waiting(&self) -> u32 {
        self.store.waiting()
    }

    fn room(&self) -> u32 {
        self.store.room()
    }
}

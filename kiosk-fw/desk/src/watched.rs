//! A store whose every record somebody else sees, too.

use std::cell::RefCell;
use std::rc::Rc;

use kiosk_fw::journal::{MAX_RECORD, Opened, Store, StoreError};

/// The records that a store has acknowledged, in order. Clones are the same list.
#[derive(Clone, Debug, Default)]
pub struct Witness(Rc<RefCell<Vec<Vec<u8>>>>);

impl Witness {
    /// Takes what was acknowledged since the last time.
    pub fn take(&self) -> Vec<Vec<u8>> {
        self.0.take()
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

impl<S: Store> Store for Watched<S> {
    async fn open(&mut self, newest: &mut [u8; MAX_RECORD]) -> Result<Opened, StoreError> {
        self.store.open(newest).await
    }

    async fn push(&mut self, record: &[u8]) -> Result<(), StoreError> {
        self.store.push(record).await?;
        self.witness.0.borrow_mut().push(record.to_vec());
        Ok(())
    }

    async fn peek(&mut self, into: &mut [u8; MAX_RECORD]) -> Result<Option<usize>, StoreError> {
        self.store.peek(into).await
    }

    async fn pop(&mut self) -> Result<(), StoreError> {
        self.store.pop().await
    }

    fn waiting(&self) -> u32 {
        self.store.waiting()
    }

    fn room(&self) -> u32 {
        self.store.room()
    }
}

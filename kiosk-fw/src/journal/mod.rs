//! Durable records: what a kiosk must still know after its power was cut.
//!
//! A [`Store`] is a queue of records that survives. Whoever writes says everything that must be known in each record, so
//! that the newest alone brings the application back to where it was, and the older ones are only what the host has yet to
//! be told.

#[cfg(any(feature = "rp2040", test))]
pub mod flash;
#[cfg(test)]
mod power;
pub mod sectors;

use core::future::Future;

/// Most bytes of a record.
pub const MAX_RECORD: usize = 384;

/// How a store is when it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Bytes of the newest record, or `None` if nothing was ever written.
    pub newest: Option<usize>,
    /// Records that wait to be popped.
    pub waiting: u32,
}

/// Why a store did not do what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum StoreError {
    /// There is no card.
    Missing,
    /// The card holds something else, which is not written over.
    Foreign,
    /// All of it is taken by records that wait.
    Full,
    /// It does not work.
    Failed,
}

/// A queue of records that survives the loss of power at any moment.
///
/// A record is there whole or not at all. What was pushed is there once [`push`](Self::push) has returned; a push during which
/// power went away may or may not have happened. What was popped may come back after a loss of power: whoever takes records
/// to somebody must be able to do so twice.
pub trait Store {
    /// Looks for what is there, and copies the newest record, popped or not, to `newest`. To be called before anything else,
    /// and again after an error: a card may have been changed.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`] but [`Full`](StoreError::Full).
    fn open(&mut self, newest: &mut [u8; MAX_RECORD]) -> impl Future<Output = Result<Opened, StoreError>>;

    /// Adds a record of at most [`MAX_RECORD`] bytes. It is durable when this returns `Ok`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Full`] if there is no room; after any other error it is not known whether the record is there, and the
    /// store is to be opened again.
    fn push(&mut self, record: &[u8]) -> impl Future<Output = Result<(), StoreError>>;

    /// Copies the oldest record that was not popped to `into` and says how long it is; `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`], [`StoreError::Missing`].
    fn peek(
        &mut self,
        into: &mut [u8; MAX_RECORD],
    ) -> impl Future<Output = Result<Option<usize>, StoreError>>;

    /// Forgets the oldest record that was not popped; nothing if there is none. The newest stays, so that the next start finds it, but
    /// is not waiting any more.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`], [`StoreError::Missing`].
    fn pop(&mut self) -> impl Future<Output = Result<(), StoreError>>;

    /// Records that wait to be popped.
    fn waiting(&self) -> u32;

    /// Records that can be pushed before the store is full, if none is popped meanwhile.
    fn room(&self) -> u32;
}

/// The storage of a board that has none.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoStore;

impl Store for NoStore {
    async fn open(&mut self, _newest: &mut [u8; MAX_RECORD]) -> Result<Opened, StoreError> {
        Err(StoreError::Missing)
    }

    async fn push(&mut self, _record: &[u8]) -> Result<(), StoreError> {
        Err(StoreError::Missing)
    }

    async fn peek(&mut self, _into: &mut [u8; MAX_RECORD]) -> Result<Option<usize>, StoreError> {
        Err(StoreError::Missing)
    }

    async fn pop(&mut self) -> Result<(), StoreError> {
        Err(StoreError::Missing)
    }

    fn waiting(&self) -> u32 {
        0
    }

    fn room(&self) -> u32 {
        0
    }
}

//! What is being written down and read, one thing at a time.

use protocol::message::StorageState;

use super::event::Stored;
use super::view::StorageTrouble;
use super::{Action, Actions, Model, push};
use crate::journal::StoreError;
use crate::kiosk::record::{Happened, News, Snapshot};

/// How often storage that does not work is looked at, in µs.
const REOPEN_US: u64 = 2_000_000;
/// Room for all records that one resident can need: press, number, some tries to print, outcome; and for some chores.
pub(super) const ROOM_FOR_ONE: u32 = 10;

/// How the storage is used.
#[derive(Clone, Debug)]
pub(super) struct Storage {
    doing: Doing,
    /// Why it is of no use. Known after the first look.
    trouble: Option<StorageTrouble>,
    /// It was opened since the start.
    pub(super) known: bool,
    pub(super) stored: Stored,
    /// What has happened to the resident and is not durable yet.
    serving: Option<Happened>,
    /// What else has happened and is not durable yet.
    chore: Option<Happened>,
    /// Which of the two has been handed over for writing, and may be durable.
    handed: Option<Slot>,
    writes: u32,
    errors: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    /// Nothing: it is to be opened, at this time.
    Closed {
        open_at: u64,
    },
    Opening,
    Nothing,
    Recording,
    Peeking,
    Popping,
}

/// Which record is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Serving,
    Chore,
}

/// How the storage is, for the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageReport {
    /// Whether it works.
    pub state: StorageState,
    /// Records written since start.
    pub writes: u32,
    /// Writes and reads that failed since start.
    pub errors: u32,
    /// Records that the host has not taken yet.
    pub waiting: u32,
}

impl Storage {
    pub(super) const fn new() -> Self {
        Self {
            doing: Doing::Closed { open_at: 0 },
            trouble: None,
            known: false,
            stored: Stored { waiting: 0, room: 0 },
            serving: None,
            chore: None,
            handed: None,
            writes: 0,
            errors: 0,
        }
    }

    /// Why no number can be written down; `None` if it can.
    pub(super) fn trouble(&self) -> Option<StorageTrouble> {
        let full = self.known && !self.has_room();
        self.trouble.or(full.then_some(StorageTrouble::Full))
    }

    /// It does not work now, whatever room it has.
    pub(super) fn failure(&self) -> Option<StorageTrouble> {
        self.trouble
    }

    /// Whether what happens to a resident can be written down: it works, and what was before is durable.
    pub(super) fn is_ready(&self) -> bool {
        self.known && self.trouble.is_none() && self.serving.is_none()
    }

    /// Whether another resident can be served.
    pub(super) fn has_room(&self) -> bool {
        self.stored.room >= ROOM_FOR_ONE
    }

    /// Whether something that is no resident's can be written down next.
    pub(super) fn takes_chores(&self) -> bool {
        self.known && self.trouble().is_none() && self.chore.is_none()
    }

    pub(super) fn next_open(&self) -> Option<u64> {
        match self.doing {
            Doing::Closed { open_at } => Some(open_at),
            _ => None,
        }
    }

    fn report(&self) -> StorageReport {
        let state = match self.trouble() {
            None => StorageState::Ok,
            Some(StorageTrouble::Missing) => StorageState::Missing,
            Some(StorageTrouble::Foreign) => StorageState::Foreign,
            Some(StorageTrouble::Full) => StorageState::Full,
            Some(StorageTrouble::Failed) => StorageState::Failed,
        };
        StorageReport {
            state,
            writes: self.writes,
            errors: self.errors,
            waiting: self.stored.waiting,
        }
    }
}

impl Model {
    /// How the storage is.
    pub fn storage(&self) -> StorageReport {
        self.storage.report()
    }

    /// What is to be written down.
    pub fn record(&self) -> (&Snapshot, Happened) {
        let happened = match self.storage.handed {
            Some(Slot::Serving) => self.storage.serving,
            Some(Slot::Chore) => self.storage.chore,
            None => None,
        };
        // `Action::Record` comes only when one of them was handed over.
        (&self.kept, happened.unwrap_or(Happened::Dropped))
    }

    /// What has happened to the resident is to be written down, before anything else happens.
    pub(super) fn write_down(&mut self, happened: Happened) {
        debug_assert!(
            self.storage.serving.is_none(),
            "the record before is not written yet"
        );
        self.storage.serving = Some(happened);
    }

    /// Something else has happened.
    pub(super) fn write_chore(&mut self, happened: Happened) {
        self.storage.chore = Some(happened);
    }

    /// Gives the storage something to do, if it does nothing.
    pub(super) fn work_storage(&mut self, now: u64, actions: &mut Actions) {
        let storage = &mut self.storage;
        match storage.doing {
            Doing::Closed { open_at } if now >= open_at => {
                storage.doing = Doing::Opening;
                push(actions, Action::Open);
            }
            Doing::Nothing => {
                let slot = if storage.serving.is_some() {
                    Some(Slot::Serving)
                } else {
                    storage.chore.map(|_| Slot::Chore)
                };
                if let Some(slot) = slot.filter(|_| storage.stored.room > 0) {
                    storage.handed = Some(slot);
                    storage.doing = Doing::Recording;
                    self.kept.writer = self.boot_id;
                    self.kept.sequence = self.kept.sequence.wrapping_add(1);
                    self.stamp(now);
                    push(actions, Action::Record);
                } else if self.telling.is_told() {
                    storage.doing = Doing::Popping;
                    push(actions, Action::Pop);
                } else if self.telling.wants_news() && storage.stored.waiting > 0 {
                    storage.doing = Doing::Peeking;
                    push(actions, Action::Peek);
                }
            }
            _ => (),
        }
    }

    pub(super) fn opened(
        &mut self,
        now: u64,
        opened: Result<(Option<&[u8]>, Stored), StoreError>,
        actions: &mut Actions,
    ) {
        let (newest, stored) = match opened {
            Ok(opened) => opened,
            Err(error) => return self.storage_failed(now, error),
        };
        let Ok(newest) = newest.map(crate::kiosk::record::restore).transpose() else {
            // Whatever it is, it is not to be written over.
            return self.storage_failed(now, StoreError::Foreign);
        };
        let again = self.storage.known;
        let storage = &mut self.storage;
        storage.doing = Doing::Nothing;
        storage.trouble = None;
        storage.known = true;
        storage.stored = stored;
        // Whether a record is still there that was being forgotten cannot be known: the oldest is read again, and told again.
        self.telling.forget();
        let found = newest.as_ref().map(|newest| (newest.writer, newest.sequence));
        let handed = storage.handed.is_some();
        if again && handed && found == Some((self.kept.writer, self.kept.sequence)) {
            // What was handed over is durable after all.
            return self.recorded(now, Ok(stored), actions);
        }
        if again && found == self.durable {
            // The card that was there before. What was handed over is not on it: once more.
            if self.storage.handed.take().is_some() {
                self.kept.sequence = self.kept.sequence.wrapping_sub(1);
            }
            return;
        }
        self.durable = found;
        self.storage.serving = None;
        self.storage.chore = None;
        self.storage.handed = None;
        self.start_from(now, newest.unwrap_or_default(), actions);
    }

    fn storage_failed(&mut self, now: u64, error: StoreError) {
        let storage = &mut self.storage;
        storage.errors = storage.errors.wrapping_add(1);
        if error == StoreError::Full {
            // Nothing was written, and nothing will be until the host has taken something.
            storage.stored.room = 0;
            storage.doing = Doing::Nothing;
            if storage.handed.take().is_some() {
                self.kept.sequence = self.kept.sequence.wrapping_sub(1);
            }
            return;
        }
        storage.trouble = Some(match error {
            StoreError::Missing => StorageTrouble::Missing,
            StoreError::Foreign => StorageTrouble::Foreign,
            StoreError::Full | StoreError::Failed => StorageTrouble::Failed,
        });
        storage.doing = Doing::Closed {
            open_at: now + REOPEN_US,
        };
    }

    pub(super) fn recorded(&mut self, now: u64, recorded: Result<Stored, StoreError>, actions: &mut Actions) {
        match recorded {
            Err(error) => self.storage_failed(now, error),
            Ok(stored) => {
                let storage = &mut self.storage;
                storage.doing = Doing::Nothing;
                storage.stored = stored;
                storage.writes = storage.writes.wrapping_add(1);
                self.durable = Some((self.kept.writer, self.kept.sequence));
                match storage.handed.take() {
                    Some(Slot::Serving) => {
                        storage.serving = None;
                        self.written_down(now, actions);
                    }
                    Some(Slot::Chore) => {
                        storage.chore = None;
                        self.chore_done(actions);
                    }
                    None => (),
                }
            }
        }
    }

    pub(super) fn peeked(&mut self, now: u64, peeked: Result<Option<News>, StoreError>) {
        match peeked {
            Err(error) => self.storage_failed(now, error),
            Ok(news) => {
                self.storage.doing = Doing::Nothing;
                match news {
                    Some(news) => self.telling.hear(news),
                    None => self.storage.stored.waiting = 0,
                }
            }
        }
    }

    pub(super) fn popped(&mut self, now: u64, popped: Result<Stored, StoreError>) {
        match popped {
            Err(error) => self.storage_failed(now, error),
            Ok(stored) => {
                self.storage.doing = Doing::Nothing;
                self.storage.stored = stored;
                self.telling.forget();
            }
        }
    }
}

//! A journal in NOR flash, for a board without a card: `sequential-storage`'s queue, which wears evenly and survives the loss of power.
//!
//! The queue forgets what is popped, but the newest record must be found again. So that one stays in the queue until there is a newer
//! one, and each says which was the oldest that waited when it was written: what is older does not wait any more.
//!
//! What was popped does not come back after a loss of power, but for the newest, if it was popped since it was pushed.
//!
//! The range must be the journal's own from the first day, erased or a journal: the queue repairs what it does not understand.

#[cfg(test)]
mod chip;
#[cfg(test)]
mod tests;
mod wide;

use core::ops::Range;

use embedded_storage_async::nor_flash::MultiwriteNorFlash;
use sequential_storage::Error;
use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::queue::{QueueConfig, QueueStorage};

use super::{MAX_RECORD, Opened, Store, StoreError};
use wide::{WORD, Wide};

/// Bytes before each record: its sequence and the oldest that waits, little-endian.
const HEAD: usize = 8;
/// The longest item: whole words.
const ITEM: usize = (HEAD + MAX_RECORD).next_multiple_of(WORD);
/// What the queue adds to an item: a head of a word. And to a page: one at its start, and one at its end.
const ITEM_OVERHEAD: usize = WORD;
const PAGE_OVERHEAD: usize = 2 * WORD;

/// What is known while the journal is open.
#[derive(Clone, Copy)]
struct Ends {
    /// Sequence of the next record.
    next: u32,
    /// Sequence of the oldest that waits; `next` if none does.
    oldest: u32,
    room: u32,
}

impl Ends {
    fn waiting(&self) -> u32 {
        self.next - self.oldest
    }
}

/// A [`Store`] in a range of NOR flash that nothing else uses.
pub struct FlashStore<F: MultiwriteNorFlash> {
    queue: QueueStorage<Wide<F>, Cache<Uncached, Uncached, Uncached>>,
    ends: Option<Ends>,
    item: [u8; ITEM],
}

/// The head of an item, and its length without.
struct Head {
    sequence: u32,
    oldest: u32,
    length: usize,
}

impl Head {
    fn of(item: &[u8]) -> Result<Self, StoreError> {
        let (sequence, rest) = item.split_first_chunk().ok_or(StoreError::Foreign)?;
        let (oldest, record) = rest.split_first_chunk().ok_or(StoreError::Foreign)?;
        Ok(Self {
            sequence: u32::from_le_bytes(*sequence),
            oldest: u32::from_le_bytes(*oldest),
            length: record.len(),
        })
    }
}

impl<F: MultiwriteNorFlash> FlashStore<F> {
    /// A journal in `range` of `flash`: whole pages, at least three.
    ///
    /// # Panics
    ///
    /// If the range is not made of whole pages, or their flash is not one for this queue. Both are constants of a board.
    pub const fn new(flash: F, range: Range<u32>) -> Self {
        assert!(F::ERASE_SIZE >= ITEM + 64, "a record must fit into a page");
        assert!(range.end - range.start >= 3 * F::ERASE_SIZE as u32);
        Self {
            queue: QueueStorage::new(Wide(flash), QueueConfig::new(range), Cache::new_uncached()),
            ends: None,
            item: [0; ITEM],
        }
    }

    /// Records that fit, if each is as long as can be.
    async fn room(&mut self) -> Result<u32, StoreError> {
        let left = self.queue.space_left().await.map_err(failed)? as usize;
        let page = F::ERASE_SIZE - PAGE_OVERHEAD;
        let longest = ITEM + ITEM_OVERHEAD;
        // No record lies across the end of a page. All pages with room are empty but one.
        Ok((left / page * (page / longest) + left % page / longest) as u32)
    }

    /// Reads everything, once.
    async fn find(&mut self, newest: &mut [u8; MAX_RECORD]) -> Result<(Ends, Option<usize>), StoreError> {
        let mut first = None;
        let mut last = None;
        let mut items = self.queue.iter().await.map_err(failed)?;
        while let Some(item) = items.next(&mut self.item).await.map_err(failed)? {
            let item = item.into_buf();
            let head = Head::of(item)?;
            newest
                .get_mut(..head.length)
                .ok_or(StoreError::Foreign)?
                .copy_from_slice(&item[HEAD..]);
            first.get_or_insert(head.sequence);
            last = Some(head);
        }
        let mut ends = Ends {
            next: 0,
            oldest: 0,
            room: 0,
        };
        let mut length = None;
        if let (Some(first), Some(last)) = (first, last) {
            ends.next = last.sequence.saturating_add(1);
            ends.oldest = last.oldest.clamp(first, last.sequence);
            length = Some(last.length);
            // Power went away between a push and the end of what it made needless.
            for _ in first..ends.oldest {
                self.forget_first().await?;
            }
        }
        ends.room = self.room().await?;
        Ok((ends, length))
    }

    async fn forget_first(&mut self) -> Result<(), StoreError> {
        self.queue.pop(&mut self.item).await.map(drop).map_err(failed)
    }

    async fn append(&mut self, mut ends: Ends, record: &[u8]) -> Result<Ends, StoreError> {
        let length = HEAD + record.len();
        self.item[..4].copy_from_slice(&ends.next.to_le_bytes());
        self.item[4..HEAD].copy_from_slice(&ends.oldest.to_le_bytes());
        self.item[HEAD..length].copy_from_slice(record);
        self.queue
            .push(&self.item[..length], false)
            .await
            .map_err(failed)?;
        // The newest before was kept although it had been popped.
        if ends.waiting() == 0 && ends.next > 0 {
            self.forget_first().await?;
        }
        ends.next += 1;
        ends.room = self.room().await?;
        Ok(ends)
    }

    async fn oldest(
        &mut self,
        ends: &mut Ends,
        into: &mut [u8; MAX_RECORD],
    ) -> Result<Option<usize>, StoreError> {
        if ends.waiting() == 0 {
            return Ok(None);
        }
        let Some(item) = self.queue.peek(&mut self.item).await.map_err(failed)? else {
            ends.oldest = ends.next;
            return Ok(None);
        };
        let head = Head::of(item)?;
        into.get_mut(..head.length)
            .ok_or(StoreError::Foreign)?
            .copy_from_slice(&item[HEAD..]);
        // What went bad is passed over by the queue.
        ends.oldest = head.sequence;
        Ok(Some(head.length))
    }

    async fn forget(&mut self, mut ends: Ends) -> Result<Ends, StoreError> {
        match ends.waiting() {
            0 => {}
            1 => ends.oldest = ends.next,
            _ => {
                self.forget_first().await?;
                ends.oldest += 1;
                ends.room = self.room().await?;
            }
        }
        Ok(ends)
    }
}

impl<F: MultiwriteNorFlash> Store for FlashStore<F> {
    async fn open(&mut self, newest: &mut [u8; MAX_RECORD]) -> Result<Opened, StoreError> {
        self.ends = None;
        let (ends, length) = self.find(newest).await?;
        self.ends = Some(ends);
        Ok(Opened {
            newest: length,
            waiting: ends.waiting(),
        })
    }

    async fn push(&mut self, record: &[u8]) -> Result<(), StoreError> {
        let ends = self.ends.ok_or(StoreError::Failed)?;
        if record.len() > MAX_RECORD || ends.next == u32::MAX {
            return Err(StoreError::Failed);
        }
        self.ends = None;
        let appended = self.append(ends, record).await;
        self.ends = match appended {
            Err(StoreError::Full) => Some(ends),
            appended => appended.ok(),
        };
        appended.map(drop)
    }

    async fn peek(&mut self, into: &mut [u8; MAX_RECORD]) -> Result<Option<usize>, StoreError> {
        let mut ends = self.ends.take().ok_or(StoreError::Failed)?;
        let length = self.oldest(&mut ends, into).await?;
        self.ends = Some(ends);
        Ok(length)
    }

    async fn pop(&mut self) -> Result<(), StoreError> {
        let ends = self.ends.take().ok_or(StoreError::Failed)?;
        self.ends = Some(self.forget(ends).await?);
        Ok(())
    }

    fn waiting(&self) -> u32 {
        self.ends.map_or(0, |ends| ends.waiting())
    }

    fn room(&self) -> u32 {
        self.ends.map_or(0, |ends| ends.room)
    }
}

#[allow(clippy::needless_pass_by_value)] // As `map_err` wants it.
fn failed<E>(error: Error<E>) -> StoreError {
    match error {
        Error::FullStorage => StoreError::Full,
        // Neither what the queue writes nor what a loss of power makes of it.
        Error::Corrupted { .. } => StoreError::Foreign,
        _ => StoreError::Failed,
    }
}

//! Finds the newest record of a ring without reading all of it.
//!
//! A record's sequence says which lap round the ring wrote it. Seen from the ring's start, the slots of the lap under way come
//! first, and behind them those of the lap before it, or slots that were never written. So where the one ends and the other begins is found
//! by bisection; what is damaged there is stepped over, and if too much is, every slot is looked at.

use block_device_driver::BlockDevice;

use super::layout::{self, SECTOR};
use super::{Disk, SKIPS};
use crate::journal::StoreError;

/// Slots in a row that may be damaged before bisection gives up: a page of 4 KiB, which flash loses as a whole.
pub(super) const REACH: u32 = 8;
/// Slots that may be unreadable before the card counts as broken.
const UNREADABLE: u32 = 64;

/// What a slot holds.
enum Look {
    /// A whole record of this journal, in its place.
    Sequence(u32),
    /// Nothing, or a record of a journal that was here before.
    Unwritten,
    /// Neither.
    Damaged,
    /// The card does not give it.
    Unreadable,
}

/// Which way the end of the lap lies.
enum Verdict {
    ThisLap(u32),
    Before,
    Unclear,
}

/// Sequence of the newest record, or `None` if nothing was ever written.
pub(super) async fn newest<D>(disk: &mut Disk<D>, journal: u32, slots: u32) -> Result<Option<u32>, StoreError>
where
    D: BlockDevice<SECTOR, Error: Into<StoreError>>,
{
    let mut ring = Search { disk, journal, slots };
    match ring.by_bisection().await? {
        Some(found) => Ok(found),
        None => ring.by_reading_all().await,
    }
}

struct Search<'a, D: BlockDevice<SECTOR>> {
    disk: &'a mut Disk<D>,
    journal: u32,
    slots: u32,
}

impl<D> Search<'_, D>
where
    D: BlockDevice<SECTOR, Error: Into<StoreError>>,
{
    async fn look(&mut self, slot: u32) -> Result<Look, StoreError> {
        match self.disk.read_slot(slot).await {
            Ok(()) => (),
            Err(StoreError::Failed) => return Ok(Look::Unreadable),
            Err(error) => return Err(error),
        }
        Ok(match layout::Record::read(&self.disk.sector) {
            Some(record) if record.journal != self.journal => Look::Unwritten,
            Some(record) if record.sequence % self.slots == slot => Look::Sequence(record.sequence),
            None if layout::is_erased(&self.disk.sector) => Look::Unwritten,
            _ => Look::Damaged,
        })
    }

    /// The newest, or nothing if this way does not lead there.
    async fn by_bisection(&mut self) -> Result<Option<Option<u32>>, StoreError> {
        // Somewhere to stand: the first slot that can be read.
        let mut damage = 0;
        let mut newest = None;
        for slot in 0..REACH.min(self.slots) {
            match self.look(slot).await? {
                Look::Sequence(sequence) => {
                    newest = Some(sequence);
                    break;
                }
                Look::Unwritten => (),
                Look::Damaged | Look::Unreadable => damage += 1,
            }
        }
        let Some(mut newest) = newest else {
            // One is what the first push leaves behind if power goes away meanwhile. More is a card gone bad.
            return Ok((damage <= 1).then_some(None));
        };
        loop {
            let lap = newest / self.slots;
            let (mut low, mut high) = (newest % self.slots, self.slots);
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                match self.weigh(middle, high, lap).await? {
                    Verdict::ThisLap(sequence) => {
                        newest = sequence;
                        low = sequence % self.slots;
                    }
                    Verdict::Before => high = middle,
                    Verdict::Unclear => return Ok(None),
                }
            }
            // A slot that did not take its record is as it was before, and looks like the end.
            let mut further = None;
            for sequence in (newest + 1..).take(SKIPS as usize + 1) {
                if matches!(self.look(sequence % self.slots).await?, Look::Sequence(its) if its == sequence) {
                    further = Some(sequence);
                }
            }
            match further {
                Some(sequence) => newest = sequence,
                None => return Ok(Some(Some(newest))),
            }
        }
    }

    /// Looks at `middle`, and behind it, up to `high`, while what is there is damaged.
    async fn weigh(&mut self, middle: u32, high: u32, lap: u32) -> Result<Verdict, StoreError> {
        let mut unreadable = false;
        for slot in (middle..high).take(REACH as usize) {
            match self.look(slot).await? {
                Look::Sequence(sequence) => {
                    let its = sequence / self.slots;
                    return Ok(match lap.checked_sub(its) {
                        Some(0) => Verdict::ThisLap(sequence),
                        Some(1) => Verdict::Before,
                        _ => Verdict::Unclear,
                    });
                }
                Look::Unwritten if lap == 0 => return Ok(Verdict::Before),
                Look::Unreadable => unreadable = true,
                Look::Unwritten | Look::Damaged => (),
            }
        }
        // Before the first lap has come this far, whatever the card held earlier is here. And everything up to `high`
        // was seen to hold no record of this lap if this looked that far.
        Ok(if lap == 0 && !unreadable || high - middle <= REACH {
            Verdict::Before
        } else {
            Verdict::Unclear
        })
    }

    async fn by_reading_all(&mut self) -> Result<Option<u32>, StoreError> {
        crate::log_warn!("the journal is damaged: reading all {=u32} sectors", self.slots);
        let mut newest = None;
        let mut unreadable = 0;
        for slot in 0..self.slots {
            match self.look(slot).await? {
                Look::Sequence(sequence) => newest = newest.max(Some(sequence)),
                Look::Unreadable => unreadable += 1,
                Look::Unwritten | Look::Damaged => (),
            }
            if unreadable > UNREADABLE {
                return Err(StoreError::Failed);
            }
        }
        Ok(newest)
    }
}

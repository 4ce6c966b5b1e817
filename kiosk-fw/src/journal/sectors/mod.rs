//! A journal on a block device: an SD card, or anything else with sectors of 512 bytes.
//!
//! The records go round a ring of sectors, each in a sector of its own. So a write that loses its power harms no other record, no
//! sector is written more often than the others, and the place of a record follows from its sequence. Nothing but the header, which is written
//! once, lies at a fixed place: where the ring's end is, is found by bisection over sequences, and which records wait is said by the newest.
//!
//! - Each record is read back before it counts as written: cards that have worn out accept what they do not keep.
//! - [`pop`](Store::pop) writes nothing; the next [`push`](Store::push) tells the card what was popped before. So what was popped since the
//!   last push comes back after a loss of power, oldest first, and nothing popped earlier does, unless the sector of the newest
//!   record itself goes bad.
//! - A card is formatted if its first sectors hold nothing (all 0x00 or all 0xFF), and otherwise left alone.
//! - A slot that does not take a record is passed over by the next push after [`open`](Store::open); a record that cannot be read any more is
//!   passed over by the third attempt to [`peek`](Store::peek). Up to then both are errors, because a card with a loose contact does
//!   the same.
//! - `waiting` counts slots: it may say a few too many if slots were passed over.

#[cfg(test)]
mod card;
mod layout;
mod search;
#[cfg(test)]
mod tests;

use aligned::Aligned;
use block_device_driver::BlockDevice;

use super::{MAX_RECORD, Opened, Store, StoreError};
use layout::{Header, Record, SECTOR};

/// Sectors of a ring on a card that has as many: 32 MiB.
///
/// At four records a ticket that is 16,000 tickets without a host, and at 1,000 tickets a day each sector is written once in 16 days. More
/// would gain little, and the search through every sector, which a damaged card needs, takes half a minute with this.
pub const MOST_SLOTS: u32 = 65_536;
/// Fewer are not worth it: the newest must not be written over while the next is written.
const FEWEST_SLOTS: u32 = 4;
/// Slots in a row that may refuse to be written.
const SKIPS: u32 = 2;
/// Attempts to read a record that waits, each after the card was opened again, before it is passed over.
const PEEKS: u8 = 3;
/// Sectors that must hold nothing before a card is formatted, behind the first: partition tables and the superblocks of common file
/// systems are in the first 4 KiB, at 32 KiB (ISO 9660) or at 64 KiB (Btrfs).
const MUST_BE_EMPTY: [u32; 9] = [1, 2, 3, 4, 5, 6, 7, 64, 128];

/// The device and a buffer for one of its sectors.
struct Disk<D: BlockDevice<SECTOR>> {
    device: D,
    sector: Aligned<D::Align, [u8; SECTOR]>,
}

impl<D> Disk<D>
where
    D: BlockDevice<SECTOR, Error: Into<StoreError>>,
{
    async fn read(&mut self, address: u32) -> Result<(), StoreError> {
        self.device
            .read(address, core::slice::from_mut(&mut self.sector))
            .await
            .map_err(Into::into)
    }

    async fn write(&mut self, address: u32) -> Result<(), StoreError> {
        self.device
            .write(address, core::slice::from_ref(&self.sector))
            .await
            .map_err(Into::into)
    }

    async fn read_slot(&mut self, slot: u32) -> Result<(), StoreError> {
        self.read(address(slot)).await
    }

    /// Writes, and has in the buffer what the card says that it holds now.
    async fn write_and_read_back(&mut self, address: u32) -> Result<(), StoreError> {
        self.write(address).await?;
        // What was written must not pass for what was read.
        self.sector.fill(0);
        self.read(address).await
    }
}

/// Where a slot of the ring is: behind the header.
fn address(slot: u32) -> u32 {
    slot + 1
}

/// What is known of the ring while the card is open.
#[derive(Clone, Copy)]
struct Ring {
    header: Header,
    /// Sequence of the next record.
    next: u32,
    /// Sequence of the oldest that waits; `next` if none does.
    oldest: u32,
    /// The slot of `oldest` was seen to hold it.
    seen: bool,
}

impl Ring {
    fn slot(&self, sequence: u32) -> u32 {
        sequence % self.header.slots
    }

    fn waiting(&self) -> u32 {
        self.next - self.oldest
    }

    fn room(&self) -> u32 {
        (self.header.slots - self.waiting()).min(u32::MAX - self.next)
    }
}

/// What outlives an error, as long as it is the same journal: the card is opened again after one.
#[derive(Clone, Copy)]
struct Memory {
    journal: u32,
    /// What is older was popped or given up.
    oldest: u32,
    /// How often the oldest could not be read.
    attempts: u8,
    /// The first of the sequences whose slots did not take a record, and how many.
    refused: (u32, u32),
}

impl Memory {
    const fn of(journal: u32) -> Self {
        Self {
            journal,
            oldest: 0,
            attempts: 0,
            refused: (0, 0),
        }
    }

    fn refuse(&mut self, sequence: u32) {
        let (from, count) = self.refused;
        self.refused = if sequence == from + count && count < SKIPS {
            (from, count + 1)
        } else {
            (sequence, 1)
        };
    }

    /// Where to write if `next` would be next.
    fn pass_over(&self, next: u32) -> u32 {
        let (from, count) = self.refused;
        if (from..from + count).contains(&next) {
            from + count
        } else {
            next
        }
    }
}

/// A [`Store`] on a block device.
///
/// The device starts the card again whenever its `size` is asked for: cards are pulled and others put in.
pub struct SectorStore<D: BlockDevice<SECTOR>> {
    disk: Disk<D>,
    /// The number of the journal if this store formats a card.
    number: u32,
    most_slots: u32,
    ring: Option<Ring>,
    memory: Memory,
}

impl<D> SectorStore<D>
where
    D: BlockDevice<SECTOR, Error: Into<StoreError>>,
{
    /// A journal on `device`. A card that it formats gets `number`, which is to differ from that of any journal that was on the card
    /// before: the number of this start does.
    pub const fn new(device: D, number: u32) -> Self {
        Self::with_most_slots(device, number, MOST_SLOTS)
    }

    /// The same with another size of the ring on cards that it formats: at least 4, or no card is large enough.
    pub const fn with_most_slots(device: D, number: u32, most_slots: u32) -> Self {
        Self {
            disk: Disk {
                device,
                sector: Aligned([0; SECTOR]),
            },
            number,
            most_slots,
            ring: None,
            memory: Memory::of(number),
        }
    }

    /// The device, for whoever gave it.
    pub fn device(&mut self) -> &mut D {
        &mut self.disk.device
    }

    async fn header(&mut self, sectors: u32) -> Result<Header, StoreError> {
        self.disk.read(0).await?;
        let header = match Header::read(&self.disk.sector) {
            Some(header) => header,
            None => self.format(sectors).await?,
        };
        // A smaller card with a copy of a larger one's beginning is not this journal.
        if header.slots < FEWEST_SLOTS || header.slots >= sectors {
            return Err(StoreError::Foreign);
        }
        Ok(header)
    }

    /// Makes a journal of an empty card, whose first sector is in the buffer.
    async fn format(&mut self, sectors: u32) -> Result<Header, StoreError> {
        let header = Header {
            journal: self.number,
            slots: self.most_slots.min(sectors.saturating_sub(1)),
        };
        if header.slots < FEWEST_SLOTS || !Header::is_free(&self.disk.sector) {
            return Err(StoreError::Foreign);
        }
        for address in MUST_BE_EMPTY.into_iter().filter(|&address| address < sectors) {
            self.disk.read(address).await?;
            if !layout::is_erased(&self.disk.sector) {
                return Err(StoreError::Foreign);
            }
        }
        header.write(&mut self.disk.sector);
        self.disk.write_and_read_back(0).await?;
        if Header::read(&self.disk.sector) != Some(header) {
            return Err(StoreError::Failed);
        }
        crate::log_info!("formatted a card with {=u32} sectors", header.slots);
        Ok(header)
    }

    async fn find(&mut self, into: &mut [u8; MAX_RECORD]) -> Result<(Ring, Option<usize>), StoreError> {
        let size = self.disk.device.size().await.map_err(Into::into)?;
        let sectors = u32::try_from(size / SECTOR as u64).unwrap_or(u32::MAX);
        let header = self.header(sectors).await?;
        if header.journal != self.memory.journal {
            self.memory = Memory::of(header.journal);
        }
        let mut ring = Ring {
            header,
            next: 0,
            oldest: 0,
            seen: false,
        };
        let Some(newest) = search::newest(&mut self.disk, header.journal, header.slots).await? else {
            return Ok((ring, None));
        };
        self.disk.read_slot(ring.slot(newest)).await?;
        let record = self.held(&ring, newest).ok_or(StoreError::Failed)?;
        into[..record.length].copy_from_slice(record.data(&self.disk.sector));
        ring.next = newest.saturating_add(1);
        ring.oldest = record
            .oldest
            .max(self.memory.oldest)
            // Whatever the record says, no more can wait than there are slots.
            .max(ring.next.saturating_sub(header.slots))
            .min(ring.next);
        // A push into a full ring, after a pop, writes over what was popped. If power went away meanwhile, the newest record still
        // says that it waits.
        if ring.room() == 0 {
            self.disk.read_slot(ring.slot(ring.oldest)).await?;
            if self.held(&ring, ring.oldest).is_none() {
                ring.oldest += 1;
            }
        }
        Ok((ring, Some(record.length)))
    }

    /// The record in the buffer, if it is that one.
    fn held(&self, ring: &Ring, sequence: u32) -> Option<Record> {
        Record::read(&self.disk.sector)
            .filter(|record| record.journal == ring.header.journal && record.sequence == sequence)
    }

    /// Reads the oldest record that waits into the buffer, passing over what is lost.
    async fn oldest(&mut self, ring: &mut Ring) -> Result<Option<Record>, StoreError> {
        while ring.waiting() > 0 {
            if let Some(record) = self.attempt(ring).await? {
                ring.seen = true;
                return Ok(Some(record));
            }
            crate::log_warn!("record {=u32} is lost", ring.oldest);
            ring.oldest += 1;
            self.remember(ring);
        }
        Ok(None)
    }

    async fn attempt(&mut self, ring: &Ring) -> Result<Option<Record>, StoreError> {
        // What was read whole but wrong is read once more: the line may have been at fault.
        for _ in 0..2 {
            match self.disk.read_slot(ring.slot(ring.oldest)).await {
                Ok(()) => {
                    if let Some(record) = self.held(ring, ring.oldest) {
                        return Ok(Some(record));
                    }
                }
                Err(StoreError::Failed) if self.memory.attempts + 1 >= PEEKS => return Ok(None),
                Err(error) => {
                    self.memory.attempts += u8::from(error == StoreError::Failed);
                    return Err(error);
                }
            }
        }
        Ok(None)
    }

    fn remember(&mut self, ring: &Ring) {
        self.memory.oldest = ring.oldest;
        self.memory.attempts = 0;
    }

    async fn append(&mut self, mut ring: Ring, record: &[u8]) -> Result<Ring, StoreError> {
        let none_waits = ring.waiting() == 0;
        ring.next = self.memory.pass_over(ring.next);
        if none_waits {
            ring.oldest = ring.next;
        } else if ring.waiting() >= ring.header.slots {
            return Err(StoreError::Full);
        }
        let head = Record {
            journal: ring.header.journal,
            sequence: ring.next,
            oldest: ring.oldest,
            length: record.len(),
        };
        head.write(record, &mut self.disk.sector);
        let sum = Record::sum(&self.disk.sector);
        let mut written = self.disk.write_and_read_back(address(ring.slot(ring.next))).await;
        if written.is_ok()
            && !(self.held(&ring, ring.next).is_some() && Record::sum(&self.disk.sector) == sum)
        {
            written = Err(StoreError::Failed);
        }
        if written == Err(StoreError::Failed) {
            self.memory.refuse(ring.next);
        }
        written?;
        ring.next += 1;
        Ok(ring)
    }
}

impl<D> Store for SectorStore<D>
where
    D: BlockDevice<SECTOR, Error: Into<StoreError>>,
{
    async fn open(&mut self, newest: &mut [u8; MAX_RECORD]) -> Result<Opened, StoreError> {
        self.ring = None;
        let (ring, length) = self.find(newest).await?;
        self.ring = Some(ring);
        Ok(Opened {
            newest: length,
            waiting: ring.waiting(),
        })
    }

    async fn push(&mut self, record: &[u8]) -> Result<(), StoreError> {
        let ring = self.ring.ok_or(StoreError::Failed)?;
        if record.len() > MAX_RECORD {
            return Err(StoreError::Failed);
        }
        if ring.room() == 0 {
            return Err(StoreError::Full);
        }
        self.ring = None;
        let appended = self.append(ring, record).await;
        self.ring = match appended {
            Err(StoreError::Full) => Some(ring),
            appended => appended.ok(),
        };
        appended.map(drop)
    }

    async fn peek(&mut self, into: &mut [u8; MAX_RECORD]) -> Result<Option<usize>, StoreError> {
        let mut ring = self.ring.take().ok_or(StoreError::Failed)?;
        let record = self.oldest(&mut ring).await?;
        self.ring = Some(ring);
        Ok(record.map(|record| {
            into[..record.length].copy_from_slice(record.data(&self.disk.sector));
            record.length
        }))
    }

    async fn pop(&mut self) -> Result<(), StoreError> {
        let mut ring = self.ring.take().ok_or(StoreError::Failed)?;
        if !ring.seen {
            self.oldest(&mut ring).await?;
        }
        if ring.waiting() > 0 {
            ring.oldest += 1;
            ring.seen = false;
            self.remember(&ring);
        }
        self.ring = Some(ring);
        Ok(())
    }

    fn waiting(&self) -> u32 {
        self.ring.map_or(0, |ring| ring.waiting())
    }

    fn room(&self) -> u32 {
        self.ring.map_or(0, |ring| ring.room())
    }
}

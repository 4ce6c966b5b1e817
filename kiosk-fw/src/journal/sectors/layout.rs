//! What the sectors of a journal hold, byte by byte. All numbers are little-endian.
//!
//! | bytes | header, sector 0 | record, sectors 1 to `slots` |
//! |---|---|---|
//! | 0..4 | `LKTj` | `LKTr` |
//! | 4 | version of this format, 1 | the same |
//! | 6..8 | 0 | length of the record |
//! | 8..12 | the journal's number | the same |
//! | 12..16 | `slots` | sequence of the record, from 0 |
//! | 16..20 | CRC-32/ISO-HDLC of all before | sequence of the oldest record that waited when this one was written |
//! | 20..508 | 0 | the record, then 0 |
//! | 508..512 | 0 | CRC-32/ISO-HDLC of all before |
//!
//! The end of the header is 0 because that of a partition table's sector is not, even if the table is empty.

use protocol::frame::crc32;

/// Bytes of a sector.
pub(super) const SECTOR: usize = 512;

const HEADER_MAGIC: [u8; 4] = *b"LKTj";
const RECORD_MAGIC: [u8; 4] = *b"LKTr";
const VERSION: u8 = 1;
/// Where what differs from journal to journal lies in a header: its number, its size, and the sum over them.
const OWN: core::ops::Range<usize> = 8..20;
const HEADER_SUM: usize = 16;
const DATA: usize = 20;
/// What erased cards read as: the maker chooses (SD Physical Layer Simplified Specification 6.00, 5.6, `DATA_STAT_AFTER_ERASE`).
const ERASED: [u8; 2] = [0x00, 0xFF];
const SUM: usize = SECTOR - 4;

const _: () = assert!(DATA + crate::journal::MAX_RECORD <= SUM);

/// What is written once, when a card is formatted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Tells this journal's records from those of an earlier journal on the same card.
    pub(super) journal: u32,
    /// Sectors for records, behind the header.
    pub(super) slots: u32,
}

impl Header {
    pub(super) fn write(self, sector: &mut [u8; SECTOR]) {
        start(sector, HEADER_MAGIC, self.journal);
        put(sector, 12, self.slots);
        seal(sector, HEADER_SUM);
    }

    pub(super) fn read(sector: &[u8; SECTOR]) -> Option<Self> {
        let sound = sector.starts_with(&HEADER_MAGIC)
            && sector[4] == VERSION
            && is_sealed(sector, HEADER_SUM)
            && sector[OWN.end..].iter().all(|&byte| byte == 0);
        sound.then(|| Self {
            journal: get(sector, 8),
            slots: get(sector, 12),
        })
    }

    /// Whether a header may be written over this sector: it holds nothing, or what a loss of power left while a header was
    /// written over nothing, when each byte is as it was before or as it should have become.
    pub(super) fn is_free(sector: &[u8; SECTOR]) -> bool {
        let mut header = [0; SECTOR];
        start(&mut header, HEADER_MAGIC, 0);
        ERASED.into_iter().any(|erased| {
            sector
                .iter()
                .zip(header)
                .enumerate()
                .all(|(place, (&is, new))| is == erased || is == new || OWN.contains(&place))
        })
    }
}

/// What stands before a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) journal: u32,
    pub(super) sequence: u32,
    pub(super) oldest: u32,
    pub(super) length: usize,
}

impl Record {
    /// Writes head and sum around `data`, which must be `length` bytes and fit.
    pub(super) fn write(self, data: &[u8], sector: &mut [u8; SECTOR]) {
        start(sector, RECORD_MAGIC, self.journal);
        sector[6..8].copy_from_slice(&(self.length as u16).to_le_bytes());
        put(sector, 12, self.sequence);
        put(sector, 16, self.oldest);
        sector[DATA..DATA + data.len()].copy_from_slice(data);
        seal(sector, SUM);
    }

    /// The head, if sector is a whole record of this format.
    pub(super) fn read(sector: &[u8; SECTOR]) -> Option<Self> {
        let length = usize::from(u16::from_le_bytes([sector[6], sector[7]]));
        let sound = sector.starts_with(&RECORD_MAGIC)
            && sector[4] == VERSION
            && length <= crate::journal::MAX_RECORD
            && is_sealed(sector, SUM);
        sound.then(|| Self {
            journal: get(sector, 8),
            sequence: get(sector, 12),
            oldest: get(sector, 16),
            length,
        })
    }

    /// The sum at the end of a record's sector.
    pub(super) fn sum(sector: &[u8; SECTOR]) -> u32 {
        get(sector, SUM)
    }

    /// The record itself.
    pub(super) fn data<'a>(&self, sector: &'a [u8; SECTOR]) -> &'a [u8] {
        &sector[DATA..DATA + self.length]
    }
}

/// Whether the sector holds nothing.
pub(super) fn is_erased(sector: &[u8; SECTOR]) -> bool {
    ERASED.contains(&sector[0]) && sector.iter().all(|&byte| byte == sector[0])
}

fn start(sector: &mut [u8; SECTOR], magic: [u8; 4], journal: u32) {
    sector.fill(0);
    sector[..4].copy_from_slice(&magic);
    sector[4] = VERSION;
    put(sector, 8, journal);
}

fn seal(sector: &mut [u8; SECTOR], at: usize) {
    let sum = crc32(&sector[..at]);
    put(sector, at, sum);
}

fn is_sealed(sector: &[u8; SECTOR], at: usize) -> bool {
    crc32(&sector[..at]) == get(sector, at)
}

fn put(sector: &mut [u8; SECTOR], at: usize, value: u32) {
    sector[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

fn get(sector: &[u8; SECTOR], at: usize) -> u32 {
    u32::from_le_bytes([sector[at], sector[at + 1], sector[at + 2], sector[at + 3]])
}

//! The chip's memory: elementary files with a fixed size, in a memory that can be full.

use host_driver::card::{
    StatusWord,
    profile::{BEING_WRITTEN, LENGTH_PREFIX},
};

/// One transparent elementary file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ef {
    /// File identifier.
    pub id: u16,
    /// All bytes of the file, length prefix included; zeros when new.
    pub bytes: Vec<u8>,
}

impl Ef {
    /// Short EF identifier: the five low bits of the identifier (ISO/IEC 7816-4:2020, 7.4.2, tag 88 absent or equal).
    pub(super) const fn short_id(&self) -> u8 {
        self.id as u8 & 0x1F
    }

    /// The content after the length prefix, if the prefix is that of completely written content.
    pub fn content(&self) -> Option<&[u8]> {
        let (prefix, rest) = self.bytes.split_first_chunk::<LENGTH_PREFIX>()?;
        match u16::from_be_bytes(*prefix) {
            0 | BEING_WRITTEN => None,
            length => rest.get(..usize::from(length)),
        }
    }
}

/// The files of the one application, in a memory of limited size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EfStore {
    memory: usize,
    header: usize,
    files: Vec<Ef>,
}

impl EfStore {
    /// An empty memory of `memory` bytes, of which each file takes `header` bytes more than its size; so does the folder.
    pub const fn new(memory: usize, header: usize) -> Self {
        Self {
            memory,
            header,
            files: Vec::new(),
        }
    }

    /// Makes a file of `size` bytes, all zero.
    ///
    /// # Errors
    /// `6A84` when the memory has not so much room left; `6A89` (file already exists) for a second file of that name.
    pub fn create(&mut self, id: u16, size: usize) -> Result<(), StatusWord> {
        if self.files.iter().any(|file| file.id == id) {
            return Err(StatusWord(0x6A89));
        }
        if self.used() + self.header + size > self.memory {
            return Err(StatusWord::NO_SPACE);
        }
        self.files.push(Ef {
            id,
            bytes: vec![0; size],
        });
        Ok(())
    }

    /// Bytes of memory taken by folder, files and their headers.
    pub fn used(&self) -> usize {
        self.header
            + self
                .files
                .iter()
                .map(|file| self.header + file.bytes.len())
                .sum::<usize>()
    }

    /// All files in the order in which they were made.
    pub fn files(&self) -> &[Ef] {
        &self.files
    }

    pub(super) fn position(&self, which: impl Fn(&Ef) -> bool) -> Option<usize> {
        self.files.iter().position(which)
    }

    pub(super) fn file_mut(&mut self, index: usize) -> &mut Ef {
        &mut self.files[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_memory_takes_no_more_files() {
        let mut store = EfStore::new(200, 10);
        assert_eq!(store.create(0x6FF0, 100), Ok(()));
        assert_eq!(store.used(), 120);
        assert_eq!(store.create(0x6FF1, 71), Err(StatusWord::NO_SPACE));
        assert_eq!(store.create(0x6FF1, 70), Ok(()));
        assert_eq!(store.create(0x6FF1, 0), Err(StatusWord(0x6A89)));
    }

    #[test]
    fn content_shows_only_when_completely_written() {
        let mut file = Ef {
            id: 1,
            bytes: vec![0, 0, 7, 8, 9],
        };
        assert_eq!(file.content(), None);
        file.bytes[..2].copy_from_slice(&[0xFF, 0xFF]);
        assert_eq!(file.content(), None);
        file.bytes[..2].copy_from_slice(&[0, 2]);
        assert_eq!(file.content(), Some(&[7, 8][..]));
        file.bytes[..2].copy_from_slice(&[0, 4]);
        assert_eq!(file.content(), None);
    }
}

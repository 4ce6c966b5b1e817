//! Flash in memory that loses its power at a chosen byte.

use std::cell::RefCell;
use std::rc::Rc;

use embedded_storage_async::nor_flash::{
    ErrorType, MultiwriteNorFlash, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};

/// Bytes of a page. The Pico's are 4096; fewer make a test go round sooner.
pub(super) const PAGE: usize = 1_024;

/// The content, and the bytes of writing and erasing that power lasts for.
pub(super) struct Cells {
    pub(super) bytes: Vec<u8>,
    pub(super) power: Option<usize>,
    pub(super) erased: usize,
}

#[derive(Clone)]
pub(super) struct Chip(pub(super) Rc<RefCell<Cells>>);

impl Chip {
    pub(super) fn new(pages: usize) -> Self {
        Self::holding(vec![0xFF; pages * PAGE])
    }

    pub(super) fn holding(bytes: Vec<u8>) -> Self {
        Self(Rc::new(RefCell::new(Cells {
            bytes,
            power: None,
            erased: 0,
        })))
    }
}

/// The power is gone.
#[derive(Debug)]
pub(super) struct Dark;

impl NorFlashError for Dark {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

impl ErrorType for Chip {
    type Error = Dark;
}

impl Cells {
    fn use_up(&mut self) -> Result<(), Dark> {
        match &mut self.power {
            Some(0) => Err(Dark),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl ReadNorFlash for Chip {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Dark> {
        let cells = self.0.borrow();
        if cells.power == Some(0) {
            return Err(Dark);
        }
        bytes.copy_from_slice(&cells.bytes[offset as usize..][..bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.0.borrow().bytes.len()
    }
}

impl NorFlash for Chip {
    const WRITE_SIZE: usize = 1;
    const ERASE_SIZE: usize = PAGE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Dark> {
        let mut cells = self.0.borrow_mut();
        for place in from as usize..to as usize {
            cells.use_up()?;
            cells.bytes[place] = 0xFF;
        }
        cells.erased += 1;
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Dark> {
        let mut cells = self.0.borrow_mut();
        for (place, &byte) in (offset as usize..).zip(bytes) {
            cells.use_up()?;
            assert_eq!(cells.bytes[place] & byte, byte, "bits do not go from 0 to 1");
            cells.bytes[place] = byte;
        }
        Ok(())
    }
}

impl MultiwriteNorFlash for Chip {}

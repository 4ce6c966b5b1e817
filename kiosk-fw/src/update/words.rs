//! The bootloader's notes, in words that cannot be mistaken.

use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};

/// Bytes of a word.
pub(super) const WORD: usize = 16;

/// A flash that is written in words of 16 bytes, although it could be written byte by byte.
///
/// embassy-boot notes its state in words of the flash's write size. On the RP2040 that is one byte, and an erase during which power went
/// away can leave any byte: one in 256 would say "swap". Sixteen equal bytes do not come about by chance.
pub struct Words<F>(pub F);

impl<F: ErrorType> ErrorType for Words<F> {
    type Error = F::Error;
}

impl<F: ReadNorFlash> ReadNorFlash for Words<F> {
    const READ_SIZE: usize = F::READ_SIZE;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.0.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

impl<F: NorFlash> NorFlash for Words<F> {
    const WRITE_SIZE: usize = {
        assert!(WORD.is_multiple_of(F::WRITE_SIZE));
        WORD
    };
    const ERASE_SIZE: usize = F::ERASE_SIZE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        self.0.erase(from, to)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        self.0.write(offset, bytes)
    }
}

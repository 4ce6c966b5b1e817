//! Flash in words as long as the head of a queue's item.
//!
//! A head that lost its power must not be completed by what is written behind it. With words of a byte, as the Pico's flash has, the
//! queue goes on behind the last byte of such a head that was written; the first byte of the next item can then be what its
//! checksum still lacked (once in 256 times), and it hides the items behind it. Found by this journal's tests.

use embedded_storage_async::nor_flash::{ErrorType, MultiwriteNorFlash, NorFlash, ReadNorFlash};

/// Bytes of a word: those of the head of an item in `sequential-storage`.
pub(super) const WORD: usize = 8;

/// Flash that is written in words of [`WORD`] bytes.
pub(super) struct Wide<F>(pub(super) F);

impl<F: ErrorType> ErrorType for Wide<F> {
    type Error = F::Error;
}

impl<F: ReadNorFlash> ReadNorFlash for Wide<F> {
    const READ_SIZE: usize = F::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.0.read(offset, bytes).await
    }

    fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

impl<F: NorFlash> NorFlash for Wide<F> {
    const WRITE_SIZE: usize = {
        assert!(WORD.is_multiple_of(F::WRITE_SIZE) && WORD.is_multiple_of(F::READ_SIZE));
        WORD
    };
    const ERASE_SIZE: usize = F::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        self.0.erase(from, to).await
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        self.0.write(offset, bytes).await
    }
}

impl<F: MultiwriteNorFlash> MultiwriteNorFlash for Wide<F> {}

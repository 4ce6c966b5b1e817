//! The checksum of a whole object.

use crate::frame::Crc32;

/// CRC-32 of the bytes so far.
#[derive(Clone)]
pub(super) struct Checksum(Crc32);

impl Checksum {
    pub(super) fn new() -> Self {
        Self(Crc32::new())
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(super) fn value(&self) -> u32 {
        self.0.value()
    }
}

impl core::fmt::Debug for Checksum {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Checksum({:#010x})", self.value())
    }
}

//! Content of objects that tells where each of its bytes belongs.

use crc::{CRC_32_ISO_HDLC, Crc, Table};

const CRC: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);

/// The byte of object `seed` at `offset`.
pub(crate) const fn byte(seed: u32, offset: u32) -> u8 {
    let mixed = (offset ^ seed.wrapping_mul(0x9e37_79b9)).wrapping_mul(0x85eb_ca6b);
    (mixed >> 23) as u8
}

/// `count` bytes of object `seed`.
pub(crate) fn bytes(seed: u32, offset: u32, count: usize) -> Vec<u8> {
    (0..count as u32)
        .map(|at| byte(seed, offset.wrapping_add(at)))
        .collect()
}

/// Whether these are the bytes of object `seed` at `offset`.
pub(crate) fn is_of(seed: u32, offset: u32, bytes: &[u8]) -> bool {
    let places = offset..=u32::MAX;
    bytes
        .iter()
        .zip(places)
        .all(|(found, offset)| *found == byte(seed, offset))
}

/// The checksum of frames and objects.
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    CRC.checksum(bytes)
}

//! CRC-32/ISO-HDLC, the checksum of Ethernet: of frames and of whole objects.
//!
//! A board sums a byte at a time from one table of 1 KiB, which is the trade of flash for speed that suits it. Where
//! there is an operating system, `crc32fast` takes what the processor has for it.

#[cfg(target_os = "none")]
pub(crate) use table::Crc32;
#[cfg(target_os = "none")]
pub use table::crc32;

#[cfg(not(target_os = "none"))]
pub(crate) use processor::Crc32;
#[cfg(not(target_os = "none"))]
pub use processor::crc32;

#[cfg(not(target_os = "none"))]
mod processor {
    /// The checksum of the bytes so far.
    #[derive(Clone)]
    pub(crate) struct Crc32(crc32fast::Hasher);

    impl Crc32 {
        pub(crate) fn new() -> Self {
            Self(crc32fast::Hasher::new())
        }

        pub(crate) fn update(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }

        pub(crate) fn value(&self) -> u32 {
            self.0.clone().finalize()
        }
    }

    /// The checksum of `bytes`: CRC-32/ISO-HDLC.
    #[inline]
    pub fn crc32(bytes: &[u8]) -> u32 {
        crc32fast::hash(bytes)
    }
}

#[cfg(any(target_os = "none", test))]
mod table {
    use crc::{CRC_32_ISO_HDLC, Crc, Digest, Table};

    static CRC: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);

    /// The checksum of the bytes so far.
    #[derive(Clone)]
    pub(crate) struct Crc32(Digest<'static, u32, Table<1>>);

    impl Crc32 {
        pub(crate) fn new() -> Self {
            Self(CRC.digest())
        }

        pub(crate) fn update(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }

        pub(crate) fn value(&self) -> u32 {
            self.0.clone().finalize()
        }
    }

    /// The checksum of `bytes`: CRC-32/ISO-HDLC.
    #[cfg_attr(not(target_os = "none"), allow(unreachable_pub))] // A test compares it with the processor's.
    pub fn crc32(bytes: &[u8]) -> u32 {
        CRC.checksum(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::{processor, table};

    const CHECK: u32 = 0xcbf4_3926;

    #[test]
    fn a_board_and_a_computer_sum_alike() {
        assert_eq!(table::crc32(b"123456789"), CHECK);
        assert_eq!(processor::crc32(b"123456789"), CHECK);
        let bytes: [u8; 1500] = core::array::from_fn(|index| ((index * index) >> 3) as u8);
        for len in 0..bytes.len() {
            assert_eq!(
                processor::crc32(&bytes[..len]),
                table::crc32(&bytes[..len]),
                "{len} bytes"
            );
        }
    }

    #[test]
    fn bytes_that_come_in_parts_have_the_checksum_of_the_whole() {
        let bytes: [u8; 1500] = core::array::from_fn(|index| ((index * 7) >> 2) as u8);
        let (mut board, mut computer) = (table::Crc32::new(), processor::Crc32::new());
        let mut rest = &bytes[..];
        for len in (0..).map(|part| part * 11 % 97) {
            let (part, after) = rest.split_at(rest.len().min(len));
            board.update(part);
            computer.update(part);
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        assert_eq!(
            (board.value(), computer.value()),
            (table::crc32(&bytes), table::crc32(&bytes))
        );
    }
}

//! What goes over the wire in SPI mode. Sections are those of the SD Physical Layer Simplified Specification, version 6.00.

use crc::{CRC_7_MMC, CRC_16_XMODEM, Crc, NoTable, Table};

/// Bytes of a block: fixed on a card of high capacity, set by `Command::SetBlockLength` on others (4.3.14).
pub const BLOCK: usize = 512;

/// Over commands and the CSD (4.5 "Cyclic Redundancy Code").
static CRC7: Crc<u8, NoTable> = Crc::<u8, NoTable>::new(&CRC_7_MMC);
/// Over data. The table of 512 bytes makes a block take a fifth of what it takes without.
static CRC16: Crc<u16, Table<1>> = Crc::<u16, Table<1>>::new(&CRC_16_XMODEM);

/// A command (7.3.1.3, table 7-3), with what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// CMD0: resets the card; with its select low, into SPI mode.
    GoIdle,
    /// CMD8: says that the host knows version 2, and the voltage.
    SendInterfaceCondition,
    /// CMD9: asks for the CSD register.
    SendCsd,
    /// CMD13: asks whether the last write went well.
    SendStatus,
    /// CMD16.
    SetBlockLength,
    /// CMD17: at an address in the card's own unit.
    ReadBlock(u32),
    /// CMD24: at an address in the card's own unit.
    WriteBlock(u32),
    /// CMD55: the next one is of the application's set.
    Application,
    /// ACMD41: start; whether the host knows high capacity.
    SendOperatingCondition { high_capacity: bool },
    /// CMD58: asks for the OCR register.
    ReadOcr,
    /// CMD59: sums are to be checked.
    CheckSums,
}

/// 2.7 to 3.6 V, and a pattern that the card sends back (4.3.13).
pub(super) const INTERFACE_CONDITION: u32 = 0x1AA;
/// HCS, bit 30 of ACMD41's argument (4.2.3.1).
const HIGH_CAPACITY: u32 = 1 << 30;

impl Command {
    fn number_and_argument(self) -> (u8, u32) {
        match self {
            Self::GoIdle => (0, 0),
            Self::SendInterfaceCondition => (8, INTERFACE_CONDITION),
            Self::SendCsd => (9, 0),
            Self::SendStatus => (13, 0),
            Self::SetBlockLength => (16, BLOCK as u32),
            Self::ReadBlock(address) => (17, address),
            Self::WriteBlock(address) => (24, address),
            Self::Application => (55, 0),
            Self::SendOperatingCondition { high_capacity } => {
                (41, if high_capacity { HIGH_CAPACITY } else { 0 })
            }
            Self::ReadOcr => (58, 0),
            Self::CheckSums => (59, 1),
        }
    }

    /// Start bit, transmission bit and number; argument; CRC-7 and end bit (7.3.1.1).
    pub(super) fn bytes(self) -> [u8; 6] {
        let (number, argument) = self.number_and_argument();
        let [a, b, c, d] = argument.to_be_bytes();
        let mut bytes = [0x40 | number, a, b, c, d, 0];
        bytes[5] = CRC7.checksum(&bytes[..5]) << 1 | 1;
        bytes
    }
}

/// The first byte of every response (7.3.2.1). Bit 7 is 0 in one, so that it differs from a line that nobody drives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct R1(pub(super) u8);

impl R1 {
    /// The card is being started.
    pub(super) fn is_idle(self) -> bool {
        self.0 & 1 != 0
    }

    pub(super) fn is_illegal_command(self) -> bool {
        self.0 & 1 << 2 != 0
    }

    pub(super) fn is_bad_checksum(self) -> bool {
        self.0 & 1 << 3 != 0
    }

    /// Any error at all; being idle is none.
    pub(super) fn is_error(self) -> bool {
        self.0 & 0x7E != 0
    }
}

/// What stands before a block of data (7.3.3.2).
pub(super) const START_BLOCK: u8 = 0xFE;

/// The card's answer to a block that it was sent (7.3.3.1), by the five bits that mean something.
pub(super) const DATA_ACCEPTED: u8 = 0b0_0101;
pub(super) const DATA_BAD_CHECKSUM: u8 = 0b0_1011;
pub(super) const DATA_RESPONSE: u8 = 0b1_1111;

/// CCS, bit 30 of the OCR (5.1): addresses count blocks, not bytes.
pub(super) const OCR_HIGH_CAPACITY: u32 = 1 << 30;

/// The sum behind a block of data.
pub(super) fn data_sum(data: &[u8]) -> [u8; 2] {
    CRC16.checksum(data).to_be_bytes()
}

/// Blocks of 512 bytes on a card, by its CSD register (5.3.2 version 1, 5.3.3 version 2); `None` if its sum is wrong or it is of
/// neither version.
pub(super) fn blocks(csd: &[u8; 16]) -> Option<u32> {
    if csd[15] != CRC7.checksum(&csd[..15]) << 1 | 1 {
        return None;
    }
    let register = u128::from_be_bytes(*csd);
    let bits = |high: u32, low: u32| (register >> low) as u32 & ((1 << (high - low + 1)) - 1);
    match bits(127, 126) {
        // Capacity = (C_SIZE + 1) * 2^(C_SIZE_MULT + 2) * 2^READ_BL_LEN bytes.
        0 => {
            let shift = bits(49, 47) + 2 + bits(83, 80);
            (bits(73, 62) + 1).checked_shl(shift.checked_sub(9)?)
        }
        // Capacity = (C_SIZE + 1) * 512 KiB.
        1 => (bits(69, 48) + 1).checked_mul(1024),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_the_examples_of_the_specification() {
        // 4.5: the CRC-7 of CMD0 is 1001010, of CMD17 with argument 0 0101010.
        assert_eq!(Command::GoIdle.bytes(), [0x40, 0, 0, 0, 0, 0b1001_0101]);
        assert_eq!(Command::ReadBlock(0).bytes(), [0x51, 0, 0, 0, 0, 0b0101_0101]);
        // 7.2.1: CMD8 for 2.7 to 3.6 V.
        assert_eq!(
            Command::SendInterfaceCondition.bytes(),
            [0x48, 0, 0, 1, 0xAA, 0x87]
        );
    }

    #[test]
    fn the_sum_of_a_block_is_that_of_the_specification() {
        // 4.5: 512 bytes of 0xFF have the CRC-16 0x7FA1.
        assert_eq!(data_sum(&[0xFF; BLOCK]), [0x7F, 0xA1]);
    }

    fn with_sum(mut csd: [u8; 16]) -> [u8; 16] {
        csd[15] = CRC7.checksum(&csd[..15]) << 1 | 1;
        csd
    }

    #[test]
    fn the_size_of_small_and_large_cards_is_read() {
        // The CSD of a card of 16 GB, as Linux prints it: 400e00325b590000751f7f800a4000.., C_SIZE = 0x751F.
        let large = with_sum([
            0x40, 0x0E, 0x00, 0x32, 0x5B, 0x59, 0x00, 0x00, 0x75, 0x1F, 0x7F, 0x80, 0x0A, 0x40, 0x00, 0,
        ]);
        assert_eq!(blocks(&large), Some(0x7520 * 1024));
        // Version 1: READ_BL_LEN = 9, C_SIZE = 4095, C_SIZE_MULT = 3: 64 MiB.
        let mut small = 0_u128;
        for (value, low) in [(9, 80), (4095, 62), (3, 47)] {
            small |= value << low;
        }
        assert_eq!(blocks(&with_sum(small.to_be_bytes())), Some(131_072));
        // READ_BL_LEN = 10 with the same block of 512: twice as large.
        small += 1 << 80;
        assert_eq!(blocks(&with_sum(small.to_be_bytes())), Some(262_144));
    }

    #[test]
    fn a_damaged_or_unknown_csd_has_no_size() {
        let mut damaged = with_sum([0x40, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
        assert!(blocks(&damaged).is_some());
        damaged[9] ^= 1;
        assert_eq!(blocks(&damaged), None);
        assert_eq!(blocks(&with_sum([0xC0; 16])), None);
        assert_eq!(blocks(&[0xFF; 16]), None);
        assert_eq!(blocks(&with_sum([0; 16])), None, "blocks of one byte");
    }
}

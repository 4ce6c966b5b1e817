//! CRC-32 in several trades of flash for speed, to choose from: the same sum, so that each is seen to be right.

use core::hint::black_box;

use crc::{CRC_32_ISO_HDLC, Crc, Table};
use kiosk_fw::board::lm3s6965::measure::Meter;
use semihosting::println;

use crate::noise::Noise;

static BITWISE: Crc<u32, Table<0>> = Crc::<u32, Table<0>>::new(&CRC_32_ISO_HDLC);
static BYTEWISE: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);
static SIXTEEN: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);
static NIBBLES: [u32; 16] = nibbles();
static SLICES: [[u32; 256]; 4] = slices();

/// Half bytes: the entries of the usual table whose index is a multiple of 16.
const fn nibbles() -> [u32; 16] {
    let table = BYTEWISE_TABLE.table();
    let mut nibbles = [0; 16];
    let mut at = 0;
    while at < 16 {
        nibbles[at] = table[0][at * 16];
        at += 1;
    }
    nibbles
}

const BYTEWISE_TABLE: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);

/// Four bytes at once ("slicing by 4", Kounavis and Berry 2005).
const fn slices() -> [[u32; 256]; 4] {
    let mut slices = [BYTEWISE_TABLE.table()[0]; 4];
    let mut slice = 1;
    while slice < 4 {
        let mut at = 0;
        while at < 256 {
            let before = slices[slice - 1][at];
            slices[slice][at] = (before >> 8) ^ slices[0][(before & 0xff) as usize];
            at += 1;
        }
        slice += 1;
    }
    slices
}

fn by_nibbles(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |mut sum, &byte| {
        sum ^= u32::from(byte);
        sum = (sum >> 4) ^ NIBBLES[(sum & 15) as usize];
        (sum >> 4) ^ NIBBLES[(sum & 15) as usize]
    })
}

/// The usual table, without the generality of the `crc` crate.
fn by_bytes(sum: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(sum, |sum, &byte| {
        (sum >> 8) ^ SLICES[0][((sum ^ u32::from(byte)) & 0xff) as usize]
    })
}

fn by_slices(bytes: &[u8]) -> u32 {
    let (words, rest) = bytes.as_chunks::<4>();
    let sum = words.iter().fold(u32::MAX, |sum, &word| {
        let sum = sum ^ u32::from_le_bytes(word);
        SLICES[3][(sum & 0xff) as usize]
            ^ SLICES[2][(sum >> 8 & 0xff) as usize]
            ^ SLICES[1][(sum >> 16 & 0xff) as usize]
            ^ SLICES[0][(sum >> 24) as usize]
    });
    !by_bytes(sum, rest)
}

type Checksum<'a> = &'a dyn Fn(&[u8]) -> u32;

/// Each of them over a frame's worth of bytes; `table` is what lies in flash besides code.
pub(crate) fn run(meter: &dyn Meter) {
    let mut bytes = [0; 1024];
    Noise::new(1).fill(&mut bytes);
    let expected = BYTEWISE.checksum(&bytes);
    let kinds: [(&str, usize, Checksum<'_>); 6] = [
        ("crc, Table<0>", 0, &|bytes| BITWISE.checksum(bytes)),
        ("nibbles", size_of_val(&NIBBLES), &by_nibbles),
        ("crc, Table<1>", size_of_val(&BYTEWISE), &|bytes| {
            BYTEWISE.checksum(bytes)
        }),
        ("bytes", size_of_val(&SLICES[0]), &|bytes| {
            !by_bytes(u32::MAX, bytes)
        }),
        ("slicing by 4", size_of_val(&SLICES), &by_slices),
        ("crc, Table<16>", size_of_val(&SIXTEEN), &|bytes| {
            SIXTEEN.checksum(bytes)
        }),
    ];
    for (name, table, checksum) in kinds {
        let mut sum = 0;
        let instructions = meter.measure(&mut || sum = checksum(black_box(&bytes)));
        assert!(sum == expected, "{name}: a wrong sum");
        println!(
            "{{\"measure\":\"checksum\",\"name\":\"{name}\",\"bytes\":{},\"instructions\":{instructions},\"table\":{table}}}",
            bytes.len()
        );
    }
}

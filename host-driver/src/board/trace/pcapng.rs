//! Entries of a trace as blocks of a pcapng file (draft-ietf-opsawg-pcapng), and back.
//!
//! Each file has one section and one interface, of link type `USER0`, for one board. A frame is an enhanced packet
//! block: what is kept of header and payload, without byte stuffing and checksum; its original length is that of the
//! whole, as after a capture with a short snap length. Damage is in the block's flags. A note is an empty packet with
//! a comment.

use pcap_parser::nom;
use pcap_parser::pcapng::{
    Block, EnhancedPacketBlock, InterfaceDescriptionBlock, OptionCode, PcapNGOption, parse_block_be,
    parse_block_le, parse_sectionheaderblock,
};
use pcap_parser::traits::PcapNGPacketBlock as _;

use super::record::{Content, Damage, Direction, Record};

/// `LINKTYPE_USER0`: for private use, as the link's frames have no number of their own.
const LINK_TYPE: u16 = 147;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;

/// Options, by their codes in each kind of block.
const COMMENT: u16 = 1;
const SECTION_PROGRAM: u16 = 4;
const INTERFACE_NAME: u16 = 2;
const INTERFACE_DESCRIBED: u16 = 3;
const PACKET_FLAGS: u16 = 2;

/// Flags of a packet: two bits for the direction, and one for each kind of error.
const INBOUND: u32 = 1;
const OUTBOUND: u32 = 2;
const DIRECTION: u32 = 3;
const CRC_ERROR: u32 = 1 << 24;
const TOO_LONG: u32 = 1 << 25;
const SYMBOL_ERROR: u32 = 1 << 31;

/// No block of a trace is as long; a length beyond it is not one.
const MAX_BLOCK: u32 = 1 << 20;

/// The blocks at the start of a file: which program, which board (`kiosk`), on which port.
pub fn preamble(program: &str, board: &str, port: &str) -> Vec<u8> {
    let mut section = Vec::new();
    section.extend(0x1a2b_3c4d_u32.to_le_bytes());
    section.extend([1, 0, 0, 0]); // version 1.0
    section.extend((-1_i64).to_le_bytes()); // the section's length is not known yet
    options(&mut section, &[(SECTION_PROGRAM, program.as_bytes())]);
    let mut interface = Vec::new();
    interface.extend(LINK_TYPE.to_le_bytes());
    interface.extend([0; 2]);
    interface.extend(0_u32.to_le_bytes()); // no snap length: what is kept differs from frame to frame
    options(
        &mut interface,
        &[
            (INTERFACE_NAME, board.as_bytes()),
            (INTERFACE_DESCRIBED, port.as_bytes()),
        ],
    );
    let mut file = block(SECTION_HEADER, &section);
    file.extend(block(INTERFACE_DESCRIPTION, &interface));
    file
}

/// The block of an entry.
pub fn entry(record: &Record) -> Vec<u8> {
    let direction = match record.direction {
        None => 0,
        Some(Direction::FromBoard) => INBOUND,
        Some(Direction::ToBoard) => OUTBOUND,
    };
    let (bytes, len, error, comment) = match &record.content {
        Content::Frame { bytes, len } => (&bytes[..], *len, 0, None),
        Content::Damaged { damage, claim, len } => {
            let error = match damage {
                Damage::Checksum => CRC_ERROR,
                Damage::Framing => SYMBOL_ERROR,
                Damage::Oversize => TOO_LONG,
            };
            (&claim[..], *len, error, None)
        }
        Content::Note(text) => (&[][..], 0, 0, Some(text.as_bytes())),
    };
    let mut packet = Vec::with_capacity(64 + bytes.len());
    packet.extend(0_u32.to_le_bytes()); // the interface
    packet.extend(((record.at >> 32) as u32).to_le_bytes());
    packet.extend((record.at as u32).to_le_bytes());
    packet.extend((bytes.len() as u32).to_le_bytes());
    packet.extend((len as u32).to_le_bytes());
    padded(&mut packet, bytes);
    let flags = (direction | error).to_le_bytes();
    match comment {
        None => options(&mut packet, &[(PACKET_FLAGS, &flags)]),
        Some(comment) => options(&mut packet, &[(COMMENT, comment), (PACKET_FLAGS, &flags)]),
    }
    block(ENHANCED_PACKET, &packet)
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let len = (body.len() as u32 + 12).to_le_bytes();
    [&kind.to_le_bytes()[..], &len, body, &len].concat()
}

fn options(body: &mut Vec<u8>, options: &[(u16, &[u8])]) {
    for (code, value) in options {
        // Names and causes are short; one that is not loses its end.
        let value = &value[..value.len().min(1024)];
        body.extend(code.to_le_bytes());
        body.extend((value.len() as u16).to_le_bytes());
        padded(body, value);
    }
    body.extend([0; 4]); // the end of the options
}

fn padded(body: &mut Vec<u8>, bytes: &[u8]) {
    body.extend_from_slice(bytes);
    body.resize(body.len().next_multiple_of(4), 0);
}

/// Why a file cannot be read (on).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotATrace {
    /// It is something else.
    #[error("it is not a pcapng file")]
    NotPcapng,
    /// It is a capture of something else.
    #[error("it is a capture of something else (link type {0}, not {LINK_TYPE})")]
    OtherLink(i32),
    /// It is damaged.
    #[error("it is damaged at byte {0}")]
    Damaged(u64),
}

/// Reads a file that may still grow.
#[derive(Debug, Default)]
pub struct Reader {
    /// Bytes that are not read yet, and where in the file they begin.
    buffer: Vec<u8>,
    offset: u64,
    started: bool,
    big_endian: bool,
    interfaces: Vec<Interface>,
}

#[derive(Clone, Debug)]
struct Interface {
    board: String,
    units_per_second: u64,
    offset_seconds: i64,
}

impl Reader {
    /// Takes bytes of the file, and hands over the entries that they end, each with the name of its board.
    ///
    /// # Errors
    /// [`NotATrace`]; nothing can be read after it.
    pub fn push(&mut self, bytes: &[u8], mut entry: impl FnMut(&str, Record)) -> Result<(), NotATrace> {
        self.buffer.extend_from_slice(bytes);
        let buffer = std::mem::take(&mut self.buffer);
        let mut at = 0;
        while let Some(len) = self.whole_block(&buffer[at..])? {
            self.block(&buffer[at..at + len], &mut entry)?;
            at += len;
            self.offset += len as u64;
        }
        self.buffer = buffer[at..].to_vec();
        Ok(())
    }

    /// Bytes of an entry that has not ended; at the end of a file, of one that was cut off.
    pub fn unfinished(&self) -> usize {
        self.buffer.len()
    }

    /// Whether anything at all was there.
    pub const fn started(&self) -> bool {
        self.started
    }

    /// Length of the block at the front, once all of it is there.
    fn whole_block(&mut self, input: &[u8]) -> Result<Option<usize>, NotATrace> {
        let Some((kind, rest)) = input.split_first_chunk::<4>() else {
            return Ok(None);
        };
        let is_section = *kind == SECTION_HEADER.to_le_bytes();
        if !self.started && !is_section {
            return Err(NotATrace::NotPcapng);
        }
        let (Some(len), Some(order)) = (rest.first_chunk::<4>(), input.get(8..12)) else {
            return Ok(None);
        };
        if is_section {
            self.big_endian = order == 0x1a2b_3c4d_u32.to_be_bytes();
        }
        let len = if self.big_endian {
            u32::from_be_bytes(*len)
        } else {
            u32::from_le_bytes(*len)
        };
        if !(12..=MAX_BLOCK).contains(&len) || !len.is_multiple_of(4) {
            return Err(self.damaged());
        }
        Ok((input.len() >= len as usize).then_some(len as usize))
    }

    fn damaged(&self) -> NotATrace {
        if self.started {
            NotATrace::Damaged(self.offset)
        } else {
            NotATrace::NotPcapng
        }
    }

    fn block(&mut self, bytes: &[u8], entry: &mut impl FnMut(&str, Record)) -> Result<(), NotATrace> {
        if bytes.starts_with(&SECTION_HEADER.to_le_bytes()) {
            parse_sectionheaderblock(bytes).map_err(|_| self.damaged())?;
            self.started = true;
            self.interfaces.clear();
            return Ok(());
        }
        let parsed = if self.big_endian {
            parse_block_be(bytes)
        } else {
            parse_block_le(bytes)
        };
        match parsed {
            Ok((_, Block::InterfaceDescription(interface))) => self.interface(&interface),
            Ok((_, Block::EnhancedPacket(packet))) => {
                let interface = self.interfaces.get(packet.if_id as usize);
                let interface = interface.ok_or(NotATrace::Damaged(self.offset))?;
                entry(&interface.board, record(&packet, interface));
                Ok(())
            }
            // Statistics, names and whatever else other programs add.
            Ok(_) => Ok(()),
            Err(nom::Err::Incomplete(_) | nom::Err::Error(_) | nom::Err::Failure(_)) => Err(self.damaged()),
        }
    }

    fn interface(&mut self, block: &InterfaceDescriptionBlock<'_>) -> Result<(), NotATrace> {
        if block.linktype.0 != i32::from(LINK_TYPE) {
            return Err(NotATrace::OtherLink(block.linktype.0));
        }
        let board = text(&block.options, OptionCode(INTERFACE_NAME)).unwrap_or_else(|| "board".into());
        self.interfaces.push(Interface {
            board,
            units_per_second: block.ts_resolution().unwrap_or(1_000_000).max(1),
            offset_seconds: block.if_tsoffset,
        });
        Ok(())
    }
}

fn record(packet: &EnhancedPacketBlock<'_>, interface: &Interface) -> Record {
    let units = u128::from(packet.ts_high) << 32 | u128::from(packet.ts_low);
    let micros = units * 1_000_000 / u128::from(interface.units_per_second);
    let at = u64::try_from(micros).unwrap_or(u64::MAX);
    let at = at.saturating_add_signed(interface.offset_seconds.saturating_mul(1_000_000));
    let flags = option(&packet.options, OptionCode(PACKET_FLAGS)).and_then(|value| value.first_chunk());
    let flags = flags.map_or(0, |bytes| {
        if packet.big_endian() {
            u32::from_be_bytes(*bytes)
        } else {
            u32::from_le_bytes(*bytes)
        }
    });
    let direction = match flags & DIRECTION {
        INBOUND => Some(Direction::FromBoard),
        OUTBOUND => Some(Direction::ToBoard),
        _ => None,
    };
    let damage = if flags & CRC_ERROR != 0 {
        Some(Damage::Checksum)
    } else if flags & TOO_LONG != 0 {
        Some(Damage::Oversize)
    } else if flags & SYMBOL_ERROR != 0 {
        Some(Damage::Framing)
    } else {
        None
    };
    let (bytes, len) = (packet.packet_data().to_vec(), packet.origlen as usize);
    let content = match (text(&packet.options, OptionCode(COMMENT)), damage) {
        (Some(note), _) if bytes.is_empty() => Content::Note(note),
        (_, Some(damage)) => Content::Damaged {
            damage,
            claim: bytes,
            len,
        },
        (_, None) => Content::Frame {
            len: len.max(bytes.len()),
            bytes,
        },
    };
    Record {
        at,
        direction,
        content,
    }
}

fn option<'a>(options: &'a [PcapNGOption<'_>], code: OptionCode) -> Option<&'a [u8]> {
    let option = options.iter().find(|option| option.code == code)?;
    Some(
        option
            .value
            .get(..usize::from(option.len))
            .unwrap_or(&option.value),
    )
}

fn text(options: &[PcapNGOption<'_>], code: OptionCode) -> Option<String> {
    option(options, code).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn contents() -> impl Strategy<Value = Content> {
        let bytes = prop::collection::vec(any::<u8>(), 0..40);
        let damage = prop_oneof![
            Just(Damage::Checksum),
            Just(Damage::Framing),
            Just(Damage::Oversize)
        ];
        prop_oneof![
            (bytes.clone(), 0..2000_usize).prop_map(|(bytes, more)| Content::Frame {
                len: bytes.len() + more,
                bytes
            }),
            (damage, bytes, 0..2000_usize).prop_map(|(damage, claim, more)| Content::Damaged {
                damage,
                len: claim.len() + more,
                claim
            }),
            "[a-z ]{0,40}".prop_map(Content::Note),
        ]
    }

    fn records() -> impl Strategy<Value = Record> {
        let direction = prop_oneof![Just(Direction::ToBoard), Just(Direction::FromBoard)];
        (0..1_u64 << 60, prop::option::of(direction), contents()).prop_map(|(at, direction, content)| {
            Record {
                at,
                direction,
                content,
            }
        })
    }

    fn read(bytes: &[u8], step: usize) -> Result<Vec<(String, Record)>, NotATrace> {
        let mut reader = Reader::default();
        let mut entries = Vec::new();
        for chunk in bytes.chunks(step.max(1)) {
            reader.push(chunk, |board, record| entries.push((board.to_owned(), record)))?;
        }
        Ok(entries)
    }

    proptest! {
        #[test]
        fn an_independent_reader_finds_what_was_written(
            written in prop::collection::vec(records(), 0..8),
            step in 1..200_usize,
        ) {
            let mut file = preamble("loket 1.2.3", "kiosk", "/dev/ttyUSB0");
            for record in &written {
                file.extend(entry(record));
            }
            let expected: Vec<_> = written.into_iter().map(|record| ("kiosk".to_owned(), record)).collect();
            prop_assert_eq!(read(&file, step), Ok(expected));
        }

        #[test]
        fn any_bytes_are_read_or_refused(
            bytes in prop::collection::vec(any::<u8>(), 0..400),
            records in prop::collection::vec(records(), 0..4),
            flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
            step in 1..200_usize,
        ) {
            let _ = read(&bytes, step);
            // And what is nearly right.
            let mut file = preamble("loket 1.2.3", "kiosk", "/dev/ttyUSB0");
            for record in &records {
                file.extend(entry(record));
            }
            for (place, byte) in flips {
                *place.get_mut(&mut file) = byte;
            }
            let _ = read(&file, step);
        }
    }

    #[test]
    fn a_capture_of_something_else_is_told_apart() {
        assert_eq!(read(b"Hello, world, this is text", 99), Err(NotATrace::NotPcapng));
        let mut ethernet = preamble("wireshark", "eth0", "");
        let at = 28 + 12 + ethernet[28..].iter().position(|byte| *byte == 147).unwrap_or(0) - 12;
        ethernet[at] = 1;
        assert_eq!(read(&ethernet, 99), Err(NotATrace::OtherLink(1)));
    }
}

//! What survives a reset: how often the board has started, and how its firmware ended.
//!
//! A board keeps one [`Kept`] in memory that a reset leaves alone. A checksum tells what was written from what power left there
//! by chance.

use core::fmt;

use crc::{CRC_32_ISO_HDLC, Crc, NoTable};
use heapless::String;
use protocol::message::{Firmware, ResetCause};

use crate::board::LastEnd;

/// "LOK" and the version of this layout: a firmware that lays it out in another way must not read it.
const MAGIC: u32 = 0x4C4F_4B01;
/// Most bytes of a panic's words, as in `Restarted`.
const MAX_WORDS: usize = 96;
/// Without a table: it is used a few times in a board's life, and flash is short.
const CRC: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

/// Where a firmware ended, as far as it knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The loops to blame, see [`Task`](super::Task).
    pub tasks: u16,
    /// Program counter.
    pub pc: u32,
    /// Link register.
    pub lr: u32,
    /// Configurable fault status register.
    pub fault_status: u32,
    /// Address that was accessed.
    pub address: u32,
}

/// What a start finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// Starts since power was switched on, this one included.
    pub number: u32,
    /// Why this one.
    pub cause: ResetCause,
}

/// What survives a reset. Any bytes are a value of this type; only those with the right checksum mean something.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Kept {
    magic: u32,
    starts: u32,
    /// The firmware that runs.
    version: u32,
    build: u32,
    /// Whether it has ended: 1 until the next start.
    ended: u32,
    /// Whether the host is still to be told of `end`: 1 or 0.
    untold: u32,
    end: End,
    checksum: u32,
    /// Seconds since start. Not under the checksum, because it changes all the time.
    alive: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
struct End {
    cause: u32,
    version: u32,
    build: u32,
    /// Milliseconds since start: low and high half.
    uptime: [u32; 2],
    tasks: u32,
    pc: u32,
    lr: u32,
    fault_status: u32,
    address: u32,
    length: u32,
    words: [u8; MAX_WORDS],
}

impl End {
    const NONE: Self = Self {
        cause: 0,
        version: 0,
        build: 0,
        uptime: [0; 2],
        tasks: 0,
        pc: 0,
        lr: 0,
        fault_status: 0,
        address: 0,
        length: 0,
        words: [0; MAX_WORDS],
    };
}

impl Kept {
    /// Memory in which nothing was written.
    pub const EMPTY: Self = Self {
        magic: 0,
        starts: 0,
        version: 0,
        build: 0,
        ended: 0,
        untold: 0,
        end: End::NONE,
        checksum: 0,
        alive: 0,
    };

    /// `firmware` starts. `hardware` is what the chip knows of the reason: [`ResetCause::Unknown`] if nothing.
    pub fn start(&mut self, firmware: Firmware, hardware: ResetCause) -> Start {
        let mut cause = ResetCause::PowerOn;
        if !self.is_whole() || hardware == ResetCause::PowerOn {
            *self = Self {
                magic: MAGIC,
                ..Self::EMPTY
            };
        } else if self.ended == 1 {
            cause = ResetCause::from_code(self.end.cause as u8);
        } else {
            // It was reset before it could say why: by a button, or by the watchdog's second expiry because interrupts were off.
            cause = hardware;
            // Words that the host has not heard are worth more than that there are none.
            if self.untold != 1 {
                let uptime = u64::from(self.alive) * 1_000;
                self.note(hardware, uptime, &Place::default());
            }
        }
        self.starts = self.starts.wrapping_add(1);
        self.version = u32::from_be_bytes([0, firmware.major, firmware.minor, firmware.patch]);
        self.build = firmware.build;
        self.ended = 0;
        self.alive = 0;
        self.seal();
        Start {
            number: self.starts,
            cause,
        }
    }

    /// The firmware has run for `seconds`: kept for an end that cannot say so.
    pub fn still_alive(&mut self, seconds: u32) {
        self.alive = seconds;
    }

    /// The firmware ends after `uptime_ms`, because of `cause`, at `place`, with `words`, of which the last are cut off where the room
    /// ends.
    pub fn end(&mut self, cause: ResetCause, uptime_ms: u64, place: &Place, words: fmt::Arguments<'_>) {
        if self.ended == 1 {
            // What ended it is more than what happens while it ends.
            return;
        }
        self.note(cause, uptime_ms, place);
        // It fails where the room ends.
        let _ = fmt::write(&mut Words(&mut self.end), words);
        self.ended = 1;
        self.seal();
    }

    /// The last end, if the host has yet to be told.
    pub fn last_end(&self) -> Option<LastEnd> {
        if !self.is_whole() || self.untold != 1 {
            return None;
        }
        let end = &self.end;
        let [_, major, minor, patch] = end.version.to_be_bytes();
        let words = end.words.get(..end.length as usize).unwrap_or_default();
        Some(LastEnd {
            cause: ResetCause::from_code(end.cause as u8),
            firmware: Firmware {
                major,
                minor,
                patch,
                build: end.build,
            },
            uptime_ms: u64::from(end.uptime[0]) | (u64::from(end.uptime[1]) << 32),
            tasks: end.tasks as u16,
            pc: end.pc,
            lr: end.lr,
            fault_status: end.fault_status,
            address: end.address,
            words: core::str::from_utf8(words)
                .ok()
                .and_then(|words| String::try_from(words).ok())
                .unwrap_or_default(),
        })
    }

    /// The host has been told.
    pub fn forget_last_end(&mut self) {
        self.untold = 0;
        self.end = End::NONE;
        self.seal();
    }

    fn note(&mut self, cause: ResetCause, uptime_ms: u64, place: &Place) {
        self.untold = 1;
        self.end = End {
            cause: u32::from(cause.code()),
            version: self.version,
            build: self.build,
            uptime: [uptime_ms as u32, (uptime_ms >> 32) as u32],
            tasks: u32::from(place.tasks),
            pc: place.pc,
            lr: place.lr,
            fault_status: place.fault_status,
            address: place.address,
            ..End::NONE
        };
    }

    fn is_whole(&self) -> bool {
        self.magic == MAGIC && self.checksum == self.sum()
    }

    fn seal(&mut self) {
        self.checksum = self.sum();
    }

    fn sum(&self) -> u32 {
        let mut digest = CRC.digest();
        let end = &self.end;
        let fields = [
            self.magic,
            self.starts,
            self.version,
            self.build,
            self.ended,
            self.untold,
            end.cause,
            end.version,
            end.build,
            end.uptime[0],
            end.uptime[1],
            end.tasks,
            end.pc,
            end.lr,
            end.fault_status,
            end.address,
            end.length,
        ];
        for field in fields {
            digest.update(&field.to_le_bytes());
        }
        digest.update(&end.words);
        digest.finalize()
    }
}

/// Writes words into an end until the room is full. What is cut off is cut between characters.
struct Words<'a>(&'a mut End);

impl fmt::Write for Words<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            let start = self.0.length as usize;
            let room = self.0.words.get_mut(start..).unwrap_or_default();
            let length = character.len_utf8();
            if room.len() < length {
                return Err(fmt::Error);
            }
            character.encode_utf8(room);
            self.0.length += length as u32;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: Firmware = Firmware {
        major: 1,
        minor: 2,
        patch: 3,
        build: 0xABCD_1234,
    };
    const NEW: Firmware = Firmware { build: 7, ..OLD };
    const UNKNOWN: ResetCause = ResetCause::Unknown;

    fn running() -> Kept {
        let mut kept = Kept::EMPTY;
        kept.start(OLD, UNKNOWN);
        kept
    }

    #[test]
    fn the_first_start_after_power_counts_from_one_and_tells_nothing() {
        let mut kept = Kept::EMPTY;
        let start = kept.start(OLD, UNKNOWN);
        assert_eq!(
            start,
            Start {
                number: 1,
                cause: ResetCause::PowerOn
            }
        );
        assert_eq!(kept.last_end(), None);
    }

    #[test]
    fn the_words_of_a_panic_are_there_at_the_next_start_with_the_firmware_that_said_them() {
        let mut kept = running();
        let place = Place {
            lr: 0x123,
            ..Place::default()
        };
        kept.end(
            ResetCause::Panic,
            5_000_000_000,
            &place,
            format_args!("{} is {}", "all", 3),
        );
        let start = kept.start(NEW, UNKNOWN);
        assert_eq!(start.number, 2);
        assert_eq!(start.cause, ResetCause::Panic);
        let end = kept.last_end().expect("an end");
        assert_eq!(end.firmware, OLD);
        assert_eq!(end.uptime_ms, 5_000_000_000);
        assert_eq!(end.lr, 0x123);
        assert_eq!(end.words, "all is 3");
    }

    #[test]
    fn an_end_is_told_until_the_host_has_it_and_then_no_more() {
        let mut kept = running();
        kept.end(ResetCause::Watchdog, 1, &Place::default(), format_args!(""));
        kept.start(OLD, UNKNOWN);
        assert!(kept.last_end().is_some());
        kept.forget_last_end();
        assert_eq!(kept.last_end(), None);
        assert!(kept.is_whole());
    }

    #[test]
    fn an_end_without_words_still_tells_how_long_the_firmware_ran() {
        let mut kept = running();
        kept.still_alive(77);
        let start = kept.start(OLD, UNKNOWN);
        assert_eq!(start.cause, UNKNOWN);
        assert_eq!(kept.last_end().map(|end| end.uptime_ms), Some(77_000));
    }

    #[test]
    fn an_untold_end_is_not_lost_to_a_reset_without_words() {
        let mut kept = running();
        kept.end(ResetCause::Panic, 1, &Place::default(), format_args!("why"));
        kept.start(OLD, UNKNOWN);
        let start = kept.start(OLD, UNKNOWN);
        assert_eq!(start.cause, UNKNOWN);
        assert_eq!(kept.last_end().map(|end| end.cause), Some(ResetCause::Panic));
    }

    #[test]
    fn what_goes_wrong_while_ending_does_not_hide_the_reason() {
        let mut kept = running();
        kept.end(ResetCause::Panic, 1, &Place::default(), format_args!("first"));
        kept.end(ResetCause::Fault, 2, &Place::default(), format_args!("second"));
        kept.start(OLD, UNKNOWN);
        assert_eq!(kept.last_end().map(|end| end.cause), Some(ResetCause::Panic));
    }

    #[test]
    fn words_are_cut_between_characters_where_the_room_ends() {
        let mut kept = running();
        let long = "é".repeat(200);
        kept.end(ResetCause::Panic, 1, &Place::default(), format_args!("x{long}"));
        kept.start(OLD, UNKNOWN);
        let words = kept.last_end().map(|end| end.words).unwrap_or_default();
        assert_eq!(words.len(), 95);
        assert!(words.ends_with('é'));
    }

    #[test]
    fn the_hardware_knows_that_power_was_switched_on() {
        let mut kept = running();
        kept.end(ResetCause::Panic, 1, &Place::default(), format_args!(""));
        let start = kept.start(OLD, ResetCause::PowerOn);
        assert_eq!(
            start,
            Start {
                number: 1,
                cause: ResetCause::PowerOn
            }
        );
        assert_eq!(kept.last_end(), None);
    }

    #[test]
    fn memory_that_was_not_written_by_a_firmware_is_a_start_from_power() {
        let mut kept = running();
        kept.end(ResetCause::Fault, 1, &Place::default(), format_args!("words"));
        kept.end.words[2] ^= 1;
        assert_eq!(kept.last_end(), None);
        assert_eq!(kept.start(OLD, UNKNOWN).cause, ResetCause::PowerOn);
    }
}

//! What the counters of both ends of a line say about it.

use std::fmt;

use crate::board::trace::{Fields, Value};
use protocol::message::{FieldSpec, LinkCounters, Writer};

/// Counters by name, from the definition: one that the protocol gains is shown without a line here. `None`: an end that
/// speaks this `version` does not count it yet.
pub(super) fn by_name(counters: &LinkCounters, version: u8) -> Vec<(&'static FieldSpec, Option<u64>)> {
    let mut buffer = [0; LinkCounters::MAX_BODY];
    let mut out = Writer::new(&mut buffer);
    // Fits: the buffer is as long as the fields can be.
    let _ = counters.write_body(&mut out);
    let len = out.len();
    let fields = Fields::parse(LinkCounters::FIELDS, &buffer[..len]).map(|(fields, _)| fields.0);
    LinkCounters::FIELDS
        .iter()
        .zip(fields.unwrap_or_default())
        .map(|(spec, (_, value))| {
            let known = spec.appended.is_none_or(|appended| appended.since <= version);
            match value {
                Value::Unsigned(number) if known => (spec, Some(number)),
                _ => (spec, None),
            }
        })
        .collect()
}

/// One direction of the line, as its receiver saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Received {
    /// Intact frames.
    pub(super) intact: u64,
    /// Frames thrown away as damaged.
    pub(super) damaged: u64,
    /// Bytes, damaged ones included.
    pub(super) bytes: u64,
}

impl Received {
    pub(super) fn of(counters: &LinkCounters) -> Self {
        let damaged = [counters.crc_errors, counters.framing_errors, counters.oversize];
        Self {
            intact: counters.frames_received.into(),
            damaged: damaged.into_iter().map(u64::from).sum(),
            bytes: counters.bytes_received.into(),
        }
    }

    /// Estimate of the share of wrong bits, if frames were damaged by single bits independently of each other: each
    /// byte takes ten bits of the line.
    pub(super) fn bit_error_rate(&self) -> Option<f64> {
        let frames = self.intact + self.damaged;
        if self.damaged == 0 || frames == 0 || self.bytes == 0 {
            return None;
        }
        let bits_per_frame = self.bytes as f64 * 10.0 / frames as f64;
        // With no intact frame at all, the rate is at least that of one fewer.
        let intact = (self.intact as f64).max(0.5);
        Some(-(intact / frames as f64).ln() / bits_per_frame)
    }
}

/// What a technician should make of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Assessment {
    /// Too little has passed to tell.
    TooLittle { frames: u64 },
    /// Nothing was damaged.
    Clean { frames: u64 },
    /// Something was damaged, but rarely enough not to matter.
    Fair { of: Received, rate: f64 },
    /// So much is damaged that it costs time.
    Bad { of: Received, rate: f64 },
}

/// Fewer frames than these say nothing about a line.
const TELLING: u64 = 20;
/// From one damaged frame in so many on, repeats are felt.
const FELT: u64 = 1000;

impl Assessment {
    pub(super) fn of(received: Received) -> Self {
        let frames = received.intact + received.damaged;
        match received.bit_error_rate() {
            None if frames < TELLING => Self::TooLittle { frames },
            None => Self::Clean { frames },
            Some(rate) if received.damaged * FELT < frames => Self::Fair { of: received, rate },
            Some(rate) => Self::Bad { of: received, rate },
        }
    }

    /// For programs.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::TooLittle { .. } => "too_little",
            Self::Clean { .. } => "clean",
            Self::Fair { .. } => "fair",
            Self::Bad { .. } => "bad",
        }
    }
}

impl fmt::Display for Assessment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let damaged = |f: &mut fmt::Formatter<'_>, of: &Received, rate: f64| {
            let frames = of.intact + of.damaged;
            write!(
                f,
                "{} of {frames} frames damaged, about one wrong bit in {:.0} (bit error rate {rate:.0e})",
                of.damaged,
                1.0 / rate
            )
        };
        match self {
            Self::TooLittle { frames } => write!(
                f,
                "no frame damaged, but only {frames} have passed: too few to tell"
            ),
            Self::Clean { frames } => write!(f, "line is clean: none of {frames} frames damaged"),
            Self::Fair { of, rate } => {
                damaged(f, of, *rate)?;
                f.write_str(": rare, and repaired")
            }
            Self::Bad { of, rate } => {
                damaged(f, of, *rate)?;
                f.write_str(": check cable, ground and baud rate")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::version;

    #[test]
    fn every_counter_is_shown_by_its_name() {
        let counters = LinkCounters {
            crc_errors: 5,
            silences: 9,
            ..LinkCounters::default()
        };
        let shown = by_name(&counters, version::CURRENT);
        assert_eq!(shown.len(), LinkCounters::FIELDS.len());
        let value = |name| shown.iter().find(|(spec, _)| spec.name == name).unwrap().1;
        assert_eq!(
            (value("crc_errors"), value("silences"), value("oversize")),
            (Some(5), Some(9), Some(0))
        );
    }

    #[test]
    fn what_an_older_board_does_not_count_is_not_shown_as_none_of_it() {
        let counters = LinkCounters {
            crc_errors: 5,
            ..LinkCounters::default()
        };
        let shown = by_name(&counters, 1);
        let value = |name| shown.iter().find(|(spec, _)| spec.name == name).unwrap().1;
        assert_eq!((value("crc_errors"), value("timeouts")), (Some(5), None));
    }

    #[test]
    fn the_bit_error_rate_is_estimated_from_damaged_frames() {
        // 1000 frames of 1000 bytes at a rate of 1e-5: each has a wrong bit with a probability of 1 - e^-0.1.
        let of = Received {
            intact: 905,
            damaged: 95,
            bytes: 1_000_000,
        };
        let rate = of.bit_error_rate().unwrap();
        assert!((0.9e-5..1.1e-5).contains(&rate), "{rate}");
    }

    #[test]
    fn a_line_is_assessed_in_words() {
        let words = |intact, damaged| {
            let bytes = 50 * (intact + damaged);
            Assessment::of(Received {
                intact,
                damaged,
                bytes,
            })
            .to_string()
        };
        assert_eq!(
            words(4, 0),
            "no frame damaged, but only 4 have passed: too few to tell"
        );
        assert_eq!(words(900, 0), "line is clean: none of 900 frames damaged");
        assert_eq!(
            words(899, 1),
            "1 of 900 frames damaged, about one wrong bit in 449750 (bit error rate 2e-6): check cable, ground and \
             baud rate"
        );
        assert!(words(9999, 1).ends_with("rare, and repaired"));
        assert!(words(0, 30).contains("30 of 30 frames damaged"));
    }
}

//! What a line does to bytes.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What a line does to bytes; each figure is a probability per byte.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Faults {
    /// Each of the ten bits of a byte on the line is turned, independently: this is a probability per bit. A turned
    /// start or stop bit is a framing error, and the UART throws the byte away.
    pub bit_error: f64,
    /// One data bit is turned.
    pub flip: f64,
    /// The byte is lost, as in an overrun.
    pub drop: f64,
    /// A byte appears in front of it, as from a glitch taken for a start bit.
    pub insert: f64,
    /// From here the next 1 to 64 bytes are noise.
    pub burst: f64,
    /// Everything sent at once comes a second time (probability per frame).
    pub twice: f64,
}

impl Faults {
    /// Independent bit errors.
    pub fn bit_errors(rate: f64) -> Self {
        Self {
            bit_error: rate,
            ..Self::default()
        }
    }

    /// Bad lines of each kind, and one that has it all.
    pub fn kinds() -> [Self; 7] {
        let none = Self::default();
        [
            Self::bit_errors(1e-4),
            Self::bit_errors(1e-3),
            Self { drop: 0.01, ..none },
            Self { insert: 0.01, ..none },
            Self { burst: 0.003, ..none },
            Self { twice: 0.3, ..none },
            Self {
                flip: 0.003,
                drop: 0.003,
                insert: 0.003,
                burst: 0.001,
                twice: 0.1,
                ..none
            },
        ]
    }
}

/// The faults of one direction as they happen, drawn from a seed.
#[derive(Debug)]
pub struct Noise {
    /// What can happen. May be changed while it runs.
    pub faults: Faults,
    rng: ChaCha8Rng,
    /// Bytes of a burst that are still to come.
    burst_left: u32,
}

impl Noise {
    /// The same seed gives the same faults to the same bytes.
    pub fn new(faults: Faults, seed: u64) -> Self {
        Self {
            faults,
            rng: ChaCha8Rng::seed_from_u64(seed),
            burst_left: 0,
        }
    }

    /// Appends to `out` what becomes of the bytes.
    pub fn carry(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        // One draw decides for most bytes whether anything happens to their bits at all.
        let any_bit = 1.0 - (1.0 - self.faults.bit_error).powi(10);
        for &byte in bytes {
            if self.chance(self.faults.burst) {
                self.burst_left = self.rng.random_range(1..=64);
            }
            if self.burst_left > 0 {
                self.burst_left -= 1;
                out.push(self.rng.random());
                continue;
            }
            if self.chance(self.faults.insert) {
                out.push(self.rng.random());
            }
            if self.chance(self.faults.drop) {
                continue;
            }
            let mut byte = byte;
            if self.chance(self.faults.flip) {
                byte ^= 1 << self.rng.random_range(0..8);
            }
            if self.chance(any_bit) {
                // Ten bits from the start bit on. A second error in the same byte changes nothing that matters.
                match self.rng.random_range(0..10) {
                    0 | 9 => continue,
                    bit => byte ^= 1 << (bit - 1),
                }
            }
            out.push(byte);
        }
    }

    /// Whether everything that was just sent comes again.
    pub fn comes_twice(&mut self) -> bool {
        self.chance(self.faults.twice)
    }

    /// Where what comes is cut in two: below `len`, or 0.
    pub(crate) fn cut(&mut self, len: usize) -> usize {
        if len == 0 {
            0
        } else {
            self.rng.random_range(0..len)
        }
    }

    fn chance(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.rng.random_bool(probability.min(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bit_errors_hit_as_many_bytes_as_they_should() {
        let mut noise = Noise::new(Faults::bit_errors(1e-3), 7);
        let mut out = Vec::new();
        let sent = vec![0x55; 1_000_000];
        noise.carry(&sent, &mut out);
        let lost = sent.len() - out.len();
        let changed = out.iter().filter(|byte| **byte != 0x55).count();
        // A byte stays whole with 0.999^10; two of its ten bits are start and stop.
        let expected = 1e6 * (1.0 - 0.999_f64.powi(10));
        let hit = (lost + changed) as f64;
        assert!((hit / expected - 1.0).abs() < 0.05, "{hit} of {expected}");
        assert!((lost as f64 / hit - 0.2).abs() < 0.03, "{lost} of {hit}");
    }

    #[test]
    fn a_clean_line_changes_nothing_and_the_same_seed_gives_the_same_faults() {
        let sent: Vec<u8> = (0..=255).cycle().take(10_000).collect();
        let carried = |faults, seed| {
            let mut out = Vec::new();
            Noise::new(faults, seed).carry(&sent, &mut out);
            out
        };
        assert!(carried(Faults::default(), 1) == sent);
        let bad = Faults {
            burst: 0.001,
            insert: 0.01,
            drop: 0.01,
            ..Faults::bit_errors(1e-3)
        };
        assert!(carried(bad, 1) == carried(bad, 1));
        assert!(carried(bad, 1) != carried(bad, 2));
    }
}

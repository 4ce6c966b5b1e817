//! The line between the kiosk and the counter's computer, and what it does to bytes.

use protocol_sim::{Faults, Noise};

/// The line. The ports at its ends know its speed.
#[derive(Debug)]
pub struct Cable {
    /// Nothing comes through.
    pub cut: bool,
    directions: [Noise; 2],
}

impl Cable {
    /// A good cable whose faults, once it has any, are drawn from the seed.
    pub fn new(seed: u64) -> Self {
        let noise = |direction: u64| Noise::new(Faults::default(), seed << 1 | direction);
        Self {
            cut: false,
            directions: [noise(0), noise(1)],
        }
    }

    /// What it does to bytes from now on.
    pub fn set_faults(&mut self, faults: Faults) {
        for noise in &mut self.directions {
            noise.faults = faults;
        }
    }

    /// Carries bytes to the kiosk.
    pub fn to_kiosk(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.carry(0, bytes)
    }

    /// Carries bytes to the computer.
    pub fn to_computer(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.carry(1, bytes)
    }

    fn carry(&mut self, direction: usize, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len() + 8);
        if !self.cut && !bytes.is_empty() {
            self.directions[direction].carry(bytes, &mut out);
        }
        out
    }
}

//! One direction of the line, with its speed and delay.

use std::collections::VecDeque;

use crate::faults::{Faults, Noise};

/// One direction.
#[derive(Debug)]
pub struct Wire {
    /// Everything is lost while the line is cut.
    pub cut: bool,
    /// Bytes put on the wire.
    pub sent: u64,
    noise: Noise,
    /// When the next frame can be put on the wire.
    pub(crate) free_at: u64,
    arriving: VecDeque<(u64, Vec<u8>)>,
}

impl Wire {
    /// A clean wire whose faults, once it has any, are drawn from the seed.
    pub fn new(seed: u64) -> Self {
        Self {
            cut: false,
            sent: 0,
            noise: Noise::new(Faults::default(), seed),
            free_at: 0,
            arriving: VecDeque::new(),
        }
    }

    /// What the wire does to bytes from now on.
    pub fn set_faults(&mut self, faults: Faults) {
        self.noise.faults = faults;
    }

    /// Puts a frame on the wire at `now`; it takes `byte_us` a byte and then arrives after `latency_us`.
    pub(crate) fn carry(&mut self, now: u64, byte_us: f64, latency_us: u64, bytes: &[u8]) {
        self.sent += bytes.len() as u64;
        self.free_at = now + (bytes.len() as f64 * byte_us).ceil() as u64;
        if self.cut {
            return;
        }
        let mut out = Vec::with_capacity(bytes.len() + 8);
        self.noise.carry(bytes, &mut out);
        let at = self.free_at + latency_us;
        if self.noise.comes_twice() {
            self.arriving.push_back((at, out.clone()));
        }
        // Arrives in two pieces, cut anywhere.
        let rest = out.split_off(self.noise.cut(out.len()));
        self.arriving.push_back((at, out));
        self.arriving.push_back((at, rest));
    }

    pub(crate) fn next_arrival(&self) -> Option<u64> {
        self.arriving.front().map(|(at, _)| *at)
    }

    /// The next bytes that have arrived by `now`.
    pub(crate) fn arrived(&mut self, now: u64) -> Option<Vec<u8>> {
        if self.next_arrival()? > now {
            return None;
        }
        self.arriving.pop_front().map(|(_, bytes)| bytes)
    }
}

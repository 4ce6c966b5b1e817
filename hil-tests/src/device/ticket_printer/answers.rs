//! What the printer sends, and when.

use std::collections::VecDeque;
use std::time::Duration;

/// Bytes that wait for their time.
#[derive(Debug, Default)]
pub(super) struct Answers(VecDeque<(Duration, u8)>);

impl Answers {
    pub(super) fn push(&mut self, at: Duration, bytes: &[u8]) {
        // Nothing overtakes what is on the line already, and nothing comes between the bytes of a block.
        let place = self.0.partition_point(|(earlier, _)| *earlier <= at);
        for (offset, byte) in bytes.iter().enumerate() {
            self.0.insert(place + offset, (at, *byte));
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// When the next byte is due.
    pub(super) fn next(&self) -> Option<Duration> {
        self.0.front().map(|(at, _)| *at)
    }

    /// Takes what is due at `now`, and returns how many bytes.
    pub(super) fn take(&mut self, now: Duration, out: &mut [u8]) -> usize {
        let due = self.0.partition_point(|(at, _)| *at <= now).min(out.len());
        for (place, (_, byte)) in out.iter_mut().zip(self.0.drain(..due)) {
            *place = byte;
        }
        due
    }
}

/// The response to `GS g 2`: header 5Fh, decimal digits, NUL.
pub(super) fn counter(count: u32) -> Vec<u8> {
    [&[0x5f], count.to_string().as_bytes(), &[0]].concat()
}

/// The response to `GS ( H`, function 48: header 37h, identifier 22h, the process ID, NUL.
pub(super) fn process_id(id: [u8; 4]) -> Vec<u8> {
    [&[0x37, 0x22], id.as_slice(), &[0]].concat()
}

/// As many other bytes as `bytes` has, and the next seed (a linear congruential generator, Knuth's MMIX).
pub(super) fn garble(seed: &mut u64, bytes: &[u8]) -> Vec<u8> {
    bytes
        .iter()
        .map(|_| {
            *seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (*seed >> 56) as u8
        })
        .collect()
}

//! One direction of a serial line: bytes leave one after the other, as fast as the line is.

use std::collections::VecDeque;

/// Bytes of up to this time are handed over together, in µs: nobody at the other end can tell, and it saves work.
const TOGETHER_US: u64 = 1_000;

/// One direction of a serial line.
#[derive(Debug)]
pub(crate) struct Lane {
    byte_ns: u64,
    /// When the last byte has gone over, in ns.
    free_at: u64,
    /// When each byte has gone over, in µs.
    flying: VecDeque<(u64, u8)>,
}

impl Lane {
    pub(crate) fn new(baud: u32) -> Self {
        let mut lane = Self {
            byte_ns: 0,
            free_at: 0,
            flying: VecDeque::new(),
        };
        lane.set_baud(baud);
        lane
    }

    /// Ten bits make a byte: start, eight data, stop.
    pub(crate) fn set_baud(&mut self, baud: u32) {
        self.byte_ns = 10_000_000_000 / u64::from(baud.max(1));
    }

    pub(crate) fn put(&mut self, now: u64, byte: u8) {
        self.free_at = self.free_at.max(now * 1_000) + self.byte_ns;
        self.flying.push_back((self.free_at.div_ceil(1_000), byte));
    }

    /// The bytes that have gone over by `now`.
    pub(crate) fn take(&mut self, now: u64) -> Vec<u8> {
        let over = self.flying.partition_point(|(at, _)| *at <= now);
        self.flying.drain(..over).map(|(_, byte)| byte).collect()
    }

    /// Bytes that have not gone over.
    pub(crate) fn len(&self) -> usize {
        self.flying.len()
    }

    /// When it is worth while to [`take`](Self::take).
    pub(crate) fn next(&self) -> Option<u64> {
        let (first, last) = (self.flying.front()?.0, self.flying.back()?.0);
        Some(last.min(first + TOGETHER_US))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_takes_ten_bits() {
        let mut lane = Lane::new(9_600);
        lane.put(0, b'a');
        lane.put(0, b'b');
        lane.put(5_000, b'c');
        assert_eq!(lane.take(1_041), b"");
        assert_eq!(lane.take(1_042), b"a");
        assert_eq!(lane.take(6_041), b"b");
        assert_eq!(lane.next(), Some(6_042));
        assert_eq!((lane.take(6_042).as_slice(), lane.next()), (&b"c"[..], None));
    }
}

//! How much of the time the processor is at work.

/// The time over which the share is taken, in µs.
const MINUTE_US: u64 = 60_000_000;

/// Adds up work and sleep. Times are µs since start.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// When the minute under way began.
    began: u64,
    /// Sleep in it.
    slept: u64,
    /// The share of the last whole minute.
    last: Option<u16>,
    longest: u64,
}

impl Load {
    /// Nothing has happened since start.
    pub const fn new() -> Self {
        Self {
            began: 0,
            slept: 0,
            last: None,
            longest: 0,
        }
    }

    /// Tasks have run for `microseconds` without a pause.
    pub fn worked(&mut self, microseconds: u64) {
        self.longest = self.longest.max(microseconds);
    }

    /// The processor has slept for `microseconds`, until `now`.
    pub fn slept(&mut self, now: u64, microseconds: u64) {
        self.slept += microseconds;
        if now - self.began >= MINUTE_US {
            self.last = Some(self.share(now));
            self.began = now;
            self.slept = 0;
        }
    }

    /// The longest that the processor was kept from all other tasks, in µs.
    pub fn longest_us(&self) -> u32 {
        self.longest.min(u64::from(u32::MAX)) as u32
    }

    /// Share of the time at work in the last whole minute, in thousandths; of the time since start in the first.
    pub fn busy_permille(&self, now: u64) -> u16 {
        self.last.unwrap_or_else(|| self.share(now))
    }

    fn share(&self, now: u64) -> u16 {
        let passed = (now - self.began).max(1);
        // Rounded up: a board that works is not one that does nothing.
        (passed.saturating_sub(self.slept) * 1_000).div_ceil(passed) as u16
    }
}

impl Default for Load {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_that_of_the_last_whole_minute() {
        let mut load = Load::new();
        load.slept(30_000_000, 29_400_000);
        assert_eq!(load.busy_permille(30_000_000), 20);
        load.slept(60_000_000, 30_000_000);
        assert_eq!(load.busy_permille(60_000_000), 10);
        // A busy second minute does not show before it is over.
        load.slept(119_000_000, 0);
        assert_eq!(load.busy_permille(119_000_000), 10);
        load.slept(120_000_000, 1_000_000);
        assert_eq!(load.busy_permille(120_000_000), 984);
    }

    #[test]
    fn the_longest_piece_of_work_is_kept() {
        let mut load = Load::new();
        load.worked(3);
        load.worked(900);
        load.worked(20);
        assert_eq!(load.longest_us(), 900);
    }
}

//! The last entries of the log, until the link has taken them.

use protocol::link::LogTaken;

/// Entries in `N` bytes.
///
/// When there is no room for an entry, it is lost as a whole, and so are those after it until all before it are taken: then
/// what is missing lies in one place, and the reader can be told which.
#[derive(Debug)]
pub(super) struct LogRing<const N: usize> {
    bytes: [u8; N],
    /// Where the oldest byte is.
    from: usize,
    /// Bytes of whole entries, and with what there is of the entry that is being written.
    whole: usize,
    len: usize,
    /// Bytes of the entry that is being written, lost or not.
    entry: u32,
    /// The entry that is being written is lost.
    losing: bool,
    /// Bytes that were lost after those in the ring, and in all.
    gap: u32,
    lost: u32,
}

impl<const N: usize> LogRing<N> {
    /// An empty ring.
    pub(super) const fn new() -> Self {
        Self {
            bytes: [0; N],
            from: 0,
            whole: 0,
            len: 0,
            entry: 0,
            losing: false,
            gap: 0,
            lost: 0,
        }
    }

    /// Appends to the entry that is being written.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        self.entry = self.entry.wrapping_add(bytes.len() as u32);
        if self.gap > 0 || self.losing || N - self.len < bytes.len() {
            self.losing = true;
            self.len = self.whole;
            return;
        }
        for byte in bytes {
            self.bytes[(self.from + self.len) % N] = *byte;
            self.len += 1;
        }
    }

    /// Ends the entry that is being written.
    pub(super) fn end(&mut self) {
        if self.losing {
            self.gap = self.gap.wrapping_add(self.entry);
            self.lost = self.lost.wrapping_add(self.entry);
            self.losing = false;
        }
        self.whole = self.len;
        self.entry = 0;
    }

    /// Takes the oldest bytes.
    pub(super) fn take(&mut self, place: &mut [u8]) -> LogTaken {
        let len = place.len().min(self.whole);
        for (index, byte) in place[..len].iter_mut().enumerate() {
            *byte = self.bytes[(self.from + index) % N];
        }
        self.from = (self.from + len) % N;
        self.whole -= len;
        self.len -= len;
        // What was lost lies behind what was in the ring: it is told with what comes next.
        let lost = if len == 0 {
            core::mem::take(&mut self.gap)
        } else {
            0
        };
        LogTaken { lost, len }
    }

    /// Bytes that were lost since start.
    pub(super) fn lost(&self) -> u32 {
        self.lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log<const N: usize>(ring: &mut LogRing<N>, entry: &[u8]) {
        for byte in entry {
            ring.write(&[*byte]);
        }
        ring.write(&[0]);
        ring.end();
    }

    /// What the ring gives, in pieces of four: bytes, with how many are missing where some are.
    fn taken<const N: usize>(ring: &mut LogRing<N>) -> Vec<(u32, Vec<u8>)> {
        let mut all = Vec::new();
        loop {
            let mut place = [0xee; 4];
            let LogTaken { lost, len } = ring.take(&mut place);
            if (lost, len) == (0, 0) {
                return all;
            }
            all.push((lost, place[..len].to_vec()));
        }
    }

    #[test]
    fn entries_come_out_as_they_went_in() {
        let mut ring = LogRing::<8>::new();
        for round in 1..100 {
            log(&mut ring, &[round, round]);
            log(&mut ring, &[7]);
            let bytes: Vec<u8> = taken(&mut ring)
                .into_iter()
                .flat_map(|(_, bytes)| bytes)
                .collect();
            assert_eq!(bytes, [round, round, 0, 7, 0]);
        }
        assert_eq!(ring.lost(), 0);
    }

    #[test]
    fn what_has_no_room_is_lost_whole_and_told_in_its_place() {
        let mut ring = LogRing::<8>::new();
        log(&mut ring, &[1, 1, 1]);
        log(&mut ring, &[2, 2, 2, 2]);
        // There would be room for this one, but not after the one before.
        log(&mut ring, &[3]);
        assert_eq!(taken(&mut ring), [(0, [1, 1, 1, 0].to_vec()), (7, [].to_vec())]);
        log(&mut ring, &[4]);
        assert_eq!(taken(&mut ring), [(0, [4, 0].to_vec())]);
        assert_eq!(ring.lost(), 7);
    }

    #[test]
    fn an_entry_that_is_not_whole_is_not_given_away() {
        let mut ring = LogRing::<8>::new();
        ring.write(&[1, 2]);
        assert_eq!(taken(&mut ring), []);
        ring.write(&[0]);
        ring.end();
        assert_eq!(taken(&mut ring), [(0, [1, 2, 0].to_vec())]);
        log(&mut ring, &[9; 20]);
        assert_eq!(taken(&mut ring), [(21, [].to_vec())]);
    }
}

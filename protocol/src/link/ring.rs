//! A ring of bytes.

/// Bytes in the order of writing, in a fixed buffer: written at the end, read anywhere, freed at the front.
#[derive(Debug)]
pub(super) struct ByteRing<const N: usize> {
    bytes: [u8; N],
    /// Where the first byte lies: below `N`, or 0.
    start: usize,
    len: usize,
}

impl<const N: usize> ByteRing<N> {
    pub(super) const fn new() -> Self {
        Self {
            bytes: [0; N],
            start: 0,
            len: 0,
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) const fn room(&self) -> usize {
        N - self.len
    }

    pub(super) fn clear(&mut self) {
        self.start = 0;
        self.len = 0;
    }

    /// Appends as many of the bytes as there is room for, and returns how many.
    pub(super) fn write(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.room());
        self.store(self.len, &bytes[..count]);
        self.len += count;
        count
    }

    /// Writes at a distance from the front, within the capacity, without changing the length.
    ///
    /// Whoever stores ahead of the end calls [`extend`](Self::extend) once the gap is closed.
    pub(super) fn store(&mut self, at: usize, bytes: &[u8]) {
        debug_assert!(at + bytes.len() <= N, "the caller keeps within the window");
        if bytes.is_empty() || at + bytes.len() > N {
            return;
        }
        let begin = (self.start + at) % N;
        let first = bytes.len().min(N - begin);
        self.bytes[begin..begin + first].copy_from_slice(&bytes[..first]);
        self.bytes[..bytes.len() - first].copy_from_slice(&bytes[first..]);
    }

    /// Makes bytes that were stored ahead part of the content.
    pub(super) fn extend(&mut self, count: usize) {
        self.len = (self.len + count).min(N);
    }

    /// `len` bytes at a distance from the front, in two pieces because the ring may wrap between them.
    pub(super) fn slices(&self, at: usize, len: usize) -> (&[u8], &[u8]) {
        let len = len.min(self.len.saturating_sub(at));
        if len == 0 {
            return (&[], &[]);
        }
        let begin = (self.start + at) % N;
        let first = len.min(N - begin);
        (&self.bytes[begin..begin + first], &self.bytes[..len - first])
    }

    /// Frees bytes at the front.
    pub(super) fn free(&mut self, count: usize) {
        let count = count.min(self.len);
        if count > 0 {
            self.start = (self.start + count) % N;
            self.len -= count;
        }
    }

    /// Takes bytes from the front into `out`, and returns how many.
    pub(super) fn read(&mut self, out: &mut [u8]) -> usize {
        let (first, second) = self.slices(0, out.len());
        let count = first.len() + second.len();
        out[..first.len()].copy_from_slice(first);
        out[first.len()..count].copy_from_slice(second);
        self.free(count);
        count
    }
}

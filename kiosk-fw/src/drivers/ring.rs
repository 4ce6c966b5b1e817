//! A byte queue between one interrupt handler and one task, without locks and without `unsafe`.

use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

/// A queue of up to `N` bytes for one writer and one reader, which may interrupt each other.
///
/// `N` must be a power of two. Positions count up for ever and wrap with `usize`, so that all `N` places are used and full and
/// empty look different. A second writer or reader would not break memory safety, but could lose or repeat bytes.
#[derive(Debug)]
pub struct Ring<const N: usize> {
    bytes: [AtomicU8; N],
    /// Bytes ever written; only the writer stores it.
    written: AtomicUsize,
    /// Bytes ever read; only the reader stores it.
    read: AtomicUsize,
}

impl<const N: usize> Ring<N> {
    /// An empty queue.
    ///
    /// # Panics
    ///
    /// If `N` is not a power of two, when compiled.
    pub const fn new() -> Self {
        const { assert!(N.is_power_of_two()) }
        Self {
            bytes: [const { AtomicU8::new(0) }; N],
            written: AtomicUsize::new(0),
            read: AtomicUsize::new(0),
        }
    }

    /// Bytes waiting to be read.
    pub fn len(&self) -> usize {
        self.written
            .load(Ordering::Acquire)
            .wrapping_sub(self.read.load(Ordering::Acquire))
    }

    /// Whether nothing waits to be read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a `push` would be refused.
    pub fn is_full(&self) -> bool {
        self.len() == N
    }

    /// Writer: adds one byte. False, and nothing done, if the queue is full.
    pub fn push(&self, byte: u8) -> bool {
        self.write(&[byte]) == 1
    }

    /// Writer: adds as many of `bytes` as there is room for and says how many.
    pub fn write(&self, bytes: &[u8]) -> usize {
        let start = self.written.load(Ordering::Relaxed);
        let room = N - start.wrapping_sub(self.read.load(Ordering::Acquire));
        let count = room.min(bytes.len());
        for (offset, byte) in bytes[..count].iter().enumerate() {
            self.bytes[start.wrapping_add(offset) % N].store(*byte, Ordering::Relaxed);
        }
        // Release: whoever sees the new position also sees the bytes before it.
        self.written.store(start.wrapping_add(count), Ordering::Release);
        count
    }

    /// Reader: takes the oldest byte.
    pub fn pop(&self) -> Option<u8> {
        let mut byte = [0];
        (self.read(&mut byte) == 1).then_some(byte[0])
    }

    /// Reader: takes as many bytes as there are and `into` holds, and says how many.
    pub fn read(&self, into: &mut [u8]) -> usize {
        let start = self.read.load(Ordering::Relaxed);
        let waiting = self.written.load(Ordering::Acquire).wrapping_sub(start);
        let count = waiting.min(into.len());
        for (offset, place) in into[..count].iter_mut().enumerate() {
            *place = self.bytes[start.wrapping_add(offset) % N].load(Ordering::Relaxed);
        }
        // Release: the writer may reuse the places only after they were read.
        self.read.store(start.wrapping_add(count), Ordering::Release);
        count
    }
}

impl<const N: usize> Default for Ring<N> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_exactly_its_size() {
        let ring = Ring::<4>::new();
        assert_eq!(ring.write(b"abcdef"), 4);
        assert!(ring.is_full());
        assert!(!ring.push(b'g'));
        let mut out = [0; 8];
        assert_eq!(ring.read(&mut out), 4);
        assert_eq!(&out[..4], b"abcd");
        assert!(ring.is_empty());
        assert_eq!(ring.pop(), None);
    }

    #[test]
    fn a_writer_and_a_reader_on_two_threads_keep_every_byte_in_order() {
        let ring = Ring::<16>::new();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for value in 0..20_000_u32 {
                    while !ring.push(value as u8) {
                        std::thread::yield_now();
                    }
                }
            });
            for value in 0..20_000_u32 {
                let byte = loop {
                    match ring.pop() {
                        Some(byte) => break byte,
                        None => std::thread::yield_now(),
                    }
                };
                assert_eq!(byte, value as u8);
            }
        });
    }
}

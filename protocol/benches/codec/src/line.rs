//! A serial port that never runs dry: the same frames over and over, so many bytes a read.

use std::io::Read;

/// Gives what was put on the wire, again and again.
pub struct Line {
    wire: Vec<u8>,
    at: usize,
    /// The most bytes of one read.
    most: usize,
}

impl Line {
    pub fn new(wire: Vec<u8>, most: usize) -> Self {
        Self { wire, at: 0, most }
    }
}

impl Read for Line {
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.wire.len() {
            self.at = 0;
        }
        let count = buffer.len().min(self.most).min(self.wire.len() - self.at);
        buffer[..count].copy_from_slice(&self.wire[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

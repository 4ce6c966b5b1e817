//! Finding packets in the bytes of the line.

use core::task::Poll;

use embassy_futures::poll_once;
use embedded_io_async::Read;

use super::packet::{MAX_PAYLOAD, OVERHEAD, Packet, packet};

/// The line broke: its reader failed or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineLost;

/// Cuts the bytes of a line into packets, skipping what cannot be the beginning of one.
pub struct Receiver<R> {
    line: R,
    buffer: [u8; MAX_PAYLOAD + OVERHEAD],
    /// Bytes of `buffer` that were received.
    filled: usize,
    /// Bytes of them that belong to the packet given out last.
    used: usize,
}

impl<R: Read> Receiver<R> {
    /// Packets that come from `line`.
    pub const fn new(line: R) -> Self {
        Self {
            line,
            buffer: [0; MAX_PAYLOAD + OVERHEAD],
            filled: 0,
            used: 0,
        }
    }

    /// Waits for the next packet. Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// [`LineLost`] if the line's reader fails.
    pub async fn next(&mut self) -> Result<Packet<'_>, LineLost> {
        loop {
            self.discard_used();
            match packet(&self.buffer[..self.filled]) {
                Ok((rest, _)) => {
                    self.used = self.filled - rest.len();
                    break;
                }
                Err(nom::Err::Incomplete(_)) => {
                    let read = self
                        .line
                        .read(&mut self.buffer[self.filled..])
                        .await
                        .map_err(|_| LineLost)?;
                    if read == 0 {
                        return Err(LineLost);
                    }
                    self.filled += read;
                }
                // No packet begins here: look one byte further.
                Err(_) => self.used = 1,
            }
        }
        // Parsed a second time, because the borrow checker cannot let a loop return what it may still change.
        packet(&self.buffer[..self.used])
            .map(|(_, packet)| packet)
            .map_err(|_| LineLost)
    }

    /// Throws away whatever has come so far.
    pub fn discard(&mut self) {
        while let Poll::Ready(Ok(1..)) = poll_once(self.line.read(&mut self.buffer)) {}
        self.filled = 0;
        self.used = 0;
    }

    fn discard_used(&mut self) {
        self.buffer.copy_within(self.used..self.filled, 0);
        self.filled -= self.used;
        self.used = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::super::packet::{DEFAULT_ADDRESS, Kind, encode};
    use super::*;
    use embassy_futures::block_on;

    /// A line that gives its bytes in the pieces it was made of.
    struct Pieces(std::collections::VecDeque<Vec<u8>>);

    impl embedded_io_async::ErrorType for Pieces {
        type Error = core::convert::Infallible;
    }

    impl Read for Pieces {
        async fn read(&mut self, into: &mut [u8]) -> Result<usize, Self::Error> {
            let Some(mut piece) = self.0.pop_front() else {
                return Ok(0);
            };
            let count = piece.len().min(into.len());
            into[..count].copy_from_slice(&piece[..count]);
            if count < piece.len() {
                self.0.push_front(piece.split_off(count));
            }
            Ok(count)
        }
    }

    #[test]
    fn packets_are_found_behind_noise_and_whatever_the_pieces() {
        let mut wire = std::vec![0x00, 0xEF, 0x13, 0xEF];
        for payload in [&[0x00][..], &[1; 256], &[]] {
            let mut out = [0; MAX_PAYLOAD + OVERHEAD];
            let length = encode(DEFAULT_ADDRESS, Kind::Data, payload, &mut out);
            wire.extend_from_slice(&out[..length]);
        }
        for size in [1, 2, 7, 64, 1_000] {
            let mut receiver = Receiver::new(Pieces(wire.chunks(size).map(<[u8]>::to_vec).collect()));
            for expected in [&[0x00][..], &[1; 256], &[]] {
                let packet = block_on(receiver.next()).unwrap();
                assert!(packet.intact);
                assert_eq!(packet.payload, expected);
            }
            assert_eq!(block_on(receiver.next()), Err(LineLost));
        }
    }
}

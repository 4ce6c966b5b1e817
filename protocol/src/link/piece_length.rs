//! How long pieces should be on this line.
//!
//! A long piece wastes little on its frame, but is more often hit and then costs more to send again. With byte errors
//! that come independently with probability `p`, and `h` bytes of frame around a piece of `n`, the share of the line
//! that is useful is
//!
//! ```text
//!   n / (n + h) × (1 - p)^(n + h)       greatest at  n = sqrt(h²/4 + h/p) - h/2
//! ```
//!
//! `p` is estimated from what became of the pieces sent: losses over bytes.

use crate::frame::MAX_PAYLOAD;

/// Bytes of frame around a piece: delimiters, header, checksum, and one of byte stuffing.
const FRAME: u32 = 13;
/// The shortest piece that noise can push the length down to: right for a bit error rate of 1.5e-3.
const MIN: u32 = 24;
/// Losses are counted in sixteenths.
const LOSS: u32 = 16;
/// What is supposed before anything was seen, so that pieces begin with 250 bytes: long ones would cost dear if the line
/// turns out to be bad, and a good one shows itself within a few kilobytes.
const SUPPOSED_LOSSES: u32 = LOSS / 8;
const SUPPOSED_BYTES: u32 = 640;
/// Both counts are halved when one reaches this, so that what is long ago fades: about three seconds at full speed.
const MAX_BYTES: u32 = 256 * 1024;
const MAX_LOSSES: u32 = 32 * LOSS;

/// The running estimate.
#[derive(Clone, Copy, Debug)]
pub(super) struct PieceLength {
    /// Bytes sent of which it is known what became of them.
    bytes: u32,
    /// Pieces lost among them, in sixteenths.
    losses: u32,
    /// The length that follows from both.
    best: u16,
}

impl PieceLength {
    pub(super) const fn new() -> Self {
        Self {
            bytes: SUPPOSED_BYTES,
            losses: SUPPOSED_LOSSES,
            best: best(SUPPOSED_BYTES, SUPPOSED_LOSSES),
        }
    }

    /// The length that promises the most: 24 to 1024 bytes.
    pub(super) fn get(self) -> usize {
        usize::from(self.best)
    }

    /// A piece has arrived.
    pub(super) fn arrived(&mut self, len: u16) {
        self.bytes += u32::from(len) + FRAME;
        self.fade();
    }

    /// A piece was lost. Its first error lay somewhere within it; what came after it tells nothing.
    pub(super) fn lost(&mut self, len: u16) {
        self.bytes += u32::from(len).midpoint(FRAME);
        self.losses += LOSS;
        self.fade();
    }

    fn fade(&mut self) {
        if self.bytes >= MAX_BYTES || self.losses >= MAX_LOSSES {
            self.bytes /= 2;
            self.losses = (self.losses / 2).max(1);
        }
        self.best = best(self.bytes, self.losses);
    }
}

const fn best(bytes: u32, losses: u32) -> u16 {
    // Fits: 2^18 * 16 * 13 < 2^26.
    let square = FRAME * FRAME / 4 + FRAME * LOSS * bytes / losses;
    let best = root(square) - FRAME / 2;
    if best < MIN {
        MIN as u16
    } else if best > MAX_PAYLOAD as u32 {
        MAX_PAYLOAD as u16
    } else {
        best as u16
    }
}

/// The integer square root, bit by bit: a tenth of the flash that the fast one of `core` takes.
const fn root(square: u32) -> u32 {
    let mut root = 0;
    let mut bit = 1 << 15;
    while bit > 0 {
        let larger = root | bit;
        if larger * larger <= square {
            root = larger;
        }
        bit >>= 1;
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(pieces: usize, every: usize) -> usize {
        let mut length = PieceLength::new();
        for piece in 1..=pieces {
            let len = length.get() as u16;
            if every > 0 && piece % every == 0 {
                length.lost(len);
            } else {
                length.arrived(len);
            }
        }
        length.get()
    }

    #[test]
    fn a_clean_line_soon_gets_the_longest_pieces() {
        assert_eq!(PieceLength::new().get(), 252);
        assert!((400..600).contains(&after(6, 0)), "{}", after(6, 0));
        assert_eq!(after(20, 0), 1024);
    }

    #[test]
    fn a_bad_line_soon_gets_short_ones() {
        assert!(after(4, 2) < 150, "{}", after(4, 2));
        assert!(after(500, 2) < 40, "{}", after(500, 2));
        assert_eq!(after(500, 1), 24);
    }

    #[test]
    fn the_square_root_is_that_of_core() {
        let some = (0..=u32::MAX).step_by(65_537);
        for square in some.chain(0..100).chain([u32::MAX]) {
            assert_eq!(root(square), square.isqrt(), "{square}");
        }
    }

    #[test]
    fn what_is_long_ago_fades() {
        let mut length = PieceLength::new();
        for _ in 0..1_000 {
            length.lost(100);
        }
        let mut sent = 0;
        while length.get() < 900 {
            let len = length.get();
            length.arrived(len as u16);
            sent += len;
        }
        assert!(sent < 2_000_000, "{sent}");
    }
}

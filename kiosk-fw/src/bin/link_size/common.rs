//! What both programs do.

use core::hint::black_box;

use kiosk_fw::board::lm3s6965::measure::Instructions;

/// Starts the board, and uses what the compiler brings along for nearly any program, so that it is not taken for the link's.
pub(crate) fn start() {
    black_box(Instructions::start().ticks_per_thousand());
    let mut bytes = black_box([1_u8; 64]);
    let len = black_box(40);
    bytes.copy_within(..len, 3);
    let copy = black_box(bytes);
    bytes[..len].copy_from_slice(&copy[..len]);
    bytes[len..].fill(black_box(0));
    black_box(bytes[..len] == copy[..len]);
    black_box(black_box(u64::MAX) / black_box(7));
    black_box(core::str::from_utf8(&bytes).is_ok());
}

//! A bad serial line with two links on it, in virtual time: the same seed gives the same run.
//!
//! - [`Faults`], [`Noise`]: what a line does to bytes. [`Noise`] knows no clock, so that other programs' bytes can be
//!   sent through the same line.
//! - [`Wire`], [`Pair`]: one direction with its speed and delay; two ends and the line between them.
//! - [`conversation`]: both ends talk at random while anything happens to the line, and books are kept of it.
//! - [`transfer`]: an object goes from the board to the host, as fast as the line takes it.
//!
//! Tests and measurements use it; nothing that ships does.

pub mod conversation;
mod faults;
mod pair;
pub mod samples;
pub mod transfer;
mod wire;

pub use faults::{Faults, Noise};
pub use pair::{BAUD, BYTE_US, Board, Host, Pair, connected, firmware};
pub use wire::Wire;

/// In microseconds.
pub const SECOND: u64 = 1_000_000;

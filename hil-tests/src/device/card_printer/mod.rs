//! Emulated card printer of the Evolis family: commands in, movements of cards and printed faces out.
//!
//! [`EvolisCore`] is the printer's electronics. It knows bytes, panels, counters and errors, and has no card of its own:
//! cards are moved and printed on through [`Mechanics`], which the emulated world implements. [`Magazine`] is
//! a small one for tests and for running the printer alone.
//!
//! What is emulated, and how sure we are of it, is told in [`host_driver::printer::evolis::wire`]. Choices of this
//! emulator where the public sources are silent: `Si` moves a card that is already inside to the print position;
//! an error stays until `Scs`, and until its cause is gone every movement ends in it; `Rco;b` counts rejected cards.

mod blank;
mod core;
mod face;
mod frames;
mod mechanics;
mod tcp;

pub use self::core::{Dialect, EvolisCore, Fault, Knobs, Pace};
pub use blank::artwork;
pub use face::PrintedFace;
pub use mechanics::{Card, Magazine, Mechanics, Obstacle, Station};
pub use tcp::Listening;

#[cfg(test)]
mod tests;

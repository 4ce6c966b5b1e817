//! What both boards' screens share: fonts that can be read from a metre, and text that always fits.
//!
//! The panel shows 128 x 64 pixels.

pub mod font;
pub(crate) mod layout;
#[cfg(test)]
pub(crate) mod seen;
pub(crate) mod wrap;

pub use layout::{Screen, message};

//! What both boards' screens share: fonts that can be read from a metre, and text that always fits.
//!
//! The panel shows 128 x 64 pixels. Indonesian comes first and large, English second and small.

pub mod font;
pub(crate) mod layout;

pub use layout::{Screen, message, number};

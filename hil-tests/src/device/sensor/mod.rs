//! A fingerprint sensor of the ZFM family (R307, AS608, ZFM-20, R503), as its serial line shows it.
//!
//! [`SensorCore`] answers the family's packets. What lies on the glass comes from a [`FingerSource`]; its own matching
//! (which a counter does not use, but clients of such sensors do) is that of the host driver. [`Faults`] makes it fail
//! in the ways that real ones do.
//!
//! Sources: "R307 fingerprint module user manual" and "ZFM-20 series fingerprint identification module user manual"
//! (Zhiantec); for the R503 its own manual.

mod core;
mod library;
mod packet;
mod wire;

use std::sync::{Arc, Mutex, PoisonError};

use crate::finger::Impression;

pub use self::core::{Counters, SensorCore};
pub use self::wire::{Confirmation, Instruction};

/// What lies on the glass. Asked each time the sensor takes an image.
pub trait FingerSource: Send + Sync {
    /// The finger, as it touches the glass now; `None` if there is none.
    fn finger(&self) -> Option<Arc<Impression>>;
}

/// A glass on which a test or a person puts fingers.
#[derive(Debug, Default)]
pub struct Glass(Mutex<Option<Arc<Impression>>>);

impl Glass {
    /// Puts a finger on the glass; one that was there is gone.
    pub fn put(&self, impression: Impression) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(impression));
    }

    /// Takes the finger away.
    pub fn lift(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl FingerSource for Glass {
    fn finger(&self) -> Option<Arc<Impression>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Which sensor of the family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// Optical, 256 x 288 pixels, room for 1000 templates.
    R307,
    /// Capacitive and round, 192 x 192 pixels, room for 200 templates; has lights, product information and soft reset.
    R503,
}

impl Model {
    /// Width and height of the image in pixels.
    pub const fn image_size(self) -> (usize, usize) {
        match self {
            Self::R307 => (256, 288),
            Self::R503 => (192, 192),
        }
    }

    /// How many templates it stores.
    pub const fn capacity(self) -> u16 {
        match self {
            Self::R307 => 1000,
            Self::R503 => 200,
        }
    }
}

/// Ways to fail. Each stays until it is changed; the default is a sensor in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Faults {
    /// Answers nothing at all, as if unplugged.
    pub silent: bool,
    /// Sees no finger, whatever lies on the glass.
    pub blind: bool,
    /// Takes no image although a finger is there (confirmation 03).
    pub image_fails: bool,
    /// Falls silent after so many bytes of an image.
    pub stall_in_image: Option<usize>,
    /// Spoils the sum of this data packet of an image, counted from 0.
    pub bad_sum_in_packet: Option<usize>,
    /// Ends an image after so many bytes of pixels, with a proper end packet.
    pub short_image: Option<usize>,
}

#[cfg(test)]
mod tests;

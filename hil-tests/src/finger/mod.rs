//! Fingers: what lies on the emulated sensor.
//!
//! [`MasterFinger`] is a synthetic finger, grown from a seed; [`MasterFinger::press`] lays it on the sensor, each time a
//! little differently. A checkout alone runs with these. [`RealScans`] reads public evaluation images where their
//! folder is; they show what synthetic fingers cannot: how well the matching works on skin.
//!
//! Synthetic fingers show function. They set and claim no threshold: strangers among them score higher than real ones
//! (up to 43 against each other where real ones stay at 38 or below), owners much higher.

mod growth;
mod impression;
mod orientation;
mod real;
mod synthetic;
mod tiff;

pub use impression::{Impression, SENSOR_HEIGHT, SENSOR_WIDTH};
pub use real::{RealScans, ScanSet, ScansError};
pub use synthetic::{MasterFinger, Pattern, Press};

#[cfg(test)]
mod accuracy;

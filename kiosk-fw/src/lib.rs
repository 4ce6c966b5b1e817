//! Firmware of Loket's two boards: the kiosk where a resident takes a queue number, and the capture board with the fingerprint
//! sensor.
//!
//! Each application is a pure model (event and time in, actions out), screens drawn from its state, and a thin part that connects
//! both to the devices. What they share is in [`drivers`], [`screen`] and [`link_port`]; what differs from board to board is behind
//! [`board::Board`].
#![cfg_attr(not(test), no_std)]

// The clock of the tests, whether or not they name it.
#[cfg(test)]
use virtual_time as _;

mod log;
mod place;

pub mod board;
pub mod capture;
pub mod drivers;
pub mod health;
pub mod journal;
pub mod kiosk;
pub mod link_port;
pub mod screen;
pub mod update;

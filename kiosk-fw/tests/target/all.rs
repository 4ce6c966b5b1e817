//! Tests that run on the board itself, each from a reset of its own: `cargo rig on-target` builds this program and runs them in QEMU.
//!
//! A test has an empty SD card in its slot, unless its name ends in `_without_a_card`. Time is counted in instructions and passes at
//! once while the board sleeps. On UART2 come 1,000 bytes, of which the n-th (from 0) is 7 n. A test that resets the board is started again, with the card as it left it.
#![no_std]
#![no_main]
// What the test harness makes of the tests.
#![allow(unsafe_code, unused_qualifications, missing_docs)]
// An `async` test runs on the board's executor, with its clock: some need only that.
#![allow(clippy::unused_async)]
// A panic is how a test fails.
#![allow(clippy::unwrap_used)]

mod card;
mod time;
mod uart;

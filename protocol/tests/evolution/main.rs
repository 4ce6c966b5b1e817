//! Ends of different versions understand each other: boards in the field outlive the program at the counter, and are
//! outlived by it.
#![allow(clippy::unwrap_used)] // A test stops at what it does not expect.
#![allow(unreachable_pub)] // Modules of one program.

mod newer;
mod older;
mod peer;

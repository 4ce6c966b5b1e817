//! What is fuzzed, as plain functions of bytes: each panics when something does not hold.
//!
//! | target | what it tries |
//! |---|---|
//! | [`frame`] | any bytes in any pieces through the decoder, against another decoder; what is encoded comes back |
//! | [`message`] | any bytes as message, envelope and link payload; what is read is written and read again |
//! | [`link`] | one link against a hostile peer and a careless owner |
//! | [`pair`] | two links and a hostile line: nothing lost, twice, out of order or changed |
//!
//! `fuzz_targets/` gives them to libFuzzer, `protocol/tests/corpus.rs` runs them over the checked-in corpus.

pub mod frame;
pub mod link;
pub mod message;
pub mod pair;
mod pattern;
mod program;

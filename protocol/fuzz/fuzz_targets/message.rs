//! See [`protocol_fuzz::message`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| protocol_fuzz::message::run(input));

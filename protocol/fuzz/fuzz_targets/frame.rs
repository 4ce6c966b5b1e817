//! See [`protocol_fuzz::frame`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| protocol_fuzz::frame::run(input));

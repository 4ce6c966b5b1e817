//! See [`protocol_fuzz::link`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| protocol_fuzz::link::run(input));

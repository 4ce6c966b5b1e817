//! See [`protocol_fuzz::pair`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| protocol_fuzz::pair::run(input));

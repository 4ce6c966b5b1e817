//! Emulated devices: each speaks the bytes of the real one and can be run alone.

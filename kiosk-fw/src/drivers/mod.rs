//! Devices, generic over embedded-hal and embedded-io, and the small parts they share.

pub mod button;
pub mod escpos;
pub mod mono_oled;
pub mod ring;
pub mod sd;
pub mod ssd0323;
pub mod zfm;

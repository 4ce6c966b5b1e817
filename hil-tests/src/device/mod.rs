//! Emulated devices: each speaks the bytes of the real one and can be run alone.

pub mod card_printer;
pub mod pty;
pub mod sensor;
pub mod serial;
pub mod ticket_printer;

pub mod background;
pub mod card;

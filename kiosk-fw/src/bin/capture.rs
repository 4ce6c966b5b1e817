//! Kiosk.
fn main() {}

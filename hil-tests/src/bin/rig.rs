//! The technicians' tool.
fn main() {}

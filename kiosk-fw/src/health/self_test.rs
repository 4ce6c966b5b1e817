//! The parts that a board tests at its start. `Health.self_test` has a bit for each that failed.

/// Memory did not hold what was written to it.
pub const MEMORY: u16 = 1 << 0;
/// The program in flash is not the one that was built. For boards that have something to compare it with.
pub const PROGRAM: u16 = 1 << 1;
/// The clock does not run, or not at its speed.
pub const CLOCK: u16 = 1 << 2;
/// Durable storage does not work, or is missing where there should be one.
pub const STORAGE: u16 = 1 << 3;
/// The ticket printer or the fingerprint sensor has not answered since the start.
pub const DEVICE: u16 = 1 << 4;

//! The issuance of a card: biometric test, personalisation, print, inspection, activation.
//!
//! [`machine`] decides, as a pure function. [`runner`] journals what is about to be done, does it through
//! [`runner::Devices`], and journals what came of it. The two together keep what ARCHITECTURE.md, "What must hold", asks.

pub mod audit;
pub mod capture;
mod chip_access;
pub mod devices;
pub mod evidence;
pub mod machine;
pub mod prepared;
pub mod printer_link;
pub mod runner;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod world;

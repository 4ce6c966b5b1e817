//! Host driver of a Loket service counter: boards, smart cards, card printer, biometric test, and the issuance of a card.

pub mod biometric;
pub mod board;
pub mod card;
#[cfg(feature = "pcsc")]
pub mod cli;
pub mod config;
pub mod face;
pub mod issuance;
pub mod office;
pub mod printer;
pub mod store;

//! The office around the devices: records, queue, written procedure, agenda, and the operator's console.

pub mod agenda;
pub mod catalogue;
pub mod clock;
pub mod console;
#[cfg(feature = "pcsc")]
pub mod counter;
pub mod destruction;
pub mod kiosk;
pub mod nik;
pub mod order;
pub mod procedure;
pub mod queue;
pub mod record;
pub mod words;

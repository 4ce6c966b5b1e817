//! The office around the devices: records, queue, written procedure, agenda, and the operator's console.

pub mod clock;
pub mod nik;
pub mod procedure;
pub mod record;
pub mod words;

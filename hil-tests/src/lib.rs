//! Emulated hardware of a service counter, and the technicians' tool that runs and tests it.

pub mod applicant;
pub mod counter_desk;
pub mod device;
pub mod finger;
pub mod hall;
pub mod issuance_model;
pub mod rig;
pub mod world;

//! The kiosk: a resident chooses a service and takes a number.
//!
//! [`model`] decides, [`record`] is what it writes down, [`screens`] shows, [`ticket`] composes the paper, [`app`] connects them to link, buttons, panel and printer.

pub mod app;
pub mod model;
pub mod record;
pub mod screens;
pub mod ticket;

//! The capture board: guides a finger onto the sensor and streams its image to the counter.
//!
//! [`model`] decides, [`screens`] shows, [`sensor_task`] works the sensor, [`app`] connects them to link and panel.

pub mod app;
pub mod model;
pub mod screens;
pub mod sensor_task;

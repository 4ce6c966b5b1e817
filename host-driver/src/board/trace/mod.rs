//! What passed a board's serial port, recorded into files, and read again.
//!
//! ```text
//!  Connection --Traced--> Cutter --Record--> Files (pcapng)        recording
//!  pcapng::Reader, or raw bytes and a Cutter --Record--> Reading --Line--> text or JSON
//! ```
//!
//! Fingerprints are never in a file: of a piece of an object only the header is recorded ([`kept`]), of a damaged frame,
//! which may begin anywhere in an image, nothing but its length and, if they are known already, its kind and session.
//! What else is said (queue numbers, times, the office's name) is recorded; the files are readable by their owner only.

mod cutter;
mod fields;
mod line;
mod pcapng;
mod raw;
mod reading;
mod record;
mod said;
mod seen;
mod summary;
mod tap;
#[cfg(test)]
mod tests;

pub use cutter::Cutter;
pub use fields::{Fields, Value};
pub use line::{Line, Scale, Topic, day};
pub use pcapng::{NotATrace, Reader, entry, preamble};
pub use raw::bytes_of;
pub use reading::Reading;
pub use record::{Content, Damage, Direction, Record, kept};
pub use summary::{OneWay, RoundTrips, Summary};
pub use tap::Traced;

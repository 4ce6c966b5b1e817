//! The framed messages that Loket's boards and the counter's computer exchange over a UART.
//!
//! - [`frame`]: byte stuffing, checksum, delimiters: bytes of the wire to frames and back.
//! - [`link`]: a session between two ends: hello, acknowledgement, retransmission, requests, bulk objects.
//!   Sans-IO: bytes and the time go in, bytes, events and the next deadline come out.
//! - [`message`]: the vocabulary.
//! - [`package`]: the file that a firmware comes in, and what of it is signed.
//!
//! `PROTOCOL.md` beside this crate's `Cargo.toml` is the specification; tests keep it true.
#![no_std]

pub mod frame;
pub mod link;
pub mod message;
pub mod package;

pub use link::{BoardLink, Config, Event, HostLink, Link, RequestId, Role};
pub use message::Message;

/// Versions of the protocol.
///
/// Messages, fields and codes are only ever appended, and each time [`CURRENT`](version::CURRENT) grows by one.
/// In its hello each end says which versions it speaks; both then use the highest that both speak. When there is
/// none, the link stays down and says so at both ends ([`link::DownReason::VersionMismatch`]).
pub mod version {
    /// The oldest version that this crate still speaks.
    pub const MIN: u8 = 1;
    /// The newest version that this crate speaks.
    pub const CURRENT: u8 = 3;

    /// The version that an end uses with a peer that speaks versions `min` to `current`, if there is one.
    pub const fn in_common(min: u8, current: u8) -> Option<u8> {
        let highest = if current < CURRENT { current } else { CURRENT };
        if min <= highest && highest >= MIN {
            Some(highest)
        } else {
            None
        }
    }
}

//! An emulated KTP-el chip: a pure card that answers APDUs, and the wire that puts it into a PC/SC reader.
//!
//! [`CardCore`] is the card: bytes in, bytes out, no clock, no socket. [`Inserted`] lays it onto a virtual reader of
//! pcscd, where every PC/SC program sees it. [`Direct`] is a reader without pcscd, for the thousands of fault cases.
//! [`Fault`] makes the card fail at a chosen command.
//!
//! Its commands, files and life cycle are those of [`host_driver::card::profile`]. It decodes commands on its own, so
//! that a mistake in the host's encoder is not repeated here.

mod command;
mod core;
mod direct;
mod fault;
mod files;
mod select;
mod vpcd;

pub use self::{
    core::{CardCore, Features, Snapshot},
    direct::Direct,
    fault::{Fault, FaultKind},
    files::{Ef, EfStore},
    vpcd::Inserted,
};

#[cfg(test)]
mod tests;

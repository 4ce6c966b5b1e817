//! One counter in one process: the real machine, runner, store, card and printer drivers in front of the emulated card and printer, at their
//! wires, without a service, a port or a wait between. So it can be stopped at every command, thousands of times.
//!
//! [`fate`] counts the moments at which something may happen and strikes at chosen ones; `wires` are the seams where it may: journal, card
//! reader, printer's line, finger; [`faults`] is what can go wrong there; [`clerk`] are the people; [`life`] serves one applicant, through however many deaths of the program, and counts what
//! came of it.

pub mod clerk;
pub mod fate;
pub mod faults;
pub mod life;
#[cfg(test)]
mod tests;
mod wires;

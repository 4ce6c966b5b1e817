//! Model checking of the issuance: every interleaving of what the program, its devices, the operator and crashes can do, with at
//! most so many faults.
//!
//! What is checked is the real [`host_driver::issuance::machine::step`]. Around it stands a model: [`truth`] is where the cards
//! are and what is on them, with every way in which an act can end; [`books`] is what the blank ledger makes of the notes; [`system`]
//! is the program that journals an intent, acts, journals the outcome, and may die between any two of these. [`rules`] says
//! what must hold (ARCHITECTURE.md, "What must hold whatever fails"), [`graph`] that nothing is stuck and nothing goes round by itself,
//! [`chart`] draws what was met into `MACHINE.md`, and [`mutants`] breaks the machine in known ways to show that the rules would notice.
//!
//! Two kinds of choices: a *fault* is used up from a budget; a *decision* of the operator (cancel, resume, reject a card for its looks)
//! is free, so every one of them is tried wherever it can be made.

pub mod books;
pub mod chart;
pub mod graph;
pub mod mutants;
pub mod rules;
pub mod system;
#[cfg(test)]
mod tests;
pub mod truth;
mod ways;

//! Card printers: feed a blank, hold it where the encoder reads it, print its face, eject or reject it.
//!
//! [`CardPrinter`] is what issuing a card needs from a printer; [`Evolis`] drives a printer of the Evolis family.
//!
//! Whatever moves a card or prints on it ends in an [`Outcome`] of three values. After a time-out the driver looks
//! (card sensor, counters) before it says *unknown*; it never sends a movement or a panel a second time.

mod error;
pub mod evolis;
mod port;

pub use error::{Advice, PrinterError};
pub use evolis::Evolis;
pub use port::{Port, open};

use crate::face::Panels;

/// What issuing a card needs from a card printer.
///
/// One card at a time: feed, (write the chip), move to print, print, eject. A card that cannot be used is rejected.
pub trait CardPrinter {
    /// Looks at the sensors. Nothing moves.
    fn status(&mut self) -> Result<Status, PrinterError>;

    /// Reads the counters. Nothing moves.
    fn counters(&mut self) -> Result<Counters, PrinterError>;

    /// The printer's serial number.
    fn serial_number(&mut self) -> Result<String, PrinterError>;

    /// Takes a blank from the hopper to the contactless station. Fails without moving anything when a card is inside.
    ///
    /// After any other failure the blank may have left the hopper: look at [`Status::card`], and reject it.
    fn feed_to_contactless(&mut self) -> Outcome;

    /// Moves the card inside to the print position.
    fn move_to_print(&mut self) -> Outcome;

    /// Prints the front of the card at the print position.
    fn print(&mut self, panels: &Panels) -> Outcome;

    /// Puts the card out into the output tray. Fails with [`PrinterError::NoCard`] when none is inside.
    fn eject(&mut self) -> Outcome;

    /// Puts the card into the reject tray. Fails with [`PrinterError::NoCard`] when none is inside.
    fn reject(&mut self) -> Outcome;

    /// Clears a reported error, after the operator has removed its cause. Nothing moves.
    fn clear_error(&mut self) -> Result<(), PrinterError>;

    /// Restarts the printer. A card inside stays where it is; downloaded panels are lost.
    fn reset(&mut self) -> Result<(), PrinterError>;
}

/// How something that changes the world ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// It happened.
    Done,
    /// It did not happen, or only in a way that the error names ([`PrinterError::PartlyPrinted`]).
    Failed(PrinterError),
    /// It may have happened: the printer does not answer, or contradicts itself. Never try again; look, or ask the
    /// operator.
    Unknown(PrinterError),
}

impl Outcome {
    /// Whether it certainly happened.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }

    /// What went wrong, if anything.
    pub fn error(&self) -> Option<&PrinterError> {
        match self {
            Self::Done => None,
            Self::Failed(error) | Self::Unknown(error) => Some(error),
        }
    }
}

/// What the sensors say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// Where the card is.
    pub card: CardPosition,
    /// Whether the hopper has no blank; `None` if this printer cannot tell.
    pub hopper_empty: Option<bool>,
    /// Whether the cover is open; `None` if this printer cannot tell.
    pub cover_open: Option<bool>,
    /// Whether the printer asks to be cleaned. It still prints.
    pub cleaning_due: bool,
}

/// Where the card inside the printer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardPosition {
    /// No card is inside.
    None,
    /// At the print position.
    Print,
    /// At the contactless station, where the encoder reads it.
    Contactless,
    /// At the station with contacts.
    Contact,
    /// Inside; the printer does not say where.
    Inside,
}

impl CardPosition {
    /// Whether a card is inside the printer.
    pub fn is_inside(self) -> bool {
        self != Self::None
    }
}

/// What the printer has counted since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counters {
    /// Ribbon panels printed; a card takes [`Counters::PANELS_A_CARD`].
    pub panels_printed: u32,
    /// Cards taken from the hopper.
    pub cards_fed: u32,
    /// Cards put into the reject tray; `None` if this printer does not count them.
    pub cards_rejected: Option<u32>,
    /// Cards that the ribbon is still good for; `None` if this printer cannot tell.
    pub ribbon_left: Option<u32>,
}

impl Counters {
    /// Yellow, magenta, cyan, black, overlay.
    pub const PANELS_A_CARD: u32 = 5;

    /// What was printed since `before` was read from the same printer, if only one card was at the print position in
    /// the meantime. This resolves a print whose end nobody has seen.
    pub fn printed_since(&self, before: &Self) -> Printed {
        match self.panels_printed.wrapping_sub(before.panels_printed) {
            0 => Printed::Nothing,
            Self::PANELS_A_CARD => Printed::Whole,
            panels => Printed::Partly { panels },
        }
    }
}

/// How much of a face is on the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Printed {
    /// Nothing: the card is as it was.
    Nothing,
    /// Some panels: the card is spoiled.
    Partly {
        /// Panels that the counter says. More than five means that somebody else printed.
        panels: u32,
    },
    /// All five panels.
    Whole,
}

#[cfg(test)]
mod tests;

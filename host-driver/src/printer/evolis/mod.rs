//! Driver of Evolis card printers with an encoder at the contactless station.

mod dialogue;
mod panels;
mod path;
pub mod wire;

use std::time::Duration;

use self::dialogue::optional;
use self::wire::{Levels, Panel};
use super::port::Port;
use super::{CardPosition, CardPrinter, Counters, Outcome, PrinterError, Status};
use crate::face::Panels;

/// How long the driver waits for answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Answer to a query or a parameter.
    pub query: Duration,
    /// End of a movement of the card.
    pub movement: Duration,
    /// Arrival of a panel's data, and the answer to it.
    pub download: Duration,
    /// End of the print of one panel. A YMCKO face takes about 30 s.
    pub panel: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            query: Duration::from_secs(2),
            movement: Duration::from_secs(20),
            download: Duration::from_secs(30),
            panel: Duration::from_secs(30),
        }
    }
}

/// An Evolis card printer on a serial port or a TCP connection.
///
/// The driver keeps `Pem;2`: the printer reports errors and waits, it does not try again by itself.
#[derive(Debug)]
pub struct Evolis<P> {
    port: P,
    timeouts: Timeouts,
    levels: Levels,
    /// The last command was not answered: its answer may still come.
    late_answer: bool,
    serial_number: String,
}

impl<P: Port> Evolis<P> {
    /// Takes the printer on `port` into use and reads its serial number.
    ///
    /// # Errors
    /// [`PrinterError::NoAnswer`] or [`PrinterError::PortLost`] if nothing answers.
    pub fn new(port: P) -> Result<Self, PrinterError> {
        Self::with_timeouts(port, Timeouts::default())
    }

    /// As [`Evolis::new`], with other time-outs.
    ///
    /// # Errors
    /// As [`Evolis::new`].
    pub fn with_timeouts(port: P, timeouts: Timeouts) -> Result<Self, PrinterError> {
        let mut printer = Self {
            port,
            timeouts,
            levels: Levels::Hundred28,
            // Whoever used the line before may have left an answer unread.
            late_answer: true,
            serial_number: String::new(),
        };
        printer.greet()?;
        printer.serial_number = printer.ask("Rsn", timeouts.query)?;
        Ok(printer)
    }

    /// Sets how many levels of colour are downloaded. Fewer are faster: 32 levels take 411,480 bytes a panel, the
    /// usual 128 take 576,072.
    pub fn set_levels(&mut self, levels: Levels) {
        self.levels = levels;
    }

    /// Sets how long the driver waits for answers.
    pub fn set_timeouts(&mut self, timeouts: Timeouts) {
        self.timeouts = timeouts;
    }

    /// Gives the line back.
    pub fn into_port(self) -> P {
        self.port
    }

    /// Firmware version.
    ///
    /// # Errors
    /// The printer does not answer.
    pub fn firmware_version(&mut self) -> Result<String, PrinterError> {
        self.ask("Rfv", self.timeouts.query)
    }

    /// Makes the printer report errors and wait, and so finds out whether it listens.
    fn greet(&mut self) -> Result<(), PrinterError> {
        const HOST_HANDLES_ERRORS: &str = "Pem;2";
        match self.perform(HOST_HANDLES_ERRORS, self.timeouts.query) {
            Ok(()) => return Ok(()),
            // A download that broke off leaves the printer waiting for the rest of a panel, and it takes commands for
            // data. NULs complete the panel; outside a download they mean nothing (Printer-EVOLIS sends them too).
            Err(PrinterError::NoAnswer { .. }) => {
                let rest = vec![0; Levels::Hundred28.panel_length()];
                self.send("NUL", &rest, self.timeouts.query)?;
            }
            Err(error @ PrinterError::PortLost { .. }) => return Err(error),
            // The answer to what came before: a command or a download without its end.
            Err(_) => {}
        }
        self.late_answer = true;
        self.perform(HOST_HANDLES_ERRORS, self.timeouts.query)?;
        self.clear_panels()
    }
}

impl<P: Port> CardPrinter for Evolis<P> {
    fn status(&mut self) -> Result<Status, PrinterError> {
        let query = self.timeouts.query;
        let card = self.card(query)?;
        let feeder = self.ask("Sk;f", query)?;
        let cover = self.ask("Rse;o", query)?;
        let cleaning = self.ask("Rlr;r", query)?;
        Ok(Status {
            card,
            hopper_empty: matches!(feeder.as_str(), "0" | "1" | "2" | wire::FEEDER_EMPTY)
                .then(|| feeder == wire::FEEDER_EMPTY),
            // Sensors are read in volts, with a decimal comma: about 5 V is "interrupted" (uncertain).
            cover_open: cover
                .split_whitespace()
                .next()
                .and_then(|volts| volts.replace(',', ".").parse::<f32>().ok())
                .map(|volts| volts > 2.5),
            cleaning_due: cleaning == wire::NEED_CLEANING,
        })
    }

    fn counters(&mut self) -> Result<Counters, PrinterError> {
        let query = self.timeouts.query;
        Ok(Counters {
            panels_printed: self.number("Rco;p", query)?,
            cards_fed: self.number("Rco;c", query)?,
            cards_rejected: optional(self.number("Rco;b", query))?,
            ribbon_left: optional(self.number("Rco;l", query))?,
        })
    }

    fn serial_number(&mut self) -> Result<String, PrinterError> {
        Ok(self.serial_number.clone())
    }

    fn feed_to_contactless(&mut self) -> Outcome {
        match self.card(self.timeouts.query) {
            Ok(CardPosition::None) => {}
            Ok(position) => return Outcome::Failed(PrinterError::CardInside { position }),
            // Nothing was sent that moves a card.
            Err(error) => return Outcome::Failed(error),
        }
        self.move_card(&["Pmi;F", "Si", "Sic"], CardPosition::Contactless)
    }

    fn move_to_print(&mut self) -> Outcome {
        self.move_card_inside("Si", CardPosition::Print)
    }

    fn print(&mut self, panels: &Panels) -> Outcome {
        let before = match self.prepare_print(panels) {
            Ok(before) => before,
            Err(error) => {
                self.forget_panels(&error);
                return Outcome::Failed(error);
            }
        };
        for (printed, panel) in (0..).zip(Panel::ALL) {
            if let Err(outcome) = self.print_panel(panel, before, printed) {
                if let Some(error) = outcome.error() {
                    self.forget_panels(error);
                }
                return outcome;
            }
        }
        // The printer said OK five times, or its counter did. Now both must agree.
        match self
            .number("Rco;p", self.timeouts.query)
            .map(|now| now.wrapping_sub(before))
        {
            Ok(Counters::PANELS_A_CARD) | Err(_) => Outcome::Done,
            Ok(counted) => Outcome::Unknown(PrinterError::Contradiction {
                said: Counters::PANELS_A_CARD,
                counted,
            }),
        }
    }

    fn eject(&mut self) -> Outcome {
        self.move_card_inside("Se", CardPosition::None)
    }

    fn reject(&mut self) -> Outcome {
        self.move_card_inside("Ser", CardPosition::None)
    }

    fn clear_error(&mut self) -> Result<(), PrinterError> {
        self.perform("Scs", self.timeouts.query)
    }

    fn reset(&mut self) -> Result<(), PrinterError> {
        self.perform("Srs", self.timeouts.movement)?;
        self.greet()
    }
}

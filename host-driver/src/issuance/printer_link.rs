//! The card printer as the counter uses it: opened when it is needed, and opened again after its line broke.

use super::machine::{CardPlace, Outcome, PrintOutcome, PrinterView};
use crate::face::Panels;
use crate::office::words::Words;
use crate::printer::{self, CardPosition, CardPrinter, Evolis, Port, PrinterError};

/// How a printer's line is opened.
type Open = dyn FnMut() -> Result<Evolis<Box<dyn Port>>, PrinterError> + Send;

/// A card printer at an address.
pub struct PrinterLink {
    address: String,
    open: Box<Open>,
    printer: Option<Evolis<Box<dyn Port>>>,
    /// The printer may stand still with an error. Whoever asks for the next thing has been told of it, so it is cleared before that.
    holds_error: bool,
}

impl std::fmt::Debug for PrinterLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PrinterLink")
            .field("address", &self.address)
            .field("open", &self.printer.is_some())
            .field("holds_error", &self.holds_error)
            .finish_non_exhaustive()
    }
}

impl PrinterLink {
    /// The printer at `address`; nothing is opened yet.
    pub fn new(address: String) -> Self {
        let target = address.clone();
        Self::opened_by(address, move || printer::open(&target))
    }

    /// The printer that `open` opens, whenever that is needed; `address` is for messages.
    pub fn opened_by(
        address: String,
        open: impl FnMut() -> Result<Evolis<Box<dyn Port>>, PrinterError> + Send + 'static,
    ) -> Self {
        Self {
            address,
            open: Box::new(open),
            printer: None,
            holds_error: false,
        }
    }

    /// Looks whether the printer is there and can work.
    ///
    /// # Errors
    /// What keeps it from working.
    pub fn check(&mut self) -> Result<(), PrinterError> {
        self.with(|printer| printer.status().map(drop))
    }

    /// Where a card is, and what keeps the printer from working.
    pub fn view(&mut self) -> PrinterView {
        let seen = self.with(|printer| {
            let status = printer.status()?;
            // Not every printer counts; then the ribbon shows itself when it ends.
            let ribbon = printer.counters().ok().and_then(|counters| counters.ribbon_left);
            Ok((status, ribbon))
        });
        match seen {
            Err(error) => PrinterView {
                place: CardPlace::CannotTell,
                fault: Some(words(&error)),
            },
            Ok((status, ribbon)) => {
                let fault = if status.cover_open == Some(true) {
                    Some(PrinterError::CoverOpen)
                } else if status.hopper_empty == Some(true) {
                    Some(PrinterError::HopperEmpty)
                } else if ribbon == Some(0) {
                    Some(PrinterError::RibbonEnded)
                } else {
                    None
                };
                let place = match status.card {
                    CardPosition::None => CardPlace::Nowhere,
                    CardPosition::Contactless => CardPlace::Contactless,
                    _ => CardPlace::Elsewhere,
                };
                PrinterView {
                    place,
                    fault: fault.as_ref().map(words),
                }
            }
        }
    }

    /// The counter of printed panels.
    pub fn panels_printed(&mut self) -> Option<u32> {
        self.with(|printer| printer.counters().map(|counters| counters.panels_printed))
            .ok()
    }

    /// Takes a blank to the contactless station.
    pub fn feed(&mut self) -> Outcome {
        self.act(|printer| printer.feed_to_contactless())
    }

    /// Ejects the card.
    pub fn eject(&mut self) -> Outcome {
        self.act(|printer| printer.eject())
    }

    /// Moves the card to the reject tray.
    pub fn reject(&mut self) -> Outcome {
        self.act(|printer| printer.reject())
    }

    /// Moves the card to the print position and prints its face.
    pub fn print(&mut self, panels: &Panels) -> PrintOutcome {
        let printed = self.with(|printer| {
            // After a print that was refused the card is there already.
            if printer.status()?.card != CardPosition::Print {
                match printer.move_to_print() {
                    printer::Outcome::Done => {}
                    other => return Ok(other),
                }
            }
            Ok(printer.print(panels))
        });
        match printed {
            // Nothing was begun: the printer could not even be asked.
            Err(error) => PrintOutcome::Refused {
                detail: words(&error),
            },
            Ok(printer::Outcome::Done) => PrintOutcome::Done,
            Ok(printer::Outcome::Failed(error)) => {
                self.heed(&error);
                let detail = words(&error);
                if error.card_is_spoiled() {
                    PrintOutcome::Spoilt { detail }
                } else {
                    PrintOutcome::Refused { detail }
                }
            }
            Ok(printer::Outcome::Unknown(error)) => {
                self.heed(&error);
                PrintOutcome::Unknown {
                    detail: words(&error),
                }
            }
        }
    }

    fn act(&mut self, act: impl FnOnce(&mut dyn CardPrinter) -> printer::Outcome) -> Outcome {
        match self.with(|printer| Ok(act(printer))) {
            // The printer could not be reached, so nothing was begun.
            Err(error) => Outcome::Failed {
                detail: words(&error),
            },
            Ok(printer::Outcome::Done) => Outcome::Done,
            Ok(printer::Outcome::Failed(error)) => {
                self.heed(&error);
                Outcome::Failed {
                    detail: words(&error),
                }
            }
            Ok(printer::Outcome::Unknown(error)) => {
                self.heed(&error);
                Outcome::Unknown {
                    detail: words(&error),
                }
            }
        }
    }

    fn with<R>(
        &mut self,
        ask: impl FnOnce(&mut dyn CardPrinter) -> Result<R, PrinterError>,
    ) -> Result<R, PrinterError> {
        let printer = match &mut self.printer {
            Some(printer) => printer,
            closed => closed.insert((self.open)()?),
        };
        let cleared = if self.holds_error {
            printer.clear_error()
        } else {
            Ok(())
        };
        self.holds_error = cleared.is_err();
        let result = cleared.and_then(|()| ask(printer));
        if let Err(error) = &result {
            self.heed(error);
        }
        result
    }

    fn heed(&mut self, error: &PrinterError) {
        log::warn!("card printer: {error}");
        self.holds_error |= error.stays_until_cleared();
        if error.is_silence() {
            self.printer = None;
        }
    }
}

/// What happened and what to do; the printer's own words in English are kept, a technician needs them.
pub fn words(error: &PrinterError) -> Words {
    let advice = error.advice();
    Words::new(advice.id, format!("{error}. {}", advice.en))
}

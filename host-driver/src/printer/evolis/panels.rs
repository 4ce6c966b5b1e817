//! Panels: sent, printed one by one, and forgotten.

use super::super::port::Port;
use super::super::{CardPosition, Counters, Outcome, PrinterError};
use super::Evolis;
use super::dialogue::expect_ok;
use super::wire::{self, Levels, Panel};
use crate::face::Panels;

impl<P: Port> Evolis<P> {
    /// Everything that comes before the first panel is printed. Failing here leaves the card as it was.
    pub(super) fn prepare_print(&mut self, panels: &Panels) -> Result<u32, PrinterError> {
        let position = self.card(self.timeouts.query)?;
        if !matches!(position, CardPosition::Print | CardPosition::Inside) {
            return Err(PrinterError::NoCard { position });
        }
        let before = self.number("Rco;p", self.timeouts.query)?;
        for command in ["Pr;ymcko", "Ss", "Sr"] {
            self.perform(command, self.timeouts.query)?;
        }
        for (panel, plane) in planes(panels) {
            let levels = match panel {
                Panel::Black | Panel::Overlay => Levels::Two,
                _ => self.levels,
            };
            let name = format!("Db;{};{}", panel.letter(), levels.number());
            let timeout = self.timeouts.download;
            self.send(&name, &wire::download(panel, levels, plane), timeout)?;
            let answer = self.answer(&name, timeout)?;
            expect_ok(&name, &answer)?;
        }
        Ok(before)
    }

    /// Clears downloaded panels: `Se`, which ejects, would print them.
    pub(super) fn clear_panels(&mut self) -> Result<(), PrinterError> {
        Panel::ALL
            .into_iter()
            .try_for_each(|panel| self.perform(&format!("Wcb;{}", panel.letter()), self.timeouts.query))
    }

    /// Clears downloaded panels after a print that `error` has ended: they show a person.
    pub(super) fn forget_panels(&mut self, error: &PrinterError) {
        let silent = match error {
            PrinterError::PartlyPrinted { reason, .. } => reason.is_silence(),
            other => other.is_silence(),
        };
        // Not worth more waiting when the printer is silent: who opens it again greets it.
        if !silent && let Err(error) = self.clear_panels() {
            log::warn!("downloaded panels stay in the card printer: {error}");
        }
    }

    /// Prints one panel as number `printed` of this card. `Err` is the end of the print.
    pub(super) fn print_panel(&mut self, panel: Panel, before: u32, printed: u32) -> Result<(), Outcome> {
        let command = format!("Sp;{}", panel.letter());
        let Err(error) = self.perform(&command, self.timeouts.panel) else {
            return Ok(());
        };
        // Refused or silent: only the counter knows what is on the card.
        match self.number("Rco;p", self.timeouts.panel) {
            Ok(now) => match now.wrapping_sub(before) {
                panels if panels == printed + 1 && error.is_silence() => Ok(()),
                0 if printed == 0 => Err(Outcome::Failed(error)),
                // Panels that it said it printed are not on its counter: the card is not to be taken for an unprinted one.
                0 => Err(Outcome::Unknown(PrinterError::Contradiction {
                    said: printed,
                    counted: 0,
                })),
                panels if panels <= Counters::PANELS_A_CARD => {
                    Err(Outcome::Failed(PrinterError::PartlyPrinted {
                        panels,
                        reason: Box::new(error),
                    }))
                }
                counted => Err(Outcome::Unknown(PrinterError::Contradiction {
                    said: printed,
                    counted,
                })),
            },
            Err(_) if error.is_silence() => Err(Outcome::Unknown(error)),
            Err(_) if printed == 0 => Err(Outcome::Failed(error)),
            Err(_) => Err(Outcome::Failed(PrinterError::PartlyPrinted {
                panels: printed,
                reason: Box::new(error),
            })),
        }
    }
}

fn planes(panels: &Panels) -> [(Panel, &[u8]); 5] {
    [
        (Panel::Yellow, &panels.yellow),
        (Panel::Magenta, &panels.magenta),
        (Panel::Cyan, &panels.cyan),
        (Panel::Black, &panels.black),
        (Panel::Overlay, &panels.overlay),
    ]
}

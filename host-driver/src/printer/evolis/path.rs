//! Where the card is in the printer, and how it gets elsewhere.

use std::time::Duration;

use super::super::port::Port;
use super::super::{CardPosition, Outcome, PrinterError};
use super::dialogue::refused;
use super::{Evolis, wire};

impl<P: Port> Evolis<P> {
    /// Asks the card sensor, waiting for at most `timeout`.
    pub(super) fn card(&mut self, timeout: Duration) -> Result<CardPosition, PrinterError> {
        use wire::card_sensor as sensor;
        const COMMAND: &str = "Rlr;p";
        let doubtful = self.late_answer;
        let mut answer = self.ask(COMMAND, timeout)?;
        // The Primacy generation says OK for "no card"; so does a late answer to a movement. Ask again to tell one
        // from the other.
        if doubtful && answer == wire::OK {
            self.late_answer = true;
            answer = self.ask(COMMAND, timeout)?;
        }
        match answer.as_str() {
            sensor::NO_CARD | wire::OK => Ok(CardPosition::None),
            sensor::CARD => Ok(CardPosition::Print),
            sensor::SMART_CARD => Ok(CardPosition::Contact),
            sensor::CONTACTLESS_CARD => Ok(CardPosition::Contactless),
            sensor::ERR_CARD => Ok(CardPosition::Inside),
            _ => Err(refused(COMMAND, &answer)),
        }
    }

    /// Carries out movements that bring the card to `target`. After silence the sensor decides.
    pub(super) fn move_card(&mut self, commands: &[&str], target: CardPosition) -> Outcome {
        let timeout = self.timeouts.movement;
        let Some(error) = commands
            .iter()
            .find_map(|command| self.perform(command, timeout).err())
        else {
            return Outcome::Done;
        };
        if !error.is_silence() {
            return Outcome::Failed(error);
        }
        match self.card(timeout) {
            Ok(position) if position == target => Outcome::Done,
            Ok(CardPosition::Inside) if target.is_inside() => Outcome::Unknown(error),
            Ok(_) => Outcome::Failed(error),
            Err(_) => Outcome::Unknown(error),
        }
    }

    fn is_gone(&mut self) -> Outcome {
        match self.card(self.timeouts.query) {
            Ok(CardPosition::None) => Outcome::Done,
            Ok(_) => Outcome::Unknown(PrinterError::Jam),
            Err(error) => Outcome::Unknown(error),
        }
    }

    /// Moves the card that is inside; fails if there is none.
    pub(super) fn move_card_inside(&mut self, command: &str, target: CardPosition) -> Outcome {
        match self.card(self.timeouts.query) {
            Ok(position) if position.is_inside() => match self.move_card(&[command], target) {
                // An OK is not enough to call a card gone: the sensor must not see it any more.
                Outcome::Done if !target.is_inside() => self.is_gone(),
                outcome => outcome,
            },
            Ok(position) => Outcome::Failed(PrinterError::NoCard { position }),
            Err(error) => Outcome::Failed(error),
        }
    }
}

//! What people do with their hands at the counter: put fingers on the glass, carry cards.

use std::sync::Arc;
use std::time::Duration;

use host_driver::biometric::FingerPosition;
use serde::Deserialize;
use serde_json::Value;

use super::counter::Ask;
use super::office::Office;
use crate::applicant::Applicant;
use crate::device::sensor::Glass;
use crate::world::{Place, World};

/// How long a person takes to put a finger on the glass once asked.
const REACTION: Duration = Duration::from_millis(100);
/// How long the glass is free when a finger is placed anew: the board looks every 60 ms, if its computer lets it.
const LIFTED: Duration = Duration::from_millis(300);

/// The applicant's and the operator's hands.
#[derive(Debug)]
pub(super) struct Hands<'a> {
    glass: Arc<Glass>,
    world: World,
    applicant: &'a Applicant,
    /// How often a finger was put on the glass: never twice in the same way.
    touches: u64,
}

impl<'a> Hands<'a> {
    pub(super) fn new(office: &Office, applicant: &'a Applicant) -> Self {
        Self {
            glass: Arc::clone(&office.glass),
            world: office.world.clone(),
            applicant,
            touches: 0,
        }
    }

    /// Does what the capture board's guidance asks for.
    pub(super) fn capture(&mut self, fields: &Value) -> anyhow::Result<()> {
        match fields["phase"].as_str() {
            Some("waiting_for_finger") => self.touch(asked_finger(fields)),
            Some("again" | "again_drier" | "again_wetter") => {
                self.glass.lift();
                std::thread::sleep(LIFTED);
                self.touch(asked_finger(fields))
            }
            Some("lift") => {
                self.glass.lift();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn touch(&mut self, finger: FingerPosition) -> anyhow::Result<()> {
        std::thread::sleep(REACTION);
        self.glass.put(self.applicant.touch(finger, self.touches)?);
        self.touches += 1;
        Ok(())
    }

    /// Does what the answer to a question presumes.
    pub(super) fn before_answering(&self, question: &Ask) -> anyhow::Result<()> {
        match question.question.as_str() {
            "card_on_desk" => self.carry(Place::Tray, Place::Desk),
            "handed_over" => self.carry(Place::Desk, Place::Applicant),
            _ => Ok(()),
        }
    }

    /// Carries the card by hand, unless that was done when the same was asked before.
    fn carry(&self, from: Place, to: Place) -> anyhow::Result<()> {
        if self.world.count(from) > 0 {
            self.world.move_card(from, to)?;
        }
        Ok(())
    }
}

/// The finger that the operator's program asks for.
fn asked_finger(fields: &Value) -> FingerPosition {
    FingerPosition::deserialize(&fields["finger"]).unwrap_or(FingerPosition::Unknown)
}

//! The chip in a reader: reached in one transaction, or the reason why not, sorted by what it says about the card.

use super::machine::Outcome;
use crate::card::{CardError, CardReaders, CardTransport, Chip, TransportError};
use crate::office::words::Words;
use std::time::Duration;

/// How long a card may take to show up in a reader after it was moved there: PC/SC polls, and drivers power the field up.
const CARD_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a chip could not be looked at or written.
pub(super) enum NoChip {
    /// The reader or the service is not there; nothing is known of the card.
    Reader(Words),
    /// No card is in the reader.
    Empty(Words),
    /// The card, or what it said.
    Card(CardError),
}

impl From<TransportError> for NoChip {
    fn from(error: TransportError) -> Self {
        let words = Words::technical(&error);
        match error {
            TransportError::NoCard { .. } | TransportError::TimedOut { .. } => Self::Empty(words),
            TransportError::Mute { .. } | TransportError::CardRemoved | TransportError::CardReset => {
                Self::Empty(words)
            }
            _ => Self::Reader(words),
        }
    }
}

impl From<CardError> for NoChip {
    fn from(error: CardError) -> Self {
        match error {
            // A chip that was being changed must not be taken for one that was only out of reach.
            CardError::Transport { source, .. } if !error.leaves_unknown() => source.into(),
            other => Self::Card(other),
        }
    }
}

impl NoChip {
    pub(super) fn words(&self) -> Words {
        match self {
            Self::Reader(words) | Self::Empty(words) => words.clone(),
            Self::Card(error) => Words::technical(error),
        }
    }

    /// The outcome of a command that changes the chip.
    pub(super) fn outcome(&self) -> Outcome {
        let detail = self.words();
        match self {
            Self::Card(error) if !error.leaves_unknown() => Outcome::Failed { detail },
            _ => Outcome::Unknown { detail },
        }
    }
}

/// A chip in a reader, for the time of a transaction.
pub(super) type ChipIn<'card> = Chip<&'card mut dyn CardTransport>;

/// Works with the chip in a reader, in one transaction.
pub(super) fn with_chip<R>(
    readers: &mut dyn CardReaders,
    reader: &str,
    work: impl FnOnce(&mut ChipIn<'_>) -> Result<R, CardError>,
) -> Result<R, NoChip> {
    let mut work = Some(work);
    let mut worked = None;
    readers.with_card(reader, CARD_TIMEOUT, &mut |transport| {
        worked = work.take().map(|work| work(&mut Chip::new(transport)));
    })?;
    match worked {
        Some(result) => Ok(result?),
        // A reader that lets nobody work has no card.
        None => Err(TransportError::NoCard {
            reader: reader.to_owned(),
        }
        .into()),
    }
}

//! The wire to a card, as the card logic sees it: bytes out, bytes in, or a reason why not.

use std::time::Duration;

use thiserror::Error;

/// A powered card that takes one command at a time.
///
/// The PC/SC edge implements it for real readers (`card::pcsc`). Everything else about a card is
/// written over this trait and does no other input or output.
pub trait CardTransport {
    /// Sends one command APDU and replaces the contents of `reply` by the card's answer, status word included.
    ///
    /// # Errors
    /// [`TransportError`] when there was no answer. Whether the card carried the command out is then unknown.
    fn transmit(&mut self, apdu: &[u8], reply: &mut Vec<u8>) -> Result<(), TransportError>;

    /// Answer to reset, as the reader gave it; empty when it gave none.
    fn atr(&self) -> &[u8];
}

impl<T: CardTransport + ?Sized> CardTransport for &mut T {
    fn transmit(&mut self, apdu: &[u8], reply: &mut Vec<u8>) -> Result<(), TransportError> {
        (**self).transmit(apdu, reply)
    }

    fn atr(&self) -> &[u8] {
        (**self).atr()
    }
}

/// What a reader was watched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// A card to appear.
    Card,
    /// The card to be taken away.
    Removal,
}

/// Why a card did not answer. Every message ends with what a person can do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TransportError {
    /// There is no PC/SC service to talk to.
    #[error(
        "the PC/SC service is not running or was restarted: start it (`systemctl start pcscd.socket`) and try again"
    )]
    ServiceNotRunning,
    /// No reader of the configured name.
    #[error(
        "there is no card reader named \"{reader}\" (present: {}): check its cable and power, or correct the name \
         under [readers] in the configuration; `loket readers` lists what is there", listed(.present)
    )]
    ReaderMissing {
        /// Name looked for.
        reader: String,
        /// Names of the readers that are there.
        present: Vec<String>,
    },
    /// The reader is there but holds no card.
    #[error("no card in reader \"{reader}\": put the card on the reader and try again")]
    NoCard {
        /// The reader.
        reader: String,
    },
    /// The card left the reader while it was in use.
    #[error("the card was taken away while in use: put it back and inspect it before anything is repeated")]
    CardRemoved,
    /// Somebody reset the card, so that it forgot what was selected.
    #[error(
        "another program reset the card: close that program, then inspect the card before anything is repeated"
    )]
    CardReset,
    /// Another program holds the card.
    #[error(
        "reader \"{reader}\" is in use by another program: close other smart-card programs and try again"
    )]
    InUse {
        /// The reader.
        reader: String,
    },
    /// Something is on the reader, but it does not answer as a card does.
    #[error(
        "the card in reader \"{reader}\" does not answer: turn it over or try another card; reject it if it stays mute"
    )]
    Mute {
        /// The reader.
        reader: String,
    },
    /// Nobody put a card there, or took it away, in time.
    #[error("{} in reader \"{reader}\" within {waited:?}", match .awaited { Awaited::Card => "no card appeared", Awaited::Removal => "the card was not removed" })]
    TimedOut {
        /// The reader.
        reader: String,
        /// What was waited for.
        awaited: Awaited,
        /// How long.
        waited: Duration,
    },
    /// Anything else PC/SC reports.
    #[error("the card reader failed ({0}): unplug and replug the reader, then inspect the card")]
    Failed(String),
}

/// Names for a message.
fn listed(names: &[String]) -> String {
    if names.is_empty() {
        "none".into()
    } else {
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_the_reader_and_what_to_do() {
        let missing = TransportError::ReaderMissing {
            reader: "Desk 00".into(),
            present: vec!["Encoder 00".into()],
        };
        let text = missing.to_string();
        assert!(
            text.contains("\"Desk 00\"") && text.contains("Encoder 00") && text.contains("loket readers")
        );
        let late = TransportError::TimedOut {
            reader: "Desk".into(),
            awaited: Awaited::Card,
            waited: Duration::from_secs(30),
        };
        assert_eq!(late.to_string(), "no card appeared in reader \"Desk\" within 30s");
    }
}

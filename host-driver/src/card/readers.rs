//! The readers of a counter, whatever stands behind them.

use std::time::Duration;

use super::transport::{CardTransport, TransportError};

/// Readers by name. [`super::pcsc`] has the real ones; a test rig lays emulated cards into its own, at the level of APDUs.
pub trait CardReaders: std::fmt::Debug + Send {
    /// Whether a card is in the reader of this name.
    ///
    /// # Errors
    /// [`TransportError::ReaderMissing`], or a failure of the service.
    fn holds_card(&mut self, reader: &str) -> Result<bool, TransportError>;

    /// Lets `work` talk to the card in the reader of this name, with nobody else getting in between its commands. Waits for a card for
    /// at most `patience`. `work` is called once, unless there is an error.
    ///
    /// # Errors
    /// [`TransportError::TimedOut`] when no card comes, and whatever keeps the card from being reached. What `work` met is not among
    /// them.
    fn with_card(
        &mut self,
        reader: &str,
        patience: Duration,
        work: &mut dyn FnMut(&mut dyn CardTransport),
    ) -> Result<(), TransportError>;
}

//! Real card readers, through the PC/SC service.
//!
//! A thin edge: every call maps the service's answer to a [`TransportError`] and decides nothing.

use std::{
    ffi::CString,
    time::{Duration, Instant},
};

use pcsc::{Card, Context, Disposition, Error, Protocols, ReaderState, Scope, ShareMode, State, Transaction};

use super::readers::CardReaders;
use super::transport::{Awaited, CardTransport, TransportError};

/// Longest answer of a card: 65,536 data bytes and the status word.
const REPLY_MAX: usize = 65_536 + 2;

/// Longest single wait: a day. Longer ones overflow the service's milliseconds.
const WAIT_MAX: Duration = Duration::from_hours(24);

/// The readers of this computer.
///
/// Connects to the PC/SC service when it is needed, and again after the service was restarted.
#[derive(Default)]
pub struct Readers {
    context: Option<Context>,
}

impl std::fmt::Debug for Readers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Readers")
            .field("connected", &self.context.is_some())
            .finish()
    }
}

impl Readers {
    /// The readers; talks to nobody yet.
    pub const fn new() -> Self {
        Self { context: None }
    }

    /// Names of all readers; empty when none is plugged in.
    ///
    /// # Errors
    /// [`TransportError::ServiceNotRunning`], or another failure of the service.
    pub fn list(&mut self) -> Result<Vec<String>, TransportError> {
        let names = self.call("", |context| match context.list_readers_owned() {
            Err(Error::NoReadersAvailable) => Ok(Vec::new()),
            other => other,
        })?;
        Ok(names
            .iter()
            .map(|name| name.to_string_lossy().into_owned())
            .collect())
    }

    /// Waits until a card is in the reader of this name, at most `timeout`.
    ///
    /// # Errors
    /// [`TransportError::TimedOut`], [`TransportError::ReaderMissing`] at once when there is no such reader or it is
    /// unplugged meanwhile, or a failure of the service.
    pub fn wait_for_card(&mut self, reader: &str, timeout: Duration) -> Result<(), TransportError> {
        self.wait(reader, Awaited::Card, timeout)
    }

    /// Waits until no card is in the reader of this name, at most `timeout`.
    ///
    /// # Errors
    /// As [`Self::wait_for_card`].
    pub fn wait_for_removal(&mut self, reader: &str, timeout: Duration) -> Result<(), TransportError> {
        self.wait(reader, Awaited::Removal, timeout)
    }

    /// Powers the card in the reader of this name, for this program alone.
    ///
    /// # Errors
    /// [`TransportError::NoCard`], [`TransportError::InUse`], [`TransportError::Mute`],
    /// [`TransportError::ReaderMissing`], or a failure of the service.
    pub fn connect(&mut self, reader: &str) -> Result<PcscCard, TransportError> {
        let name = c_name(reader)?;
        let (card, atr) = self.call(reader, |context| {
            let card = context.connect(&name, ShareMode::Exclusive, Protocols::ANY)?;
            let atr = card.status2_owned()?.atr().to_vec();
            Ok((card, atr))
        })?;
        Ok(PcscCard {
            card: Some(card),
            atr,
            reader: reader.to_owned(),
            buffer: vec![0; REPLY_MAX],
        })
    }

    fn wait(&mut self, reader: &str, awaited: Awaited, timeout: Duration) -> Result<(), TransportError> {
        let name = c_name(reader)?;
        let deadline = Instant::now() + timeout.min(WAIT_MAX);
        let mut states = [ReaderState::new(name, State::UNAWARE)];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let changed = self.call(reader, |context| {
                match context.get_status_change(left, &mut states) {
                    Ok(()) => Ok(true),
                    Err(Error::Timeout) => Ok(false),
                    Err(other) => Err(other),
                }
            })?;
            let [state] = &mut states;
            if changed {
                let seen = state.event_state();
                if seen.intersects(State::UNKNOWN | State::IGNORE | State::UNAVAILABLE) {
                    return Err(self.typed(Error::UnknownReader, reader));
                }
                if seen.contains(State::PRESENT) == (awaited == Awaited::Card) {
                    return Ok(());
                }
                state.sync_current_state();
            }
            if left.is_zero() {
                return Err(TransportError::TimedOut {
                    reader: reader.to_owned(),
                    awaited,
                    waited: timeout,
                });
            }
        }
    }

    /// Calls the service, connecting to it first if needed.
    ///
    /// A connection from before a restart of the service is dead, and only a failed call shows it: then once again.
    fn call<R>(
        &mut self,
        reader: &str,
        mut call: impl FnMut(&Context) -> Result<R, Error>,
    ) -> Result<R, TransportError> {
        if let Some(context) = &self.context {
            match call(context) {
                Err(error) if service_is_gone(error) => self.context = None,
                answer => return answer.map_err(|error| self.typed(error, reader)),
            }
        }
        let answer = Context::establish(Scope::System).and_then(|context| call(self.context.insert(context)));
        answer.map_err(|error| self.typed(error, reader))
    }

    /// The typed error of the service's error, with the names of the readers where those help.
    fn typed(&self, error: Error, reader: &str) -> TransportError {
        let mut typed = typed(error, reader);
        if let (TransportError::ReaderMissing { present, .. }, Some(context)) = (&mut typed, &self.context) {
            let names = context.list_readers_owned().unwrap_or_default();
            *present = names
                .iter()
                .map(|name| name.to_string_lossy().into_owned())
                .collect();
        }
        typed
    }
}

impl CardReaders for Readers {
    fn holds_card(&mut self, reader: &str) -> Result<bool, TransportError> {
        match self.wait(reader, Awaited::Card, Duration::ZERO) {
            Ok(()) => Ok(true),
            Err(TransportError::TimedOut { .. }) => Ok(false),
            Err(other) => Err(other),
        }
    }

    fn with_card(
        &mut self,
        reader: &str,
        patience: Duration,
        work: &mut dyn FnMut(&mut dyn CardTransport),
    ) -> Result<(), TransportError> {
        self.wait_for_card(reader, patience)?;
        let mut card = self.connect(reader)?;
        work(&mut card.transaction()?);
        Ok(())
    }
}

/// Whether the other end of the connection to the service went away.
const fn service_is_gone(error: Error) -> bool {
    matches!(
        error,
        Error::NoService | Error::ServiceStopped | Error::Shutdown | Error::InvalidHandle | Error::CommError
    )
}

/// The service wants names that end with a zero byte.
fn c_name(reader: &str) -> Result<CString, TransportError> {
    let missing = || TransportError::ReaderMissing {
        reader: reader.to_owned(),
        present: Vec::new(),
    };
    CString::new(reader).map_err(|_| missing())
}

/// The service's error in our terms.
fn typed(error: Error, reader: &str) -> TransportError {
    let reader = || reader.to_owned();
    match error {
        // A connection whose other end went away answers with the last three.
        Error::NoService
        | Error::ServiceStopped
        | Error::Shutdown
        | Error::InvalidHandle
        | Error::CommError => TransportError::ServiceNotRunning,
        Error::UnknownReader | Error::ReaderUnavailable => TransportError::ReaderMissing {
            reader: reader(),
            present: Vec::new(),
        },
        Error::NoSmartcard => TransportError::NoCard { reader: reader() },
        // pcsc-lite says "not transacted" when the card stopped answering. Without contacts that is a card out of the
        // field; the service itself notices it only when it next looks, up to 0.4 s later.
        Error::RemovedCard | Error::NotTransacted => TransportError::CardRemoved,
        Error::ResetCard => TransportError::CardReset,
        Error::SharingViolation => TransportError::InUse { reader: reader() },
        Error::UnresponsiveCard | Error::UnpoweredCard | Error::ProtoMismatch | Error::UnsupportedCard => {
            TransportError::Mute { reader: reader() }
        }
        other => TransportError::Failed(other.to_string()),
    }
}

/// A powered card in a reader, ours alone until it is dropped. The service then takes its power away.
pub struct PcscCard {
    /// None only while it is dropped.
    card: Option<Card>,
    atr: Vec<u8>,
    reader: String,
    buffer: Vec<u8>,
}

impl std::fmt::Debug for PcscCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PcscCard")
            .field("reader", &self.reader)
            .finish_non_exhaustive()
    }
}

impl PcscCard {
    /// Name of the reader.
    pub fn reader(&self) -> &str {
        &self.reader
    }

    /// Begins a transaction: no other connection to the card gets in between its commands.
    ///
    /// # Errors
    /// [`TransportError`] when the card is gone or was reset.
    pub fn transaction(&mut self) -> Result<PcscTransaction<'_>, TransportError> {
        let Self {
            card,
            atr,
            reader,
            buffer,
        } = self;
        let card = card.as_mut().ok_or(TransportError::CardRemoved)?;
        let transaction = card.transaction().map_err(|error| typed(error, reader))?;
        Ok(PcscTransaction {
            transaction,
            atr,
            reader,
            buffer,
        })
    }
}

impl Drop for PcscCard {
    /// Leaves the card as it is. A reset, the library's default, fails when the card is gone already; pcsc-lite then
    /// marks the reader empty on its own account and does not see the next card that comes within 0.4 s.
    fn drop(&mut self) {
        if let Some(card) = self.card.take()
            && let Err((_, error)) = card.disconnect(Disposition::LeaveCard)
        {
            log::debug!("reader {}: disconnecting failed: {error}", self.reader);
        }
    }
}

/// A transaction on a card; dropping ends it and leaves the card as it is.
pub struct PcscTransaction<'card> {
    transaction: Transaction<'card>,
    atr: &'card [u8],
    reader: &'card str,
    buffer: &'card mut [u8],
}

impl std::fmt::Debug for PcscTransaction<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PcscTransaction")
            .field("reader", &self.reader)
            .finish_non_exhaustive()
    }
}

/// One command through the service.
fn transmit(
    card: &Card,
    reader: &str,
    buffer: &mut [u8],
    apdu: &[u8],
    reply: &mut Vec<u8>,
) -> Result<(), TransportError> {
    let answer = card
        .transmit(apdu, buffer)
        .map_err(|error| typed(error, reader))?;
    // No card ends a reply without a status word. Drivers report so a card that left while it was asked.
    if answer.is_empty() {
        return Err(TransportError::CardRemoved);
    }
    reply.clear();
    reply.extend_from_slice(answer);
    Ok(())
}

impl CardTransport for PcscCard {
    fn transmit(&mut self, apdu: &[u8], reply: &mut Vec<u8>) -> Result<(), TransportError> {
        let card = self.card.as_ref().ok_or(TransportError::CardRemoved)?;
        transmit(card, &self.reader, &mut self.buffer, apdu, reply)
    }

    fn atr(&self) -> &[u8] {
        &self.atr
    }
}

impl CardTransport for PcscTransaction<'_> {
    fn transmit(&mut self, apdu: &[u8], reply: &mut Vec<u8>) -> Result<(), TransportError> {
        transmit(&self.transaction, self.reader, self.buffer, apdu, reply)
    }

    fn atr(&self) -> &[u8] {
        self.atr
    }
}

//! A reader without pcscd: the host's transport straight onto an emulated card, byte for byte the same.

use std::sync::{Arc, Mutex, PoisonError};

use host_driver::card::{CardTransport, TransportError};

use super::core::CardCore;

/// An emulated card as the host's transport, for tests that need no PC/SC service.
///
/// A card that left the field answers [`TransportError::CardRemoved`], as pcscd does.
#[derive(Debug)]
pub struct Direct {
    card: Arc<Mutex<CardCore>>,
    atr: Vec<u8>,
}

impl Direct {
    /// Puts the card onto the reader: powers it on.
    pub fn insert(card: Arc<Mutex<CardCore>>) -> Self {
        let atr = {
            let mut core = card.lock().unwrap_or_else(PoisonError::into_inner);
            core.power_on();
            core.atr().to_vec()
        };
        Self { card, atr }
    }
}

impl CardTransport for Direct {
    fn transmit(&mut self, apdu: &[u8], reply: &mut Vec<u8>) -> Result<(), TransportError> {
        let mut core = self.card.lock().unwrap_or_else(PoisonError::into_inner);
        *reply = core.process(apdu).ok_or(TransportError::CardRemoved)?;
        Ok(())
    }

    fn atr(&self) -> &[u8] {
        &self.atr
    }
}

//! The seams at which fate strikes: below the drivers, above the emulated devices.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use host_driver::biometric::GrayImage;
use host_driver::card::{Awaited, CardReaders, CardTransport, TransportError};
use host_driver::issuance::capture::{Fingers, NoImage, Wanted};
use host_driver::issuance::machine::{Act, CardUid};
use host_driver::issuance::runner::Journal;
use host_driver::office::clock::Moment as Time;
use host_driver::office::words::Words;
use host_driver::printer::Port;
use host_driver::store::{ApplicationId, JournalEntry, Replay, Store, StoreError};
use protocol::message::CaptureVerdict;
use rusqlite::ffi;

use super::fate::{Fate, Moment, Strike};
use crate::device::card::{self, Direct};
use crate::device::card_printer::EvolisCore;
use crate::device::serial::SerialDevice;
use crate::world::{Place, World};

/// Name of the reader in the printer.
pub(super) const ENCODER: &str = "encoder";
/// Name of the reader on the desk.
pub(super) const DESK: &str = "desk";

/// The store, which may not take a row, or take it and nobody hears.
#[derive(Debug)]
pub(super) struct FatedJournal<'a> {
    pub(super) store: &'a mut Store,
    pub(super) fate: Fate,
    /// Only a program that is broken on purpose does not.
    pub(super) keeps_intents: bool,
}

impl FatedJournal<'_> {
    fn write(&mut self, write: impl FnOnce(&mut Store) -> Result<(), StoreError>) -> Result<(), StoreError> {
        match self.fate.tick(Moment::BeforeRow) {
            Some(Strike::DiskFull) => return Err(refused(ffi::SQLITE_FULL)),
            Some(Strike::StoreLocked) => return Err(refused(ffi::SQLITE_BUSY)),
            _ => {}
        }
        write(self.store)?;
        self.fate.tick(Moment::AfterRow);
        Ok(())
    }
}

fn refused(code: i32) -> StoreError {
    StoreError::Sqlite(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None))
}

impl Journal for FatedJournal<'_> {
    fn replay(&self, application: ApplicationId) -> Result<Replay, StoreError> {
        self.store.replay(application)
    }

    fn intent(&mut self, application: ApplicationId, act: &Act, at: Time) -> Result<(), StoreError> {
        if !self.keeps_intents {
            return Ok(());
        }
        self.write(|store| store.journal_intent(application, act, at))
    }

    fn event(&mut self, entry: &JournalEntry<'_>) -> Result<(), StoreError> {
        self.write(|store| store.journal_event(entry))
    }

    fn blank_is_known(&self, uid: &CardUid) -> Result<bool, StoreError> {
        self.store.blank_is_known(uid)
    }
}

/// Two readers over the places of the world.
#[derive(Debug)]
pub(super) struct FatedReaders {
    pub(super) world: World,
    pub(super) fate: Fate,
}

impl CardReaders for FatedReaders {
    fn holds_card(&mut self, reader: &str) -> Result<bool, TransportError> {
        Ok(self.world.count(place(reader)) > 0)
    }

    fn with_card(
        &mut self,
        reader: &str,
        patience: Duration,
        work: &mut dyn FnMut(&mut dyn CardTransport),
    ) -> Result<(), TransportError> {
        let timed_out = TransportError::TimedOut {
            reader: reader.to_owned(),
            awaited: Awaited::Card,
            waited: patience,
        };
        match self.fate.tick(Moment::Reader) {
            Some(Strike::ReaderGone) => {
                return Err(TransportError::ReaderMissing {
                    reader: reader.to_owned(),
                    present: Vec::new(),
                });
            }
            Some(Strike::ServiceGone) => return Err(TransportError::ServiceNotRunning),
            Some(Strike::NoCard) => return Err(timed_out),
            _ => {}
        }
        let chip = self.world.chip_in(place(reader)).ok_or(timed_out)?;
        let mut card = FatedCard {
            card: Direct::insert(Arc::clone(&chip)),
            chip,
            fate: self.fate.clone(),
        };
        work(&mut card);
        Ok(())
    }
}

fn place(reader: &str) -> Place {
    if reader == ENCODER {
        Place::Contactless
    } else {
        Place::Desk
    }
}

/// A card in a reader.
struct FatedCard {
    card: Direct,
    chip: Arc<Mutex<card::CardCore>>,
    fate: Fate,
}

impl CardTransport for FatedCard {
    fn transmit(&mut self, apdu: &[u8], reply: &mut Vec<u8>) -> Result<(), TransportError> {
        let instruction = apdu.get(1).copied().unwrap_or_default();
        if let Some(Strike::Card(kind)) = self.fate.tick(Moment::Apdu(instruction)) {
            let mut chip = self.chip.lock().unwrap_or_else(PoisonError::into_inner);
            chip.arm([card::Fault { at: 1, kind }]);
        }
        let answered = self.card.transmit(apdu, reply);
        self.fate.tick(Moment::Answered(instruction));
        answered
    }

    fn atr(&self) -> &[u8] {
        self.card.atr()
    }
}

/// The printer's line: what is written is carried out at once, what is not there will not come.
pub(super) struct FatedPort {
    pub(super) printer: Arc<Mutex<EvolisCore<World>>>,
    pub(super) fate: Fate,
}

/// The emulated printer takes no time, so any moment will do.
const NOW: Duration = Duration::from_secs(1);

impl Port for FatedPort {
    fn set_timeout(&mut self, _: Duration) -> io::Result<()> {
        Ok(())
    }
}

impl Write for FatedPort {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let command = command(bytes);
        let strike = self.fate.tick(Moment::Command(command.clone()));
        {
            let mut printer = self.printer.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(Strike::Printer(fault)) = strike {
                printer.break_once("", fault);
            }
            printer.handle_bytes(NOW, bytes);
        }
        self.fate.tick(Moment::Replied(command));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for FatedPort {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut printer = self.printer.lock().unwrap_or_else(PoisonError::into_inner);
        match printer.poll_transmit(NOW, into) {
            0 => Err(io::ErrorKind::TimedOut.into()),
            count => Ok(count),
        }
    }
}

/// The letters of a command, without what it carries.
fn command(bytes: &[u8]) -> String {
    bytes
        .iter()
        .skip_while(|byte| !byte.is_ascii_alphabetic())
        .take_while(|byte| byte.is_ascii_alphabetic())
        .map(|byte| char::from(*byte))
        .collect()
}

/// A finger on a sensor that is always there.
pub(super) struct FatedFingers {
    /// What the sensor sees, try after try.
    pub(super) touches: Arc<dyn Fn(host_driver::biometric::FingerPosition) -> GrayImage + Send + Sync>,
    pub(super) fate: Fate,
}

impl std::fmt::Debug for FatedFingers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FatedFingers").finish_non_exhaustive()
    }
}

impl Fingers for FatedFingers {
    fn capture(&mut self, wanted: Wanted) -> Result<GrayImage, NoImage> {
        match self.fate.tick(Moment::Finger) {
            Some(Strike::NoFinger) => Err(NoImage::NotPlaced),
            Some(Strike::CaptureFailed) => Err(NoImage::Failed(Words::technical("the sensor failed"))),
            _ => Ok((self.touches)(wanted.finger)),
        }
    }

    fn show(&self, _: CaptureVerdict) {}
}

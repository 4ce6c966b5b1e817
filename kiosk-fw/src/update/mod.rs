//! A new firmware over the link: checked, written beside the one that runs, tried, and kept only if the host is content.
//!
//! ```text
//!   UpdateBegin ── refused ──> UpdateRefused
//!        │ signed by the key we trust, for this board and role, fits, not older
//!        v
//!   Firmware object ──> slot, a sector at a time      nothing of the running firmware is touched
//!        │ all there
//!        v
//!   hash of what lies in flash ── wrong ──> WrongHash
//!        │ right: marked, restart
//!        v
//!   bootloader swaps (embassy-boot) ──> new firmware on trial ── UpdateConfirm ──> it stays
//!                                            │ no confirmation in time, or any reset before it
//!                                            v
//!                                       bootloader swaps back: the firmware before
//! ```
//!
//! [`Update`] is the logic; a board that can be updated gives it a [`Slot`]. Where there is none, every offer is refused.

mod key;
mod over_link;
#[cfg(any(test, feature = "update"))]
mod slot;
#[cfg(test)]
mod tests;
#[cfg(any(test, feature = "update"))]
mod words;

pub use key::{DEVELOPMENT_KEY, TRUSTED_KEY};
pub use over_link::Turn;
#[cfg(any(test, feature = "update"))]
pub use slot::FlashSlot;
#[cfg(any(test, feature = "update"))]
pub use words::Words;

use protocol::link::{BulkOutcome, Object};
use protocol::message::{Firmware, ObjectKind, UpdateBegin, UpdatePhase, UpdateRefusal};
use protocol::package::Manifest;

use crate::link_port::OBJECT_ROOM;

/// Bytes of the image that are written at once: what a NOR flash erases. While it erases, the processor does nothing else, so the
/// host is held back meanwhile: it sends the next bytes when these have been taken from the link.
pub const STRIDE: usize = 4096;
/// Bytes copied at once: what a NOR flash programs.
const PAGE: usize = 256;
/// How often the host is told how far it is, in bytes.
const TELL_EVERY: u32 = 4 * STRIDE as u32;
/// How long a firmware is on trial at most, in µs since its start. The host confirms within seconds; five minutes leave time for a
/// counter's computer that starts together with the board.
pub const TRIAL_US: u64 = 300_000_000;

/// The flash did not do what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlashFailed;

/// How the firmware that runs came to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trial {
    /// Nothing is to be decided.
    Settled,
    /// It is new: at the next start the one before comes back, unless it is kept.
    OnTrial,
    /// The new one was not kept; this is the one before.
    RolledBack,
}

/// Where a board puts a firmware that is to be started next.
pub trait Slot {
    /// The most bytes that a firmware may have.
    fn room(&self) -> u32;

    /// Writes `bytes` at `offset`. The first write is at 0, each further one where the one before ended.
    ///
    /// # Errors
    ///
    /// [`FlashFailed`].
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashFailed>;

    /// Reads back what was written.
    ///
    /// # Errors
    ///
    /// [`FlashFailed`].
    fn read(&mut self, offset: u32, into: &mut [u8]) -> Result<(), FlashFailed>;

    /// What was written is whole: it is to be started next, on trial.
    ///
    /// # Errors
    ///
    /// [`FlashFailed`].
    fn start_next(&mut self) -> Result<(), FlashFailed>;

    /// The firmware that runs stays.
    ///
    /// # Errors
    ///
    /// [`FlashFailed`].
    fn keep(&mut self) -> Result<(), FlashFailed>;

    /// How the firmware that runs came to run.
    fn trial(&mut self) -> Trial;
}

/// Who is to be updated.
#[derive(Clone, Copy, Debug)]
pub struct Running {
    /// The board's name.
    pub board: &'static str,
    /// Code of its role.
    pub role: u8,
    /// What runs on it.
    pub firmware: Firmware,
}

/// An update that was taken.
struct Offer {
    id: u32,
    manifest: Manifest,
    /// Whether the object has begun.
    coming: bool,
    written: u32,
    failed: bool,
}

/// The update under way, if there is one.
pub struct Update<'a> {
    slot: Option<&'a mut dyn Slot>,
    key: [u8; 32],
    offer: Option<Offer>,
    trial: Trial,
}

impl<'a> Update<'a> {
    /// Nothing is under way. `None` for a board whose firmware cannot be changed over the link.
    pub fn new(mut slot: Option<&'a mut dyn Slot>, key: [u8; 32]) -> Self {
        let trial = slot.as_mut().map_or(Trial::Settled, |slot| slot.trial());
        Self {
            slot,
            key,
            offer: None,
            trial,
        }
    }

    /// How the firmware that runs came to run, as far as it is still to be decided.
    pub const fn trial(&self) -> Trial {
        self.trial
    }

    /// The host offers a firmware.
    ///
    /// # Errors
    ///
    /// Why it is not taken. Nothing was changed.
    pub fn begin(&mut self, offer: &UpdateBegin, running: Running) -> Result<(), UpdateRefusal> {
        // The constant leaves the rest out of a program that never takes a firmware.
        let (Some(slot), true) = (&self.slot, OBJECT_ROOM != 0) else {
            return Err(UpdateRefusal::NotSupported);
        };
        // On trial the slot holds the firmware to go back to.
        if self.trial == Trial::OnTrial || self.offer.as_ref().is_some_and(|offer| offer.coming) {
            return Err(UpdateRefusal::Busy);
        }
        let manifest = Manifest::of(offer).ok_or(UpdateRefusal::BadSignature)?;
        if !key::signed_by(&self.key, &manifest.to_bytes(), &offer.signature) {
            return Err(UpdateRefusal::BadSignature);
        }
        if manifest.board != Manifest::board_name(running.board) || manifest.role != running.role {
            return Err(UpdateRefusal::WrongBoard);
        }
        if manifest.length == 0 || manifest.length > slot.room() {
            return Err(UpdateRefusal::TooLong);
        }
        if version(manifest.firmware) < version(running.firmware) {
            return Err(UpdateRefusal::Older);
        }
        self.offer = Some(Offer {
            id: offer.update_id,
            manifest,
            coming: false,
            written: 0,
            failed: false,
        });
        Ok(())
    }

    /// Which update is under way.
    fn id(&self) -> Option<u32> {
        self.offer.as_ref().map(|offer| offer.id)
    }

    /// The host begins to send an object. False if it is not the one that was offered.
    pub fn object_begins(&mut self, object: &Object) -> bool {
        let Some(offer) = &mut self.offer else {
            return false;
        };
        let right = object.kind == ObjectKind::Firmware
            && object.id == offer.id
            && object.length == offer.manifest.length;
        if right {
            offer.coming = true;
            offer.written = 0;
        }
        right
    }

    /// Takes bytes from the link, with `read`, if `waiting` bytes are enough for a stride or for the rest. Returns what the host is to
    /// be told.
    pub fn pump(&mut self, waiting: usize, mut read: impl FnMut(&mut [u8]) -> usize) -> Option<u32> {
        let (Some(slot), Some(offer)) = (&mut self.slot, &mut self.offer) else {
            return None;
        };
        let stride = (offer.manifest.length - offer.written).min(STRIDE as u32);
        if !offer.coming || stride == 0 || waiting < stride as usize {
            return None;
        }
        let mut page = [0; PAGE];
        let end = offer.written + stride;
        while offer.written < end {
            let count = read(&mut page[..((end - offer.written) as usize).min(PAGE)]);
            if count == 0 {
                break;
            }
            offer.failed |= slot.write(offer.written, &page[..count]).is_err();
            offer.written += count as u32;
        }
        offer.written.is_multiple_of(TELL_EVERY).then_some(offer.written)
    }

    /// Whether the flash failed, so that the rest of the object is not wanted.
    pub fn has_failed(&self) -> bool {
        self.offer.as_ref().is_some_and(|offer| offer.failed)
    }

    /// The object has ended: with [`UpdatePhase::Verified`] the board is to be restarted. The rest is what the host is told: which
    /// update, and how many bytes of it are in flash.
    pub fn object_ended(&mut self, object: &Object, outcome: BulkOutcome) -> Option<(u32, UpdatePhase, u32)> {
        let offer = self
            .offer
            .take_if(|offer| object.kind == ObjectKind::Firmware && object.id == offer.id)?;
        let phase = if offer.failed {
            UpdatePhase::FlashFailed
        } else if outcome != BulkOutcome::Delivered || offer.written != offer.manifest.length {
            UpdatePhase::Interrupted
        } else {
            self.finish(&offer.manifest).unwrap_or(UpdatePhase::FlashFailed)
        };
        Some((offer.id, phase, offer.written))
    }

    /// Looks at what lies in flash, not at what came: only that is going to run.
    fn finish(&mut self, manifest: &Manifest) -> Result<UpdatePhase, FlashFailed> {
        let slot = self.slot.as_mut().ok_or(FlashFailed)?;
        let mut hash = key::Hash::new();
        let mut page = [0; PAGE];
        let mut at = 0;
        while at < manifest.length {
            let piece = &mut page[..((manifest.length - at) as usize).min(PAGE)];
            slot.read(at, piece)?;
            hash.update(piece);
            at += piece.len() as u32;
        }
        if hash.value() != manifest.hash {
            return Ok(UpdatePhase::WrongHash);
        }
        slot.start_next()?;
        Ok(UpdatePhase::Verified)
    }

    /// The host is content with the firmware that runs.
    ///
    /// # Errors
    ///
    /// [`FlashFailed`]: it is still on trial.
    pub fn confirm(&mut self) -> Result<(), FlashFailed> {
        if self.trial != Trial::Settled
            && let Some(slot) = &mut self.slot
        {
            slot.keep()?;
            self.trial = Trial::Settled;
        }
        Ok(())
    }

    /// Whether the trial has lasted too long at `now` (µs since start): the board is to be restarted, and the bootloader brings the
    /// firmware before back.
    pub fn has_run_out(&self, now: u64) -> bool {
        self.trial == Trial::OnTrial && now >= TRIAL_US
    }
}

/// What tells old from new. The build is not part of it: it names, it does not order.
const fn version(firmware: Firmware) -> u32 {
    u32::from_be_bytes([0, firmware.major, firmware.minor, firmware.patch])
}

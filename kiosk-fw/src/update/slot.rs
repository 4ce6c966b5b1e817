//! A slot in NOR flash, with embassy-boot's notes beside it.

use embassy_boot::{BlockingFirmwareState, State};
use embedded_storage::nor_flash::NorFlash;

use super::words::{WORD, Words};
use super::{FlashFailed, Slot, Trial};

/// The flash that a new firmware is written to, and the bootloader's notes.
pub struct FlashSlot<DFU, STATE> {
    slot: DFU,
    notes: Words<STATE>,
}

impl<DFU: NorFlash, STATE: NorFlash> FlashSlot<DFU, STATE> {
    /// A slot at `slot`, which is one erase sector longer than the running firmware's place, and notes at `notes`.
    pub const fn new(slot: DFU, notes: STATE) -> Self {
        Self {
            slot,
            notes: Words(notes),
        }
    }
}

impl<DFU: NorFlash, STATE: NorFlash> Slot for FlashSlot<DFU, STATE> {
    fn room(&self) -> u32 {
        (self.slot.capacity() - DFU::ERASE_SIZE) as u32
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashFailed> {
        let sector = DFU::ERASE_SIZE as u32;
        let end = offset + bytes.len() as u32;
        // The sectors that begin here; those before have been erased when they were begun.
        let first = offset.next_multiple_of(sector);
        if first < end {
            self.slot
                .erase(first, end.next_multiple_of(sector))
                .map_err(|_| FlashFailed)?;
        }
        let whole = bytes.len() - bytes.len() % DFU::WRITE_SIZE;
        let (head, tail) = bytes.split_at(whole);
        self.slot.write(offset, head).map_err(|_| FlashFailed)?;
        if !tail.is_empty() {
            // The end of the image: what an erased flash holds, up to a whole word.
            let mut last = [0xFF; 32];
            last[..tail.len()].copy_from_slice(tail);
            self.slot
                .write(offset + whole as u32, &last[..DFU::WRITE_SIZE])
                .map_err(|_| FlashFailed)?;
        }
        Ok(())
    }

    fn read(&mut self, offset: u32, into: &mut [u8]) -> Result<(), FlashFailed> {
        self.slot.read(offset, into).map_err(|_| FlashFailed)
    }

    fn start_next(&mut self) -> Result<(), FlashFailed> {
        let mut word = [0; WORD];
        BlockingFirmwareState::new(&mut self.notes, &mut word)
            .mark_updated()
            .map_err(|_| FlashFailed)
    }

    fn keep(&mut self) -> Result<(), FlashFailed> {
        let mut word = [0; WORD];
        BlockingFirmwareState::new(&mut self.notes, &mut word)
            .mark_booted()
            .map_err(|_| FlashFailed)
    }

    fn trial(&mut self) -> Trial {
        let mut word = [0; WORD];
        match BlockingFirmwareState::new(&mut self.notes, &mut word).get_state() {
            Ok(State::Swap) => Trial::OnTrial,
            Ok(State::Revert) => Trial::RolledBack,
            Ok(State::Boot | State::DfuDetach) | Err(_) => Trial::Settled,
        }
    }
}

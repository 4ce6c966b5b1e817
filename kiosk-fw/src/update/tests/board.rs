//! A board with a flash, a bootloader and a firmware that is nothing but its bytes.

use embassy_boot::{BootLoader, BootLoaderConfig, State};
use protocol::link::{BulkOutcome, Object, Role};
use protocol::message::{Firmware, ObjectKind, UpdateBegin, UpdatePhase, UpdateRefusal};
use protocol::package::Manifest;
use sha2::{Digest, Sha256};

use super::nor::{Nor, SECTOR, Torn};
use crate::update::{DEVELOPMENT_KEY, FlashSlot, Running, Slot, Trial, Update, Words};

/// The same proportions as the Pico's, but few sectors: every operation is cut, and there are many.
const ACTIVE_SECTORS: usize = 3;
const STATE: usize = 0;
const ACTIVE: usize = SECTOR;
const DFU: usize = ACTIVE + ACTIVE_SECTORS * SECTOR;
const END: usize = DFU + (ACTIVE_SECTORS + 1) * SECTOR;

pub(super) const RUNNING: Running = Running {
    board: "RP2040",
    role: Role::Kiosk.code(),
    firmware: Firmware {
        major: 1,
        minor: 4,
        patch: 0,
        build: 7,
    },
};

/// What `cargo rig firmware sign` signs with for development.
pub(super) fn development_signer() -> salty::Keypair {
    salty::Keypair::from(&Sha256::digest(b"Loket development key: anyone can sign with it").into())
}

/// An image that fills the place but for some bytes, different from sector to sector.
pub(super) fn image(kind: u8) -> Vec<u8> {
    (0..ACTIVE_SECTORS * SECTOR - 100)
        .map(|place| kind ^ (place / 251) as u8 ^ (place % 251) as u8)
        .collect()
}

/// An offer of `image` as it should be; change what should be wrong, then [`sign`].
pub(super) fn manifest(image: &[u8]) -> Manifest {
    Manifest {
        board: Manifest::board_name(RUNNING.board),
        role: RUNNING.role,
        firmware: Firmware {
            patch: 1,
            ..RUNNING.firmware
        },
        length: image.len() as u32,
        hash: Sha256::digest(image).into(),
    }
}

pub(super) fn sign(manifest: &Manifest, signer: &salty::Keypair) -> UpdateBegin {
    let end = manifest.board.iter().position(|byte| *byte == 0).unwrap();
    UpdateBegin {
        update_id: 9,
        board: core::str::from_utf8(&manifest.board[..end])
            .unwrap()
            .try_into()
            .unwrap(),
        role: manifest.role,
        firmware: manifest.firmware,
        length: manifest.length,
        hash: manifest.hash.iter().copied().collect(),
        signature: signer
            .sign(&manifest.to_bytes())
            .to_bytes()
            .iter()
            .copied()
            .collect(),
    }
}

#[derive(Clone)]
pub(super) struct Board {
    pub(super) flash: Nor,
}

impl Board {
    /// A board that runs `firmware`.
    pub(super) fn running(firmware: &[u8]) -> Self {
        let board = Self { flash: Nor::new(END) };
        board.active().flash(firmware);
        board
    }

    pub(super) fn copy(&self) -> Self {
        Self {
            flash: self.flash.copy(),
        }
    }

    fn active(&self) -> Nor {
        self.flash.part(ACTIVE, ACTIVE_SECTORS * SECTOR)
    }

    fn dfu(&self) -> Nor {
        self.flash.part(DFU, (ACTIVE_SECTORS + 1) * SECTOR)
    }

    fn state(&self) -> Nor {
        self.flash.part(STATE, SECTOR)
    }

    pub(super) fn slot(&self) -> FlashSlot<Nor, Nor> {
        FlashSlot::new(self.dfu(), self.state())
    }

    /// Power on, or a reset: what the bootloader does before the firmware starts. `None` if the power went away meanwhile.
    pub(super) fn bootloader(&self) -> Option<State> {
        let mut loader = BootLoader::new(BootLoaderConfig {
            active: self.active(),
            dfu: self.dfu(),
            state: Words(self.state()),
        });
        loader.prepare_boot(&mut [0; SECTOR]).ok()
    }

    /// What would run now.
    pub(super) fn runs(&self, firmware: &[u8]) -> bool {
        self.active().content()[..firmware.len()] == *firmware
    }

    pub(super) fn trial(&self) -> Trial {
        self.slot().trial()
    }

    /// The firmware takes an update: `bytes` of it come, in pieces as a line gives them.
    pub(super) fn update(&self, offer: &UpdateBegin, bytes: &[u8]) -> Result<UpdatePhase, UpdateRefusal> {
        let mut slot = self.slot();
        let mut update = Update::new(Some(&mut slot), DEVELOPMENT_KEY);
        update.begin(offer, RUNNING)?;
        let object = Object {
            kind: ObjectKind::Firmware,
            id: offer.update_id,
            length: offer.length,
        };
        assert!(update.object_begins(&object));
        let mut line = bytes;
        let mut waiting = 0;
        while waiting < line.len() {
            waiting = (waiting + 1000).min(line.len()).min(SECTOR);
            let before = line.len();
            update.pump(waiting, |into| {
                let count = into.len().min(waiting);
                into[..count].copy_from_slice(&line[..count]);
                line = &line[count..];
                waiting -= count;
                count
            });
            if update.has_failed() || before == line.len() && waiting == line.len() {
                break;
            }
        }
        let whole = bytes.len() == offer.length as usize;
        let outcome = if whole {
            BulkOutcome::Delivered
        } else {
            BulkOutcome::Cancelled
        };
        let (id, phase, _) = update.object_ended(&object, outcome).unwrap();
        assert_eq!(id, offer.update_id);
        Ok(phase)
    }

    /// The new firmware runs and the host is content with it.
    pub(super) fn confirm(&self) -> bool {
        let mut slot = self.slot();
        Update::new(Some(&mut slot), DEVELOPMENT_KEY).confirm().is_ok()
    }

    pub(super) fn power_on(&self, cut: Option<(usize, Torn)>) {
        self.flash.power_on(cut);
    }
}

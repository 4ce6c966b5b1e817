//! A NOR flash whose power can be cut in the middle of any operation.

use std::cell::RefCell;
use std::rc::Rc;

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash, check_erase, check_write,
};

pub(super) const SECTOR: usize = 4096;

/// What an operation leaves behind during which the power goes away.
#[derive(Clone, Copy, Debug)]
pub(super) enum Torn {
    /// It had not begun.
    Nothing,
    /// All of it was done, but nobody was told.
    Whole,
    /// The first half was done.
    Front,
    /// The second half was done.
    Back,
    /// An erase first writes zeros everywhere; a write leaves half of each byte's bits.
    Between,
    /// Any bits, within what the operation changes.
    Noise(u32),
}

impl Torn {
    pub(super) const ALL: [Self; 6] = [
        Self::Nothing,
        Self::Whole,
        Self::Front,
        Self::Back,
        Self::Between,
        Self::Noise(0x5EED),
    ];
}

#[derive(Clone)]
struct Chip {
    bytes: Vec<u8>,
    /// Erases and writes since the power was switched on.
    operations: usize,
    /// The operation that is cut, and how.
    cut: Option<(usize, Torn)>,
    /// The power is off: nothing works any more.
    dead: bool,
}

/// A part of the chip, as a flash of its own. Clones share the chip.
#[derive(Clone)]
pub(super) struct Nor {
    chip: Rc<RefCell<Chip>>,
    start: usize,
    length: usize,
}

#[derive(Debug)]
pub(super) struct PowerCut;

impl NorFlashError for PowerCut {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

impl Nor {
    /// A chip fresh from the factory.
    pub(super) fn new(length: usize) -> Self {
        Self {
            chip: Rc::new(RefCell::new(Chip {
                bytes: vec![0xFF; length],
                operations: 0,
                cut: None,
                dead: false,
            })),
            start: 0,
            length,
        }
    }

    pub(super) fn part(&self, start: usize, length: usize) -> Self {
        assert!(start + length <= self.length);
        Self {
            chip: Rc::clone(&self.chip),
            start: self.start + start,
            length,
        }
    }

    /// The same content on a chip of its own.
    pub(super) fn copy(&self) -> Self {
        Self {
            chip: Rc::new(RefCell::new(self.chip.borrow().clone())),
            ..*self
        }
    }

    /// Switches the power on. It goes away in operation number `cut`, counted from 0.
    pub(super) fn power_on(&self, cut: Option<(usize, Torn)>) {
        let mut chip = self.chip.borrow_mut();
        chip.operations = 0;
        chip.cut = cut;
        chip.dead = false;
    }

    pub(super) fn operations(&self) -> usize {
        self.chip.borrow().operations
    }

    pub(super) fn content(&self) -> Vec<u8> {
        self.chip.borrow().bytes[self.start..self.start + self.length].to_vec()
    }

    /// Puts `bytes` there, as a programmer's probe does.
    pub(super) fn flash(&self, bytes: &[u8]) {
        let mut chip = self.chip.borrow_mut();
        chip.bytes[self.start..self.start + self.length].fill(0xFF);
        chip.bytes[self.start..self.start + bytes.len()].copy_from_slice(bytes);
    }

    /// Does an operation that would leave `after` where `before` is, or a part of it.
    fn operate(&self, offset: usize, after: &[u8], erase: bool) -> Result<(), PowerCut> {
        let mut chip = self.chip.borrow_mut();
        if chip.dead {
            return Err(PowerCut);
        }
        let torn = chip.cut.filter(|(number, _)| *number == chip.operations);
        chip.operations += 1;
        let start = self.start + offset;
        let place = &mut chip.bytes[start..start + after.len()];
        let half = after.len() / 2;
        match torn.map(|(_, torn)| torn) {
            None | Some(Torn::Whole) => place.copy_from_slice(after),
            Some(Torn::Nothing) => (),
            Some(Torn::Front) => place[..half].copy_from_slice(&after[..half]),
            Some(Torn::Back) => place[half..].copy_from_slice(&after[half..]),
            Some(Torn::Between) if erase => place.fill(0),
            Some(Torn::Between) => {
                for (byte, new) in place.iter_mut().zip(after) {
                    *byte &= new | 0x55;
                }
            }
            Some(Torn::Noise(seed)) => {
                let mut noise = seed ^ start as u32 | 1;
                for (byte, new) in place.iter_mut().zip(after) {
                    noise ^= noise << 13;
                    noise ^= noise >> 17;
                    noise ^= noise << 5;
                    *byte = if erase {
                        noise as u8
                    } else {
                        *byte & (new | noise as u8)
                    };
                }
            }
        }
        chip.dead = torn.is_some();
        if chip.dead { Err(PowerCut) } else { Ok(()) }
    }
}

impl ErrorType for Nor {
    type Error = PowerCut;
}

impl ReadNorFlash for Nor {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, into: &mut [u8]) -> Result<(), PowerCut> {
        let chip = self.chip.borrow();
        if chip.dead {
            return Err(PowerCut);
        }
        let start = self.start + offset as usize;
        assert!(offset as usize + into.len() <= self.length);
        into.copy_from_slice(&chip.bytes[start..start + into.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.length
    }
}

impl NorFlash for Nor {
    const WRITE_SIZE: usize = 1;
    const ERASE_SIZE: usize = SECTOR;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), PowerCut> {
        assert!(check_erase(self, from, to).is_ok(), "erase {from:#x}..{to:#x}");
        for sector in (from as usize..to as usize).step_by(SECTOR) {
            self.operate(sector, &[0xFF; SECTOR], true)?;
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), PowerCut> {
        assert!(check_write(self, offset, bytes.len()).is_ok());
        // Page by page, as the chip programs, and bits only ever fall.
        let mut at = offset as usize;
        for page in bytes.chunks(256) {
            let start = self.start + at;
            let after: Vec<u8> = self.chip.borrow().bytes[start..start + page.len()]
                .iter()
                .zip(page)
                .map(|(old, new)| old & new)
                .collect();
            self.operate(at, &after, false)?;
            at += page.len();
        }
        Ok(())
    }
}

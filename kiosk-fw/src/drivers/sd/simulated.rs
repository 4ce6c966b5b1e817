//! A card behind its four wires: takes a byte, gives a byte.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::rc::Rc;

use embedded_hal::spi::{ErrorType, SpiBus};

use super::wire::{self, BLOCK};
use super::{CardBus, Pace, Slot};

/// What is wrong with a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Pulled,
    /// Never says that it has started.
    NeverStarts,
    /// Never lets the line go after a block was written.
    BusyForEver,
    /// Never sends the block.
    Silent,
    /// Every so many-th byte that it sends is wrong.
    Noise(u32),
    /// Sends bytes without meaning, whatever it is asked.
    Garbage,
    /// Answers with this instead of a block.
    ErrorToken(u8),
    /// Answers a block with this.
    DataResponse(u8),
    /// Finds out after the block that it could not be written.
    Status(u8),
}

/// A card's inside.
#[allow(clippy::struct_excessive_bools)] // What a card knows and was told are bits.
pub(super) struct Chip {
    pub(super) version_2: bool,
    pub(super) high_capacity: bool,
    pub(super) blocks: u32,
    pub(super) fault: Option<Fault>,
    /// A fault that begins after so many bytes on the wire.
    pub(super) later: Option<(u32, Fault)>,
    /// Times that it says that it is still starting.
    pub(super) starting: u32,
    /// Bytes for which it is busy after a write, and bytes before the data of a read.
    pub(super) busy_for: u32,
    pub(super) slow_by: u32,
    /// How often the bus was claimed, and the bytes at each pace.
    pub(super) claims: u32,
    pub(super) bytes: u32,
    pub(super) content: HashMap<u32, [u8; BLOCK]>,
    pub(super) checks_sums: bool,
    selected: bool,
    idle: bool,
    application: bool,
    ready: bool,
    clocks: u32,
    pace: Pace,
    command: Vec<u8>,
    sending: VecDeque<u8>,
    receiving: Option<(u32, Vec<u8>)>,
    busy: u32,
    noise: u32,
}

impl Chip {
    pub(super) fn new() -> Self {
        Self {
            version_2: true,
            high_capacity: true,
            blocks: 8192,
            fault: None,
            later: None,
            starting: 3,
            busy_for: 40,
            slow_by: 20,
            claims: 0,
            bytes: 0,
            content: HashMap::new(),
            checks_sums: false,
            selected: false,
            idle: false,
            application: false,
            ready: false,
            clocks: 0,
            pace: Pace::Starting,
            command: Vec::new(),
            sending: VecDeque::new(),
            receiving: None,
            busy: 0,
            noise: 1,
        }
    }

    /// Takes it out and puts it in again: it knows nothing any more but its content.
    pub(super) fn replug(&mut self) {
        (self.idle, self.ready, self.clocks, self.busy) = (false, false, 0, 0);
        self.command.clear();
        self.sending.clear();
        self.receiving = None;
    }

    fn exchange(&mut self, byte: u8) -> u8 {
        self.bytes += 1;
        if let Some((at, fault)) = self.later
            && self.bytes >= at
        {
            self.fault = Some(fault);
            self.later = None;
        }
        self.clocks += 8;
        match self.fault {
            Some(Fault::Pulled) => return 0xFF,
            Some(Fault::Garbage) => {
                self.noise = self.noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                return (self.noise >> 24) as u8;
            }
            _ => (),
        }
        let busy = self.busy > 0;
        if self.busy > 0 && self.fault != Some(Fault::BusyForEver) {
            self.busy -= 1;
        }
        if !self.selected {
            return 0xFF;
        }
        if busy && self.sending.is_empty() {
            return 0x00;
        }
        let answer = self.sending.pop_front().unwrap_or(0xFF);
        self.take(byte);
        if let Some(Fault::Noise(every)) = self.fault
            && self.bytes.is_multiple_of(every)
        {
            return answer ^ 0x10;
        }
        answer
    }

    fn take(&mut self, byte: u8) {
        if let Some((address, data)) = &mut self.receiving {
            if data.is_empty() && byte != wire::START_BLOCK {
                return;
            }
            data.push(byte);
            if data.len() == 1 + BLOCK + 2 {
                let (address, data) = (*address, data.clone());
                self.receiving = None;
                self.received(address, &data[1..]);
            }
            return;
        }
        if self.command.is_empty() && byte & 0xC0 != 0x40 {
            return;
        }
        self.command.push(byte);
        if let Ok(command) = <[u8; 6]>::try_from(self.command.as_slice()) {
            self.command.clear();
            self.sending.clear();
            // A response comes a byte or more after its command.
            self.sending.push_back(0xFF);
            self.obey(command);
        }
    }

    fn received(&mut self, address: u32, data: &[u8]) {
        let (data, sum) = data.split_at(BLOCK);
        let answer = match self.fault {
            Some(Fault::DataResponse(answer)) => answer,
            _ if sum != wire::data_sum(data) => wire::DATA_BAD_CHECKSUM,
            _ => {
                self.content.insert(address, data.try_into().unwrap());
                wire::DATA_ACCEPTED
            }
        };
        self.sending.push_back(0xE0 | answer);
        self.busy = self.busy_for;
    }

    fn obey(&mut self, command: [u8; 6]) {
        let argument = u32::from_be_bytes(command[1..5].try_into().unwrap());
        let application = std::mem::take(&mut self.application);
        let number = command[0] & 0x3F;
        if number == 0 {
            // Native mode until 74 clocks have passed and CMD0 came with the right sum.
            if self.clocks >= 74 && command[5] == 0x95 {
                (self.idle, self.ready) = (true, false);
                self.sending.push_back(0x01);
            }
            return;
        }
        if !self.idle && !self.ready {
            return;
        }
        let sum = crc::Crc::<u8>::new(&crc::CRC_7_MMC).checksum(&command[..5]) << 1 | 1;
        if (self.checks_sums || number == 8) && sum != command[5] {
            self.sending.push_back(0x08 | u8::from(!self.ready));
            return;
        }
        let idle = u8::from(!self.ready);
        match (number, application) {
            (8, _) if self.version_2 => {
                self.sending.push_back(idle);
                self.sending.extend((argument & 0xFFF).to_be_bytes());
            }
            (59, _) => {
                self.checks_sums = argument & 1 != 0;
                self.sending.push_back(idle);
            }
            (55, _) => {
                self.application = true;
                self.sending.push_back(idle);
            }
            (41, true) => {
                self.starting = self.starting.saturating_sub(1);
                if self.starting == 0 && self.fault != Some(Fault::NeverStarts) {
                    self.ready = true;
                }
                self.sending.push_back(u8::from(!self.ready));
            }
            (58, _) => {
                self.sending.push_back(idle);
                let ccs = if self.high_capacity {
                    wire::OCR_HIGH_CAPACITY
                } else {
                    0
                };
                self.sending.extend((0x80FF_8000 | ccs).to_be_bytes());
            }
            _ if !self.ready => self.sending.push_back(0x04 | idle),
            (16, _) => self.sending.push_back(if argument == 512 { 0 } else { 0x40 }),
            (9, _) => {
                self.sending.push_back(0);
                let csd = self.csd();
                self.send_data(&csd);
            }
            (13, _) => {
                let status = match self.fault {
                    Some(Fault::Status(status)) => status,
                    _ => 0,
                };
                self.sending.extend([0, status]);
            }
            (17 | 24, _) => match self.block(argument) {
                None => self.sending.push_back(0x40),
                Some(block) => {
                    assert_eq!(self.pace, Pace::Started);
                    self.sending.push_back(0);
                    if number == 24 {
                        self.receiving = Some((block, Vec::new()));
                    } else if let Some(Fault::ErrorToken(token)) = self.fault {
                        self.sending.push_back(token);
                    } else if self.fault != Some(Fault::Silent) {
                        let content = self.content.get(&block).copied().unwrap_or([0; BLOCK]);
                        self.send_data(&content);
                    }
                }
            },
            _ => self.sending.push_back(0x04),
        }
    }

    fn block(&self, address: u32) -> Option<u32> {
        let block = if self.high_capacity {
            address
        } else {
            if !address.is_multiple_of(512) {
                return None;
            }
            address / 512
        };
        (block < self.blocks).then_some(block)
    }

    fn send_data(&mut self, data: &[u8]) {
        self.sending.extend((0..self.slow_by).map(|_| 0xFF));
        self.sending.push_back(wire::START_BLOCK);
        self.sending.extend(data);
        self.sending.extend(wire::data_sum(data));
    }

    fn csd(&self) -> [u8; 16] {
        let mut register = if self.high_capacity {
            1_u128 << 126 | u128::from(self.blocks / 1024 - 1) << 48
        } else {
            // READ_BL_LEN = 9, C_SIZE_MULT = 0: four blocks for each of C_SIZE.
            9_u128 << 80 | u128::from(self.blocks / 4 - 1) << 62
        };
        let bytes = register.to_be_bytes();
        let sum = crc::Crc::<u8>::new(&crc::CRC_7_MMC).checksum(&bytes[..15]);
        register |= u128::from(sum << 1 | 1);
        register.to_be_bytes()
    }
}

/// A slot with that card in it.
#[derive(Clone)]
pub(super) struct Socket(pub(super) Rc<RefCell<Chip>>);

pub(super) struct Claimed(Rc<RefCell<Chip>>);

impl Slot for Socket {
    type Bus<'a> = Claimed;

    async fn claim(&mut self, pace: Pace) -> Claimed {
        let mut chip = self.0.borrow_mut();
        chip.claims += 1;
        chip.pace = pace;
        Claimed(self.0.clone())
    }
}

impl CardBus for Claimed {
    fn select(&mut self, selected: bool) {
        self.0.borrow_mut().selected = selected;
    }
}

impl Drop for Claimed {
    fn drop(&mut self) {
        self.0.borrow_mut().selected = false;
    }
}

impl ErrorType for Claimed {
    type Error = Infallible;
}

impl SpiBus for Claimed {
    fn read(&mut self, words: &mut [u8]) -> Result<(), Infallible> {
        let mut chip = self.0.borrow_mut();
        for word in words {
            *word = chip.exchange(0xFF);
        }
        Ok(())
    }

    fn write(&mut self, words: &[u8]) -> Result<(), Infallible> {
        let mut chip = self.0.borrow_mut();
        for &word in words {
            chip.exchange(word);
        }
        Ok(())
    }

    fn transfer(&mut self, read: &mut [u8], write: &[u8]) -> Result<(), Infallible> {
        let mut chip = self.0.borrow_mut();
        for (into, &from) in read.iter_mut().zip(write) {
            *into = chip.exchange(from);
        }
        Ok(())
    }

    fn transfer_in_place(&mut self, words: &mut [u8]) -> Result<(), Infallible> {
        let mut chip = self.0.borrow_mut();
        for word in words {
            *word = chip.exchange(*word);
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

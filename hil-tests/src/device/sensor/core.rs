//! The sensor's behaviour: packets in, packets out.

mod image;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::library::{CHARACTER_LENGTH, Library, from_line, to_line};
use super::packet::{Kind, Received, encode, take};
use super::{Confirmation, Faults, FingerSource, Instruction, Model};
use crate::device::serial::SerialDevice;

/// A packet that stays incomplete for so long is given up.
const PACKET_TIMEOUT: Duration = Duration::from_millis(500);
/// Payload of data packets by packet size code.
const PACKET_SIZES: [usize; 4] = [32, 64, 128, 256];
/// Packet size code of a new sensor: 128 bytes.
const DEFAULT_PACKET_CODE: u8 = 2;
/// Baud rate of a new sensor, in units of 9600: 57,600.
const DEFAULT_BAUD_CODE: u8 = 6;
/// Security level of a new sensor.
const DEFAULT_SECURITY: u8 = 3;
/// Address of a new sensor.
const DEFAULT_ADDRESS: u32 = 0xFFFF_FFFF;
/// What R307 and R503 call their system.
const SYSTEM_ID: u16 = 0x0009;
/// Pages and bytes of the note pad.
const NOTEPAD_PAGES: usize = 16;
const NOTEPAD_PAGE_LENGTH: usize = 32;

/// What a sensor has done since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Packets that came whole and with the right sum.
    pub commands: u64,
    /// Packets whose sum was wrong.
    pub bad_sums: u64,
    /// Images taken of a finger.
    pub images: u64,
    /// Images sent to the end.
    pub uploads: u64,
}

/// What the data packets that are awaited are for.
#[derive(Debug, Clone, Copy)]
enum Incoming {
    Characters { buffer: u8 },
    Image,
}

/// The emulated sensor. See the [module](super).
pub struct SensorCore {
    model: Model,
    finger: Arc<dyn FingerSource>,
    faults: Faults,
    counters: Counters,
    address: u32,
    password: u32,
    /// Whether the password has been verified, or need not be.
    unlocked: bool,
    baud_code: u8,
    security: u8,
    packet_code: u8,
    /// The image taken last: 4 bits a pixel, two pixels a byte.
    image: Option<Vec<u8>>,
    library: Library,
    notepad: [[u8; NOTEPAD_PAGE_LENGTH]; NOTEPAD_PAGES],
    /// State of the random number generator.
    random: u32,
    received: Vec<u8>,
    last_byte: Duration,
    incoming: Option<(Incoming, Vec<u8>)>,
    outgoing: VecDeque<u8>,
}

impl SensorCore {
    /// A new sensor: address FFFFFFFF, password 0, 57,600 baud, data packets of 128 bytes, nothing stored.
    pub fn new(model: Model, finger: Arc<dyn FingerSource>) -> Self {
        Self {
            model,
            finger,
            faults: Faults::default(),
            counters: Counters::default(),
            address: DEFAULT_ADDRESS,
            password: 0,
            unlocked: true,
            baud_code: DEFAULT_BAUD_CODE,
            security: DEFAULT_SECURITY,
            packet_code: DEFAULT_PACKET_CODE,
            image: None,
            library: Library::default(),
            notepad: [[0; NOTEPAD_PAGE_LENGTH]; NOTEPAD_PAGES],
            random: 1,
            received: Vec::new(),
            last_byte: Duration::ZERO,
            incoming: None,
            outgoing: VecDeque::new(),
        }
    }

    /// The ways in which it fails.
    pub fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    /// What it has done.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Bits per second that the client has set; a pseudo-terminal does not care.
    pub fn baud(&self) -> u32 {
        u32::from(self.baud_code) * 9600
    }

    fn reply(&mut self, confirmation: Confirmation, rest: &[u8]) {
        let mut payload = vec![confirmation.code()];
        payload.extend_from_slice(rest);
        self.send(Kind::Acknowledge, &payload);
    }

    fn send(&mut self, kind: Kind, payload: &[u8]) {
        self.outgoing.extend(encode(self.address, kind, payload));
    }

    fn handle(&mut self, received: Received) {
        match received {
            Received::BadSum => {
                self.counters.bad_sums += 1;
                self.incoming = None;
                self.reply(Confirmation::ReceiveError, &[]);
            }
            Received::Packet { address, .. } if address != self.address => {
                self.reply(Confirmation::WrongAddress, &[]);
            }
            Received::Packet {
                kind: Kind::Command,
                payload,
                ..
            } => {
                self.counters.commands += 1;
                self.incoming = None;
                let Some((code, arguments)) = payload.split_first() else {
                    return self.reply(Confirmation::ReceiveError, &[]);
                };
                match Instruction::from_code(*code) {
                    Some(instruction) => self.execute(instruction, arguments),
                    None => self.reply(Confirmation::ReceiveError, &[]),
                }
            }
            Received::Packet {
                kind: Kind::Data,
                payload,
                ..
            } => self.take_data(&payload, false),
            Received::Packet {
                kind: Kind::EndOfData,
                payload,
                ..
            } => self.take_data(&payload, true),
            // Another sensor's answer on the line is none of its business.
            Received::Packet {
                kind: Kind::Acknowledge,
                ..
            } => {}
        }
    }

    /// Carries out an instruction and answers. An answer always has its full length, as real sensors' answers do.
    fn execute(&mut self, instruction: Instruction, arguments: &[u8]) {
        use Confirmation as C;
        use Instruction as I;
        if !self.unlocked && instruction != I::VfyPwd {
            return self.reply(C::PasswordRequired, &[]);
        }
        let byte = |at: usize| arguments.get(at).copied();
        let word = |at: usize| Some(u16::from_be_bytes(*arguments.get(at..)?.first_chunk()?));
        let long = |at: usize| Some(u32::from_be_bytes(*arguments.get(at..)?.first_chunk()?));
        let or_failed = |done: bool, failed: C| if done { C::Ok } else { failed };

        let confirmation = match instruction {
            I::GenImg => self.take_image(),
            I::Img2Tz => self.make_template(byte(0).unwrap_or(1)),
            I::Match => {
                let score = self.library.compare(self.security);
                return self.reply(
                    or_failed(score.is_some(), C::NoMatch),
                    &score.unwrap_or(0).to_be_bytes(),
                );
            }
            I::Search | I::HiSpeedSearch => {
                let (first, count) = (word(1).unwrap_or(0), word(3).unwrap_or(u16::MAX));
                let found = self
                    .library
                    .search(byte(0).unwrap_or(1), first, count, self.security);
                let [place, score] = found
                    .map_or([0, 0], |(place, score)| [place, score])
                    .map(u16::to_be_bytes);
                return self.reply(or_failed(found.is_some(), C::NotFound), &[place, score].concat());
            }
            I::RegModel => or_failed(self.library.merge(self.security), C::MergeFailed),
            I::Store => match (byte(0), word(1)) {
                (Some(buffer), Some(place)) if place < self.model.capacity() => {
                    or_failed(self.library.store(buffer, place), C::LoadFailed)
                }
                _ => C::BadLocation,
            },
            I::Load => match (byte(0), word(1)) {
                (Some(buffer), Some(place)) if place < self.model.capacity() => {
                    or_failed(self.library.load(buffer, place), C::LoadFailed)
                }
                _ => C::BadLocation,
            },
            I::UpChar => return self.send_characters(byte(0).unwrap_or(1)),
            I::DownChar => self.expect(Incoming::Characters {
                buffer: byte(0).unwrap_or(1),
            }),
            I::UpImage => return self.send_image(),
            I::DownImage => self.expect(Incoming::Image),
            I::Delete => match (word(0), word(2)) {
                (Some(first), Some(count)) if first < self.model.capacity() => {
                    self.library.delete(first, count);
                    C::Ok
                }
                _ => C::BadLocation,
            },
            I::Empty => {
                self.library.empty();
                C::Ok
            }
            I::SetSysPara => self.set_parameter(byte(0), byte(1)),
            I::ReadSysPara => {
                let parameters = self.parameters();
                return self.reply(C::Ok, &parameters);
            }
            I::SetPwd => long(0).map_or(C::ReceiveError, |password| {
                self.password = password;
                C::Ok
            }),
            I::VfyPwd => {
                self.unlocked = long(0) == Some(self.password);
                or_failed(self.unlocked, C::WrongPassword)
            }
            I::GetRandom => {
                // Numerical Recipes' generator: chance that a test can repeat.
                self.random = self.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let random = self.random.to_be_bytes();
                return self.reply(C::Ok, &random);
            }
            I::SetAdder => long(0).map_or(C::ReceiveError, |address| {
                self.address = address;
                C::Ok
            }),
            I::WriteNotepad => self.write_notepad(arguments),
            I::ReadNotepad => {
                let page = byte(0).and_then(|page| self.notepad.get(usize::from(page)).copied());
                let confirmation = or_failed(page.is_some(), C::BadRegister);
                return self.reply(confirmation, &page.unwrap_or_default());
            }
            I::TemplateNum => {
                let count = self.library.count().to_be_bytes();
                return self.reply(C::Ok, &count);
            }
            I::ReadIndex => {
                let index = self.library.index(byte(0).unwrap_or(0));
                return self.reply(C::Ok, &index);
            }
            I::GetEcho => C::Here,
            I::AuraLed | I::ProductInfo | I::SoftReset if self.model != Model::R503 => C::ReceiveError,
            I::PortControl | I::AuraLed => C::Ok,
            I::ProductInfo => {
                let information = self.product_information();
                return self.reply(C::Ok, &information);
            }
            I::SoftReset => {
                self.reply(C::Ok, &[]);
                self.image = None;
                self.library.set_buffer(1, None);
                self.library.set_buffer(2, None);
                self.unlocked = self.password == 0;
                // Not a packet: a bare byte says that the sensor has started again.
                return self.outgoing.push_back(C::Here.code());
            }
        };
        self.reply(confirmation, &[]);
    }

    fn send_characters(&mut self, buffer: u8) {
        let Some(template) = self.library.buffer(buffer).map(to_line) else {
            return self.reply(Confirmation::UpCharFailed, &[]);
        };
        self.reply(Confirmation::Ok, &[]);
        for packet in self.data_packets(&template) {
            self.outgoing.extend(packet);
        }
    }

    fn data_packets(&self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let size = PACKET_SIZES[usize::from(self.packet_code)];
        let parts = bytes.chunks(size);
        let last = parts.len().saturating_sub(1);
        parts
            .enumerate()
            .map(|(number, part)| {
                let kind = if number == last {
                    Kind::EndOfData
                } else {
                    Kind::Data
                };
                encode(self.address, kind, part)
            })
            .collect()
    }

    fn expect(&mut self, what: Incoming) -> Confirmation {
        self.incoming = Some((what, Vec::new()));
        Confirmation::Ok
    }

    /// A data packet from the client. Sensors do not acknowledge these; a client that wants to know reads back.
    fn take_data(&mut self, payload: &[u8], last: bool) {
        let Some((what, mut bytes)) = self.incoming.take() else {
            return self.reply(Confirmation::DataReceiveFailed, &[]);
        };
        let (width, height) = self.model.image_size();
        let length = match what {
            Incoming::Characters { .. } => CHARACTER_LENGTH,
            Incoming::Image => width * height / 2,
        };
        bytes.extend_from_slice(payload);
        if bytes.len() > length {
            return self.reply(Confirmation::DataReceiveFailed, &[]);
        }
        match what {
            _ if !last => self.incoming = Some((what, bytes)),
            Incoming::Characters { buffer } => self.library.set_buffer(buffer, from_line(&bytes)),
            Incoming::Image => self.image = (bytes.len() == length).then_some(bytes),
        }
    }

    fn set_parameter(&mut self, parameter: Option<u8>, value: Option<u8>) -> Confirmation {
        match (parameter, value) {
            (Some(4), Some(value @ 1..=12)) => self.baud_code = value,
            (Some(5), Some(value @ 1..=5)) => self.security = value,
            (Some(6), Some(value @ 0..=3)) => self.packet_code = value,
            _ => return Confirmation::BadRegister,
        }
        Confirmation::Ok
    }

    /// Status, system id, capacity, security, address, packet size code, baud code.
    fn parameters(&self) -> Vec<u8> {
        // Status bits: 1 = last match passed (not kept here), 2 = password verified, 3 = image in the buffer.
        let status = (u16::from(self.unlocked) << 2) | (u16::from(self.image.is_some()) << 3);
        let words = [status, SYSTEM_ID, self.model.capacity(), u16::from(self.security)];
        let mut bytes: Vec<u8> = words.into_iter().flat_map(u16::to_be_bytes).collect();
        bytes.extend_from_slice(&self.address.to_be_bytes());
        bytes.extend_from_slice(&u16::from(self.packet_code).to_be_bytes());
        bytes.extend_from_slice(&u16::from(self.baud_code).to_be_bytes());
        bytes
    }

    /// R503 manual, `ReadProdInfo`: model 16, batch 4, serial number 8, hardware 2, sensor type 8, width, height, template
    /// size, capacity (u16 each); text is padded with zeros.
    fn product_information(&self) -> Vec<u8> {
        let text = |text: &str, length: usize| {
            let mut bytes = text.as_bytes().to_vec();
            bytes.resize(length, 0);
            bytes
        };
        let (width, height) = self.model.image_size();
        let numbers = [
            width as u16,
            height as u16,
            CHARACTER_LENGTH as u16,
            self.model.capacity(),
        ];
        let mut bytes = [text("R503 emulated", 16), text("LKT", 4), text("00000001", 8)].concat();
        bytes.extend_from_slice(&[1, 0]);
        bytes.extend(text("emulated", 8));
        bytes.extend(numbers.into_iter().flat_map(u16::to_be_bytes));
        bytes
    }

    fn write_notepad(&mut self, arguments: &[u8]) -> Confirmation {
        let page = arguments
            .first()
            .and_then(|page| self.notepad.get_mut(usize::from(*page)));
        match (page, arguments.get(1..1 + NOTEPAD_PAGE_LENGTH)) {
            (Some(page), Some(content)) => {
                page.copy_from_slice(content);
                Confirmation::Ok
            }
            _ => Confirmation::BadRegister,
        }
    }
}

impl SerialDevice for SensorCore {
    fn handle_bytes(&mut self, now: Duration, bytes: &[u8]) {
        if now.saturating_sub(self.last_byte) > PACKET_TIMEOUT {
            self.received.clear();
        }
        self.last_byte = now;
        self.received.extend_from_slice(bytes);
        while let Some(received) = take(&mut self.received) {
            if !self.faults.silent {
                self.handle(received);
            }
        }
    }

    fn poll_transmit(&mut self, _now: Duration, out: &mut [u8]) -> usize {
        let length = out.len().min(self.outgoing.len());
        for (place, byte) in out.iter_mut().zip(self.outgoing.drain(..length)) {
            *place = byte;
        }
        length
    }
}

impl std::fmt::Debug for SensorCore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SensorCore")
            .field("model", &self.model)
            .field("faults", &self.faults)
            .field("counters", &self.counters)
            .finish_non_exhaustive()
    }
}

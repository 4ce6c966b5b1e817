//! A sensor for tests: it answers as a script says, and only at its own speed.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::Poll;
use std::vec::Vec;

use embedded_io_async::{ErrorType, Read, Write};

use super::packet::{DEFAULT_ADDRESS, Kind, MAX_PAYLOAD, OVERHEAD, encode, packet};
use super::{ImageSize, instruction};
use crate::board::DeviceSpeed;

/// How it sends an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sending {
    Whole,
    /// The sum of the tenth packet is wrong.
    BadSum,
    /// Nothing more after ten packets.
    Stall,
    /// It ends properly after ten packets.
    Short,
    /// It starts anew in the middle: nothing more comes, and there is no image afterwards.
    Reset,
}

/// The sensor and its line.
pub(crate) struct Script {
    /// Speed that it speaks at, and that of the board's end of the line.
    pub(crate) baud: u32,
    pub(crate) line_baud: u32,
    /// It says that it changes its speed, and does not.
    pub(crate) stubborn: bool,
    /// It has this password.
    pub(crate) password: u32,
    /// Whether a finger is there at each look; the last goes on for ever.
    pub(crate) finger: VecDeque<bool>,
    /// What it makes of each finger; good when there is no more.
    pub(crate) assessments: VecDeque<u8>,
    /// How it sends each image; whole when there is no more.
    pub(crate) sendings: VecDeque<Sending>,
    /// It answers nothing from this many commands on.
    pub(crate) dies_after: Option<usize>,
    /// Codes of the commands that it heard.
    pub(crate) heard: Vec<u8>,
    has_image: bool,
    out: VecDeque<u8>,
}

/// Both ends of the line to it.
pub(crate) struct Line(pub(crate) RefCell<Script>);

impl Line {
    pub(crate) fn new() -> Self {
        Self(RefCell::new(Script {
            baud: 57_600,
            line_baud: 57_600,
            stubborn: false,
            password: 0,
            finger: VecDeque::from([true]),
            assessments: VecDeque::new(),
            sendings: VecDeque::new(),
            dies_after: None,
            heard: Vec::new(),
            has_image: false,
            out: VecDeque::new(),
        }))
    }

    /// How often it heard a command.
    #[allow(clippy::naive_bytecount)] // There are a dozen.
    pub(crate) fn heard(&self, code: u8) -> usize {
        self.0
            .borrow()
            .heard
            .iter()
            .filter(|heard| **heard == code)
            .count()
    }
}

impl Script {
    fn send(&mut self, kind: Kind, payload: &[u8]) {
        let mut out = [0; MAX_PAYLOAD + OVERHEAD];
        let length = encode(DEFAULT_ADDRESS, kind, payload, &mut out);
        self.out.extend(&out[..length]);
    }

    fn answer(&mut self, payload: &[u8]) {
        self.send(Kind::Acknowledge, payload);
    }

    fn command(&mut self, payload: &[u8]) {
        self.heard.push(payload[0]);
        if self
            .dies_after
            .is_some_and(|commands| self.heard.len() > commands)
        {
            return;
        }
        match payload[0] {
            instruction::VERIFY_PASSWORD => {
                let right = payload[1..] == self.password.to_be_bytes();
                self.answer(&[if right { 0x00 } else { 0x13 }]);
            }
            instruction::SET_SYSTEM_PARAMETER => {
                self.answer(&[0]);
                if !self.stubborn {
                    self.baud = 9_600 * u32::from(payload[2]);
                }
            }
            instruction::READ_SYSTEM_PARAMETERS => {
                let mut answer = std::vec![0x00];
                let code = (self.baud / 9_600) as u16;
                for word in [0_u16, 9, 1_000, 3, 0xFFFF, 0xFFFF, 2, code] {
                    answer.extend(word.to_be_bytes());
                }
                self.answer(&answer);
            }
            instruction::GEN_IMAGE => {
                let there = match self.finger.len() {
                    0 | 1 => self.finger.front() == Some(&true),
                    _ => self.finger.pop_front() == Some(true),
                };
                self.has_image |= there;
                self.answer(&[if there { 0x00 } else { 0x02 }]);
            }
            instruction::IMAGE_TO_TEMPLATE => {
                let code = self.assessments.pop_front().unwrap_or(0);
                self.answer(&[code]);
            }
            instruction::UP_IMAGE if !self.has_image => self.answer(&[0x0F]),
            instruction::UP_IMAGE => {
                self.answer(&[0]);
                let sending = self.sendings.pop_front().unwrap_or(Sending::Whole);
                self.image(sending);
            }
            _ => self.answer(&[0x01]),
        }
    }

    fn image(&mut self, sending: Sending) {
        let packets = ImageSize::R307.bytes() as usize / 128;
        for number in 0..packets {
            match sending {
                Sending::Stall if number == 10 => return,
                Sending::Reset if number == 10 => {
                    self.has_image = false;
                    return;
                }
                Sending::Short if number == 10 => return self.send(Kind::EndOfData, &[7; 128]),
                _ => (),
            }
            let kind = if number + 1 == packets {
                Kind::EndOfData
            } else {
                Kind::Data
            };
            self.send(kind, &[number as u8; 128]);
            if sending == Sending::BadSum
                && number == 10
                && let Some(last) = self.out.back_mut()
            {
                *last ^= 1;
            }
        }
    }
}

impl ErrorType for &Line {
    type Error = core::convert::Infallible;
}

impl Read for &Line {
    /// Nobody wakes a reader: what the sensor says it says while it is written to.
    async fn read(&mut self, into: &mut [u8]) -> Result<usize, Self::Error> {
        poll_fn(|_| {
            let mut script = self.0.borrow_mut();
            if script.out.is_empty() {
                return Poll::Pending;
            }
            let count = into.len().min(script.out.len());
            for (place, byte) in into.iter_mut().zip(script.out.drain(..count)) {
                *place = byte;
            }
            Poll::Ready(Ok(count))
        })
        .await
    }
}

impl Write for &Line {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        let mut script = self.0.borrow_mut();
        // At another speed it hears noise.
        if script.baud == script.line_baud
            && let Ok((_, command)) = packet(bytes)
        {
            script.command(command.payload);
        }
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

impl DeviceSpeed for &Line {
    fn set(&mut self, bits_per_second: u32) {
        self.0.borrow_mut().line_baud = bits_per_second;
    }
}

//! Fingerprint sensors of the ZFM-20 family (R307, AS608, R503) on a UART.
//!
//! The image never lies in memory as a whole: [`Sensor::upload`] starts it, [`Sensor::next_part`] gives it packet by packet.
//!
//! Instruction, confirmation and parameter numbers are those of the "R307 fingerprint module user manual" (Zhiantec), 5.3 to 5.5;
//! product information is the R503's.

pub mod find;
pub mod packet;
pub mod receive;

use embassy_time::{Duration, with_timeout};
use embedded_io_async::{Read, Write};

use packet::{DEFAULT_ADDRESS, Kind, MAX_PAYLOAD, OVERHEAD, encode};
use receive::Receiver;

/// How long the sensor may take to answer. Taking an image is its slowest instruction: about half a second.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// How long it may take to say that it is there: the answer to a password comes within a few milliseconds.
const HELLO_TIMEOUT: Duration = Duration::from_millis(250);
/// The longest pause between two packets of an image: a packet of 256 bytes takes 46 ms at 57,600 baud.
const PART_TIMEOUT: Duration = Duration::from_secs(1);
/// Instruction codes.
mod instruction {
    pub(super) const GEN_IMAGE: u8 = 0x01;
    pub(super) const IMAGE_TO_TEMPLATE: u8 = 0x02;
    pub(super) const UP_IMAGE: u8 = 0x0A;
    pub(super) const SET_SYSTEM_PARAMETER: u8 = 0x0E;
    pub(super) const READ_SYSTEM_PARAMETERS: u8 = 0x0F;
    pub(super) const VERIFY_PASSWORD: u8 = 0x13;
    pub(super) const READ_PRODUCT_INFORMATION: u8 = 0x3C;
}
/// Numbers of system parameters.
mod parameter {
    pub(super) const BAUD: u8 = 4;
}
/// Confirmation codes that mean something to this driver; the others are passed on.
mod confirmation {
    pub(super) const OK: u8 = 0x00;
    pub(super) const NO_FINGER: u8 = 0x02;
    /// The image is "too disorderly": ridges run into each other.
    pub(super) const TOO_MESSY: u8 = 0x06;
    /// "Lackness of character points or over-smallness": ridges break up, or only an edge of the finger is there.
    pub(super) const TOO_FEW_FEATURES: u8 = 0x07;
    /// No valid primary image.
    pub(super) const NO_IMAGE: u8 = 0x15;
}

/// Width and height of a sensor's image, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ImageSize {
    /// Pixels in a row.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

impl ImageSize {
    /// Of an R307, AS608 or ZFM-20, which do not tell.
    pub const R307: Self = Self {
        width: 256,
        height: 288,
    };

    /// Bytes of an image as uploaded: two pixels each.
    pub const fn bytes(self) -> u32 {
        self.width as u32 * self.height as u32 * BITS_PER_PIXEL as u32 / 8
    }
}

/// Bits of a pixel as uploaded.
pub const BITS_PER_PIXEL: u8 = 4;
/// More bytes than the image of any sensor of the family has.
const LARGEST_IMAGE: u32 = ImageSize::R307.bytes();

/// What the sensor makes of the image that it has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Assessment {
    /// It finds what it needs.
    Good,
    /// Ridges run into each other: wet, dirty, or pressed too hard.
    TooMessy,
    /// It finds too little: dry, pressed too lightly, or only an edge of the finger.
    TooFew,
    /// It has no image any more.
    NoImage,
}

/// What can go wrong between board and sensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SensorError {
    /// It did not answer in time, or stopped in the middle of an image.
    NoAnswer,
    /// A packet's sum is wrong: the line is bad, or the speed.
    BadSum,
    /// It answered something that does not belong here.
    Unexpected,
    /// It refused, with this confirmation code.
    Refused(u8),
}

/// What the sensor says of itself (`ReadSysPara`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Parameters {
    /// Its kind, as its maker numbers them.
    pub system_id: u16,
    /// How many templates it could store.
    pub capacity: u16,
    /// Its own matching threshold, 1 to 5. Not used here.
    pub security: u16,
    /// Its address.
    pub address: u32,
    /// Payload of its data packets, in bytes.
    pub packet_bytes: u16,
    /// Speed of its line, in bits a second.
    pub baud: u32,
}

/// A part of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// Two pixels a byte, the left one in the high four bits.
    pub bytes: &'a [u8],
    /// Whether it is the last.
    pub last: bool,
}

/// A sensor on a serial line.
pub struct Sensor<R, W> {
    receiver: Receiver<R>,
    writer: W,
    address: u32,
    /// An instruction was given up while the sensor worked on it: its answer has still to come.
    answer_owed: bool,
}

impl<R: Read, W: Write> Sensor<R, W> {
    /// The sensor at the other end of `reader` and `writer`, with the default address.
    pub const fn new(reader: R, writer: W) -> Self {
        Self {
            receiver: Receiver::new(reader),
            writer,
            address: DEFAULT_ADDRESS,
            answer_owed: false,
        }
    }

    /// Says the password (0 unless somebody changed it). A sensor that wants one refuses everything else before.
    ///
    /// # Errors
    ///
    /// `Refused(0x13)` if the password is wrong.
    pub async fn verify_password(&mut self, password: u32) -> Result<(), SensorError> {
        let [a, b, c, d] = password.to_be_bytes();
        let command = [instruction::VERIFY_PASSWORD, a, b, c, d];
        let mut none = [];
        confirmed(self.command_within(&command, &mut none, HELLO_TIMEOUT).await?)
    }

    /// Sets the speed of the sensor's line, which it keeps without power: a multiple of 9,600 up to 115,200 bits a second. It
    /// answers at the old speed and then speaks at the new one.
    ///
    /// # Errors
    ///
    /// `Refused(0x1A)` if it does not know the speed; any other [`SensorError`].
    pub async fn set_baud(&mut self, bits_per_second: u32) -> Result<(), SensorError> {
        let code = (bits_per_second / 9_600) as u8;
        let mut none = [];
        let command = [instruction::SET_SYSTEM_PARAMETER, parameter::BAUD, code];
        confirmed(self.command(&command, &mut none).await?)
    }

    /// The size of the sensor's images, for those that tell (R503).
    ///
    /// # Errors
    ///
    /// `Refused` by those that do not know the question; any other [`SensorError`].
    pub async fn image_size(&mut self) -> Result<ImageSize, SensorError> {
        // R503 manual, "ReadProdInfo": model 16 bytes, batch 4, serial number 8, hardware 2, sensor type 8, then width and
        // height, template size and capacity, two bytes each.
        let mut answer = [0; 46];
        let command = [instruction::READ_PRODUCT_INFORMATION];
        confirmed(self.command_within(&command, &mut answer, HELLO_TIMEOUT).await?)?;
        let word = |at: usize| u16::from_be_bytes([answer[at], answer[at + 1]]);
        let size = ImageSize {
            width: word(38),
            height: word(40),
        };
        // What cannot be an image of this family is not believed.
        let likely = (64..=ImageSize::R307.width).contains(&size.width)
            && (64..=ImageSize::R307.height).contains(&size.height)
            && size.width.is_multiple_of(2);
        if likely {
            Ok(size)
        } else {
            Err(SensorError::Unexpected)
        }
    }

    /// Has the sensor look for features in the image taken last, as it would to compare it.
    ///
    /// # Errors
    ///
    /// Any [`SensorError`].
    pub async fn assess(&mut self) -> Result<Assessment, SensorError> {
        /// Which of its two places for features; neither is used for anything else.
        const BUFFER: u8 = 1;
        let mut none = [];
        match self
            .command(&[instruction::IMAGE_TO_TEMPLATE, BUFFER], &mut none)
            .await?
        {
            confirmation::TOO_MESSY => Ok(Assessment::TooMessy),
            confirmation::TOO_FEW_FEATURES => Ok(Assessment::TooFew),
            confirmation::NO_IMAGE => Ok(Assessment::NoImage),
            code => confirmed(code).map(|()| Assessment::Good),
        }
    }

    /// Asks the sensor what it is.
    ///
    /// # Errors
    ///
    /// Any [`SensorError`].
    pub async fn read_parameters(&mut self) -> Result<Parameters, SensorError> {
        let mut answer = [0; 16];
        confirmed(
            self.command(&[instruction::READ_SYSTEM_PARAMETERS], &mut answer)
                .await?,
        )?;
        // u16 each: status, system id, capacity, security, address (two), packet size code, baud / 9,600.
        let word = |index: usize| u16::from_be_bytes([answer[2 * index], answer[2 * index + 1]]);
        Ok(Parameters {
            system_id: word(1),
            capacity: word(2),
            security: word(3),
            address: u32::from(word(4)) << 16 | u32::from(word(5)),
            packet_bytes: 32 << word(6).min(3),
            baud: 9_600 * u32::from(word(7)),
        })
    }

    /// Takes an image, if a finger lies on the sensor. True if it did.
    ///
    /// # Errors
    ///
    /// `Refused(0x03)` if the finger could not be taken; any other [`SensorError`].
    pub async fn take_image(&mut self) -> Result<bool, SensorError> {
        let mut none = [];
        match self.command(&[instruction::GEN_IMAGE], &mut none).await? {
            confirmation::NO_FINGER => Ok(false),
            code => confirmed(code).map(|()| true),
        }
    }

    /// Starts the upload of the image taken last; [`next_part`](Self::next_part) gives it.
    ///
    /// # Errors
    ///
    /// `Refused(0x0F)` if the sensor cannot send it; any other [`SensorError`].
    pub async fn upload(&mut self) -> Result<(), SensorError> {
        let mut none = [];
        confirmed(self.command(&[instruction::UP_IMAGE], &mut none).await?)
    }

    /// The next part of the image.
    ///
    /// # Errors
    ///
    /// [`SensorError::BadSum`] if the part came damaged; the image is then to be given up.
    pub async fn next_part(&mut self) -> Result<Part<'_>, SensorError> {
        let received = with_timeout(PART_TIMEOUT, self.receiver.next())
            .await
            .map_err(|_| SensorError::NoAnswer)?;
        let packet = received.map_err(|_| SensorError::NoAnswer)?;
        if !packet.intact {
            return Err(SensorError::BadSum);
        }
        match packet.kind {
            Kind::Data => Ok(Part {
                bytes: packet.payload,
                last: false,
            }),
            Kind::EndOfData => Ok(Part {
                bytes: packet.payload,
                last: true,
            }),
            Kind::Command | Kind::Acknowledge => Err(SensorError::Unexpected),
        }
    }

    /// Sends an instruction and waits for its confirmation code; the rest of the answer goes to `answer`.
    ///
    /// An answer does not say what it answers, so one to an earlier instruction must be out of the way. If the future is
    /// dropped, the next call sees to that.
    async fn command(&mut self, payload: &[u8], answer: &mut [u8]) -> Result<u8, SensorError> {
        self.command_within(payload, answer, ANSWER_TIMEOUT).await
    }

    /// The same with a limit of its own.
    async fn command_within(
        &mut self,
        payload: &[u8],
        answer: &mut [u8],
        limit: Duration,
    ) -> Result<u8, SensorError> {
        if self.answer_owed {
            // A sensor that does not give it now will not.
            let _ = with_timeout(ANSWER_TIMEOUT, self.skip_answer()).await;
        }
        self.receiver.discard();
        self.answer_owed = true;
        let outcome = self.exchange(payload, answer, limit).await;
        self.answer_owed = false;
        outcome
    }

    async fn skip_answer(&mut self) {
        while let Ok(packet) = self.receiver.next().await
            && packet.kind != Kind::Acknowledge
        {}
    }

    async fn exchange(
        &mut self,
        payload: &[u8],
        answer: &mut [u8],
        limit: Duration,
    ) -> Result<u8, SensorError> {
        let mut out = [0; OVERHEAD + 8];
        let length = encode(self.address, Kind::Command, payload, &mut out);
        let mut parts_skipped = 0;
        self.writer
            .write_all(&out[..length])
            .await
            .map_err(|_| SensorError::NoAnswer)?;
        loop {
            let received = with_timeout(limit, self.receiver.next())
                .await
                .map_err(|_| SensorError::NoAnswer)?;
            let packet = received.map_err(|_| SensorError::NoAnswer)?;
            match (packet.kind, packet.payload) {
                // What is left of an image that was given up in the middle, at most a whole one of the smallest parts.
                (Kind::Data | Kind::EndOfData, _) if parts_skipped <= LARGEST_IMAGE / 32 => {
                    parts_skipped += 1;
                }
                (Kind::Acknowledge, [code, results @ ..]) if packet.intact => {
                    // A failed instruction has no results; some sensors pad, some do not.
                    if *code == confirmation::OK {
                        answer.copy_from_slice(results.get(..answer.len()).ok_or(SensorError::Unexpected)?);
                    }
                    return Ok(*code);
                }
                (Kind::Acknowledge, _) => return Err(SensorError::BadSum),
                _ => return Err(SensorError::Unexpected),
            }
        }
    }
}

fn confirmed(code: u8) -> Result<(), SensorError> {
    if code == confirmation::OK {
        Ok(())
    } else {
        Err(SensorError::Refused(code))
    }
}

// A part of the largest size fits the link's buffers whole.
const _: () = assert!(MAX_PAYLOAD <= 256);

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

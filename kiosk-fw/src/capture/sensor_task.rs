//! Works the sensor: finds it, waits for a finger, has it judged, reads the image part by part.
//!
//! ```text
//!  Start --> finger? --> good enough? --yes--> FingerPlaced --Upload--> Reading, parts --> Read
//!              ^            | no, and may ask again                        | damaged
//!              +-- lifted --+                                              +--> Damaged --Upload--> Reading …
//! ```
//!
//! The image stays in the sensor until the next is taken, so that a damaged upload is repeated and not the finger.

use embassy_futures::select::{Either, select};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::channel::Channel;
use embassy_sync::signal::Signal;
use embassy_time::{Duration, Timer};
use embedded_io_async::{Read, Write};
use heapless::Vec;
use protocol::message::FingerQuality;

use super::model::SensorEvent;
use crate::board::DeviceSpeed;
use crate::drivers::zfm::find::{FASTEST, Found, find};
use crate::drivers::zfm::packet::MAX_PAYLOAD;
use crate::drivers::zfm::{Assessment, Sensor, SensorError};

/// Pause between two looks for a finger: the sensor's lamp need not burn all the time.
const LOOK_EVERY: Duration = Duration::from_millis(60);
/// Pause before looking again for a sensor that does not answer.
const SEEK_EVERY: Duration = Duration::from_secs(2);
/// The password of a sensor that nobody has given another.
const PASSWORD: u32 = 0;
/// "Fail to collect finger": dirt, or a finger just arriving. It is looked at again.
const NOT_TAKEN: u8 = 0x03;
/// How often a finger that the sensor can make nothing of is asked for again. After that its image is sent as it is: worn
/// fingers never become better, and the host's eyes are sharper.
const ADVICE: u32 = 2;

/// Numbers the captures, so that what is left over of one that was stopped is not taken for the next.
pub type Run = u8;

/// What the task tells the main loop.
#[allow(clippy::large_enum_variant)] // There is no heap to box the bytes on.
pub enum Output {
    /// The sensor came or went.
    Presence(SensorEvent),
    /// How far a capture is.
    Event(Run, SensorEvent),
    /// Bytes of the image, after `Reading` and before `Read`.
    Part(Run, Vec<u8, MAX_PAYLOAD>),
}

/// What the main loop tells the task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Capture a finger, and mark everything about it with this number.
    Start {
        /// The number.
        run: Run,
        /// Only after the finger that lies there has been lifted.
        lift_first: bool,
    },
    /// Send the image, for the first time or again.
    Upload,
    /// Stop capturing.
    Stop,
}

/// To the main loop. Two parts at most: while the link has no room the sensor's UART holds the rest.
pub type Outputs = Channel<NoopRawMutex, Output, 2>;
/// To the task, which takes them at once while it captures.
pub type Commands = Channel<NoopRawMutex, Command, 8>;

/// Works `sensor`, on `line`, for ever.
pub async fn run<R: Read, W: Write>(
    sensor: &mut Sensor<R, W>,
    line: &mut impl DeviceSpeed,
    commands: &Commands,
    outputs: &Outputs,
) {
    // One that did not come back at the higher speed is not asked for it again.
    let mut raise = true;
    loop {
        let found = seek(sensor, line, &mut raise, commands, outputs).await;
        let upload = Signal::<NoopRawMutex, ()>::new();
        loop {
            let Command::Start { run, lift_first } = commands.receive().await else {
                continue;
            };
            upload.reset();
            let stopped = async {
                loop {
                    match commands.receive().await {
                        Command::Stop => return,
                        Command::Upload => upload.signal(()),
                        Command::Start { .. } => (),
                    }
                }
            };
            let mut capture = Capture {
                sensor,
                found,
                run,
                outputs,
                upload: &upload,
            };
            let Either::Second(error) = select(stopped, capture.run(lift_first)).await else {
                continue;
            };
            let Some(error) = error else { continue };
            outputs.send(Output::Event(run, SensorEvent::Failed(error))).await;
            if error == SensorError::NoAnswer {
                break;
            }
        }
    }
}

/// Looks for the sensor until it answers, and says so.
async fn seek<R: Read, W: Write>(
    sensor: &mut Sensor<R, W>,
    line: &mut impl DeviceSpeed,
    raise: &mut bool,
    commands: &Commands,
    outputs: &Outputs,
) -> Found {
    let mut last = None;
    loop {
        match find(sensor, line, PASSWORD, *raise).await {
            Ok(found) => {
                crate::log_info!("sensor: {}", found);
                *raise = found.baud == FASTEST;
                outputs
                    .send(Output::Presence(SensorEvent::Ready(found.image)))
                    .await;
                return found;
            }
            Err(error) => {
                if last != Some(error) {
                    last = Some(error);
                    crate::log_warn!("no sensor: {}", error);
                    outputs.send(Output::Presence(SensorEvent::Missing(error))).await;
                }
                // Whatever was asked for is answered by that.
                while commands.try_receive().is_ok() {}
                Timer::after(SEEK_EVERY).await;
            }
        }
    }
}

/// How an upload ended.
enum Upload {
    Complete,
    /// The image came damaged, short or not to its end; the sensor still has it.
    Damaged,
    /// The sensor has no image to send: it has started anew.
    Lost,
}

/// One capture of one impression.
struct Capture<'a, R, W> {
    sensor: &'a mut Sensor<R, W>,
    found: Found,
    run: Run,
    outputs: &'a Outputs,
    upload: &'a Signal<NoopRawMutex, ()>,
}

impl<R: Read, W: Write> Capture<'_, R, W> {
    /// Waits for a finger, then hands out its image. Returns why it ended early, if it did.
    async fn run(&mut self, lift_first: bool) -> Option<SensorError> {
        self.try_run(lift_first).await.err()
    }

    async fn try_run(&mut self, lift_first: bool) -> Result<(), SensorError> {
        if lift_first {
            self.wait_for(false).await?;
            self.tell(SensorEvent::Lifted).await;
        }
        let mut quality = self.finger().await?;
        loop {
            self.tell(SensorEvent::FingerPlaced(quality)).await;
            loop {
                self.upload.wait().await;
                match self.image().await? {
                    Upload::Complete => {
                        self.tell(SensorEvent::Read).await;
                        return Ok(());
                    }
                    Upload::Damaged => self.tell(SensorEvent::Damaged).await,
                    Upload::Lost => break,
                }
            }
            self.tell(SensorEvent::Poor(FingerQuality::Unknown)).await;
            quality = self.finger().await?;
        }
    }

    async fn tell(&self, event: SensorEvent) {
        self.outputs.send(Output::Event(self.run, event)).await;
    }

    /// Waits until a finger is there, or until none is.
    async fn wait_for(&mut self, finger: bool) -> Result<(), SensorError> {
        loop {
            match self.sensor.take_image().await {
                Ok(there) if there == finger => return Ok(()),
                Ok(_) | Err(SensorError::Refused(NOT_TAKEN)) => Timer::after(LOOK_EVERY).await,
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes the image of a finger, one that the sensor can read if there is such.
    async fn finger(&mut self) -> Result<FingerQuality, SensorError> {
        let mut advice = 0;
        loop {
            self.wait_for(true).await?;
            let quality = match self.sensor.assess().await {
                Ok(Assessment::Good) => return Ok(FingerQuality::Good),
                Ok(Assessment::TooMessy) => FingerQuality::TooWet,
                Ok(Assessment::TooFew) => FingerQuality::TooDry,
                Ok(Assessment::NoImage) => FingerQuality::Unusable,
                // Not all of the family can: the host judges alone.
                Err(SensorError::Refused(_)) => return Ok(FingerQuality::Unknown),
                Err(error) => return Err(error),
            };
            if advice == ADVICE && quality != FingerQuality::Unusable {
                return Ok(quality);
            }
            advice += 1;
            self.tell(SensorEvent::Poor(quality)).await;
            self.wait_for(false).await?;
            self.tell(SensorEvent::Lifted).await;
        }
    }

    /// Has the image sent and hands its parts on.
    async fn image(&mut self) -> Result<Upload, SensorError> {
        match self.sensor.upload().await {
            Ok(()) => (),
            Err(SensorError::Refused(code)) => {
                crate::log_warn!("sensor does not send its image: {=u8:#04x}", code);
                return Ok(Upload::Lost);
            }
            Err(SensorError::NoAnswer) => return Err(SensorError::NoAnswer),
            Err(SensorError::BadSum | SensorError::Unexpected) => return self.damaged().await,
        }
        self.tell(SensorEvent::Reading).await;
        let expected = self.found.image.bytes();
        let mut received = 0;
        loop {
            let Ok(part) = self.sensor.next_part().await else {
                return self.damaged().await;
            };
            received += part.bytes.len() as u32;
            let last = part.last;
            if received > expected || (last && received < expected) {
                return self.damaged().await;
            }
            // A part has at most as many bytes as the list holds.
            let bytes = Vec::from_slice(part.bytes).unwrap_or_default();
            self.outputs.send(Output::Part(self.run, bytes)).await;
            if last {
                return Ok(Upload::Complete);
            }
        }
    }

    /// What a broken upload was: a bad line, or a sensor that is not there any more.
    async fn damaged(&mut self) -> Result<Upload, SensorError> {
        self.sensor.verify_password(PASSWORD).await?;
        Ok(Upload::Damaged)
    }
}

#[cfg(test)]
mod tests;

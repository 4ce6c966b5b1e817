//! Works the sensor: finds it, waits for a finger, reads the image part by part.

use embassy_futures::select::{Either, select};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::channel::Channel;
use embassy_time::{Duration, Timer};
use embedded_io_async::{Read, Write};
use heapless::Vec;

use super::model::SensorEvent;
use crate::drivers::zfm::packet::MAX_PAYLOAD;
use crate::drivers::zfm::{IMAGE_BYTES, Sensor, SensorError};

/// Pause between two looks for a finger: the sensor's lamp need not burn all the time.
const LOOK_EVERY: Duration = Duration::from_millis(60);
/// Pause before looking again for a sensor that does not answer.
const SEEK_EVERY: Duration = Duration::from_secs(2);
/// The password of a sensor that nobody has given another.
const PASSWORD: u32 = 0;
/// "Fail to collect finger": dirt, or a finger just arriving. It is looked at again.
const NOT_TAKEN: u8 = 0x03;

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
    Start(Run),
    /// Stop capturing.
    Stop,
}

/// To the main loop. Two parts at most: while the link has no room the sensor's UART holds the rest.
pub type Outputs = Channel<NoopRawMutex, Output, 2>;
/// To the task.
pub type Commands = Channel<NoopRawMutex, Command, 4>;

/// Works `sensor` for ever.
pub async fn run<R: Read, W: Write>(sensor: &mut Sensor<R, W>, commands: &Commands, outputs: &Outputs) {
    loop {
        seek(sensor, outputs).await;
        loop {
            let Command::Start(run) = commands.receive().await else {
                continue;
            };
            let stopped = async { while commands.receive().await != Command::Stop {} };
            let outcome = match select(stopped, capture(sensor, run, outputs)).await {
                Either::First(()) => continue,
                Either::Second(outcome) => outcome,
            };
            outputs.send(Output::Event(run, outcome)).await;
            if outcome == SensorEvent::Failed(SensorError::NoAnswer) {
                break;
            }
        }
    }
}

/// Looks for the sensor until it answers, and says so.
async fn seek<R: Read, W: Write>(sensor: &mut Sensor<R, W>, outputs: &Outputs) {
    let mut last = None;
    loop {
        let found = async {
            sensor.verify_password(PASSWORD).await?;
            sensor.read_parameters().await
        };
        match found.await {
            Ok(parameters) => {
                crate::log_info!("sensor: {}", parameters);
                outputs.send(Output::Presence(SensorEvent::Ready)).await;
                return;
            }
            Err(error) => {
                if last != Some(error) {
                    last = Some(error);
                    crate::log_warn!("no sensor: {}", error);
                    outputs.send(Output::Presence(SensorEvent::Missing(error))).await;
                }
                Timer::after(SEEK_EVERY).await;
            }
        }
    }
}

/// Waits for a finger, then hands out its image. Returns how it ended.
async fn capture<R: Read, W: Write>(sensor: &mut Sensor<R, W>, run: Run, outputs: &Outputs) -> SensorEvent {
    loop {
        match sensor.take_image().await {
            Ok(true) => break,
            Ok(false) | Err(SensorError::Refused(NOT_TAKEN)) => Timer::after(LOOK_EVERY).await,
            Err(error) => return SensorEvent::Failed(error),
        }
    }
    outputs.send(Output::Event(run, SensorEvent::FingerPlaced)).await;
    if let Err(error) = sensor.upload().await {
        return SensorEvent::Failed(error);
    }
    outputs.send(Output::Event(run, SensorEvent::Reading)).await;
    let mut received = 0;
    loop {
        let part = match sensor.next_part().await {
            Ok(part) => part,
            Err(error) => return SensorEvent::Failed(error),
        };
        received += part.bytes.len() as u32;
        let last = part.last;
        if received > IMAGE_BYTES || (last && received < IMAGE_BYTES) {
            return SensorEvent::WrongSize;
        }
        // A part has at most as many bytes as the list holds.
        let bytes = Vec::from_slice(part.bytes).unwrap_or_default();
        outputs.send(Output::Part(run, bytes)).await;
        if last {
            return SensorEvent::Read;
        }
    }
}

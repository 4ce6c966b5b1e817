//! A capture board on a desk, the emulated sensor at its one line and a host's link at the other, in simulated time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use desk_board::{Desk, capture};
use hil_tests::device::sensor::{Glass, Model, SensorCore};
use hil_tests::device::serial::SerialDevice;
use hil_tests::finger::Impression;
use kiosk_fw::journal::NoStore;
use protocol::link::{BulkOutcome, Object, Role};
use protocol::message::{
    CaptureFailure, CapturePhase, CaptureProgress, CapturePurpose, Captured, FingerPosition, Firmware,
};
use protocol::{Config, Event, HostLink, Message};

/// µs.
pub const SECOND: u64 = 1_000_000;

/// What the host heard of a capture.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    Up,
    Accepted,
    Refused,
    Progress(CaptureProgress),
    Image(Vec<u8>),
    /// An image that had begun to come will not.
    Broken,
    Captured(Captured),
    Failed(CaptureFailure, u8),
}

pub struct Bench {
    pub desk: Desk<NoStore>,
    pub sensor: SensorCore,
    pub glass: Arc<Glass>,
    pub now: u64,
    host: Box<HostLink>,
    object: Option<(Object, Vec<u8>)>,
    heard: VecDeque<Heard>,
    next_capture: u32,
    /// Of the capture asked for last.
    impressions: u8,
}

impl Bench {
    /// Everything has power, and the board has found its sensor.
    pub fn ready(model: Model) -> Self {
        let glass = Arc::new(Glass::default());
        let mut bench = Self {
            desk: capture(),
            sensor: SensorCore::new(model, Arc::<Glass>::clone(&glass) as _),
            glass,
            now: 0,
            host: Box::new(HostLink::new(Config::new(Role::Host, 7, Firmware::default()))),
            object: None,
            heard: VecDeque::new(),
            next_capture: 1,
            impressions: 1,
        };
        bench.desk.switch_on(0, 3);
        bench.wait_for(5 * SECOND, |heard| *heard == Heard::Up);
        bench.pass(5 * SECOND);
        bench.heard.clear();
        bench
    }

    /// Asks for a finger.
    pub fn ask(&mut self, impressions: u8, timeout_ms: u32) -> u32 {
        let capture_id = self.next_capture;
        self.next_capture += 1;
        self.impressions = impressions;
        let capture = protocol::message::Capture {
            capture_id,
            finger: FingerPosition::RightIndex,
            purpose: CapturePurpose::Verify,
            attempt: 1,
            attempts: 1,
            timeout_ms,
            impressions,
        };
        self.host.request(self.now, &capture.into()).unwrap();
        capture_id
    }

    pub fn request(&mut self, message: impl Into<Message>) {
        self.host.request(self.now, &message.into()).unwrap();
    }

    /// Lets time pass.
    pub fn pass(&mut self, microseconds: u64) {
        let until = self.now + microseconds;
        while self.now < until {
            self.step(until);
        }
    }

    /// The next thing that is heard, at most `patience` µs from now.
    pub fn hear(&mut self, patience: u64) -> Option<Heard> {
        let until = self.now + patience;
        loop {
            if let Some(heard) = self.heard.pop_front() {
                return Some(heard);
            }
            if self.now >= until {
                return None;
            }
            self.step(until);
        }
    }

    /// What is heard until `last`, which must come in time.
    pub fn wait_for(&mut self, patience: u64, last: impl Fn(&Heard) -> bool) -> Vec<Heard> {
        let mut all = Vec::new();
        let until = self.now + patience;
        while let Some(heard) = self.hear(until.saturating_sub(self.now)) {
            let is_last = last(&heard);
            all.push(heard);
            if is_last {
                return all;
            }
        }
        panic!("it was not heard; but: {:?}", names(&all));
    }

    /// A person: does as the board says, with these touches one after the other, and hears the capture to its end.
    pub fn captured(&mut self, touches: &[Impression]) -> Vec<Heard> {
        let mut touches = touches.iter().cycle();
        let mut all = Vec::new();
        loop {
            let Some(heard) = self.hear(60 * SECOND) else {
                panic!("no end: {:?}", names(&all));
            };
            match &heard {
                Heard::Progress(progress) => match progress.phase {
                    CapturePhase::WaitingForFinger => {
                        self.pass(SECOND / 2);
                        self.glass.put(touches.next().unwrap().clone());
                    }
                    CapturePhase::Again => {
                        self.glass.lift();
                        self.pass(SECOND);
                        self.glass.put(touches.next().unwrap().clone());
                    }
                    CapturePhase::Lift => self.glass.lift(),
                    _ => {}
                },
                // The line is good again.
                Heard::Broken => *self.sensor.faults() = hil_tests::device::sensor::Faults::default(),
                _ => {}
            }
            let is_end = match &heard {
                Heard::Failed(..) | Heard::Refused => true,
                Heard::Captured(captured) => captured.impression == self.impressions,
                _ => false,
            };
            all.push(heard);
            if is_end {
                self.glass.lift();
                return all;
            }
        }
    }

    fn step(&mut self, until: u64) {
        let wake = [self.desk.next(), self.host.poll_timeout()].into_iter().flatten();
        let at = wake.min().unwrap_or(until).clamp(self.now, until);
        // Something is always due; a world in which time stands still would never end.
        self.now = at.max(self.now + 1).min(until.max(self.now + 1));
        let said = self.desk.advance(self.now);
        self.sensor_hears(&said.device);
        self.host.handle_bytes(self.now, &said.host);
        self.host.handle_timeout(self.now);
        self.host_works();
        let mut frame = [0; HostLink::MAX_WIRE_FRAME];
        loop {
            let length = self.host.poll_transmit(self.now, &mut frame);
            if length == 0 {
                break;
            }
            self.desk.host_says(&frame[..length]);
        }
    }

    fn sensor_hears(&mut self, bytes: &[u8]) {
        let now = Duration::from_micros(self.now);
        if !bytes.is_empty() {
            self.sensor.handle_bytes(now, bytes);
        }
        let mut out = [0; 64];
        loop {
            let length = self.sensor.poll_transmit(now, &mut out);
            if length == 0 {
                break;
            }
            self.desk.device_says(&out[..length]);
        }
        // It answers at the old speed and then has the new one.
        self.desk.set_device_baud(self.sensor.baud());
    }

    fn host_works(&mut self) {
        while let Some(event) = self.host.poll_event() {
            let heard = match event {
                Event::Up { .. } => Heard::Up,
                Event::Reply { message, .. } => match message {
                    Message::Accepted(_) => Heard::Accepted,
                    Message::CaptureRefused(_) => Heard::Refused,
                    other => panic!("{other:?}"),
                },
                Event::Notification(Message::CaptureProgress(progress)) => Heard::Progress(progress),
                Event::Notification(Message::Captured(captured)) => Heard::Captured(captured),
                Event::Notification(Message::CaptureFailed(failed)) => {
                    Heard::Failed(failed.reason, failed.sensor_code)
                }
                Event::Request { id, .. } => {
                    let accepted = protocol::message::Accepted {};
                    self.host.reply(self.now, id, &accepted.into()).unwrap();
                    continue;
                }
                Event::BulkBegin { object, .. } => {
                    self.object = Some((object, Vec::new()));
                    continue;
                }
                Event::BulkEnd {
                    outcome: BulkOutcome::Delivered,
                    ..
                } => {
                    let (object, bytes) = self.object.take().unwrap();
                    assert_eq!(bytes.len(), object.length as usize);
                    Heard::Image(bytes)
                }
                Event::BulkEnd { .. } => {
                    self.object = None;
                    Heard::Broken
                }
                _ => continue,
            };
            self.heard.push_back(heard);
        }
        self.read_object();
    }

    fn read_object(&mut self) {
        let mut chunk = [0; 1024];
        while let Some((_, bytes)) = &mut self.object {
            let count = self.host.bulk_read(&mut chunk);
            if count == 0 {
                break;
            }
            bytes.extend_from_slice(&chunk[..count]);
        }
    }
}

pub fn names(heard: &[Heard]) -> Vec<String> {
    let name = |heard: &Heard| match heard {
        Heard::Image(bytes) => format!("Image of {}", bytes.len()),
        other => format!("{other:?}"),
    };
    heard.iter().map(name).collect()
}

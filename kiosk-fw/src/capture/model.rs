//! What the capture board does: events and the time go in, actions come out.
//!
//! ```text
//!         Capture            finger          sensor sends          last part           delivered
//!  Idle ----------> Waiting --------> Placed ------------> Reading ---------> Sending ---------> Judging
//!                    ^   |               ^                   |                    |
//!                    |   | poor finger:  +---- damaged ------+                    | more impressions wanted
//!                    |   +- advice, lift                                          |
//!                    +------------------------------- lift -----------------------+
//!
//!  time-out, cancel, sensor error, at any point: --> Idle                          verdict --> Idle
//! ```
//!
//! The image's bytes do not pass through here: the application carries them from the sensor to the link.

mod action;
mod event;
mod job;
mod view;

use protocol::RequestId;
use protocol::link::BulkOutcome;
use protocol::message::{
    Capture, CaptureFailed, CaptureFailure, CapturePhase, CaptureRefusal, CaptureRefused, FingerQuality,
    Message, Refusal,
};

use crate::drivers::zfm::{ImageSize, SensorError};
use job::Job;

pub use action::{Action, Actions};
pub use event::{Event, SensorEvent};
pub use view::View;

/// How long a verdict stays on the screen, in µs.
const VERDICT_US: u64 = 4_000_000;
/// How long the board waits for a verdict before its screen goes back, in µs.
const JUDGING_US: u64 = 10_000_000;
/// The longest that a finger is waited for, whatever the host says, in ms.
const LONGEST_TIMEOUT_MS: u32 = 300_000;
/// How often the sensor is made to send an image before it counts as damaged for good.
const MOST_UPLOADS: u8 = 3;
/// How often a finger is asked for again before the capture ends.
const MOST_ADVICE: u8 = 4;

#[derive(Clone, Debug, PartialEq)]
enum Activity {
    Idle,
    /// A finger is awaited until then, or the lifting of one.
    Waiting {
        job: Job,
        until: u64,
        /// What was wrong with the last.
        advice: Option<FingerQuality>,
        /// The one before has to be lifted first.
        lift: bool,
    },
    /// The sensor has an image; it was told to send it, or is to be told once the transfer before has ended.
    Placed {
        job: Job,
        told: bool,
    },
    Reading {
        job: Job,
    },
    Sending {
        job: Job,
    },
    /// `view` until then.
    Showing {
        view: View,
        until: u64,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sensor {
    Unknown,
    Ready(ImageSize),
    Missing,
}

/// The capture board.
#[derive(Clone, Debug)]
pub struct Model {
    link_up: bool,
    was_up: bool,
    sensor: Sensor,
    activity: Activity,
    /// A transfer has begun, and its end was not heard of.
    transferring: bool,
}

impl Model {
    /// A capture board that has just been switched on.
    pub const fn new() -> Self {
        Self {
            link_up: false,
            was_up: false,
            sensor: Sensor::Unknown,
            activity: Activity::Idle,
            transferring: false,
        }
    }

    /// What the screen should show.
    pub fn view(&self) -> View {
        match &self.activity {
            Activity::Waiting { lift: true, .. } | Activity::Sending { .. } => View::Lift,
            Activity::Waiting {
                advice: Some(quality),
                ..
            } => View::Advice(*quality),
            Activity::Waiting { job, .. } => View::Place {
                finger: job.capture.finger,
                attempt: job.capture.attempt,
                attempts: job.capture.attempts,
                impression: job.impression,
                impressions: job.impressions(),
            },
            Activity::Placed { .. } | Activity::Reading { .. } => View::Hold,
            Activity::Showing { view, .. } => *view,
            Activity::Idle if self.sensor == Sensor::Missing => View::SensorMissing,
            Activity::Idle if self.link_up && matches!(self.sensor, Sensor::Ready(_)) => View::Ready,
            Activity::Idle if self.was_up && !self.link_up => View::Offline,
            Activity::Idle => View::Starting,
        }
    }

    /// When [`Event::Timeout`] is due, in µs since boot.
    pub fn next_timeout(&self) -> Option<u64> {
        match self.activity {
            Activity::Waiting { until, .. } | Activity::Showing { until, .. } => Some(until),
            // The sensor's and the link's own time-outs end these.
            Activity::Idle
            | Activity::Placed { .. }
            | Activity::Reading { .. }
            | Activity::Sending { .. } => None,
        }
    }

    /// Takes one event at `now` (µs since boot) and says what to do.
    pub fn handle(&mut self, now: u64, event: Event) -> Actions {
        let mut actions = Actions::new();
        match event {
            Event::LinkUp { resumed } => {
                (self.link_up, self.was_up) = (true, true);
                if !resumed {
                    // Whoever asked for the capture is gone; its transfer went with the session.
                    self.stop(&mut actions);
                }
            }
            Event::LinkDown => self.link_up = false,
            Event::Asked { id, message } => self.asked(now, id, message, &mut actions),
            Event::Told(Message::ShowVerdict(verdict)) => {
                if self.job().is_none() {
                    self.show(now, View::Verdict(verdict.verdict), VERDICT_US);
                }
            }
            Event::Sensor(event) => self.sensor(now, event, &mut actions),
            Event::BulkSent(outcome) => {
                self.transferring = false;
                self.bulk_sent(now, outcome, &mut actions);
            }
            Event::BulkRefused => {
                self.transferring = false;
                self.fail(now, CaptureFailure::TransferFailed, 0, View::Failed, &mut actions);
            }
            Event::Told(_) | Event::Timeout => (),
        }
        self.pass_time(now, &mut actions);
        actions
    }

    /// The capture under way.
    fn job(&self) -> Option<&Job> {
        match &self.activity {
            Activity::Waiting { job, .. }
            | Activity::Placed { job, .. }
            | Activity::Reading { job }
            | Activity::Sending { job } => Some(job),
            Activity::Idle | Activity::Showing { .. } => None,
        }
    }

    fn asked(&mut self, now: u64, id: RequestId, message: Message, actions: &mut Actions) {
        match message {
            Message::Capture(capture) => self.start(now, id, capture, actions),
            Message::CancelCapture(cancel) => {
                push(actions, Action::Accept(id));
                if self.job().is_some_and(|job| job.id() == cancel.capture_id) {
                    self.fail(now, CaptureFailure::Cancelled, 0, View::Cancelled, actions);
                }
            }
            Message::SetClock(_) => push(actions, Action::Accept(id)),
            _ => push(actions, Action::Refuse(id, Refusal::UnknownMessage)),
        }
    }

    fn start(&mut self, now: u64, id: RequestId, capture: Capture, actions: &mut Actions) {
        let refusal = if self.job().is_some() {
            Some(CaptureRefusal::Busy)
        } else if matches!(self.sensor, Sensor::Ready(_)) {
            None
        } else {
            Some(CaptureRefusal::SensorMissing)
        };
        if let Some(reason) = refusal {
            let refused = CaptureRefused {
                capture_id: capture.capture_id,
                reason,
            };
            push(actions, Action::RefuseCapture(id, refused));
            return;
        }
        push(actions, Action::Accept(id));
        let job = Job::new(capture);
        push(actions, job.progress(CapturePhase::WaitingForFinger));
        push(actions, Action::StartSensor { lift_first: false });
        self.wait(now, job, None, false);
    }

    /// Waits for a finger, for as long as the host said.
    fn wait(&mut self, now: u64, job: Job, advice: Option<FingerQuality>, lift: bool) {
        let timeout = u64::from(job.capture.timeout_ms.min(LONGEST_TIMEOUT_MS)) * 1_000;
        self.activity = Activity::Waiting {
            job,
            until: now + timeout,
            advice,
            lift,
        };
    }

    fn sensor(&mut self, now: u64, event: SensorEvent, actions: &mut Actions) {
        match event {
            SensorEvent::Ready(size) => self.sensor = Sensor::Ready(size),
            SensorEvent::Missing(_) => {
                self.sensor = Sensor::Missing;
                // It was taken on before the task found out, and cannot begin.
                if matches!(self.activity, Activity::Waiting { .. }) {
                    self.fail(now, CaptureFailure::SensorMissing, 0, View::Failed, actions);
                }
            }
            SensorEvent::Failed(error) => self.sensor_failed(now, error, actions),
            SensorEvent::Poor(quality) => self.poor(now, quality, actions),
            SensorEvent::Lifted => self.lifted(actions),
            SensorEvent::FingerPlaced(quality) => {
                if let Activity::Waiting { job, .. } = &self.activity {
                    let job = Job {
                        quality,
                        ..job.clone()
                    };
                    push(actions, job.progress(CapturePhase::FingerPlaced));
                    self.upload(job, actions);
                }
            }
            SensorEvent::Reading => self.reading(actions),
            SensorEvent::Damaged => self.damaged(now, actions),
            SensorEvent::Read => {
                if let Activity::Reading { job } = &self.activity {
                    let job = job.clone();
                    push(actions, job.progress(CapturePhase::Lift));
                    self.activity = Activity::Sending { job };
                }
            }
        }
    }

    fn sensor_failed(&mut self, now: u64, error: SensorError, actions: &mut Actions) {
        let (reason, code) = match error {
            SensorError::NoAnswer => (CaptureFailure::SensorMissing, 0),
            SensorError::BadSum | SensorError::Unexpected => (CaptureFailure::BadImage, 0),
            SensorError::Refused(code) => (CaptureFailure::SensorError, code),
        };
        if error == SensorError::NoAnswer {
            self.sensor = Sensor::Missing;
        }
        self.fail(now, reason, code, View::Failed, actions);
    }

    /// The finger was of no use, or the sensor has lost its image: it is asked for again.
    fn poor(&mut self, now: u64, quality: FingerQuality, actions: &mut Actions) {
        let (Activity::Waiting { job, .. } | Activity::Placed { job, .. }) = &self.activity else {
            return;
        };
        let mut job = job.clone();
        job.advice += 1;
        job.quality = quality;
        if job.advice > MOST_ADVICE {
            self.fail(now, CaptureFailure::PoorFinger, 0, View::Failed, actions);
            return;
        }
        push(actions, job.progress(CapturePhase::Again));
        self.wait(now, job, Some(quality), false);
    }

    fn lifted(&mut self, actions: &mut Actions) {
        if let Activity::Waiting { job, lift, .. } = &mut self.activity
            && core::mem::take(lift)
        {
            push(actions, job.progress(CapturePhase::WaitingForFinger));
        }
    }

    /// Has the sensor send its image, at once or when the link is free for it.
    fn upload(&mut self, mut job: Job, actions: &mut Actions) {
        let told = !self.transferring;
        if told {
            job.uploads += 1;
            push(actions, Action::Upload);
        }
        self.activity = Activity::Placed { job, told };
    }

    fn reading(&mut self, actions: &mut Actions) {
        let (Activity::Placed { job, told: true }, Sensor::Ready(size)) = (&self.activity, self.sensor)
        else {
            return;
        };
        let job = job.clone();
        push(
            actions,
            Action::BeginImage {
                id: job.id(),
                length: size.bytes(),
            },
        );
        self.transferring = true;
        push(actions, job.progress(CapturePhase::Reading));
        self.activity = Activity::Reading { job };
    }

    /// The image came damaged. It is still in the sensor.
    fn damaged(&mut self, now: u64, actions: &mut Actions) {
        let (Activity::Placed { job, .. } | Activity::Reading { job }) = &self.activity else {
            return;
        };
        let job = job.clone();
        if job.uploads >= MOST_UPLOADS {
            self.fail(now, CaptureFailure::BadImage, 0, View::Failed, actions);
            return;
        }
        if matches!(self.activity, Activity::Reading { .. }) {
            push(actions, Action::AbortImage);
        }
        self.upload(job, actions);
    }

    fn bulk_sent(&mut self, now: u64, outcome: BulkOutcome, actions: &mut Actions) {
        match (&self.activity, outcome) {
            // The link may hear that the host has the last byte before the sensor's task says that it was the last one:
            // the host has the whole image, so the finger may go all the same.
            (Activity::Reading { job } | Activity::Sending { job }, BulkOutcome::Delivered) => {
                let job = job.clone();
                if matches!(self.activity, Activity::Reading { .. }) {
                    push(actions, job.progress(CapturePhase::Lift));
                }
                self.captured(now, &job, actions);
            }
            // Whoever asked for the capture is gone, and must not take its end for that of one it asks for now.
            (_, BulkOutcome::PeerRestarted) => self.stop(actions),
            // The end of a transfer that was given up: now there can be another.
            (Activity::Placed { job, told: false }, _) => {
                let job = job.clone();
                self.upload(job, actions);
            }
            // Any other end is an early one.
            (Activity::Reading { .. } | Activity::Sending { .. }, _) => {
                self.fail(now, CaptureFailure::TransferFailed, 0, View::Failed, actions);
            }
            _ => (),
        }
    }

    /// The host has the image of one impression.
    fn captured(&mut self, now: u64, job: &Job, actions: &mut Actions) {
        let Sensor::Ready(size) = self.sensor else {
            // It went missing after its last byte.
            self.fail(now, CaptureFailure::SensorMissing, 0, View::Failed, actions);
            return;
        };
        push(actions, job.captured(size));
        match job.next() {
            Some(next) => {
                // The task may not have ended the last one: see above.
                push(actions, Action::StopSensor);
                push(actions, Action::StartSensor { lift_first: true });
                self.wait(now, next, None, true);
            }
            None => self.show(now, View::Judging, JUDGING_US),
        }
    }

    /// Ends the capture under way, if any, without telling the host.
    fn stop(&mut self, actions: &mut Actions) {
        match self.activity {
            Activity::Waiting { .. } | Activity::Placed { .. } => push(actions, Action::StopSensor),
            Activity::Reading { .. } | Activity::Sending { .. } => {
                push(actions, Action::StopSensor);
                push(actions, Action::AbortImage);
            }
            Activity::Idle | Activity::Showing { .. } => return,
        }
        self.activity = Activity::Idle;
    }

    /// Ends the capture under way, if any, and tells the host why.
    fn fail(&mut self, now: u64, reason: CaptureFailure, sensor_code: u8, view: View, actions: &mut Actions) {
        let Some(capture_id) = self.job().map(Job::id) else {
            return;
        };
        self.stop(actions);
        push(
            actions,
            Action::Failed(CaptureFailed {
                capture_id,
                reason,
                sensor_code,
            }),
        );
        self.show(now, view, VERDICT_US);
    }

    fn show(&mut self, now: u64, view: View, duration: u64) {
        self.activity = Activity::Showing {
            view,
            until: now + duration,
        };
    }

    fn pass_time(&mut self, now: u64, actions: &mut Actions) {
        match self.activity {
            Activity::Waiting { until, .. } if now >= until => {
                self.fail(now, CaptureFailure::Timeout, 0, View::TooLate, actions);
            }
            Activity::Showing { until, .. } if now >= until => self.activity = Activity::Idle,
            _ => (),
        }
    }
}

impl Default for Model {
    fn default() -> Self {
        Self::new()
    }
}

/// No event leads to more actions than fit: at most one answer and what starts or ends a capture.
fn push(actions: &mut Actions, action: Action) {
    let pushed = actions.push(action);
    debug_assert!(pushed.is_ok(), "an event led to more actions than counted on");
}

#[cfg(test)]
mod tests;

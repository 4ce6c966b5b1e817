//! What the capture board does: events and the time go in, actions come out.
//!
//! ```text
//!         Capture            finger           upload begins         last part           delivered
//!  Idle ----------> Waiting --------> Placed --------------> Reading ---------> Sending ---------> Judging
//!                      |                 |                      |                  |                  |
//!                      +-- time-out, cancel, sensor error ------+------------------+--> Idle      verdict --> Idle
//! ```
//!
//! The image's bytes do not pass through here: the application carries them from the sensor to the link.

use heapless::Vec;
use protocol::RequestId;
use protocol::link::BulkOutcome;
use protocol::message::{
    Capture, CaptureFailed, CaptureFailure, CapturePhase, CaptureProgress, CaptureRefusal, CaptureRefused,
    CaptureVerdict, Captured, FingerPosition, Message, Refusal,
};

use crate::drivers::zfm::{BITS_PER_PIXEL, IMAGE_SIZE, SensorError};

/// How long a verdict stays on the screen, in µs.
const VERDICT_US: u64 = 4_000_000;
/// How long the board waits for a verdict before its screen goes back, in µs.
const JUDGING_US: u64 = 10_000_000;
/// The longest that a finger is waited for, whatever the host says, in ms.
const LONGEST_TIMEOUT_MS: u32 = 300_000;

/// What the sensor's task tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SensorEvent {
    /// The sensor answered at start or after it was missing.
    Ready,
    /// It does not answer, or not as it should.
    Missing(SensorError),
    /// An image of a finger was taken.
    FingerPlaced,
    /// The image's first bytes are about to come.
    Reading,
    /// The image's last bytes have been taken over by the link.
    Read,
    /// The capture ended; nothing more will come for it.
    Failed(SensorError),
    /// The capture ended: the sensor sent fewer or more bytes than an image has.
    WrongSize,
}

/// What happens to a capture board.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The host is there. If not `resumed`, it remembers nothing.
    LinkUp {
        /// The session of before goes on.
        resumed: bool,
    },
    /// The host is not there.
    LinkDown,
    /// The host asks for something.
    Asked {
        /// For the answer.
        id: RequestId,
        /// What for.
        message: Message,
    },
    /// The host tells something.
    Told(Message),
    /// The sensor tells something.
    Sensor(SensorEvent),
    /// The image's transfer ended.
    BulkSent(BulkOutcome),
    /// The image's transfer could not begin.
    BulkRefused,
    /// The time given by [`Model::next_timeout`] has come.
    Timeout,
}

/// What a capture board does.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Answers a request of the host with `Accepted`.
    Accept(RequestId),
    /// Answers a request to capture with `CaptureRefused`.
    RefuseCapture(RequestId, CaptureRefused),
    /// Refuses a request of the host.
    Refuse(RequestId, Refusal),
    /// Tells the host how far the capture is.
    Progress(CaptureProgress),
    /// Tells the host that the image is complete.
    Captured(Captured),
    /// Tells the host that there will be no image.
    Failed(CaptureFailed),
    /// Has the sensor look for a finger, take its image and send it.
    StartSensor,
    /// Has the sensor stop; nothing more may come from it for this capture.
    StopSensor,
    /// Begins the image's transfer under this id.
    BeginImage(u32),
    /// Gives the transfer up.
    AbortImage,
}

/// The actions of one event, in order.
pub type Actions = Vec<Action, 6>;

/// What the screen should show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// The host was never there.
    Starting,
    /// The host does not answer.
    Offline,
    /// The sensor does not answer.
    SensorMissing,
    /// Nothing to do.
    Ready,
    /// A finger is asked for.
    Place {
        /// Which.
        finger: FingerPosition,
        /// Which try this is, from 1.
        attempt: u8,
        /// How many there are.
        attempts: u8,
    },
    /// The finger must not move.
    Hold,
    /// The finger may go.
    Lift,
    /// The counter compares.
    Judging,
    /// What became of it.
    Verdict(CaptureVerdict),
    /// No finger came in time.
    TooLate,
    /// The capture was stopped.
    Cancelled,
    /// Sensor or line failed.
    Failed,
}

#[derive(Clone, Debug, PartialEq)]
enum Activity {
    Idle,
    Waiting {
        capture: Capture,
        until: u64,
    },
    Placed {
        id: u32,
    },
    Reading {
        id: u32,
    },
    Sending {
        id: u32,
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
    Ready,
    Missing,
}

/// The capture board.
#[derive(Clone, Debug)]
pub struct Model {
    link_up: bool,
    was_up: bool,
    sensor: Sensor,
    activity: Activity,
}

impl Model {
    /// A capture board that has just been switched on.
    pub const fn new() -> Self {
        Self {
            link_up: false,
            was_up: false,
            sensor: Sensor::Unknown,
            activity: Activity::Idle,
        }
    }

    /// What the screen should show.
    pub fn view(&self) -> View {
        match &self.activity {
            Activity::Waiting { capture, .. } => View::Place {
                finger: capture.finger,
                attempt: capture.attempt,
                attempts: capture.attempts,
            },
            Activity::Placed { .. } | Activity::Reading { .. } => View::Hold,
            Activity::Sending { .. } => View::Lift,
            Activity::Showing { view, .. } => *view,
            Activity::Idle if self.sensor == Sensor::Missing => View::SensorMissing,
            Activity::Idle if self.link_up && self.sensor == Sensor::Ready => View::Ready,
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
                if self.capturing().is_none() {
                    self.show(now, View::Verdict(verdict.verdict), VERDICT_US);
                }
            }
            Event::Sensor(event) => self.sensor(now, event, &mut actions),
            Event::BulkSent(outcome) => self.bulk_sent(now, outcome, &mut actions),
            Event::BulkRefused => {
                self.fail(now, CaptureFailure::TransferFailed, 0, View::Failed, &mut actions);
            }
            Event::Told(_) | Event::Timeout => (),
        }
        self.pass_time(now, &mut actions);
        actions
    }

    /// The capture under way.
    fn capturing(&self) -> Option<u32> {
        match &self.activity {
            Activity::Waiting { capture, .. } => Some(capture.capture_id),
            Activity::Placed { id } | Activity::Reading { id } | Activity::Sending { id } => Some(*id),
            Activity::Idle | Activity::Showing { .. } => None,
        }
    }

    fn asked(&mut self, now: u64, id: RequestId, message: Message, actions: &mut Actions) {
        match message {
            Message::Capture(capture) => self.start(now, id, capture, actions),
            Message::CancelCapture(cancel) => {
                push(actions, Action::Accept(id));
                if self.capturing() == Some(cancel.capture_id) {
                    self.fail(now, CaptureFailure::Cancelled, 0, View::Cancelled, actions);
                }
            }
            Message::SetClock(_) => push(actions, Action::Accept(id)),
            _ => push(actions, Action::Refuse(id, Refusal::UnknownMessage)),
        }
    }

    fn start(&mut self, now: u64, id: RequestId, capture: Capture, actions: &mut Actions) {
        let refusal = if self.capturing().is_some() {
            Some(CaptureRefusal::Busy)
        } else if self.sensor == Sensor::Ready {
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
        push(
            actions,
            progress(capture.capture_id, CapturePhase::WaitingForFinger),
        );
        push(actions, Action::StartSensor);
        let timeout = u64::from(capture.timeout_ms.min(LONGEST_TIMEOUT_MS)) * 1_000;
        self.activity = Activity::Waiting {
            capture,
            until: now + timeout,
        };
    }

    fn sensor(&mut self, now: u64, event: SensorEvent, actions: &mut Actions) {
        match (event, &self.activity) {
            (SensorEvent::Ready, _) => self.sensor = Sensor::Ready,
            (SensorEvent::Missing(_), activity) => {
                self.sensor = Sensor::Missing;
                // It was taken on before the task found out, and cannot begin.
                if matches!(activity, Activity::Waiting { .. }) {
                    self.fail(now, CaptureFailure::SensorMissing, 0, View::Failed, actions);
                }
            }
            (SensorEvent::FingerPlaced, Activity::Waiting { capture, .. }) => {
                let id = capture.capture_id;
                push(actions, progress(id, CapturePhase::FingerPlaced));
                self.activity = Activity::Placed { id };
            }
            (SensorEvent::Reading, &Activity::Placed { id }) => {
                push(actions, Action::BeginImage(id));
                push(actions, progress(id, CapturePhase::Reading));
                self.activity = Activity::Reading { id };
            }
            (SensorEvent::Read, &Activity::Reading { id }) => {
                push(actions, progress(id, CapturePhase::Lift));
                self.activity = Activity::Sending { id };
            }
            (SensorEvent::Failed(error), _) => {
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
            (SensorEvent::WrongSize, _) => self.fail(now, CaptureFailure::BadImage, 0, View::Failed, actions),
            // Left over from a capture that was stopped.
            (SensorEvent::FingerPlaced | SensorEvent::Reading | SensorEvent::Read, _) => (),
        }
    }

    fn bulk_sent(&mut self, now: u64, outcome: BulkOutcome, actions: &mut Actions) {
        match (&self.activity, outcome) {
            // The link may hear that the host has the last byte before the sensor's task says that it was the last one:
            // the host has the whole image, so the finger may go all the same.
            (&(Activity::Reading { id } | Activity::Sending { id }), BulkOutcome::Delivered) => {
                if matches!(self.activity, Activity::Reading { .. }) {
                    push(actions, progress(id, CapturePhase::Lift));
                }
                push(
                    actions,
                    Action::Captured(Captured {
                        capture_id: id,
                        width: IMAGE_SIZE.0,
                        height: IMAGE_SIZE.1,
                        bits_per_pixel: BITS_PER_PIXEL,
                        impression: 1,
                        quality: protocol::message::FingerQuality::Unknown,
                    }),
                );
                self.show(now, View::Judging, JUDGING_US);
            }
            // Whoever asked for the capture is gone, and must not take its end for that of one it asks for now.
            (_, BulkOutcome::PeerRestarted) => self.stop(actions),
            // Any other end is an early one.
            (Activity::Reading { .. } | Activity::Sending { .. }, _) => {
                self.fail(now, CaptureFailure::TransferFailed, 0, View::Failed, actions);
            }
            _ => (),
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
        let Some(capture_id) = self.capturing() else {
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

fn progress(capture_id: u32, phase: CapturePhase) -> Action {
    Action::Progress(CaptureProgress {
        capture_id,
        phase,
        impression: 1,
        quality: protocol::message::FingerQuality::Unknown,
    })
}

/// No event leads to more actions than fit: at most one answer and what starts or ends a capture.
fn push(actions: &mut Actions, action: Action) {
    let pushed = actions.push(action);
    debug_assert!(pushed.is_ok(), "an event led to more actions than counted on");
}

#[cfg(test)]
mod tests;

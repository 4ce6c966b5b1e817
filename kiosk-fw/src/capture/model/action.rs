//! What a capture board does.

use heapless::Vec;
use protocol::RequestId;
use protocol::message::{CaptureFailed, CaptureProgress, CaptureRefused, Captured, Refusal};

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
    /// Has the sensor look for a finger and take its image.
    StartSensor {
        /// Only after the finger that lies there has been lifted.
        lift_first: bool,
    },
    /// Has the sensor send the image that it has taken.
    Upload,
    /// Has the sensor stop; nothing more may come from it for this capture.
    StopSensor,
    /// Begins the image's transfer.
    BeginImage {
        /// Under this id.
        id: u32,
        /// Its bytes.
        length: u32,
    },
    /// Gives the transfer up.
    AbortImage,
}

/// The actions of one event, in order.
pub type Actions = Vec<Action, 6>;

//! What the screen should show.

use protocol::message::{CaptureVerdict, FingerPosition, FingerQuality};

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
        /// Which image of this try, from 1.
        impression: u8,
        /// How many images are wanted.
        impressions: u8,
    },
    /// The finger is asked for again, with what would help.
    Advice(FingerQuality),
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

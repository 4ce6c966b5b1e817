//! What must be known of a capture while it is under way.

use protocol::message::{Capture, CapturePhase, CaptureProgress, Captured, FingerQuality};

use super::Action;
use crate::drivers::zfm::{BITS_PER_PIXEL, ImageSize};

/// The most impressions of one capture.
const MOST_IMPRESSIONS: u8 = 8;

/// A capture under way.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Job {
    pub(super) capture: Capture,
    /// Which impression, from 1.
    pub(super) impression: u8,
    /// What the sensor makes of the finger.
    pub(super) quality: FingerQuality,
    /// How often the sensor was told to send this impression.
    pub(super) uploads: u8,
    /// How often this impression was asked for again.
    pub(super) advice: u8,
}

impl Job {
    /// The first impression of what the host asks for.
    pub(super) const fn new(capture: Capture) -> Self {
        Self {
            capture,
            impression: 1,
            quality: FingerQuality::Unknown,
            uploads: 0,
            advice: 0,
        }
    }

    /// Which capture; also the id of its images.
    pub(super) const fn id(&self) -> u32 {
        self.capture.capture_id
    }

    /// How many impressions are wanted: 1 to 8, whatever the host says.
    pub(super) fn impressions(&self) -> u8 {
        self.capture.impressions.clamp(1, MOST_IMPRESSIONS)
    }

    /// The next impression, if there is one to take.
    pub(super) fn next(&self) -> Option<Self> {
        (self.impression < self.impressions()).then(|| Self {
            impression: self.impression + 1,
            ..Self::new(self.capture.clone())
        })
    }

    /// Tells the host how far it is.
    pub(super) fn progress(&self, phase: CapturePhase) -> Action {
        Action::Progress(CaptureProgress {
            capture_id: self.id(),
            phase,
            impression: self.impression,
            quality: self.quality,
        })
    }

    /// Tells the host that it has the image.
    pub(super) fn captured(&self, size: ImageSize) -> Action {
        Action::Captured(Captured {
            capture_id: self.id(),
            width: size.width,
            height: size.height,
            bits_per_pixel: BITS_PER_PIXEL,
            impression: self.impression,
            quality: self.quality,
        })
    }
}

//! Messages to send, and what to look for in events.

use protocol::message::{CapturePhase, CaptureProgress, CaptureVerdict, ShowVerdict};
use protocol::{Event, Message, RequestId};

/// A notification of the host.
pub fn verdict(number: u32) -> Message {
    ShowVerdict {
        capture_id: number,
        verdict: CaptureVerdict::Match,
    }
    .into()
}

/// A notification of the board.
pub fn progress(number: u32) -> Message {
    CaptureProgress {
        capture_id: number,
        phase: CapturePhase::Reading,
        impression: 1,
        quality: protocol::message::FingerQuality::Unknown,
    }
    .into()
}

/// The requests among events.
pub fn requests(events: &[Event]) -> Vec<RequestId> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Request { id, .. } => Some(*id),
            _ => None,
        })
        .collect()
}

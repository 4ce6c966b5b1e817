//! What happens to a capture board.

use protocol::RequestId;
use protocol::link::BulkOutcome;
use protocol::message::{FingerQuality, Message};

use crate::drivers::zfm::{ImageSize, SensorError};

/// What the sensor's task tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SensorEvent {
    /// The sensor answered at start or after it was missing. Its images have this size.
    Ready(ImageSize),
    /// It does not answer, or not as it should.
    Missing(SensorError),
    /// It can make nothing of the finger, or has lost its image; it looks for another once this one is lifted.
    Poor(FingerQuality),
    /// The finger has gone.
    Lifted,
    /// An image of a finger was taken. It is sent when it is told to.
    FingerPlaced(FingerQuality),
    /// The image's first bytes are about to come.
    Reading,
    /// The image came damaged or not to its end. The sensor still has it, and sends it when it is told to.
    Damaged,
    /// The image's last bytes have been taken over by the link.
    Read,
    /// The capture ended; nothing more will come for it.
    Failed(SensorError),
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
    /// The time given by `Model::next_timeout` has come.
    Timeout,
}

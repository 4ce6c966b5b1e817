//! An object goes from the board to the host, as fast as the line takes it.

use protocol::link::{BulkOutcome, Event, Object};
use protocol::message::ObjectKind;

use crate::{Pair, SECOND};

/// Longer than any transfer takes that goes on at all.
const TOO_LONG: u64 = 600 * SECOND;

/// What a transfer took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Microseconds from the call that began it until the sender knew that it was delivered whole.
    pub us: u64,
    /// Bytes that the sender put on the wire for it.
    pub wire_bytes: u64,
}

impl Transfer {
    /// Share of the line's payload limit (ten bits a byte) that the object's bytes had, 0 to 1.
    pub fn goodput(&self, length: usize, byte_us: f64) -> f64 {
        length as f64 * byte_us / self.us as f64
    }
}

/// Sends an object from the board to the host. Both are up; the board's owner always has the next bytes ready, and the
/// host's reads at once.
///
/// `None` if it is not delivered, byte for byte, within ten minutes.
pub fn carry<const Q: usize, const S: usize, const B: usize>(
    pair: &mut Pair<Q, S, B>,
    content: &[u8],
) -> Option<Transfer> {
    let object = Object {
        kind: ObjectKind::Image,
        id: 5,
        length: content.len() as u32,
    };
    let (start, sent_before) = (pair.now, pair.to_host.sent);
    pair.board.bulk_begin(pair.now, object).ok()?;
    let (mut written, mut read) = (0, Vec::with_capacity(content.len()));
    while pair.now - start < TOO_LONG {
        written += pair.board.bulk_write(&content[written..]);
        pair.step(pair.now + 5_000);
        let mut chunk = [0; 4096];
        loop {
            let count = pair.host.bulk_read(&mut chunk);
            read.extend_from_slice(&chunk[..count]);
            if count == 0 {
                break;
            }
        }
        while pair.host.poll_event().is_some() {}
        while let Some(event) = pair.board.poll_event() {
            if let Event::BulkSent { outcome, .. } = event {
                return (outcome == BulkOutcome::Delivered && read == content).then_some(Transfer {
                    us: pair.now - start,
                    wire_bytes: pair.to_host.sent - sent_before,
                });
            }
        }
    }
    None
}

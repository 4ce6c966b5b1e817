//! An object on its way from the peer.

use heapless::Vec;

use super::checksum::Checksum;
use super::event::{BulkOutcome, Object, TransferId};
use super::inbox::Taken;
use super::ring::ByteRing;
use super::wire::{BulkAck, MAX_SPANS, Span};

/// Objects must be shorter: offsets have 24 bits.
pub(super) const MAX_OBJECT: u32 = 1 << 24;

#[derive(Debug)]
struct Transfer {
    number: u8,
    object: Object,
    checksum: Checksum,
    /// Bytes before this offset are with the owner.
    read: u32,
    /// Bytes before this offset have come.
    contiguous: u32,
    /// What has come after `contiguous`: ascending, apart from each other.
    ahead: Vec<Span, MAX_SPANS>,
    /// The whole object's checksum, once the sender has said it.
    expected: Option<u32>,
    /// The limit that the sender was told last.
    told_limit: u32,
    ack_due: bool,
}

/// Receives one object at a time.
#[derive(Debug)]
pub(super) struct BulkIn<const N: usize> {
    ring: ByteRing<N>,
    active: Option<Transfer>,
    /// What the sender is to be told about the last object.
    result: Option<(u8, BulkOutcome)>,
    /// How the last object ended, until the owner has been told.
    ended: Option<(TransferId, Object, BulkOutcome)>,
}

impl<const N: usize> BulkIn<N> {
    pub(super) const fn new() -> Self {
        Self {
            ring: ByteRing::new(),
            active: None,
            result: None,
            ended: None,
        }
    }

    /// Another object is announced. The sender would have said if it had given up the one before: the answer to its
    /// end is lost on it.
    pub(super) fn supersede(&mut self) {
        self.finish(BulkOutcome::Cancelled);
    }

    /// The sender announces an object; returns whether it is taken. None is under way.
    pub(super) fn begin(&mut self, number: u8, object: Object) -> bool {
        if N == 0 || object.length >= MAX_OBJECT {
            self.result = Some((number, BulkOutcome::Refused));
            return false;
        }
        self.ring.clear();
        self.active = Some(Transfer {
            number,
            object,
            checksum: Checksum::new(),
            read: 0,
            contiguous: 0,
            ahead: Vec::new(),
            expected: None,
            told_limit: 0,
            ack_due: true,
        });
        true
    }

    /// Takes a piece; `None` if it does not belong to the present object, or is empty.
    pub(super) fn piece(&mut self, number: u8, offset: u32, bytes: &[u8]) -> Option<Taken> {
        if N == 0 {
            return None;
        }
        let transfer = self
            .active
            .as_mut()
            .filter(|transfer| transfer.number == number)?;
        transfer.ack_due = true;
        let end = offset + bytes.len() as u32; // 24 bits and at most a frame
        if bytes.is_empty() {
            // The sender asks how far the window is.
            return None;
        }
        if end <= transfer.contiguous {
            return Some(Taken::Duplicate);
        }
        if end > transfer.object.length || end > transfer.read + N as u32 {
            return Some(Taken::NoRoom);
        }
        // The part that is already in order must not be written again: the owner may have read it.
        let skip = transfer.contiguous.saturating_sub(offset);
        let start = offset + skip;
        match transfer.note(Span { start, end }) {
            Taken::New => {}
            other => return Some(other),
        }
        self.ring
            .store((start - transfer.read) as usize, &bytes[skip as usize..]);
        self.ring
            .extend((transfer.contiguous - transfer.read) as usize - self.ring.len());
        self.end_if_complete();
        Some(Taken::New)
    }

    /// The sender has sent everything once, and says its checksum.
    pub(super) fn end(&mut self, number: u8, checksum: u32) {
        if let Some(transfer) = self.active_mut().filter(|transfer| transfer.number == number) {
            transfer.expected = Some(checksum);
            self.end_if_complete();
        }
    }

    /// The sender gives up.
    pub(super) fn cancelled(&mut self, number: u8) {
        if self.active().is_some_and(|transfer| transfer.number == number) {
            self.finish(BulkOutcome::Cancelled);
        }
    }

    /// The owner does not want the rest.
    pub(super) fn reject(&mut self) {
        if let Some(transfer) = self.active() {
            self.result = Some((transfer.number, BulkOutcome::Cancelled));
            self.finish(BulkOutcome::Cancelled);
        }
    }

    /// The session is over.
    pub(super) fn abort(&mut self) {
        self.result = None;
        self.finish(BulkOutcome::PeerRestarted);
    }

    /// Bytes that can be read now.
    pub(super) fn waiting(&self) -> usize {
        if self.active().is_some() {
            self.ring.len()
        } else {
            0
        }
    }

    /// Takes bytes of the object, in order, into `out`, and returns how many.
    pub(super) fn read(&mut self, out: &mut [u8]) -> usize {
        if N == 0 {
            return 0;
        }
        let Some(transfer) = &mut self.active else {
            return 0;
        };
        let count = self.ring.read(out);
        transfer.checksum.update(&out[..count]);
        transfer.read += count as u32;
        // Tell a sender that waits for room, but not for every byte.
        if transfer.read + N as u32 - transfer.told_limit >= (N as u32 / 4).max(1)
            && transfer.told_limit < transfer.object.length
        {
            transfer.ack_due = true;
        }
        self.end_if_complete();
        count
    }

    fn end_if_complete(&mut self) {
        if let Some(transfer) = self.active()
            && transfer.read == transfer.object.length
            && let Some(expected) = transfer.expected
        {
            let right = transfer.checksum.value() == expected;
            let outcome = if right {
                BulkOutcome::Delivered
            } else {
                BulkOutcome::ChecksumMismatch
            };
            self.result = Some((transfer.number, outcome));
            self.finish(outcome);
        }
    }

    fn finish(&mut self, outcome: BulkOutcome) {
        if N > 0
            && let Some(transfer) = self.active.take()
        {
            self.ended = Some((TransferId(transfer.number), transfer.object, outcome));
        }
    }

    /// How the object ended, once.
    pub(super) fn take_ended(&mut self) -> Option<(TransferId, Object, BulkOutcome)> {
        if N == 0 { None } else { self.ended.take() }
    }

    // An end without room takes no object. Said in these places, the compiler leaves the rest out of its program.

    fn active(&self) -> Option<&Transfer> {
        if N == 0 { None } else { self.active.as_ref() }
    }

    fn active_mut(&mut self) -> Option<&mut Transfer> {
        if N == 0 { None } else { self.active.as_mut() }
    }

    /// What the sender is to be told in the control lane; call [`told`](Self::told) once it is queued.
    pub(super) const fn result(&self) -> Option<(u8, BulkOutcome)> {
        self.result
    }

    pub(super) fn told(&mut self) {
        self.result = None;
    }

    /// Say again what has come, as after a silence.
    pub(super) fn ack_again(&mut self) {
        if let Some(transfer) = self.active_mut() {
            transfer.ack_due = true;
        }
    }

    /// The acknowledgement to send now, if one is due.
    pub(super) fn ack(&mut self) -> Option<BulkAck> {
        let transfer = self.active_mut().filter(|transfer| transfer.ack_due)?;
        transfer.ack_due = false;
        transfer.told_limit = (transfer.read + N as u32).min(transfer.object.length);
        Some(BulkAck {
            transfer: transfer.number,
            acknowledged: transfer.contiguous,
            limit: transfer.told_limit,
            received: transfer.ahead.clone(),
        })
    }
}

impl Transfer {
    /// Notes that a range has come.
    fn note(&mut self, new: Span) -> Taken {
        if self
            .ahead
            .iter()
            .any(|span| span.start <= new.start && new.end <= span.end)
        {
            return Taken::Duplicate;
        }
        let mut merged = new;
        let touches = |span: &Span| span.start <= new.end && new.start <= span.end;
        if self.ahead.is_full() && new.start > self.contiguous && !self.ahead.iter().any(touches) {
            return Taken::NoRoom;
        }
        self.ahead.retain(|span| {
            if touches(span) {
                merged = Span {
                    start: merged.start.min(span.start),
                    end: merged.end.max(span.end),
                };
            }
            !touches(span)
        });
        if merged.start <= self.contiguous {
            self.contiguous = merged.end;
        } else {
            let at = self
                .ahead
                .iter()
                .take_while(|span| span.start < merged.start)
                .count();
            // There is room: the list was not full, or a range that was in it has been merged.
            let _ = self.ahead.insert(at, merged);
        }
        Taken::New
    }
}

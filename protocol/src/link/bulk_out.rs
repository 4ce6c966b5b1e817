//! An object on its way to the peer.
//!
//! The owner never needs the whole object: it writes as many bytes as there is room for, and the ring keeps
//! those that the peer has not acknowledged.

use super::checksum::Checksum;
use super::event::{BulkOutcome, Object, TransferId};
use super::piece_length::PieceLength;
use super::pieces::{Fate, Pieces, Sent};
use super::ring::ByteRing;
use super::round_trip::{MAX_US, RoundTrip};
use super::wire::BulkAck;
use crate::frame::MAX_PAYLOAD;

/// A receiver whose window is shut is asked this often before it is given more time.
const SOON_ASKED: u8 = 4;
/// After this often it is asked every 64 time-outs, or every second if that is sooner.
const MAX_ASKED: u8 = SOON_ASKED + 6;

#[derive(Debug)]
struct Transfer {
    object: Object,
    checksum: Checksum,
    /// Bytes that the owner has written so far.
    written: u32,
    /// All bytes before this offset have arrived, and are out of the ring.
    acknowledged: u32,
    /// The peer takes bytes before this offset; 0 until it has said so.
    limit: u32,
    /// Bytes before this offset were sent at least once.
    sent: u32,
    pieces: Pieces,
    begin_due: bool,
    end_due: bool,
    /// When the receiver was last sent something that it answers: one whose window is shut is asked again some time
    /// later.
    asked_at: Option<u64>,
    /// How often it was asked since its window last grew: in the end it is given twice as long each time, since it says
    /// by itself when it has room, and only that word may have been lost.
    asked: u8,
    probe_due: bool,
}

/// What the sender has to say in the control lane.
#[derive(Clone, Copy, Debug)]
pub(super) enum Announcement {
    Begin(Object),
    End(u32),
    Cancel,
}

/// A piece to put on the wire.
#[derive(Debug)]
pub(super) struct OutgoingPiece<'a> {
    pub(super) transfer: u8,
    pub(super) offset: u32,
    pub(super) bytes: (&'a [u8], &'a [u8]),
    pub(super) repeated: bool,
}

/// Sends one object at a time.
#[derive(Debug)]
pub(super) struct BulkOut<const N: usize> {
    ring: ByteRing<N>,
    active: Option<Transfer>,
    /// Number of the present transfer, or of the last.
    number: u8,
    cancel_due: bool,
    /// How the last transfer ended, until the owner has been told.
    ended: Option<(TransferId, BulkOutcome)>,
    /// Length of pieces to send, following the line's errors.
    piece_length: PieceLength,
    /// The most payload that the peer takes in a frame.
    pub(super) peer_max_payload: usize,
    round_trip: RoundTrip,
}

impl<const N: usize> BulkOut<N> {
    pub(super) fn new() -> Self {
        Self {
            ring: ByteRing::new(),
            active: None,
            number: 0,
            cancel_due: false,
            ended: None,
            piece_length: PieceLength::new(),
            peer_max_payload: MAX_PAYLOAD,
            round_trip: RoundTrip::default(),
        }
    }

    /// Starts a transfer; `None` while another is under way or its end was not yet told.
    pub(super) fn begin(&mut self, object: Object) -> Option<TransferId> {
        if self.active.is_some() || self.ended.is_some() || self.cancel_due {
            return None;
        }
        self.number = self.number.wrapping_add(1);
        self.ring.clear();
        self.active = Some(Transfer {
            object,
            checksum: Checksum::new(),
            written: 0,
            acknowledged: 0,
            limit: 0,
            sent: 0,
            pieces: Pieces::new(),
            begin_due: true,
            end_due: true,
            asked_at: None,
            asked: 0,
            probe_due: false,
        });
        Some(TransferId(self.number))
    }

    /// Takes as many of the object's next bytes as there is room for, and returns how many.
    pub(super) fn write(&mut self, bytes: &[u8]) -> usize {
        let Some(transfer) = &mut self.active else {
            return 0;
        };
        let left = (transfer.object.length - transfer.written) as usize;
        let taken = self.ring.write(&bytes[..bytes.len().min(left)]);
        transfer.checksum.update(&bytes[..taken]);
        transfer.written += taken as u32;
        taken
    }

    /// Bytes that [`write`](Self::write) would take now.
    pub(super) fn room(&self) -> usize {
        self.active.as_ref().map_or(0, |transfer| {
            self.ring
                .room()
                .min((transfer.object.length - transfer.written) as usize)
        })
    }

    /// Gives up the transfer, if there is one.
    pub(super) fn cancel(&mut self) {
        if let Some(transfer) = &self.active {
            self.cancel_due = !transfer.begin_due;
            self.finish(BulkOutcome::Cancelled);
        }
    }

    /// The session is over.
    pub(super) fn abort(&mut self) {
        self.cancel_due = false;
        if self.active.is_some() {
            self.finish(BulkOutcome::PeerRestarted);
        }
    }

    fn finish(&mut self, outcome: BulkOutcome) {
        self.active = None;
        self.ended = Some((TransferId(self.number), outcome));
    }

    /// How the transfer ended, once.
    pub(super) fn take_ended(&mut self) -> Option<(TransferId, BulkOutcome)> {
        self.ended.take()
    }

    /// The receiver says how the object arrived.
    pub(super) fn result(&mut self, transfer: u8, outcome: BulkOutcome) {
        if transfer == self.number && self.active.is_some() {
            self.finish(outcome);
        }
    }

    /// What is to be said in the control lane next; call [`announced`](Self::announced) once it is queued.
    pub(super) fn announcement(&self) -> Option<(u8, Announcement)> {
        if self.cancel_due {
            return Some((self.number, Announcement::Cancel));
        }
        let transfer = self.active.as_ref()?;
        let announcement = if transfer.begin_due {
            Announcement::Begin(transfer.object)
        } else if transfer.end_due && transfer.written == transfer.object.length {
            Announcement::End(transfer.checksum.value())
        } else {
            return None;
        };
        Some((self.number, announcement))
    }

    pub(super) fn announced(&mut self, now: u64) {
        if self.cancel_due {
            self.cancel_due = false;
        } else if let Some(transfer) = &mut self.active {
            if transfer.begin_due {
                transfer.begin_due = false;
                transfer.asked_at = Some(now);
            } else {
                transfer.end_due = false;
            }
        }
    }

    /// The next piece to send, of at most `most` bytes; counts as sent.
    pub(super) fn next(&mut self, now: u64, most: usize) -> Option<OutgoingPiece<'_>> {
        let mut chosen = self.choose(now, most);
        if chosen.is_none() && self.give_up_oldest(now) {
            chosen = self.choose(now, most);
        }
        let number = self.number;
        let transfer = self.active.as_mut()?;
        let sent = match chosen {
            Some(sent) => sent,
            None if transfer.probe_due => Sent {
                start: transfer.acknowledged,
                len: 0,
                repeated: false,
            },
            None => return None,
        };
        transfer.probe_due = false;
        transfer.asked_at = Some(now);
        let at = (sent.start - transfer.acknowledged) as usize;
        let bytes = self.ring.slices(at, usize::from(sent.len));
        Some(OutgoingPiece {
            transfer: number,
            offset: sent.start,
            bytes,
            repeated: sent.repeated,
        })
    }

    /// How often an acknowledgement did not come in time.
    pub(super) const fn timeouts(&self) -> u32 {
        self.round_trip.timeouts()
    }

    /// The longest piece that would be sent now, of at most `most` bytes.
    pub(super) fn piece_len(&self, most: usize) -> usize {
        self.piece_length
            .get()
            .min(self.peer_max_payload)
            .min(most)
            .max(1)
    }

    /// Sends the next piece, of at most `most` bytes, if there is one to send.
    fn choose(&mut self, now: u64, most: usize) -> Option<Sent> {
        let len = self.piece_len(most);
        let transfer = self.active.as_mut()?;
        if let Some(sent) = transfer.pieces.send_lost(now, len) {
            return Some(sent);
        }
        let count = transfer.next_len(len, self.ring.len());
        if count == 0 {
            return None;
        }
        let sent = transfer.pieces.send_new(now, transfer.sent, count as u16)?; // at most a frame
        transfer.sent += count as u32;
        Some(sent)
    }

    /// The line has nothing else to carry: takes the piece that has been under way longest for lost, if the last that
    /// was sent could have been answered by now. A repeat that was not needed costs nothing then, and its
    /// acknowledgement tells of all others. Returns whether there is one.
    fn give_up_oldest(&mut self, now: u64) -> bool {
        let timeout_us = self.round_trip.idle_timeout_us();
        let Some(transfer) = &mut self.active else {
            return false;
        };
        let last = transfer.pieces.under_way().map(|(_, newest)| newest);
        if last.is_none_or(|last| now < last.saturating_add(timeout_us)) {
            return false;
        }
        let alone = transfer.pieces.count() == 1;
        let lost = transfer.pieces.lose_oldest();
        if let Some(len) = lost {
            self.timed_out(len, alone);
        }
        lost.is_some()
    }

    /// An acknowledgement did not come in time, for a piece of this length; `alone`: while all others have come.
    fn timed_out(&mut self, len: u16, alone: bool) {
        // A peer that is just busy has not acknowledged what was sent before either. After a few times it is not noise
        // that it tells of, but a cut line.
        let doublings = self.round_trip.doublings();
        if (1..3).contains(&doublings) || (doublings == 0 && alone) {
            self.piece_length.lost(len);
        }
        self.round_trip.expired();
    }

    /// Takes what the control lane has measured, until this lane has.
    pub(super) fn learn_round_trip(&mut self, control: &RoundTrip) {
        self.round_trip.learn_from(control);
    }

    /// Takes an acknowledgement.
    pub(super) fn ack_frame(&mut self, now: u64, ack: &BulkAck) {
        let Some(transfer) = &mut self.active else { return };
        // Older than what is known, or nonsense: nobody can have what was not sent.
        if ack.transfer != self.number
            || ack.acknowledged < transfer.acknowledged
            || ack.acknowledged > transfer.sent
        {
            return;
        }
        let (round_trip, piece_length) = (&mut self.round_trip, &mut self.piece_length);
        transfer
            .pieces
            .acknowledge(ack, |fate| learn(round_trip, piece_length, now, fate));
        self.ring
            .free((ack.acknowledged - transfer.acknowledged) as usize);
        transfer.acknowledged = ack.acknowledged;
        if ack.limit > transfer.limit {
            transfer.asked = 0;
        }
        transfer.limit = ack.limit;
    }

    /// Notes what was not acknowledged in time; returns whether there was any.
    pub(super) fn expire(&mut self, now: u64) -> bool {
        let timeout_us = self.round_trip.timeout_us();
        let lost = now.checked_sub(timeout_us).and_then(|until| {
            let transfer = self.active.as_mut()?;
            transfer.pieces.lose_sent_until(until)
        });
        if let Some(len) = lost {
            // Everything under way is lost, which says nothing of each piece.
            self.timed_out(len, false);
        }
        let buffered = self.ring.len();
        if let Some(transfer) = &mut self.active
            && transfer.is_shut(buffered)
            && transfer.ask_again_at(timeout_us).is_some_and(|at| now >= at)
        {
            transfer.asked_at = None;
            transfer.asked = (transfer.asked + 1).min(MAX_ASKED);
            transfer.probe_due = true;
        }
        lost.is_some()
    }

    /// Everything under way is to be sent again, as after a silence.
    pub(super) fn lose_all(&mut self) {
        if let Some(transfer) = &mut self.active {
            transfer.pieces.lose_sent_until(u64::MAX);
            transfer.probe_due = !transfer.begin_due;
        }
    }

    /// When something has to be done even if nothing comes; `u64::MAX` if nothing has.
    pub(super) fn deadline(&self) -> u64 {
        let Some(transfer) = &self.active else {
            return u64::MAX;
        };
        let mut deadline = u64::MAX;
        if let Some((oldest, newest)) = transfer.pieces.under_way() {
            deadline = oldest.saturating_add(self.round_trip.timeout_us());
            let next = transfer.next_len(self.piece_len(MAX_PAYLOAD), self.ring.len());
            let more = transfer.pieces.any_lost() || (next > 0 && transfer.pieces.has_room(next));
            if !more {
                deadline = deadline.min(newest.saturating_add(self.round_trip.idle_timeout_us()));
            }
        }
        if transfer.is_shut(self.ring.len())
            && let Some(at) = transfer.ask_again_at(self.round_trip.timeout_us())
        {
            deadline = deadline.min(at);
        }
        deadline
    }
}

/// Learns about the line from what became of a piece.
#[cfg_attr(target_os = "none", inline(never))] // On a board, flash is dearer than the call.
fn learn(round_trip: &mut RoundTrip, piece_length: &mut PieceLength, now: u64, fate: Fate) {
    match fate {
        Fate::Arrived {
            len,
            sent_at,
            repeated,
        } => {
            let us = now.saturating_sub(sent_at);
            if repeated {
                round_trip.repeat_acknowledged(us);
            } else {
                round_trip.measured(us);
            }
            piece_length.arrived(len);
        }
        Fate::Lost { len } => piece_length.lost(len),
    }
}

impl Transfer {
    /// Whether there is something to send, but the receiver takes nothing more.
    fn is_shut(&self, buffered: usize) -> bool {
        let waits_for_first = self.limit == 0 && !self.begin_due;
        waits_for_first || (self.sent >= self.limit && self.sent < self.acknowledged + buffered as u32)
    }

    /// When to ask a receiver whose window is shut.
    #[cfg_attr(target_os = "none", inline(never))] // On a board, flash is dearer than the call.
    fn ask_again_at(&self, timeout_us: u64) -> Option<u64> {
        self.asked_at.map(|at| {
            at.saturating_add((timeout_us << self.asked.saturating_sub(SOON_ASKED)).min(MAX_US.into()))
        })
    }

    /// How many bytes that were not sent yet a piece of at most `len` would have now; 0 if there are not enough to be
    /// worth a frame.
    #[cfg_attr(target_os = "none", inline(never))] // On a board, flash is dearer than the call.
    fn next_len(&self, len: usize, buffered: usize) -> usize {
        let available = self.acknowledged + buffered as u32;
        let end = available.min(self.limit);
        let count = (end.saturating_sub(self.sent) as usize).min(len);
        let more_will_come = end == available && self.written < self.object.length;
        if count < len && more_will_come && !self.pieces.is_empty() {
            0
        } else {
            count
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::ObjectKind;

    #[test]
    fn a_receiver_that_says_nothing_is_asked_every_second_even_on_a_slow_line() {
        let mut bulk = BulkOut::<64>::new();
        let mut control = RoundTrip::default();
        control.measured(600_000);
        bulk.learn_round_trip(&control);
        let kind = ObjectKind::Image;
        let begun = bulk.begin(Object {
            kind,
            id: 1,
            length: 4,
        });
        assert!(begun.is_some());
        bulk.announced(0);
        let mut now = 0;
        for _ in 0..20 {
            let asks_at = bulk.deadline();
            assert!(asks_at <= now + 1_000_000, "{now} {asks_at}");
            now = asks_at;
            bulk.expire(now);
            assert!(bulk.next(now, MAX_PAYLOAD).is_some());
        }
    }
}

//! An object on its way to the peer.
//!
//! The owner never needs the whole object: it writes as many bytes as there is room for, and the ring keeps
//! those that the peer has not acknowledged.

use heapless::Vec;

use super::checksum::Checksum;
use super::event::{BulkOutcome, Object, TransferId};
use super::ring::ByteRing;
use super::round_trip::RoundTrip;
use super::wire::BulkAck;
use crate::frame::MAX_PAYLOAD;

/// The most pieces under way.
const MAX_PIECES: usize = 32;
/// The smallest piece that noise can push the size down to. At a bit error rate of 1e-3, near 40 would be best.
const MIN_PIECE: usize = 40;
/// How much a piece that arrived makes the next ones longer, in bytes; one that was lost makes them a quarter
/// shorter. In balance this gives pieces near the length that wastes least, sqrt(overhead / byte error rate).
const GROWTH: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Lost,
    InFlight { sent_at: u64, order: u32 },
}

/// A piece that was sent and not acknowledged.
#[derive(Clone, Copy, Debug)]
struct Piece {
    start: u32,
    len: u16,
    repeated: bool,
    state: State,
}

impl Piece {
    const fn end(&self) -> u32 {
        self.start + self.len as u32
    }
}

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
    pieces: Vec<Piece, MAX_PIECES>,
    begin_due: bool,
    end_due: bool,
    /// When to ask a receiver whose window is shut, if nothing else is under way.
    probe_at: Option<u64>,
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
    piece_len: usize,
    /// The most payload that the peer takes in a frame.
    pub(super) peer_max_payload: usize,
    transmissions: u32,
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
            piece_len: MAX_PAYLOAD,
            peer_max_payload: MAX_PAYLOAD,
            transmissions: 0,
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
            pieces: Vec::new(),
            begin_due: true,
            end_due: true,
            probe_at: None,
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
                transfer.probe_at = Some(now.saturating_add(self.round_trip.timeout_us()));
            } else {
                transfer.end_due = false;
            }
        }
    }

    /// The next piece to send, of at most `most` bytes; counts as sent.
    pub(super) fn next(&mut self, now: u64, most: usize) -> Option<OutgoingPiece<'_>> {
        let len = self.piece_len.min(self.peer_max_payload).min(most).max(1);
        let (number, timeout_us) = (self.number, self.round_trip.timeout_us());
        let transfer = self.active.as_mut()?;
        let order = self.transmissions.wrapping_add(1);
        let chosen = transfer
            .lost_piece(len)
            .or_else(|| transfer.new_piece(len, self.ring.len()));
        let (offset, count, repeated) = if let Some(index) = chosen {
            let piece = transfer.pieces.get_mut(index)?;
            piece.state = State::InFlight { sent_at: now, order };
            (piece.start, usize::from(piece.len), piece.repeated)
        } else if transfer.probe_due {
            (transfer.acknowledged, 0, false)
        } else {
            return None;
        };
        transfer.probe_due = false;
        transfer.probe_at = Some(now.saturating_add(timeout_us));
        self.transmissions = order;
        let bytes = self.ring.slices((offset - transfer.acknowledged) as usize, count);
        Some(OutgoingPiece {
            transfer: number,
            offset,
            bytes,
            repeated,
        })
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
        let mut latest: Option<u32> = None;
        let arrived = |piece: &Piece| {
            piece.end() <= ack.acknowledged
                || ack
                    .received
                    .iter()
                    .any(|span| span.start <= piece.start && piece.end() <= span.end)
        };
        for piece in transfer.pieces.iter().filter(|piece| arrived(piece)) {
            if let State::InFlight { sent_at, order } = piece.state {
                if !piece.repeated {
                    self.round_trip.measured(now.saturating_sub(sent_at));
                }
                if latest.is_none_or(|latest| is_after(order, latest)) {
                    latest = Some(order);
                }
                self.piece_len = (self.piece_len + GROWTH).min(MAX_PAYLOAD);
            }
        }
        transfer.pieces.retain(|piece| !arrived(piece));
        // A receiver may have had room for the beginning of a piece only.
        for piece in &mut transfer.pieces {
            let came = ack.acknowledged.saturating_sub(piece.start);
            piece.start += came;
            piece.len -= came as u16; // less than the piece: otherwise it is gone
        }
        self.ring
            .free((ack.acknowledged - transfer.acknowledged) as usize);
        transfer.acknowledged = ack.acknowledged;
        transfer.limit = ack.limit;
        // A line keeps the order: what was sent before something that arrived, and has not arrived, is lost.
        if let Some(latest) = latest {
            let (_, telling) = self.lose(|_, order| is_after(latest, order));
            for _ in 0..telling {
                self.piece_len = (self.piece_len - self.piece_len / 4).max(MIN_PIECE);
            }
        }
    }

    /// Notes what was not acknowledged in time; returns whether there was any.
    pub(super) fn expire(&mut self, now: u64) -> bool {
        let timeout_us = self.round_trip.timeout_us();
        let (any, _) = self.lose(|sent_at, _| now >= sent_at.saturating_add(timeout_us));
        if any {
            self.round_trip.expired();
            // Everything under way is lost, which says nothing of each piece: shorter ones have to show.
            self.piece_len = (self.piece_len / 2).max(MIN_PIECE);
        }
        let buffered = self.ring.len();
        if let Some(transfer) = &mut self.active
            && transfer.is_shut(buffered)
            && transfer.probe_at.is_some_and(|at| now >= at)
        {
            transfer.probe_at = None;
            transfer.probe_due = true;
        }
        any
    }

    /// Everything under way is to be sent again, as after a silence.
    pub(super) fn lose_all(&mut self) {
        self.lose(|_, _| true);
        // The time-outs before the silence told of a cut line, not of its noise.
        self.piece_len = MAX_PAYLOAD;
        if let Some(transfer) = &mut self.active {
            transfer.probe_due = !transfer.begin_due;
        }
    }

    /// Marks pieces to be sent again; returns whether there were any, and how many of about the present length,
    /// which alone tell something about it.
    fn lose(&mut self, lost: impl Fn(u64, u32) -> bool) -> (bool, usize) {
        let (mut any, mut telling) = (false, 0);
        let Some(transfer) = &mut self.active else {
            return (any, telling);
        };
        for piece in &mut transfer.pieces {
            if let State::InFlight { sent_at, order } = piece.state
                && lost(sent_at, order)
            {
                piece.state = State::Lost;
                piece.repeated = true;
                any = true;
                telling += usize::from(usize::from(piece.len) * 2 > self.piece_len);
            }
        }
        (any, telling)
    }

    /// When something has to be done even if nothing comes.
    pub(super) fn deadline(&self) -> Option<u64> {
        let transfer = self.active.as_ref()?;
        let timeout_us = self.round_trip.timeout_us();
        let sent = transfer.pieces.iter().filter_map(|piece| match piece.state {
            State::InFlight { sent_at, .. } => Some(sent_at.saturating_add(timeout_us)),
            State::Lost => None,
        });
        sent.chain(transfer.probe_at.filter(|_| transfer.is_shut(self.ring.len())))
            .min()
    }
}

impl Transfer {
    /// Whether there is something to send, but the receiver takes nothing more.
    fn is_shut(&self, buffered: usize) -> bool {
        let waits_for_first = self.limit == 0 && !self.begin_due;
        waits_for_first || (self.sent >= self.limit && self.sent < self.acknowledged + buffered as u32)
    }

    /// The first lost piece, cut to `len` if it is longer.
    fn lost_piece(&mut self, len: usize) -> Option<usize> {
        let index = self.pieces.iter().position(|piece| piece.state == State::Lost)?;
        let piece = self.pieces[index];
        if usize::from(piece.len) > len && !self.pieces.is_full() {
            let rest = Piece {
                start: piece.start + len as u32,
                len: piece.len - len as u16,
                ..piece
            };
            if self.pieces.insert(index + 1, rest).is_ok() {
                self.pieces[index].len = len as u16;
            }
        }
        Some(index)
    }

    /// Makes a piece of bytes that were not sent yet, if there are enough to be worth a frame.
    fn new_piece(&mut self, len: usize, buffered: usize) -> Option<usize> {
        let available = self.acknowledged + buffered as u32;
        let end = available.min(self.limit);
        let count = (end.saturating_sub(self.sent) as usize).min(len);
        let more_will_come = end == available && self.written < self.object.length;
        if count == 0 || (count < len && more_will_come && !self.pieces.is_empty()) {
            return None;
        }
        let piece = Piece {
            start: self.sent,
            len: count as u16,
            repeated: false,
            state: State::Lost,
        };
        self.pieces.push(piece).ok()?;
        self.sent += count as u32;
        Some(self.pieces.len() - 1)
    }
}

const fn is_after(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) > 0
}

//! The pieces of an object that were sent and not acknowledged.

use heapless::Vec;

use super::wire::BulkAck;

/// The most pieces under way.
const MAX: usize = 32;
/// Longer ones leave room for so many more: if the line turns bad, only what can be cut still gets through.
const SHORT: usize = 128;
const SPARE: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// To be sent, or sent again.
    Lost,
    InFlight {
        sent_at: u64,
        /// Counts transmissions, so that of two one can tell which was first.
        order: u32,
    },
}

#[derive(Clone, Copy, Debug)]
struct Piece {
    start: u32,
    len: u16,
    /// Sent more than once.
    repeated: bool,
    state: State,
}

impl Piece {
    const fn end(&self) -> u32 {
        self.start + self.len as u32
    }

    const fn sent_at(&self) -> Option<u64> {
        match self.state {
            State::InFlight { sent_at, .. } => Some(sent_at),
            State::Lost => None,
        }
    }

    fn has_arrived(&self, ack: &BulkAck) -> bool {
        let within = |start, end| start <= self.start && self.end() <= end;
        within(0, ack.acknowledged) || ack.received.iter().any(|span| within(span.start, span.end))
    }
}

/// A piece that is sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) start: u32,
    pub(super) len: u16,
    pub(super) repeated: bool,
}

/// What an acknowledgement tells of a piece under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It has come. `sent_at` tells when it was sent last, `repeated` whether that was not the only time.
    Arrived { len: u16, sent_at: u64, repeated: bool },
    /// It has not, although it was sent before one that has: a line keeps the order.
    Lost { len: u16 },
}

/// Pieces in the order of the object.
#[derive(Debug)]
pub(super) struct Pieces {
    list: Vec<Piece, MAX>,
    transmissions: u32,
    // What follows is known from the list, and is kept because a link is polled far more often than the list changes.
    /// When the first and the last of those under way were sent.
    under_way: Option<(u64, u64)>,
    any_lost: bool,
}

impl Pieces {
    pub(super) const fn new() -> Self {
        Self {
            list: Vec::new(),
            transmissions: 0,
            under_way: None,
            any_lost: false,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn count(&self) -> usize {
        self.list.len()
    }

    /// Whether a piece of this length can be sent besides those under way.
    pub(super) fn has_room(&self, len: usize) -> bool {
        self.list.len() + if len > SHORT { SPARE } else { 0 } < MAX
    }

    pub(super) const fn any_lost(&self) -> bool {
        self.any_lost
    }

    /// When the first and the last of those under way were sent.
    pub(super) const fn under_way(&self) -> Option<(u64, u64)> {
        self.under_way
    }

    /// To be called after every change.
    #[cfg_attr(target_os = "none", inline(never))] // On a board, flash is dearer than the call.
    fn changed(&mut self) {
        self.under_way = None;
        self.any_lost = false;
        for piece in &self.list {
            match piece.sent_at() {
                None => self.any_lost = true,
                Some(at) => {
                    let (oldest, newest) = self.under_way.unwrap_or((at, at));
                    self.under_way = Some((oldest.min(at), newest.max(at)));
                }
            }
        }
    }

    /// Sends bytes that were not sent yet; `None` if too many pieces are under way.
    pub(super) fn send_new(&mut self, now: u64, start: u32, len: u16) -> Option<Sent> {
        if !self.has_room(len.into()) {
            return None;
        }
        let piece = Piece {
            start,
            len,
            repeated: false,
            state: State::Lost,
        };
        self.list.push(piece).ok()?;
        self.send(now, self.list.len() - 1)
    }

    /// Sends the first lost piece again, cut to `len` if it is longer.
    pub(super) fn send_lost(&mut self, now: u64, len: usize) -> Option<Sent> {
        if !self.any_lost {
            return None;
        }
        let index = self.list.iter().position(|piece| piece.state == State::Lost)?;
        let piece = self.list[index];
        if usize::from(piece.len) > len && !self.list.is_full() {
            let rest = Piece {
                start: piece.start + len as u32,
                len: piece.len - len as u16,
                ..piece
            };
            if self.list.insert(index + 1, rest).is_ok() {
                self.list[index].len = len as u16;
            }
        }
        self.send(now, index)
    }

    fn send(&mut self, now: u64, index: usize) -> Option<Sent> {
        self.transmissions = self.transmissions.wrapping_add(1);
        let piece = self.list.get_mut(index)?;
        piece.state = State::InFlight {
            sent_at: now,
            order: self.transmissions,
        };
        let sent = Sent {
            start: piece.start,
            len: piece.len,
            repeated: piece.repeated,
        };
        self.changed();
        Some(sent)
    }

    /// Takes an acknowledgement, and tells what became of the pieces of which it tells something.
    pub(super) fn acknowledge(&mut self, ack: &BulkAck, mut tell: impl FnMut(Fate)) {
        let mut latest: Option<u32> = None;
        self.list.retain(|piece| {
            if !piece.has_arrived(ack) {
                return true;
            }
            if let State::InFlight { sent_at, order } = piece.state {
                tell(Fate::Arrived {
                    len: piece.len,
                    sent_at,
                    repeated: piece.repeated,
                });
                if latest.is_none_or(|latest| is_after(order, latest)) {
                    latest = Some(order);
                }
            }
            false
        });
        // A receiver may have had room for the beginning of a piece only.
        for piece in &mut self.list {
            let came = ack.acknowledged.saturating_sub(piece.start);
            piece.start += came;
            piece.len -= came as u16; // less than the piece: otherwise it is gone
        }
        if let Some(latest) = latest {
            self.lose(|_, order| is_after(latest, order), |len| tell(Fate::Lost { len }));
        }
        self.changed();
    }

    /// Takes those for lost that were sent up to `until`; returns the length of the longest, if there were any.
    pub(super) fn lose_sent_until(&mut self, until: u64) -> Option<u16> {
        let mut longest = None;
        if self.under_way.is_some_and(|(oldest, _)| oldest <= until) {
            self.lose(
                |sent_at, _| sent_at <= until,
                |len| longest = longest.max(Some(len)),
            );
            self.changed();
        }
        longest
    }

    /// Takes the one for lost that has been under way longest; returns its length.
    pub(super) fn lose_oldest(&mut self) -> Option<u16> {
        let (oldest, _) = self.under_way()?;
        let piece = self
            .list
            .iter_mut()
            .find(|piece| piece.sent_at() == Some(oldest))?;
        piece.state = State::Lost;
        piece.repeated = true;
        let len = piece.len;
        self.changed();
        Some(len)
    }

    fn lose(&mut self, is_lost: impl Fn(u64, u32) -> bool, mut lost: impl FnMut(u16)) {
        for piece in &mut self.list {
            if let State::InFlight { sent_at, order } = piece.state
                && is_lost(sent_at, order)
            {
                piece.state = State::Lost;
                piece.repeated = true;
                lost(piece.len);
            }
        }
    }
}

const fn is_after(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) > 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::wire::Span;

    fn three() -> Pieces {
        let mut pieces = Pieces::new();
        for index in 0..3 {
            assert!(pieces.send_new(10 * index, 100 * index as u32, 100).is_some());
        }
        pieces
    }

    fn ack(acknowledged: u32, spans: &[(u32, u32)]) -> BulkAck {
        let spans = spans.iter().map(|&(start, end)| Span { start, end });
        BulkAck {
            transfer: 1,
            acknowledged,
            limit: 1_000,
            received: spans.collect(),
        }
    }

    /// How many have arrived, and how many were lost.
    fn told(pieces: &mut Pieces, ack: &BulkAck) -> (usize, usize) {
        let (mut arrived, mut lost) = (0, 0);
        pieces.acknowledge(ack, |fate| match fate {
            Fate::Arrived { .. } => arrived += 1,
            Fate::Lost { .. } => lost += 1,
        });
        (arrived, lost)
    }

    #[test]
    fn what_was_sent_before_something_that_came_is_lost() {
        let mut pieces = three();
        let nothing_known_of_the_third = told(&mut pieces, &ack(0, &[(100, 200)]));
        assert_eq!(nothing_known_of_the_third, (1, 1));
        let again = Sent {
            start: 0,
            len: 100,
            repeated: true,
        };
        assert_eq!(pieces.send_lost(30, 1_000), Some(again));
        assert_eq!(pieces.under_way(), Some((20, 30)));
        // The third came, and was sent before the repeat, of which it tells nothing.
        assert_eq!(told(&mut pieces, &ack(0, &[(100, 300)])), (1, 0));
    }

    #[test]
    fn a_lost_piece_is_cut_to_what_is_sent_now() {
        let mut pieces = three();
        assert_eq!(pieces.lose_oldest(), Some(100));
        let cut: Vec<_, 8> = core::iter::from_fn(|| pieces.send_lost(50, 40))
            .map(|sent| (sent.start, sent.len))
            .collect();
        assert_eq!(cut, [(0, 40), (40, 40), (80, 20)]);
        assert_eq!(pieces.lose_sent_until(20), Some(100));
        assert!(pieces.any_lost());
    }

    #[test]
    fn however_many_are_under_way_a_long_one_can_still_be_cut() {
        let mut pieces = Pieces::new();
        let mut start = 0;
        while pieces.send_new(0, start, 1_024).is_some() {
            start += 1_024;
        }
        assert!(start >= 16 * 1_024, "{start}");
        pieces.lose_sent_until(0);
        assert_eq!(pieces.send_lost(1, 100).map(|sent| sent.len), Some(100));
    }

    #[test]
    fn repeats_are_told_from_what_was_sent_once() {
        let mut pieces = three();
        pieces.lose_oldest();
        pieces.send_lost(50, 100);
        let mut measured: Vec<_, 8> = Vec::new();
        pieces.acknowledge(&ack(300, &[]), |fate| {
            if let Fate::Arrived {
                sent_at, repeated, ..
            } = fate
            {
                measured.extend([(sent_at, repeated)]);
            }
        });
        assert_eq!(measured, [(50, true), (10, false), (20, false)]);
        assert!(pieces.is_empty());
    }
}

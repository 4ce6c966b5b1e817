//! Messages on their way to the peer.

use heapless::Vec;

use super::ring::ByteRing;
use super::round_trip::RoundTrip;
use super::wire::Ack;

/// The most messages under way: an acknowledgement names 32 after the first.
const MAX_ENTRIES: usize = 32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Not sent yet, or lost.
    Waiting,
    /// Sent and not heard of.
    InFlight {
        sent_at: u64,
        /// Counts transmissions, so that of two one can tell which was first.
        order: u32,
    },
    /// Acknowledged, but something before it is missing.
    Arrived,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    len: u16,
    /// Sent at least once.
    sent: bool,
    /// Sent more than once.
    repeated: bool,
    state: State,
}

/// A message to put on the wire.
#[derive(Debug)]
pub(super) struct Outgoing<'a> {
    pub(super) sequence: u16,
    pub(super) payload: (&'a [u8], &'a [u8]),
    pub(super) repeated: bool,
}

/// Queue of control frames, kept until the peer has acknowledged them.
#[derive(Debug)]
pub(super) struct Outbox<const N: usize> {
    ring: ByteRing<N>,
    entries: Vec<Entry, MAX_ENTRIES>,
    /// Sequence number of the first entry.
    first: u16,
    /// The peer takes sequence numbers before this one.
    limit: u16,
    transmissions: u32,
    /// None of the messages under way was sent before this. A link is polled far more often than a message is lost.
    oldest: u64,
    /// A message may be waiting to be sent.
    waiting: bool,
}

impl<const N: usize> Outbox<N> {
    pub(super) const fn new() -> Self {
        Self {
            ring: ByteRing::new(),
            entries: Vec::new(),
            first: 0,
            limit: 1,
            transmissions: 0,
            oldest: u64::MAX,
            waiting: false,
        }
    }

    /// Starts a session anew, with a peer that takes `window` messages before it has acknowledged any.
    pub(super) fn start(&mut self, window: u16) {
        self.ring.clear();
        self.entries.clear();
        self.first = 0;
        self.limit = window;
        self.oldest = u64::MAX;
        self.waiting = false;
    }

    /// Whether there is room for so many payloads of `len` bytes together.
    pub(super) fn has_room(&self, payloads: usize, len: usize) -> bool {
        MAX_ENTRIES - self.entries.len() >= payloads && self.ring.room() >= len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Queues a payload, whole or not at all.
    pub(super) fn push(&mut self, payload: &[u8]) -> bool {
        if !self.has_room(1, payload.len()) {
            return false;
        }
        self.ring.write(payload);
        let entry = Entry {
            len: payload.len() as u16,
            sent: false,
            repeated: false,
            state: State::Waiting,
        };
        self.waiting = true;
        self.entries.push(entry).is_ok()
    }

    /// The next message to send, if the peer takes one; counts as sent.
    pub(super) fn next(&mut self, now: u64) -> Option<Outgoing<'_>> {
        if !self.waiting {
            return None;
        }
        let in_flight = self
            .entries
            .iter()
            .any(|entry| matches!(entry.state, State::InFlight { .. }));
        let mut at = 0;
        for (index, entry) in self.entries.iter_mut().enumerate() {
            let sequence = self.first.wrapping_add(index as u16);
            let len = usize::from(entry.len);
            if entry.state == State::Waiting {
                // One may always be under way: it finds out whether a receiver that was full still is.
                if in_flight && !is_before(sequence, self.limit) {
                    return None;
                }
                self.transmissions = self.transmissions.wrapping_add(1);
                self.oldest = self.oldest.min(now);
                entry.repeated = entry.sent;
                entry.sent = true;
                entry.state = State::InFlight {
                    sent_at: now,
                    order: self.transmissions,
                };
                let repeated = entry.repeated;
                return Some(Outgoing {
                    sequence,
                    payload: self.ring.slices(at, len),
                    repeated,
                });
            }
            at += len;
        }
        self.waiting = false;
        None
    }

    /// Takes the acknowledgement that every control frame carries.
    pub(super) fn acknowledged(&mut self, now: u64, acknowledged: u16, round_trip: &mut RoundTrip) {
        self.arrived(now, acknowledged, 0, round_trip);
    }

    /// Takes an acknowledgement frame.
    pub(super) fn ack_frame(&mut self, now: u64, ack: &Ack, round_trip: &mut RoundTrip) {
        if self.arrived(now, ack.acknowledged, ack.received, round_trip) {
            self.limit = ack.limit;
        }
    }

    fn arrived(&mut self, now: u64, acknowledged: u16, received: u32, round_trip: &mut RoundTrip) -> bool {
        let count = usize::from(acknowledged.wrapping_sub(self.first));
        // Older than what is known already, or nonsense: nobody can have what was not sent.
        if count > self.entries.iter().take_while(|entry| entry.sent).count() {
            return false;
        }
        let mut latest = None;
        for (index, entry) in self.entries.iter_mut().enumerate() {
            // Those before the first that is missing have come; of those after it the bits tell.
            let came = match index.checked_sub(count) {
                None => true,
                Some(0) => false,
                Some(after) => received >> (after - 1) & 1 != 0 && entry.sent,
            };
            if !came {
                continue;
            }
            if let State::InFlight { sent_at, order } = entry.state {
                if !entry.repeated {
                    round_trip.measured(now.saturating_sub(sent_at));
                }
                if latest.is_none_or(|latest| is_after(order, latest)) {
                    latest = Some(order);
                }
            }
            entry.state = State::Arrived;
        }
        let bytes = self.entries[..count]
            .iter()
            .map(|entry| usize::from(entry.len))
            .sum();
        self.ring.free(bytes);
        self.entries.drain(..count);
        self.first = acknowledged;
        // A line keeps the order: what was sent before something that arrived, and has not arrived, is lost.
        if let Some(latest) = latest {
            self.lose(0, Some(latest));
        }
        true
    }

    /// Marks what was not acknowledged in time, and returns whether there was any.
    pub(super) fn expire(&mut self, now: u64, timeout_us: u64) -> bool {
        now >= self.oldest.saturating_add(timeout_us) && self.lose((now + 1).saturating_sub(timeout_us), None)
    }

    /// Everything under way is to be sent again, as after a silence.
    pub(super) fn lose_all(&mut self) {
        self.lose(u64::MAX, None);
    }

    /// What was sent before a moment, or earlier than a certain transmission, is to be sent again; returns whether
    /// there was any.
    #[cfg_attr(target_os = "none", inline(never))] // On a board, flash is dearer than the call.
    fn lose(&mut self, moment: u64, transmission: Option<u32>) -> bool {
        let mut any = false;
        self.oldest = u64::MAX;
        for entry in &mut self.entries {
            if let State::InFlight { sent_at, order } = entry.state {
                if sent_at < moment || transmission.is_some_and(|latest| is_after(latest, order)) {
                    entry.state = State::Waiting;
                    any = true;
                } else {
                    self.oldest = self.oldest.min(sent_at);
                }
            }
        }
        self.waiting |= any;
        any
    }

    /// When the next message counts as lost; `u64::MAX` if none is under way.
    pub(super) fn deadline(&self, timeout_us: u64) -> u64 {
        self.oldest.saturating_add(timeout_us)
    }
}

/// Whether sequence number `a` comes before `b`, as numbers that wrap.
pub(super) const fn is_before(a: u16, b: u16) -> bool {
    (a.wrapping_sub(b) as i16) < 0
}

const fn is_after(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) > 0
}

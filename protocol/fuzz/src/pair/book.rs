//! What both owners know, and what must hold between them.

use std::collections::{HashMap, HashSet};

use protocol::link::{BulkOutcome, DownReason, Event, Object, RequestFailure, TransferId};
use protocol::{Message, RequestId};

use super::super::pattern;
use super::{Session, is_of_session};

/// How many requests an end remembers: those that wait for its owner, and of the others the last (section 4 of the
/// specification).
const REMEMBERED: usize = 8;

/// A request of the other end that was given to the owner.
#[derive(Debug)]
struct Given {
    /// Boot id of the end that gave it.
    boot: u32,
    id: RequestId,
    /// How many had been given when it was answered.
    answered: Option<usize>,
    /// A request that is refused was not carried out.
    refused: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Side {
    Host,
    Board,
}

/// The books of both owners.
#[derive(Default)]
pub(super) struct Books {
    pub(super) host: Book,
    pub(super) board: Book,
    boots: [Vec<u32>; 2],
    tags: HashSet<u32>,
}

impl Books {
    /// A boot id that gives every session a number of its own: that two of a few sessions have the same, one in 4096,
    /// is known and means nothing here.
    pub(super) fn boot(&mut self, side: Side) -> u32 {
        let (own, others) = match side {
            Side::Host => (0, 1),
            Side::Board => (1, 0),
        };
        let mut boot = 0x1000 * (own as u32 + 1) + self.boots[own].len() as u32;
        loop {
            let tags = self.boots[others].iter().map(|other| {
                let (host, board) = if own == 0 { (boot, *other) } else { (*other, boot) };
                pattern::checksum(&[host.to_le_bytes(), board.to_le_bytes()].concat()) & 0xfff
            });
            let tags: HashSet<u32> = tags.collect();
            if tags.len() == self.boots[others].len()
                && tags.is_disjoint(&self.tags)
                && !self.boots[own].contains(&boot)
            {
                self.tags.extend(tags);
                self.boots[own].push(boot);
                return boot;
            }
            boot += 0x10;
        }
    }
}

#[derive(Debug)]
struct Sending {
    transfer: TransferId,
    object: Object,
    written: u32,
}

#[derive(Debug)]
struct Receiving {
    transfer: TransferId,
    object: Object,
    read: u32,
}

/// What one owner knows.
#[derive(Debug, Default)]
pub(super) struct Book {
    last_number: u32,
    /// Boot id of the peer, while the link is up.
    peer: Option<u32>,
    known_peer: Option<u32>,
    told: HashMap<Session, Vec<u32>>,
    heard: HashMap<Session, Vec<u32>>,
    asked: Vec<(RequestId, u32)>,
    asked_before: Vec<(RequestId, u32)>,
    again: HashSet<RequestId>,
    given: Vec<Given>,
    to_answer: Vec<(RequestId, u64)>,
    sending: Option<Sending>,
    receiving: Option<Receiving>,
    /// Objects that were ever sent by this end, and those that arrived whole at this end.
    objects: HashMap<u32, Object>,
    begun: HashSet<u32>,
    delivered: HashSet<u32>,
    restarts: usize,
}

impl Book {
    /// A number that was not used for anything yet.
    pub(super) fn next_number(&self) -> u32 {
        self.last_number + 1
    }

    pub(super) fn tells(&mut self, session: Session) {
        self.last_number += 1;
        self.told.entry(session).or_default().push(self.last_number);
    }

    pub(super) fn asks(&mut self, id: RequestId) {
        self.last_number += 1;
        self.waits(id, self.last_number);
    }

    pub(super) fn asked_before(&self, which: u8) -> Option<(RequestId, u32)> {
        let count = self.asked_before.len().max(1);
        self.asked_before.get(usize::from(which) % count).copied()
    }

    pub(super) fn asks_again(&mut self, id: RequestId, number: u32) {
        self.again.insert(id);
        self.waits(id, number);
    }

    fn waits(&mut self, id: RequestId, number: u32) {
        let waits = self.asked.iter().any(|(asked, _)| *asked == id);
        assert!(!waits, "an id of its own");
        self.asked.push((id, number));
    }

    /// A request has ended; returns its number.
    fn ended(&mut self, id: RequestId) -> u32 {
        let at = self.asked.iter().position(|(asked, _)| *asked == id);
        self.asked
            .remove(at.expect("it was asked, and did not end yet"))
            .1
    }

    pub(super) fn takes_to_answer(&mut self, which: u8) -> Option<(RequestId, u64)> {
        if self.to_answer.is_empty() {
            return None;
        }
        let at = usize::from(which) % self.to_answer.len();
        let taken = self.to_answer.remove(at);
        let count = self.given.len();
        if let Some(given) = self.given.iter_mut().rfind(|given| given.id == taken.0) {
            given.answered = Some(count);
        }
        Some(taken)
    }

    /// The request that was taken last is refused.
    pub(super) fn refuses(&mut self, id: RequestId) {
        if let Some(given) = self.given.iter_mut().rfind(|given| given.id == id) {
            given.refused = true;
        }
    }

    /// Notes a request; it must not be one that is remembered.
    fn gives(&mut self, boot: u32, id: RequestId) {
        let same = |given: &Given| given.boot == boot && given.id == id && !given.refused;
        if let Some(at) = self.given.iter().rposition(same) {
            let since = self.given.len() - at - 1;
            let waited = |given: &&Given| given.boot == boot && given.answered.is_none_or(|count| count > at);
            let others = since + self.given[..at].iter().filter(waited).count();
            assert!(others >= REMEMBERED, "carried out twice: {id:?}");
        }
        let (answered, refused) = (None, false);
        self.given.push(Given {
            boot,
            id,
            answered,
            refused,
        });
    }

    /// Whether a request was carried out here.
    fn has_done(&self, id: RequestId) -> bool {
        self.given.iter().any(|given| given.id == id && !given.refused)
    }

    pub(super) fn sends(&mut self, transfer: TransferId, object: Object) {
        self.last_number += 1;
        assert!(self.sending.is_none(), "one at a time");
        let written = 0;
        self.sending = Some(Sending {
            transfer,
            object,
            written,
        });
        self.objects.insert(object.id, object);
    }

    pub(super) fn next_to_write(&self) -> (u32, u32) {
        self.sending
            .as_ref()
            .map_or((0, 0), |it| (it.object.id, it.written))
    }

    pub(super) fn wrote(&mut self, count: usize) {
        if let Some(sending) = &mut self.sending {
            sending.written += count as u32;
        } else {
            assert_eq!(count, 0);
        }
    }

    pub(super) fn read(&mut self, bytes: &[u8]) {
        let Some(receiving) = &mut self.receiving else {
            assert_eq!(bytes, [0; 0], "there is no object");
            return;
        };
        assert!(
            pattern::is_of(receiving.object.id, receiving.read, bytes),
            "unchanged"
        );
        receiving.read += bytes.len() as u32;
    }

    /// This end restarts: its owner starts with nothing but what it may ask again.
    pub(super) fn restarts(&mut self) {
        self.restarts += 1;
        (self.peer, self.known_peer) = (None, None);
        self.asked_before.append(&mut self.asked);
        self.to_answer.clear();
        (self.sending, self.receiving) = (None, None);
    }

    /// The link has no more events.
    pub(super) fn knows(&self, is_up: bool) {
        assert_eq!(self.peer.is_some(), is_up, "the owner knows whether it is up");
    }

    /// Takes an event of the link, whose boot id is `own`.
    pub(super) fn event(&mut self, event: Event, other: &mut Self, own: u32) {
        assert!(
            !is_of_session(&event) || self.peer.is_some(),
            "{event:?} while down"
        );
        match event {
            Event::Up { peer, resumed } => {
                assert!(self.peer.is_none(), "an up after a down");
                assert!(
                    !resumed || self.known_peer == Some(peer.boot_id),
                    "only who was there goes on"
                );
                self.peer = Some(peer.boot_id);
                self.known_peer = self.peer;
            }
            Event::Log(log) => panic!("nobody logs here: {log:?}"),
            Event::Down { reason } => {
                let restarted = reason == DownReason::PeerRestarted;
                assert!(self.peer.is_some() || restarted, "{reason:?} of nobody");
                assert!(restarted || reason == DownReason::Silent, "{reason:?}");
                assert!(!restarted || other.restarts > 0, "nobody has restarted");
                self.peer = None;
            }
            Event::Notification(message) => {
                let Message::CaptureProgress(message) = message else {
                    panic!("nobody told {message:?}");
                };
                let session = (self.peer.expect("up"), own);
                let heard = self.heard.entry(session).or_default();
                heard.push(message.capture_id);
                let told = other.told.get(&session).map_or(&[][..], Vec::as_slice);
                assert!(told.starts_with(heard), "in order, once: {heard:?} of {told:?}");
            }
            Event::Request { id, message } => {
                let Message::TicketRequest(message) = message else {
                    panic!("nobody asked {message:?}");
                };
                self.gives(own, id);
                self.to_answer.push((id, message.press));
            }
            Event::Reply { id, message } => {
                let number = self.ended(id);
                let Message::TicketDenied(message) = message else {
                    panic!("nobody answered {message:?}");
                };
                assert_eq!(message.press, u64::from(number), "the answer to this request");
                assert!(other.has_done(id), "an answer means that it was done");
            }
            Event::RequestFailed { id, reason } => {
                let number = self.ended(id);
                match reason {
                    RequestFailure::PeerRestarted => {
                        assert!(other.restarts > 0, "nobody has restarted");
                        self.asked_before.push((id, number));
                    }
                    RequestFailure::Refused(_) => {
                        assert!(
                            !other.has_done(id) || self.again.contains(&id),
                            "a refusal means that it was not done"
                        );
                    }
                    RequestFailure::BadReply => panic!("a reply that cannot be read"),
                }
            }
            Event::BulkBegin { transfer, object } => {
                assert!(self.receiving.is_none(), "one at a time");
                assert_eq!(other.objects.get(&object.id), Some(&object), "one that was sent");
                assert!(self.begun.insert(object.id), "once");
                let read = 0;
                self.receiving = Some(Receiving {
                    transfer,
                    object,
                    read,
                });
            }
            Event::BulkEnd {
                transfer,
                object,
                outcome,
            } => {
                let receiving = self.receiving.take().expect("an object is under way");
                assert_eq!((receiving.transfer, receiving.object), (transfer, object));
                assert_ne!(
                    outcome,
                    BulkOutcome::ChecksumMismatch,
                    "the pieces are checked too"
                );
                if outcome == BulkOutcome::Delivered {
                    assert_eq!(receiving.read, object.length, "whole");
                    assert!(self.delivered.insert(object.id), "once");
                }
            }
            Event::BulkSent { transfer, outcome } => {
                let sending = self.sending.take().expect("an object is under way");
                assert_eq!(sending.transfer, transfer);
                assert_ne!(
                    outcome,
                    BulkOutcome::ChecksumMismatch,
                    "the pieces are checked too"
                );
                if outcome == BulkOutcome::Delivered {
                    // The other's owner has all of its bytes; that they are right it may be about to be told.
                    let all_read =
                        |it: &Receiving| it.object == sending.object && it.read == it.object.length;
                    let there = other.delivered.contains(&sending.object.id);
                    assert!(
                        there || other.receiving.as_ref().is_some_and(all_read),
                        "it is there"
                    );
                }
            }
        }
    }

    /// Whether everything that this end has said in the session has come to an end.
    pub(super) fn is_done(&self, other: &Self, session: Session) -> bool {
        let told = self.told.get(&session).map_or(0, Vec::len);
        let heard = other.heard.get(&session).map_or(0, Vec::len);
        told == heard && self.asked.is_empty() && self.to_answer.is_empty() && self.sending.is_none()
    }
}

//! What the link owes its owner: every event once and in its place, and nothing that nobody sent.

use std::collections::{HashMap, HashSet, VecDeque};

use protocol::frame::{BulkHeader, ControlHeader, FrameKind, split_kind_and_session};
use protocol::link::wire::{Envelope, Log};
use protocol::link::{BulkOutcome, DownReason, Event, Object, SendError, TransferId};
use protocol::message::MAX_BODY;
use protocol::{Message, RequestId};

use super::pattern;

/// What came once: a request with its id or a notification, its code, and its body as this version writes it.
type Said = (Option<RequestId>, u16, Vec<u8>);

struct Sending {
    transfer: TransferId,
    object: Object,
    written: u32,
}

struct Receiving {
    transfer: TransferId,
    object: Object,
    bytes: Vec<u8>,
}

/// Whether a request of the peer waits for the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waits {
    Yes,
    /// Its session is over: the link may have forgotten it.
    Perhaps,
    No,
}

/// The owner's book.
#[allow(clippy::struct_excessive_bools)] // They are independent.
#[derive(Default)]
pub(super) struct Book {
    up: bool,
    /// What the peer said in this session: under how many sequence numbers, and how often it was handed out.
    said: HashMap<Said, (HashSet<u16>, usize)>,
    /// Requests of this end, those of them that must fail now, and the peer's.
    asked: Vec<RequestId>,
    must_fail: HashSet<RequestId>,
    to_answer: Vec<RequestId>,
    orphans: Vec<RequestId>,
    /// Notifications that were taken and did not go out yet.
    outgoing: VecDeque<Vec<u8>>,
    sending: Option<Sending>,
    sending_must_end: bool,
    receiving: Option<Receiving>,
    receiving_must_end: bool,
    /// Checksums that the peer has said for its objects.
    checksums: HashSet<(u8, u32)>,
    /// Of its log.
    logs: Vec<Log>,
    /// The peer sent pieces that are not of the pattern.
    strange_pieces: bool,
}

impl Book {
    /// The link has seen that the peer restarted.
    pub(super) fn peer_restarted(&mut self) {
        self.must_fail.extend(self.asked.iter().copied());
        self.sending_must_end = self.sending.is_some();
        self.receiving_must_end = self.receiving.is_some();
        self.orphans.append(&mut self.to_answer);
        self.outgoing.clear();
    }

    pub(super) fn session_begins(&mut self) {
        self.said.clear();
        self.checksums.clear();
    }

    /// The link was given an intact frame, while the session's number was `tag`.
    pub(super) fn fed(&mut self, tag: u16, frame: &[u8], takes_objects: bool) {
        let Some((Some(kind), of, rest)) = split_kind_and_session(frame) else {
            return;
        };
        if of != tag {
            return;
        }
        match kind {
            FrameKind::Control => {
                let Some((header, payload)) = ControlHeader::split(rest) else {
                    return;
                };
                let said = match Envelope::parse(payload) {
                    Ok((_, Some(Envelope::Notification { code, body }))) => (None, code, body),
                    Ok((_, Some(Envelope::Request { id, code, body }))) => (Some(id), code, body),
                    Ok((_, Some(Envelope::BulkEnd { transfer, checksum }))) => {
                        self.checksums.insert((transfer, checksum));
                        return;
                    }
                    _ => return,
                };
                if let Ok(message) = Message::parse(said.1, said.2) {
                    let said = (said.0, said.1, body(&message));
                    self.said.entry(said).or_default().0.insert(header.sequence);
                }
            }
            FrameKind::Log => {
                if let Ok((_, log)) = Log::parse_body(rest) {
                    self.logs.push(log);
                }
            }
            FrameKind::Bulk if takes_objects => {
                if let Some((header, bytes)) = BulkHeader::split(rest) {
                    self.strange_pieces |= !pattern::is_of(header.transfer.into(), header.offset, bytes);
                }
            }
            _ => {}
        }
    }

    fn hand_out(&mut self, id: Option<RequestId>, message: &Message) {
        let said = (id, message.code(), body(message));
        let (sequences, times) = self.said.get_mut(&said).expect("the peer said so");
        *times += 1;
        assert!(*times <= sequences.len(), "not more often than it said so");
    }

    pub(super) fn event(&mut self, event: Event) {
        match event {
            Event::Up { .. } => {
                assert!(!self.up, "an up after a down");
                self.up = true;
            }
            Event::Down { reason } => {
                assert!(
                    self.up || reason != DownReason::Silent,
                    "who was never there, falls not silent"
                );
                self.up = false;
            }
            Event::Notification(message) => self.hand_out(None, &message),
            Event::Request { id, message } => {
                self.hand_out(Some(id), &message);
                assert!(!self.to_answer.contains(&id), "once");
                self.orphans.retain(|orphan| *orphan != id);
                self.to_answer.push(id);
            }
            Event::Reply { id, .. } | Event::RequestFailed { id, .. } => {
                let at = self.asked.iter().position(|asked| *asked == id);
                self.asked.remove(at.expect("it was asked, and did not end yet"));
                self.must_fail.remove(&id);
            }
            Event::BulkBegin { transfer, object } => {
                assert!(self.receiving.is_none() && object.length < 1 << 24);
                let bytes = Vec::new();
                self.receiving = Some(Receiving {
                    transfer,
                    object,
                    bytes,
                });
            }
            Event::BulkEnd {
                transfer,
                object,
                outcome,
            } => {
                let received = self.receiving.take().expect("an object has begun");
                assert_eq!((received.transfer, received.object), (transfer, object));
                self.receiving_must_end = false;
                if outcome == BulkOutcome::Delivered {
                    assert_eq!(received.bytes.len(), object.length as usize);
                    let checksum = pattern::checksum(&received.bytes);
                    assert!(
                        self.checksums.contains(&(transfer.0, checksum)),
                        "as the peer says"
                    );
                }
            }
            Event::Log(log) => {
                let at = self.logs.iter().position(|said| *said == log);
                self.logs
                    .remove(at.expect("the peer said so, and it was not handed out yet"));
            }
            Event::BulkSent { transfer, .. } => {
                let sent = self.sending.take().expect("an object was under way");
                assert_eq!(sent.transfer, transfer);
                self.sending_must_end = false;
            }
        }
    }

    /// There are no more events.
    pub(super) fn all_told(&self, is_up: bool) {
        assert_eq!(self.up, is_up, "the owner knows whether it is up");
        assert!(self.must_fail.is_empty(), "requests fail with their session");
        assert!(
            !self.sending_must_end && !self.receiving_must_end,
            "so do objects"
        );
    }

    pub(super) fn notified(&mut self, message: &Message, taken: bool) {
        if taken {
            let mut bytes = message.code().to_le_bytes().to_vec();
            bytes.extend(body(message));
            self.outgoing.push_back(bytes);
        }
    }

    /// A notification goes out for the first time.
    pub(super) fn goes_out(&mut self, code: u16, body: &[u8]) {
        let next = self.outgoing.pop_front().expect("one that the owner gave");
        assert_eq!(next, [&code.to_le_bytes(), body].concat(), "in order");
    }

    pub(super) fn asked(&mut self, id: RequestId) {
        assert!(!self.asked.contains(&id), "an id of its own");
        self.asked.push(id);
    }

    pub(super) fn some_asked(&self, which: u8) -> Option<RequestId> {
        let count = self.asked.len().max(1);
        self.asked.get(usize::from(which) % count).copied()
    }

    pub(super) fn forgotten(&mut self, id: RequestId) {
        self.asked.retain(|asked| *asked != id);
        self.must_fail.remove(&id);
    }

    /// A request of the peer to answer, or one that there is not.
    pub(super) fn to_answer(&self, which: u8) -> (RequestId, Waits) {
        let which = usize::from(which);
        let all = self.to_answer.len() + self.orphans.len();
        match which % (all + 1) {
            at if at < self.to_answer.len() => (self.to_answer[at], Waits::Yes),
            at if at < all => (self.orphans[at - self.to_answer.len()], Waits::Perhaps),
            _ => {
                let (origin, number) = (0x0bad, which as u16);
                (RequestId { origin, number }, Waits::No)
            }
        }
    }

    pub(super) fn answered(&mut self, id: RequestId, waits: Waits, result: Result<(), SendError>) {
        match (waits, result) {
            (Waits::Yes | Waits::Perhaps, Ok(())) => {
                self.to_answer.retain(|waiting| *waiting != id);
                self.orphans.retain(|waiting| *waiting != id);
            }
            (_, Err(SendError::WrongUsage)) | (Waits::No | Waits::Perhaps, Err(SendError::NotWaiting)) => {}
            other => panic!("an answer that was {other:?}"),
        }
    }

    pub(super) fn sends(&mut self, transfer: TransferId, object: Object) {
        assert!(self.sending.is_none(), "one at a time");
        let written = 0;
        self.sending = Some(Sending {
            transfer,
            object,
            written,
        });
    }

    /// Number of the object being sent, and how much of it was written.
    pub(super) fn sending(&self) -> Option<(u8, u32)> {
        self.sending
            .as_ref()
            .map(|sending| (sending.transfer.0, sending.written))
    }

    /// Which object's pattern comes next, and from where.
    pub(super) fn next_to_write(&self) -> (u32, u32) {
        self.sending()
            .map_or((0, 0), |(number, written)| (number.into(), written))
    }

    pub(super) fn wrote(&mut self, count: usize) {
        match &mut self.sending {
            Some(sending) => {
                sending.written += count as u32;
                assert!(sending.written <= sending.object.length);
            }
            None => assert_eq!(count, 0, "there is no object"),
        }
    }

    /// Number, length, and bytes read of the object being received.
    pub(super) fn receiving(&self) -> Option<(u8, u32, u32)> {
        let receiving = self.receiving.as_ref()?;
        Some((
            receiving.transfer.0,
            receiving.object.length,
            receiving.bytes.len() as u32,
        ))
    }

    pub(super) fn read(&mut self, bytes: &[u8]) {
        let Some(receiving) = &mut self.receiving else {
            assert_eq!(bytes, [0; 0], "there is no object");
            return;
        };
        let seed = receiving.transfer.0.into();
        let offset = receiving.bytes.len() as u32;
        assert!(
            self.strange_pieces || pattern::is_of(seed, offset, bytes),
            "unchanged"
        );
        receiving.bytes.extend_from_slice(bytes);
        assert!(receiving.bytes.len() <= receiving.object.length as usize);
    }
}

fn body(message: &Message) -> Vec<u8> {
    let mut buffer = [0; MAX_BODY];
    let len = message.encode_body(&mut buffer).expect("a message fits");
    buffer[..len].to_vec()
}

//! The link behind the decoder: what frames do, and what is sent next.

use super::bulk_in::{BulkIn, MAX_OBJECT};
use super::bulk_out::BulkOut;
use super::event::{DownReason, Object, RequestFailure, RequestId, TransferId};
use super::inbox::{Inbox, Taken};
#[cfg(feature = "host")]
use super::log_in::LogIn;
use super::log_out::LogOut;
use super::news::News;
use super::outbox::Outbox;
use super::requests::{Memory, Requests};
use super::round_trip::RoundTrip;
use super::session::{Heard, Session};
use super::wire::{Ack, BulkAck, Envelope, Hello, MAX_CONTROL, Refuse};
use super::{BulkError, Config, SendError};
use crate::frame::{BulkHeader, ControlHeader, FrameKind, MAX_PAYLOAD, split_kind_and_session};
use crate::message::{LinkCounters, Message, NoRoom, Usage, Writer};

#[derive(Debug)]
pub(super) struct Core<const QUEUE: usize, const SLOTS: usize, const BULK_OUT: usize, const BULK_IN: usize> {
    pub(super) session: Session,
    pub(super) requests: Requests,
    pub(super) memory: Memory,
    pub(super) bulk_out: BulkOut<BULK_OUT>,
    pub(super) bulk_in: BulkIn<BULK_IN>,
    pub(super) counters: LinkCounters,
    pub(super) outbox: Outbox<QUEUE>,
    pub(super) inbox: Inbox<SLOTS>,
    round_trip: RoundTrip,
    pub(super) ack_due: bool,
    /// Requests that could not even be remembered, to be refused.
    pub(super) busy: heapless::Deque<RequestId, 4>,
    pub(super) news: News,
    pub(super) log_out: LogOut,
    // A board hears no log, and has no room for one.
    #[cfg(feature = "host")]
    pub(super) log_in: LogIn<SLOTS>,
}

impl<const QUEUE: usize, const SLOTS: usize, const BULK_OUT: usize, const BULK_IN: usize>
    Core<QUEUE, SLOTS, BULK_OUT, BULK_IN>
{
    /// Every message fits into an empty queue.
    const VALID: () = assert!(
        QUEUE >= 2 * MAX_CONTROL,
        "QUEUE holds at least two of the longest messages"
    );

    pub(super) fn new(config: Config) -> Self {
        let () = Self::VALID;
        Self {
            session: Session::new(config, SLOTS as u16),
            requests: Requests::new(),
            memory: Memory::new(),
            bulk_out: BulkOut::new(),
            bulk_in: BulkIn::new(),
            counters: LinkCounters::default(),
            outbox: Outbox::new(),
            inbox: Inbox::new(),
            round_trip: RoundTrip::default(),
            ack_due: false,
            busy: heapless::Deque::new(),
            news: News::default(),
            log_out: LogOut::new(),
            #[cfg(feature = "host")]
            log_in: LogIn::default(),
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.outbox.is_empty() && !self.waits_for_room()
    }

    /// Whether something else than the owner's messages waits for room in the control lane.
    fn waits_for_room(&self) -> bool {
        self.memory.due().is_some()
            || self.bulk_out.announcement().is_some()
            || self.bulk_in.result().is_some()
            || !self.busy.is_empty()
    }

    /// Brings up to date what is counted or known elsewhere.
    #[cfg_attr(target_os = "none", inline(never))] // On a board, flash is dearer than the call.
    fn gauge(&mut self) {
        let timeouts = self.round_trip.timeouts();
        self.counters.timeouts = timeouts.wrapping_add(self.bulk_out.timeouts());
        self.counters.round_trip_us = self.round_trip.smoothed_us();
        self.counters.bulk_piece = self.bulk_out.piece_len(MAX_PAYLOAD) as u16;
    }

    // Inputs.

    pub(super) fn handle_frame(&mut self, now: u64, frame: &[u8]) {
        self.take_frame(now, frame);
        self.gauge();
    }

    fn take_frame(&mut self, now: u64, frame: &[u8]) {
        count(&mut self.counters.frames_received);
        let Some((kind, tag, rest)) = split_kind_and_session(frame) else {
            return;
        };
        let heard = match kind.filter(|kind| *kind != FrameKind::Log || self.hears_log()) {
            Some(FrameKind::Hello) => self.hello(now, rest),
            Some(FrameKind::Refuse) => self.refused(rest),
            Some(kind) if self.session.is_of_session(tag) => {
                let heard = self.session.alive(now);
                self.session_frame(now, kind, rest);
                heard
            }
            Some(_) => {
                count(&mut self.counters.stray);
                self.session.stray(now);
                Heard::Nothing
            }
            None => {
                count(&mut self.counters.stray);
                Heard::Nothing
            }
        };
        match heard {
            Heard::Nothing => {}
            Heard::OwnEcho => count(&mut self.counters.stray),
            Heard::Impossible(reason) => self.news.stops(reason),
            Heard::Forgotten => self.peer_restarted(),
            Heard::NewPeer { had_peer } => {
                if had_peer {
                    self.peer_restarted();
                }
                self.start_anew();
                self.news.begins();
            }
            Heard::Resumed => self.resume(),
        }
    }

    /// Whether a log can come: to all others its frames are of an unknown kind.
    fn hears_log(&self) -> bool {
        cfg!(feature = "host") && self.session.is_host() && self.session.carries_log()
    }

    /// Whether a log can go out now.
    pub(super) fn says_log(&self) -> bool {
        self.session.is_up() && !self.session.is_host() && self.session.carries_log()
    }

    fn hello(&mut self, now: u64, rest: &[u8]) -> Heard {
        if let Ok((_appended_later, hello)) = Hello::parse(rest) {
            self.session.hello(now, &hello, !self.inbox.holds_undelivered())
        } else {
            count(&mut self.counters.undecodable);
            Heard::Nothing
        }
    }

    fn refused(&mut self, rest: &[u8]) -> Heard {
        let refuse = Refuse::parse_body(rest).ok();
        let reason = refuse.and_then(|(_, refuse)| self.session.refused(&refuse));
        reason.map_or(Heard::Nothing, Heard::Impossible)
    }

    fn session_frame(&mut self, now: u64, kind: FrameKind, rest: &[u8]) {
        let understood = match kind {
            FrameKind::Control => ControlHeader::split(rest).map(|(header, payload)| {
                self.outbox
                    .acknowledged(now, header.acknowledged, &mut self.round_trip);
                self.ack_due = true;
                Some(self.inbox.take(header.sequence, payload))
            }),
            FrameKind::Ack => Ack::parse_body(rest).ok().map(|(_, ack)| {
                self.outbox.ack_frame(now, &ack, &mut self.round_trip);
                self.bulk_out.learn_round_trip(&self.round_trip);
                None
            }),
            FrameKind::Bulk => BulkHeader::split(rest)
                .map(|(header, bytes)| self.bulk_in.piece(header.transfer, header.offset, bytes)),
            FrameKind::BulkAck => BulkAck::parse_body(rest).ok().map(|(_, ack)| {
                self.bulk_out.ack_frame(now, &ack);
                None
            }),
            #[cfg(feature = "host")]
            FrameKind::Log => self.log_in.take(rest).map(Some),
            #[cfg(not(feature = "host"))]
            FrameKind::Log => None,
            FrameKind::Hello | FrameKind::Refuse => None,
        };
        match understood {
            Some(Some(Taken::Duplicate)) => count(&mut self.counters.duplicates),
            Some(Some(Taken::NoRoom)) => count(&mut self.counters.no_room),
            Some(Some(Taken::New) | None) => {}
            None => count(&mut self.counters.undecodable),
        }
    }

    fn peer_restarted(&mut self) {
        count(&mut self.counters.peer_restarts);
        self.news.ends();
        self.start_anew();
    }

    /// Throws away what belongs to a session.
    fn start_anew(&mut self) {
        self.outbox.start(self.session.peer_window());
        self.inbox.clear();
        self.requests.fail_all(RequestFailure::PeerRestarted);
        self.memory.new_session();
        self.bulk_out.abort();
        self.bulk_in.abort();
        self.bulk_out.peer_max_payload = self.session.peer_max_payload();
        self.busy.clear();
        #[cfg(feature = "host")]
        self.log_in.clear();
        self.ack_due = true;
    }

    fn resume(&mut self) {
        self.outbox.lose_all();
        self.bulk_out.lose_all();
        self.bulk_in.ack_again();
        self.ack_due = true;
        self.news.goes_on();
    }

    pub(super) fn disconnect(&mut self, now: u64) {
        if self.session.disconnect(now) {
            self.news.stops(DownReason::Silent);
        }
    }

    pub(super) fn expire(&mut self, now: u64) {
        if self.session.expire(now) {
            count(&mut self.counters.silences);
            self.news.stops(DownReason::Silent);
        }
        if self.session.is_up() {
            if self.outbox.expire(now, self.round_trip.timeout_us()) {
                self.round_trip.expired();
            }
            self.bulk_out.expire(now);
            if self.session.keep_alive_due(now) {
                self.ack_due = true;
            }
        }
        self.gauge();
    }

    pub(super) fn deadline(&self) -> Option<u64> {
        let mut deadline = self.session.deadline();
        if self.session.is_up() {
            deadline = deadline
                .min(self.outbox.deadline(self.round_trip.timeout_us()))
                .min(self.bulk_out.deadline());
        }
        (deadline != u64::MAX).then_some(deadline)
    }

    // Commands.

    pub(super) fn request(&mut self, id: RequestId, message: &Message) -> Result<(), SendError> {
        self.may_send(message, Usage::Request)?;
        if self.requests.is_full() || self.requests.waits_for(id) {
            return Err(SendError::Full);
        }
        self.send(message, Some(id))?;
        self.requests.ask(id);
        Ok(())
    }

    pub(super) fn notify(&mut self, message: &Message) -> Result<(), SendError> {
        self.may_send(message, Usage::Notification)?;
        self.send(message, None)
    }

    pub(super) fn reply(&mut self, id: RequestId, message: &Message) -> Result<(), SendError> {
        if message.usage() != Usage::Reply {
            return Err(SendError::WrongUsage);
        }
        match self.memory.reply(id, message) {
            Ok(true) => Ok(()),
            Ok(false) => Err(SendError::NotWaiting),
            Err(NoRoom) => Err(SendError::TooLong),
        }
    }

    fn may_send(&self, message: &Message, usage: Usage) -> Result<(), SendError> {
        if message.usage() != usage {
            return Err(SendError::WrongUsage);
        }
        if !self.session.is_up() {
            return Err(SendError::Down);
        }
        match self.session.peer() {
            Some(peer) if peer.version < message.since() => Err(SendError::TooOld),
            _ => Ok(()),
        }
    }

    /// Queues a request with this id, or a notification.
    #[cfg_attr(target_os = "none", inline(never))] // On a board, flash is dearer than the call.
    fn send(&mut self, message: &Message, request: Option<RequestId>) -> Result<(), SendError> {
        let mut payload = [0; MAX_CONTROL];
        let mut out = Writer::new(&mut payload);
        // The body comes last, so it is written where it belongs.
        let (code, body) = (message.code(), &[][..]);
        let envelope = match request {
            Some(id) => Envelope::Request { id, code, body },
            None => Envelope::Notification { code, body },
        };
        envelope
            .write(&mut out)
            .and_then(|()| message.write_body(&mut out))
            .map_err(|NoRoom| SendError::TooLong)?;
        let len = out.len();
        // An owner that always has more to say must not keep an answer or an object back for ever.
        if self.waits_for_room() && !self.outbox.has_room(2, MAX_CONTROL + len) {
            return Err(SendError::Full);
        }
        if self.outbox.push(&payload[..len]) {
            Ok(())
        } else {
            Err(SendError::Full)
        }
    }

    /// A frame goes out.
    pub(super) fn count_sent(&mut self, len: usize) {
        count(&mut self.counters.frames_sent);
        self.counters.bytes_sent = self.counters.bytes_sent.wrapping_add(len as u32);
    }

    pub(super) fn bulk_begin(&mut self, object: Object) -> Result<TransferId, BulkError> {
        if !self.session.is_up() {
            return Err(BulkError::Down);
        }
        if object.length >= MAX_OBJECT {
            return Err(BulkError::TooLong);
        }
        self.bulk_out.begin(object).ok_or(BulkError::Busy)
    }
}

/// Queues a control frame, or returns `false` if there is no room now.
#[cfg_attr(target_os = "none", inline(never))] // On a board, flash is dearer than the call.
pub(super) fn queue<const QUEUE: usize>(outbox: &mut Outbox<QUEUE>, envelope: &Envelope<'_>) -> bool {
    let mut payload = [0; MAX_CONTROL];
    let mut out = Writer::new(&mut payload);
    if envelope.write(&mut out).is_err() {
        return false;
    }
    let len = out.len();
    outbox.push(&payload[..len])
}

pub(super) fn count(counter: &mut u32) {
    *counter = counter.wrapping_add(1);
}

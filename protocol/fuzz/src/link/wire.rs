//! What the link says on the wire, and what the peer learns from it.

use std::collections::HashMap;

use protocol::frame::{BulkHeader, ControlHeader, Decoder, FrameKind, Received, split_kind_and_session};
use protocol::link::wire::{Ack, BulkAck, Envelope, Hello, Log, Refuse};
use protocol::link::{RequestId, Role};
use protocol::message::LinkCounters;

use super::book::Book;
use super::{OWN_BOOT, pattern};

/// The wire as both see it.
pub(super) struct Wire {
    pub(super) role: Role,
    slots: usize,
    window: usize,
    /// What the link was given.
    pub(super) heard: Hearing,
    counted: LinkCounters,
    /// The next session will be a new one.
    pub(super) fresh: bool,
    /// Boot id of the peer of the session, and the session's number.
    pub(super) boot: u32,
    pub(super) tag: u16,
    /// The sequence number that the peer uses next, and the one after the link's last.
    pub(super) next: u16,
    pub(super) seen: u16,
    payloads: HashMap<u16, Vec<u8>>,
    acknowledged: u16,
    limit: u16,
    /// Requests of the link, as they came.
    pub(super) asked: Vec<RequestId>,
    /// The link's object: number, how far it was acknowledged, sent, allowed.
    pub(super) own_object: u8,
    pub(super) own_acknowledged: u32,
    pub(super) own_sent: u32,
    pub(super) limit_told: u32,
    /// The peer's object: number, length, how far it was sent, has arrived, is allowed.
    pub(super) peer_object: u8,
    pub(super) peer_length: u32,
    pub(super) peer_said: u32,
    pub(super) peer_arrived: u32,
    pub(super) peer_limit: u32,
    /// How much of the link's log was sent or lost.
    pub(super) logged: u32,
}

/// The byte at a place of the link's log: entries of 37 bytes.
pub(super) const fn log_byte(offset: u32) -> u8 {
    if offset % 37 == 36 {
        0
    } else {
        1 + (offset % 200) as u8
    }
}

impl Wire {
    pub(super) fn new(role: Role, slots: usize, window: usize) -> Self {
        Self {
            role,
            slots,
            window,
            heard: Hearing::default(),
            counted: LinkCounters::default(),
            fresh: true,
            boot: 0,
            tag: 0,
            next: 0,
            seen: 0,
            payloads: HashMap::new(),
            acknowledged: 0,
            limit: 0,
            asked: Vec::new(),
            own_object: 0,
            own_acknowledged: 0,
            own_sent: 0,
            limit_told: 0,
            peer_object: 0,
            peer_length: 0,
            peer_said: 0,
            peer_arrived: 0,
            peer_limit: 0,
            logged: 0,
        }
    }

    pub(super) fn session_begins(&mut self, boot: u32) {
        self.fresh = false;
        self.boot = boot;
        let (host, board) = if self.role == Role::Host {
            (OWN_BOOT, boot)
        } else {
            (boot, OWN_BOOT)
        };
        let ids = [host.to_le_bytes(), board.to_le_bytes()].concat();
        self.tag = (pattern::checksum(&ids) & 0xfff) as u16;
        self.next = 0;
        self.seen = 0;
        self.payloads.clear();
        self.acknowledged = 0;
        self.limit = 0;
        self.asked.clear();
    }

    /// The peer announces an object.
    pub(super) fn begins_to_say(&mut self, number: u8, length: u32) {
        self.peer_object = number;
        self.peer_length = length;
        (self.peer_said, self.peer_arrived, self.peer_limit) = (0, 0, 0);
    }

    /// The link was given an intact frame.
    pub(super) fn fed(&mut self, frame: &[u8]) {
        if let Some((Some(FrameKind::BulkAck), tag, rest)) = split_kind_and_session(frame)
            && tag == self.tag
            && let Ok((_, ack)) = BulkAck::parse_body(rest)
            && ack.transfer == self.own_object
        {
            self.limit_told = self.limit_told.max(ack.limit);
            self.own_acknowledged = ack.acknowledged;
        }
    }

    /// The link says something.
    pub(super) fn sent(&mut self, bytes: &[u8], book: &mut Book) {
        self.counted.frames_sent += 1;
        self.counted.bytes_sent += bytes.len() as u32;
        assert!(bytes.starts_with(&[0]) && bytes.ends_with(&[0]), "delimited");
        let mut decoder = Decoder::new();
        assert_eq!(
            decoder.push(bytes),
            (bytes.len(), Some(Received::Frame)),
            "one frame, and intact"
        );
        let (kind, tag, rest) = split_kind_and_session(decoder.frame()).expect("long enough");
        let kind = kind.expect("of a kind that there is");
        let of_session = !matches!(kind, FrameKind::Hello | FrameKind::Refuse);
        assert_eq!(tag, if of_session { self.tag } else { 0 });
        assert!(!(of_session && self.fresh), "there is a session");
        match kind {
            FrameKind::Hello => {
                let (rest, hello) = Hello::parse_body(rest).expect("readable");
                assert!(rest.is_empty() && hello.boot_id == OWN_BOOT);
            }
            FrameKind::Refuse => {
                let (rest, refuse) = Refuse::parse_body(rest).expect("readable");
                assert!(rest.is_empty() && refuse.boot_id == OWN_BOOT);
            }
            FrameKind::Control => self.control(rest, book),
            FrameKind::Ack => self.ack(rest),
            FrameKind::Bulk => self.bulk(rest, book),
            FrameKind::BulkAck => self.bulk_ack(rest, book),
            FrameKind::Log => self.log(rest),
        }
    }

    /// A board's log goes on where it was, whatever the session.
    fn log(&mut self, rest: &[u8]) {
        assert!(self.role != Role::Host, "a host says no log");
        let (rest, log) = Log::parse_body(rest).expect("readable");
        assert!(rest.is_empty() && log.is_sound(), "{log:?}");
        assert_eq!(log.offset, self.logged, "what was lost is skipped, nothing else");
        self.logged += log.bytes.len() as u32;
        for (at, byte) in (log.offset..).zip(&log.bytes) {
            assert_eq!(*byte, log_byte(at), "unchanged");
        }
        if let Some(first) = log.bytes.get(usize::from(log.entry)) {
            let offset = log.offset + u32::from(log.entry);
            assert!(
                offset == 0 || log_byte(offset - 1) == 0,
                "{first} begins an entry"
            );
        }
    }

    fn control(&mut self, rest: &[u8], book: &mut Book) {
        let (header, payload) = ControlHeader::split(rest).expect("long enough");
        self.acknowledges(header.acknowledged);
        if header.sequence != self.seen {
            let first = self.payloads.get(&header.sequence);
            assert_eq!(first.map(Vec::as_slice), Some(payload), "a repeat says the same");
            return;
        }
        self.seen = self.seen.wrapping_add(1);
        self.payloads.insert(header.sequence, payload.to_vec());
        let (_, envelope) = Envelope::parse(payload).expect("readable");
        match envelope.expect("of a class that there is") {
            Envelope::Notification { code, body } => book.goes_out(code, body),
            Envelope::Request { id, .. } => self.asked.push(id),
            Envelope::BulkBegin { transfer, .. } => {
                self.own_object = transfer;
                self.own_sent = 0;
                self.own_acknowledged = 0;
            }
            _ => {}
        }
    }

    /// What has come does not go away.
    fn acknowledges(&mut self, acknowledged: u16) {
        assert!(acknowledged.wrapping_sub(self.acknowledged) < 0x8000);
        self.acknowledged = acknowledged;
    }

    fn ack(&mut self, rest: &[u8]) {
        let (rest, ack) = Ack::parse_body(rest).expect("readable");
        assert!(rest.is_empty());
        self.acknowledges(ack.acknowledged);
        assert!(ack.limit.wrapping_sub(self.limit) < 0x8000, "a limit stands");
        self.limit = ack.limit;
        let window = usize::from(ack.limit.wrapping_sub(ack.acknowledged));
        assert!(window <= self.slots, "{ack:?}");
        // Of `window` messages from `acknowledged` on, the first has not come; the others may have.
        assert!(u64::from(ack.received) < 1 << window.saturating_sub(1), "{ack:?}");
        self.next = ack.acknowledged;
    }

    fn bulk(&mut self, rest: &[u8], book: &Book) {
        let (header, bytes) = BulkHeader::split(rest).expect("long enough");
        let (transfer, written) = book.sending().expect("an object is under way");
        assert_eq!(header.transfer, transfer);
        let end = header.offset + bytes.len() as u32;
        assert!(end <= written, "only what was written");
        assert!(bytes.is_empty() || end <= self.limit_told, "only what is taken");
        assert!(pattern::is_of(transfer.into(), header.offset, bytes), "unchanged");
        self.own_sent = self.own_sent.max(end);
    }

    fn bulk_ack(&mut self, rest: &[u8], book: &Book) {
        let (rest, ack) = BulkAck::parse_body(rest).expect("readable");
        let (transfer, length, read) = book.receiving().expect("an object is under way");
        assert!(rest.is_empty() && ack.transfer == transfer);
        assert!(
            read <= ack.acknowledged && ack.acknowledged <= ack.limit,
            "{ack:?}"
        );
        assert!(ack.limit <= length && ack.limit as usize <= read as usize + self.window);
        let mut at = ack.acknowledged;
        for span in &ack.received {
            assert!(at < span.start && span.start < span.end, "{ack:?}");
            at = span.end;
        }
        assert!(at <= ack.limit, "{ack:?}");
        (self.peer_arrived, self.peer_limit) = (ack.acknowledged, ack.limit);
    }

    /// Compares the link's counters with what was seen here.
    pub(super) fn counted(&self, counters: &LinkCounters) {
        let seen = &self.heard.counted;
        assert_eq!(counters.bytes_received, seen.bytes_received);
        assert_eq!(counters.frames_received, seen.frames_received);
        assert_eq!(counters.crc_errors, seen.crc_errors);
        assert_eq!(counters.framing_errors, seen.framing_errors);
        assert_eq!(counters.oversize, seen.oversize);
        assert_eq!(counters.bytes_sent, self.counted.bytes_sent);
        assert_eq!(counters.frames_sent, self.counted.frames_sent);
        let explained = counters.stray + counters.duplicates + counters.no_room;
        assert!(explained <= counters.frames_received * 2, "{counters:?}");
    }
}

/// Another decoder beside that of the link.
#[derive(Default)]
pub(super) struct Hearing {
    decoder: Decoder,
    counted: LinkCounters,
}

impl Hearing {
    /// Takes bytes with at most one delimiter, at their end.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Option<Received> {
        self.counted.bytes_received += bytes.len() as u32;
        let (taken, received) = self.decoder.push(bytes);
        assert_eq!(taken, bytes.len());
        match received? {
            Received::Frame => self.counted.frames_received += 1,
            Received::BadChecksum => self.counted.crc_errors += 1,
            Received::BadFraming => self.counted.framing_errors += 1,
            Received::Oversize => self.counted.oversize += 1,
        }
        received
    }

    pub(super) fn frame(&self) -> &[u8] {
        self.decoder.frame()
    }

    pub(super) fn reset(&mut self) {
        self.decoder.reset();
    }
}

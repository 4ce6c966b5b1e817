//! What the entries of a trace mean, one after the other.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use protocol::RequestId;
use protocol::frame::{BulkHeader, CRC_LEN, ControlHeader, FrameKind, split_kind_and_session, wire_len};
use protocol::link::Timing;
use protocol::link::wire::{Ack, Envelope};
use serde_json::json;

use super::fields::Fields;
use super::line::{Line, Scale, Topic};
use super::record::{Content, Damage, Direction, Record};
use super::said::{bulk_ack, hello, misread, own_fields, refuse};
use super::seen::{Place, Seen};
use super::summary::{OneWay, Summary};

/// How many messages without an acknowledgement are remembered.
const MAX_IN_FLIGHT: usize = 64;
/// How many missing messages are named.
const MAX_NAMED: usize = 8;

/// Reads the traces of any number of boards, each in the order of time.
#[derive(Debug)]
pub struct Reading {
    scale: Scale,
    boards: BTreeMap<String, BoardReading>,
}

/// Reads the trace of one board.
#[derive(Debug, Default)]
pub(super) struct BoardReading {
    pub(super) session: Option<u16>,
    pub(super) former_session: Option<u16>,
    pub(super) to_board: End,
    pub(super) from_board: End,
    pub(super) requests: HashMap<RequestId, Asked>,
    pub(super) summary: Summary,
}

/// What one end has sent.
#[derive(Debug, Default)]
pub(super) struct End {
    pub(super) last_at: Option<u64>,
    /// The next new sequence number.
    pub(super) next: Option<u16>,
    pub(super) missing: BTreeSet<u16>,
    /// Messages that were not acknowledged yet: sequence number, when, and whether sent again.
    pub(super) in_flight: VecDeque<(u16, u64, bool)>,
    pub(super) object: Option<(u8, Seen)>,
    /// When the first and the last new piece of the object came.
    pub(super) object_from: Option<u64>,
    pub(super) object_to: u64,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) at: u64,
    pub(super) direction: Direction,
    pub(super) name: &'static str,
}

impl Reading {
    /// Nothing is read yet.
    pub const fn new(scale: Scale) -> Self {
        Self {
            scale,
            boards: BTreeMap::new(),
        }
    }

    /// Reads the next entry of a board's trace.
    pub fn read(&mut self, board: &str, record: &Record) -> Line {
        let timed = self.scale == Scale::Time;
        let reading = self.boards.entry(board.to_owned()).or_default();
        let mut line = Line {
            at: record.at,
            board: board.to_owned(),
            direction: record.direction,
            frame: "port",
            topics: Vec::new(),
            session: None,
            numbers: Vec::new(),
            subject: String::new(),
            details: Vec::new(),
            fields: Fields::default(),
            remarks: Vec::new(),
        };
        reading.summary.passed(record.at, timed);
        match (&record.content, record.direction) {
            (Content::Note(text), _) => {
                line.subject.clone_from(text);
                line.topics.push(Topic::Session);
            }
            (Content::Damaged { damage, claim, len }, direction) => {
                reading.damaged(&mut line, *damage, claim, *len, direction);
            }
            (Content::Frame { bytes, len }, Some(direction)) => {
                if timed {
                    reading.silence(&mut line, direction);
                }
                reading.frame(&mut line, direction, bytes, *len);
            }
            (Content::Frame { len, .. }, None) => {
                line.frame = "unknown";
                line.numbers.push(("length", *len as u64));
                line.remarks
                    .push("the trace does not say which way it went".into());
            }
        }
        line
    }

    /// What was read so far, board by board.
    pub fn summaries(&self) -> impl Iterator<Item = (&str, &Summary)> {
        self.boards
            .iter()
            .map(|(name, board)| (name.as_str(), &board.summary))
    }

    /// How places are to be read.
    pub const fn scale(&self) -> Scale {
        self.scale
    }
}

impl BoardReading {
    pub(super) fn end(&mut self, direction: Direction) -> &mut End {
        match direction {
            Direction::ToBoard => &mut self.to_board,
            Direction::FromBoard => &mut self.from_board,
        }
    }

    fn damaged(
        &mut self,
        line: &mut Line,
        damage: Damage,
        claim: &[u8],
        len: usize,
        direction: Option<Direction>,
    ) {
        line.frame = "damaged";
        line.topics.push(Topic::Damaged);
        line.numbers.push(("wire_length", len as u64));
        damage.words().clone_into(&mut line.subject);
        line.details
            .push(("damage", json!(format!("{damage:?}").to_lowercase())));
        if let Some((Some(kind), session, _)) = split_kind_and_session(claim) {
            line.session = Some(session);
            let name = name(kind);
            line.remarks.push(format!("begins like a {name} frame"));
            line.details.push(("begins_like", json!(name)));
        }
        if let Some(direction) = direction {
            let way = self.summary.way(direction);
            way.bytes += len as u64 + 2;
            way.damaged[damage as usize] += 1;
        }
    }

    /// Tells of a time in which an end said nothing, though it should have.
    fn silence(&mut self, line: &mut Line, direction: Direction) {
        let before = self.end(direction).last_at.replace(line.at);
        let silent_us = before.map_or(0, |before| line.at.saturating_sub(before));
        if silent_us >= Timing::default().silence_us {
            self.summary.silences += 1;
            line.remarks
                .push(format!("after {:.3} s of silence", silent_us as f64 / 1e6));
        }
    }

    fn frame(&mut self, line: &mut Line, direction: Direction, bytes: &[u8], len: usize) {
        let way = self.summary.way(direction);
        way.frames += 1;
        way.bytes += wire_len(len.saturating_add(CRC_LEN)) as u64;
        let Some((kind, session, rest)) = split_kind_and_session(bytes) else {
            line.frame = "unknown";
            return;
        };
        let unrecorded = len.saturating_sub(bytes.len());
        let Some(kind) = kind else {
            line.frame = "unknown";
            line.session = Some(session);
            line.numbers.push(("length", len as u64));
            line.topics.push(Topic::Refusal);
            line.remarks
                .push("a kind of frame that this version does not know".into());
            return;
        };
        line.frame = name(kind);
        if !matches!(kind, FrameKind::Hello | FrameKind::Refuse) {
            line.session = Some(session);
            if self.former_session == Some(session) && self.session != Some(session) {
                line.remarks.push("stray: of the session before".into());
                // What it says has nothing to do with the sequences of this session.
                let ends = (
                    std::mem::take(&mut self.to_board),
                    std::mem::take(&mut self.from_board),
                );
                self.content(line, direction, kind, rest, unrecorded);
                (self.to_board, self.from_board) = ends;
                return;
            }
            self.session(line, session);
        }
        self.content(line, direction, kind, rest, unrecorded);
    }

    /// What follows kind and session.
    fn content(
        &mut self,
        line: &mut Line,
        direction: Direction,
        kind: FrameKind,
        rest: &[u8],
        unrecorded: usize,
    ) {
        match kind {
            FrameKind::Hello => hello(line, rest),
            FrameKind::Refuse => refuse(line, rest),
            FrameKind::Control => self.control(line, direction, rest),
            FrameKind::Ack => self.ack(line, direction, rest),
            FrameKind::Bulk => self.bulk(line, direction, rest, unrecorded),
            FrameKind::BulkAck => bulk_ack(line, rest),
            FrameKind::Log => log(line, rest),
        }
        if unrecorded > 0 && !matches!(kind, FrameKind::Bulk | FrameKind::Log) {
            line.remarks.push(format!(
                "{unrecorded} more bytes, not recorded as this version cannot read them"
            ));
        }
    }

    fn session(&mut self, line: &mut Line, session: u16) {
        if self.session == Some(session) {
            return;
        }
        self.former_session = self.session.replace(session);
        line.topics.push(Topic::Session);
        line.remarks.push(if self.former_session.is_some() {
            "a new session".into()
        } else {
            "the first frame of its session in this trace".into()
        });
        self.summary.sessions += 1;
        for end in [&mut self.to_board, &mut self.from_board] {
            *end = End {
                last_at: end.last_at,
                ..End::default()
            };
        }
        self.requests.clear();
    }

    fn control(&mut self, line: &mut Line, direction: Direction, rest: &[u8]) {
        line.topics.push(Topic::Control);
        let Some((header, payload)) = ControlHeader::split(rest) else {
            return misread(line, &mut self.summary, "too short for its header");
        };
        line.numbers.push(("seq", header.sequence.into()));
        line.numbers.push(("ack", header.acknowledged.into()));
        self.acknowledged(line.at, direction, header.acknowledged);
        self.sequence(line, direction, header.sequence);
        match Envelope::parse(payload) {
            Ok((_, Some(envelope))) => self.envelope(line, direction, &envelope),
            Ok((_, None)) => {
                let class = payload.first().copied().unwrap_or_default();
                let words = format!("a message of class {class}, which this version does not know");
                misread(line, &mut self.summary, &words);
            }
            Err(_) => misread(line, &mut self.summary, "its envelope cannot be read"),
        }
    }

    /// Sees where a message belongs in the sequence.
    fn sequence(&mut self, line: &mut Line, direction: Direction, sequence: u16) {
        let at = line.at;
        let end = self.end(direction);
        let next = end.next.unwrap_or(sequence);
        let ahead = sequence.wrapping_sub(next) as i16;
        let mut repeated = false;
        let mut gap = 0;
        if ahead >= 0 {
            for missing in (0..ahead as u16).map(|index| next.wrapping_add(index)) {
                gap += 1;
                if gap <= MAX_NAMED {
                    end.missing.insert(missing);
                }
            }
            end.next = Some(sequence.wrapping_add(1));
        } else if end.missing.remove(&sequence) {
            line.remarks.push("fills a gap".into());
        } else {
            repeated = true;
        }
        match end.in_flight.iter_mut().find(|(known, ..)| *known == sequence) {
            Some(known) => known.2 = true,
            None if !repeated => {
                if end.in_flight.len() >= MAX_IN_FLIGHT {
                    end.in_flight.pop_front();
                }
                end.in_flight.push_back((sequence, at, false));
            }
            None => {}
        }
        if repeated {
            line.topics.push(Topic::Repeat);
            line.remarks.push("repeat".into());
            self.summary.way(direction).repeats += 1;
        }
        if gap > 0 {
            line.topics.push(Topic::Gap);
            line.remarks
                .push(format!("GAP: {gap} missing before, from seq {next}"));
            self.summary.way(direction).gaps += 1;
        }
    }

    /// Takes an acknowledgement that went in `direction`: of messages that went the other way.
    fn acknowledged(&mut self, at: u64, direction: Direction, acknowledged: u16) {
        // The host recorded: only what it sent itself has a round trip here.
        let measures = direction == Direction::FromBoard;
        while let Some(&(sequence, sent_at, repeated)) = self.end(direction.other()).in_flight.front() {
            if (sequence.wrapping_sub(acknowledged) as i16) >= 0 {
                break;
            }
            self.end(direction.other()).in_flight.pop_front();
            if measures && !repeated {
                self.summary.round_trip.add(at.saturating_sub(sent_at));
            }
        }
    }

    fn ack(&mut self, line: &mut Line, direction: Direction, rest: &[u8]) {
        line.topics.push(Topic::Ack);
        own_fields(line, Ack::FIELDS, rest);
        if let Ok((_, ack)) = Ack::parse_body(rest) {
            self.acknowledged(line.at, direction, ack.acknowledged);
        }
    }

    fn bulk(&mut self, line: &mut Line, direction: Direction, rest: &[u8], unrecorded: usize) {
        line.topics.push(Topic::Bulk);
        let Some((header, payload)) = BulkHeader::split(rest) else {
            return misread(line, &mut self.summary, "too short for its header");
        };
        let len = payload.len() + unrecorded;
        line.numbers.push(("transfer", header.transfer.into()));
        line.numbers.push(("offset", header.offset.into()));
        line.numbers.push(("length", len as u64));
        if len == 0 {
            line.remarks.push("asks how far the window is".into());
            return;
        }
        let at = line.at;
        let end = self.end(direction);
        // A trace that begins in the middle of an object knows nothing of what came before.
        let (transfer, seen) = end
            .object
            .get_or_insert_with(|| (header.transfer, Seen::from(header.offset)));
        if *transfer != header.transfer {
            (*transfer, *seen) = (header.transfer, Seen::from(header.offset));
            end.object_from = None;
        }
        let (place, new) = seen.note(header.offset, u32::try_from(len).unwrap_or(u32::MAX));
        if new > 0 {
            end.object_from.get_or_insert(at);
            end.object_to = at;
        }
        let way = self.summary.way(direction);
        way.object_bytes += u64::from(new);
        match place {
            Place::Next => {}
            Place::After(gap) => {
                way.gaps += 1;
                line.topics.push(Topic::Gap);
                line.remarks.push(format!("GAP: {gap} bytes missing before"));
            }
            Place::FillsGap => line.remarks.push("fills a gap".into()),
            Place::Again => {
                way.repeats += 1;
                line.topics.push(Topic::Repeat);
                line.remarks.push("repeat".into());
            }
        }
    }
}

/// A piece of the board's log: where it is, not what it holds.
fn log(line: &mut Line, rest: &[u8]) {
    let Some((&[o0, o1, o2, o3, _, length], _)) = rest.split_first_chunk() else {
        line.remarks.push("too short for its fields".into());
        return;
    };
    let offset = u32::from_le_bytes([o0, o1, o2, o3]);
    line.numbers.push(("offset", offset.into()));
    line.numbers.push(("length", length.into()));
}

const fn name(kind: FrameKind) -> &'static str {
    match kind {
        FrameKind::Hello => "hello",
        FrameKind::Refuse => "refuse",
        FrameKind::Control => "control",
        FrameKind::Ack => "ack",
        FrameKind::Bulk => "bulk",
        FrameKind::BulkAck => "bulk-ack",
        FrameKind::Log => "log",
    }
}

impl Summary {
    pub(super) fn way(&mut self, direction: Direction) -> &mut OneWay {
        match direction {
            Direction::ToBoard => &mut self.to_board,
            Direction::FromBoard => &mut self.from_board,
        }
    }
}

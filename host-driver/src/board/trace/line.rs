//! One line of a trace that is read, as text and as JSON.

use std::fmt::Write as _;

use serde_json::{Map, json};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use super::fields::Fields;
use super::record::Direction;

/// What a line is about: what `--only` chooses from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Topic {
    /// Hellos, refused sessions, and the port.
    Session,
    /// Messages.
    Control,
    /// Acknowledgements of both lanes.
    Ack,
    /// Objects: announcements, pieces, results.
    Bulk,
    /// Frames that were thrown away.
    Damaged,
    /// What was sent again.
    Repeat,
    /// What is missing.
    Gap,
    /// Requests that were refused, and what could not be understood.
    Refusal,
}

/// How the place of an entry is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Microseconds since 1970-01-01 00:00:00 UTC.
    Time,
    /// Bytes from the start of a raw capture.
    Bytes,
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Where on the scale.
    pub at: u64,
    /// Which board's line it is.
    pub board: String,
    /// Which way; `None` for what concerns the port.
    pub direction: Option<Direction>,
    /// Kind of the frame, `damaged`, or `port`.
    pub frame: &'static str,
    /// What it is about.
    pub topics: Vec<Topic>,
    /// Number of the session that the frame bears.
    pub session: Option<u16>,
    /// Sequence numbers, offsets and lengths, by name.
    pub numbers: Vec<(&'static str, u64)>,
    /// What is said, without the fields: `request 4183:1 StatusRequest`.
    pub subject: String,
    /// Details for programs, by name.
    pub details: Vec<(&'static str, serde_json::Value)>,
    /// The fields of what is said.
    pub fields: Fields,
    /// What is noteworthy, in words.
    pub remarks: Vec<String>,
}

impl Direction {
    const fn arrow(self) -> &'static str {
        match self {
            Self::ToBoard => "host>board",
            Self::FromBoard => "board>host",
        }
    }

    /// For programs.
    pub const fn key(self) -> &'static str {
        match self {
            Self::ToBoard => "to_board",
            Self::FromBoard => "from_board",
        }
    }
}

const CLOCK: &[BorrowedFormatItem<'_>] = format_description!("[hour]:[minute]:[second].[subsecond digits:6]");
const DATE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// The day of an entry, for the line above the first of each day.
pub fn day(at: u64) -> String {
    time_of(at)
        .and_then(|time| time.format(DATE).ok())
        .unwrap_or_default()
}

fn time_of(at: u64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1000).ok()
}

impl Line {
    /// The line as text, without its end.
    pub fn text(&self, scale: Scale) -> String {
        let place = match scale {
            Scale::Bytes => format!("byte {:<8}", self.at),
            Scale::Time => time_of(self.at)
                .and_then(|time| time.format(CLOCK).ok())
                .unwrap_or_else(|| format!("{} us", self.at)),
        };
        let arrow = self.direction.map_or("", Direction::arrow);
        let session = self
            .session
            .map_or("   ".into(), |session| format!("{session:03x}"));
        let mut text = format!("{place} {:7} {arrow:10} {:8} {session}", self.board, self.frame);
        for (name, number) in &self.numbers {
            // Writing to a string cannot fail.
            let _ = write!(text, " {name} {number}");
        }
        let fields = self.fields.to_string();
        for part in [&self.subject, &fields]
            .into_iter()
            .filter(|part| !part.is_empty())
        {
            text += "  ";
            text += part;
        }
        if !self.remarks.is_empty() {
            let _ = write!(text, "  [{}]", self.remarks.join("; "));
        }
        text.truncate(text.trim_end().len());
        text
    }

    /// The line as an object.
    pub fn json(&self, scale: Scale) -> serde_json::Value {
        let mut object = Map::new();
        let mut put = |key: &str, value: serde_json::Value| drop(object.insert(key.to_owned(), value));
        match scale {
            Scale::Bytes => put("at_byte", json!(self.at)),
            Scale::Time => put("at_us", json!(self.at)),
        }
        put("board", json!(self.board));
        put("direction", json!(self.direction.map(Direction::key)));
        put("frame", json!(self.frame));
        put("session", json!(self.session));
        for (name, number) in &self.numbers {
            put(name, json!(number));
        }
        if !self.subject.is_empty() {
            put("subject", json!(self.subject));
        }
        for (name, value) in &self.details {
            put(name, value.clone());
        }
        put("fields", self.fields.to_json());
        put("remarks", json!(self.remarks));
        object.into()
    }
}

//! Pieces of a log to lines.

use std::io::{self, ErrorKind, Write};

use defmt_decoder::{DecodeError, StreamDecoder, Table};
use serde_json::json;

use super::super::super::failure::Failure;
use crate::board::log::{Follower, Piece};
use crate::board::trace::day;

/// Prints the log of one board. A closed pipe (`| head`) ends it without a word.
pub(super) struct Printer<'t, W> {
    out: W,
    json: bool,
    table: &'t Table,
    decoder: Box<dyn StreamDecoder + 't>,
    follower: Follower,
    /// The start of the board that is printed.
    boot_id: Option<u32>,
}

/// Nobody reads any more, or the output failed.
pub(super) enum End {
    PipeClosed,
    Failed(Failure),
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe => Self::PipeClosed,
            _ => Self::Failed(error.into()),
        }
    }
}

impl<'t, W: Write> Printer<'t, W> {
    pub(super) fn new(out: W, json: bool, table: &'t Table) -> Self {
        Self {
            out,
            json,
            table,
            decoder: table.new_stream_decoder(),
            follower: Follower::default(),
            boot_id: None,
        }
    }

    /// Prints what a piece completes.
    #[allow(clippy::redundant_closure_for_method_calls)] // The level's type has no name here: its crate is the decoder's business.
    pub(super) fn piece(&mut self, piece: &Piece) -> Result<(), End> {
        let begins = self.boot_id.replace(piece.boot_id) != Some(piece.boot_id);
        if begins {
            self.decoder = self.table.new_stream_decoder();
            self.line(
                &format!(
                    "--- start {:08x} of the board, heard {} ---",
                    piece.boot_id,
                    day(piece.heard)
                ),
                &json!({ "start": format!("{:08x}", piece.boot_id), "heard_us": piece.heard }),
            )?;
        }
        let heard = self.follower.take(piece.boot_id, &piece.log);
        if let Some(missing) = heard.missing {
            self.decoder = self.table.new_stream_decoder();
            self.line(
                &format!("... {missing} bytes of the log are missing ..."),
                &json!({ "missing_bytes": missing }),
            )?;
        }
        self.decoder.received(&heard.bytes);
        loop {
            let (text, value) = match self.decoder.decode() {
                Ok(frame) => (
                    frame.display(false).to_string(),
                    json!({
                        "level": frame.level().map(|level| level.as_str()),
                        "text": frame.display_message().to_string(),
                        "heard_us": piece.heard,
                    }),
                ),
                Err(DecodeError::UnexpectedEof) => return Ok(()),
                Err(DecodeError::Malformed) => (
                    "... an entry that this firmware file does not explain ...".to_owned(),
                    json!({ "unreadable": true }),
                ),
            };
            self.line(&text, &value)?;
        }
    }

    fn line(&mut self, text: &str, value: &serde_json::Value) -> Result<(), End> {
        if self.json {
            writeln!(self.out, "{value}")?;
        } else {
            writeln!(self.out, "{text}")?;
        }
        Ok(self.out.flush()?)
    }
}

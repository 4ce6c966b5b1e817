//! `loket board`: the boards and the lines to them, for technicians; and how the other commands open a board.

mod counters;
mod health;
mod logs;
mod status;
mod trace;
mod update;

pub(super) use logs::{LogsArguments, logs, recorded_logs};
pub(super) use status::status;
pub(super) use trace::{TraceArguments, trace};
pub(super) use update::update;

use super::counter::draw;
use super::failure::{Exit, Failure};
use crate::board::ends::keep_ends;
use crate::board::log::Recording;
use crate::board::trace::Traced;
use crate::board::{Board, BoardEvent, SerialPath};
use crate::config::Config;
use crate::office::clock::{Clock as _, SystemClock};
use crate::store::Store;
use protocol::Role;
use std::sync::mpsc::Receiver;

/// Opens a board, and records its line if that is wanted.
pub(super) fn open(
    config: &Config,
    port: &str,
    role: Role,
) -> Result<(Board, Receiver<BoardEvent>), Failure> {
    let recording = recording(config, role)?;
    let (board, events) = open_line(config, port, role)?;
    if let Some(mut recording) = recording {
        board.log_to(move |peer, log| recording.take(peer, log))?;
    }
    // What a board tells of its last end is kept, whichever command hears it.
    let store = config.store.path.clone();
    let name = name(role);
    let of = name.clone();
    let events = keep_ends(name, events, move |end| {
        Store::open(&store)
            .and_then(|store| store.keep_board_end(&of, end, SystemClock.now()))
            .map_err(|error| error.to_string())
    })
    .map_err(|error| Failure::new(Exit::Device, format!("the system gives no thread: {error}")))?;
    Ok((board, events))
}

/// Where the board's log is kept, if that is wanted.
fn recording(config: &Config, role: Role) -> Result<Option<Recording>, Failure> {
    let Some(folder) = &config.boards.logs else {
        return Ok(None);
    };
    Recording::new(folder, &name(role)).map(Some).map_err(|error| {
        let folder = folder.display();
        Failure::new(
            Exit::Config,
            format!("the log cannot be kept in `{folder}`: {error}; give another folder with --logs, or leave it out"),
        )
    })
}

fn open_line(config: &Config, port: &str, role: Role) -> Result<(Board, Receiver<BoardEvent>), Failure> {
    let Some(folder) = &config.boards.trace else {
        return Ok(Board::open(port, role, draw())?);
    };
    let traced = Traced::new(SerialPath::new(port), folder, &name(role)).map_err(|error| {
        Failure::new(
            Exit::Config,
            format!(
                "the trace cannot be written into `{}`: {error}; give another folder with --trace, or leave it out",
                folder.display()
            ),
        )
    })?;
    Ok(Board::start(traced, role, draw())?)
}

/// What a board is called in configurations, files and tables.
fn name(role: Role) -> String {
    format!("{role:?}").to_lowercase()
}

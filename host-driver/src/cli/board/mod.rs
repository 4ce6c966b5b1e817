//! `loket board`: the boards and the lines to them, for technicians; and how the other commands open a board.

mod counters;
mod health;
mod status;
mod trace;
mod update;

pub(super) use status::status;
pub(super) use trace::{TraceArguments, trace};
pub(super) use update::update;

use super::counter::draw;
use super::failure::{Exit, Failure};
use crate::board::ends::keep_ends;
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
    let (board, events) = open_line(config, port, role)?;
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

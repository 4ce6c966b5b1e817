//! `loket board logs`: what a board logs, over its own port or as it was recorded, as text that a technician reads.

mod printer;
mod words;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant, SystemTime};

use protocol::Role;

use self::printer::{End, Printer};
use self::words::Words;
use super::super::failure::{Exit, Failure};
use super::{open, recording};
use crate::board::log::{Piece, Recorded, SUFFIX};
use crate::config::Config;

/// How long to wait for a board's log between two looks at the clock.
const LOOK: Duration = Duration::from_millis(200);
/// Pieces of the log that wait to be printed; a terminal that takes nothing loses what comes then, which shows as a gap.
const WAITING: usize = 1_024;
/// Without `--follow`: nothing more comes.
const QUIET: Duration = Duration::from_secs(2);

/// Which log, and how it is shown.
#[derive(Debug, clap::Args)]
pub(in super::super) struct LogsArguments {
    /// Files that `--logs` made, or a folder of them; without, the log comes live from the board's port.
    #[arg(conflicts_with = "follow")]
    pub(in super::super) files: Vec<PathBuf>,
    /// Which board.
    #[arg(long, value_enum, default_value_t = Which::Kiosk)]
    board: Which,
    /// The firmware that the board runs, as it was built: it has the words of the log.
    #[arg(long, value_name = "FILE")]
    elf: PathBuf,
    /// Goes on until interrupted. Without it, until the board has logged nothing for two seconds.
    #[arg(long)]
    follow: bool,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Which {
    Kiosk,
    Capture,
}

impl Which {
    const fn role(self) -> Role {
        match self {
            Self::Kiosk => Role::Kiosk,
            Self::Capture => Role::Capture,
        }
    }
}

/// Prints a board's log as it comes.
pub(in super::super) fn logs(config: &Config, arguments: &LogsArguments) -> Result<Exit, Failure> {
    let words = Words::read(&arguments.elf)?;
    done(live(config, arguments, &words))
}

/// Prints logs that were recorded.
pub(in super::super) fn recorded_logs(arguments: &LogsArguments) -> Result<Exit, Failure> {
    let words = Words::read(&arguments.elf)?;
    done(recorded(arguments, &words, io::stdout().lock()))
}

fn done(result: Result<(), End>) -> Result<Exit, Failure> {
    match result {
        Ok(()) | Err(End::PipeClosed) => Ok(Exit::Done),
        Err(End::Failed(failure)) => Err(failure),
    }
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

fn live(config: &Config, arguments: &LogsArguments, words: &Words) -> Result<(), End> {
    let role = arguments.board.role();
    let port = match arguments.board {
        Which::Kiosk => &config.boards.kiosk,
        Which::Capture => &config.boards.capture,
    };
    let Some(port) = port else {
        let problem = format!(
            "no port is configured for this board; give it under [boards] as `{}`",
            super::name(role)
        );
        return Err(Failure::new(Exit::Config, problem).into());
    };
    let mut recording = recording(config, role)?;
    let (board, _events) = open(config, port, role)?;
    let (sender, pieces) = mpsc::sync_channel(WAITING);
    board
        .log_to(move |peer, log| {
            if let Some(recording) = &mut recording {
                recording.take(peer, log);
            }
            let heard = SystemTime::UNIX_EPOCH
                .elapsed()
                .map_or(0, |since| since.as_micros() as u64);
            let (boot_id, log) = (peer.boot_id, log.clone());
            let piece = Piece { heard, boot_id, log };
            // What a terminal does not take in time shows as a gap.
            let _ = sender.try_send((peer.firmware.build, piece));
        })
        .map_err(Failure::from)?;
    let patience = Duration::from_secs(config.boards.patience_seconds.into());
    let mut build = board
        .wait_until_up(patience)
        .map_err(Failure::from)?
        .firmware
        .build;
    check(words, build)?;
    let mut printer = Printer::new(io::stdout().lock(), arguments.json, &words.table);
    let mut quiet_since = Instant::now();
    loop {
        match pieces.recv_timeout(LOOK) {
            Ok((of, piece)) => {
                quiet_since = Instant::now();
                // The board may be given another firmware meanwhile.
                if of != build {
                    build = of;
                    check(words, build)?;
                }
                printer.piece(&piece)?;
            }
            Err(mpsc::RecvTimeoutError::Timeout) if arguments.follow || quiet_since.elapsed() < QUIET => {}
            Err(_) => return Ok(()),
        }
    }
}

/// Whether the words are those of this build.
fn check(words: &Words, build: u32) -> Result<(), Failure> {
    if let Some(why) = words.foreign_to(build) {
        return Err(foreign(&why));
    }
    if let Some(doubt) = words.doubt(build) {
        eprintln!("{doubt}");
    }
    Ok(())
}

fn foreign(why: &str) -> Failure {
    Failure::new(
        Exit::Input,
        format!("{why}; give the ELF of the firmware that logged, with --elf"),
    )
}

fn recorded(arguments: &LogsArguments, words: &Words, out: impl io::Write) -> Result<(), End> {
    let files = files(&arguments.files, &super::name(arguments.board.role()))?;
    let mut printer = Printer::new(out, arguments.json, &words.table);
    let mut others = Vec::new();
    let mut any = false;
    for file in &files {
        let bytes = std::fs::read(file).map_err(|error| unreadable(file, &error.to_string()))?;
        let log = Recorded::read(&bytes).map_err(|error| unreadable(file, &error.to_string()))?;
        if let Some(why) = words.foreign_to(log.build) {
            others.push(format!("`{}`: {why}", file.display()));
            continue;
        }
        if let Some(doubt) = words.doubt(log.build) {
            eprintln!("`{}`: {doubt}", file.display());
        }
        any = true;
        for piece in &log.pieces {
            printer.piece(piece)?;
        }
    }
    match others.last() {
        // A folder has the logs of earlier firmwares, too; of those the other ELFs are needed.
        Some(why) if !any => Err(foreign(why).into()),
        _ => {
            for why in others {
                eprintln!("left out: {why}");
            }
            Ok(())
        }
    }
}

/// The files that were named, and those of the board in the folders that were, the oldest first.
fn files(paths: &[PathBuf], board: &str) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let found = crate::board::log::files(path, board)
                .map_err(|error| unreadable(path, &error.to_string()))?;
            if found.is_empty() {
                return Err(unreadable(
                    path,
                    &format!("it has no log (*{SUFFIX}) of the board `{board}`"),
                ));
            }
            files.extend(found);
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

fn unreadable(path: &Path, cause: &str) -> Failure {
    Failure::new(
        Exit::Input,
        format!(
            "`{}` cannot be read: {cause}; give what `--logs` made",
            path.display()
        ),
    )
}

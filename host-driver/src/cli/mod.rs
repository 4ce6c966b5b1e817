//! The program `loket`: its commands, exit codes and messages.

mod blanks;
mod board;
mod counter;
mod failure;
mod inspect;
mod journal;
mod lists;
mod status;
mod ticket;

pub use failure::{Exit, Failure};

use crate::config::Config;
use clap::{Parser, Subcommand};
use protocol::Role;
use std::path::PathBuf;
use std::process::ExitCode;

/// The operator's program of a service counter (loket).
#[derive(Debug, Parser)]
#[command(name = "loket", version, about, after_help = failure::EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// The configuration file.
#[derive(Debug, clap::Args)]
struct ConfigFile {
    /// Configuration of this counter (TOML).
    #[arg(long, value_name = "FILE", default_value = "loket.toml", global = true)]
    config: PathBuf,
}

/// Where the lines to the boards and their logs are recorded.
#[derive(Debug, clap::Args)]
struct TraceFolder {
    /// Records what passes the boards' ports into pcapng files in this folder, without the fingerprints; `loket board
    /// trace` and Wireshark read them. Of each board the newest 64 MiB are kept.
    #[arg(long, value_name = "DIR", env = "LOKET_TRACE")]
    trace: Option<PathBuf>,
    /// Keeps what the boards log in files in this folder, for `loket board logs`. Of each board the newest 8 MiB are kept.
    #[arg(long, value_name = "DIR", env = "LOKET_LOGS")]
    logs: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves the counter: gives queue numbers at the kiosk and carries applications through.
    Counter {
        #[command(flatten)]
        config: ConfigFile,
        /// Speaks JSON, one object a line, on standard output and input.
        #[arg(long)]
        json: bool,
        /// Serves one applicant; the exit code says how it ended.
        #[arg(long)]
        once: bool,
        /// The written procedure to carry out.
        #[arg(long, value_name = "NAME", default_value = "ktp-sudah-rekam")]
        procedure: String,
        #[command(flatten)]
        trace: TraceFolder,
    },
    /// Records of residents.
    Record {
        #[command(subcommand)]
        command: RecordCommand,
    },
    /// Applications that are not over.
    Issue {
        #[command(subcommand)]
        command: IssueCommand,
    },
    /// What is under way at this counter, what waits, and what is wrong. Exit code 17 if something is wrong with the books.
    Status {
        #[command(flatten)]
        config: ConfigFile,
        /// One JSON object; with --watch, one a line.
        #[arg(long)]
        json: bool,
        /// Looks again and again, this long after each answer, until interrupted.
        #[arg(long, value_name = "SECONDS", value_parser = seconds)]
        watch: Option<f64>,
    },
    /// What is on a card, and what the blank ledger says of it. Changes nothing.
    Inspect {
        /// `desk` or `encoder`: the card on that reader; or a UID in hexadecimal digits: the ledger alone.
        #[arg(default_value = "desk")]
        card: String,
        /// Tells whose card it is, too.
        #[arg(long)]
        personal: bool,
        #[command(flatten)]
        config: ConfigFile,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Lists the card readers that PC/SC sees.
    Readers {
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// The agenda book: every step of every application, beside its standard time.
    Agenda {
        #[command(flatten)]
        config: ConfigFile,
        /// Comma-separated values (RFC 4180), for a spreadsheet.
        #[arg(long)]
        csv: bool,
    },
    /// The account of all blanks.
    Blanks {
        #[command(flatten)]
        config: ConfigFile,
        /// One JSON object.
        #[arg(long, global = true)]
        json: bool,
        #[command(subcommand)]
        command: Option<blanks::BlanksCommand>,
    },
    /// The journal of all issuances: whether it is what was written.
    Journal {
        #[command(subcommand)]
        command: journal::JournalCommand,
    },
    /// Queue tickets: what was given, copies for staff.
    Ticket {
        #[command(subcommand)]
        command: ticket::TicketCommand,
    },
    /// The boards.
    Board {
        #[command(subcommand)]
        command: BoardCommand,
    },
}

#[derive(Debug, Subcommand)]
enum RecordCommand {
    /// Takes a record into the store, in place of an older one of the same person.
    Import {
        /// The record (JSON); several may be given.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        #[command(flatten)]
        config: ConfigFile,
    },
}

#[derive(Debug, Subcommand)]
enum IssueCommand {
    /// Lists applications that are under way or parked.
    List {
        #[command(flatten)]
        config: ConfigFile,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Goes on with a parked application. Nothing is printed or activated twice.
    Resume {
        /// Its number.
        application: i64,
        #[command(flatten)]
        config: ConfigFile,
        /// Speaks JSON, one object a line.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        trace: TraceFolder,
    },
    /// Ends an application for good; its blank, if it has one, is rejected.
    Cancel {
        /// Its number.
        application: i64,
        #[command(flatten)]
        config: ConfigFile,
        /// Speaks JSON, one object a line.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        trace: TraceFolder,
    },
}

/// A board by the name that it has in the configuration.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum WhichBoard {
    /// The queue-number kiosk.
    Kiosk,
    /// The fingerprint capture board.
    Capture,
}

impl WhichBoard {
    const fn role(self) -> Role {
        match self {
            Self::Kiosk => Role::Kiosk,
            Self::Capture => Role::Capture,
        }
    }
}

#[derive(Debug, Subcommand)]
enum BoardCommand {
    /// Asks each configured board how it is, and how the line to it is. Exit code 4 if one does not answer.
    Status {
        #[command(flatten)]
        config: ConfigFile,
        /// One JSON object; with --watch, one a line.
        #[arg(long)]
        json: bool,
        /// Asks again and again, this long after each answer, until interrupted.
        #[arg(long, value_name = "SECONDS", value_parser = seconds)]
        watch: Option<f64>,
        #[command(flatten)]
        trace: TraceFolder,
    },
    /// Prints what a board logs: over its own port, which no other program may have open, or as `--logs` kept it.
    Logs {
        #[command(flatten)]
        config: ConfigFile,
        #[command(flatten)]
        arguments: board::LogsArguments,
        #[command(flatten)]
        trace: TraceFolder,
    },
    /// Prints what `--trace` recorded, or a logic analyser, one frame a line.
    Trace(board::TraceArguments),
    /// Brings a board to another firmware, over its line. The board goes back by itself if the new one is not well.
    ///
    /// Exit code 15 if the board did not take it or has gone back; what runs on it then is what ran before.
    Update {
        #[command(flatten)]
        config: ConfigFile,
        /// Which board.
        #[arg(long)]
        board: WhichBoard,
        /// The firmware, as `cargo rig firmware pack` makes it.
        image: PathBuf,
        /// Leaves the new firmware on trial: after five minutes, or at the next restart, the one before comes back.
        #[arg(long)]
        leave_on_trial: bool,
        #[command(flatten)]
        trace: TraceFolder,
    },
}

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments.command) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            log::error!("{failure}");
            // Standard error may be closed too; the exit code still tells.
            let _ = std::io::Write::write_all(&mut std::io::stderr(), failure.report().as_bytes());
            failure.exit().into()
        }
    }
}

fn run(command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Counter {
            config,
            json,
            once,
            procedure,
            trace,
        } => counter::run(&load_traced(&config, trace)?, json, once, &procedure),
        Command::Record {
            command: RecordCommand::Import { files, config },
        } => lists::import(&load(&config)?, &files),
        Command::Issue { command } => match command {
            IssueCommand::List { config, json } => lists::applications(&load(&config)?, json),
            IssueCommand::Resume {
                application,
                config,
                json,
                trace,
            } => counter::take_up(&load_traced(&config, trace)?, application, json, false),
            IssueCommand::Cancel {
                application,
                config,
                json,
                trace,
            } => counter::take_up(&load_traced(&config, trace)?, application, json, true),
        },
        Command::Status { config, json, watch } => status::status(&load(&config)?, json, watch),
        Command::Inspect {
            card,
            personal,
            config,
            json,
        } => inspect::inspect(&load(&config)?, &card, personal, json),
        Command::Readers { json } => lists::readers(json),
        Command::Agenda { config, csv } => lists::agenda(&load(&config)?, csv),
        Command::Blanks {
            config,
            json,
            command,
        } => {
            let config = load(&config)?;
            match command {
                Some(command) => blanks::run(&config, command, json),
                None => lists::blanks(&config, json),
            }
        }
        Command::Journal { command } => match command {
            journal::JournalCommand::Verify { config, head, json } => {
                journal::verify(&load(&config)?, &head, json)
            }
            journal::JournalCommand::Head { config, json } => journal::head(&load(&config)?, json),
        },
        Command::Ticket { command } => ticket::run(&command),
        Command::Board { command } => match command {
            BoardCommand::Status {
                config,
                json,
                watch,
                trace,
            } => board::status(&load_traced(&config, trace)?, json, watch),
            BoardCommand::Logs {
                config,
                arguments,
                trace,
            } => {
                if arguments.files.is_empty() {
                    board::logs(&load_traced(&config, trace)?, &arguments)
                } else {
                    board::recorded_logs(&arguments)
                }
            }
            BoardCommand::Trace(arguments) => board::trace(arguments),
            BoardCommand::Update {
                config,
                board,
                image,
                leave_on_trial,
                trace,
            } => board::update(
                &load_traced(&config, trace)?,
                board.role(),
                &image,
                !leave_on_trial,
            ),
        },
    }
}

/// A time between a tenth of a second and a day.
fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.1..=86_400.0).contains(&seconds) => Ok(seconds),
        _ => Err("give a number of seconds from 0.1 to 86400".into()),
    }
}

/// The configuration, with the folders for traces and logs of this run if they were given.
fn load_traced(file: &ConfigFile, folder: TraceFolder) -> Result<Config, Failure> {
    let mut config = load(file)?;
    config.boards.trace = folder.trace.or(config.boards.trace);
    config.boards.logs = folder.logs.or(config.boards.logs);
    Ok(config)
}

/// Reads the configuration and starts the log that it names.
fn load(file: &ConfigFile) -> Result<Config, Failure> {
    let config = Config::load(&file.config)?;
    let level = config.log.level.parse().map_err(|_| {
        Failure::new(
            Exit::Config,
            "`log.level` must be off, error, warn, info, debug or trace; correct it",
        )
    })?;
    let mut log = env_logger::Builder::new();
    // The libraries below are quiet except when something is wrong: what they say at other levels may name their data.
    log.filter_level(log::LevelFilter::Warn)
        .filter_module("host_driver", level)
        .filter_module("loket", level);
    if let Some(path) = &config.log.file {
        let file = open_log(path).map_err(|error| {
            Failure::new(
                Exit::Config,
                format!("the log `{}` cannot be written: {error}", path.display()),
            )
        })?;
        log.target(env_logger::Target::Pipe(Box::new(file)));
    }
    // A second initialisation only happens in tests.
    let _ = log.try_init();
    Ok(config)
}

fn open_log(path: &std::path::Path) -> std::io::Result<std::fs::File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_commands_are_consistent() {
        Arguments::command().debug_assert();
    }
}

//! `loket journal`: whether anybody has changed what was written.

use super::failure::{Exit, Failure};
use super::lists::{print, print_json};
use crate::config::Config;
use crate::issuance::audit::audit;
use crate::store::{Head, Store};
use serde_json::json;
use std::fmt::Write as _;

/// What `loket journal` can do.
#[derive(Debug, clap::Subcommand)]
pub(super) enum JournalCommand {
    /// Checks the whole journal and the books that follow from it. Exit code 17 if anything was changed, removed or put in.
    Verify {
        #[command(flatten)]
        config: super::ConfigFile,
        /// The head that was printed below an agenda, so that rows removed at the end are found too. May be given for several days.
        #[arg(long, value_name = "HEAD")]
        head: Vec<Head>,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Prints the head of the journal: to be kept on paper, or by somebody else.
    Head {
        #[command(flatten)]
        config: super::ConfigFile,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
}

/// Prints the head.
pub(super) fn head(config: &Config, as_json: bool) -> Result<Exit, Failure> {
    let head = Store::open(&config.store.path)?.journal_head()?.to_string();
    if as_json {
        print_json(&json!({ "head": head }))
    } else {
        print(&(head + "\n"))
    }
}

/// Checks the chain against itself and every printed head, and the books against the journal.
pub(super) fn verify(config: &Config, heads: &[Head], as_json: bool) -> Result<Exit, Failure> {
    let store = Store::open(&config.store.path)?;
    let mut check = store.check_chain(None)?;
    for head in heads {
        if check.broken.is_none() {
            check = store.check_chain(Some(*head))?;
        }
    }
    let books = audit(&store)?;
    let whole = check.broken.is_none() && books.is_empty();
    if as_json {
        print_json(&json!({
            "whole": whole,
            "rows": check.rows,
            "head": check.head.to_string(),
            "broken": check.broken.as_ref().map(ToString::to_string),
            "books": books.iter().map(ToString::to_string).collect::<Vec<_>>(),
        }))?;
    } else if whole {
        print(&format!(
            "jurnal utuh / the journal is whole: {} baris/rows\nkepala/head {}\n",
            check.rows, check.head
        ))?;
    }
    if whole {
        return Ok(Exit::Done);
    }
    let mut message = String::new();
    if let Some(broken) = &check.broken {
        let _ = write!(message, "{broken}. {} rows before it are whole. ", check.rows);
    }
    for disagreement in &books {
        let _ = write!(message, "{disagreement}. ");
    }
    message +=
        "Leave the file as it is, take a copy, and tell whoever is responsible for the office's records";
    Err(Failure::new(Exit::Tampered, message))
}

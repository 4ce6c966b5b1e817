//! `loket blanks`: deliveries, the count by hand, destruction with a record, the month.

use super::failure::{Exit, Failure};
use super::lists::{print, print_json};
use crate::config::Config;
use crate::issuance::machine::RejectReason;
use crate::office::clock::{Clock as _, Moment, SystemClock};
use crate::office::destruction::{MOST_WITNESSES, Record, reason_in_words, to_pdf};
use crate::store::{Destroyed, Store};
use serde_json::json;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use time::{Date, Month};

/// What can be done with blanks.
#[derive(Debug, clap::Subcommand)]
pub(super) enum BlanksCommand {
    /// Enters a delivery of blanks.
    Receive {
        /// How many.
        count: u32,
    },
    /// Compares the stock, counted by hand, with the ledger. Exit code 17 if they differ: that is an alarm until it is explained.
    Reconcile {
        /// Blanks that were counted, in hopper and drawer.
        counted: u32,
    },
    /// Enters why the last count differed.
    Explain {
        /// In words.
        why: String,
    },
    /// Enters all rejected blanks as destroyed and makes the record of it (berita acara) as a PDF, to be signed.
    Destroy {
        /// The record's number in the office's register.
        #[arg(long)]
        number: String,
        /// Who watches; may be given several times.
        #[arg(long = "witness", value_name = "NAME", required = true)]
        witnesses: Vec<String>,
        /// The file to make. What is there already is not written over.
        #[arg(long, value_name = "FILE")]
        pdf: PathBuf,
    },
    /// The account of a month.
    Report {
        /// Which: YYYY-MM.
        #[arg(value_parser = month)]
        month: Date,
    },
}

/// Does it. Whoever only entered something is shown the account after that.
pub(super) fn run(config: &Config, command: BlanksCommand, as_json: bool) -> Result<Exit, Failure> {
    match command {
        BlanksCommand::Receive { count } => {
            super::lists::receive_blanks(config, count)?;
            super::lists::blanks(config, as_json)
        }
        BlanksCommand::Reconcile { counted } => reconcile(config, counted, as_json),
        BlanksCommand::Explain { why } => explain(config, &why),
        BlanksCommand::Destroy {
            number,
            witnesses,
            pdf,
        } => destroy(config, &number, &witnesses, &pdf),
        BlanksCommand::Report { month } => report(config, month, as_json),
    }
}

fn reconcile(config: &Config, counted: u32, as_json: bool) -> Result<Exit, Failure> {
    let mut store = Store::open(&config.store.path)?;
    let count = store.count_blanks(counted, &config.office.operator, SystemClock.now())?;
    if as_json {
        print_json(
            &json!({ "counted": count.counted, "expected": count.expected, "alarm": count.is_alarm() }),
        )?;
    } else {
        print(&format!(
            "dihitung/counted {}, menurut buku/by the ledger {}, selisih/difference {}\n",
            count.counted,
            count.expected,
            count.counted - count.expected
        ))?;
    }
    if !count.is_alarm() {
        return Ok(Exit::Done);
    }
    Err(Failure::new(
        Exit::Tampered,
        "the stock is not what the ledger expects: count again, look into the printer, the trays and the reject box, enter deliveries that \
         were forgotten (`loket blanks receive N`); once it is known why, `loket blanks explain WHY`",
    ))
}

fn explain(config: &Config, why: &str) -> Result<Exit, Failure> {
    if why.trim().is_empty() {
        return Err(Failure::new(Exit::Input, "say why in words"));
    }
    if Store::open(&config.store.path)?.explain_blanks(why.trim())? {
        return print("dicatat / entered\n");
    }
    Err(Failure::new(
        Exit::Input,
        "the last count does not differ, or is explained already; nothing was entered",
    ))
}

fn destroy(config: &Config, number: &str, witnesses: &[String], pdf: &Path) -> Result<Exit, Failure> {
    if witnesses.len() > MOST_WITNESSES {
        return Err(Failure::new(
            Exit::Input,
            format!("at most {MOST_WITNESSES} witnesses can sign; nothing was entered"),
        ));
    }
    let mut store = Store::open(&config.store.path)?;
    let at = SystemClock.now();
    let record = Record {
        number,
        who: &config.office.operator,
        witnesses,
        at,
    };
    // The paper first: blanks that are entered as destroyed without a record could not be told from stolen ones.
    let destroyed = store.destroy_blanks(number, at, |blanks: &[Destroyed]| {
        let drawn = to_pdf(&config.office, &record, blanks)
            .map_err(|error| Failure::new(Exit::Internal, error.to_string()))?;
        let written = std::fs::File::create_new(pdf).and_then(|mut file| {
            std::io::Write::write_all(&mut file, &drawn)?;
            file.sync_all()
        });
        written.map_err(|error| {
            Failure::new(
                Exit::Input,
                format!(
                    "`{}` cannot be written: {error}; no blank was entered as destroyed",
                    pdf.display()
                ),
            )
        })
    })?;
    print(&format!(
        "{0} blangko dicatat musnah / {0} blanks entered as destroyed; cetak dan tanda tangani / print and sign: {1}\n",
        destroyed.len(),
        pdf.display()
    ))
}

fn report(config: &Config, month: Date, as_json: bool) -> Result<Exit, Failure> {
    let offset = config.office.utc_offset_minutes;
    let next = match month.month() {
        Month::December => Date::from_calendar_date(month.year() + 1, Month::January, 1),
        other => Date::from_calendar_date(month.year(), other.next(), 1),
    };
    let next = next.map_err(|_| Failure::new(Exit::Input, "there is no month after this one"))?;
    let begin = |date: Date| {
        let seconds = date.midnight().assume_utc().unix_timestamp() - i64::from(offset) * 60;
        Moment::from_millis(seconds * 1000)
    };
    let account = Store::open(&config.store.path)?.blanks_between(begin(month), begin(next))?;
    let rejected = |reason| account.rejected.get(&reason).copied().unwrap_or(0);
    let name = format!("{}-{:02}", month.year(), u8::from(month.month()));
    if as_json {
        let reasons: serde_json::Map<_, _> = RejectReason::ALL
            .into_iter()
            .map(|reason| (reason.as_str().to_owned(), rejected(reason).into()))
            .collect();
        return print_json(&json!({
            "month": name,
            "carried_over": account.carried_over,
            "received": account.received,
            "taken": account.taken,
            "handed_over": account.handed_over,
            "rejected": reasons,
            "destroyed": account.destroyed,
            "left": account.left(),
        }));
    }
    let mut text = format!("Blangko {name}\n");
    let mut line = |words: &str, count: i64| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{words:<48}{count:>6}");
    };
    line("sisa bulan lalu / carried over", account.carried_over);
    line("diterima / received", account.received);
    line("diambil / taken", account.taken);
    line("  diserahkan / handed over", account.handed_over);
    for reason in RejectReason::ALL {
        line(
            &format!("  ditolak / rejected: {}", reason_in_words(reason)),
            rejected(reason),
        );
    }
    line("dimusnahkan / destroyed", account.destroyed);
    line("sisa / left in stock", account.left());
    print(&text)
}

/// The first day of a month.
fn month(text: &str) -> Result<Date, String> {
    let wrong = || "give a month as YYYY-MM".to_owned();
    let (year, month) = text.split_once('-').ok_or_else(wrong)?;
    let month: u8 = month.parse().map_err(|_| wrong())?;
    let month = Month::try_from(month).map_err(|_| wrong())?;
    let year = year
        .parse()
        .ok()
        .filter(|year| (2000..=9998).contains(year))
        .ok_or_else(wrong)?;
    Date::from_calendar_date(year, month, 1).map_err(|_| wrong())
}

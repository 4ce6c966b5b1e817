//! Commands that show or take in what the store holds, and which readers are connected.

use super::failure::{Exit, Failure};
use crate::card::pcsc::Readers;
use crate::config::Config;
use crate::issuance::machine::RejectReason;
use crate::office::agenda;
use crate::office::clock::{Clock as _, SystemClock};
use crate::office::record::Record;
use crate::store::Store;
use serde_json::json;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

/// Prints, and lets a closed pipe (`| head`) end the command without a word.
pub(super) fn print(text: &str) -> Result<Exit, Failure> {
    is_printed(text)?;
    Ok(Exit::Done)
}

/// Prints; `false` if whoever read has closed the pipe.
pub(super) fn is_printed(text: &str) -> Result<bool, Failure> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn print_json(value: &serde_json::Value) -> Result<Exit, Failure> {
    print(&format!("{value}\n"))
}

/// Takes records in. All files are read and checked before the first is stored.
pub(super) fn import(config: &Config, files: &[PathBuf]) -> Result<Exit, Failure> {
    let mut records = Vec::new();
    for file in files {
        let name = file.display();
        let text = std::fs::read_to_string(file).map_err(|error| {
            Failure::new(
                Exit::Input,
                format!("`{name}` cannot be read: {error}; nothing was imported"),
            )
        })?;
        let record = Record::from_json(&text)
            .map_err(|error| Failure::new(Exit::Input, format!("`{name}`: {error}; nothing was imported")))?;
        records.push(record);
    }
    let mut store = Store::open(&config.store.path)?;
    for record in &records {
        store.put_record(record, SystemClock.now())?;
    }
    print(&format!(
        "{0} data rekam disimpan / {0} records stored\n",
        records.len()
    ))
}

/// Lists applications that are not over.
pub(super) fn applications(config: &Config, as_json: bool) -> Result<Exit, Failure> {
    let store = Store::open(&config.store.path)?;
    let open = store.open_applications()?;
    let offset = config.office.utc_offset_minutes;
    if as_json {
        let list: Vec<_> = open
            .iter()
            .map(|application| {
                json!({
                    "application": application.id.0,
                    "phase": application.phase.as_str(),
                    "opened": application.opened_at.local_text(offset),
                })
            })
            .collect();
        return print_json(&json!({ "applications": list }));
    }
    if open.is_empty() {
        return print("tidak ada permohonan terbuka / no open applications\n");
    }
    let mut text = String::new();
    for application in open {
        let opened = application.opened_at.local_text(offset);
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{:>6}  {:8}  {opened}",
            application.id,
            application.phase.as_str()
        );
    }
    text += "lanjutkan/resume: loket issue resume NUMBER\n";
    print(&text)
}

/// Lists the card readers.
pub(super) fn readers(as_json: bool) -> Result<Exit, Failure> {
    let names = Readers::new().list()?;
    if as_json {
        return print_json(&json!({ "readers": names }));
    }
    if names.is_empty() {
        return Err(Failure::new(
            Exit::Device,
            "PC/SC sees no card reader; check their cables and power, then run `loket readers` again",
        ));
    }
    print(&(names.join("\n") + "\n"))
}

/// Prints the agenda book.
pub(super) fn agenda(config: &Config, csv: bool) -> Result<Exit, Failure> {
    let store = Store::open(&config.store.path)?;
    let rows = store.agenda()?;
    let offset = config.office.utc_offset_minutes;
    if csv {
        return print(&agenda::to_csv(&rows, offset));
    }
    let mut text =
        String::from("mulai/started        nomor  permohonan  langkah/step    detik   standar  hasil\n");
    for row in rows {
        let seconds = row.ended_at.seconds_since(row.started_at);
        let standard = row
            .standard_seconds
            .map_or("-".to_owned(), |seconds| seconds.to_string());
        let application = row
            .application
            .map_or("-".to_owned(), |application| application.to_string());
        let _ = writeln!(
            text,
            "{}  {:<5}  {application:>10}  {:<14}  {seconds:>6.1}  {standard:>7}  {}",
            row.started_at.local_text(offset),
            row.ticket.as_deref().unwrap_or("-"),
            row.step,
            row.result
        );
    }
    // On paper, signed and filed, it lets anybody check later that no row was removed or written anew.
    let _ = writeln!(text, "kepala jurnal/journal head  {}", store.journal_head()?);
    print(&text)
}

/// Enters a delivery.
pub(super) fn receive_blanks(config: &Config, count: u32) -> Result<(), Failure> {
    if count == 0 {
        return Err(Failure::new(Exit::Input, "a delivery has at least one blank"));
    }
    Ok(Store::open(&config.store.path)?.receive_blanks(count, SystemClock.now())?)
}

/// Prints the account of all blanks.
pub(super) fn blanks(config: &Config, as_json: bool) -> Result<Exit, Failure> {
    let store = Store::open(&config.store.path)?;
    let totals = store.blank_totals()?;
    let rejected = |reason| totals.rejected.get(&reason).copied().unwrap_or(0);
    if as_json {
        let reasons: serde_json::Map<_, _> = RejectReason::ALL
            .into_iter()
            .map(|reason| (reason.as_str().to_owned(), rejected(reason).into()))
            .collect();
        let list: Vec<_> = store
            .blanks()?
            .into_iter()
            .map(|blank| {
                let (state, reason) = blank.place.words();
                json!({
                    "uid": blank.uid.map(|uid| uid.to_string()),
                    "application": blank.application.0,
                    "state": state,
                    "reason": reason,
                    "activated": blank.activated,
                })
            })
            .collect();
        return print_json(&json!({
            "received": totals.received,
            "taken": totals.taken,
            "in_stock": totals.in_stock(),
            "in_printer": totals.in_printer,
            "printed": totals.printed,
            "handed_over": totals.handed_over,
            "rejected": reasons,
            "blanks": list,
        }));
    }
    let mut text = format!(
        "diterima / received                       {:>5}\n\
         diambil dari hopper / taken from hopper   {:>5}\n\
         \u{20} di printer / in the printer            {:>5}\n\
         \u{20} tercetak / printed, waiting            {:>5}\n\
         \u{20} diserahkan / handed over               {:>5}\n",
        totals.received, totals.taken, totals.in_printer, totals.printed, totals.handed_over
    );
    for reason in RejectReason::ALL {
        let _ = writeln!(
            text,
            "  ditolak / rejected: {:<22}{:>5}",
            reason.as_str(),
            rejected(reason)
        );
    }
    let _ = writeln!(
        text,
        "sisa stok / left in stock                 {:>5}",
        totals.in_stock()
    );
    if totals.in_stock() < 0 {
        text += "! lebih banyak dipakai daripada diterima: catat penerimaan / more used than received: \
                 enter deliveries with `loket blanks receive N`\n";
    }
    print(&text)
}

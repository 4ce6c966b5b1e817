//! `loket status`: what is under way at this counter, what waits, and what is wrong.

use super::failure::{Exit, Failure};
use super::lists::is_printed;
use crate::config::Config;
use crate::issuance::audit::audit;
use crate::issuance::machine::{Phase, State};
use crate::issuance::runner::replayed;
use crate::office::catalogue;
use crate::office::procedure::Step;
use crate::office::words::Words;
use crate::store::{Application, BlankPlace, BlankTotals, Head, Store};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs::File;
use std::time::Duration;

/// An application that is not over.
struct Open {
    application: Application,
    state: State,
    /// Whether an act was begun of which nobody knows how it ended: it runs now, or the program was stopped in it.
    begun: bool,
}

/// What there is to be said.
struct Seen {
    runs: bool,
    open: Vec<Open>,
    blanks: BlankTotals,
    alarms: Vec<Words>,
    head: Head,
}

/// Looks, and prints; again every `watch` seconds, if that is given. Exit code 17 if something is wrong with the books.
pub(super) fn status(config: &Config, as_json: bool, watch: Option<f64>) -> Result<Exit, Failure> {
    loop {
        let seen = look(config)?;
        let text = if as_json {
            format!("{}\n", seen.json(config))
        } else {
            seen.text(config)
        };
        let is_read = is_printed(&text)?;
        let Some(seconds) = watch.filter(|_| is_read) else {
            return Ok(if seen.alarms.is_empty() {
                Exit::Done
            } else {
                Exit::Tampered
            });
        };
        std::thread::sleep(Duration::from_secs_f64(seconds));
    }
}

fn look(config: &Config) -> Result<Seen, Failure> {
    let store = Store::open(&config.store.path)?;
    let mut open = Vec::new();
    for application in store.open_applications()? {
        let replay = store.replay(application.id)?;
        let state =
            replayed(replay.events).map_err(|illegal| Failure::new(Exit::Tampered, illegal.to_string()))?;
        open.push(Open {
            application,
            state,
            begun: replay.begun,
        });
    }
    Ok(Seen {
        runs: is_running(config),
        alarms: alarms(&store, &open)?,
        open,
        blanks: store.blank_totals()?,
        head: store.journal_head()?,
    })
}

/// Whether a program works at this counter: it holds the lock as long as it lives, and no longer.
fn is_running(config: &Config) -> bool {
    let path = config.store.path.with_extension("lock");
    File::open(path)
        .is_ok_and(|file| matches!(file.try_lock_shared(), Err(std::fs::TryLockError::WouldBlock)))
}

/// What somebody must look into.
fn alarms(store: &Store, open: &[Open]) -> Result<Vec<Words>, Failure> {
    let mut alarms = Vec::new();
    for blank in store.blanks()? {
        let is_settled = matches!(blank.place, BlankPlace::HandedOver | BlankPlace::Rejected(_));
        if !is_settled && !open.iter().any(|open| open.application.id == blank.application) {
            let uid = blank.uid.as_ref().map_or("(UID ?)", |uid| uid.as_str());
            let application = blank.application;
            alarms.push(Words::new(
                format!("Blangko {uid} dari permohonan {application} tidak jelas di mana, padahal permohonannya sudah selesai. Cari blangko itu."),
                format!("Nobody knows where blank {uid} of application {application} is, and that application is over. Look for it."),
            ));
        }
    }
    let in_stock = store.blank_totals()?.in_stock();
    if in_stock < 0 {
        alarms.push(Words::new(
            "Lebih banyak blangko dipakai daripada diterima. Catat penerimaan dengan `loket blanks receive N`.",
            "More blanks were used than received. Enter deliveries with `loket blanks receive N`.",
        ));
    }
    if let Some(count) = store
        .last_blank_count()?
        .filter(crate::store::BlankCount::is_alarm)
    {
        alarms.push(Words::new(
            format!("Stok dihitung {}, menurut buku {}. Hitung lagi; `loket blanks explain` bila sudah jelas.", count.counted, count.expected),
            format!("The stock was counted as {}, the ledger expects {}. Count again; `loket blanks explain` once it is clear.", count.counted, count.expected),
        ));
    }
    for disagreement in audit(store)? {
        alarms.push(Words::new(
            format!("Pembukuan tidak sesuai dengan jurnal: {disagreement}."),
            format!("The books are not as the journal says: {disagreement}."),
        ));
    }
    Ok(alarms)
}

impl Open {
    /// What it waits for, where it was stopped.
    fn trouble(&self) -> Option<Words> {
        match &self.state {
            State::Paused { trouble, .. } | State::Parked { trouble, .. } => {
                Some(catalogue::trouble(trouble))
            }
            _ => None,
        }
    }

    fn then(&self) -> &State {
        match &self.state {
            State::Paused { then, .. } | State::Parked { then, .. } => then,
            state => state,
        }
    }
}

impl Seen {
    fn json(&self, config: &Config) -> Value {
        let offset = config.office.utc_offset_minutes;
        let applications: Vec<_> = self
            .open
            .iter()
            .map(|open| {
                let trouble = open.trouble();
                json!({
                    "application": open.application.id.0,
                    "phase": open.application.phase.as_str(),
                    "state": open.then().name(),
                    "step": open.then().step().map(Step::as_str),
                    "begun": open.begun,
                    "opened": open.application.opened_at.local_text(offset),
                    "text_id": trouble.as_ref().map(|words| &words.id),
                    "text_en": trouble.as_ref().map(|words| &words.en),
                })
            })
            .collect();
        json!({
            "counter": config.office.counter,
            "running": self.runs,
            "applications": applications,
            "blanks": {
                "in_stock": self.blanks.in_stock(),
                "in_printer": self.blanks.in_printer,
                "printed": self.blanks.printed,
                "handed_over": self.blanks.handed_over,
                "rejected": self.blanks.rejected.values().sum::<u64>(),
            },
            "alarms": self.alarms.iter().map(|words| json!({ "text_id": words.id, "text_en": words.en })).collect::<Vec<_>>(),
            "journal_head": self.head.to_string(),
        })
    }

    fn text(&self, config: &Config) -> String {
        let runs = if self.runs {
            "berjalan/running"
        } else {
            "tidak berjalan/not running"
        };
        let mut text = format!("loket {}: {runs}\n", config.office.counter);
        if self.open.is_empty() {
            text += "tidak ada permohonan terbuka / no open applications\n";
        }
        for open in &self.open {
            let resume = if open.application.phase == Phase::New {
                ""
            } else {
                "  loket issue resume"
            };
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "permohonan/application {:>5}  {:8} {}{}{resume}",
                open.application.id,
                open.application.phase.as_str(),
                open.then().name(),
                if open.begun { " (dimulai/begun)" } else { "" },
            );
            if let Some(words) = open.trouble() {
                let _ = writeln!(text, "    {}\n    {}", words.id, words.en);
            }
        }
        let _ = writeln!(
            text,
            "blangko/blanks: stok/stock {}, di printer/in the printer {}, tercetak/printed {}, diserahkan/handed over {}, ditolak/rejected {}",
            self.blanks.in_stock(),
            self.blanks.in_printer,
            self.blanks.printed,
            self.blanks.handed_over,
            self.blanks.rejected.values().sum::<u64>()
        );
        for alarm in &self.alarms {
            let _ = writeln!(text, "! {}\n  {}", alarm.id, alarm.en);
        }
        let _ = writeln!(text, "kepala jurnal/journal head  {}", self.head);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::office::clock::Moment;
    use crate::office::nik::Nik;

    fn config(folder: &std::path::Path) -> Config {
        let text = format!(
            "[office]\nname = \"Disdukcapil\"\nprovince = \"SUMATERA BARAT\"\nregency = \"KOTA PADANG PANJANG\"\n\
             office_place = \"PADANG PANJANG\"\ncounter = 2\nutc_offset_minutes = 420\n[store]\npath = {:?}\n",
            folder.join("office.sqlite")
        );
        toml::from_str(&text).unwrap()
    }

    #[test]
    fn a_blank_that_nobody_can_account_for_is_an_alarm() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        let mut store = Store::open(&config.store.path).unwrap();
        store.receive_blanks(3, Moment::default()).unwrap();
        let nik = Nik::parse("1374025203900001").unwrap();
        store
            .open_application("ktp-sudah-rekam", None, &nik, "", Moment::default())
            .unwrap();
        assert!(look(&config).unwrap().alarms.is_empty());

        store.execute_for_tests(
            "INSERT INTO blanks (application, state, taken_at, changed_at) VALUES (1, 'in_printer', 0, 0);
             UPDATE applications SET phase = 'ended', outcome = 'cancelled'",
        );
        let seen = look(&config).unwrap();
        // It is nowhere, and the journal knows nothing of it.
        assert_eq!(seen.alarms.len(), 2, "{:?}", seen.alarms);
        assert!(
            seen.text(&config).contains("! Blangko (UID ?) dari permohonan 1"),
            "{}",
            seen.text(&config)
        );
        assert_eq!(seen.json(&config)["alarms"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn a_counter_that_works_is_told_from_one_that_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        drop(Store::open(&config.store.path).unwrap());
        assert!(!is_running(&config));
        let lock = File::create(config.store.path.with_extension("lock")).unwrap();
        assert!(
            !is_running(&config),
            "a file that a dead program left locks nothing"
        );
        lock.lock().unwrap();
        assert!(is_running(&config));
    }
}

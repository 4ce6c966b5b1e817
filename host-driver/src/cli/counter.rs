//! `loket counter`, `loket issue resume` and `loket issue cancel`: the commands that open devices.

use super::board::open as open_board;
use super::failure::{Exit, Failure};
use crate::card::OfficeKey;
use crate::card::pcsc::Readers;
use crate::config::{Config, ConfigError};
use crate::issuance::capture::{CaptureStation, Fingers as _};
use crate::issuance::devices::Hardware;
use crate::issuance::evidence::Evidence;
use crate::issuance::machine::Phase;
use crate::issuance::printer_link::PrinterLink;
use crate::office::console::{Console, News, Outcome, Style, Teller};
use crate::office::counter::Counter;
use crate::office::kiosk::Kiosk;
use crate::office::procedure::{KTP_SUDAH_REKAM, Procedure};
use crate::office::queue::Queue;
use crate::office::words::Words;
use crate::store::{ApplicationId, Store};
use protocol::Role;
use std::fs::{File, TryLockError};
use std::io::{BufReader, Write as _, stderr, stdin, stdout};
use std::time::Duration;

/// Serves the counter.
pub(super) fn run(config: &Config, json: bool, once: bool, procedure: &str) -> Result<Exit, Failure> {
    let procedure = carried_out(procedure)?;
    let _alone = lock(config)?;
    let mut store = Store::open(&config.store.path)?;
    let identity = store.identity(draw)?;
    let queue = Queue::new(config, identity);
    let teller = teller(json);

    let kiosk_port = present("boards.kiosk", config.boards.kiosk.as_ref())?;
    let (kiosk_board, kiosk_events) = open_board(config, kiosk_port, Role::Kiosk)?;
    // The kiosk is served before the rest is ready: residents press its buttons meanwhile.
    let kiosk = Kiosk::serve(
        kiosk_board,
        kiosk_events,
        queue.clone(),
        Store::open(&config.store.path)?,
        teller.clone(),
        config.office.utc_offset_minutes,
    )?;
    let hardware = hardware(config, teller.clone())?;
    if !kiosk.wait_until_ready(patience(config))? {
        teller.problem(Words::new(
            "Printer tiket di kios tidak siap. Periksa kertas, tutup dan kabelnya; kios tidak memberi nomor sebelum itu.",
            "The kiosk's ticket printer is not ready. Check its paper, cover and cable; the kiosk gives no numbers before.",
        ));
    }
    let mut counter = Counter {
        config,
        procedure,
        store,
        hardware,
    };
    if let Err(failure) = check_devices(&mut counter.hardware) {
        if once {
            return Err(failure);
        }
        // The queue goes on; each application says again what is missing.
        teller.problem(Words::technical(&failure));
    }
    // What a crash has left is an application too: with `--once` it is the one.
    if let (Some(outcome), true) = (counter.recover(&queue)?, once) {
        return Ok(concluded(&outcome, json));
    }
    teller.tell(&News::Ready {
        counter: config.office.counter,
    });
    loop {
        let outcome = counter.serve_next(&kiosk, &queue)?;
        if once {
            return Ok(concluded(&outcome, json));
        }
    }
}

/// Goes on with one application, or ends it.
pub(super) fn take_up(config: &Config, number: i64, json: bool, cancel: bool) -> Result<Exit, Failure> {
    let _alone = lock(config)?;
    let store = Store::open(&config.store.path)?;
    let application = store.application(ApplicationId(number))?;
    match application.phase {
        Phase::Ended => {
            let how = application.outcome.as_deref().unwrap_or("ended");
            return Err(Failure::new(
                Exit::Input,
                format!("application {number} is over ({how}); nothing was done"),
            ));
        }
        Phase::New => {
            let why = "has not begun; start `loket counter` and call its ticket again";
            return Err(Failure::new(Exit::Input, format!("application {number} {why}")));
        }
        Phase::Running | Phase::Parked => {}
    }
    let hardware = hardware(config, teller(json))?;
    let mut counter = Counter {
        config,
        procedure: &KTP_SUDAH_REKAM,
        store,
        hardware,
    };
    let outcome = if cancel {
        counter.cancel(&application)?
    } else {
        counter.take_up(&application)?
    };
    Ok(if cancel && outcome.outcome == "cancelled" {
        Exit::Done
    } else {
        concluded(&outcome, json)
    })
}

/// The exit of an outcome. A program that reads JSON gets the reason for a failure on standard error too, where scripts
/// look for it.
fn concluded(outcome: &Outcome, json: bool) -> Exit {
    let exit = Exit::of(outcome.outcome);
    if json && exit != Exit::Done {
        let resume = match outcome.application {
            Some(number) if outcome.resumable => format!("resume: loket issue resume {number}\n"),
            _ => String::new(),
        };
        let text = format!("{}\n{}\n{resume}", outcome.text_id, outcome.text_en);
        // Standard error may be closed too; the exit code still tells.
        let _ = stderr().write_all(text.as_bytes());
    }
    exit
}

fn carried_out(name: &str) -> Result<&'static Procedure, Failure> {
    match Procedure::by_id(name) {
        Some(procedure) if std::ptr::eq(procedure, &raw const KTP_SUDAH_REKAM) => Ok(procedure),
        Some(_) => Err(Failure::new(
            Exit::Input,
            format!(
                "the procedure `{name}` is known but not carried out here yet; use --procedure ktp-sudah-rekam"
            ),
        )),
        None => {
            let known: Vec<&str> = crate::office::procedure::ALL
                .iter()
                .map(|procedure| procedure.id)
                .collect();
            Err(Failure::new(
                Exit::Input,
                format!("there is no procedure `{name}`; known are {}", known.join(", ")),
            ))
        }
    }
}

fn teller(json: bool) -> Teller {
    Teller::new(if json { Style::Json } else { Style::Text }, stdout())
}

/// The devices that issue a card. Boards must answer; readers and printer are looked at when they are needed.
fn hardware(config: &Config, teller: Teller) -> Result<Hardware, Failure> {
    let encoder = present("readers.encoder", config.readers.encoder.as_ref())?.clone();
    let desk = present("readers.desk", config.readers.desk.as_ref())?.clone();
    let printer = present("printer.address", config.printer.address.as_ref())?.clone();
    let port = present("boards.capture", config.boards.capture.as_ref())?;
    let key = OfficeKey::load_or_create(&config.office_key())
        .map_err(|error| Failure::new(Exit::Config, error.to_string()))?;
    let (board, events) = open_board(config, port, Role::Capture)?;
    board.wait_until_up(patience(config))?;
    let mut capture = CaptureStation::new(
        board,
        events,
        teller.clone(),
        config.office.utc_offset_minutes,
        Duration::from_secs(u64::from(config.boards.finger_seconds)),
    );
    capture.catch_up();
    Ok(Hardware {
        console: Console::new(BufReader::new(stdin()), teller),
        capture: Box::new(capture),
        readers: Box::new(Readers::new()),
        encoder,
        desk,
        printer: PrinterLink::new(printer),
        key,
        evidence: Evidence::new(&config.output),
    })
}

/// Whether readers and printer are there, before anybody is called.
fn check_devices(hardware: &mut Hardware) -> Result<(), Failure> {
    for reader in [hardware.encoder.clone(), hardware.desk.clone()] {
        hardware.readers.holds_card(&reader)?;
    }
    hardware.printer.check()?;
    Ok(())
}

/// Keeps a second program away from this counter's devices and applications, until it is dropped.
fn lock(config: &Config) -> Result<File, Failure> {
    let path = config.store.path.with_extension("lock");
    let failed = |error: std::io::Error| {
        Failure::new(
            Exit::Internal,
            format!(
                "cannot lock this counter with `{}`: {error}; check the folder, its permissions and the free space",
                path.display()
            ),
        )
    };
    let file = path
        .parent()
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| File::create(&path))
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Failure::new(
            Exit::Internal,
            "this counter is in use by another `loket`; end that one first (`loket agenda`, `loket blanks` and \
             `loket issue list` work beside it)",
        )),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

fn present<'a, T>(key: &'static str, value: Option<&'a T>) -> Result<&'a T, ConfigError> {
    value.ok_or(ConfigError::Missing(key))
}

pub(super) fn patience(config: &Config) -> Duration {
    Duration::from_secs(u64::from(config.boards.patience_seconds))
}

/// A number drawn at this start, by which boards tell that the program was restarted.
pub(super) fn draw() -> u32 {
    // Without chance from the system the clock will do: it only has to differ from the last start.
    getrandom::u32().unwrap_or_else(|_| {
        use crate::office::clock::{Clock as _, SystemClock};
        SystemClock.now().millis() as u32
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_cannot_be_made_for_the_lock_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let config = format!(
            "[office]\nname = \"D\"\nprovince = \"P\"\nregency = \"R\"\noffice_place = \"O\"\ncounter = 1\n\
             [store]\npath = '{}'\n",
            file.join("loket.sqlite").display()
        );
        let report = lock(&toml::from_str(&config).unwrap()).unwrap_err().report();
        assert!(
            report.contains("loket.lock") && report.contains("check"),
            "{report}"
        );
    }
}

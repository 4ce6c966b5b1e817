//! What a counter is given before it opens: its configuration (the same file that a real counter has), records, blanks.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Serialize;

use crate::rig::fault::Fault;
use crate::rig::office::Office;
use crate::rig::process::Process;

/// What is the same in every run.
const OFFICE: &str = r#"
[office]
name = "Disdukcapil Padang Panjang"
province = "SUMATERA BARAT"
regency = "KOTA PADANG PANJANG"
office_place = "PADANG PANJANG"
counter = 2
utc_offset_minutes = 420

[kiosk]
paper_mm = 58
priority = true
priority_turns = 2
lent_numbers = 20
lent_from = 900

[[services]]
id = 1
prefix = "A"
name_id = "KTP-el sudah rekam"
name_en = "ID card (recorded)"
# The written procedure's first step wants the application's papers and a telephone number.
bring = ["Fotokopi Kartu Keluarga (KK)", "Nomor telepon yang aktif"]
"#;

/// What differs from run to run.
#[derive(Serialize)]
struct Run<'a> {
    store: Store,
    boards: Boards,
    readers: Readers<'a>,
    printer: Printer<'a>,
    log: Log,
    output: Output<'a>,
}

#[derive(Serialize)]
struct Store {
    path: PathBuf,
}

#[derive(Serialize)]
struct Boards {
    kiosk: PathBuf,
    capture: PathBuf,
}

#[derive(Serialize)]
struct Readers<'a> {
    encoder: &'a str,
    desk: &'a str,
}

#[derive(Serialize)]
struct Printer<'a> {
    address: &'a Path,
}

#[derive(Serialize)]
struct Log {
    file: PathBuf,
    level: &'static str,
}

#[derive(Serialize)]
struct Output<'a> {
    folder: &'a Path,
    keep_evidence: bool,
}

/// Writes the file and returns its path. `folder` is for what the run leaves behind.
pub(super) fn write_configuration(
    office: &Office,
    folder: &Path,
    fault: Option<Fault>,
) -> anyhow::Result<PathBuf> {
    let capture = match fault {
        Some(Fault::NoBoard) => PathBuf::from("/dev/ttyLOKET-unplugged"),
        _ => office.capture_port(),
    };
    let (encoder, desk) = office
        .pcscd
        .as_ref()
        .map_or(("Loket Encoder 00 00", "Loket Desk 00 00"), |service| {
            (&service.encoder.name, &service.desk.name)
        });
    let run = Run {
        store: Store {
            path: folder.join("office.sqlite"),
        },
        boards: Boards {
            kiosk: office.kiosk_port(),
            capture,
        },
        readers: Readers { encoder, desk },
        printer: Printer {
            address: office.card_printer_port(),
        },
        log: Log {
            file: folder.join("host.log"),
            level: "debug",
        },
        output: Output {
            folder,
            keep_evidence: true,
        },
    };
    let text = toml::to_string(&run).context("writing the counter's configuration")?;
    let path = folder.join("loket.toml");
    std::fs::write(&path, format!("{}\n{text}", OFFICE.trim_start()))
        .with_context(|| format!("writing {}", path.display()))?;
    Ok(path)
}

/// Gives the office the applicant's record, as the data centre would have sent it.
pub(super) fn import_record(loket: &Path, config: &Path, record: &str, folder: &Path) -> anyhow::Result<()> {
    let file = folder.join("record.json");
    std::fs::write(&file, record).context("writing the applicant's record")?;
    let output = Process::command(loket)
        .args(["record", "import"])
        .arg(&file)
        .arg("--config")
        .arg(config)
        .output()
        .context("importing the applicant's record")?;
    // The record holds fingerprints: it outlives the import only in the store.
    std::fs::remove_file(&file).context("removing the applicant's record")?;
    if !output.status.success() {
        bail!(
            "the record was refused: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(())
}

/// Enters the delivery that lies in the hopper into the office's account of blanks.
pub(super) fn receive_blanks(loket: &Path, config: &Path, count: usize) -> anyhow::Result<()> {
    if count == 0 {
        return Ok(());
    }
    let output = Process::command(loket)
        .args(["blanks", "receive", &count.to_string(), "--config"])
        .arg(config)
        .output()
        .context("entering the delivery of blanks")?;
    if !output.status.success() {
        bail!(
            "the delivery was refused: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(())
}

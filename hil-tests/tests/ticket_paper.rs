//! Every kind of the kiosk's ticket, on the emulated printer's paper.
//!
//! `LOKET_TICKETS=folder cargo test -p hil-tests --test ticket_paper` keeps the pictures, to be looked at.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use hil_tests::device::serial::SerialDevice;
use hil_tests::device::ticket_printer::{Cut, EscPosCore, Receipt, Roll};
use hil_tests::rig::setup;
use kiosk_fw::drivers::escpos::document::{self, Document};
use kiosk_fw::kiosk::ticket::{Face, compose};
use protocol::message::Service;
// The clock behind the applications that the library brings.
use desk_board as _;

const TICKET_ID: u64 = 0x0123_4567_89AB_CDEF;

fn service(name_id: &str, name_en: &str) -> Service {
    Service {
        id: 1,
        prefix: b'A',
        name_id: name_id.try_into().unwrap(),
        name_en: name_en.try_into().unwrap(),
    }
}

/// The paper that a printer gives out for a ticket.
fn printed(face: &Face<'_>) -> Receipt {
    let mut ticket = Document::new();
    compose(face, &mut ticket);
    let roll = match face.paper {
        document::Roll::Mm58 => Roll::Mm58,
        document::Roll::Mm80 => Roll::Mm80,
    };
    let mut printer = EscPosCore::new(roll, Vec::new());
    printer.handle_bytes(Duration::ZERO, ticket.finish().unwrap());
    assert_eq!(printer.paper.len(), 1, "a ticket is one piece of paper");
    assert!(printer.tear_off().is_none(), "nothing follows the cut");
    printer.paper.remove(0)
}

/// What an independent program says of a file, or nothing if it is not installed here.
fn ask(program: &Path, arguments: &[&str], file: &Path) -> Option<String> {
    let output = Command::new(program).args(arguments).arg(file).output();
    if let Ok(output) = output {
        return Some(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    println!(
        "not asked: no {} here; `cargo rig setup` installs it",
        program.display()
    );
    None
}

#[test]
fn every_kind_of_ticket_is_whole_and_its_code_can_be_read() {
    let bring: Vec<_> = ["KTP-el lama atau surat kehilangan", "Fotokopi Kartu Keluarga"]
        .map(|text| text.try_into().unwrap())
        .into();
    let longest: Vec<_> = [
        "Surat keterangan kehilangan dari polisi",
        "Akta kelahiran asli dan fotokopinya (2x)",
        "Kartu Keluarga asli, bukan fotokopi saja",
        "Surat kuasa bermeterai bila diwakilkan..",
    ]
    .map(|text| text.try_into().unwrap())
    .into();
    let short_names = service("Ambil KTP-el", "Collect ID card");
    let long_names = service("Akta Kelahiran Terlambat", "Late birth certificates!");
    let folder = tempfile::tempdir().unwrap();
    let folder = std::env::var_os("LOKET_TICKETS").map_or_else(|| folder.path().to_owned(), Into::into);
    for paper in [document::Roll::Mm58, document::Roll::Mm80] {
        let plain = Face {
            office: "Disdukcapil Kota Contoh",
            service: Some(&short_names),
            bring: &bring,
            prefix: b'A',
            number: 12,
            priority: false,
            issued: Some((1_795_400_100, 420)),
            ahead: Some((3, 25)),
            ticket_id: TICKET_ID,
            copy: None,
            paper,
            alone: false,
        };
        let longest = Face {
            office: "Dinas Dukcapil Kab. Pulau Taliabu",
            service: Some(&long_names),
            bring: &longest,
            number: 888,
            prefix: b'M',
            ahead: Some((999, 1_439)),
            priority: true,
            ..plain
        };
        let alone = Face {
            issued: None,
            ahead: None,
            bring: &[],
            alone: true,
            ..plain
        };
        for (kind, face) in [
            ("plain", plain),
            ("longest", longest),
            ("alone", alone),
            (
                "next",
                Face {
                    ahead: Some((0, 0)),
                    ..plain
                },
            ),
            (
                "priority",
                Face {
                    priority: true,
                    ..plain
                },
            ),
            (
                "copy",
                Face {
                    copy: Some(1),
                    ..plain
                },
            ),
            (
                "priority-copy",
                Face {
                    copy: Some(2),
                    priority: true,
                    ..plain
                },
            ),
            (
                "unnamed",
                Face {
                    service: None,
                    ..alone
                },
            ),
        ] {
            let receipt = printed(&face);
            assert!(receipt.unknown.is_empty(), "{kind}: {:?}", receipt.unknown);
            assert_eq!(receipt.cuts, [Cut::Partial], "{kind}");
            assert_eq!(receipt.qr_codes, [b"LOKET-0123456789ABCDEF"], "{kind}");
            let picture = folder.join(format!("{kind}-{paper:?}.png"));
            receipt.on_paper().save(&picture).unwrap();
            if let Some(read) = ask(Path::new("zbarimg"), &["--quiet", "--raw"], &picture) {
                assert_eq!(read, "LOKET-0123456789ABCDEF", "{kind} on {paper:?}");
            }
            let bytes = picture.with_extension("escpos");
            std::fs::write(&bytes, &receipt.bytes).unwrap();
            if let Some(found) = ask(&setup::escpos_decoder(), &[], &bytes) {
                let found: serde_json::Value = serde_json::from_str(&found).unwrap();
                assert_eq!(found["unknown"], 0, "{kind}: {found}");
                assert_eq!(found["cuts"], 1, "{kind}: {found}");
                assert_eq!(found["qr"], serde_json::json!(["LOKET-0123456789ABCDEF"]));
            }
        }
    }
}

//! Every screen, compared pixel by pixel with a picture that somebody has looked at.
//!
//! `LOKET_UPDATE_SCREENS=1 cargo test -p kiosk-fw --test screens` draws the pictures anew: look at them before you commit them.

// A test that cannot go on has failed.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::PathBuf;

use image::{GrayImage, Luma};
use kiosk_fw::capture::model::View as CaptureView;
use kiosk_fw::drivers::ssd0323::{Frame, HEIGHT, WIDTH};
use kiosk_fw::kiosk::model::{Language, PaperProgress, Sorry, StorageTrouble, Trouble, View};
use kiosk_fw::{capture, kiosk};
use protocol::message::{CaptureVerdict, FingerPosition, FingerQuality, Service, TicketDenial};
// The clock behind the applications that the library brings.
use virtual_time as _;

/// The picture that QEMU's screendump shows of a frame, less its enlargement.
fn picture(frame: &Frame) -> GrayImage {
    GrayImage::from_fn(WIDTH as u32, HEIGHT as u32, |x, y| {
        Luma([frame.luma(x as usize, y as usize) * 17])
    })
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/screens")
}

fn assert_picture(name: &str, frame: &Frame) {
    let path = folder().join(name).with_extension("png");
    let drawn = picture(frame);
    if std::env::var_os("LOKET_UPDATE_SCREENS").is_some() {
        drawn.save(&path).unwrap();
    }
    let expected = image::open(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        .to_luma8();
    let differing = drawn
        .pixels()
        .zip(expected.pixels())
        .filter(|(a, b)| a != b)
        .count();
    assert_eq!(
        differing,
        0,
        "{name} differs in {differing} pixels from {}",
        path.display()
    );
}

fn services() -> Vec<Service> {
    let service = |id, prefix, name_id: &str, name_en: &str| Service {
        id,
        prefix,
        name_id: name_id.try_into().unwrap(),
        name_en: name_en.try_into().unwrap(),
    };
    vec![
        service(1, b'A', "KTP-el sudah rekam", "ID card, data recorded"),
        service(2, b'B', "Perekaman KTP-el", "First ID card recording"),
        service(3, b'C', "Kartu Keluarga", "Family card"),
        service(4, b'D', "Akta Kelahiran Terlambat", "Late birth certificate"),
    ]
}

/// Draws a kiosk's screen in both languages.
fn kiosk_screen(name: &str, view: View) {
    for (language, ending) in [(Language::Indonesian, "id"), (Language::English, "en")] {
        let mut frame = Frame::new();
        kiosk::screens::draw(&mut frame, view, language, &services());
        assert_picture(&format!("kiosk-{name}-{ending}"), &frame);
    }
}

fn capture_screen(name: &str, view: CaptureView) {
    let mut frame = Frame::new();
    capture::screens::draw(&mut frame, view);
    assert_picture(&format!("capture-{name}"), &frame);
}

/// Every screen of the kiosk: its name and what it shows.
fn kiosk_screens() -> Vec<(String, View)> {
    let mut screens = Vec::new();
    let mut screen = |name: &str, view| screens.push((name.to_owned(), view));
    for place in 0..4 {
        for (name, is_priority) in [("services", false), ("priority", true)] {
            screen(
                &format!("{name}-{place}"),
                View::Services {
                    configuration: 1,
                    selected: place,
                    priority: is_priority,
                    priority_offered: true,
                    low_paper: false,
                    alone: false,
                },
            );
        }
    }
    for (name, offered, low, is_alone) in [
        ("services-no-priority", false, false, false),
        ("services-low-paper", true, true, false),
        ("services-alone", true, false, true),
        ("services-alone-low-paper", true, true, true),
    ] {
        screen(
            name,
            View::Services {
                configuration: 1,
                selected: 0,
                priority: false,
                priority_offered: offered,
                low_paper: low,
                alone: is_alone,
            },
        );
    }
    for (name, paper) in [
        ("printing", PaperProgress::Printing),
        ("printed", PaperProgress::Printed),
        ("missing", PaperProgress::Missing),
        ("uncertain", PaperProgress::Uncertain),
    ] {
        for (size, prefix, number) in [("", b'A', 12), ("-widest", b'M', 888)] {
            screen(
                &format!("number-{name}{size}"),
                View::Number {
                    prefix,
                    number,
                    paper,
                },
            );
        }
    }
    for (name, prefix, number, counter) in [("called", b'A', 12, 2), ("called-widest", b'M', 888, 28)] {
        screen(
            name,
            View::Called {
                prefix,
                number,
                counter,
            },
        );
    }
    for (name, view) in [
        ("starting", View::Starting),
        ("offline", View::Offline),
        ("closed", View::Closed),
        ("please-wait", View::PleaseWait),
        ("full", View::Sorry(Sorry::Denied(TicketDenial::Full))),
        ("try-again", View::Sorry(Sorry::NoAnswer)),
        ("no-numbers", View::Sorry(Sorry::NoNumbers)),
        ("paper-out", View::Sorry(Sorry::Printer(Trouble::PaperOut))),
        ("cover-open", View::Sorry(Sorry::Printer(Trouble::CoverOpen))),
        ("printer-broken", View::Sorry(Sorry::Printer(Trouble::Broken))),
        (
            "storage-missing",
            View::Sorry(Sorry::Storage(StorageTrouble::Missing)),
        ),
        (
            "storage-foreign",
            View::Sorry(Sorry::Storage(StorageTrouble::Foreign)),
        ),
        ("storage-full", View::Sorry(Sorry::Storage(StorageTrouble::Full))),
        (
            "storage-failed",
            View::Sorry(Sorry::Storage(StorageTrouble::Failed)),
        ),
    ] {
        screen(name, view);
    }
    screens
}

#[test]
fn every_screen_of_the_kiosk_looks_as_its_pictures() {
    for (name, view) in kiosk_screens() {
        kiosk_screen(&name, view);
    }
}

/// Counts the kinds of views. A new one does not compile here until it has a number, and fails below until it has a picture.
fn kind(view: View) -> usize {
    match view {
        View::Starting => 0,
        View::Offline => 1,
        View::Closed => 2,
        View::PleaseWait => 3,
        View::Services { priority: false, .. } => 4,
        View::Services { priority: true, .. } => 5,
        View::Called { .. } => 6,
        View::Number { paper, .. } => match paper {
            PaperProgress::Printing => 7,
            PaperProgress::Printed => 8,
            PaperProgress::Missing => 9,
            PaperProgress::Uncertain => 10,
        },
        View::Sorry(why) => match why {
            Sorry::Denied(_) => 11,
            Sorry::NoAnswer => 12,
            Sorry::NoNumbers => 13,
            Sorry::Printer(Trouble::PaperOut) => 14,
            Sorry::Printer(Trouble::CoverOpen) => 15,
            Sorry::Printer(Trouble::Broken) => 16,
            Sorry::Storage(StorageTrouble::Missing) => 17,
            Sorry::Storage(StorageTrouble::Foreign) => 18,
            Sorry::Storage(StorageTrouble::Full) => 19,
            Sorry::Storage(StorageTrouble::Failed) => 20,
        },
    }
}

#[test]
fn every_kind_of_view_has_a_picture() {
    const KINDS: usize = 21;
    let pictured: BTreeSet<usize> = kiosk_screens().iter().map(|(_, view)| kind(*view)).collect();
    assert_eq!(pictured, (0..KINDS).collect());
}

#[test]
fn every_picture_of_the_kiosk_is_of_a_screen() {
    let screens: BTreeSet<String> = kiosk_screens()
        .iter()
        .flat_map(|(name, _)| ["id", "en"].map(|language| format!("kiosk-{name}-{language}.png")))
        .collect();
    let pictures: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("kiosk-"))
        .collect();
    assert_eq!(pictures, screens);
}

#[test]
fn every_finger_is_asked_for_by_name() {
    for code in 0..=10 {
        let finger = FingerPosition::from_code(code).unwrap();
        capture_screen(
            &format!("place-{code:02}"),
            CaptureView::Place {
                finger,
                attempt: 1,
                attempts: 4,
                impression: 1,
                impressions: 1,
            },
        );
    }
}

#[test]
fn the_way_of_a_finger() {
    for (name, view) in [
        ("starting", CaptureView::Starting),
        ("offline", CaptureView::Offline),
        ("sensor-missing", CaptureView::SensorMissing),
        ("ready", CaptureView::Ready),
        ("advice-again", CaptureView::Advice(FingerQuality::Unknown)),
        ("advice-dry-it", CaptureView::Advice(FingerQuality::TooWet)),
        ("advice-press", CaptureView::Advice(FingerQuality::TooDry)),
        ("advice-whole", CaptureView::Advice(FingerQuality::Unusable)),
        (
            "second-impression",
            CaptureView::Place {
                finger: FingerPosition::LeftThumb,
                attempt: 1,
                attempts: 4,
                impression: 2,
                impressions: 3,
            },
        ),
        ("hold", CaptureView::Hold),
        ("lift", CaptureView::Lift),
        ("judging", CaptureView::Judging),
        ("match", CaptureView::Verdict(CaptureVerdict::Match)),
        ("no-match", CaptureView::Verdict(CaptureVerdict::NoMatch)),
        ("try-again", CaptureView::Verdict(CaptureVerdict::TryAgain)),
        ("done", CaptureView::Verdict(CaptureVerdict::Done)),
        ("too-late", CaptureView::TooLate),
        ("cancelled", CaptureView::Cancelled),
        ("failed", CaptureView::Failed),
    ] {
        capture_screen(name, view);
    }
}

//! Every screen, compared pixel by pixel with a picture that somebody has looked at.
//!
//! `LOKET_UPDATE_SCREENS=1 cargo test -p kiosk-fw --test screens` draws the pictures anew: look at them before you commit them.

// A test that cannot go on has failed.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use image::{GrayImage, Luma};
use kiosk_fw::capture::model::View as CaptureView;
use kiosk_fw::drivers::ssd0323::{Frame, HEIGHT, WIDTH};
use kiosk_fw::kiosk::model::{Language, PaperProgress, Sorry, Trouble, View};
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

fn assert_picture(name: &str, frame: &Frame) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/screens")
        .join(name)
        .with_extension("png");
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

fn kiosk_screen(name: &str, view: View) {
    let mut frame = Frame::new();
    kiosk::screens::draw(&mut frame, view, Language::Indonesian, &services());
    assert_picture(&format!("kiosk-{name}"), &frame);
}

fn capture_screen(name: &str, view: CaptureView) {
    let mut frame = Frame::new();
    capture::screens::draw(&mut frame, view);
    assert_picture(&format!("capture-{name}"), &frame);
}

#[test]
fn the_choice_of_services() {
    for selected in 0..4 {
        kiosk_screen(
            &format!("services-{selected}"),
            View::Services {
                configuration: 1,
                selected,
                priority: false,
                priority_offered: false,
                low_paper: false,
                alone: false,
            },
        );
    }
}

#[test]
fn a_number_with_its_paper() {
    for (name, paper) in [
        ("printing", PaperProgress::Printing),
        ("printed", PaperProgress::Printed),
        ("missing", PaperProgress::Missing),
    ] {
        kiosk_screen(
            &format!("number-{name}"),
            View::Number {
                prefix: b'A',
                number: 12,
                paper,
            },
        );
    }
    kiosk_screen(
        "number-widest",
        View::Number {
            prefix: b'M',
            number: 888,
            paper: PaperProgress::Printed,
        },
    );
}

#[test]
fn a_called_number() {
    kiosk_screen(
        "called",
        View::Called {
            prefix: b'A',
            number: 12,
            counter: 2,
        },
    );
    kiosk_screen(
        "called-widest",
        View::Called {
            prefix: b'M',
            number: 888,
            counter: 28,
        },
    );
}

#[test]
fn why_there_is_no_number() {
    kiosk_screen("starting", View::Starting);
    kiosk_screen("offline", View::Offline);
    kiosk_screen("closed", View::Closed);
    kiosk_screen("please-wait", View::PleaseWait);
    kiosk_screen("full", View::Sorry(Sorry::Denied(TicketDenial::Full)));
    kiosk_screen("try-again", View::Sorry(Sorry::NoAnswer));
    kiosk_screen("paper-out", View::Sorry(Sorry::Printer(Trouble::PaperOut)));
    kiosk_screen("cover-open", View::Sorry(Sorry::Printer(Trouble::CoverOpen)));
    kiosk_screen("printer-broken", View::Sorry(Sorry::Printer(Trouble::Broken)));
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

//! Every screen of both applications: its name and what it shows. For the pictures, and for a program that shows all on a panel.

use core::fmt::{Arguments, Write};

use heapless::{String, Vec};
use kiosk_fw::capture::model::View as CaptureView;
use kiosk_fw::kiosk::model::{PaperProgress, Sorry, StorageTrouble, Trouble, View};
use protocol::message::{CaptureVerdict, FingerPosition, FingerQuality, Service, TicketDenial};

/// A screen's name.
pub(crate) type Name = String<40>;

fn named(name: Arguments<'_>) -> Name {
    let mut text = Name::new();
    // The longest has 30 characters; a name cut off would not be that of a picture.
    let _ = text.write_fmt(name);
    text
}

/// The services that are offered.
pub(crate) fn services() -> Vec<Service, 4> {
    let service = |id, prefix, name_id: &str, name_en: &str| Service {
        id,
        prefix,
        name_id: name_id.try_into().unwrap_or_default(),
        name_en: name_en.try_into().unwrap_or_default(),
    };
    Vec::from_array([
        service(1, b'A', "KTP-el sudah rekam", "ID card, data recorded"),
        service(2, b'B', "Perekaman KTP-el", "First ID card recording"),
        service(3, b'C', "Kartu Keluarga", "Family card"),
        service(4, b'D', "Akta Kelahiran Terlambat", "Late birth certificate"),
    ])
}

/// Screens of the kiosk. Each is shown in both languages.
pub(crate) fn kiosk() -> Vec<(Name, View), 40> {
    let mut screens = Vec::new();
    let mut screen = |name: Arguments<'_>, view| {
        // One that finds no room has no picture, which the tests notice.
        let _ = screens.push((named(name), view));
    };
    for place in 0..4 {
        for (name, is_priority) in [("services", false), ("priority", true)] {
            screen(
                format_args!("{name}-{place}"),
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
            format_args!("{name}"),
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
                format_args!("number-{name}{size}"),
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
            format_args!("{name}"),
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
        screen(format_args!("{name}"), view);
    }
    screens
}

/// Screens of the capture board.
pub(crate) fn capture() -> Vec<(Name, CaptureView), 40> {
    let mut screens = Vec::new();
    let mut screen = |name: Arguments<'_>, view| {
        let _ = screens.push((named(name), view));
    };
    for code in 0..=10 {
        let finger = FingerPosition::from_code(code).unwrap_or(FingerPosition::Unknown);
        screen(
            format_args!("place-{code:02}"),
            CaptureView::Place {
                finger,
                attempt: 1,
                attempts: 4,
                impression: 1,
                impressions: 1,
            },
        );
    }
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
        screen(format_args!("{name}"), view);
    }
    screens
}

//! Every screen, compared pixel by pixel with a picture that somebody has looked at.
//!
//! `LOKET_UPDATE_SCREENS=1 cargo test -p kiosk-fw --test screens` draws the pictures anew: look at them before you commit them.

// A test that cannot go on has failed.
#![allow(clippy::unwrap_used)]

mod gallery;

use std::collections::BTreeSet;
use std::path::PathBuf;

use image::{GrayImage, Luma};
use kiosk_fw::capture::model::View as CaptureView;
use kiosk_fw::drivers::ssd0323::{Frame, HEIGHT, WIDTH};
use kiosk_fw::kiosk::model::{Language, PaperProgress, Sorry, StorageTrouble, Trouble, View};
use kiosk_fw::{capture, kiosk};
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

/// Draws a kiosk's screen in both languages.
fn kiosk_screen(name: &str, view: View) {
    for (language, ending) in [(Language::Indonesian, "id"), (Language::English, "en")] {
        let mut frame = Frame::new();
        kiosk::screens::draw(&mut frame, view, language, &gallery::services());
        assert_picture(&format!("kiosk-{name}-{ending}"), &frame);
    }
}

fn capture_screen(name: &str, view: CaptureView) {
    let mut frame = Frame::new();
    capture::screens::draw(&mut frame, view);
    assert_picture(&format!("capture-{name}"), &frame);
}

#[test]
fn every_screen_of_the_kiosk_looks_as_its_pictures() {
    for (name, view) in gallery::kiosk() {
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
    let pictured: BTreeSet<usize> = gallery::kiosk().iter().map(|(_, view)| kind(*view)).collect();
    assert_eq!(pictured, (0..KINDS).collect());
}

#[test]
fn every_picture_of_the_kiosk_is_of_a_screen() {
    let screens: BTreeSet<String> = gallery::kiosk()
        .iter()
        .flat_map(|(name, _)| ["id", "en"].map(|language| format!("kiosk-{name}-{language}.png")))
        .collect();
    assert_eq!(pictures("kiosk-"), screens);
}

/// Names of the pictures that begin so.
fn pictures(beginning: &str) -> BTreeSet<String> {
    std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(beginning))
        .collect()
}

#[test]
fn every_screen_of_the_capture_board_looks_as_its_picture() {
    for (name, view) in gallery::capture() {
        capture_screen(&name, view);
    }
}

#[test]
fn every_picture_of_the_capture_board_is_of_a_screen() {
    let screens = gallery::capture().into_iter();
    let screens: BTreeSet<String> = screens.map(|(name, _)| format!("capture-{name}.png")).collect();
    assert_eq!(pictures("capture-"), screens);
}

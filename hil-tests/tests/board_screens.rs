//! Every screen on the board's panel, as QEMU shows it, is the picture that somebody has looked at, pixel for pixel.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use hil_tests::rig::qemu::Board;
use hil_tests::rig::{build, project};
use image::{GrayImage, RgbImage};

/// QEMU shows each pixel so wide and high.
const ENLARGED: u32 = 4;

fn folder() -> PathBuf {
    project::root().join("kiosk-fw/tests/screens")
}

/// Pixels of the screen that are not as in the picture.
fn differing(screen: &RgbImage, picture: &GrayImage) -> usize {
    assert_eq!(
        screen.dimensions(),
        (picture.width() * ENLARGED, picture.height() * ENLARGED)
    );
    let pixels = screen.enumerate_pixels();
    pixels
        .filter(|(x, y, shown)| {
            let drawn = picture.get_pixel(x / ENLARGED, y / ENLARGED).0[0];
            shown.0 != [drawn; 3]
        })
        .count()
}

#[test]
fn every_screen_on_the_panel_is_its_picture() {
    let elf = build::gallery().unwrap();
    let work = tempfile::tempdir().unwrap();
    let board = Board::start("kiosk", &elf, work.path()).unwrap();
    let mut line = UnixStream::connect(board.serial_socket(0)).unwrap();
    line.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut said = BufReader::new(line.try_clone().unwrap()).lines();
    board.power_on().unwrap();
    // QEMU takes what comes before the UART is on, and loses it: the board is asked until it says something.
    std::thread::sleep(Duration::from_millis(500));
    let mut seen = BTreeSet::new();
    loop {
        line.write_all(b"\n").unwrap();
        let name = said.next().unwrap().unwrap();
        if name == "done" {
            break;
        }
        let file = format!("{name}.png");
        let picture = image::open(folder().join(&file)).unwrap().to_luma8();
        assert_eq!(differing(&board.screen().unwrap(), &picture), 0, "{name}");
        assert!(seen.insert(file), "{name} was shown twice");
    }
    let pictures: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(seen, pictures);
}

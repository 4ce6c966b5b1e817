//! What the capture board's screen shows.

use core::fmt::Write as _;

use embedded_graphics::prelude::Point;
use heapless::String;
use protocol::message::{CaptureVerdict, FingerPosition, FingerQuality};
use u8g2_fonts::types::HorizontalAlignment;

use super::model::View;
use crate::screen::font;
use crate::screen::layout::{DIM, WIDTH, clear, footer, stack, text};
use crate::screen::{Screen, message};

/// Draws `view` on the whole of `screen`.
pub fn draw(screen: &mut impl Screen, view: View) {
    match view {
        View::Starting => message(screen, &["Mohon", "tunggu"], &["Starting, please wait"]),
        View::Offline => message(
            screen,
            &["Sedang", "gangguan"],
            &["No connection,", "please tell the staff"],
        ),
        View::SensorMissing => message(
            screen,
            &["Sensor", "gangguan"],
            &["Sensor does not answer,", "please tell the staff"],
        ),
        View::Ready => message(screen, &["Sidik jari"], &["Fingerprint reader ready"]),
        View::Place {
            finger,
            attempt,
            attempts,
            impression,
            impressions,
        } => {
            // Of several impressions of one try, the impressions are what the applicant should count.
            let (step, steps) = if impressions > 1 {
                (impression, impressions)
            } else {
                (attempt, attempts)
            };
            place(screen, finger, step, steps);
        }
        View::Advice(quality) => advice(screen, quality),
        View::Hold => message(screen, &["Tahan,", "jangan gerak"], &["Hold still"]),
        View::Lift => message(screen, &["Angkat", "jari"], &["Lift your finger"]),
        View::Judging => message(screen, &["Memeriksa"], &["Checking, please wait"]),
        View::Verdict(CaptureVerdict::Match) => message(screen, &["COCOK"], &["Fingerprint matches"]),
        View::Verdict(CaptureVerdict::NoMatch) => message(screen, &["TIDAK", "COCOK"], &["Does not match"]),
        View::Verdict(CaptureVerdict::TryAgain) => message(screen, &["Coba", "lagi"], &["Please try again"]),
        View::Verdict(CaptureVerdict::Done) => message(screen, &["Terima", "kasih"], &["Done, thank you"]),
        View::TooLate => message(screen, &["Waktu", "habis"], &["No finger came in time"]),
        View::Cancelled => message(screen, &["Dibatalkan"], &["Cancelled"]),
        View::Failed => message(screen, &["Gagal,", "coba lagi"], &["That did not work"]),
    }
}

/// What would help, in words for somebody who has never seen a sensor.
fn advice(screen: &mut impl Screen, quality: FingerQuality) {
    match quality {
        FingerQuality::TooWet => message(
            screen,
            &["Keringkan", "jari"],
            &["Lift, dry your finger,", "place it again"],
        ),
        FingerQuality::TooDry => message(
            screen,
            &["Tekan lebih", "kuat"],
            &["Lift, moisten your finger,", "press a little harder"],
        ),
        FingerQuality::Unusable => message(
            screen,
            &["Letakkan", "seluruh jari"],
            &["Lift, place it again,", "flat and still"],
        ),
        FingerQuality::Unknown | FingerQuality::Good | FingerQuality::Unrecognised(_) => message(
            screen,
            &["Letakkan", "jari lagi"],
            &["Lift your finger and", "place it again"],
        ),
    }
}

/// What the finger is called: two short lines of Indonesian, and English.
fn names(finger: FingerPosition) -> ([&'static str; 2], &'static str) {
    match finger {
        FingerPosition::Unknown => (["Jari", "mana saja"], "Place any finger"),
        FingerPosition::RightThumb => (["Ibu jari", "KANAN"], "Place your right thumb"),
        FingerPosition::RightIndex => (["Telunjuk", "KANAN"], "Place right index finger"),
        FingerPosition::RightMiddle => (["Jari tengah", "KANAN"], "Place right middle finger"),
        FingerPosition::RightRing => (["Jari manis", "KANAN"], "Place right ring finger"),
        FingerPosition::RightLittle => (["Kelingking", "KANAN"], "Place right little finger"),
        FingerPosition::LeftThumb => (["Ibu jari", "KIRI"], "Place your left thumb"),
        FingerPosition::LeftIndex => (["Telunjuk", "KIRI"], "Place left index finger"),
        FingerPosition::LeftMiddle => (["Jari tengah", "KIRI"], "Place left middle finger"),
        FingerPosition::LeftRing => (["Jari manis", "KIRI"], "Place left ring finger"),
        FingerPosition::LeftLittle => (["Kelingking", "KIRI"], "Place left little finger"),
    }
}

fn place(screen: &mut impl Screen, finger: FingerPosition, step: u8, steps: u8) {
    /// Rows of the line at the top.
    const TITLE: i32 = 10;
    let (indonesian, english) = names(finger);
    clear(screen);
    text(
        screen,
        "Letakkan jari",
        Point::new(0, 8),
        font::SECOND,
        HorizontalAlignment::Left,
        DIM,
    );
    if steps > 1 {
        let mut count = String::<8>::new();
        // Two numbers of at most three digits and a stroke.
        let _ = write!(count, "{step}/{steps}");
        text(
            screen,
            &count,
            Point::new(WIDTH - 1, 8),
            font::SECOND,
            HorizontalAlignment::Right,
            DIM,
        );
    }
    let bottom = footer(screen, &[english]);
    stack(screen, TITLE, bottom, &indonesian);
}

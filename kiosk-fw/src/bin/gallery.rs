//! Shows every screen on the board's own panel, one after the other. For tests: whoever looks compares each with its picture.
//!
//! On the host's line it says the name of what it shows, and goes on when anything is answered. After the last it says `done`.
#![no_std]
#![no_main]

#[path = "../../tests/gallery/mod.rs"]
mod gallery;

use core::fmt::Write as _;

use embedded_io_async::{Read as _, Write as _};
use heapless::String;
use kiosk_fw::board::{Board, Panel as _, Parts, lm3s6965};
use kiosk_fw::kiosk::model::Language;
use kiosk_fw::{capture, kiosk};

type Kiosk = lm3s6965::Kiosk;

/// Says what is shown, and waits for an answer.
async fn say(parts: &mut Parts<Kiosk>, name: core::fmt::Arguments<'_>) {
    let mut line = String::<64>::new();
    // The longest name has forty characters.
    let _ = writeln!(line, "{name}");
    let Ok(()) = parts.host_writer.write_all(line.as_bytes()).await;
    let mut answer = [0];
    let Ok(_) = parts.host_reader.read(&mut answer).await;
    Kiosk::feed_watchdog();
}

#[embassy_executor::task]
async fn main_task() -> ! {
    let mut parts = lm3s6965::kiosk().parts();
    let services = gallery::services();
    // Whoever looks is there.
    let mut ready = [0];
    let Ok(_) = parts.host_reader.read(&mut ready).await;
    for (name, view) in &gallery::kiosk() {
        for (language, ending) in [(Language::Indonesian, "id"), (Language::English, "en")] {
            kiosk::screens::draw(&mut parts.panel, *view, language, &services);
            parts.panel.show().await;
            say(&mut parts, format_args!("kiosk-{name}-{ending}")).await;
        }
    }
    for (name, view) in &gallery::capture() {
        capture::screens::draw(&mut parts.panel, *view);
        parts.panel.show().await;
        say(&mut parts, format_args!("capture-{name}")).await;
    }
    loop {
        say(&mut parts, format_args!("done")).await;
    }
}

#[cortex_m_rt::entry]
fn main() -> ! {
    lm3s6965::run(|spawner| {
        if let Ok(token) = main_task() {
            spawner.spawn(token);
        }
    })
}

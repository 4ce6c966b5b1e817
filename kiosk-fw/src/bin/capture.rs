//! The fingerprint capture board.
#![no_std]
#![no_main]

use kiosk_fw::board::{Board, chosen as board};
use kiosk_fw::capture::app;
use kiosk_fw::link_port::FIRMWARE;
use protocol::Role;
use protocol::package::{IDENT_BYTES, ident};

/// What this program is, for whoever packs it.
static IDENT: [u8; IDENT_BYTES] = ident(<board::Capture as Board>::NAME, Role::Capture.code(), FIRMWARE);

#[embassy_executor::task]
async fn main_task() -> ! {
    // The task's memory is static; there is no heap to move it to.
    #[allow(clippy::large_futures)]
    app::run(board::capture()).await
}

#[cortex_m_rt::entry]
fn main() -> ! {
    // Or the linker would leave it out.
    core::hint::black_box(&IDENT);
    board::run(|spawner| {
        // It fails only if the one task of this program were spawned twice.
        if let Ok(token) = main_task() {
            spawner.spawn(token);
        }
    })
}

//! The fingerprint capture board.
#![no_std]
#![no_main]

use kiosk_fw::board::lm3s6965;
use kiosk_fw::capture::app;

#[embassy_executor::task]
async fn main_task() -> ! {
    // The task's memory is static; there is no heap to move it to.
    #[allow(clippy::large_futures)]
    app::run(lm3s6965::capture()).await
}

#[cortex_m_rt::entry]
fn main() -> ! {
    lm3s6965::run(|spawner| {
        // It fails only if the one task of this program were spawned twice.
        if let Ok(token) = main_task() {
            spawner.spawn(token);
        }
    })
}

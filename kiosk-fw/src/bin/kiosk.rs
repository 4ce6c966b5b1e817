//! The queue-number kiosk.
#![no_std]
#![no_main]

use kiosk_fw::board::chosen as board;
use kiosk_fw::kiosk::app;

#[embassy_executor::task]
async fn main_task() -> ! {
    // The task's memory is static; there is no heap to move it to.
    #[allow(clippy::large_futures)]
    app::run(board::kiosk()).await
}

#[cortex_m_rt::entry]
fn main() -> ! {
    board::run(|spawner| {
        // It fails only if the one task of this program were spawned twice.
        if let Ok(token) = main_task() {
            spawner.spawn(token);
        }
    })
}

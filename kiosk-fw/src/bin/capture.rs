//! The queue-number capture.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embedded_graphics::pixelcolor::Gray4;
use embedded_graphics::prelude::*;
use embedded_io_async::{Read, Write};
use kiosk_fw::board::{Board, Panel, lm3s6965};

#[embassy_executor::task]
async fn main(board: lm3s6965::Capture) {
    let mut parts = board.parts();
    defmt::info!("boot {=u32:x}", parts.boot_id);
    let _ = parts.panel.clear(Gray4::new(5));
    parts.panel.show().await;
    let mut b = [0; 64];
    loop {
        let n = parts.host_reader.read(&mut b).await.unwrap_or(0);
        let _ = parts.host_writer.write_all(&b[..n]).await;
    }
}

#[cortex_m_rt::entry]
fn start() -> ! {
    lm3s6965::run(|spawner: Spawner| spawner.spawn(main(lm3s6965::capture()).unwrap()))
}

//! The Raspberry Pi Pico's bootloader: starts the firmware, after it has swapped in a new one or the one before.
#![no_std]
#![no_main]

#[cortex_m_rt::entry]
fn main() -> ! {
    kiosk_fw::board::pico_bootloader::run()
}

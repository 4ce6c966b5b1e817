//! What the link costs on the board: instructions, stack and memory, told line by line as JSON over semihosting.
//!
//! Runs under QEMU with `-icount shift=5`; the peer is in this program. `hil_tests::rig::bench` builds, runs and judges it.
#![no_std]
#![no_main]

mod checksums;
mod codec;
mod drive;
mod hostile;
mod noise;
mod peer;
mod traffic;

use kiosk_fw::board::lm3s6965::measure::{Instructions, Stack};
use protocol::BoardLink;
use protocol::link::Event;
use semihosting::println;

#[cortex_m_rt::entry]
fn main() -> ! {
    let instructions = Instructions::start();
    println!(
        "{{\"measure\":\"calibration\",\"ticks_per_thousand\":{},\"loop_of_9998\":{},\"loop_of_98\":{}}}",
        instructions.ticks_per_thousand(),
        instructions.of_loop(10_000) - instructions.of_loop(2),
        instructions.of_loop(100) - instructions.of_loop(2),
    );
    println!(
        "{{\"measure\":\"memory\",\"link\":{},\"frame\":{},\"event\":{}}}",
        size_of::<BoardLink>(),
        BoardLink::MAX_WIRE_FRAME,
        size_of::<Event>(),
    );
    // None is inlined: each has links on the stack, and they would all be there at once.
    checksums::run(&instructions);
    codec::run(&instructions);
    traffic::control(&instructions);
    traffic::image(&instructions);
    hostile::run(&instructions, &Stack);
    println!("{{\"measure\":\"end\"}}");
    semihosting::process::exit(0)
}

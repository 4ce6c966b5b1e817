//! What any firmware has: the board, its log, copying, division. The difference to `link-size` is what the link takes.
#![no_std]
#![no_main]

mod common;

#[cortex_m_rt::entry]
fn main() -> ! {
    common::start();
    semihosting::process::exit(0)
}

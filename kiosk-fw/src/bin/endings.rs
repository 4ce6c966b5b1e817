//! Ends in every way that a firmware can end, one after the other, and logs what each start finds of the end before. For tests.
#![no_std]
#![no_main]

use embassy_time::{Duration, Timer};
use kiosk_fw::board::{Board, lm3s6965};
use kiosk_fw::health::Task;
use protocol::message::ResetCause;

type Kiosk = lm3s6965::Kiosk;

#[embassy_executor::task]
async fn main_task() -> ! {
    let vitals = Kiosk::vitals();
    defmt::info!(
        "start {=u32} cause {} test {=u16} stack {=bool}",
        vitals.starts,
        vitals.cause,
        vitals.self_test,
        vitals.stack_free > 16 * 1024
    );
    if let Some(end) = Kiosk::last_end() {
        defmt::info!(
            "ended {} tasks {=u16} uptime {=u64} pc {=bool} status {=u32:#x} address {=u32:#010x} words {=str}",
            end.cause,
            end.tasks,
            end.uptime_ms / 1_000,
            end.pc != 0,
            end.fault_status,
            end.address,
            end.words.as_str()
        );
        // The host has taken it.
        Kiosk::forget_last_end();
    }
    let pulse = Kiosk::pulse();
    pulse.beat(Task::Main);
    pulse.beat(Task::Device);
    Timer::after(Duration::from_secs(1)).await;
    Kiosk::feed_watchdog();
    match vitals.starts {
        1 => panic!("the paper is {}", "blue"),
        2 => defmt::info!("depth {=u32}", deeper(0)),
        3 => {
            let stuck = core::pin::pin!(async {
                loop {
                    core::hint::spin_loop();
                }
            });
            pulse.watch(Task::Device, stuck).await;
        }
        4 => {
            // Main goes on, the device's loop has died: nobody feeds.
            loop {
                pulse.beat(Task::Main);
                Timer::after(Duration::from_millis(500)).await;
            }
        }
        5 => lm3s6965::fault(),
        6 => {
            cortex_m::interrupt::disable();
            loop {
                core::hint::spin_loop();
            }
        }
        7 => Kiosk::restart(ResetCause::Requested),
        _ => {
            defmt::info!("done");
            semihosting::process::exit(0)
        }
    }
    defmt::info!("still here");
    loop {
        Timer::after(Duration::from_secs(1)).await;
    }
}

/// Uses up the stack.
#[inline(never)]
#[allow(unconditional_recursion)]
fn deeper(depth: u32) -> u32 {
    let mut room = [depth; 32];
    core::hint::black_box(&mut room);
    deeper(depth + 1) + core::hint::black_box(room)[7]
}

#[cortex_m_rt::entry]
fn main() -> ! {
    lm3s6965::run(|spawner| {
        if let Ok(token) = main_task() {
            spawner.spawn(token);
        }
    })
}

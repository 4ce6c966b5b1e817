//! Boards that came back: what their firmware before left, kept before it is accepted, and said in words.

use super::BoardEvent;
use protocol::Message;
use protocol::message::{Accepted, Refusal, ResetCause, Restarted};
use std::fmt;
use std::sync::mpsc::{Receiver, channel};

/// Passes a board's events on, and keeps the ends that it tells: `keep` is to make one durable, and says whether it is. Then the
/// board is told that it may forget it; else it tells again.
///
/// # Errors
/// [`std::io::Error`] when the system gives no thread.
pub fn keep_ends(
    name: String,
    events: Receiver<BoardEvent>,
    mut keep: impl FnMut(&Restarted) -> Result<(), String> + Send + 'static,
) -> std::io::Result<Receiver<BoardEvent>> {
    let (passed, rest) = channel();
    std::thread::Builder::new()
        .name(format!("{name} ends"))
        .spawn(move || {
            for event in events {
                let BoardEvent::Request {
                    responder,
                    message: Message::Restarted(end),
                } = event
                else {
                    if passed.send(event).is_err() {
                        return;
                    }
                    continue;
                };
                let level = if is_wanted(end.cause) {
                    log::Level::Info
                } else {
                    log::Level::Error
                };
                log::log!(level, "{name} restarted: {}", EndWords(&end));
                match keep(&end) {
                    Ok(()) => responder.reply(Accepted {}),
                    Err(error) => {
                        log::warn!("{name}: its end could not be kept ({error}); it will tell it again");
                        responder.refuse(Refusal::Busy);
                    }
                }
            }
        })?;
    Ok(rest)
}

/// Whether somebody wanted the restart.
fn is_wanted(cause: ResetCause) -> bool {
    matches!(
        cause,
        ResetCause::PowerOn | ResetCause::Requested | ResetCause::Updated
    )
}

/// Why a board started, in words.
pub fn cause_words(cause: ResetCause) -> &'static str {
    match cause {
        ResetCause::Unknown => "it was reset, and nobody knows why",
        ResetCause::PowerOn => "power was switched on",
        ResetCause::Requested => "the host asked for it",
        ResetCause::Watchdog => "its watchdog: a task was stuck",
        ResetCause::Panic => "its firmware gave up",
        ResetCause::Fault => "the processor refused an instruction or an access",
        ResetCause::StackOverflow => "its stack outgrew its place",
        ResetCause::Updated => "to start a new firmware",
        ResetCause::RolledBack => "the new firmware was not confirmed; this is the one before",
        ResetCause::Unrecognised(_) => "for a reason that only a newer program knows",
    }
}

/// Names of the firmware's tasks, in the order of its documentation (`kiosk_fw::health::Task`).
const TASKS: [&str; 4] = ["main", "device", "buttons", "storage"];

/// An end in words: what a technician tells the makers.
#[derive(Debug)]
pub struct EndWords<'a>(pub &'a Restarted);

impl fmt::Display for EndWords<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.0;
        let firmware = end.firmware;
        write!(
            f,
            "{} (firmware {}.{}.{}, build {:08x}",
            cause_words(end.cause),
            firmware.major,
            firmware.minor,
            firmware.patch,
            firmware.build
        )?;
        if end.uptime_ms > 0 {
            write!(f, ", after {} s", end.uptime_ms / 1_000)?;
        }
        f.write_str(")")?;
        if end.tasks != 0 {
            let names: Vec<String> = (0..16)
                .filter(|bit| end.tasks & (1 << bit) != 0)
                .map(|bit| {
                    TASKS
                        .get(bit)
                        .map_or_else(|| format!("number {bit}"), |&name| name.to_owned())
                })
                .collect();
            write!(f, "; task {}", names.join(", "))?;
        }
        for (name, value) in [
            ("pc", end.pc),
            ("lr", end.lr),
            ("fault status", end.fault_status),
            ("address", end.address),
        ] {
            if value != 0 {
                write!(f, "; {name} {value:#010x}")?;
            }
        }
        if !end.words.is_empty() {
            write!(f, "; it said: {}", end.words)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::message::Firmware;

    #[test]
    fn an_end_names_build_task_and_place() {
        let end = Restarted {
            cause: ResetCause::Watchdog,
            firmware: Firmware {
                major: 0,
                minor: 1,
                patch: 0,
                build: 0xabc,
            },
            uptime_ms: 9_000,
            tasks: 0b10_0010,
            pc: 0x910,
            lr: 0,
            fault_status: 0,
            address: 0,
            words: heapless::String::new(),
        };
        assert_eq!(
            EndWords(&end).to_string(),
            "its watchdog: a task was stuck (firmware 0.1.0, build 00000abc, after 9 s); task device, number 5; pc 0x00000910"
        );
    }
}

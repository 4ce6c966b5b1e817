//! How well a board is, in words: what it means, and what to do.

use protocol::message::{Health, StorageState};
use serde_json::{Value, json};

use crate::board::ends::cause_words;

/// The stack that should be left: what an interrupt and a call or two take.
const STACK_TO_SPARE: u32 = 1_024;
/// A board that works more than this has something that does not let it rest.
const BUSY_PERMILLE: u16 = 500;

/// Parts of the self-test, in the order of the firmware's documentation (`kiosk_fw::health::self_test`), and what to do.
const PARTS: [(&str, &str); 5] = [
    ("memory", "does not hold what is written: replace the board"),
    ("program", "is not what was flashed: flash the firmware again"),
    ("clock", "does not run: replace the board"),
    ("storage", "does not work: see the storage below"),
    (
        "device",
        "has not answered since the start: check its cable, power and baud rate",
    ),
];

/// Rows of name and words. The first words of a row say what is wrong, if something is.
pub(super) fn rows(health: &Health) -> Vec<(&'static str, String)> {
    let mut rows = vec![(
        "started",
        format!(
            "because {}; start {} since power was switched on",
            cause_words(health.cause),
            health.starts
        ),
    )];
    rows.push(("self-test", self_test(health.self_test)));
    if health.on_trial {
        rows.push((
            "firmware is",
            "on trial: it goes back to the one before unless `loket board update --confirm` keeps it".into(),
        ));
    }
    for (name, overruns, damaged) in [
        ("line from host", health.host_overruns, health.host_damaged),
        ("line from device", health.device_overruns, health.device_damaged),
    ] {
        rows.push((name, line(overruns, damaged)));
    }
    rows.push(("storage", storage(health)));
    rows.push(("processor", processor(health)));
    rows.push(("stack", stack(health.stack_free)));
    if health.log_lost > 0 {
        rows.push((
            "log",
            format!("{} bytes lost: it logs faster than it is read", health.log_lost),
        ));
    }
    rows
}

fn self_test(failed: u16) -> String {
    if failed == 0 {
        return "all is well".into();
    }
    let words: Vec<String> = (0..16)
        .filter(|bit| failed & (1 << bit) != 0)
        .map(|bit| {
            PARTS.get(bit).map_or_else(
                || format!("part {bit} failed, which only a newer program knows"),
                |(part, advice)| format!("the {part} {advice}"),
            )
        })
        .collect();
    words.join("; ")
}

fn line(overruns: u32, damaged: u32) -> String {
    match (overruns, damaged) {
        (0, 0) => "clean".into(),
        (0, _) => format!("{damaged} bytes damaged: check cable, ground and baud rate"),
        (_, 0) => format!("{overruns} bytes lost: the board was too busy to read them"),
        _ => format!(
            "{damaged} bytes damaged: check cable, ground and baud rate; {overruns} lost: the board was too busy"
        ),
    }
}

fn storage(health: &Health) -> String {
    let state = match health.storage {
        StorageState::None => return "none, and none needed".into(),
        StorageState::Ok => "works",
        StorageState::Missing => "no card: put one in, or numbers cannot be given safely",
        StorageState::Foreign => "the card holds something else: put in an empty one",
        StorageState::Full => {
            "full of records that this computer has not taken: keep the link up until they are"
        }
        StorageState::Failed => "does not work: replace the card",
        StorageState::Unrecognised(_) => "in a state that only a newer program knows",
    };
    format!(
        "{state}; {} written, {} failed, {} waiting for the host",
        health.storage_writes, health.storage_errors, health.storage_waiting
    )
}

fn processor(health: &Health) -> String {
    let advice = if health.busy_permille > BUSY_PERMILLE {
        ": too much; send the log to the makers"
    } else {
        ""
    };
    format!(
        "busy {:.1} % of the last minute{advice}; longest without a pause {:.1} ms",
        f64::from(health.busy_permille) / 10.0,
        f64::from(health.longest_block_us) / 1e3
    )
}

fn stack(free: u32) -> String {
    if free < STACK_TO_SPARE {
        format!("only {free} bytes were never used: tell the makers before it overflows")
    } else {
        format!("{free} bytes were never used")
    }
}

/// The same for a program: everything as the board says it, and the words.
pub(super) fn to_json(health: &Health) -> Value {
    let words: serde_json::Map<String, Value> = rows(health)
        .into_iter()
        .map(|(name, words)| (name.replace([' ', '-'], "_"), json!(words)))
        .collect();
    json!({
        "cause": format!("{:?}", health.cause),
        "starts": health.starts,
        "self_test": health.self_test,
        "on_trial": health.on_trial,
        "host_overruns": health.host_overruns,
        "host_damaged": health.host_damaged,
        "device_overruns": health.device_overruns,
        "device_damaged": health.device_damaged,
        "stack_free": health.stack_free,
        "longest_block_us": health.longest_block_us,
        "busy_permille": health.busy_permille,
        "storage": format!("{:?}", health.storage),
        "storage_writes": health.storage_writes,
        "storage_errors": health.storage_errors,
        "storage_waiting": health.storage_waiting,
        "log_lost": health.log_lost,
        "words": words,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use protocol::message::ResetCause;

    pub(in super::super) fn well() -> Health {
        Health {
            uptime_ms: 60_000,
            cause: ResetCause::PowerOn,
            starts: 1,
            self_test: 0,
            on_trial: false,
            host_overruns: 0,
            host_damaged: 0,
            device_overruns: 0,
            device_damaged: 0,
            stack_free: 9_000,
            longest_block_us: 1_500,
            busy_permille: 4,
            storage: StorageState::Ok,
            storage_writes: 12,
            storage_errors: 0,
            storage_waiting: 0,
            log_lost: 0,
        }
    }

    fn row(health: &Health, name: &str) -> String {
        let rows = rows(health);
        rows.into_iter()
            .find(|(found, _)| *found == name)
            .map(|(_, words)| words)
            .unwrap_or_default()
    }

    #[test]
    fn a_board_that_is_well_needs_nothing() {
        let well = well();
        assert_eq!(row(&well, "self-test"), "all is well");
        assert_eq!(row(&well, "line from device"), "clean");
        assert_eq!(
            row(&well, "processor"),
            "busy 0.4 % of the last minute; longest without a pause 1.5 ms"
        );
        assert_eq!(
            row(&well, "storage"),
            "works; 12 written, 0 failed, 0 waiting for the host"
        );
        assert_eq!(row(&well, "log"), "");
    }

    #[test]
    fn what_is_wrong_comes_with_what_to_do() {
        let ill = Health {
            cause: ResetCause::Watchdog,
            starts: 4,
            self_test: 0b1_0001,
            device_damaged: 3,
            stack_free: 100,
            storage: StorageState::Missing,
            ..well()
        };
        assert!(row(&ill, "started").contains("a task was stuck; start 4"));
        assert!(row(&ill, "self-test").contains("replace the board; the device has not answered"));
        assert!(row(&ill, "line from device").contains("check cable"));
        assert!(row(&ill, "storage").starts_with("no card: put one in"));
        assert!(row(&ill, "stack").starts_with("only 100 bytes"));
    }
}

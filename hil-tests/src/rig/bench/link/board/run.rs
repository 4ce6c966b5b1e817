//! Runs the program that measures, on the emulated board, and reads what it tells.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::rig::process::Process;

/// Longest run: it takes five seconds on a slow machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// An instruction takes 2^5 ns of the board's time, more than a tick of the timer that it is counted by (20 ns).
const ICOUNT: &str = "shift=5";

/// How exactly the timer counts: a loop of known length may measure this many instructions more or less.
const TOLERANCE: u64 = 1;

/// One line that the program tells.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "measure", rename_all = "snake_case")]
enum Line {
    Calibration {
        ticks_per_thousand: u64,
        loop_of_9998: u64,
        loop_of_98: u64,
    },
    Memory(Memory),
    Checksum(Checksum),
    Encode(Work),
    Decode(Work),
    Traffic(Traffic),
    BulkWrite(BulkWrite),
    Hostile(Hostile),
    End,
}

/// Sizes in bytes.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct Memory {
    /// A board's link.
    pub link: u64,
    /// The longest frame on the wire: the buffer beside the link.
    pub frame: u64,
    /// An event.
    pub event: u64,
}

/// A way to compute the checksum.
#[derive(Clone, Debug, Deserialize)]
pub struct Checksum {
    /// Which.
    pub name: String,
    bytes: f64,
    instructions: f64,
    /// Bytes of its table.
    pub table: u64,
}

impl Checksum {
    /// Instructions for each byte.
    pub fn per_byte(&self) -> f64 {
        self.instructions / self.bytes
    }
}

/// A frame encoded or decoded.
#[derive(Clone, Debug, Deserialize)]
pub struct Work {
    /// What the frame is filled with.
    pub name: String,
    /// Its bytes on the wire.
    pub bytes: f64,
    /// For all of them.
    pub instructions: f64,
}

/// The object's bytes given to the link.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct BulkWrite {
    /// How many.
    pub bytes: f64,
    /// For all of them.
    pub instructions: f64,
}

/// What a conversation cost the board, in instructions.
#[derive(Clone, Debug, Deserialize)]
pub struct Traffic {
    /// `control` or `image`.
    pub name: String,
    /// Requests, or bytes of the object.
    pub payload: f64,
    /// Bytes received.
    pub received: f64,
    /// Bytes sent.
    pub sent: f64,
    /// In `handle_bytes`.
    pub handle: f64,
    /// In `poll_event`, and for the answers.
    pub events: f64,
    /// In `poll_transmit` that brought a frame.
    pub transmit: f64,
    /// In other polls.
    pub idle: f64,
}

/// What a hostile stream cost the board, in instructions.
#[derive(Clone, Debug, Deserialize)]
pub struct Hostile {
    /// What came.
    pub name: String,
    /// Bytes received, frame by frame.
    pub received: f64,
    /// Bytes sent meanwhile: no more than the line takes.
    pub sent: f64,
    /// As in [`Traffic`].
    pub handle: f64,
    /// As in [`Traffic`].
    pub events: f64,
    /// As in [`Traffic`].
    pub transmit: f64,
    /// As in [`Traffic`].
    pub idle: f64,
    /// The dearest single call of `handle_bytes`, with one frame.
    pub worst_handle: f64,
    /// The dearest time that all events were taken.
    pub worst_events: f64,
    /// The dearest frame to send.
    pub worst_transmit: f64,
    /// The dearest poll for nothing.
    pub worst_idle: f64,
    bytes_received: f64,
    bytes_total: f64,
    /// Stack of `handle_bytes`, in bytes.
    pub stack_handle: u64,
    /// Stack of `poll_event` and the answers, in bytes.
    pub stack_events: u64,
    /// Stack of `poll_transmit`, in bytes.
    pub stack_transmit: u64,
}

impl Hostile {
    /// Instructions for each byte, when everything is polled after each frame.
    pub fn per_byte(&self) -> f64 {
        (self.handle + self.events + self.transmit + self.idle) / self.received
    }

    /// Instructions for each byte, when everything is polled after each byte: what a turn costs at most on average.
    pub fn per_turn(&self) -> f64 {
        self.bytes_total / self.bytes_received
    }
}

/// Everything that the program tells.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// Sizes.
    pub memory: Memory,
    /// Ways to compute the checksum.
    pub checksums: Vec<Checksum>,
    /// Longest frames, by what they are filled with.
    pub encode: Vec<Work>,
    /// Longest frames, by what they are filled with.
    pub decode: Vec<Work>,
    /// Conversations.
    pub traffic: Vec<Traffic>,
    /// The image given to the link.
    pub bulk_write: BulkWrite,
    /// Hostile streams.
    pub hostile: Vec<Hostile>,
}

/// Runs the program at `elf`.
///
/// # Errors
/// If it cannot be run, fails, or counts wrongly.
pub fn run(elf: &Path) -> anyhow::Result<Measured> {
    let folder = tempfile::tempdir()?;
    let (told, words) = (folder.path().join("told"), folder.path().join("words"));
    let mut command = Process::command("/usr/bin/qemu-system-arm");
    command
        .args(["-machine", "lm3s6965evb", "-icount", ICOUNT])
        .args([
            "-display",
            "none",
            "-monitor",
            "none",
            "-serial",
            "none",
            "-nodefaults",
        ])
        .args(["-semihosting-config", "enable=on,target=native"])
        .arg("-kernel")
        .arg(elf)
        .stdin(Stdio::null())
        .stdout(File::create(&told)?)
        .stderr(File::create(&words)?);
    let mut qemu = Process::spawn("QEMU", &mut command)
        .context("starting qemu-system-arm; `cargo rig setup` installs it")?;
    let status = qemu
        .wait_for_end(PATIENCE)
        .with_context(|| format!("the board has not finished after {PATIENCE:?}"))?;
    let told = std::fs::read(&told)?;
    let told = String::from_utf8_lossy(&told);
    if !status.success() {
        let words = std::fs::read_to_string(&words).unwrap_or_default();
        bail!("the board gave up ({status}) after telling:\n{told}\n{words}");
    }
    read(&told)
}

fn read(told: &str) -> anyhow::Result<Measured> {
    let mut measured = Measured::default();
    let mut calibrated = false;
    let mut ended = false;
    for line in told.lines() {
        let line = serde_json::from_str(line).with_context(|| format!("the board told: {line}"))?;
        match line {
            Line::Calibration {
                ticks_per_thousand,
                loop_of_9998,
                loop_of_98,
            } => {
                let exact = loop_of_9998.abs_diff(9_998) <= TOLERANCE && loop_of_98.abs_diff(98) <= TOLERANCE;
                if ticks_per_thousand < 1_000 || !exact {
                    bail!(
                        "instructions are not counted: {ticks_per_thousand} ticks for a thousand, {loop_of_9998} for 9,998 \
                         and {loop_of_98} for 98"
                    );
                }
                calibrated = true;
            }
            Line::Memory(memory) => measured.memory = memory,
            Line::Checksum(checksum) => measured.checksums.push(checksum),
            Line::Encode(work) => measured.encode.push(work),
            Line::Decode(work) => measured.decode.push(work),
            Line::Traffic(traffic) => measured.traffic.push(traffic),
            Line::BulkWrite(work) => measured.bulk_write = work,
            Line::Hostile(hostile) => measured.hostile.push(hostile),
            Line::End => ended = true,
        }
    }
    // A figure that was not told is 0, which keeps to any limit.
    let told_all = calibrated && ended && measured.memory.link > 0 && !measured.hostile.is_empty();
    if !told_all {
        bail!("the board did not tell everything:\n{told}");
    }
    Ok(measured)
}

#[cfg(test)]
mod tests {
    use super::read;

    const END: &str = "{\"measure\":\"end\"}\n";

    fn calibration(ticks: u64, long: u64) -> String {
        format!(
            "{{\"measure\":\"calibration\",\"ticks_per_thousand\":{ticks},\"loop_of_9998\":{long},\"loop_of_98\":98}}\n"
        )
    }

    const MEMORY: &str = "{\"measure\":\"memory\",\"link\":11000,\"frame\":1042,\"event\":80}\n";

    fn hostile() -> String {
        let numbers = [
            "received",
            "sent",
            "handle",
            "events",
            "transmit",
            "idle",
            "worst_handle",
            "worst_events",
            "worst_transmit",
            "worst_idle",
            "bytes_received",
            "bytes_total",
            "stack_handle",
            "stack_events",
            "stack_transmit",
        ];
        let numbers: Vec<String> = numbers.iter().map(|name| format!(",\"{name}\":1")).collect();
        let numbers = numbers.concat();
        format!("{{\"measure\":\"hostile\",\"name\":\"zeros\"{numbers}}}\n")
    }

    #[test]
    fn a_timer_that_does_not_count_instructions_is_not_believed() {
        let rest = MEMORY.to_owned() + &hostile() + END;
        assert!(read(&(calibration(1_600, 9_998) + &rest)).is_ok());
        assert!(
            read(&(calibration(1_600, 9_900) + &rest)).is_err(),
            "it miscounts"
        );
        assert!(read(&(calibration(50, 9_998) + &rest)).is_err(), "too coarse");
        assert!(read(&rest).is_err(), "not calibrated");
    }

    #[test]
    fn a_board_that_leaves_something_out_is_noticed() {
        let start = calibration(1_600, 9_998);
        assert!(read(&(start.clone() + MEMORY + &hostile())).is_err(), "no end");
        assert!(
            read(&(start.clone() + MEMORY + END)).is_err(),
            "no hostile stream"
        );
        assert!(read(&(start + &hostile() + END)).is_err(), "no memory");
    }
}

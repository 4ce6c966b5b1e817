//! `loket board update`: a new firmware for a board, over the line that it is on.

use std::fmt;
use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use protocol::link::{BulkOutcome, DownReason, Object};
use protocol::message::{
    Firmware, Health, HealthRequest, ObjectKind, UpdateBegin, UpdateConfirm, UpdatePhase, UpdateProgress,
    UpdateRefusal,
};
use protocol::package::{HEADER_BYTES, MANIFEST_BYTES, Manifest};
use protocol::{Message, Role};
use sha2::{Digest, Sha256};

use super::super::counter::{draw, patience};
use super::super::failure::{Exit, Failure};
use crate::board::{Board, BoardError, BoardEvent};
use crate::config::{Config, ConfigError};

/// How long the board may take to answer. It checks a signature, which takes a Cortex-M0+ some tenths of a second.
const ANSWER: Duration = Duration::from_secs(5);
/// How long printer, sensor and storage may take to answer a new firmware.
const WELL: Duration = Duration::from_secs(15);
/// The slowest that a transfer may be, in bytes a second: a tenth of what a flash takes that is nearly worn out.
const SLOWEST: u64 = 2_000;
/// How long the board may take to look at what lies in its flash.
const CHECK: Duration = Duration::from_secs(10);
/// How long the line may be dead during the transfer: time to put a plug back.
const SILENCE: Duration = Duration::from_secs(15);
/// How long it may take to start the new firmware. Swapping 512 KiB of flash takes 20 s at most.
const START: Duration = Duration::from_mins(1);

/// A firmware as it comes in a file.
struct Package {
    manifest: Manifest,
    signature: [u8; 64],
    image: Vec<u8>,
}

/// Brings the board of `role` to the firmware in `file`. `keep` is false for one that shall be left on trial.
pub(in super::super) fn update(
    config: &Config,
    role: Role,
    file: &Path,
    keep: bool,
) -> Result<Exit, Failure> {
    let package = Package::read(file, role)?;
    let port = match role {
        Role::Capture => config.boards.capture.as_ref(),
        _ => config.boards.kiosk.as_ref(),
    };
    let port = port.ok_or(ConfigError::Missing(match role {
        Role::Capture => "boards.capture",
        _ => "boards.kiosk",
    }))?;
    let (board, events) = super::open(config, port, role)?;
    let before = board.wait_until_up(patience(config))?;
    println!(
        "{} on {port}: firmware {}, goes to {}",
        super::name(role),
        Version(before.firmware),
        Version(package.manifest.firmware)
    );
    // What was broken before is not the new firmware's fault, and would keep every new one away.
    let failed_before = health(&board)?.self_test;
    // Another one each time: the board may still have something to say of an update that was given up.
    let update_id = draw();
    begin(&board, &package, update_id)?;
    transfer(&board, &events, &package, update_id)?;
    println!("the image is in the board's flash and has the hash that was signed; the board starts it");
    let after = restarted(&board, &events, before.boot_id)?;
    if after != package.manifest.firmware {
        return Err(failed(format!(
            "the board has started firmware {} instead; it has gone back by itself",
            Version(after)
        )));
    }
    if !keep {
        println!("firmware {} is on trial and was not confirmed", Version(after));
        return Ok(Exit::Done);
    }
    confirm(&board, failed_before)?;
    println!("firmware {} runs, is well, and stays", Version(after));
    Ok(Exit::Done)
}

fn failed(words: impl Into<String>) -> Failure {
    Failure::new(Exit::Failed, words.into())
}

/// `1.2.3, build 0000abcd`.
struct Version(Firmware);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Firmware {
            major,
            minor,
            patch,
            build,
        } = self.0;
        write!(f, "{major}.{minor}.{patch}, build {build:08x}")
    }
}

impl Package {
    /// Reads a file and makes sure that it is whole. Whether its signature is good is for the board to say: it knows whom it trusts.
    fn read(file: &Path, role: Role) -> Result<Self, Failure> {
        let wrong = |words: &str| {
            Failure::new(
                Exit::Input,
                format!("`{}` cannot be used: {words}", file.display()),
            )
        };
        let bytes = std::fs::read(file).map_err(|error| wrong(&error.to_string()))?;
        let manifest = Manifest::from_bytes(&bytes)
            .ok_or_else(|| wrong("it is not a firmware that `cargo rig firmware pack` has made"))?;
        let (Some(signature), Some(image)) = (
            bytes
                .get(MANIFEST_BYTES..HEADER_BYTES)
                .and_then(|bytes| bytes.try_into().ok()),
            bytes.get(HEADER_BYTES..),
        ) else {
            return Err(wrong("it ends within its header"));
        };
        if image.len() as u64 != u64::from(manifest.length) || *Sha256::digest(image) != manifest.hash {
            return Err(wrong("it is damaged; copy or make it again"));
        }
        let made_for = Role::from_code(manifest.role);
        if made_for != role {
            return Err(wrong(&format!(
                "it is for a {} board, not for a {} board",
                super::name(made_for),
                super::name(role)
            )));
        }
        Ok(Self {
            manifest,
            signature,
            image: image.to_vec(),
        })
    }

    fn offer(&self, update_id: u32) -> UpdateBegin {
        let Manifest {
            board,
            role,
            firmware,
            length,
            hash,
        } = &self.manifest;
        let name = board.split(|byte| *byte == 0).next().unwrap_or_default();
        UpdateBegin {
            update_id,
            // As long as the field at most.
            board: String::from_utf8_lossy(name)
                .as_ref()
                .try_into()
                .unwrap_or_default(),
            role: *role,
            firmware: *firmware,
            length: *length,
            hash: hash.iter().copied().collect(),
            signature: self.signature.iter().copied().collect(),
        }
    }
}

fn begin(board: &Board, package: &Package, update_id: u32) -> Result<(), Failure> {
    match board.request(package.offer(update_id), ANSWER)? {
        Message::Accepted(_) => Ok(()),
        Message::UpdateRefused(refused) => Err(failed(format!(
            "the board did not take the firmware: {}. Nothing was changed.",
            why(refused.reason)
        ))),
        _ => Err(BoardError::BadReply.into()),
    }
}

fn why(reason: UpdateRefusal) -> &'static str {
    match reason {
        UpdateRefusal::NotSupported => {
            "its firmware cannot be changed over the link; use a probe (`probe-rs run`)"
        }
        UpdateRefusal::WrongBoard => "it is made for another kind of board",
        UpdateRefusal::TooLong => "it is longer than the board's place for it",
        UpdateRefusal::BadSignature => "it is not signed with the key that the board trusts",
        UpdateRefusal::Busy => {
            "another update is under way, or the firmware that runs is itself on trial; try again in five minutes"
        }
        UpdateRefusal::Older => "it is older than the firmware that runs",
        UpdateRefusal::Unrecognised(_) => "for a reason that this program does not know; update this program",
    }
}

/// Sends the image and waits for what the board says of it.
fn transfer(
    board: &Board,
    events: &Receiver<BoardEvent>,
    package: &Package,
    update_id: u32,
) -> Result<(), Failure> {
    let length = package.manifest.length;
    let object = Object {
        kind: ObjectKind::Firmware,
        id: update_id,
        length,
    };
    let limit = ANSWER + Duration::from_secs(u64::from(length) / SLOWEST);
    let (board, bytes) = (board.clone(), package.image.clone());
    let sending = std::thread::spawn(move || board.send_object(object, bytes, limit));
    let mut deadline = Instant::now() + limit + CHECK;
    let mut shown = u32::MAX;
    loop {
        let phase = match next_progress(events, deadline, update_id) {
            Ok(progress) => {
                let percent = (u64::from(progress.written) * 100 / u64::from(length.max(1))) as u32;
                // On paper, every quarter is enough.
                let step = if std::io::stdout().is_terminal() { 1 } else { 25 };
                if percent / step != shown / step {
                    shown = percent;
                    println!("{percent:3} % in the board's flash");
                }
                progress.phase
            }
            Err(error) => return Err(error),
        };
        return match phase {
            UpdatePhase::Receiving => {
                deadline = deadline.max(Instant::now() + CHECK);
                continue;
            }
            UpdatePhase::Verified => Ok(()),
            UpdatePhase::Interrupted => Err(failed(match sending.join() {
                Ok(Ok(outcome)) if outcome != BulkOutcome::Delivered => {
                    format!(
                        "the transfer ended early: {outcome}. The board goes on with the firmware that it has."
                    )
                }
                _ => "the transfer ended early. The board goes on with the firmware that it has.".into(),
            })),
            UpdatePhase::WrongHash => Err(failed(
                "what lies in the board's flash is not what was sent; its flash is probably worn out. The board goes on with the firmware that it has.",
            )),
            UpdatePhase::FlashFailed => Err(failed(
                "the board's flash could not be written. The board goes on with the firmware that it has.",
            )),
            UpdatePhase::Unrecognised(_) => Err(BoardError::BadReply.into()),
        };
    }
}

fn next_progress(
    events: &Receiver<BoardEvent>,
    deadline: Instant,
    update_id: u32,
) -> Result<UpdateProgress, Failure> {
    let mut dead_line = None;
    loop {
        let until = dead_line.map_or(deadline, |end: Instant| end.min(deadline));
        match events.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(BoardEvent::Notification(Message::UpdateProgress(progress)))
                if progress.update_id == update_id =>
            {
                return Ok(progress);
            }
            Ok(BoardEvent::Down {
                reason: DownReason::PeerRestarted,
            }) => {
                return Err(failed(
                    "the board restarted during the transfer; it goes on with the firmware that it had",
                ));
            }
            Ok(BoardEvent::Down { .. } | BoardEvent::PortLost { .. }) => {
                dead_line = Some(Instant::now() + SILENCE);
            }
            Ok(BoardEvent::Up { .. }) => dead_line = None,
            // Whoever asks meanwhile is refused: this program is no counter.
            Ok(_) => (),
            Err(RecvTimeoutError::Timeout) if dead_line.is_some() => {
                return Err(failed(
                    "the line to the board went dead during the transfer; check its cable. The board goes on with the firmware that it has.",
                ));
            }
            Err(RecvTimeoutError::Timeout) => {
                return Err(failed(
                    "the board does not say what became of the image; ask it with `loket board status`",
                ));
            }
            Err(RecvTimeoutError::Disconnected) => return Err(BoardError::Stopped.into()),
        }
    }
}

/// Waits until the board is back under another boot id, and says what runs on it.
fn restarted(board: &Board, events: &Receiver<BoardEvent>, before: u32) -> Result<Firmware, Failure> {
    let deadline = Instant::now() + START;
    loop {
        if let Some(peer) = board.peer().filter(|peer| peer.boot_id != before) {
            return Ok(peer.firmware);
        }
        if Instant::now() >= deadline {
            return Err(failed(
                "the board has not come back; if it does not by itself within minutes, switch its power off and on: it starts the firmware that it had",
            ));
        }
        // Woken by events or not: the board's own word is what counts.
        let _ = events.recv_timeout(Duration::from_millis(100));
    }
}

fn health(board: &Board) -> Result<Health, Failure> {
    match board.request(HealthRequest {}, ANSWER)? {
        Message::Health(health) => Ok(health),
        _ => Err(BoardError::BadReply.into()),
    }
}

/// Keeps the new firmware, if it is well: all parts work that worked before it, as soon as they have answered.
fn confirm(board: &Board, failed_before: u16) -> Result<(), Failure> {
    let deadline = Instant::now() + WELL;
    loop {
        let fails = health(board)?.self_test & !failed_before;
        if fails == 0 {
            break;
        }
        if Instant::now() >= deadline {
            return Err(failed(format!(
                "the new firmware's self-test failed (code {fails:#06x}), so it was not confirmed: the board goes back to the one before within five minutes"
            )));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    match board.request(UpdateConfirm {}, ANSWER)? {
        Message::Accepted(_) => Ok(()),
        _ => Err(BoardError::BadReply.into()),
    }
}

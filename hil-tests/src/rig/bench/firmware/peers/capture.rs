//! A capture board that takes an image of a finger and sends it.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, bail};
use host_driver::biometric::FingerPosition;
use host_driver::board::Board as HostBoard;
use host_driver::issuance::capture::{CaptureStation, Fingers as _, Wanted};
use host_driver::office::console::{Style, Teller};
use protocol::Role;
use protocol::message::CapturePurpose;
use tempfile::TempDir;

use super::{Vitals, ask};
use crate::device::sensor::{Glass, Model, SensorCore};
use crate::finger::{MasterFinger, Press};
use crate::rig::bench::power_cut::qemu::Socket;
use crate::rig::office::Attached;
use crate::rig::qemu::Board;

/// How long the board and its sensor may take to be ready.
const READY: Duration = Duration::from_secs(30);

/// Captures one impression with the board of `elf`.
pub(in super::super) fn run(elf: &Path) -> anyhow::Result<Vitals> {
    let folder = TempDir::with_prefix("loket-finger-").context("making a folder for sockets")?;
    let board = Board::start_counted("capture", elf, folder.path(), None)?;
    let glass = Arc::new(Glass::default());
    let sensor = SensorCore::new(Model::R307, Arc::<Glass>::clone(&glass));
    let sensor = Arc::new(Mutex::new(sensor));
    let _line = Attached::to_board(&board, 1, sensor)?;
    let (host, events) = HostBoard::start(Socket(board.serial_socket(0)), Role::Capture, 1)?;
    board.power_on()?;
    host.wait_until_up(READY)?;
    // The board has found its sensor by then.
    std::thread::sleep(Duration::from_secs(2));
    glass.put(MasterFinger::grow(2).press(0, Press::Careful));
    let teller = Teller::new(Style::Json, io::sink());
    let mut station = CaptureStation::new(host.clone(), events, teller, 420, READY);
    let wanted = Wanted {
        finger: FingerPosition::RightIndex,
        purpose: CapturePurpose::Verify,
        attempt: 1,
        attempts: 1,
    };
    if let Err(why) = station.capture(wanted) {
        bail!("no image came: {why:?}");
    }
    ask(&host)
}

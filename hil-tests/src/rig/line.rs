//! The cable between the counter's computer and a board: a pseudo-terminal on one end, QEMU's serial socket on the other.
//!
//! QEMU does not pace its serial lines and knows no line faults, so whatever a line does, it does here.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::device::background::Background;
use crate::device::pty::Pty;
use crate::device::serial::is_transient;

/// A connected cable. Dropping it pulls it out: the port disappears, as a USB serial adapter's does.
#[derive(Debug)]
pub struct Line {
    path: PathBuf,
    _pump: Background,
}

impl Line {
    /// Connects a new port to a board's serial socket.
    ///
    /// # Errors
    /// If there is no pseudo-terminal, or nobody at the socket.
    pub fn connect(socket: &Path) -> anyhow::Result<Self> {
        let board = connect(socket, Duration::from_secs(5))?;
        board.set_write_timeout(Some(LOOK))?;
        let port = Pty::open().context("making a serial port")?;
        let path = port.path().to_owned();
        let pump = Background::spawn("line", move |stop| pump(port, board, stop))?;
        Ok(Self { path, _pump: pump })
    }

    /// What the operator's program opens.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Connects to a socket that QEMU is about to make.
pub(super) fn connect(socket: &Path, limit: Duration) -> anyhow::Result<UnixStream> {
    let end = Instant::now() + limit;
    loop {
        match UnixStream::connect(socket) {
            Ok(stream) => return Ok(stream),
            Err(_) if Instant::now() < end => std::thread::sleep(Duration::from_millis(5)),
            Err(error) => return Err(error).with_context(|| format!("no board at {}", socket.display())),
        }
    }
}

/// How long a lost cable may go unnoticed.
const LOOK: Duration = Duration::from_millis(20);

/// Carries bytes both ways until told to stop or the board is gone.
fn pump(mut port: Pty, mut board: UnixStream, stop: &AtomicBool) {
    let mut buffer = [0; 4096];
    while !stop.load(Ordering::Relaxed) {
        let (from_port, from_board) = {
            let mut ends = [
                PollFd::new(port.as_fd(), PollFlags::POLLIN),
                PollFd::new(board.as_fd(), PollFlags::POLLIN),
            ];
            let limit = PollTimeout::try_from(LOOK).unwrap_or(PollTimeout::ZERO);
            match poll(&mut ends, limit) {
                Ok(_) | Err(Errno::EINTR) => (ends[0].any().unwrap_or(false), ends[1].any().unwrap_or(false)),
                Err(_) => return,
            }
        };
        if from_port && !carry(&mut port, &mut board, &mut buffer, stop) {
            return;
        }
        if from_board && !carry(&mut board, &mut port, &mut buffer, stop) {
            return;
        }
    }
}

/// Moves what is there. `false` if one end is gone.
///
/// A port that nobody reads fills up; then bytes are lost, as they are on a real line without flow control.
fn carry(from: &mut impl Read, to: &mut impl Write, buffer: &mut [u8], stop: &AtomicBool) -> bool {
    let count = match from.read(buffer) {
        Ok(0) => return false,
        Ok(count) => count,
        Err(error) => return is_transient(&error),
    };
    let mut rest = &buffer[..count];
    let mut refusals = 0;
    while !rest.is_empty() && refusals < 5 && !stop.load(Ordering::Relaxed) {
        match to.write(rest) {
            Ok(0) => return false,
            Ok(written) => rest = &rest[written..],
            Err(error) if is_transient(&error) => refusals += 1,
            Err(_) => return false,
        }
    }
    true
}

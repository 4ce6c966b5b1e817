//! A serial line without hardware: a pseudo-terminal in raw mode.
//!
//! The emulated device holds one end ([`Pty`]), somebody else's program opens the other by its path, as it would
//! open `/dev/ttyUSB0`. The line has no speed of its own; [`serial::serve`](super::serial::serve) paces it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::openpty;
use nix::sys::termios::{FlushArg, SetArg, cfmakeraw, tcflush, tcgetattr, tcsetattr};
use nix::unistd::ttyname;

/// How long [`Pty::read`] and [`Pty::write`] wait before they return [`io::ErrorKind::TimedOut`], unless told otherwise.
const DEFAULT_TIMEOUT: Duration = Duration::from_millis(10);

/// The device's end of a pseudo-terminal.
///
/// It keeps the other end open as well: a client may come, go and come back, and the device never sees a hang-up.
/// Reads and writes wait for at most the time-out and then fail with [`io::ErrorKind::TimedOut`], so a thread that
/// serves the line can always be stopped.
#[derive(Debug)]
pub struct Pty {
    master: File,
    slave: OwnedFd,
    path: PathBuf,
    timeout: Duration,
}

impl Pty {
    /// Opens a new pseudo-terminal in raw mode: eight bits, no echo, no translation of bytes.
    ///
    /// # Errors
    /// What the operating system says when it has no pseudo-terminal left.
    pub fn open() -> io::Result<Self> {
        let ends = openpty(None, None)?;
        let mut termios = tcgetattr(&ends.slave)?;
        cfmakeraw(&mut termios);
        tcsetattr(&ends.slave, SetArg::TCSANOW, &termios)?;
        let path = ttyname(&ends.slave)?;
        let flags = OFlag::from_bits_truncate(fcntl(&ends.master, FcntlArg::F_GETFL)?);
        fcntl(&ends.master, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
        Ok(Self {
            master: File::from(ends.master),
            slave: ends.slave,
            path,
            timeout: DEFAULT_TIMEOUT,
        })
    }

    /// What a client opens, for instance `/dev/pts/7`.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Sets how long a read or a write waits before it times out. Less than a millisecond means "do not wait".
    pub fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
    }

    /// Throws away what a client has sent and not been read yet, and what the device has sent and no client has read.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn discard(&self) -> io::Result<()> {
        tcflush(&self.slave, FlushArg::TCIOFLUSH)?;
        Ok(())
    }

    fn wait(&self, events: PollFlags) -> io::Result<()> {
        let timeout = PollTimeout::try_from(self.timeout).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(self.master.as_fd(), events)], timeout) {
            Ok(0) => Err(io::ErrorKind::TimedOut.into()),
            Ok(_) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }
}

/// A read or write that would block although `poll` promised otherwise is a time-out too.
fn would_block_is_timeout(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::WouldBlock {
        io::ErrorKind::TimedOut.into()
    } else {
        error
    }
}

impl Read for Pty {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.wait(PollFlags::POLLIN)?;
        self.master.read(buffer).map_err(would_block_is_timeout)
    }
}

impl Write for Pty {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.wait(PollFlags::POLLOUT)?;
        self.master.write(bytes).map_err(would_block_is_timeout)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsFd for Pty {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.master.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::OpenOptions;

    fn client(pty: &Pty) -> File {
        OpenOptions::new()
            .read(true)
            .write(true)
            .open(pty.path())
            .unwrap()
    }

    #[test]
    fn every_byte_value_passes_both_ways_unchanged() {
        let all: Vec<u8> = (0..=255).collect();
        let mut pty = Pty::open().unwrap();
        let mut client = client(&pty);

        client.write_all(&all).unwrap();
        let mut received = [0; 256];
        pty.read_exact(&mut received).unwrap();
        assert_eq!(received[..], all);

        pty.write_all(&all).unwrap();
        client.read_exact(&mut received).unwrap();
        assert_eq!(received[..], all);
    }

    #[test]
    fn a_silent_line_times_out_and_a_client_may_come_back() {
        let mut pty = Pty::open().unwrap();
        drop(client(&pty));
        assert_eq!(pty.read(&mut [0]).unwrap_err().kind(), io::ErrorKind::TimedOut);
        client(&pty).write_all(b"x").unwrap();
        assert_eq!(pty.read(&mut [0]).unwrap(), 1);
    }

    #[test]
    fn a_full_line_times_out_instead_of_blocking() {
        let mut pty = Pty::open().unwrap();
        pty.set_timeout(Duration::from_millis(1));
        let mut sent = 0;
        let error = loop {
            match pty.write(&[0; 4096]) {
                Ok(n) => sent += n,
                Err(error) => break error,
            }
            assert!(sent < 1 << 20, "a pty that swallows a megabyte has no end");
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}

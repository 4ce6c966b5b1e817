//! What carries the bytes: a serial port, or whatever stands for one.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::fcntl::{FlockArg, flock};
use serialport::TTYPort;

use super::holder::{holder_of, opened_by_another};

/// Speed of the boards' host UART, in baud. On a pseudo-terminal it has no meaning.
const BAUD: u32 = 921_600;

/// How long a read or a write waits for the port.
const PATIENCE: Duration = Duration::from_millis(100);

/// Both directions of a connection.
///
/// Reading ends with `TimedOut` or `WouldBlock` after about a tenth of a second without bytes, so that the reader
/// can stop; writing when the other end takes nothing for as long.
pub struct Connection {
    /// Bytes from the board.
    pub reader: Box<dyn Read + Send>,
    /// Bytes to the board.
    pub writer: Box<dyn Write + Send>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

/// Something that can be connected to, again and again.
pub trait Connect: Send + 'static {
    /// Connects. An error of the kind [`ErrorKind::ResourceBusy`] names the program that uses the port.
    fn connect(&mut self) -> Result<Connection>;

    /// A name for messages.
    fn name(&self) -> String;
}

/// A serial port by its path.
#[derive(Clone, Debug)]
pub struct SerialPath {
    path: PathBuf,
}

impl SerialPath {
    /// The port at `path`: a device such as `/dev/ttyUSB0`, a link to one under `/dev/serial/by-id`, or a
    /// pseudo-terminal.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().to_owned(),
        }
    }

    fn in_use(&self) -> Error {
        Error::new(ErrorKind::ResourceBusy, holder_of(&self.path))
    }
}

impl Connect for SerialPath {
    fn connect(&mut self) -> Result<Connection> {
        let port = serialport::new(self.name(), BAUD)
            .timeout(PATIENCE)
            // TIOCEXCL outlives a killed program on a pseudo-terminal that its other end keeps open, and does not
            // stop root. A lock of the open file does neither; here it is a shared one that `claim` makes its own.
            .exclusive(false)
            .open_native()
            .map_err(|error| match error.kind() {
                // What this library says of a lock that another program has, and of EBUSY.
                serialport::ErrorKind::NoDevice => self.in_use(),
                _ => error.into(),
            })?;
        let writer = Claimed::claim(port).ok_or_else(|| self.in_use())?;
        if let Some(other) = opened_by_another(&self.path) {
            log::warn!(
                "{}: {other} has it open too, without a lock, and may take what the board says",
                self.name()
            );
        }
        let reader = writer.port.try_clone_native()?;
        Ok(Connection {
            reader: Box::new(reader),
            writer: Box::new(writer),
        })
    }

    fn name(&self) -> String {
        self.path.to_string_lossy().into_owned()
    }
}

/// A port that no second program can use by mistake: locked with `flock(2)`, as pyserial, tio and this program's own
/// second start do. The kernel undoes the lock however this program ends.
struct Claimed {
    port: TTYPort,
}

impl Claimed {
    /// Locks the port; `None` if another program has it.
    fn claim(port: TTYPort) -> Option<Self> {
        flock(port.as_raw_fd(), FlockArg::LockExclusiveNonblock).ok()?;
        Some(Self { port })
    }
}

impl Drop for Claimed {
    fn drop(&mut self) {
        // The reader's handle shares the lock and may live a little longer; it is not to keep others waiting.
        let _ = flock(self.port.as_raw_fd(), FlockArg::Unlock);
    }
}

impl Write for Claimed {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.port.write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        self.port.flush()
    }
}

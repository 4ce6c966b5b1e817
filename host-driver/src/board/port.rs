//! What carries the bytes: a serial port, or whatever stands for one.

use std::io::{Read, Result, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

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
    /// Connects.
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
}

impl Connect for SerialPath {
    fn connect(&mut self) -> Result<Connection> {
        let writer = serialport::new(self.name(), BAUD)
            .timeout(PATIENCE)
            // TIOCEXCL outlives a killed program on a pseudo-terminal that its other end keeps open.
            .exclusive(false)
            .open_native()?;
        let reader = writer.try_clone_native()?;
        Ok(Connection {
            reader: Box::new(reader),
            writer: Box::new(writer),
        })
    }

    fn name(&self) -> String {
        self.path.to_string_lossy().into_owned()
    }
}

//! The line to a printer: a serial port or a TCP connection.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use serialport::SerialPort;

use super::{Evolis, PrinterError};

/// How long opening a TCP connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Speed of a printer's serial port. Evolis printers of that time with a serial port are set by their own menu;
/// USB-serial bridges and pseudo-terminals take any speed.
const BAUD: u32 = 115_200;

/// A line with time-outs.
pub trait Port: Read + Write + Send {
    /// Sets how long a read or a write waits before it fails with [`io::ErrorKind::TimedOut`] or
    /// [`io::ErrorKind::WouldBlock`]. Never zero.
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()>;
}

impl Port for TcpStream {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(timeout))?;
        self.set_write_timeout(Some(timeout))
    }
}

#[cfg(unix)]
impl Port for std::os::unix::net::UnixStream {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(timeout))?;
        self.set_write_timeout(Some(timeout))
    }
}

impl Port for Box<dyn Port> {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        (**self).set_timeout(timeout)
    }
}

/// A serial port.
struct Serial(Box<dyn SerialPort>);

impl Read for Serial {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Serial {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        // `tcdrain` of a pseudo-terminal waits for its reader without a time-out; the answer tells us soon enough.
        Ok(())
    }
}

impl Port for Serial {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.0.set_timeout(timeout).map_err(io::Error::from)
    }
}

/// Opens the Evolis printer at `address`: `tcp://host:port`, or the path of a serial port such as `/dev/ttyUSB0`.
///
/// # Errors
/// [`PrinterError::CannotOpen`] if there is nothing at the address; what [`Evolis::new`] says if what is there does
/// not answer like a printer.
pub fn open(address: &str) -> Result<Evolis<Box<dyn Port>>, PrinterError> {
    let port = match address.strip_prefix("tcp://") {
        Some(target) => connect(target).map(|stream| Box::new(stream) as Box<dyn Port>),
        None => serialport::new(address, BAUD)
            .timeout(CONNECT_TIMEOUT)
            .open()
            .map(|port| Box::new(Serial(port)) as Box<dyn Port>)
            .map_err(io::Error::from),
    };
    let port = port.map_err(|error| PrinterError::CannotOpen {
        address: address.to_owned(),
        reason: error.to_string(),
    })?;
    Evolis::new(port)
}

fn connect(target: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in target.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT_TIMEOUT) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

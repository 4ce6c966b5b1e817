//! Runs an emulated device on a serial line: bytes of the line in, bytes of the device out, at the line's speed.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::background::Background;
use super::pty::Pty;

/// An emulated device at the end of a serial line. It does no I/O and has no clock: `now` is the time since it was
/// switched on and never goes backwards.
pub trait SerialDevice {
    /// Takes bytes that the line brought, split in any way.
    fn handle_bytes(&mut self, now: Duration, bytes: &[u8]);

    /// Gives the next bytes for the line and returns how many; 0 means "nothing to send now".
    fn poll_transmit(&mut self, now: Duration, out: &mut [u8]) -> usize;
}

/// How fast the device's bytes go over the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineSpeed {
    /// As fast as the reader takes them. For tests and for a demonstration that nobody wants to wait for.
    Immediate,
    /// Bits per second; ten bits a byte (start, eight data, stop).
    Baud(u32),
}

impl LineSpeed {
    /// How long `bytes` bytes take on the line.
    pub fn duration_of(self, bytes: usize) -> Duration {
        match self {
            Self::Immediate => Duration::ZERO,
            Self::Baud(baud) => Duration::from_micros(bytes as u64 * 10_000_000 / u64::from(baud.max(1))),
        }
    }
}

/// Bytes handed to the line at a time: half of a 16550's FIFO times eight, small enough that pacing stays smooth.
const CHUNK: usize = 64;

/// Serves `device` on `port` until `stop` is set.
///
/// The port's reads and writes must time out (with [`io::ErrorKind::TimedOut`] or
/// [`io::ErrorKind::WouldBlock`]) so that `stop` is noticed; [`Pty`] does so after 10 ms.
///
/// # Errors
/// What the port says, except for time-outs and interruptions. A closed port (end of file) ends it without an error.
pub fn serve<D, P>(device: &Mutex<D>, port: &mut P, speed: LineSpeed, stop: &AtomicBool) -> io::Result<()>
where
    D: SerialDevice + ?Sized,
    P: Read + Write,
{
    let switched_on = Instant::now();
    let mut received = [0; 1024];
    let mut outgoing = [0; CHUNK];
    // When the last byte handed over has left the line.
    let mut line_free = Duration::ZERO;
    while !stop.load(Ordering::Relaxed) {
        let now = switched_on.elapsed();
        let length = if now < line_free {
            0
        } else {
            device
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .poll_transmit(now, &mut outgoing)
        };
        if length > 0 {
            line_free = now.max(line_free) + speed.duration_of(length);
            write_all(port, &outgoing[..length], stop)?;
            if speed == LineSpeed::Immediate {
                continue;
            }
        }
        let wait = line_free.saturating_sub(switched_on.elapsed());
        if !wait.is_zero() {
            thread::sleep(wait);
            continue;
        }
        match port.read(&mut received) {
            Ok(0) => return Ok(()),
            Ok(length) => {
                let now = switched_on.elapsed();
                let mut device = device.lock().unwrap_or_else(PoisonError::into_inner);
                device.handle_bytes(now, &received[..length]);
            }
            Err(error) if is_transient(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether a read or write only has to be tried again: nothing came in time, or a signal did.
pub(crate) fn is_transient(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

fn write_all<P: Write>(port: &mut P, mut bytes: &[u8], stop: &AtomicBool) -> io::Result<()> {
    while !bytes.is_empty() && !stop.load(Ordering::Relaxed) {
        match port.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(length) => bytes = &bytes[length..],
            Err(error) if is_transient(&error) => {}
            Err(error) => return Err(error),
        }
    }
    port.flush()
}

/// A device that a thread of its own serves on a pseudo-terminal. Dropping it unplugs the device.
#[derive(Debug)]
pub struct Plugged {
    path: PathBuf,
    _server: Background,
}

impl Plugged {
    /// Serves `device` on a new pseudo-terminal. The caller keeps a clone of the `Arc` to look at the device.
    ///
    /// # Errors
    /// What the operating system says when it has no pseudo-terminal or thread left.
    pub fn on_pty<D>(device: Arc<Mutex<D>>, speed: LineSpeed) -> io::Result<Self>
    where
        D: SerialDevice + Send + 'static,
    {
        let mut pty = Pty::open()?;
        let path = pty.path().to_owned();
        let server = Background::spawn(format!("device {}", path.display()), move |stop| {
            if let Err(error) = serve(&device, &mut pty, speed, stop) {
                log::error!("emulated device on {}: {error}", pty.path().display());
            }
        })?;
        Ok(Self {
            path,
            _server: server,
        })
    }

    /// What a client opens, for instance `/dev/pts/7`.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::OpenOptions;

    /// Sends back what it gets.
    #[derive(Default)]
    struct Echo(Vec<u8>);

    impl SerialDevice for Echo {
        fn handle_bytes(&mut self, _now: Duration, bytes: &[u8]) {
            self.0.extend_from_slice(bytes);
        }

        fn poll_transmit(&mut self, _now: Duration, out: &mut [u8]) -> usize {
            let length = out.len().min(self.0.len());
            out[..length].copy_from_slice(&self.0[..length]);
            self.0.drain(..length);
            length
        }
    }

    fn echo(speed: LineSpeed, message: &[u8]) -> (Vec<u8>, Duration) {
        let plugged = Plugged::on_pty(Arc::new(Mutex::new(Echo::default())), speed).unwrap();
        let mut client = OpenOptions::new()
            .read(true)
            .write(true)
            .open(plugged.path())
            .unwrap();
        let begin = Instant::now();
        client.write_all(message).unwrap();
        let mut answer = vec![0; message.len()];
        client.read_exact(&mut answer).unwrap();
        (answer, begin.elapsed())
    }

    #[test]
    fn an_immediate_line_loses_nothing() {
        let message: Vec<u8> = (0..2000_u32).map(|i| (i * 7) as u8).collect();
        assert_eq!(echo(LineSpeed::Immediate, &message).0, message);
    }

    #[test]
    fn a_line_with_a_speed_takes_its_time() {
        // 576 bytes at 57600 baud: 100 ms. The last chunk is still on the line when the reader has it.
        let (answer, took) = echo(LineSpeed::Baud(57_600), &[0x55; 576]);
        assert_eq!(answer.len(), 576);
        assert!(took >= Duration::from_millis(80), "took {took:?}");
    }

    #[test]
    fn ten_bits_make_a_byte() {
        assert_eq!(LineSpeed::Baud(57_600).duration_of(5760), Duration::from_secs(1));
    }

    #[test]
    fn unplugging_ends_the_thread_although_nobody_reads() {
        let device = Arc::new(Mutex::new(Echo(vec![0; 100_000])));
        drop(Plugged::on_pty(device, LineSpeed::Immediate).unwrap());
    }
}

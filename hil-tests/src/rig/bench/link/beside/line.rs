//! A line in real time, for programs that have a clock of their own.
//!
//! A thread for each direction reads as many bytes as the line has room for, and hands on what arrives when it arrives. What
//! a program writes ahead of that waits in the kernel: see [`End`].

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use nix::sys::time::TimeSpec;
use protocol_sim::{Faults, Noise};
use socket2::SockRef;

use super::direction::{Direction, Span};
use crate::device::background::Background;

/// Longest sleep, so that the end of the line is noticed.
const LOOK: Duration = Duration::from_millis(20);

/// What a program finds at its end of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// A socket whose buffer is made as small as the kernel lets it be: one or two writes of a kilobyte. A real serial
    /// port of Linux holds 4 KiB; the less, the better for a protocol that sends everything after an error again.
    Socket,
    /// A pseudo-terminal in raw mode, for a program that insists on one. It holds 12 to 20 KiB, so a program does best
    /// with a window of its own that is smaller.
    Terminal,
}

impl End {
    /// The program's side, and the line's, which does not block.
    fn open(self) -> io::Result<(OwnedFd, File)> {
        let (outside, inside) = match self {
            Self::Socket => {
                let (outside, inside) = UnixStream::pair()?;
                SockRef::from(&outside).set_send_buffer_size(1)?;
                (OwnedFd::from(outside), OwnedFd::from(inside))
            }
            Self::Terminal => {
                let ends = openpty(None, None)?;
                let mut termios = tcgetattr(&ends.slave)?;
                cfmakeraw(&mut termios);
                tcsetattr(&ends.slave, SetArg::TCSANOW, &termios)?;
                for end in [&ends.slave, &ends.master] {
                    fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
                }
                (ends.slave, ends.master)
            }
        };
        let flags = OFlag::from_bits_truncate(fcntl(&inside, FcntlArg::F_GETFL)?);
        fcntl(&inside, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
        Ok((outside, File::from(inside)))
    }
}

/// A running line. Dropping it ends its threads and closes its side.
#[derive(Debug)]
pub(super) struct Line {
    began: Instant,
    span: Arc<Mutex<Span>>,
    _pumps: [Background; 2],
}

impl Line {
    /// Connects two programs: what the first says goes through the first direction to the second. Returns the programs'
    /// sides, to read and write.
    ///
    /// # Errors
    /// If the operating system has no socket, terminal or thread left.
    pub(super) fn connect(
        ends: End,
        there: Direction,
        back: Direction,
    ) -> io::Result<(Self, OwnedFd, OwnedFd)> {
        let (first, first_inside) = ends.open()?;
        let (second, second_inside) = ends.open()?;
        let began = Instant::now();
        let span = Arc::new(Mutex::new(Span::default()));
        let start = |name: &str, from: &File, to: &File, direction, span: Arc<Mutex<Span>>| {
            let (from, to) = (from.try_clone()?, to.try_clone()?);
            Background::spawn(name, move |stop| {
                let pump = Pump {
                    began,
                    from,
                    to,
                    direction,
                    span,
                };
                if let Err(error) = pump.run(stop) {
                    log::debug!("the line ended: {error}");
                }
            })
        };
        let pumps = [
            start(
                "line there",
                &first_inside,
                &second_inside,
                there,
                Arc::clone(&span),
            )?,
            start("line back", &second_inside, &first_inside, back, Arc::default())?,
        ];
        let line = Self {
            began,
            span,
            _pumps: pumps,
        };
        Ok((line, first, second))
    }

    /// Microseconds since it was connected.
    pub(super) fn now(&self) -> f64 {
        self.began.elapsed().as_secs_f64() * 1e6
    }

    /// What was seen of the first program's transfer.
    pub(super) fn span(&self) -> Span {
        *self.span.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Carries the content over a clean line without any protocol, which shows how exact the line itself is: microseconds from
/// the first byte's beginning until the last is read.
///
/// # Errors
/// If the operating system has no socket or thread left.
pub(super) fn carry_alone(content: &[u8]) -> io::Result<f64> {
    let clean = || Direction::new(Noise::new(Faults::default(), 0), None);
    let (line, writer, reader) = Line::connect(End::Socket, clean(), clean())?;
    let mut taken = vec![0; content.len()];
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| File::from(writer).write_all(content));
        let read = File::from(reader).read_exact(&mut taken);
        read.and(writer.join().unwrap_or_else(|_| Err(ErrorKind::Other.into())))
    })?;
    let took = line.now() - line.span().first.unwrap_or_default();
    if taken == content {
        Ok(took)
    } else {
        Err(io::Error::other("a clean line changed bytes"))
    }
}

struct Pump {
    began: Instant,
    from: File,
    to: File,
    direction: Direction,
    span: Arc<Mutex<Span>>,
}

impl Pump {
    fn run(mut self, stop: &AtomicBool) -> io::Result<()> {
        let mut buffer = [0; 4096];
        // When it was last seen that nothing waits to be sent: what waits now has come since.
        let mut empty_at = 0.0;
        let mut gone = false;
        let mut out = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let now = self.now();
            let room = self.direction.room(now, empty_at).min(buffer.len());
            if room > 0 && !gone {
                match self.from.read(&mut buffer[..room]) {
                    Ok(0) => gone = true,
                    Ok(count) => {
                        self.direction.push(empty_at, &buffer[..count]);
                        *self.span.lock().unwrap_or_else(PoisonError::into_inner) = self.direction.span;
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => empty_at = now,
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    // A terminal whose program has ended says so.
                    Err(_) => gone = true,
                }
            }
            self.direction.arrived(self.now(), &mut out);
            self.hand_on(&mut out)?;
            if gone && self.direction.is_empty() && out.is_empty() {
                return Ok(());
            }
            self.sleep(!gone, &mut empty_at, !out.is_empty())?;
        }
        Ok(())
    }

    fn now(&self) -> f64 {
        self.began.elapsed().as_secs_f64() * 1e6
    }

    /// Writes what has arrived. A program that does not read keeps the rest waiting; nothing is lost that the line did
    /// not lose.
    fn hand_on(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        while !out.is_empty() {
            match self.to.write(out) {
                Ok(count) => drop(out.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // The program has ended; what it does not read goes nowhere.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => out.clear(),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Until something arrives, there is something to read and room for it, or a while.
    fn sleep(&self, reads: bool, empty_at: &mut f64, writes: bool) -> io::Result<()> {
        let now = self.now();
        let until = self.direction.next_event(now);
        let wait = until.map_or(LOOK, |at| {
            Duration::from_secs_f64((at - now).max(0.0) / 1e6).min(LOOK)
        });
        let wait = if writes {
            wait.max(Duration::from_millis(1))
        } else {
            wait
        };
        if !reads || self.direction.room(now, now) == 0 {
            std::thread::sleep(wait);
            return Ok(());
        }
        let mut ends = [PollFd::new(self.from.as_fd(), PollFlags::POLLIN)];
        match ppoll(&mut ends, Some(TimeSpec::from_duration(wait)), None) {
            Ok(0) | Err(nix::errno::Errno::EINTR) => {}
            // It came while this thread waited for it, so just now.
            Ok(_) => *empty_at = self.now(),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_real_line_carries_everything_both_ways_in_its_time() {
        let content: Vec<u8> = (0..9_216_u32).map(|it| it as u8).collect();
        for ends in [End::Socket, End::Terminal] {
            let clean = || Direction::new(Noise::new(Faults::default(), 0), None);
            let (line, one, other) = Line::connect(ends, clean(), clean()).unwrap();
            let (mut one, mut other) = (File::from(one), File::from(other));
            one.write_all(&content).unwrap();
            let mut taken = vec![0; content.len()];
            other.read_exact(&mut taken).unwrap();
            assert!(taken == content);
            // A tenth of a second; never less. How much more depends on what else the machine does.
            assert!(line.now() >= 100_000.0, "{ends:?}: {}", line.now());
            other.write_all(b"answer").unwrap();
            let mut answer = [0; 6];
            one.read_exact(&mut answer).unwrap();
            assert_eq!(&answer, b"answer");
        }
    }

    #[test]
    fn a_line_ends_although_nobody_reads() {
        let clean = || Direction::new(Noise::new(Faults::default(), 0), None);
        let (line, one, _other) = Line::connect(End::Socket, clean(), clean()).unwrap();
        File::from(one).write_all(&[0; 2_000]).unwrap();
        drop(line);
    }
}

//! Our link over the same line: a board that sends and a host that takes, each on a thread of its own.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;
use protocol::link::{BulkOutcome, Config, Event, Link, Object, Role};
use protocol::message::ObjectKind;
use protocol::{BoardLink, HostLink};
use protocol_sim::firmware;

use super::direction::Direction;
use super::line::{End, Line};
use super::{Conditions, Outcome};

/// Longest sleep, so that the end is noticed.
const LOOK: Duration = Duration::from_millis(20);

/// Carries the content once. The time is from the call that begins it until the board knows that the host took it.
///
/// # Errors
/// If the operating system has no socket or thread left.
pub(super) fn carry(conditions: &Conditions, content: &[u8]) -> anyhow::Result<Outcome> {
    let [there, back] = conditions.noise();
    let (line, board_end, host_end) = Line::connect(
        End::Socket,
        Direction::new(there, None),
        Direction::new(back, None),
    )?;
    let deadline = Instant::now() + conditions.limit;
    let done = AtomicBool::new(false);
    let (sent, taken) = std::thread::scope(|scope| {
        let host = scope.spawn(|| take(host_end, deadline, &done));
        let sent = send(board_end, content, deadline);
        done.store(true, Ordering::Relaxed);
        (sent, host.join())
    });
    let taken = taken.map_err(|_| anyhow::anyhow!("the host's end panicked"))??;
    drop(line);
    Ok(match sent? {
        Some(us) if taken == content => Outcome::Delivered { us },
        Some(_) => Outcome::Wrong,
        None => Outcome::Failed,
    })
}

fn send(end: OwnedFd, content: &[u8], deadline: Instant) -> std::io::Result<Option<f64>> {
    let link: BoardLink = Link::new(Config::new(Role::Capture, 1002, firmware(2)));
    let mut station = Station::new(link, end);
    let (mut begun, mut written) = (None, 0);
    while Instant::now() < deadline {
        if begun.is_none() && station.link.is_up() {
            let object = Object {
                kind: ObjectKind::Image,
                id: 5,
                length: content.len() as u32,
            };
            let now = station.now();
            if station.link.bulk_begin(now, object).is_ok() {
                begun = Some(Instant::now());
            }
        }
        if begun.is_some() {
            written += station.link.bulk_write(&content[written..]);
        }
        if !station.step()? {
            break;
        }
        while let Some(event) = station.link.poll_event() {
            if let (Event::BulkSent { outcome, .. }, Some(begun)) = (event, begun) {
                let took = begun.elapsed();
                return Ok((outcome == BulkOutcome::Delivered).then_some(took.as_secs_f64() * 1e6));
            }
        }
    }
    Ok(None)
}

fn take(end: OwnedFd, deadline: Instant, done: &AtomicBool) -> std::io::Result<Vec<u8>> {
    let link: HostLink = Link::new(Config::new(Role::Host, 1001, firmware(1)));
    let mut station = Station::new(link, end);
    let mut taken = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        // Looked at first: what the board was told of has been read when the loop ends.
        let last = done.load(Ordering::Relaxed) || Instant::now() >= deadline;
        loop {
            let count = station.link.bulk_read(&mut chunk);
            taken.extend_from_slice(&chunk[..count]);
            if count == 0 {
                break;
            }
        }
        while station.link.poll_event().is_some() {}
        if last || !station.step()? {
            return Ok(taken);
        }
    }
}

/// A link and its end of the line.
struct Station<const Q: usize, const S: usize, const O: usize, const I: usize> {
    link: Box<Link<Q, S, O, I>>,
    end: File,
    began: Instant,
    /// Whether the line has taken what it was given, so that the next frame is not handed out too early.
    free: bool,
}

impl<const Q: usize, const S: usize, const O: usize, const I: usize> Station<Q, S, O, I> {
    fn new(link: Link<Q, S, O, I>, end: OwnedFd) -> Self {
        Self {
            link: Box::new(link),
            end: File::from(end),
            began: Instant::now(),
            free: true,
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Says what there is to say, if the line is free, and waits until something comes, a timer expires or the line is
    /// free again. `false` when the other side of the line is gone.
    fn step(&mut self) -> std::io::Result<bool> {
        let mut frame = [0; protocol::frame::MAX_WIRE_FRAME];
        if self.free {
            let now = self.now();
            let length = self.link.poll_transmit(now, &mut frame);
            if length > 0 {
                self.free = false;
                if self.end.write_all(&frame[..length]).is_err() {
                    return Ok(false);
                }
            }
        }
        let now = self.now();
        let wait = match self.link.poll_timeout() {
            // While the line is not free there may be something that has to wait for it.
            Some(at) if self.free || at > now => Duration::from_micros(at.saturating_sub(now)).min(LOOK),
            _ => LOOK,
        };
        let events = if self.free {
            PollFlags::POLLIN
        } else {
            PollFlags::POLLIN | PollFlags::POLLOUT
        };
        let mut ends = [PollFd::new(self.end.as_fd(), events)];
        match ppoll(&mut ends, Some(TimeSpec::from_duration(wait)), None) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let seen = ends[0].revents().unwrap_or(PollFlags::empty());
        self.free |= seen.contains(PollFlags::POLLOUT);
        if seen.intersects(PollFlags::POLLIN | PollFlags::POLLHUP) {
            let mut bytes = [0; 4096];
            let count = self.end.read(&mut bytes)?;
            if count == 0 {
                return Ok(false);
            }
            let now = self.now();
            self.link.handle_bytes(now, &bytes[..count]);
        }
        let now = self.now();
        self.link.handle_timeout(now);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_link_carries_an_object_over_a_bad_line_in_real_time() {
        let content: Vec<u8> = (0..9_216_u32).map(|it| it as u8).collect();
        let conditions = Conditions {
            bit_error_rate: 1e-4,
            seed: 3,
            limit: Duration::from_secs(30),
        };
        let outcome = carry(&conditions, &content).unwrap();
        assert!(
            matches!(outcome, Outcome::Delivered { us } if us > 100_000.0),
            "{outcome:?}"
        );
    }
}

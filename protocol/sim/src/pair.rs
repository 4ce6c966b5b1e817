//! Two ends and the line between them.

use std::collections::VecDeque;

use protocol::link::{Config, Event, Link, LogTaken, Role};
use protocol::message::Firmware;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::SECOND;
use crate::faults::Faults;
use crate::wire::Wire;

/// The usual ends.
pub type Host = protocol::HostLink;
/// The usual ends.
pub type Board = protocol::BoardLink;

/// Two ends and the line between them, at 921,600 baud unless told otherwise.
///
/// The parameters are those of the board's [`Link`].
#[derive(Debug)]
pub struct Pair<const QUEUE: usize = 1024, const SLOTS: usize = 4, const BULK_OUT: usize = 4096> {
    /// Microseconds since both started.
    pub now: u64,
    /// One end.
    pub host: Box<Host>,
    /// The other.
    pub board: Box<Link<QUEUE, SLOTS, BULK_OUT, 0>>,
    /// What the host says goes here.
    pub to_board: Wire,
    /// What the board says goes here.
    pub to_host: Wire,
    /// Chance for whoever drives the ends; the wires have their own.
    pub rng: ChaCha8Rng,
    /// Microseconds a byte takes: ten bits.
    pub byte_us: f64,
    /// Bytes that the board logs, and has not sent.
    pub board_log: VecDeque<u8>,
    /// Microseconds from the end of a frame to its arrival.
    pub latency_us: u64,
    /// Until then the host's program does nothing: its computer is busy. What arrives waits.
    pub host_sleeps_until: u64,
    boots: u32,
    board_role: Role,
}

impl Default for Pair {
    fn default() -> Self {
        Self::new(1)
    }
}

/// Speed of the usual line, in bits a second: that of Loket's boards (PROTOCOL.md, section 1).
pub const BAUD: u32 = 921_600;

/// Bits that a byte takes on the line: start, eight, stop.
const BITS_PER_BYTE: f64 = 10.0;

/// Microseconds that a byte takes on the usual line.
pub const BYTE_US: f64 = BITS_PER_BYTE * 1_000_000.0 / BAUD as f64;

/// Takes the next bytes of a log that loses none.
fn take(log: &mut VecDeque<u8>, place: &mut [u8]) -> LogTaken {
    let len = log.len().min(place.len());
    for (byte, from) in place.iter_mut().zip(log.drain(..len)) {
        *byte = from;
    }
    LogTaken { lost: 0, len }
}

/// What an end says that it runs.
pub fn firmware(build: u32) -> Firmware {
    Firmware {
        major: 1,
        minor: 2,
        patch: 3,
        build,
    }
}

impl<const QUEUE: usize, const SLOTS: usize, const BULK_OUT: usize> Pair<QUEUE, SLOTS, BULK_OUT> {
    /// Two ends that have just started, on a clean line.
    pub fn new(seed: u64) -> Self {
        Self {
            now: 0,
            host: Box::new(Link::new(Config::new(Role::Host, 1001, firmware(1)))),
            board: Box::new(Link::new(Config::new(Role::Capture, 1002, firmware(2)))),
            to_board: Wire::new(seed ^ 0x0b0a_4d00),
            to_host: Wire::new(seed ^ 0x0057_0000),
            rng: ChaCha8Rng::seed_from_u64(seed),
            byte_us: BYTE_US,
            board_log: VecDeque::new(),
            latency_us: 100,
            host_sleeps_until: 0,
            boots: 1002,
            board_role: Role::Capture,
        }
    }

    /// What both directions do to bytes from now on.
    pub fn faults(&mut self, faults: Faults) {
        self.to_board.set_faults(faults);
        self.to_host.set_faults(faults);
    }

    /// Cuts both directions, or mends them.
    pub fn cut(&mut self, cut: bool) {
        self.to_board.cut = cut;
        self.to_host.cut = cut;
    }

    /// The host's program starts again.
    pub fn reboot_host(&mut self) {
        self.boots += 1;
        *self.host = Link::new(Config::new(Role::Host, self.boots, firmware(1)));
    }

    /// The board starts again.
    pub fn reboot_board(&mut self) {
        self.boots += 1;
        *self.board = Link::new(Config::new(self.board_role, self.boots, firmware(2)));
    }

    /// The board starts again, and its source of chance fails it.
    pub fn reboot_board_with_the_same_boot_id(&mut self) {
        let boot_id = self.board.boot_id();
        *self.board = Link::new(Config::new(self.board_role, boot_id, firmware(2)));
    }

    /// Puts what the ends have to say on the wire, as far as it is free.
    pub fn transmit(&mut self) {
        let mut out = [0; Host::MAX_WIRE_FRAME];
        if self.to_board.free_at <= self.now && self.host_is_awake() {
            let len = self.host.poll_transmit(self.now, &mut out);
            if len > 0 {
                self.to_board
                    .carry(self.now, self.byte_us, self.latency_us, &out[..len]);
            }
        }
        if self.to_host.free_at <= self.now {
            let log = &mut self.board_log;
            let len = self
                .board
                .poll_transmit_with_log(self.now, &mut out, |place| take(log, place));
            if len > 0 {
                self.to_host
                    .carry(self.now, self.byte_us, self.latency_us, &out[..len]);
            }
        }
    }

    /// Goes to the next moment at which something happens, but not past `until`.
    pub fn step(&mut self, until: u64) {
        self.transmit();
        let mut next = until;
        for at in [
            self.to_board.next_arrival(),
            self.to_host
                .next_arrival()
                .map(|at| at.max(self.host_sleeps_until)),
            Some(self.to_board.free_at).filter(|at| *at > self.now),
            Some(self.to_host.free_at).filter(|at| *at > self.now),
            self.host.poll_timeout().map(|at| at.max(self.host_sleeps_until)),
            self.board.poll_timeout(),
        ]
        .into_iter()
        .flatten()
        {
            next = next.min(at);
        }
        self.now = next.max(self.now + 1).min(until.max(self.now + 1));
        while let Some(bytes) = self.to_board.arrived(self.now) {
            self.board.handle_bytes(self.now, &bytes);
        }
        if self.host_is_awake() {
            while let Some(bytes) = self.to_host.arrived(self.now) {
                self.host.handle_bytes(self.now, &bytes);
            }
            self.host.handle_timeout(self.now);
        }
        self.board.handle_timeout(self.now);
    }

    fn host_is_awake(&self) -> bool {
        self.now >= self.host_sleeps_until
    }

    /// Lets time pass; returns what the ends said, the host's first.
    pub fn run(&mut self, us: u64) -> (Vec<Event>, Vec<Event>) {
        let until = self.now + us;
        let (mut host, mut board) = (Vec::new(), Vec::new());
        while self.now < until {
            self.step(until);
            host.extend(std::iter::from_fn(|| self.host.poll_event()));
            board.extend(std::iter::from_fn(|| self.board.poll_event()));
        }
        (host, board)
    }

    /// Runs until both ends know each other, and forgets the events.
    ///
    /// # Panics
    ///
    /// If they do not meet within a minute.
    pub fn connect(&mut self) {
        let start = self.now;
        while !(self.host.is_up() && self.board.is_up()) {
            self.run(10_000);
            assert!(self.now - start < 60 * SECOND, "the ends meet");
        }
        self.run(1_000);
    }
}

/// Two ends that know each other.
pub fn connected() -> Pair {
    let mut pair = Pair::default();
    pair.connect();
    pair
}

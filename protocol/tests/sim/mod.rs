//! Two links on a simulated line, in virtual time: the same seed gives the same run.
#![allow(dead_code)] // Each test binary uses its part.

use std::collections::VecDeque;

use protocol::link::{Config, Event, Link, Role};
use protocol::message::{CapturePhase, CaptureProgress, CaptureVerdict, Firmware, ShowVerdict};
use protocol::{Message, RequestId};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The usual ends.
pub type Host = protocol::HostLink;
pub type Board = protocol::BoardLink;

/// What a line does to bytes; each figure is a probability per byte.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Faults {
    /// One bit is turned.
    pub flip: f64,
    /// The byte is lost, as in an overrun.
    pub drop: f64,
    /// A byte appears in front of it, as from a glitch taken for a start bit.
    pub insert: f64,
    /// From here the next 1 to 64 bytes are noise.
    pub burst: f64,
    /// Everything sent at once comes a second time (probability per frame).
    pub twice: f64,
}

impl Faults {
    /// Independent bit errors: eight chances a byte.
    pub fn bit_errors(rate: f64) -> Self {
        Self {
            flip: 1.0 - (1.0 - rate).powi(8),
            ..Self::default()
        }
    }
}

/// One direction.
#[derive(Debug, Default)]
pub struct Wire {
    pub faults: Faults,
    /// Everything is lost while the line is cut.
    pub cut: bool,
    /// When the next frame can be put on the wire.
    free_at: u64,
    arriving: VecDeque<(u64, Vec<u8>)>,
    /// Bytes put on the wire.
    pub sent: u64,
}

impl Wire {
    fn carry(&mut self, now: u64, byte_us: f64, latency_us: u64, bytes: &[u8], rng: &mut ChaCha8Rng) {
        self.sent += bytes.len() as u64;
        self.free_at = now + (bytes.len() as f64 * byte_us).ceil() as u64;
        if self.cut {
            return;
        }
        let faults = self.faults;
        let mut out = Vec::with_capacity(bytes.len() + 8);
        let mut noise = 0u32;
        let chance = |p: f64, rng: &mut ChaCha8Rng| p > 0.0 && rng.random_bool(p);
        for &byte in bytes {
            if chance(faults.burst, rng) {
                noise = rng.random_range(1..=64);
            }
            if noise > 0 {
                noise -= 1;
                out.push(rng.random());
                continue;
            }
            if chance(faults.insert, rng) {
                out.push(rng.random());
            }
            if chance(faults.drop, rng) {
                continue;
            }
            out.push(if chance(faults.flip, rng) {
                byte ^ 1 << rng.random_range(0..8)
            } else {
                byte
            });
        }
        let at = self.free_at + latency_us;
        if chance(faults.twice, rng) {
            self.arriving.push_back((at, out.clone()));
        }
        // Arrives in two pieces, cut anywhere.
        let cut = if out.is_empty() {
            0
        } else {
            rng.random_range(0..out.len())
        };
        let rest = out.split_off(cut);
        self.arriving.push_back((at, out));
        self.arriving.push_back((at, rest));
    }

    fn next_arrival(&self) -> Option<u64> {
        self.arriving.front().map(|(at, _)| *at)
    }
}

/// Two ends and the line between them.
pub struct Pair<const BQ: usize = 1024, const BS: usize = 4, const BO: usize = 4096> {
    pub now: u64,
    pub host: Box<Host>,
    pub board: Box<Link<BQ, BS, BO, 0>>,
    pub to_board: Wire,
    pub to_host: Wire,
    pub rng: ChaCha8Rng,
    /// Microseconds a byte takes: ten bits.
    pub byte_us: f64,
    /// Microseconds from the end of a frame to its arrival.
    pub latency_us: u64,
    boots: u32,
    board_role: Role,
}

impl Default for Pair {
    fn default() -> Self {
        Self::new(1)
    }
}

pub fn firmware(build: u32) -> Firmware {
    Firmware {
        major: 1,
        minor: 2,
        patch: 3,
        build,
    }
}

impl<const BQ: usize, const BS: usize, const BO: usize> Pair<BQ, BS, BO> {
    pub fn new(seed: u64) -> Self {
        Self {
            now: 0,
            host: Box::new(Link::new(Config::new(Role::Host, 1001, firmware(1)))),
            board: Box::new(Link::new(Config::new(Role::Capture, 1002, firmware(2)))),
            to_board: Wire::default(),
            to_host: Wire::default(),
            rng: ChaCha8Rng::seed_from_u64(seed),
            byte_us: 10.0 / 0.9216,
            latency_us: 100,
            boots: 1002,
            board_role: Role::Capture,
        }
    }

    pub fn faults(&mut self, faults: Faults) {
        self.to_board.faults = faults;
        self.to_host.faults = faults;
    }

    pub fn cut(&mut self, cut: bool) {
        self.to_board.cut = cut;
        self.to_host.cut = cut;
    }

    pub fn reboot_host(&mut self) {
        self.boots += 1;
        *self.host = Link::new(Config::new(Role::Host, self.boots, firmware(1)));
    }

    pub fn reboot_board(&mut self) {
        self.boots += 1;
        *self.board = Link::new(Config::new(self.board_role, self.boots, firmware(2)));
    }

    /// A board whose source of chance fails it.
    pub fn reboot_board_with_the_same_boot_id(&mut self) {
        let boot_id = self.board.boot_id();
        *self.board = Link::new(Config::new(self.board_role, boot_id, firmware(2)));
    }

    /// Puts what the ends have to say on the wire, as far as it is free.
    pub fn transmit(&mut self) {
        let mut out = [0; Host::MAX_WIRE_FRAME];
        if self.to_board.free_at <= self.now {
            let len = self.host.poll_transmit(self.now, &mut out);
            if len > 0 {
                self.to_board.carry(
                    self.now,
                    self.byte_us,
                    self.latency_us,
                    &out[..len],
                    &mut self.rng,
                );
            }
        }
        if self.to_host.free_at <= self.now {
            let len = self.board.poll_transmit(self.now, &mut out);
            if len > 0 {
                self.to_host.carry(
                    self.now,
                    self.byte_us,
                    self.latency_us,
                    &out[..len],
                    &mut self.rng,
                );
            }
        }
    }

    /// Goes to the next moment at which something happens, but not past `until`.
    pub fn step(&mut self, until: u64) {
        self.transmit();
        let mut next = until;
        for at in [
            self.to_board.next_arrival(),
            self.to_host.next_arrival(),
            Some(self.to_board.free_at).filter(|at| *at > self.now),
            Some(self.to_host.free_at).filter(|at| *at > self.now),
            self.host.poll_timeout(),
            self.board.poll_timeout(),
        ]
        .into_iter()
        .flatten()
        {
            next = next.min(at);
        }
        self.now = next.max(self.now + 1).min(until.max(self.now + 1));
        while self.to_board.next_arrival().is_some_and(|at| at <= self.now) {
            let (_, bytes) = self.to_board.arriving.pop_front().unwrap();
            self.board.handle_bytes(self.now, &bytes);
        }
        while self.to_host.next_arrival().is_some_and(|at| at <= self.now) {
            let (_, bytes) = self.to_host.arriving.pop_front().unwrap();
            self.host.handle_bytes(self.now, &bytes);
        }
        self.host.handle_timeout(self.now);
        self.board.handle_timeout(self.now);
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
    pub fn connect(&mut self) {
        let start = self.now;
        while !(self.host.is_up() && self.board.is_up()) {
            self.run(10_000);
            assert!(self.now - start < 60_000_000, "the ends meet");
        }
        self.run(1_000);
    }
}

/// In microseconds.
pub const SECOND: u64 = 1_000_000;

/// A notification of the host.
pub fn verdict(number: u32) -> Message {
    ShowVerdict {
        capture_id: number,
        verdict: CaptureVerdict::Match,
    }
    .into()
}

/// A notification of the board.
pub fn progress(number: u32) -> Message {
    CaptureProgress {
        capture_id: number,
        phase: CapturePhase::Reading,
    }
    .into()
}

/// Two ends that know each other.
pub fn connected() -> Pair {
    let mut pair = Pair::default();
    pair.connect();
    pair
}

/// The requests among events.
pub fn requests(events: &[Event]) -> Vec<RequestId> {
    events
        .iter()
        .filter_map(|event| {
            if let Event::Request { id, .. } = event {
                Some(*id)
            } else {
                None
            }
        })
        .collect()
}

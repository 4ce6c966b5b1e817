//! Both peers and the line between them in virtual time: the same seed gives the same run, to the byte.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, ChildStdout, Stdio};

use protocol_sim::{Faults, Noise, SECOND};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::capture_board::BYTE_NS;
use crate::python::{self, Peer};

/// What a program at one end does at a moment.
#[derive(Debug)]
pub(crate) struct Step {
    /// The frame to send; empty for none.
    pub(crate) frame: Vec<u8>,
    /// When the next step is due at the latest, in microseconds.
    pub(crate) wake: u64,
    /// It has reached its goal.
    pub(crate) done: bool,
}

/// A program at one end of the line.
pub(crate) trait End {
    /// Takes what has come at `now`, and says a frame if the line is free for one.
    fn step(&mut self, now: u64, bytes: &[u8], free: bool) -> Step;

    /// Starts anew, with another boot id.
    fn restart(&mut self, boot_id: u32);
}

/// The peer in Python.
pub(crate) struct Python {
    plays: &'static str,
    arguments: Vec<String>,
    /// All starts of it, the present one last.
    pub(crate) peers: Vec<Peer>,
    pipes: (ChildStdin, BufReader<ChildStdout>),
    /// Its clock begins with each start, as others do.
    started: u64,
    now: u64,
}

impl Python {
    pub(crate) fn start(plays: &'static str, boot_id: u32, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let (peer, pipes) = spawn(plays, boot_id, &arguments);
        Self {
            plays,
            arguments,
            peers: vec![peer],
            pipes,
            started: 0,
            now: 0,
        }
    }
}

fn spawn(plays: &str, boot_id: u32, arguments: &Vec<String>) -> (Peer, (ChildStdin, BufReader<ChildStdout>)) {
    let mut command = python::command(&[plays, "lockstep", "--boot-id", &boot_id.to_string()]);
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut peer = Peer::spawn(command);
    let (input, output) = peer.pipes();
    (peer, (input, BufReader::new(output)))
}

impl End for Python {
    fn step(&mut self, now: u64, bytes: &[u8], free: bool) -> Step {
        self.now = now;
        let mut line = format!("{} {} ", now - self.started, u8::from(free));
        line.extend(bytes.iter().map(|byte| format!("{byte:02x}")));
        line.push('\n');
        let (input, output) = &mut self.pipes;
        let mut answer = String::new();
        let stepped = input
            .write_all(line.as_bytes())
            .and_then(|()| output.read_line(&mut answer));
        assert!(
            matches!(stepped, Ok(1..)),
            "the peer has ended: {}",
            self.peers.last().unwrap().said()
        );
        let mut words = answer.trim_end_matches('\n').split(' ');
        let wake: u64 = words.next().unwrap().parse().unwrap();
        let done = words.next() == Some("1");
        let frame = words.next().unwrap().as_bytes().chunks(2);
        Step {
            frame: frame
                .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
                .collect(),
            wake: self.started + wake,
            done,
        }
    }

    fn restart(&mut self, boot_id: u32) {
        let (peer, pipes) = spawn(self.plays, boot_id, &self.arguments);
        self.peers.push(peer);
        self.pipes = pipes;
        self.started = self.now;
    }
}

/// What happens to the line and the programs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Troubles {
    pub(crate) faults: Faults,
    /// How often the line is cut, for up to four seconds.
    pub(crate) cuts: u32,
    /// How often each end is started anew.
    pub(crate) restarts: u32,
}

impl Troubles {
    pub(crate) fn noise(faults: Faults) -> Self {
        Self {
            faults,
            cuts: 0,
            restarts: 0,
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Trouble {
    Cut(bool),
    Restart(usize),
}

/// One direction of the line.
struct Wire {
    noise: Noise,
    free_at: u64,
    arriving: VecDeque<(u64, Vec<u8>)>,
}

/// Runs both until both are done; returns how long that took, in microseconds.
pub(crate) fn run(ends: &mut [&mut dyn End; 2], troubles: Troubles, seed: u64, limit: u64) -> u64 {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut wires = [seed, !seed].map(|seed| Wire {
        noise: Noise::new(troubles.faults, seed),
        free_at: 0,
        arriving: VecDeque::new(),
    });
    let mut calendar = calendar(troubles, &mut rng);
    let mut cut = false;
    let mut wakes = [0; 2];
    let mut done = [false; 2];
    let mut now = 0;
    loop {
        while let Some((_, trouble)) = calendar.pop_front_if(|(at, _)| *at <= now) {
            match trouble {
                Trouble::Cut(begins) => cut = begins,
                Trouble::Restart(end) => {
                    ends[end].restart(rng.random_range(1..=u32::MAX));
                    wakes[end] = now;
                    // What was on its way to it is read by nobody.
                    wires[1 - end].arriving.clear();
                }
            }
        }
        for end in 0..2 {
            let mut bytes = Vec::new();
            while let Some((_, come)) = wires[1 - end].arriving.pop_front_if(|(at, _)| *at <= now) {
                bytes.extend(come);
            }
            if bytes.is_empty() && now < wakes[end] {
                continue;
            }
            let wire = &mut wires[end];
            let free = now >= wire.free_at;
            let step = ends[end].step(now, &bytes, free);
            done[end] = step.done;
            wakes[end] = step.wake.max(now + 1);
            if !step.frame.is_empty() {
                wire.free_at = now + (step.frame.len() as u64 * BYTE_NS).div_ceil(1000);
                let mut carried = Vec::new();
                if !cut {
                    wire.noise.carry(&step.frame, &mut carried);
                }
                if !carried.is_empty() {
                    wire.arriving.push_back((wire.free_at + 200, carried));
                }
            }
            // Nothing can be sent before the line is free; then there may be more to send.
            if !free || !step.frame.is_empty() {
                wakes[end] = wire.free_at;
            }
        }
        if done == [true; 2] {
            return now;
        }
        let arrivals = wires
            .iter()
            .filter_map(|wire| wire.arriving.front().map(|(at, _)| *at));
        let troubles = calendar.front().map(|(at, _)| *at);
        now = wakes
            .into_iter()
            .chain(arrivals)
            .chain(troubles)
            .min()
            .unwrap_or(now)
            .max(now + 1);
        assert!(now < limit, "seed {seed}: not done after {now} us, {troubles:?}");
    }
}

/// When what happens: most of it while the image is under way.
fn calendar(troubles: Troubles, rng: &mut ChaCha8Rng) -> VecDeque<(u64, Trouble)> {
    let mut calendar = Vec::new();
    for _ in 0..troubles.cuts {
        let at = rng.random_range(0..SECOND);
        let time = rng.random_range(0..4 * SECOND);
        calendar.extend([(at, Trouble::Cut(true)), (at + time, Trouble::Cut(false))]);
    }
    for end in 0..2 {
        for _ in 0..troubles.restarts {
            calendar.push((rng.random_range(0..SECOND), Trouble::Restart(end)));
        }
    }
    calendar.sort_by_key(|(at, _)| *at);
    calendar.into()
}

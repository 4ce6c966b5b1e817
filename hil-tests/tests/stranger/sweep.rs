//! Both ways round over lines with all kinds of faults, in virtual time: what fails can be repeated by its seed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use protocol::link::{BulkOutcome, RequestFailure};
use protocol::message::{
    Capture, CapturePurpose, CaptureVerdict, FingerPosition, Firmware, ShowVerdict, StatusRequest,
};
use protocol::{Config, Event, HostLink, Message, RequestId, Role};
use protocol_sim::{Faults, SECOND};

use crate::board_in_python::image;
use crate::capture_board::{Books, Model};
use crate::lockstep::{End, Python, Step, Troubles, run};

/// The boards' end of the link.
struct RustBoard {
    model: Model,
    books: Arc<Mutex<Books>>,
    image: Arc<Vec<u8>>,
}

impl RustBoard {
    fn new(boot_id: u32, image: Vec<u8>) -> Self {
        let (books, image) = (Arc::default(), Arc::new(image));
        Self {
            model: Model::new(boot_id, Arc::clone(&books), Arc::clone(&image)),
            books,
            image,
        }
    }
}

impl End for RustBoard {
    fn step(&mut self, now: u64, bytes: &[u8], free: bool) -> Step {
        let frame = self.model.step(now, bytes, free);
        Step {
            frame,
            wake: self.model.wake(),
            done: true,
        }
    }

    fn restart(&mut self, boot_id: u32) {
        self.model = Model::new(boot_id, Arc::clone(&self.books), Arc::clone(&self.image));
    }
}

const QUESTIONS: u32 = 20;
const VERDICTS: u32 = 60;

/// The host's end of the link. What it has to ask survives its restarts, as if on disk.
struct RustHost {
    link: Box<HostLink>,
    /// Asked and not answered.
    open: Vec<(RequestId, Message)>,
    /// Of these, those that have to be asked again in the new session.
    again: Vec<(RequestId, Message)>,
    questions: u32,
    verdicts: u32,
    capture_id: u32,
    phases: Vec<u8>,
    received: Vec<u8>,
    image: Option<Vec<u8>>,
    delivered: bool,
    in_session: bool,
}

impl RustHost {
    fn new(boot_id: u32) -> Self {
        Self {
            link: host_link(boot_id),
            open: Vec::new(),
            again: Vec::new(),
            questions: 0,
            verdicts: 0,
            capture_id: 0,
            phases: Vec::new(),
            received: Vec::new(),
            image: None,
            delivered: false,
            in_session: false,
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Up { resumed: false, .. } => {
                self.in_session = true;
                self.again = self.open.clone();
                self.capture_id += 1;
                (self.delivered, self.phases) = (false, Vec::new());
                if self.image.is_none() {
                    let capture = Capture {
                        capture_id: self.capture_id,
                        finger: FingerPosition::LeftThumb,
                        purpose: CapturePurpose::Activate,
                        attempt: 1,
                        attempts: 4,
                        timeout_ms: 5000,
                        impressions: 1,
                    };
                    self.open
                        .retain(|(_, message)| !matches!(message, Message::Capture(_)));
                    self.again = self.open.clone();
                    self.ask(0, capture.into());
                }
            }
            Event::Reply { id, message } => {
                let at = self.open.iter().position(|(open, _)| *open == id);
                if let Some((_, asked)) = at.map(|at| self.open.remove(at)) {
                    let status = matches!(asked, Message::StatusRequest(_));
                    let right = if status {
                        matches!(message, Message::Status(_))
                    } else {
                        matches!(message, Message::Accepted(_))
                    };
                    assert!(right, "{asked:?}: {message:?}");
                }
            }
            Event::RequestFailed { reason, .. } => assert_eq!(reason, RequestFailure::PeerRestarted),
            Event::BulkBegin { object, .. } => {
                assert_eq!(object.id, self.capture_id);
                self.received.clear();
            }
            Event::BulkEnd { outcome, .. } => {
                self.delivered = outcome == BulkOutcome::Delivered;
                assert!(
                    self.delivered || outcome == BulkOutcome::PeerRestarted,
                    "{outcome:?}"
                );
            }
            Event::Notification(Message::CaptureProgress(progress)) => {
                assert_eq!(progress.capture_id, self.capture_id);
                self.phases.push(progress.phase.code());
            }
            Event::Notification(Message::Captured(captured)) => {
                assert_eq!(captured.capture_id, self.capture_id);
                assert!(self.delivered, "announced before it came");
                assert_eq!(self.phases, [0, 1, 2, 3]);
                self.image = Some(self.received.clone());
            }
            Event::Notification(other) => panic!("{other:?}"),
            _ => {}
        }
    }

    fn ask(&mut self, now: u64, message: Message) -> bool {
        match self.link.request(now, &message) {
            Ok(id) => self.open.push((id, message)),
            Err(_) => return false,
        }
        true
    }

    fn go_on(&mut self, now: u64) {
        while let Some((id, message)) = self.again.pop() {
            if self.link.request_again(now, id, &message).is_err() {
                self.again.push((id, message));
                return;
            }
        }
        while self.questions < QUESTIONS && self.ask(now, StatusRequest {}.into()) {
            self.questions += 1;
        }
        while self.verdicts < VERDICTS {
            let verdict = ShowVerdict {
                capture_id: self.verdicts,
                verdict: CaptureVerdict::NoMatch,
            };
            if self.link.notify(now, &verdict.into()).is_err() {
                break;
            }
            self.verdicts += 1;
        }
    }
}

fn host_link(boot_id: u32) -> Box<HostLink> {
    Box::new(HostLink::new(Config::new(
        Role::Host,
        boot_id,
        Firmware::default(),
    )))
}

impl End for RustHost {
    fn step(&mut self, now: u64, bytes: &[u8], free: bool) -> Step {
        self.link.handle_bytes(now, bytes);
        self.link.handle_timeout(now);
        let mut chunk = [0; 4096];
        loop {
            let event = self.link.poll_event();
            let nothing = event.is_none();
            if let Some(event) = event {
                self.handle(event);
            }
            let count = self.link.bulk_read(&mut chunk);
            self.received.extend_from_slice(&chunk[..count]);
            if nothing && count == 0 {
                break;
            }
        }
        if self.in_session && self.link.is_up() {
            self.go_on(now);
        }
        let mut frame = vec![0; HostLink::MAX_WIRE_FRAME];
        let count = if free {
            self.link.poll_transmit(now, &mut frame)
        } else {
            0
        };
        frame.truncate(count);
        let all = self.image.is_some()
            && self.open.is_empty()
            && self.questions == QUESTIONS
            && self.verdicts == VERDICTS;
        Step {
            frame,
            wake: self.link.poll_timeout().unwrap_or(u64::MAX),
            done: all && self.link.is_idle(),
        }
    }

    fn restart(&mut self, boot_id: u32) {
        self.link = host_link(boot_id);
        self.in_session = false;
    }
}

fn once<T: Eq + std::hash::Hash + std::fmt::Debug>(things: impl IntoIterator<Item = T>) {
    let mut times: HashMap<T, u32> = HashMap::new();
    for thing in things {
        *times.entry(thing).or_default() += 1;
    }
    let twice: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

fn in_order(numbers: &[u32], seed: u64) {
    let gaps = numbers.windows(2).filter(|pair| pair[1] != pair[0] + 1).count();
    assert_eq!(gaps, 0, "seed {seed}: {numbers:?}");
}

fn python_board(troubles: Troubles, seed: u64) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image");
    std::fs::write(&path, image(seed as u32)).unwrap();
    let mut host = RustHost::new(0x4000_0000 | seed as u32);
    let mut board = Python::start(
        "board",
        0x5000_0000 | seed as u32,
        &[
            "--image",
            path.to_str().unwrap(),
            "--finger-ms",
            "5",
            "--version",
            &version(seed),
        ],
    );
    let took = run(&mut [&mut host, &mut board], troubles, seed, 120 * SECOND);
    assert!(host.image.unwrap() == image(seed as u32), "seed {seed}");
    let numbers = |event: &serde_json::Value, name: &str| event[name].as_u64().unwrap();
    for peer in &mut board.peers {
        peer.end();
        once(
            peer.events("carried out")
                .iter()
                .map(|event| (numbers(event, "origin"), numbers(event, "number"))),
        );
        // What was said before a restart of the host may be lost with it, but nothing comes twice or out of order.
        let verdicts: Vec<u32> = peer
            .events("verdict")
            .iter()
            .map(|event| numbers(event, "capture_id") as u32)
            .collect();
        once(&verdicts);
        assert!(verdicts.is_sorted(), "seed {seed}: {verdicts:?}");
        if troubles.restarts == 0 {
            in_order(&verdicts, seed);
            assert_eq!(verdicts.len(), VERDICTS as usize);
        }
    }
    took
}

fn python_host(troubles: Troubles, seed: u64) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let (path, journal) = (folder.path().join("image"), folder.path().join("journal"));
    let arguments = [
        ["--image", path.to_str().unwrap()],
        ["--journal", journal.to_str().unwrap()],
        ["--status", "20"],
        ["--verdicts", "60"],
        ["--version", &version(seed)],
    ];
    let mut host = Python::start("host", 0x6000_0000 | seed as u32, arguments.as_flattened());
    let mut board = RustBoard::new(0x7000_0000 | seed as u32, image(seed as u32));
    let took = run(&mut [&mut host, &mut board], troubles, seed, 120 * SECOND);
    assert!(std::fs::read(&path).unwrap() == image(seed as u32), "seed {seed}");
    let books = board.books.lock().unwrap();
    once(books.carried_out.iter().map(|(boot, id, _)| (boot, id)));
    let mut sessions: HashMap<(u32, u32), Vec<u32>> = HashMap::new();
    for (session, number) in &books.verdicts {
        sessions.entry(*session).or_default().push(*number);
    }
    for numbers in sessions.values() {
        in_order(numbers, seed);
    }
    if troubles.restarts == 0 {
        assert_eq!(books.verdicts.len(), 60);
    }
    took
}

/// Bad lines of each kind, and what is in [`broken`].
fn kinds() -> Vec<Troubles> {
    let in_order = |faults: &Faults| faults.twice == 0.0;
    let noise = Faults::kinds().into_iter().filter(in_order).map(Troubles::noise);
    noise.chain(broken()).collect()
}

/// A line with bit errors, cut ones, and ends that are started anew.
fn broken() -> Vec<Troubles> {
    let clean = Troubles::noise(Faults::default());
    let slight = Faults::bit_errors(1e-5);
    let bad = Faults::bit_errors(1e-4);
    vec![
        Troubles::noise(bad),
        Troubles { cuts: 2, ..clean },
        Troubles { restarts: 1, ..clean },
        Troubles {
            faults: slight,
            cuts: 1,
            restarts: 2,
        },
        Troubles {
            faults: bad,
            cuts: 2,
            restarts: 2,
        },
    ]
}

/// `SEEDS=40 cargo test -p hil-tests --test stranger sweep` tries more of them, and worse lines.
fn sweep(run: impl Fn(Troubles, u64) -> u64) {
    let seeds = std::env::var("SEEDS")
        .ok()
        .map(|seeds| seeds.parse::<u64>().unwrap());
    let kinds = if seeds.is_some() { kinds() } else { broken() };
    for (kind, troubles) in kinds.into_iter().enumerate() {
        let seeds = (0..seeds.unwrap_or(1)).map(|seed| 1001 * kind as u64 + seed);
        let took = seeds.map(|seed| run(troubles, seed) / 1000);
        println!("{troubles:?}: {:?} ms", took.collect::<Vec<u64>>());
    }
}

/// The newest version that the peer speaks: with every other seed it is an old one.
fn version(seed: u64) -> String {
    let newest = if seed.is_multiple_of(2) {
        protocol::version::CURRENT
    } else {
        protocol::version::MIN
    };
    newest.to_string()
}

#[test]
fn sweep_of_the_host_with_a_board_in_python() {
    sweep(python_board);
}

#[test]
fn sweep_of_the_board_with_a_host_in_python() {
    sweep(python_host);
}

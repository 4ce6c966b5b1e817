//! One link against a hostile peer on the wire and a careless owner.
//!
//! The peer knows the boot ids and sends intact frames of any kind, mostly nearly right, and garbage; the owner calls
//! anything at any time, and does not always look or send. The link must not panic, loop or babble, and must keep its
//! word: [`book`] has what it owes its owner, [`wire`] what it owes the peer.

mod book;
mod peer;
mod wire;

use protocol::frame::{MAX_WIRE_FRAME, Received};
use protocol::link::{Config, Link, LogTaken, Object, Role};
use protocol::message::{
    Accepted, CancelCapture, CapturePhase, CaptureProgress, CaptureVerdict, Firmware, ObjectKind, Refusal,
    ShowVerdict, StatusRequest, TicketDenial, TicketDenied,
};
use protocol::{Message, RequestId};

use super::pattern;
use super::program::Program;
use book::Book;
use wire::Wire;

/// The boot id of the link that is tried.
const OWN_BOOT: u32 = 0x5151_5151;

/// Runs the target.
pub fn run(input: &[u8]) {
    let mut program = Program::new(input);
    match program.below(4) {
        // The sizes that ship,
        0 => Trial::<1024, 4, 4096, 0>::new(Role::Capture).run(&mut program),
        1 => Trial::<8192, 16, 65536, 65536>::new(Role::Host).run(&mut program),
        // and small ones, whose buffers fill and wrap.
        2 => Trial::<530, 1, 100, 90>::new(Role::Kiosk).run(&mut program),
        _ => Trial::<600, 32, 300, 1500>::new(Role::Host).run(&mut program),
    }
}

/// A link, its owner, and its peer.
struct Trial<const Q: usize, const S: usize, const O: usize, const I: usize> {
    now: u64,
    link: Box<Link<Q, S, O, I>>,
    book: Book,
    wire: Wire,
    /// Whether the owner looks at events, and whether the line takes what the link has to say.
    attentive: bool,
    sending: bool,
    /// Bytes of the owner's log that wait.
    log: usize,
    /// Frames that the peer can say again.
    said: Vec<Vec<u8>>,
}

impl<const Q: usize, const S: usize, const O: usize, const I: usize> Trial<Q, S, O, I> {
    fn new(role: Role) -> Self {
        let firmware = Firmware {
            major: 1,
            minor: 2,
            patch: 3,
            build: 4,
        };
        Self {
            now: 1_000_000,
            link: Box::new(Link::new(Config::new(role, OWN_BOOT, firmware))),
            book: Book::default(),
            wire: Wire::new(role, S, I),
            attentive: true,
            sending: true,
            log: 0,
            said: Vec::new(),
        }
    }

    fn run(mut self, program: &mut Program<'_>) {
        self.settle();
        while !program.is_over() {
            match program.below(24) {
                0..=12 => self.peer_says(program),
                13 => {
                    let noise = program.bytes(40);
                    self.feed(noise);
                }
                14 | 15 => self.now += 1 << program.below(25),
                16 => self.disconnect(),
                17 => self.attentive = program.flag(),
                18 => self.sending = program.flag(),
                _ => self.owner(program),
            }
            self.settle();
        }
        self.attentive = true;
        self.sending = true;
        self.settle();
    }

    fn peer_says(&mut self, program: &mut Program<'_>) {
        let frame = if program.below(16) == 15 && !self.said.is_empty() {
            self.said[usize::from(program.byte()) % self.said.len()].clone()
        } else {
            peer::frame(program, &mut self.wire)
        };
        if self.said.len() < 16 {
            self.said.push(frame.clone());
        }
        // What happens, the owner logs.
        self.log = (self.log + frame.len() % 50).min(400);
        // In two pieces at times.
        let cut = usize::from(program.byte()) % frame.len();
        self.feed(&frame[..cut]);
        self.feed(&frame[cut..]);
    }

    /// Gives bytes to the link, and notes what they are to mean to it.
    fn feed(&mut self, bytes: &[u8]) {
        // Up to the end of each frame, so that what each leads to can be told.
        for piece in bytes.split_inclusive(|byte| *byte == 0) {
            let received = self.wire.heard.push(piece);
            let restarts = self.link.counters().peer_restarts;
            self.link.handle_bytes(self.now, piece);
            if self.link.counters().peer_restarts != restarts {
                self.wire.fresh = true;
                self.book.peer_restarted();
            }
            if self.wire.fresh && self.link.is_up() {
                let boot = self.link.peer().expect("there is a peer while it is up").boot_id;
                self.wire.session_begins(boot);
                self.book.session_begins();
            }
            if received == Some(Received::Frame) {
                let frame = self.wire.heard.frame().to_vec();
                self.book.fed(self.wire.tag, &frame, I > 0);
                self.wire.fed(&frame);
            }
        }
    }

    fn disconnect(&mut self) {
        self.link.handle_disconnect(self.now);
        self.wire.heard.reset();
        assert!(!self.link.is_up());
    }

    /// Does what an owner does after every input, if it does it.
    fn settle(&mut self) {
        self.link.handle_timeout(self.now);
        if self.sending {
            let mut out = [0; MAX_WIRE_FRAME];
            let mut frames = 0;
            loop {
                let len = self.link.poll_transmit_with_log(self.now, &mut out, |place| {
                    let len = self.log.min(place.len());
                    for (byte, at) in place[..len].iter_mut().zip(self.wire.logged..) {
                        *byte = wire::log_byte(at);
                    }
                    self.log -= len;
                    LogTaken { lost: 0, len }
                });
                if len == 0 {
                    break;
                }
                frames += 1;
                // Queue and pieces under way, and a few of the session's own.
                assert!(frames <= 64 + O / 32, "{frames} frames at once");
                self.wire.sent(&out[..len], &mut self.book);
            }
            if let Some(at) = self.link.poll_timeout() {
                assert!(
                    at > self.now,
                    "a time-out that lies in the past after all is said"
                );
            }
        }
        if self.attentive {
            let mut events = 0;
            while let Some(event) = self.link.poll_event() {
                events += 1;
                assert!(events <= 2 * S + 16, "{events} events at once");
                self.book.event(event);
            }
            self.book.all_told(self.link.is_up());
        }
        assert_eq!(self.link.is_up(), self.link.peer().is_some());
        self.wire.counted(self.link.counters());
    }

    fn owner(&mut self, program: &mut Program<'_>) {
        match program.below(12) {
            0 | 1 => {
                let message = told(program);
                let result = self.link.notify(self.now, &message);
                self.book.notified(&message, result.is_ok());
            }
            2 => {
                let message = asked(program);
                if let Ok(id) = self.link.request(self.now, &message) {
                    self.book.asked(id);
                }
            }
            3 => {
                let id = RequestId {
                    origin: OWN_BOOT - 1,
                    number: program.below(4).into(),
                };
                if self.link.request_again(self.now, id, &asked(program)).is_ok() {
                    self.book.asked(id);
                }
            }
            4 => {
                if let Some(id) = self.book.some_asked(program.byte()) {
                    self.link.forget(id);
                    self.book.forgotten(id);
                }
            }
            5 => {
                let (id, waits) = self.book.to_answer(program.byte());
                let result = self.link.reply(self.now, id, &answer(program));
                self.book.answered(id, waits, result);
            }
            6 => {
                let (id, waits) = self.book.to_answer(program.byte());
                let result = self.link.refuse(self.now, id, Refusal::NotPossible);
                self.book.answered(id, waits, result);
            }
            7 => {
                let object = Object {
                    kind: ObjectKind::Image,
                    id: program.byte().into(),
                    length: program.one_of(&[
                        0,
                        1,
                        90,
                        1000,
                        5000,
                        100_000,
                        (1 << 24) - 1,
                        1 << 24,
                        u32::MAX,
                    ]),
                };
                if let Ok(transfer) = self.link.bulk_begin(self.now, object) {
                    assert!(object.length < 1 << 24);
                    self.book.sends(transfer, object);
                    self.wire.limit_told = 0;
                }
            }
            8 => self.write(usize::from(program.word() % 6000)),
            9 => self.link.bulk_cancel(),
            10 => self.read(usize::from(program.word() % 6000)),
            _ => self.link.bulk_reject(),
        }
    }

    fn write(&mut self, count: usize) {
        let room = self.link.bulk_room();
        let (seed, offset) = self.book.next_to_write();
        let taken = self.link.bulk_write(&pattern::bytes(seed, offset, count));
        assert_eq!(taken, room.min(count), "as much as was promised");
        assert_eq!(self.link.bulk_room(), room - taken);
        self.book.wrote(taken);
    }

    fn read(&mut self, count: usize) {
        let mut out = vec![0; count];
        let count = self.link.bulk_read(&mut out);
        self.book.read(&out[..count]);
    }
}

fn told(program: &mut Program<'_>) -> Message {
    let capture_id = program.byte().into();
    if program.flag() {
        let phase = program.one_of(&[CapturePhase::Lift, CapturePhase::Reading]);
        return CaptureProgress {
            capture_id,
            phase,
            impression: 1,
            quality: protocol::message::FingerQuality::Unknown,
        }
        .into();
    }
    let verdict = CaptureVerdict::Match;
    ShowVerdict { capture_id, verdict }.into()
}

fn asked(program: &mut Program<'_>) -> Message {
    match program.below(4) {
        0 => StatusRequest {}.into(),
        1 => {
            let capture_id = program.byte().into();
            CancelCapture { capture_id }.into()
        }
        // Not a request.
        2 => Accepted {}.into(),
        _ => longest(program.below(5)),
    }
}

/// The longest request there is, with so many services.
fn longest(services: u8) -> Message {
    let text = |len: u8| [vec![len], vec![b'x'; len.into()]].concat();
    let service = [vec![52, 1, b'A'], text(24), text(24)].concat();
    let body = [text(32), vec![1, services], service.repeat(usize::from(services))].concat();
    Message::parse(0x0101, &body).expect("a configuration")
}

fn answer(program: &mut Program<'_>) -> Message {
    match program.below(3) {
        0 => Accepted {}.into(),
        1 => {
            let press = program.byte().into();
            let reason = TicketDenial::Full;
            TicketDenied { press, reason }.into()
        }
        // Not a reply.
        _ => StatusRequest {}.into(),
    }
}

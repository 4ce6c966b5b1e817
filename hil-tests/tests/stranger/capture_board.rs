//! A capture board that is nothing but the boards' end of the link, and keeps books of what it was asked and told.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hil_tests::device::background::Background;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;
use protocol::link::{BulkOutcome, Object};
use protocol::message::{
    Accepted, CapturePhase, CaptureProgress, CaptureRefusal, CaptureRefused, Captured, Firmware, ObjectKind,
    Status,
};
use protocol::{BoardLink, Config, Event, Message, RequestId, Role};

/// What the board has been asked and told since it was switched on for the first time.
#[derive(Debug, Default)]
pub(crate) struct Books {
    /// Every request that was carried out, with the boot that did it.
    pub(crate) carried_out: Vec<(u32, RequestId, &'static str)>,
    /// The numbers of the verdicts, each with the boots of the board and of the host.
    pub(crate) verdicts: Vec<((u32, u32), u32)>,
    /// Images that the host has.
    pub(crate) delivered: u32,
}

/// A board that is switched on; dropped, it is switched off.
pub(crate) struct CaptureBoard {
    books: Arc<Mutex<Books>>,
    running: Option<Background>,
    port: std::path::PathBuf,
    image: Arc<Vec<u8>>,
}

impl CaptureBoard {
    pub(crate) fn switch_on(port: &Path, boot_id: u32, image: Vec<u8>) -> Self {
        let mut board = Self {
            books: Arc::default(),
            running: None,
            port: port.to_owned(),
            image: Arc::new(image),
        };
        board.restart(boot_id);
        board
    }

    pub(crate) fn restart(&mut self, boot_id: u32) {
        drop(self.running.take());
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags((OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits())
            .open(&self.port)
            .unwrap();
        let running = Running {
            model: Model::new(boot_id, Arc::clone(&self.books), Arc::clone(&self.image)),
            port: file,
            started: Instant::now(),
            unsent: Vec::new(),
            line_free: 0,
        };
        self.running = Some(Background::spawn("board", move |stop| running.run(stop)).unwrap());
    }

    pub(crate) fn books(&self) -> std::sync::MutexGuard<'_, Books> {
        self.books.lock().unwrap()
    }

    /// Waits until the books say so.
    pub(crate) fn wait_until(&self, patience: Duration, condition: impl Fn(&Books) -> bool) {
        let deadline = Instant::now() + patience;
        while !condition(&self.books()) {
            assert!(Instant::now() < deadline, "{:?}", self.books());
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

struct Running {
    model: Model,
    port: File,
    started: Instant,
    /// Bytes of a frame that the port has not taken yet.
    unsent: Vec<u8>,
    /// When the last frame has left the line.
    line_free: u64,
}

/// What a byte takes at 921,600 baud, in nanoseconds.
pub(crate) const BYTE_NS: u64 = 10_851;

impl Running {
    fn run(mut self, stop: &AtomicBool) {
        let mut buffer = [0; BoardLink::MAX_WIRE_FRAME];
        while !stop.load(Ordering::Relaxed) {
            let now = self.now();
            let count = self.port.read(&mut buffer).unwrap_or(0);
            let free = self.unsent.is_empty() && now >= self.line_free;
            let frame = self.model.step(now, &buffer[..count], free);
            if !frame.is_empty() {
                self.line_free =
                    self.line_free.max(now.saturating_sub(1000)) + frame.len() as u64 * BYTE_NS / 1000;
                self.unsent.extend_from_slice(&frame);
            }
            self.flush();
            self.wait(!frame.is_empty());
        }
    }

    fn now(&self) -> u64 {
        self.started.elapsed().as_micros() as u64
    }

    fn flush(&mut self) {
        if let Ok(count) = self.port.write(&self.unsent) {
            self.unsent.drain(..count);
        }
    }

    /// Waits for bytes, for the line to be free, or for the link's time-out. `more` if there may be more to send.
    fn wait(&self, more: bool) {
        let mut flags = PollFlags::POLLIN;
        flags.set(PollFlags::POLLOUT, !self.unsent.is_empty());
        let wake = if more || self.now() < self.line_free {
            self.line_free
        } else {
            self.model.wake()
        };
        let limit = Duration::from_micros(wake.saturating_sub(self.now()).min(20_000));
        let mut ends = [PollFd::new(self.port.as_fd(), flags)];
        let _ = ppoll(&mut ends, Some(TimeSpec::from_duration(limit)), None);
    }
}

/// What the board does, without its port and clock.
pub(crate) struct Model {
    link: Box<BoardLink>,
    books: Arc<Mutex<Books>>,
    image: Arc<Vec<u8>>,
    capturing: u32,
    sending: bool,
    /// Bytes of the image that the link has.
    sent: usize,
}

impl Model {
    pub(crate) fn new(boot_id: u32, books: Arc<Mutex<Books>>, image: Arc<Vec<u8>>) -> Self {
        Self {
            link: Box::new(BoardLink::new(Config::new(
                Role::Capture,
                boot_id,
                Firmware::default(),
            ))),
            books,
            sent: image.len(),
            image,
            capturing: 0,
            sending: false,
        }
    }

    /// Takes bytes; returns a frame if the line is free for one and there is one.
    pub(crate) fn step(&mut self, now: u64, bytes: &[u8], free: bool) -> Vec<u8> {
        self.link.handle_bytes(now, bytes);
        self.link.handle_timeout(now);
        while let Some(event) = self.link.poll_event() {
            self.handle(now, event);
        }
        self.sent += self.link.bulk_write(&self.image[self.sent..]);
        let mut frame = vec![0; BoardLink::MAX_WIRE_FRAME];
        let count = if free {
            self.link.poll_transmit(now, &mut frame)
        } else {
            0
        };
        frame.truncate(count);
        frame
    }

    /// When the next step is due at the latest.
    pub(crate) fn wake(&self) -> u64 {
        self.link.poll_timeout().unwrap_or(u64::MAX)
    }

    fn handle(&mut self, now: u64, event: Event) {
        let boot = self.link.boot_id();
        match event {
            Event::Request { id, message } => {
                self.books
                    .lock()
                    .unwrap()
                    .carried_out
                    .push((boot, id, message.name()));
                self.answer(now, id, &message);
            }
            Event::Notification(Message::ShowVerdict(verdict)) => {
                let host = self.link.peer().map_or(0, |peer| peer.boot_id);
                let mut books = self.books.lock().unwrap();
                books.verdicts.push(((boot, host), verdict.capture_id));
            }
            Event::BulkSent {
                outcome: BulkOutcome::Delivered,
                ..
            } => {
                self.sending = false;
                self.books.lock().unwrap().delivered += 1;
                self.progress(now, CapturePhase::Lift);
                let captured = Captured {
                    capture_id: self.capturing,
                    width: 256,
                    height: 288,
                    bits_per_pixel: 4,
                    impression: 1,
                    quality: protocol::message::FingerQuality::Unknown,
                };
                self.link.notify(now, &captured.into()).unwrap();
            }
            Event::BulkSent { .. } => (self.sending, self.sent) = (false, self.image.len()),
            _ => {}
        }
    }

    fn answer(&mut self, now: u64, id: RequestId, message: &Message) {
        let answer = match message {
            Message::StatusRequest(_) => Status {
                uptime_ms: now / 1000,
                uart_overruns: 0,
                firmware: Firmware::default(),
                link: *self.link.counters(),
            }
            .into(),
            Message::Capture(capture) if self.sending => CaptureRefused {
                capture_id: capture.capture_id,
                reason: CaptureRefusal::Busy,
            }
            .into(),
            _ => Accepted {}.into(),
        };
        self.link.reply(now, id, &answer).unwrap();
        if let Message::Capture(capture) = message
            && !self.sending
        {
            self.sending = true;
            self.capturing = capture.capture_id;
            self.progress(now, CapturePhase::Reading);
            let object = Object {
                kind: ObjectKind::Image,
                id: capture.capture_id,
                length: self.image.len() as u32,
            };
            self.link.bulk_begin(now, object).unwrap();
            self.sent = 0;
        }
    }

    fn progress(&mut self, now: u64, phase: CapturePhase) {
        let progress = CaptureProgress {
            capture_id: self.capturing,
            phase,
            impression: 1,
            quality: protocol::message::FingerQuality::Unknown,
        };
        self.link.notify(now, &progress.into()).unwrap();
    }
}

//! A board's link, driven as the firmware drives it, with each call measured.

use core::hint::black_box;

use kiosk_fw::board::lm3s6965::measure::Meter;
use kiosk_fw::link_port::{self, FIRMWARE};
use protocol::BoardLink;
use protocol::link::{Event, Object, Role};
use protocol::message::{Accepted, CapturePhase, CaptureProgress, Message, ObjectKind, Status};

/// Boot id of the board.
pub(crate) const BOARD: u32 = 0x1234_5678;

/// 921,600 baud, 10 bits a byte.
const NANOSECONDS_PER_BYTE: u64 = 10_851;

/// What one kind of call took.
#[derive(Clone, Copy, Default)]
pub(crate) struct Gauge {
    /// All together.
    pub(crate) sum: u64,
    /// The one that took most.
    pub(crate) worst: u32,
}

impl Gauge {
    fn add(&mut self, amount: u32) {
        self.sum += u64::from(amount);
        self.worst = self.worst.max(amount);
    }
}

/// What a stream cost.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cost {
    /// Bytes received and sent.
    pub(crate) received: u32,
    pub(crate) sent: u32,
    pub(crate) handle: Gauge,
    /// `poll_event` until there is none, with the owner's answers.
    pub(crate) events: Gauge,
    /// `poll_transmit` that brought a frame.
    pub(crate) transmit: Gauge,
    /// `poll_transmit` that did not, and `poll_timeout`.
    pub(crate) idle: Gauge,
}

impl Cost {
    pub(crate) fn total(&self) -> u64 {
        self.handle.sum + self.events.sum + self.transmit.sum + self.idle.sum
    }
}

/// What the board's owner does with requests.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    Answers,
    /// It works on them for ever.
    KeepsThem,
}

/// The link, its clock and its line.
pub(crate) struct Drive<'a> {
    pub(crate) link: &'a mut BoardLink,
    pub(crate) cost: Cost,
    pub(crate) owner: Owner,
    meter: &'a dyn Meter,
    nanoseconds: u64,
    /// Bytes that the line has had time to take since it got the last frame; below 0 while that is on its way.
    line: i32,
    frame: [u8; BoardLink::MAX_WIRE_FRAME],
}

impl<'a> Drive<'a> {
    /// A board that was just switched on.
    pub(crate) fn new(meter: &'a dyn Meter, link: &'a mut BoardLink) -> Self {
        *link = link_port::link(Role::Capture, BOARD);
        Self {
            link,
            cost: Cost::default(),
            owner: Owner::Answers,
            meter,
            nanoseconds: 0,
            line: 0,
            frame: [0; BoardLink::MAX_WIRE_FRAME],
        }
    }

    /// Microseconds since the start.
    pub(crate) fn now(&self) -> u64 {
        self.nanoseconds / 1_000
    }

    /// Lets time pass in which nothing comes.
    pub(crate) fn wait(&mut self, microseconds: u64) {
        self.nanoseconds += microseconds * 1_000;
        self.line = 0;
    }

    /// Gives the link bytes and does everything that follows, as far as the line takes frames meanwhile: it takes as many bytes
    /// as come. Each frame goes to `peer`.
    // Not inlined, so that the link is in this program once, as in the firmware.
    #[inline(never)]
    pub(crate) fn turn(&mut self, bytes: &[u8], peer: &mut dyn FnMut(&[u8])) {
        self.nanoseconds += bytes.len() as u64 * NANOSECONDS_PER_BYTE;
        self.line += bytes.len() as i32;
        self.cost.received += bytes.len() as u32;
        let now = self.now();
        let (link, owner, meter) = (&mut *self.link, self.owner, self.meter);
        let handle = meter.measure(&mut || link.handle_bytes(now, black_box(bytes)));
        self.cost.handle.add(handle);
        let events = meter.measure(&mut || {
            while let Some(event) = link.poll_event() {
                own(link, owner, now, event);
            }
        });
        self.cost.events.add(events);
        loop {
            let mut len = 0;
            if self.line >= 0 {
                let frame = &mut self.frame;
                let transmit = meter.measure(&mut || len = link.poll_transmit(now, black_box(frame)));
                if len == 0 {
                    self.cost.idle.add(transmit);
                } else {
                    self.cost.transmit.add(transmit);
                }
            }
            if len == 0 {
                break;
            }
            self.line -= len as i32;
            self.cost.sent += len as u32;
            peer(&self.frame[..len]);
        }
        // A line that has nothing to take does not save its time up.
        self.line = self.line.min(0);
        let idle = meter.measure(&mut || {
            black_box(link.poll_timeout());
        });
        self.cost.idle.add(idle);
    }

    /// The owner has as much to say as the link takes.
    pub(crate) fn fill(&mut self) {
        let now = self.now();
        let progress = Message::from(CaptureProgress {
            capture_id: 1,
            phase: CapturePhase::Reading,
            impression: 1,
            quality: protocol::message::FingerQuality::Unknown,
        });
        while self.link.notify(now, &progress).is_ok() {}
        let object = Object {
            kind: ObjectKind::Image,
            id: 1,
            length: 0x00ff_ffff,
        };
        // It fails while one is under way.
        let _ = self.link.bulk_begin(now, object);
        while self.link.bulk_write(&[0x5a; 64]) > 0 {}
    }
}

fn own(link: &mut BoardLink, owner: Owner, now: u64, event: Event) {
    if let Event::Request { id, message } = event
        && owner == Owner::Answers
    {
        let answer = match black_box(message) {
            Message::StatusRequest(_) => Status {
                uptime_ms: now / 1_000,
                uart_overruns: 0,
                firmware: FIRMWARE,
                link: *link.counters(),
            }
            .into(),
            _ => Accepted {}.into(),
        };
        // It fails only if the host has restarted since and waits no more.
        let _ = link.reply(now, id, &answer);
    }
}

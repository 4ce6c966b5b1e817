//! A board on a desk, and whoever turns its switches.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use kiosk_fw::board::LastEnd;
use kiosk_fw::drivers::ssd0323::Frame;
use kiosk_fw::health::Pulse;
use protocol::message::ResetCause;
use virtual_time::Executor;

use crate::bay::Bay;
use crate::board::Kit;
use crate::card::Card;
use crate::contact::Contact;
use crate::last_end;
use crate::panel::Shown;
use crate::power::Power;
use crate::present::{self, Present, Restart};
use crate::uart::{Buffers, Uart};

/// Speed of the line to the counter's computer, as on the LM3S6965.
const HOST_BAUD: u32 = 921_600;
/// Buffers of that line, as on the LM3S6965.
const HOST_BUFFERS: Buffers = Buffers {
    receive: 4096,
    send: 2048,
};
/// How long the watchdog waits for its food, in µs: longer than [`kiosk_fw::health`] waits for a task.
const WATCHDOG_US: u64 = 6_000_000;
/// How long a board takes from its reset to its first instruction, in µs.
const RESET_US: u64 = 1_000;

/// A button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Towards the top of the screen.
    Up,
    /// Towards the bottom.
    Down,
    /// Back.
    Left,
    /// Forth.
    Right,
    /// The big one.
    Select,
}

/// What is plugged into the device's line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DeviceLine {
    pub(crate) baud: u32,
    pub(crate) buffers: Buffers,
}

/// The program of a board.
type Application = Pin<Box<dyn Future<Output = Infallible>>>;

/// Makes the program for a start from the board's parts.
type Start<S> = Box<dyn Fn(Kit<S>) -> Application>;
/// Makes the way to the durable storage for a start.
type MakeStore<S> = Box<dyn Fn(&Rc<Power>, u32) -> S>;

/// What came out of a board.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// To the counter's computer.
    pub host: Vec<u8>,
    /// To the device.
    pub device: Vec<u8>,
}

/// A board on a desk with the program that runs on it.
///
/// Time is given in microseconds of the world. Whoever drives it goes [`advance`](Self::advance) to each moment at which
/// something happens: [`next`](Self::next) says when the board wants to be looked at.
pub struct Desk<S> {
    start: Start<S>,
    make_store: MakeStore<S>,
    card: Option<Card>,
    bay: Option<Bay>,
    power: Rc<Power>,
    contacts: [Rc<Contact>; 5],
    shown: Rc<Shown>,
    device_line: DeviceLine,
    starts: u32,
    now: u64,
    running: Option<Running>,
}

struct Running {
    since: u64,
    fed_at: u64,
    present: Rc<Present>,
    executor: Executor<dyn Future<Output = Infallible>>,
}

impl<S> fmt::Debug for Desk<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk")
            .field("now", &self.now)
            .field("starts", &self.starts)
            .field("on", &self.running.is_some())
            .finish_non_exhaustive()
    }
}

impl<S: 'static> Desk<S> {
    /// A board without power.
    pub(crate) fn new(
        device_line: DeviceLine,
        card: Option<Card>,
        make_store: impl Fn(&Rc<Power>, u32) -> S + 'static,
        start: impl Fn(Kit<S>) -> Application + 'static,
    ) -> Self {
        Self {
            start: Box::new(start),
            make_store: Box::new(make_store),
            card,
            bay: None,
            power: Rc::default(),
            contacts: Default::default(),
            shown: Rc::default(),
            device_line,
            starts: 0,
            now: 0,
            running: None,
        }
    }

    /// Gives the board a flash, so that its firmware can be changed over the link.
    #[must_use]
    pub fn with_bay(mut self, bay: Bay) -> Self {
        self.bay = Some(bay);
        self
    }

    /// The supply. Power that fails stays away until [`switch_on`](Self::switch_on).
    pub fn power(&self) -> &Power {
        &self.power
    }

    /// Whether the board has power.
    pub fn is_on(&self) -> bool {
        self.running.is_some()
    }

    /// Starts since the beginning.
    pub fn starts(&self) -> u32 {
        self.starts
    }

    /// Gives the board power at `now`. `boot_id` should differ from that of every other start.
    pub fn switch_on(&mut self, now: u64, boot_id: u32) {
        self.switch_off();
        self.power.restore();
        self.boot(now, boot_id, ResetCause::PowerOn, None);
    }

    fn boot(&mut self, now: u64, boot_id: u32, cause: ResetCause, last_end: Option<LastEnd>) {
        self.now = self.now.max(now);
        self.starts += 1;
        let for_its_sake = self.bay.as_ref().and_then(Bay::start);
        let cause = for_its_sake.unwrap_or(cause);
        let uart = |baud, buffers| Rc::new(Uart::new(Rc::clone(&self.power), baud, buffers));
        let host = uart(HOST_BAUD, HOST_BUFFERS);
        let device = uart(self.device_line.baud, self.device_line.buffers);
        let present = Rc::new(Present {
            host: Rc::clone(&host),
            device: Rc::clone(&device),
            // The tasks of each start give signs of their own. A few bytes a start are left behind.
            pulse: Box::leak(Box::new(Pulse::new())),
            bay: self.bay.clone(),
            last_end: RefCell::new(last_end),
            cause: Cell::new(cause),
            starts: Cell::new(self.starts),
            fed: Cell::new(false),
        });
        let kit = Kit {
            host,
            device,
            contacts: self.contacts.clone(),
            shown: Rc::clone(&self.shown),
            power: Rc::clone(&self.power),
            store: (self.make_store)(&self.power, boot_id),
            boot_id,
        };
        self.running = Some(Running {
            since: self.now,
            fed_at: self.now,
            present,
            executor: Executor::from_box((self.start)(kit)),
        });
    }

    /// Takes the board's power away. All that was under way is gone.
    pub fn switch_off(&mut self) {
        self.power.cut();
        self.lose_power();
    }

    fn lose_power(&mut self) {
        self.stop();
        if let Some(card) = &self.card {
            card.power_off();
        }
    }

    fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            // The program ends on its board.
            let Running {
                present, executor, ..
            } = running;
            present::during(&present, || drop(executor));
        }
        self.contacts.iter().for_each(|contact| contact.power_off());
        self.shown.power_off();
    }

    /// Closes or opens a button's contact.
    pub fn set_key(&mut self, key: Key, closed: bool) {
        self.contacts[key as usize].set(closed);
    }

    /// What people see. Dark without power.
    pub fn frame(&self) -> Frame {
        self.shown.frame()
    }

    /// Pictures shown since the beginning, the dark one of each loss of power included.
    pub fn pictures(&self) -> u64 {
        self.shown.pictures()
    }

    /// The counter's computer sends this.
    pub fn host_says(&mut self, bytes: &[u8]) {
        if let Some(running) = &self.running {
            running.present.host.give(bytes);
        }
    }

    /// The device sends this.
    pub fn device_says(&mut self, bytes: &[u8]) {
        if let Some(running) = &self.running {
            running.present.device.give(bytes);
        }
    }

    /// The device has changed its speed.
    pub fn set_device_baud(&mut self, baud: u32) {
        if let Some(running) = &self.running {
            running.present.device.set_peer_baud(baud);
        }
    }

    /// Bytes in the buffers of the lines, and on their way.
    pub fn held(&self) -> usize {
        self.running.as_ref().map_or(0, |running| {
            running.present.host.held() + running.present.device.held()
        })
    }

    /// When the board wants to be looked at again, in µs of the world. `None` without power.
    pub fn next(&self) -> Option<u64> {
        let running = self.running.as_ref()?;
        if running.executor.is_ready() {
            return Some(self.now);
        }
        let timer = running.executor.next_timer().map(|at| running.since + at);
        let (host, device) = (running.present.host.next(), running.present.device.next());
        [timer, host, device, Some(running.fed_at + WATCHDOG_US)]
            .into_iter()
            .flatten()
            .min()
    }

    /// Lets it be `now` (µs of the world): bytes arrive, the program runs as far as it can, and what has left the board
    /// is returned.
    ///
    /// # Panics
    ///
    /// If the program panics or spins.
    pub fn advance(&mut self, now: u64) -> Said {
        self.now = self.now.max(now);
        let mut said = Said::default();
        let Some(running) = &mut self.running else {
            return said;
        };
        running.executor.advance_to(self.now - running.since);
        let hear = |running: &Running, said: &mut Said| {
            said.host.extend(running.present.host.advance(self.now));
            said.device.extend(running.present.device.advance(self.now));
        };
        hear(running, &mut said);
        let mut turns = 0_u32;
        let mut wanted = None;
        while running.executor.is_ready() && self.power.step() {
            let (present, executor) = (&running.present, &mut running.executor);
            let turn = catch_unwind(AssertUnwindSafe(|| present::during(present, || executor.step())));
            match turn {
                Ok(Poll::Pending) => (),
                Ok(Poll::Ready(never)) => match never {},
                Err(payload) => match payload.downcast::<Restart>() {
                    Ok(restart) => {
                        wanted = Some(restart.0);
                        break;
                    }
                    Err(panic) => resume_unwind(panic),
                },
            }
            turns += 1;
            assert!(turns < 1_000_000, "the program spins at {} us", self.now);
        }
        hear(running, &mut said);
        if running.present.fed.take() {
            running.fed_at = self.now;
        }
        if self.now >= running.fed_at + WATCHDOG_US {
            wanted = Some(ResetCause::Watchdog);
        }
        if self.power.is_off() {
            self.lose_power();
        } else if let Some(why) = wanted {
            self.reset(why);
        }
        said
    }

    /// The board starts anew without having lost its power.
    fn reset(&mut self, why: ResetCause) {
        let Some(running) = &self.running else { return };
        let uptime = self.now - running.since;
        let pulse = running.present.pulse;
        let late = if why == ResetCause::Watchdog {
            pulse.late((uptime / 1_000) as u32)
        } else {
            0
        };
        // What the host was not told yet must not be lost for what comes after it.
        let end = running.present.last_end.take();
        let end = end.unwrap_or_else(|| last_end::of(why, uptime, late));
        // It draws another number, as a board would from its source of chance.
        let boot_id = self.starts.wrapping_mul(0x9E37_79B9) ^ self.now as u32;
        self.stop();
        self.boot(self.now + RESET_US, boot_id, why, Some(end));
    }
}

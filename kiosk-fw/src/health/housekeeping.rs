//! What every board is asked, whatever its application.

use embedded_io_async::{Read, Write};
use protocol::RequestId;
use protocol::link::Event;
use protocol::message::{Accepted, Health, Message, ResetCause, StorageState};

use super::{Pulse, Task, self_test};
use crate::board::{Board, LastEnd, Vitals};
use crate::link_port::{FIRMWARE, LinkPort, now};
use crate::update::{Running, TRUSTED_KEY, Trial, Turn, Update};

/// How long the answer to `Restart` may take to leave the board, in µs.
const FAREWELL_US: u64 = 300_000;

/// When the log is first told how the board is, in µs since start: once a whole minute has shown its load.
const FIRST_REPORT_US: u64 = 61_000_000;
/// How often it is told after that.
const REPORT_EVERY_US: u64 = 3_600_000_000;

/// How the durable storage is: whoever works it says so here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageHealth {
    /// Whether it works.
    pub state: StorageState,
    /// Records written since start.
    pub writes: u32,
    /// Writes and reads that failed since start.
    pub errors: u32,
    /// Records that the host has not taken yet.
    pub waiting: u32,
}

impl Default for StorageHealth {
    fn default() -> Self {
        Self {
            state: StorageState::None,
            writes: 0,
            errors: 0,
            waiting: 0,
        }
    }
}

/// Answers `StatusRequest`, `HealthRequest`, `Restart` and `Update*`, tells `Restarted`, and feeds the watchdog.
///
/// `ROLE` is the code of the application's role: what other roles are told takes no flash then.
pub struct Housekeeping<const ROLE: u8> {
    board: Hooks,
    /// The request that tells the last end, while it is not answered.
    telling: Option<RequestId>,
    /// When the board restarts, and why.
    restart_at: Option<(u64, ResetCause)>,
    /// A new firmware on its way, or on trial.
    update: Update<'static>,
    running: Running,
    /// When the log is told how the board is: first when the main loop has come round once, so that all is drawn and works.
    report_at: Option<u64>,
    /// How the durable storage is.
    pub storage: StorageHealth,
    /// Whether the ticket printer or the sensor has answered since the start.
    pub device_heard: bool,
}

/// A board's own functions, so that housekeeping is the same code for all.
struct Hooks {
    vitals: fn() -> Vitals,
    last_end: fn() -> Option<LastEnd>,
    forget_last_end: fn(),
    pulse: fn() -> &'static Pulse,
    feed_watchdog: fn(),
    restart: fn(ResetCause) -> !,
}

impl<const ROLE: u8> Housekeeping<ROLE> {
    /// The housekeeping of `B`.
    pub fn of<B: Board>() -> Self {
        Self {
            board: Hooks {
                vitals: B::vitals,
                last_end: B::last_end,
                forget_last_end: B::forget_last_end,
                pulse: B::pulse,
                feed_watchdog: B::feed_watchdog,
                restart: B::restart,
            },
            telling: None,
            restart_at: None,
            update: Update::new(B::slot(), TRUSTED_KEY),
            running: Running {
                board: B::NAME,
                role: ROLE,
                firmware: FIRMWARE,
            },
            report_at: None,
            storage: StorageHealth::default(),
            device_heard: false,
        }
    }

    /// The next event of the link that is the application's business. What concerns every board is dealt with here.
    ///
    /// To be called until there is none, in each turn of the main loop: it is also the main loop's sign of life, and feeds the
    /// watchdog while all loops give theirs.
    pub fn poll<R: Read, W: Write>(&mut self, port: &mut LinkPort<'_, R, W>) -> Option<Event> {
        let now_us = now();
        self.keep_alive(now_us);
        self.report(now_us);
        if let Some((at, why)) = self.restart_at
            && now_us >= at
        {
            (self.board.restart)(why);
        }
        if self.update.has_run_out(now_us) {
            crate::log_warn!("nobody has confirmed this firmware");
            (self.board.restart)(ResetCause::RolledBack);
        }
        self.update.take(port);
        while let Some(event) = port.link.poll_event_as::<ROLE>() {
            if let Some(event) = self.keep(port, event) {
                return Some(event);
            }
        }
        None
    }

    fn keep_alive(&self, now_us: u64) {
        let pulse = (self.board.pulse)();
        let now_ms = (now_us / 1_000) as u32;
        pulse.beat_at(Task::Main, now_ms);
        if pulse.late(now_ms) == 0 {
            (self.board.feed_watchdog)();
        }
    }

    /// Tells the log how the board is, now and then.
    fn report(&mut self, now_us: u64) {
        let Some(at) = self.report_at else {
            // The first turn of the main loop is still to come.
            self.report_at = Some(now_us + 1);
            return;
        };
        if now_us < at {
            return;
        }
        if at < FIRST_REPORT_US {
            crate::log_info!("ready after {=u64} us", now_us);
            self.report_at = Some(FIRST_REPORT_US);
            return;
        }
        self.report_at = Some(now_us + REPORT_EVERY_US);
        let vitals = (self.board.vitals)();
        crate::log_info!(
            "health: busy {=u16} permille, longest block {=u32} us, stack free {=u32}, test {=u16:#x}",
            vitals.busy_permille,
            vitals.longest_block_us,
            vitals.stack_free,
            self.self_test(&vitals)
        );
    }

    /// What the board has found of itself, and what its application knows.
    fn self_test(&self, vitals: &Vitals) -> u16 {
        let storage = match self.storage.state {
            StorageState::Missing | StorageState::Foreign | StorageState::Failed => self_test::STORAGE,
            _ => 0,
        };
        let device = if self.device_heard { 0 } else { self_test::DEVICE };
        vitals.self_test | storage | device
    }

    /// Deals with `event`, or gives it back.
    fn keep<R: Read, W: Write>(&mut self, port: &mut LinkPort<'_, R, W>, event: Event) -> Option<Event> {
        match event {
            Event::Up { .. } => {
                self.tell_last_end(port);
                Some(event)
            }
            Event::Request {
                id,
                message: Message::StatusRequest(_),
            } => {
                let vitals = (self.board.vitals)();
                port.reply_status(id, vitals.host.overruns.wrapping_add(vitals.device.overruns));
                None
            }
            Event::Request {
                id,
                message: Message::HealthRequest(_),
            } => {
                port.reply(id, &self.health().into());
                None
            }
            Event::Request {
                id,
                message: Message::Restart(_),
            } => {
                port.reply(id, &Accepted {}.into());
                self.restart_at = Some((now() + FAREWELL_US, ResetCause::Requested));
                None
            }
            Event::Reply { id, message } if self.telling == Some(id) => {
                self.telling = None;
                if matches!(message, Message::Accepted(_)) {
                    (self.board.forget_last_end)();
                    self.settle();
                }
                None
            }
            // It is told again when the link is up the next time.
            Event::RequestFailed { id, .. } if self.telling == Some(id) => {
                self.telling = None;
                None
            }
            other => match self.update.keep(port, self.running, other) {
                Turn::NotMine(event) => Some(event),
                Turn::Done => None,
                Turn::Restart => {
                    self.restart_at = Some((now() + FAREWELL_US, ResetCause::Updated));
                    None
                }
            },
        }
    }

    /// The host knows that a new firmware was not kept.
    fn settle(&mut self) {
        if self.update.trial() == Trial::RolledBack {
            // If the notes cannot be written it is told again after the next start.
            let _ = self.update.confirm();
        }
    }

    // Not inlined: the message is large, and its room on the stack should be free again afterwards.
    #[inline(never)]
    fn tell_last_end<R: Read, W: Write>(&mut self, port: &mut LinkPort<'_, R, W>) {
        if self.telling.is_some() {
            return;
        }
        if let Some(end) = (self.board.last_end)() {
            // A host that is too old to know the message cannot be told. The end is kept: the next host may be newer.
            self.telling = port.link.request(now(), &end.into()).ok();
        }
    }

    fn health(&self) -> Health {
        let vitals = (self.board.vitals)();
        Health {
            uptime_ms: now() / 1_000,
            cause: vitals.cause,
            starts: vitals.starts,
            self_test: self.self_test(&vitals),
            on_trial: self.update.trial() == Trial::OnTrial,
            host_overruns: vitals.host.overruns,
            host_damaged: vitals.host.damaged,
            device_overruns: vitals.device.overruns,
            device_damaged: vitals.device.damaged,
            stack_free: vitals.stack_free,
            longest_block_us: vitals.longest_block_us,
            busy_permille: vitals.busy_permille,
            storage: self.storage.state,
            storage_writes: self.storage.writes,
            storage_errors: self.storage.errors,
            storage_waiting: self.storage.waiting.min(u32::from(u16::MAX)) as u16,
            log_lost: vitals.log_lost,
        }
    }
}

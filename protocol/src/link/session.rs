//! Who is at the other end, and whether it is still there.
//!
//! ```text
//!              +---------+   hello that names my boot id    +----+
//!   start ---> | Seeking | -------------------------------> | Up | <--+ hello of another boot
//!              +---------+                                  +----+ ---+ that names mine: anew
//!                                                             |  ^
//!                                 nothing came for a while    |  | anything of this session came:
//!                                                             v  | goes on where it was
//!                                                          +--------+
//!                                                          | Silent |
//!                                                          +--------+
//! ```
//!
//! A hello names the sender's boot id and the peer's, as the sender knows it. A peer is believed only once it
//! has named this end's boot id: then it is there now, and what it says is not left over from before.

use super::event::{DownReason, Peer, Role};
use super::wire::{ANSWER_WANTED, Hello, LOG_SINCE, MAGIC, MAX_WINDOW, REFUSE_ROLE, REFUSE_VERSION, Refuse};
use super::{Config, Timing};
use crate::frame::{MAX_PAYLOAD, SESSION_MASK, crc32};
use crate::message::Field;
use crate::version;

/// How much faster than the timed hello one may be provoked by strays: not for each of a burst.
const PROBE_DIVISOR: u64 = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No peer yet.
    Seeking,
    /// The peer is there.
    Up,
    /// The peer was there, and has said nothing for a while.
    Silent,
}

/// What a hello leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// Nothing more.
    Nothing,
    /// A peer that was not there before, or has restarted: everything starts anew.
    NewPeer { had_peer: bool },
    /// The peer of before is back.
    Resumed,
    /// The peer has restarted, with the boot id it had before.
    Forgotten,
    /// There can be no session with this peer.
    Impossible(DownReason),
    /// The line leads back to this end.
    OwnEcho,
}

/// State of the session.
#[derive(Debug)]
pub(super) struct Session {
    config: Config,
    /// How many messages this end takes at once.
    window: u16,
    state: State,
    /// Whoever was there last.
    peer: Option<Peer>,
    /// The most payload that the peer takes in a frame.
    peer_max_payload: usize,
    /// How many messages the peer takes before its first acknowledgement.
    peer_window: u16,
    /// Number of the session: the same at both ends.
    tag: u16,
    /// A boot that has said hello, but has not yet named this one.
    candidate: Option<u32>,
    hello_due: bool,
    refuse_due: Option<(u8, u32)>,
    /// A peer there can be no session with, so that it is reported once.
    reported: Option<u32>,
    next_hello_at: u64,
    next_probe_at: u64,
    heard_at: u64,
    sent_at: u64,
}

impl Session {
    /// `window`: how many messages this end takes at once.
    pub(super) fn new(mut config: Config, window: u16) -> Self {
        // 0 means "nobody" on the wire.
        config.boot_id = config.boot_id.max(1);
        Self {
            config,
            window,
            state: State::Seeking,
            peer: None,
            peer_max_payload: MAX_PAYLOAD,
            peer_window: 1,
            tag: 0,
            candidate: None,
            hello_due: true,
            refuse_due: None,
            reported: None,
            next_hello_at: 0,
            next_probe_at: 0,
            heard_at: 0,
            sent_at: 0,
        }
    }

    pub(super) const fn role(&self) -> Role {
        self.config.role
    }

    pub(super) const fn boot_id(&self) -> u32 {
        self.config.boot_id
    }

    pub(super) fn is_up(&self) -> bool {
        self.state == State::Up
    }

    pub(super) const fn peer(&self) -> Option<Peer> {
        self.peer
    }

    /// Whether the peer is the other end of a log, which goes from a board to a host.
    pub(super) fn carries_log(&self) -> bool {
        self.peer.is_some_and(|peer| peer.version >= LOG_SINCE)
    }

    pub(super) fn is_host(&self) -> bool {
        self.config.role == Role::Host
    }

    pub(super) const fn peer_max_payload(&self) -> usize {
        self.peer_max_payload
    }

    pub(super) const fn peer_window(&self) -> u16 {
        self.peer_window
    }

    pub(super) const fn tag(&self) -> u16 {
        self.tag
    }

    /// Whether a frame with this number belongs to the session.
    pub(super) fn is_of_session(&self, tag: u16) -> bool {
        self.state != State::Seeking && self.tag == tag
    }

    const fn timing(&self) -> &Timing {
        &self.config.timing
    }

    /// Takes a hello. `may_start_anew`: whether everything of the session before is with the owner.
    pub(super) fn hello(&mut self, now: u64, hello: &Hello, may_start_anew: bool) -> Heard {
        if hello.magic != MAGIC || hello.boot_id == 0 {
            return Heard::Nothing;
        }
        if hello.boot_id == self.config.boot_id {
            return Heard::OwnEcho;
        }
        let version = match self.agree(hello) {
            Ok(version) => version,
            // A session that there is goes on, whoever else says hello.
            Err(_) if self.is_up() || self.reported.replace(hello.boot_id) == Some(hello.boot_id) => {
                return Heard::Nothing;
            }
            Err(reason) => return Heard::Impossible(reason),
        };
        let known =
            self.state != State::Seeking && self.peer.is_some_and(|peer| peer.boot_id == hello.boot_id);
        let names_me = hello.peer_boot_id == self.config.boot_id;
        let heard = if !names_me {
            // An end that has heard this one names it from then on. One that does not any more has restarted, and
            // has drawn the same boot id again: a fault, but not one to hang on.
            let forgotten = known && hello.peer_boot_id == 0;
            if forgotten && !may_start_anew {
                return Heard::Nothing;
            }
            self.candidate = Some(hello.boot_id);
            if forgotten {
                self.state = State::Seeking;
                self.next_hello_at = now;
                Heard::Forgotten
            } else {
                Heard::Nothing
            }
        } else if known {
            self.candidate = None;
            self.alive(now)
        } else if may_start_anew {
            self.start_anew(now, hello, version)
        } else {
            // The owner has not yet taken what the old session acknowledged. The peer will be asked again.
            self.candidate = Some(hello.boot_id);
            return Heard::Nothing;
        };
        if hello.flags & ANSWER_WANTED != 0 {
            self.hello_due = true;
        }
        heard
    }

    fn start_anew(&mut self, now: u64, hello: &Hello, version: u8) -> Heard {
        let had_peer = self.state != State::Seeking;
        let role = Role::from_code(hello.role);
        self.peer = Some(Peer {
            role,
            boot_id: hello.boot_id,
            firmware: hello.firmware,
            version,
        });
        self.peer_max_payload = usize::from(hello.max_payload).clamp(64, MAX_PAYLOAD);
        self.peer_window = hello.window.clamp(1, MAX_WINDOW);
        let (host, board) = match self.config.role {
            Role::Host => (self.config.boot_id, hello.boot_id),
            _ => (hello.boot_id, self.config.boot_id),
        };
        self.tag = session_tag(host, board);
        self.state = State::Up;
        self.candidate = None;
        self.reported = None;
        self.heard_at = now;
        Heard::NewPeer { had_peer }
    }

    /// The version to use with the sender of the hello, or why there can be no session; then prepares to tell it.
    fn agree(&mut self, hello: &Hello) -> Result<u8, DownReason> {
        let hosts = [self.config.role, Role::from_code(hello.role)]
            .iter()
            .filter(|role| **role == Role::Host)
            .count();
        if hosts != 1 {
            self.refuse_due = Some((REFUSE_ROLE, hello.boot_id));
            return Err(DownReason::WrongRole);
        }
        version::in_common(hello.version_min, hello.version_current).ok_or_else(|| {
            self.refuse_due = Some((REFUSE_VERSION, hello.boot_id));
            DownReason::VersionMismatch {
                peer_min: hello.version_min,
                peer_current: hello.version_current,
            }
        })
    }

    /// The peer says that there can be no session.
    pub(super) fn refused(&mut self, refuse: &Refuse) -> Option<DownReason> {
        // In a session both ends have agreed; a refusal can only be left over from before.
        if refuse.peer_boot_id != self.config.boot_id || self.state != State::Seeking {
            return None;
        }
        if self.reported.replace(refuse.boot_id) == Some(refuse.boot_id) {
            return None;
        }
        Some(match refuse.reason {
            REFUSE_VERSION => DownReason::VersionMismatch {
                peer_min: refuse.version_min,
                peer_current: refuse.version_current,
            },
            _ => DownReason::WrongRole,
        })
    }

    /// An intact frame of this session has come.
    pub(super) fn alive(&mut self, now: u64) -> Heard {
        self.heard_at = now;
        self.candidate = None;
        if self.state == State::Silent {
            self.state = State::Up;
            return Heard::Resumed;
        }
        Heard::Nothing
    }

    /// An intact frame of another session has come: one end knows something that the other does not.
    pub(super) fn stray(&mut self, now: u64) {
        if now >= self.next_probe_at {
            self.next_probe_at = now.saturating_add(self.timing().hello_us / PROBE_DIVISOR);
            self.hello_due = true;
        }
    }

    /// The line was interrupted. Returns whether the peer was there until now.
    pub(super) fn disconnect(&mut self, now: u64) -> bool {
        self.next_hello_at = now;
        let was_up = self.is_up();
        if was_up {
            self.state = State::Silent;
        }
        was_up
    }

    /// Something was put on the wire.
    pub(super) fn sent(&mut self, now: u64) {
        self.sent_at = now;
    }

    /// Lets timers expire. Returns whether the peer has just fallen silent.
    pub(super) fn expire(&mut self, now: u64) -> bool {
        if now >= self.next_hello_at && self.seeks() {
            self.next_hello_at = now.saturating_add(self.timing().hello_us);
            self.hello_due = true;
        }
        if self.is_up() && now >= self.heard_at.saturating_add(self.timing().silence_us) {
            self.state = State::Silent;
            self.next_hello_at = now;
            return true;
        }
        false
    }

    /// Whether a sign of life is due.
    pub(super) fn keep_alive_due(&self, now: u64) -> bool {
        self.is_up() && now >= self.sent_at.saturating_add(self.timing().keep_alive_us)
    }

    /// When something has to be done even if nothing comes.
    pub(super) fn deadline(&self) -> u64 {
        let mut deadline = u64::MAX;
        if self.seeks() {
            deadline = self.next_hello_at;
        }
        if self.is_up() {
            deadline = deadline
                .min(self.heard_at.saturating_add(self.timing().silence_us))
                .min(self.sent_at.saturating_add(self.timing().keep_alive_us));
        }
        deadline
    }

    fn seeks(&self) -> bool {
        !self.is_up() || self.candidate.is_some()
    }

    /// The hello to send now, if one is due.
    pub(super) fn take_hello(&mut self) -> Option<Hello> {
        if !core::mem::take(&mut self.hello_due) {
            return None;
        }
        let known = self
            .peer
            .filter(|_| self.state != State::Seeking)
            .map(|peer| peer.boot_id);
        let settled = self.is_up() && self.candidate.is_none();
        Some(Hello {
            magic: MAGIC,
            version_min: version::MIN,
            version_current: version::CURRENT,
            boot_id: self.config.boot_id,
            peer_boot_id: self.candidate.or(known).unwrap_or(0),
            role: self.config.role.code(),
            flags: if settled { 0 } else { ANSWER_WANTED },
            max_payload: MAX_PAYLOAD as u16,
            capabilities: 0,
            firmware: self.config.firmware,
            window: self.window,
        })
    }

    /// The refusal to send now, if one is due.
    pub(super) fn take_refuse(&mut self) -> Option<Refuse> {
        self.refuse_due.take().map(|(reason, peer_boot_id)| Refuse {
            reason,
            version_min: version::MIN,
            version_current: version::CURRENT,
            boot_id: self.config.boot_id,
            peer_boot_id,
        })
    }
}

/// The number that frames of a session carry: the low bits of the CRC-32 of both boot ids, the host's first.
fn session_tag(host: u32, board: u32) -> u16 {
    let mut ids = [0; 2 * u32::MAX_LEN];
    ids[..4].copy_from_slice(&host.to_le_bytes());
    ids[4..].copy_from_slice(&board.to_le_bytes());
    (crc32(&ids) & u32::from(SESSION_MASK)) as u16
}

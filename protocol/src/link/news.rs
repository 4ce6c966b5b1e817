//! Ups and downs that the owner has not been told yet.

use super::event::DownReason;

/// What is told, in this order: the end of the session before, the beginning of the present one, its messages (which
/// are kept elsewhere), and that nothing flows any more.
///
/// What is over before it was told is not told, as far as that changes nothing: a silence that has ended, or a
/// session without a message.
#[derive(Debug, Default)]
pub(super) struct News {
    restarted: bool,
    /// Whether the session goes on (`true`) or is new.
    up: Option<bool>,
    down: Option<DownReason>,
    /// What the owner was told last.
    owner_is_up: bool,
}

impl News {
    /// A session begins.
    pub(super) fn begins(&mut self) {
        self.down = None;
        self.up = Some(false);
    }

    /// The session is over, because the peer has restarted; all its messages are with the owner.
    pub(super) fn ends(&mut self) {
        self.down = None;
        // An owner that does not know of the session knows of the end of the one before, or will.
        if self.up.take().is_none() {
            self.restarted = true;
        }
    }

    /// Nothing flows, for now.
    pub(super) fn stops(&mut self, reason: DownReason) {
        self.down = Some(reason);
    }

    /// The session goes on after a silence.
    pub(super) fn goes_on(&mut self) {
        self.down = None;
        if !self.owner_is_up && self.up.is_none() {
            self.up = Some(true);
        }
    }

    /// Why the link went down, if that comes next, before any up.
    pub(super) fn take_end(&mut self) -> Option<DownReason> {
        let ended = core::mem::take(&mut self.restarted);
        self.owner_is_up &= !ended;
        ended.then_some(DownReason::PeerRestarted)
    }

    /// Whether the link has come up with the session of before, if that comes next.
    pub(super) fn take_up(&mut self) -> Option<bool> {
        self.owner_is_up |= self.up.is_some();
        self.up.take()
    }

    /// Why the link is down, if that comes next, after all messages.
    pub(super) fn take_down(&mut self) -> Option<DownReason> {
        self.owner_is_up &= self.down.is_none();
        self.down.take()
    }
}

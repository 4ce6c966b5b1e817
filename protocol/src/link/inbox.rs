//! Messages that have come from the peer.

use super::outbox::is_before;
use super::wire::{Ack, MAX_CONTROL};

#[derive(Clone, Copy, Debug)]
struct Slot {
    filled: bool,
    /// The payload was longer than the slot; only its beginning is kept, for the refusal.
    cut: bool,
    len: u16,
    payload: [u8; MAX_CONTROL],
}

/// What became of a control frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    New,
    Duplicate,
    NoRoom,
}

/// Control frames that have come, put in order, until the owner takes them.
#[derive(Debug)]
pub(super) struct Inbox<const SLOTS: usize> {
    slots: [Slot; SLOTS],
    /// The next to be handed to the owner.
    deliver: u16,
    /// The next that is missing: everything before has come.
    expected: u16,
    /// The limit that the peer was told last.
    told_limit: u16,
}

impl<const SLOTS: usize> Inbox<SLOTS> {
    /// Sequence numbers wrap, and each must keep its slot when they do. An acknowledgement names 32 messages.
    const VALID: () = assert!(
        SLOTS.is_power_of_two() && SLOTS <= 32,
        "SLOTS is a power of two, at most 32"
    );

    pub(super) const fn new() -> Self {
        let () = Self::VALID;
        let slot = Slot {
            filled: false,
            cut: false,
            len: 0,
            payload: [0; MAX_CONTROL],
        };
        Self {
            slots: [slot; SLOTS],
            deliver: 0,
            expected: 0,
            told_limit: 0,
        }
    }

    /// Starts a session anew.
    pub(super) fn clear(&mut self) {
        for slot in &mut self.slots {
            slot.filled = false;
        }
        self.deliver = 0;
        self.expected = 0;
        self.told_limit = 0;
    }

    /// Whether something acknowledged has not been taken by the owner.
    pub(super) const fn holds_undelivered(&self) -> bool {
        self.deliver != self.expected
    }

    pub(super) const fn expected(&self) -> u16 {
        self.expected
    }

    pub(super) fn take(&mut self, sequence: u16, payload: &[u8]) -> Taken {
        if is_before(sequence, self.expected) {
            return Taken::Duplicate;
        }
        if usize::from(sequence.wrapping_sub(self.deliver)) >= SLOTS {
            return Taken::NoRoom;
        }
        let slot = &mut self.slots[usize::from(sequence) % SLOTS];
        if slot.filled {
            return Taken::Duplicate;
        }
        let len = payload.len().min(MAX_CONTROL);
        slot.payload[..len].copy_from_slice(&payload[..len]);
        slot.len = len as u16;
        slot.cut = payload.len() > MAX_CONTROL;
        slot.filled = true;
        while self.slots[usize::from(self.expected) % SLOTS].filled
            && usize::from(self.expected.wrapping_sub(self.deliver)) < SLOTS
        {
            self.expected = self.expected.wrapping_add(1);
        }
        Taken::New
    }

    /// The next payload in order, and whether its end was cut off.
    pub(super) fn front(&self) -> Option<(&[u8], bool)> {
        if !self.holds_undelivered() {
            return None;
        }
        let slot = &self.slots[usize::from(self.deliver) % SLOTS];
        Some((&slot.payload[..usize::from(slot.len)], slot.cut))
    }

    /// Frees the payload that [`front`](Self::front) returned. Returns whether the peer should be told that
    /// there is room again.
    pub(super) fn pop(&mut self) -> bool {
        if self.holds_undelivered() {
            self.slots[usize::from(self.deliver) % SLOTS].filled = false;
            self.deliver = self.deliver.wrapping_add(1);
        }
        usize::from(self.limit().wrapping_sub(self.told_limit)) >= SLOTS.div_ceil(2)
    }

    const fn limit(&self) -> u16 {
        self.deliver.wrapping_add(SLOTS as u16)
    }

    /// The acknowledgement to send now.
    pub(super) fn ack(&mut self) -> Ack {
        self.told_limit = self.limit();
        let mut received = 0;
        for ahead in 1..SLOTS as u16 {
            let sequence = self.expected.wrapping_add(ahead);
            let within = usize::from(sequence.wrapping_sub(self.deliver)) < SLOTS;
            if within && self.slots[usize::from(sequence) % SLOTS].filled {
                received |= 1 << (ahead - 1);
            }
        }
        Ack {
            acknowledged: self.expected,
            limit: self.told_limit,
            received,
        }
    }
}

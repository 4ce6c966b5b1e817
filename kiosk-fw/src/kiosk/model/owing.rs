//! What the host owes an answer to: asked for again after each of its restarts, until the answer is there.

use heapless::Vec;
use protocol::message::{TicketPrinted, TicketRequest};

/// Most answers that can be owed at a time. Each needs a press of its own, seconds apart.
pub(super) const OWED: usize = 4;

/// A message about one press.
pub(super) trait AboutPress {
    /// Which press.
    fn press(&self) -> u64;
}

impl AboutPress for TicketRequest {
    fn press(&self) -> u64 {
        self.press
    }
}

impl AboutPress for TicketPrinted {
    fn press(&self) -> u64 {
        self.press
    }
}

#[derive(Clone, Debug)]
struct Owed<T> {
    message: T,
    /// It has been sent and the host has not restarted since.
    sent: bool,
    /// The host was too busy for it.
    put_off: bool,
}

/// Messages that the host has not answered, the oldest first.
#[derive(Clone, Debug)]
pub(super) struct Owing<T>(Vec<Owed<T>, OWED>);

impl<T: AboutPress + Clone> Owing<T> {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a message. False, and nothing done, if too many are owed.
    pub(super) fn add(&mut self, message: T) -> bool {
        self.0
            .push(Owed {
                message,
                sent: false,
                put_off: false,
            })
            .is_ok()
    }

    /// Adds a message, in the place of the oldest if too many are owed.
    pub(super) fn add_for_oldest(&mut self, message: T) {
        if self.0.is_full() {
            self.0.remove(0);
        }
        // There is room now.
        let _ = self.add(message);
    }

    /// The answer about `press` is there.
    pub(super) fn settle(&mut self, press: u64) {
        self.0.retain(|owed| owed.message.press() != press);
    }

    /// The message about `press` was lost on its way.
    pub(super) fn lost(&mut self, press: u64) {
        for owed in self.0.iter_mut().filter(|owed| owed.message.press() == press) {
            owed.sent = false;
        }
    }

    /// The host was too busy for the message about `press`.
    pub(super) fn put_off(&mut self, press: u64) {
        for owed in self.0.iter_mut().filter(|owed| owed.message.press() == press) {
            owed.put_off = true;
        }
    }

    /// What was put off is to be sent again.
    pub(super) fn resume(&mut self) {
        for owed in self.0.iter_mut().filter(|owed| owed.put_off) {
            owed.put_off = false;
            owed.sent = false;
        }
    }

    /// Hands out what is to be sent (again).
    pub(super) fn send(&mut self, mut send: impl FnMut(T)) {
        for owed in self.0.iter_mut().filter(|owed| !owed.sent) {
            owed.sent = true;
            send(owed.message.clone());
        }
    }
}

//! An object on its way to the board.

use std::sync::mpsc::Sender;

use protocol::link::{BulkError, BulkOutcome, Object};

use super::BoardError;
use super::worker::Worker;

/// How an object ended.
pub(super) type Sent = Result<BulkOutcome, BoardError>;

/// An object that somebody wants to be sent.
#[derive(Debug)]
pub(super) struct Sending {
    object: Object,
    bytes: Vec<u8>,
    /// How many of them the link has; `None` before it has begun.
    taken: Option<usize>,
    answer: Sender<Sent>,
}

impl Sending {
    pub(super) fn new(object: Object, bytes: Vec<u8>, answer: Sender<Sent>) -> Self {
        Self {
            object,
            bytes,
            taken: None,
            answer,
        }
    }

    pub(super) fn end(self, sent: Sent) {
        // Whoever has stopped waiting does not listen.
        let _ = self.answer.send(sent);
    }
}

impl Worker {
    /// Takes an object for the board. One at a time.
    pub(super) fn send_object(&mut self, sending: Sending) {
        if self.sending.is_some() {
            sending.end(Err(BoardError::ObjectNotTaken(BulkError::Busy)));
        } else if let Some(error) = self.obstacle.clone() {
            sending.end(Err(error));
        } else {
            self.sending = Some(sending);
        }
    }

    /// Gives the link as much of the object as it has room for.
    pub(super) fn feed(&mut self) {
        let now = self.now();
        let Some(sending) = &mut self.sending else { return };
        let taken = match &mut sending.taken {
            Some(taken) => taken,
            None => match self.link.bulk_begin(now, sending.object) {
                Ok(_) => sending.taken.insert(0),
                Err(error) => {
                    let sent = Err(BoardError::ObjectNotTaken(error));
                    return self.end_object(sent);
                }
            },
        };
        *taken += self.link.bulk_write(&sending.bytes[*taken..]);
    }

    /// Gives up the object that is being sent. Its sender does not wait any more.
    pub(super) fn cancel_object(&mut self) {
        if self.sending.take().is_some_and(|sending| sending.taken.is_some()) {
            self.link.bulk_cancel();
        }
    }

    pub(super) fn end_object(&mut self, sent: Sent) {
        if let Some(sending) = self.sending.take() {
            sending.end(sent);
        }
    }
}

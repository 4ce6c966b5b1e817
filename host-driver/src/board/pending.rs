//! Requests and notifications on their way into the link, and the answers on their way back.

use std::sync::mpsc::Sender;
use std::time::Instant;

use protocol::link::SendError;
use protocol::{Message, RequestId};

use super::BoardError;
use super::worker::{Answer, Worker};

/// A request under way.
pub(super) struct Waiting {
    /// Not yet known to the link while its queue is full.
    pub(super) id: Option<RequestId>,
    pub(super) message: Box<Message>,
    pub(super) answer: Sender<Answer>,
    pub(super) deadline: Instant,
}

/// A notification that the link's queue has no room for yet.
pub(super) struct Unsaid {
    pub(super) message: Box<Message>,
    pub(super) answer: Sender<Result<(), BoardError>>,
    pub(super) deadline: Instant,
}

impl Worker {
    /// Hands requests and notifications to the link, as far as it has room.
    pub(super) fn ask(&mut self) {
        let now = self.now();
        let blocked = self.blocked();
        while let Some(unsaid) = self.unsaid.front() {
            let result = match &blocked {
                Some(error) => Err(error.clone()),
                None => match self.link.notify(now, &unsaid.message) {
                    Err(SendError::Full) => break,
                    result => result.map_err(|error| self.not_sent(error)),
                },
            };
            // Whoever has stopped waiting does not need to know.
            let _ = unsaid.answer.send(result);
            self.unsaid.pop_front();
        }
        let mut index = 0;
        while let Some(waiting) = self.waiting.get_mut(index) {
            if waiting.id.is_none() {
                let result = match &blocked {
                    Some(error) => Err(error.clone()),
                    None => match self.link.request(now, &waiting.message) {
                        Ok(id) => {
                            waiting.id = Some(id);
                            Ok(())
                        }
                        Err(SendError::Full) => Ok(()),
                        Err(error) => Err(self.not_sent(error)),
                    },
                };
                if let Err(error) = result {
                    let waiting = self.waiting.remove(index);
                    let _ = waiting.answer.send(Err(error));
                    continue;
                }
            }
            index += 1;
        }
    }

    /// Why nothing can be sent now.
    fn blocked(&self) -> Option<BoardError> {
        let silent = || BoardError::Silent {
            path: self.name.clone(),
        };
        self.obstacle
            .clone()
            .or_else(|| (!self.link.is_up()).then(silent))
    }

    fn not_sent(&self, error: SendError) -> BoardError {
        match error {
            SendError::Down => BoardError::Silent {
                path: self.name.clone(),
            },
            other => BoardError::NotSendable(other),
        }
    }

    pub(super) fn answered(&mut self, id: RequestId, answer: Answer) {
        if let Some(index) = self.waiting.iter().position(|waiting| waiting.id == Some(id)) {
            let waiting = self.waiting.remove(index);
            let _ = waiting.answer.send(answer);
        }
    }

    pub(super) fn fail_all(&mut self, error: &BoardError) {
        for waiting in self.waiting.drain(..) {
            if let Some(id) = waiting.id {
                self.link.forget(id);
            }
            let _ = waiting.answer.send(Err(error.clone()));
        }
    }

    pub(super) fn give_up_late(&mut self) {
        let now = Instant::now();
        while let Some(index) = self.unsaid.iter().position(|unsaid| unsaid.deadline <= now) {
            if let Some(unsaid) = self.unsaid.remove(index) {
                let (path, message) = (self.name.clone(), unsaid.message.name());
                let _ = unsaid.answer.send(Err(BoardError::NotTaken { path, message }));
            }
        }
        while let Some(index) = self.waiting.iter().position(|waiting| waiting.deadline <= now) {
            let waiting = self.waiting.remove(index);
            if let Some(id) = waiting.id {
                self.link.forget(id);
            }
            let (path, message) = (self.name.clone(), waiting.message.name());
            let _ = waiting.answer.send(Err(BoardError::TimedOut { path, message }));
        }
    }
}

//! Requests of this end that wait for an answer, and answers of this end that are remembered.

use heapless::Vec;

use super::event::{RequestFailure, RequestId};
use super::wire::Envelope;
use crate::message::{MAX_REPLY_BODY, Message, NoRoom, Refusal};

/// The most requests of one end that wait for an answer.
pub(super) const MAX_ASKED: usize = 8;
/// How many answers are remembered; the peer cannot have more requests under way than that.
const MAX_REMEMBERED: usize = 8;

#[derive(Clone, Copy, Debug)]
struct Asked {
    id: RequestId,
    failed: Option<RequestFailure>,
}

/// Requests of this end that wait for an answer.
#[derive(Debug)]
pub(super) struct Requests {
    asked: Vec<Asked, MAX_ASKED>,
    last_number: u16,
}

impl Requests {
    pub(super) const fn new() -> Self {
        Self {
            asked: Vec::new(),
            last_number: 0,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.asked.is_full()
    }

    pub(super) fn waits_for(&self, id: RequestId) -> bool {
        self.asked.iter().any(|asked| asked.id == id)
    }

    /// A number that no waiting request has.
    pub(super) fn next_id(&mut self, origin: u32) -> RequestId {
        loop {
            self.last_number = self.last_number.wrapping_add(1);
            let id = RequestId {
                origin,
                number: self.last_number,
            };
            // Ends: at most eight are taken.
            if !self.waits_for(id) {
                return id;
            }
        }
    }

    /// Notes a request. The caller has seen that there is room.
    pub(super) fn ask(&mut self, id: RequestId) {
        let _ = self.asked.push(Asked { id, failed: None });
    }

    /// Forgets a request, because it was answered or is not wanted any more; returns whether it waited.
    pub(super) fn forget(&mut self, id: RequestId) -> bool {
        let index = self.asked.iter().position(|asked| asked.id == id);
        index.map(|index| self.asked.remove(index)).is_some()
    }

    /// All waiting requests fail.
    pub(super) fn fail_all(&mut self, reason: RequestFailure) {
        for asked in &mut self.asked {
            asked.failed = asked.failed.or(Some(reason));
        }
    }

    /// A request that has failed, once.
    pub(super) fn take_failed(&mut self) -> Option<(RequestId, RequestFailure)> {
        let index = self.asked.iter().position(|asked| asked.failed.is_some())?;
        let asked = self.asked.remove(index);
        asked.failed.map(|reason| (asked.id, reason))
    }
}

#[derive(Clone, Copy, Debug)]
enum Answer {
    /// The owner works on it.
    Pending,
    Reply {
        code: u16,
        len: u8,
    },
    Refusal(Refusal),
}

#[derive(Clone, Debug)]
struct Remembered {
    id: RequestId,
    /// Session in which it was asked last.
    session: u32,
    answer: Answer,
    /// The answer has to be sent.
    due: bool,
    /// Body of a reply. One longer than this is a mistake of the program, not of the peer.
    body: [u8; MAX_REPLY_BODY],
}

/// What is to be done about a request that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It is new: carry it out.
    New,
    /// It came before: the answer is under way, or will be.
    Repeated,
    /// There is no room to remember its answer.
    Busy,
}

/// The last requests of the peer and their answers, oldest first, so that a repeated request never acts twice.
#[derive(Debug)]
pub(super) struct Memory {
    entries: Vec<Remembered, MAX_REMEMBERED>,
    /// Counts sessions, to tell whether the requester of an answer is still there.
    session: u32,
}

impl Memory {
    pub(super) const fn new() -> Self {
        Self {
            entries: Vec::new(),
            session: 0,
        }
    }

    /// The peer has restarted: nobody waits for the answers any more. They stay, in case it asks again.
    pub(super) fn new_session(&mut self) {
        self.session = self.session.wrapping_add(1);
        for entry in &mut self.entries {
            entry.due = false;
        }
    }

    /// Whether [`admit`](Self::admit) would not answer `Busy`.
    pub(super) fn has_room_for(&self, id: RequestId) -> bool {
        !self.entries.is_full()
            || self.entries.iter().any(|entry| entry.id == id)
            || self.replaceable().is_some()
    }

    /// Which entry can be forgotten for a new one: the oldest answer that was given, else the oldest request
    /// whose requester has gone.
    fn replaceable(&self) -> Option<usize> {
        let answered = |entry: &Remembered| !matches!(entry.answer, Answer::Pending) && !entry.due;
        let orphaned = |entry: &Remembered| entry.session != self.session;
        self.entries
            .iter()
            .position(answered)
            .or_else(|| self.entries.iter().position(orphaned))
    }

    pub(super) fn admit(&mut self, id: RequestId) -> Admission {
        let session = self.session;
        if let Some(entry) = self.find(id) {
            entry.session = session;
            entry.due = !matches!(entry.answer, Answer::Pending);
            return Admission::Repeated;
        }
        if self.entries.is_full() {
            match self.replaceable() {
                Some(index) => drop(self.entries.remove(index)),
                None => return Admission::Busy,
            }
        }
        let entry = Remembered {
            id,
            session,
            answer: Answer::Pending,
            due: false,
            body: [0; MAX_REPLY_BODY],
        };
        match self.entries.push(entry) {
            Ok(()) => Admission::New,
            Err(_) => Admission::Busy,
        }
    }

    /// The owner answers. Returns whether the request was waiting for it.
    pub(super) fn reply(&mut self, id: RequestId, message: &Message) -> Result<bool, NoRoom> {
        let session = self.session;
        let Some(entry) = self
            .find(id)
            .filter(|entry| matches!(entry.answer, Answer::Pending))
        else {
            return Ok(false);
        };
        let len = message.encode_body(&mut entry.body)?;
        entry.answer = Answer::Reply {
            code: message.code(),
            len: len as u8,
        }; // at most MAX_REPLY_BODY
        entry.due = entry.session == session;
        Ok(true)
    }

    /// The owner, or the link, refuses. A refused request had no effect, so it may be asked again: the refusal
    /// is forgotten once it is sent.
    pub(super) fn refuse(&mut self, id: RequestId, reason: Refusal) -> bool {
        let session = self.session;
        let Some(entry) = self
            .find(id)
            .filter(|entry| matches!(entry.answer, Answer::Pending))
        else {
            return false;
        };
        entry.answer = Answer::Refusal(reason);
        entry.due = entry.session == session;
        true
    }

    /// The oldest answer that has to be sent; call [`sent`](Self::sent) once it is queued.
    pub(super) fn due(&self) -> Option<(RequestId, Envelope<'_>)> {
        let entry = self.entries.iter().find(|entry| entry.due)?;
        let envelope = match entry.answer {
            Answer::Reply { code, len } => Envelope::Reply {
                id: entry.id,
                code,
                body: entry.body.get(..usize::from(len))?,
            },
            Answer::Refusal(reason) => Envelope::Refusal { id: entry.id, reason },
            Answer::Pending => return None,
        };
        Some((entry.id, envelope))
    }

    pub(super) fn sent(&mut self, id: RequestId) {
        let Some(index) = self.entries.iter().position(|entry| entry.id == id) else {
            return;
        };
        if matches!(self.entries[index].answer, Answer::Refusal(_)) {
            self.entries.remove(index);
        } else {
            self.entries[index].due = false;
        }
    }

    fn find(&mut self, id: RequestId) -> Option<&mut Remembered> {
        self.entries.iter_mut().find(|entry| entry.id == id)
    }
}

//! Telling the host what it does not know yet: record by record, in the order in which they were written.

use protocol::link::RequestFailure;
use protocol::message::{Message, Refusal};

use super::{Action, Actions, push};
use crate::kiosk::record::News;

/// When something is told again that did not leave the board, in µs.
const FULL_US: u64 = 200_000;
/// When a host that was too busy is told again, in µs.
const BUSY_US: u64 = 2_000_000;
/// When a host is told again that refused for another reason, in µs. It must take it some day: nothing is thrown away.
const REFUSED_US: u64 = 30_000_000;

/// The oldest record that the host has not taken.
#[derive(Clone, Debug, Default)]
pub(super) struct Telling {
    /// What is left to tell of it; `None` while it was not read.
    news: Option<News>,
    /// The host has been told and owes the answer.
    sent: bool,
    /// When it is to be told again.
    not_before: u64,
}

impl Telling {
    /// Whether the next record is to be read.
    pub(super) fn wants_news(&self) -> bool {
        self.news.is_none()
    }

    /// Whether all of the record was told, so that it can be forgotten.
    pub(super) fn is_told(&self) -> bool {
        self.news.as_ref().is_some_and(News::is_empty)
    }

    /// The oldest record says this.
    pub(super) fn hear(&mut self, news: News) {
        self.news = Some(news);
        self.sent = false;
        self.not_before = 0;
    }

    /// There is another oldest record now.
    pub(super) fn forget(&mut self) {
        self.news = None;
        self.sent = false;
    }

    /// The link was too full for it.
    pub(super) fn put_off(&mut self, now: u64) {
        self.sent = false;
        self.not_before = now + FULL_US;
    }

    /// When there is something to tell, in µs.
    pub(super) fn next(&self) -> Option<u64> {
        let some = self.news.as_ref().is_some_and(|news| !news.is_empty());
        (some && !self.sent).then_some(self.not_before)
    }

    /// Tells what is next. The host is there.
    pub(super) fn tell(&mut self, now: u64, actions: &mut Actions) {
        if self.next().is_none_or(|at| now < at) {
            return;
        }
        let Some(news) = &self.news else { return };
        let tell = match (&news.printed, &news.taken) {
            (Some(printed), _) => Action::TellPrinted(printed.clone()),
            (None, Some(taken)) => Action::TellTaken(taken.clone()),
            (None, None) => return,
        };
        self.sent = true;
        push(actions, tell);
    }

    /// The host answered.
    pub(super) fn answered(&mut self, now: u64, answer: Result<&Message, RequestFailure>) {
        if !self.sent {
            return;
        }
        self.sent = false;
        match (answer, &mut self.news) {
            // What was told first is done.
            (Ok(Message::Accepted(_)), Some(news)) => {
                if news.printed.take().is_none() {
                    news.taken = None;
                }
            }
            (Err(RequestFailure::PeerRestarted), _) => (),
            (Err(RequestFailure::Refused(Refusal::Busy)), _) => self.not_before = now + BUSY_US,
            _ => self.not_before = now + REFUSED_US,
        }
    }
}

//! Copies that staff ask for: taken up one after the other, printed beside the kiosk's other work.

use crate::board::{Board, BoardError};
use crate::office::clock::Moment;
use crate::office::queue::{Queue, cause, paper};
use crate::store::{Paper, Store, StoreError};
use protocol::Message;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;

/// How long a copy may take: the kiosk may have a ticket in its printer, and asks a doubtful printer again.
const COPY_TIMEOUT: Duration = Duration::from_secs(40);

/// What came of a copy, and why.
type End = (Paper, Option<&'static str>);

/// The copy under way, if there is one.
#[derive(Debug, Default)]
pub(super) struct Copies {
    under_way: Option<(i64, Receiver<End>)>,
}

impl Copies {
    /// No copy is under way. Settles what an earlier program has left.
    pub(super) fn begin(store: &mut Store, now: Moment) -> Result<(), StoreError> {
        let interrupted = store.end_interrupted_reprints(now)?;
        if interrupted > 0 {
            log::warn!("{interrupted} copies were interrupted; whether they came out is not known");
        }
        Ok(())
    }

    /// Enters what has ended and begins what is asked for. `board` is the kiosk while it answers, and whether it knows of
    /// copies. Returns whether a ticket may have changed.
    pub(super) fn look(
        &mut self,
        store: &mut Store,
        queue: &Queue,
        board: Option<(&Board, bool)>,
        now: Moment,
    ) -> Result<bool, StoreError> {
        if let Some((id, end)) = &self.under_way {
            let (paper, cause) = match end.try_recv() {
                Ok(end) => end,
                Err(TryRecvError::Empty) => return Ok(false),
                Err(TryRecvError::Disconnected) => (Paper::Unknown, Some("no_answer")),
            };
            store.end_reprint(*id, paper, cause, now)?;
            self.under_way = None;
            return Ok(true);
        }
        // Without a kiosk the request waits and expires: whoever asked is told.
        let Some((board, knows_copies)) = board else {
            return Ok(false);
        };
        let Some(reprint) = store.begin_reprint(now)? else {
            return Ok(false);
        };
        if !knows_copies {
            store.end_reprint(reprint.id, Paper::NotPrinted, Some("old_firmware"), now)?;
            return Ok(false);
        }
        let (ended, end) = channel();
        let (board, message) = (board.clone(), queue.reprint(&reprint));
        let print = move || {
            // Nobody listens any more when the counter is being closed.
            let _ = ended.send(end_of(board.request(message, COPY_TIMEOUT)));
        };
        // Residents' presses are answered meanwhile.
        match std::thread::Builder::new().name("copy".into()).spawn(print) {
            Ok(_) => self.under_way = Some((reprint.id, end)),
            Err(error) => {
                log::error!("no copy can be printed: {error}");
                store.end_reprint(reprint.id, Paper::NotPrinted, Some("error"), now)?;
            }
        }
        Ok(false)
    }
}

/// What a kiosk's answer says of the copy. What may have come out is never called not printed.
fn end_of(answer: Result<Message, BoardError>) -> End {
    match answer {
        Ok(Message::Reprinted(reprinted)) => (paper(reprinted.outcome), cause(reprinted.cause)),
        Err(BoardError::Refused(refusal)) => {
            log::warn!("the kiosk refused to print a copy: {refusal:?}");
            (Paper::NotPrinted, Some("refused"))
        }
        Err(error @ (BoardError::NotSendable(_) | BoardError::NotTaken { .. })) => {
            log::warn!("the kiosk was not told to print a copy: {error}");
            (Paper::NotPrinted, Some("no_answer"))
        }
        Ok(_) => (Paper::Unknown, Some("no_answer")),
        Err(error) => {
            log::warn!("what became of a copy is not known: {error}");
            (Paper::Unknown, Some("no_answer"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::message::{Accepted, PrintCause, PrintOutcome, Refusal, Reprinted};

    #[test]
    fn only_the_kiosks_own_word_or_its_refusal_is_certain() {
        let path = || "p".to_owned();
        let reprinted = Reprinted {
            ticket_id: 1,
            outcome: PrintOutcome::NotPrinted,
            cause: PrintCause::PaperOut,
        };
        assert_eq!(
            end_of(Ok(reprinted.into())),
            (Paper::NotPrinted, Some("paper_out"))
        );
        assert_eq!(
            end_of(Err(BoardError::Refused(Refusal::Busy))).0,
            Paper::NotPrinted
        );
        let doubtful = [
            Ok(Accepted {}.into()),
            Err(BoardError::Silent { path: path() }),
            Err(BoardError::TimedOut {
                path: path(),
                message: "Reprint",
            }),
            Err(BoardError::Restarted { path: path() }),
            Err(BoardError::Stopped),
        ];
        for answer in doubtful {
            assert_eq!(end_of(answer), (Paper::Unknown, Some("no_answer")));
        }
    }
}

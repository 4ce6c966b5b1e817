//! Printing a ticket and finding out what became of it.

use embassy_time::{Duration, Instant};
use embedded_io_async::{Read, Write};

use super::answer::Mark;
use super::{Ability, Outcome, Printer, Status, Trouble};

/// How long a ticket may take from its last byte on the line until its mark comes back: 150 mm of paper at 20 mm/s, twice.
const MARK_TIME: Duration = Duration::from_secs(15);
/// How long printing lags behind the line with a printer that knows no marks: 120 mm of paper at 60 mm/s.
const UNMARKED_TIME: Duration = Duration::from_secs(2);
/// How often it is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// A printer that was well so shortly before is not asked again before it is sent a ticket: each look takes 14 ms of the line, while
/// a resident waits. While it prints it is not looked at more often either.
const STILL_WELL: Duration = LOOK_EVERY;
/// The paper may end, or the cover be opened, just after the ticket: its mark is then already on the line.
const GRACE: Duration = Duration::from_millis(250);
/// So many looks without any answer are not a disturbance.
const SILENCES: u8 = 2;

impl<R: Read, W: Write> Printer<R, W> {
    /// Prints `document`, which must begin with `ESC @` as those of [`Document`](super::Document) do, unless the printer is not ready,
    /// and finds out what became of it. It is sent at once if the printer was well half a second ago or less; else one look comes
    /// before its first byte.
    ///
    /// `mark` tells this document from others: it must be another one than that of any document sent shortly before. Takes up to 20 s.
    pub async fn print(&mut self, document: &[u8], mark: u32) -> Outcome {
        let still_well = self.seen_well.is_some_and(|at| at.elapsed() <= STILL_WELL);
        if !still_well {
            match self.look().await {
                Ok(status) if status.can_print() => (),
                not_ready => return Outcome::NotSent(not_ready),
            }
        }
        // Nobody knows how it is after this.
        self.seen_well = None;
        crate::log_info!("first of {=usize} bytes of ticket {=u32}", document.len(), mark);
        let mark = Mark::new(mark);
        self.line.discard();
        self.line.forget_mark();
        for bytes in [document, &mark.command()] {
            if let Err(trouble) = self.line.send(bytes).await {
                return Outcome::Unknown(Err(trouble));
            }
        }
        self.watch(mark).await
    }

    /// Waits for the mark, and looks at the printer now and then.
    async fn watch(&mut self, mark: Mark) -> Outcome {
        let end = Instant::now()
            + if self.marks() == Ability::Lacking {
                UNMARKED_TIME
            } else {
                MARK_TIME
            };
        let mut silences = 0;
        loop {
            let next_look = (Instant::now() + LOOK_EVERY).min(end);
            if self.line.hear_mark(mark, next_look).await {
                return Outcome::Printed;
            }
            let last = Instant::now() >= end;
            let status = self.ask_status().await;
            let trouble = match status {
                _ if self.line.is_confirmed(mark) => return Outcome::Printed,
                Ok(status) if !status.can_print() => true,
                Err(Trouble::Silent) => {
                    silences += 1;
                    silences >= SILENCES || last
                }
                Ok(_) | Err(Trouble::Garbled | Trouble::Slow) => {
                    silences = 0;
                    false
                }
            };
            if trouble {
                if self.line.hear_mark(mark, Instant::now() + GRACE).await {
                    return Outcome::Printed;
                }
                return Outcome::Unknown(status);
            }
            if last {
                return self.unconfirmed(status);
            }
        }
    }

    /// The mark did not come back in time, and the printer reports no trouble.
    fn unconfirmed(&mut self, status: Result<Status, Trouble>) -> Outcome {
        match (self.marks(), status) {
            // It has confirmed others.
            (Ability::Known, Ok(_)) => Outcome::Unknown(Err(Trouble::Slow)),
            // Nothing takes as long as this one was waited for: it does not know marks.
            (_, Ok(_)) => {
                self.marks.missed();
                Outcome::Printed
            }
            (_, trouble) => Outcome::Unknown(trouble),
        }
    }
}

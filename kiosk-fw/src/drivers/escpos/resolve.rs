//! Finding out afterwards what became of a ticket.

use embassy_time::{Duration, Instant};
use embedded_io_async::{Read, Write};
use protocol::message::PrintCause;

use super::answer::Mark;
use super::{Ability, Counters, PADDING, Printer, Status, Trouble};

/// How long a printer that was switched on with the kiosk may take until it answers.
const STARTING: Duration = Duration::from_secs(10);
/// How long it may still be busy with the ticket: as for [`print`](super::print).
const BUSY: Duration = Duration::from_secs(15);
/// `ESC @`: what is left of a line that was not ended must not be printed with the next.
const INITIALISE: [u8; 2] = [0x1B, b'@'];

/// What the printer's word shows of a ticket that was under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Resolution {
    /// It came out whole.
    Printed,
    /// Nothing of it came out, and nothing of it waits in the printer.
    NotPrinted,
    /// It cannot be told now, and why. May be asked again, as long as nothing else was printed since.
    Unknown(PrintCause),
}

impl<R: Read, W: Write> Printer<R, W> {
    /// Finds out what became of the document that was to be printed with `mark`, after a restart of the board or trouble of the printer.
    /// `before` are the counters from before the first byte of it was sent. Nothing else may have been sent since. Takes up to 40 s.
    pub async fn resolve(&mut self, mark: u32, before: Option<Counters>) -> Resolution {
        let mark = Mark::new(mark);
        let end = Instant::now() + STARTING;
        loop {
            let status = self.look().await;
            if self.line.is_confirmed(mark) {
                return Resolution::Printed;
            }
            match status {
                Ok(status) if status.can_print() => break,
                // It holds what it was sent until the trouble is over, and answers nothing that waits its turn.
                Ok(status) => return Resolution::Unknown(cause(Ok(status))),
                Err(trouble) if Instant::now() >= end => return Resolution::Unknown(cause(Err(trouble))),
                Err(_) => (),
            }
        }
        let Some(before) = before else {
            // Its own mark may be yet to come; after the probe it will not.
            if self.marks() == Ability::Known {
                self.line.probe(BUSY).await;
            }
            return if self.line.is_confirmed(mark) {
                Resolution::Printed
            } else {
                Resolution::Unknown(PrintCause::Restarted)
            };
        };
        for bytes in [&PADDING[..], &INITIALISE] {
            if let Err(trouble) = self.line.send(bytes).await {
                return Resolution::Unknown(cause(Err(trouble)));
            }
        }
        let now = self.ask_counters(BUSY).await;
        if self.line.is_confirmed(mark) {
            return Resolution::Printed;
        }
        match now {
            None => {
                let status = self.look().await;
                Resolution::Unknown(match status {
                    Ok(status) if status.can_print() => PrintCause::Restarted,
                    trouble => cause(trouble),
                })
            }
            Some(now) if now == before => Resolution::NotPrinted,
            // The cut comes last, after everything else was printed. Were there more, somebody else made some of them.
            Some(now) if now.cuts == before.cuts.wrapping_add(1) && now.lines != before.lines => {
                Resolution::Printed
            }
            // A part of it.
            Some(_) => Resolution::Unknown(PrintCause::Restarted),
        }
    }
}

/// Why a ticket is not certain to be out, in the words of the protocol.
pub fn cause(status: Result<Status, Trouble>) -> PrintCause {
    match status {
        Err(_) => PrintCause::NoAnswer,
        Ok(status) if status.cover_open => PrintCause::CoverOpen,
        Ok(status) if !status.has_paper() => PrintCause::PaperOut,
        Ok(status) if status.error => PrintCause::Error,
        Ok(_) => PrintCause::Offline,
    }
}

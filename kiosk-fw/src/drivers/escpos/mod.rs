//! Ticket printers that speak ESC/POS (Epson, "ESC/POS Command Reference"; command names are Epson's).
//!
//! [`document`] composes what is printed, [`status`] and [`answer`] read what the printer says, [`Printer`] does both on a line.
//!
//! # What the printer's words prove
//!
//! `DLE EOT` is answered at once, whatever waits in the printer's buffer: it says how the printer is, not what it has printed.
//! `GS ( H` (function 48) and `GS g 2` wait their turn: their answers prove that all bytes before them were carried out. So a ticket is
//! *printed* when its mark has come back, and *not printed* when the counters, asked after everything that was sent, have neither fed a
//! line nor made a cut since before the ticket. Everything else is *unknown*.
//!
//! Cheap printers know neither. For them a ticket is printed if they report no trouble for as long as printing takes, and what was
//! under way when the kiosk lost power stays unknown.

pub mod answer;
mod counters;
pub mod document;
mod line;
mod print;
mod resolve;
pub mod status;

use embassy_time::{Duration, Instant};
use embedded_io_async::{Read, Write};

use answer::Answer;
use line::Line;
use status::Query;

pub use counters::Counters;
pub use document::Document;
pub use resolve::{Resolution, cause};
pub use status::Status;

/// How soon a printer answers `DLE EOT` if it is well: it does so in real time, whatever else it is doing.
const PROMPT: Duration = Duration::from_millis(300);
/// How long it is listened to before it counts as silent.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a printer with nothing to do may take over a command that is not answered in real time.
const IDLE_ANSWER: Duration = Duration::from_millis(300);
/// After so many commands without an answer, from a printer that is well, it does not know the command.
const STRIKES: u8 = 2;

/// Why nothing is known of the printer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Trouble {
    /// It does not answer: it is off, not connected, or its cover is open (many are silent then).
    Silent,
    /// It sends what no printer says, or half of its answers: the wrong speed, a bad cable, or no printer.
    Garbled,
    /// Its answers come too late to be of use.
    Slow,
}

/// What became of a document, and the state in which the printer was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The printer says that it has carried out everything; or it does not know how to say so, and reported no trouble for as long
    /// as printing takes.
    Printed,
    /// Nothing was sent, because the printer was not ready.
    NotSent(Result<Status, Trouble>),
    /// It was sent, but the printer reports trouble or nothing. It may have printed all, a part or nothing, and may still print what it
    /// holds when the trouble is over: see [`Printer::resolve`].
    Unknown(Result<Status, Trouble>),
}

/// Completes a command that was cut off in the middle, when the board lost power while it sent a ticket: NUL means nothing between
/// commands (in `GS V` it means "cut", which was to come anyway), and the longest command of a ticket, the content of its QR code, has
/// fewer bytes.
const PADDING: [u8; 32] = [0; 32];

/// Whether the printer knows a command that not all know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ability {
    /// It has left so many unanswered, and never answered one.
    Unknown(u8),
    Known,
    Lacking,
}

impl Ability {
    fn missed(&mut self) {
        if let Self::Unknown(strikes) = self {
            *strikes += 1;
            if *strikes >= STRIKES {
                *self = Self::Lacking;
            }
        }
    }
}

/// A printer on a serial line.
pub struct Printer<R, W> {
    line: Line<R, W>,
    /// `GS ( H`.
    marks: Ability,
    /// `GS g 2`.
    counts: Ability,
    /// A counter was asked for and has not come: it may yet, and must not be taken for another.
    counter_owed: bool,
    /// Nothing was sent since the board started.
    fresh: bool,
    /// The last round of status queries had no answer at all.
    was_silent: bool,
    /// When it last said that it can print.
    seen_well: Option<Instant>,
}

impl<R: Read, W: Write> Printer<R, W> {
    /// The printer at the other end of `reader` and `writer`.
    pub const fn new(reader: R, writer: W) -> Self {
        Self {
            line: Line::new(reader, writer),
            marks: Ability::Unknown(0),
            counts: Ability::Unknown(0),
            counter_owed: false,
            fresh: true,
            was_silent: false,
            seen_well: None,
        }
    }

    /// Asks the printer how it is: all four questions at once, 14 ms at 9,600 baud for a printer that answers at once; up to
    /// 2.4 s for one that is in trouble. The first look of all takes 33 ms more, and the first at a printer that is well also finds out
    /// whether it knows marks: 20 ms more if it does, 0.6 s if not.
    ///
    /// # Errors
    ///
    /// [`Trouble`] if it does not say.
    pub async fn look(&mut self) -> Result<Status, Trouble> {
        if self.fresh {
            self.line.send(&PADDING).await?;
            self.fresh = false;
        }
        let status = match self.ask_status().await {
            Err(Trouble::Garbled) => {
                // A line can be disturbed once.
                self.line.wait_for_quiet().await;
                self.ask_status().await
            }
            first => first,
        };
        let well = matches!(status, Ok(status) if status.can_print());
        // Settled here, when the board starts, and not while a resident waits. One that is still printing and answers later is heard
        // then.
        while well && matches!(self.marks(), Ability::Unknown(_)) {
            if !self.line.probe(IDLE_ANSWER).await {
                self.marks.missed();
            }
        }
        // Whatever answers next may be another printer.
        if status == Err(Trouble::Silent) {
            (self.marks, self.counts) = (Ability::Unknown(0), Ability::Unknown(0));
            self.line.marks_seen = false;
        }
        self.seen_well = well.then(Instant::now);
        status
    }

    async fn ask_status(&mut self) -> Result<Status, Trouble> {
        let late = self.line.discard();
        let asked = Instant::now();
        self.line.send(&Query::COMMANDS).await?;
        let mut status = Status::default();
        let mut queries = Query::ALL.into_iter();
        let (mut answers, mut noise) = (0, false);
        while answers < Query::ALL.len() {
            match self.line.hear_until(asked + PATIENCE).await {
                Some(Answer::Status(byte)) => {
                    // There are as many queries as answers are waited for.
                    if let Some(query) = queries.next() {
                        status.take(query, byte);
                    }
                    answers += 1;
                }
                Some(Answer::Noise) => noise = true,
                // Of earlier requests.
                Some(Answer::Mark(_) | Answer::Counter(_)) => (),
                None => break,
            }
        }
        let was_silent = core::mem::replace(&mut self.was_silent, answers == 0 && !noise);
        match answers {
            0 if !noise => Err(if late && was_silent {
                Trouble::Slow
            } else {
                Trouble::Silent
            }),
            // Which answer is missing cannot be told, nor which of them was noise.
            0..4 => Err(Trouble::Garbled),
            _ if noise => Err(Trouble::Garbled),
            _ if asked.elapsed() > PROMPT => Err(Trouble::Slow),
            _ => Ok(status),
        }
    }

    /// Whether the printer knows marks. One that was given up and answers all the same knows them.
    fn marks(&mut self) -> Ability {
        if self.line.marks_seen {
            self.marks = Ability::Known;
        }
        self.marks
    }
}

#[cfg(test)]
mod tests;

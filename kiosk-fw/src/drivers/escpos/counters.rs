//! What the printer has done in its life, by its own count.

use embassy_time::{Duration, Instant};
use embedded_io_async::{Read, Write};

use super::answer::Answer;
use super::{Ability, IDLE_ANSWER, Printer};

/// The printer's maintenance counters, modulo 2³²: only differences matter.
///
/// They survive a power cut of the printer. Epson: "the maintenance counter values are measurements; their values will be affected by
/// the timing of errors and how and when the power is turned off" (TM-T81 specification, `GS g 2`), so an equal count proves most about a printer
/// that kept its power; a count that moved is always true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Counters {
    /// Lines fed.
    pub lines: u32,
    /// Cuts made.
    pub cuts: u32,
}

/// Numbers of the cumulative counters (Epson TM-T81 specification, `GS g 2`, table): 148 is lines fed, 178 autocutter operations.
const LINES: u8 = 148;
const CUTS: u8 = 178;

impl<R: Read, W: Write> Printer<R, W> {
    /// Asks for the printer's counters, when it has nothing to do: 37 ms at 9,600 baud.
    ///
    /// `None` if it does not know the command or is not well. A printer that does not know it costs 0.3 s, twice; then it is not asked
    /// again until it was silent.
    pub async fn counters(&mut self) -> Option<Counters> {
        if self.counts == Ability::Lacking {
            return None;
        }
        let counters = self.ask_counters(IDLE_ANSWER).await;
        if counters.is_none() && matches!(self.look().await, Ok(status) if status.can_print()) {
            self.counts.missed();
        }
        counters
    }

    /// Asks for both; each may take `patience`.
    pub(super) async fn ask_counters(&mut self, patience: Duration) -> Option<Counters> {
        if self.counter_owed {
            self.line.wait_for_quiet().await;
        }
        let lines = self.ask_counter(LINES, patience).await?;
        let cuts = self.ask_counter(CUTS, patience).await?;
        // Answers come in the order of the questions. If one to an earlier question came among them, all are one place off, and the
        // third is the count of cuts and not that of lines.
        if self.counter_owed {
            if self.ask_counter(LINES, patience).await? != lines {
                return None;
            }
            self.counter_owed = false;
        }
        self.counts = Ability::Known;
        Some(Counters { lines, cuts })
    }

    /// `GS g 2`, "transmit maintenance counter" (Epson, ESC/POS Command Reference): m = 0, nL, nH = 0. "The data following must not be
    /// transmitted until the status is received": one at a time.
    async fn ask_counter(&mut self, number: u8, patience: Duration) -> Option<u32> {
        self.line.discard();
        self.line.send(&[0x1D, b'g', b'2', 0, number, 0]).await.ok()?;
        let deadline = Instant::now() + patience;
        loop {
            match self.line.hear_until(deadline).await {
                Some(Answer::Counter(value)) => return Some(value),
                Some(_) => (),
                None => {
                    self.counter_owed = true;
                    return None;
                }
            }
        }
    }
}

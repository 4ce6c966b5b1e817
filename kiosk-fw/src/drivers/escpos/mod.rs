//! Ticket printers that speak ESC/POS (Epson, "ESC/POS Command Reference"; command names are Epson's).
//!
//! [`document`] composes what is printed, [`status`] reads what the printer says of itself, [`Printer`] does both on a line.

pub mod document;
pub mod status;

use core::task::Poll;

use embassy_futures::poll_once;
use embassy_time::{Duration, Timer, with_timeout};
use embedded_io_async::{Read, Write};

pub use document::Document;
use status::Query;
pub use status::Status;

/// How long the printer may take to answer a status query: it does so in real time, whatever else it is doing.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(300);
/// How long the line may take to accept a ticket: 1 KiB at 9,600 baud takes 1.1 s, a printer holding the line off takes longer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(8);
/// Printing lags behind the line: 90 mm of paper at 60 mm/s. The printer is asked during and after that time.
const PRINT_TIME: Duration = Duration::from_millis(1_000);
/// How often it is asked meanwhile.
const PRINT_POLLS: u32 = 4;

/// The printer did not answer: it is off, not connected, or its cover is open (many are silent then).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoAnswer;

/// What became of a document, and the state in which the printer was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The printer took everything and reports no trouble after it.
    Printed,
    /// Nothing was sent, because the printer was not ready.
    NotSent(Result<Status, NoAnswer>),
    /// It was sent, but the printer now reports trouble or nothing. It may have printed all, a part or nothing, and may still print
    /// what it holds when the trouble is over.
    Unknown(Result<Status, NoAnswer>),
}

/// A printer on a serial line.
pub struct Printer<R, W> {
    reader: R,
    writer: W,
}

impl<R: Read, W: Write> Printer<R, W> {
    /// The printer at the other end of `reader` and `writer`.
    pub const fn new(reader: R, writer: W) -> Self {
        Self { reader, writer }
    }

    /// Asks the printer how it is.
    ///
    /// # Errors
    ///
    /// [`NoAnswer`] if any of the four answers is missing.
    pub async fn status(&mut self) -> Result<Status, NoAnswer> {
        let mut status = Status::default();
        for query in Query::ALL {
            let answer = with_timeout(ANSWER_TIMEOUT, self.ask(query))
                .await
                .map_err(|_| NoAnswer)??;
            status.take(query, answer);
        }
        Ok(status)
    }

    async fn ask(&mut self, query: Query) -> Result<u8, NoAnswer> {
        // All answers look alike: one that comes after its question was given up would be taken for that to the next
        // question, and so on for ever.
        let mut late = [0; 16];
        while let Poll::Ready(Ok(1..)) = poll_once(self.reader.read(&mut late)) {}
        self.writer
            .write_all(&query.command())
            .await
            .map_err(|_| NoAnswer)?;
        let mut byte = [0];
        loop {
            if self.reader.read(&mut byte).await.map_err(|_| NoAnswer)? == 0 {
                return Err(NoAnswer);
            }
            // Anything else is noise.
            if status::is_answer(byte[0]) {
                return Ok(byte[0]);
            }
        }
    }

    /// Prints `document`, unless the printer is not ready, and finds out what became of it.
    pub async fn print(&mut self, document: &[u8]) -> Outcome {
        match self.status().await {
            Ok(status) if status.can_print() => (),
            not_ready => return Outcome::NotSent(not_ready),
        }
        let sent = async {
            self.writer.write_all(document).await.map_err(|_| NoAnswer)?;
            self.writer.flush().await.map_err(|_| NoAnswer)
        };
        if !matches!(with_timeout(WRITE_TIMEOUT, sent).await, Ok(Ok(()))) {
            return Outcome::Unknown(Err(NoAnswer));
        }
        for _ in 0..PRINT_POLLS {
            Timer::after(PRINT_TIME / PRINT_POLLS).await;
            match self.status().await {
                Ok(status) if status.can_print() => (),
                trouble => return Outcome::Unknown(trouble),
            }
        }
        Outcome::Printed
    }
}

#[cfg(test)]
mod tests;

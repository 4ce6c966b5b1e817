//! The counter's side of the kiosk: a thread that gives numbers while the operator works.

mod card;
mod copies;
mod service;
mod tellings;
#[cfg(test)]
mod tests;

use super::console::Teller;
use super::queue::Queue;
use crate::board::{Board, BoardError, BoardEvent};
use crate::store::{Store, Ticket};
use protocol::message::Called;
use service::Service;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// How long the kiosk may take to answer a request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a configured kiosk may take to find its ticket printer. It asks every few seconds.
const PRINTER_PATIENCE: Duration = Duration::from_secs(6);

/// The kiosk, served by its own thread until this is dropped.
#[derive(Debug)]
pub struct Kiosk {
    board: Board,
    /// Says something whenever the queue may have changed.
    changes: Receiver<()>,
    /// What stands between the kiosk and its first number.
    signs: Receiver<Sign>,
}

/// Something that a kiosk needs before it can give numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// It has been told what to offer.
    Configured,
    /// Its ticket printer can, or cannot, print.
    Printer {
        /// Whether it can.
        works: bool,
    },
}

impl Kiosk {
    /// Starts to serve the kiosk on `board`: configures it, sets its clock, answers its requests. `store` is the thread's own
    /// connection.
    ///
    /// # Errors
    /// [`std::io::Error`] when the system gives no thread.
    pub fn serve(
        board: Board,
        events: Receiver<BoardEvent>,
        queue: Queue,
        store: Store,
        teller: Teller,
        utc_offset_minutes: i16,
    ) -> std::io::Result<Self> {
        let (changed, changes) = channel();
        let (signing, signs) = channel();
        let service = Service::new(
            board.clone(),
            queue,
            store,
            teller,
            utc_offset_minutes,
            (changed, signing),
        );
        std::thread::Builder::new()
            .name("kiosk".into())
            .spawn(move || service.run(&events))?;
        Ok(Self {
            board,
            changes,
            signs,
        })
    }

    /// Waits until the kiosk answers, offers its services and can print. Returns whether it can print: without paper it
    /// still says so to residents, and the counter can serve those who have a ticket.
    ///
    /// # Errors
    /// [`BoardError`]: what stands in the way after `patience`.
    pub fn wait_until_ready(&self, patience: Duration) -> Result<bool, BoardError> {
        self.board.wait_until_up(patience)?;
        let (mut configured, mut works) = (false, false);
        let mut deadline = Instant::now() + patience;
        while !(configured && works) {
            match self
                .signs
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(Sign::Configured) => {
                    configured = true;
                    deadline = deadline.min(Instant::now() + PRINTER_PATIENCE);
                }
                Ok(Sign::Printer { works: now }) => works = now,
                Err(_) if configured => return Ok(false),
                Err(_) => {
                    return Err(BoardError::Silent {
                        path: self.board.name().to_owned(),
                    });
                }
            }
        }
        Ok(true)
    }

    /// Waits until the queue may have changed, at most `patience`.
    pub fn wait_for_change(&self, patience: Duration) {
        // A time-out and a closed kiosk are alike here: the caller looks at the queue and waits again.
        if let Err(std::sync::mpsc::RecvTimeoutError::Disconnected) = self.changes.recv_timeout(patience) {
            std::thread::sleep(patience);
        }
        while self.changes.try_recv().is_ok() {}
    }

    /// Shows a called number.
    ///
    /// # Errors
    /// [`BoardError`]: the operator calls it out instead.
    pub fn call(&self, ticket: &Ticket, counter: u8) -> Result<(), BoardError> {
        let called = Called {
            prefix: ticket.prefix as u8,
            number: ticket.number,
            counter,
        };
        self.board.request(called, REQUEST_TIMEOUT).map(drop)
    }
}

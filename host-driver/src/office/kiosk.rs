//! The counter's side of the kiosk: a thread that gives numbers while the operator works.

use super::clock::{Clock, SystemClock};
use super::console::{News, Teller};
use super::queue::{Queue, ticket_id_text};
use crate::board::{Board, BoardError, BoardEvent, Responder};
use crate::issuance::capture::board_news;
use crate::store::{Store, Ticket};
use protocol::Message;
use protocol::message::{Accepted, Called, PaperState, PrintOutcome, PrinterStatus, Refusal, SetClock};
use std::sync::mpsc::{Receiver, Sender, channel};
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

/// What the thread works with.
struct Service {
    board: Board,
    queue: Queue,
    store: Store,
    teller: Teller,
    utc_offset_minutes: i16,
    changed: Sender<()>,
    signs: Sender<Sign>,
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
        let mut service = Service {
            board: board.clone(),
            queue,
            store,
            teller,
            utc_offset_minutes,
            changed,
            signs: signing,
        };
        std::thread::Builder::new().name("kiosk".into()).spawn(move || {
            // Ends when the board is closed.
            for event in events {
                service.take(event);
            }
        })?;
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

impl Service {
    fn take(&mut self, event: BoardEvent) {
        if let Some(news) = board_news("kiosk", &event) {
            self.teller.tell(&news);
        }
        match event {
            BoardEvent::Up { resumed: false, .. } => self.set_up(),
            BoardEvent::Request { responder, message } => self.answer(responder, &message),
            BoardEvent::Notification(Message::PrinterStatus(status)) => {
                self.teller.tell(&printer_news(&status));
                let works =
                    status.online && !status.cover_open && !status.error && status.paper != PaperState::Out;
                // Nobody listens any more once the counter has begun.
                let _ = self.signs.send(Sign::Printer { works });
            }
            _ => {}
        }
    }

    /// Tells a kiosk that has just started everything it needs.
    fn set_up(&self) {
        let clock = SetClock {
            unix_seconds: SystemClock.now().unix_seconds(),
            utc_offset_minutes: self.utc_offset_minutes,
        };
        let told = self
            .board
            .request(clock, REQUEST_TIMEOUT)
            .and_then(|_| self.board.request(self.queue.configuration(), REQUEST_TIMEOUT));
        match told {
            // Nobody listens any more once the counter has begun.
            Ok(_) => drop(self.signs.send(Sign::Configured)),
            Err(error) => log::warn!("the kiosk could not be set up: {error}"),
        }
    }

    fn answer(&mut self, responder: Responder, message: &Message) {
        let now = SystemClock.now();
        match message {
            Message::TicketRequest(request) => {
                responder.reply(self.queue.answer(&mut self.store, request, now));
            }
            Message::TicketPrinted(report) => match self.queue.printed(&mut self.store, report, now) {
                Ok(ticket) => {
                    responder.reply(Accepted {});
                    if let Some(ticket) = ticket {
                        self.tell_printed(&ticket, report.outcome);
                    }
                }
                // Not accepted: the kiosk keeps the report and says it again.
                Err(error) => {
                    log::error!("a ticket's outcome could not be kept: {error}");
                    responder.refuse(Refusal::Busy);
                }
            },
            _ => responder.refuse(Refusal::NotPossible),
        }
    }

    fn tell_printed(&self, ticket: &Ticket, outcome: PrintOutcome) {
        self.teller.tell(&News::Ticket {
            ticket: ticket.label(),
            ticket_id: ticket_id_text(self.queue.ticket_id(ticket)),
            printed: match outcome {
                PrintOutcome::Printed => "printed",
                PrintOutcome::NotPrinted => "not_printed",
                PrintOutcome::Unknown => "unknown",
            },
        });
        // Nobody waits for it any more when the counter is being closed.
        let _ = self.changed.send(());
    }
}

fn printer_news(status: &PrinterStatus) -> News {
    News::TicketPrinter {
        online: status.online,
        paper: match status.paper {
            PaperState::Ok => "ok",
            PaperState::NearEnd => "near_end",
            PaperState::Out => "out",
            PaperState::Unknown | PaperState::Unrecognised(_) => "unknown",
        },
        cover_open: status.cover_open,
        error: status.error,
    }
}

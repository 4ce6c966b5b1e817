//! What the kiosk's thread does: answers, and keeps the kiosk supplied.

use super::card::Card;
use super::copies::Copies;
use super::{REQUEST_TIMEOUT, Sign, tellings};
use crate::board::{Board, BoardError, BoardEvent, Responder};
use crate::issuance::capture::board_news;
use crate::office::clock::{Clock, SystemClock};
use crate::office::console::Teller;
use crate::office::queue::Queue;
use crate::store::{Reported, Store, StoreError, Taking};
use protocol::Message;
use protocol::message::{Accepted, PaperState, Refusal, SetClock};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

/// How often the thread looks around when the kiosk says nothing: for copies that staff want.
const LOOK_AROUND: Duration = Duration::from_millis(500);

/// How often the kiosk's clock is set. A crystal of 100 ppm is off by a third of a second in that time.
const CLOCK_INTERVAL: Duration = Duration::from_hours(1);

/// How often it is looked whether the kiosk needs another loan: because of a new day, or because it has not taken the last one.
const LOAN_INTERVAL: Duration = Duration::from_secs(30);

/// The first version of the protocol with loans, copies and what to bring.
const LOANS_SINCE: u8 = 3;

/// What the thread works with.
pub(super) struct Service {
    board: Board,
    queue: Queue,
    store: Store,
    teller: Teller,
    utc_offset_minutes: i16,
    changed: Sender<()>,
    signs: Sender<Sign>,
    copies: Copies,
    card: Card,
    looked: Instant,
    clock_due: Instant,
    loan_due: Instant,
}

impl Service {
    /// Takes what it works with.
    pub(super) fn new(
        board: Board,
        queue: Queue,
        store: Store,
        teller: Teller,
        utc_offset_minutes: i16,
        (changed, signs): (Sender<()>, Sender<Sign>),
    ) -> Self {
        let now = Instant::now();
        Self {
            board,
            queue,
            store,
            teller,
            utc_offset_minutes,
            changed,
            signs,
            copies: Copies::default(),
            card: Card::new(now),
            looked: now,
            clock_due: now,
            loan_due: now,
        }
    }

    /// Serves until the board is closed.
    pub(super) fn run(mut self, events: &Receiver<BoardEvent>) {
        if let Err(error) = Copies::begin(&mut self.store, SystemClock.now()) {
            log::error!("copies that were interrupted could not be settled: {error}");
        }
        loop {
            match events.recv_timeout(LOOK_AROUND) {
                Ok(event) => self.take(event),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if self.looked.elapsed() >= LOOK_AROUND {
                self.looked = Instant::now();
                self.look_around();
            }
        }
    }

    fn take(&mut self, event: BoardEvent) {
        if let Some(news) = board_news("kiosk", &event) {
            self.teller.tell(&news);
        }
        match event {
            BoardEvent::Up { resumed: false, .. } => self.set_up(),
            BoardEvent::Request { responder, message } => self.answer(responder, &message),
            BoardEvent::Notification(Message::PrinterStatus(status)) => {
                self.teller.tell(&tellings::printer(&status));
                let works =
                    status.online && !status.cover_open && !status.error && status.paper != PaperState::Out;
                // Nobody listens any more once the counter has begun.
                let _ = self.signs.send(Sign::Printer { works });
            }
            _ => {}
        }
    }

    /// Whether the kiosk answers, and knows of loans and copies.
    fn has_loans(&self) -> bool {
        self.board.peer().is_some_and(|peer| peer.version >= LOANS_SINCE)
    }

    fn tell(&self, message: impl Into<Message>) -> Result<(), BoardError> {
        self.board.request(message, REQUEST_TIMEOUT).map(drop)
    }

    /// Tells a kiosk that has just started everything it needs.
    fn set_up(&mut self) {
        let told = self
            .set_clock()
            .and_then(|()| self.tell(self.queue.configuration()));
        match told {
            // Nobody listens any more once the counter has begun.
            Ok(()) => drop(self.signs.send(Sign::Configured)),
            Err(error) => {
                log::warn!("the kiosk could not be set up: {error}");
                return;
            }
        }
        if self.has_loans() {
            for details in self.queue.details() {
                if let Err(error) = self.tell(details) {
                    log::warn!("the kiosk does not know what residents have to bring: {error}");
                }
            }
            self.lend();
        }
        self.card.settle(Instant::now());
    }

    fn set_clock(&mut self) -> Result<(), BoardError> {
        self.clock_due = Instant::now() + CLOCK_INTERVAL;
        self.tell(SetClock {
            unix_seconds: SystemClock.now().unix_seconds(),
            utc_offset_minutes: self.utc_offset_minutes,
        })
    }

    fn look_around(&mut self) {
        let now = Instant::now();
        if self.board.peer().is_some()
            && now >= self.clock_due
            && let Err(error) = self.set_clock()
        {
            log::warn!("the kiosk's clock could not be set: {error}");
        }
        if self.has_loans() {
            if now >= self.loan_due {
                self.lend();
            }
            if let Some(news) = self.card.look(&self.board, now) {
                self.teller.tell(&news);
            }
        }
        let board = self
            .board
            .peer()
            .map(|peer| (&self.board, peer.version >= LOANS_SINCE));
        match self
            .copies
            .look(&mut self.store, &self.queue, board, SystemClock.now())
        {
            // Nobody waits for it any more when the counter is being closed.
            Ok(true) => drop(self.changed.send(())),
            Ok(false) => {}
            Err(error) => log::error!("a copy could not be entered: {error}"),
        }
    }

    /// Gives the kiosk a loan, if it needs one.
    fn lend(&mut self) {
        self.loan_due = Instant::now() + LOAN_INTERVAL;
        let Some(peer) = self.board.peer() else { return };
        let lent = match self
            .queue
            .loan_due(&mut self.store, peer.boot_id, SystemClock.now())
        {
            Ok(Some(loan)) => loan,
            Ok(None) => return,
            Err(error) => return log::error!("no numbers could be lent: {error}"),
        };
        let loan = lent.loan;
        match self.tell(lent) {
            Ok(()) => match self.store.loan_accepted(loan, SystemClock.now()) {
                Ok(()) => log::info!("the kiosk has loan {loan}"),
                Err(error) => log::error!("that the kiosk has loan {loan} could not be kept: {error}"),
            },
            Err(BoardError::Refused(Refusal::NotPossible | Refusal::UnknownMessage)) => {
                self.loan_due = Instant::now() + CLOCK_INTERVAL;
                log::warn!("the kiosk takes no numbers for the time without this computer");
            }
            // It stays the kiosk's: it may have heard. The same numbers are offered again.
            Err(error) => log::warn!("the kiosk has not taken loan {loan}: {error}"),
        }
    }

    fn answer(&mut self, responder: Responder, message: &Message) {
        let now = SystemClock.now();
        match message {
            Message::TicketRequest(request) => {
                responder.reply(self.queue.answer(&mut self.store, request, now));
            }
            Message::TicketTaken(told) => {
                let taking = self.queue.taken(&mut self.store, told, now);
                if let Some(taking) = accept(responder, taking) {
                    self.taken(told, &taking);
                }
            }
            Message::TicketPrinted(report) => {
                let reported = self.queue.printed(&mut self.store, report, now);
                match accept(responder, reported) {
                    Some(Reported::Ticket(ticket)) => {
                        self.teller
                            .tell(&tellings::ticket(&ticket, self.queue.ticket_id(&ticket), report));
                        // Nobody waits for it any more when the counter is being closed.
                        let _ = self.changed.send(());
                    }
                    Some(Reported::Stray) => {
                        log::error!(
                            "the kiosk reports the paper of press {:#x}, ticket {:#x}, which contradicts the store: {:?}",
                            report.press,
                            report.ticket_id,
                            report.outcome
                        );
                        self.teller.problem(tellings::stray_paper(report));
                    }
                    Some(Reported::Nobodys) | None => {}
                }
            }
            _ => responder.refuse(Refusal::NotPossible),
        }
    }

    fn taken(&mut self, told: &protocol::message::TicketTaken, taking: &Taking) {
        match taking {
            Taking::Taken(ticket) => {
                let today = self.queue.day(&self.store, SystemClock.now());
                if today.is_ok_and(|today| today != ticket.day) {
                    self.teller.problem(tellings::of_another_day(ticket));
                }
                // Looked at soon, when it has told of the others that it gave.
                self.loan_due = self.loan_due.min(Instant::now() + 2 * LOOK_AROUND);
            }
            Taking::Stray(why) => {
                log::error!(
                    "the kiosk gave {}{:03} of loan {}, ticket {:#x}, which cannot be: {}",
                    char::from(told.prefix),
                    told.number,
                    told.loan,
                    told.ticket_id,
                    why.as_str()
                );
                self.teller.problem(tellings::stray_ticket(told, *why));
            }
        }
    }
}

/// Accepts what is in the store. What is not, the kiosk keeps, and says again.
fn accept<T>(responder: Responder, kept: Result<T, StoreError>) -> Option<T> {
    match kept {
        Ok(kept) => {
            responder.reply(Accepted {});
            Some(kept)
        }
        Err(error) => {
            log::error!("what the kiosk said could not be kept: {error}");
            responder.refuse(Refusal::Busy);
            None
        }
    }
}

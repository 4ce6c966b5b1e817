//! The work at the counter: call a ticket, take the application, check the documents, issue the card, hand it over.

mod report;

use super::catalogue::{self, Asked};
use super::clock::{Clock, Moment, SystemClock};
use super::console::{News, Outcome, Reply, Teller};
use super::kiosk::Kiosk;
use super::nik::Nik;
use super::procedure::{Procedure, Step};
use super::queue::Queue;
use super::record::Record;
use super::words::Words;
use crate::config::Config;
use crate::issuance::devices::{CounterDevices, Hardware};
use crate::issuance::machine::{Phase, Question};
use crate::issuance::prepared::Prepared;
use crate::issuance::runner::{Assignment, RunError, Runner, Start};
use crate::store::{AgendaRow, Application, ApplicationId, Store, StoreError, Ticket};
use report::{CounterObserver, outcome_of, step_news, unserved};
use std::time::Duration;

/// How often an operator may mistype a NIK or a telephone number before the application is given up.
const MAX_TYPING_ERRORS: u32 = 5;

/// How long the counter sleeps between two looks at the queue when the kiosk says nothing.
const QUEUE_POLL: Duration = Duration::from_millis(500);

/// Everything that one counter works with.
#[derive(Debug)]
pub struct Counter<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// The procedure that is carried out.
    pub procedure: &'static Procedure,
    /// The store.
    pub store: Store,
    /// The devices.
    pub hardware: Hardware,
}

/// A failure that ends the program: the store, or the console.
#[derive(Debug, thiserror::Error)]
pub enum CounterError {
    /// See [`RunError`].
    #[error(transparent)]
    Run(#[from] RunError),
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operator's input was closed while a question waited.
    #[error(
        "the console was closed while a question waited for an answer; \
         start `loket counter` again, it finds what was under way"
    )]
    ConsoleClosed,
    /// The application cannot be cancelled as it stands.
    #[error(
        "application {0} cannot be cancelled now: its card is active, or it is not known yet what came of its blank; \
         run `loket issue resume {0}`, which looks and goes on"
    )]
    NotCancellable(ApplicationId),
}

/// Who stands at the counter, until there is an application.
struct Visitor {
    ticket: Option<Ticket>,
    label: Option<String>,
    since: Moment,
}

impl Counter<'_> {
    /// Serves the next ticket: waits for one, calls it, carries it through. Returns how it ended.
    ///
    /// # Errors
    /// [`CounterError`]; what was under way is in the store and is found at the next start.
    pub fn serve_next(&mut self, kiosk: &Kiosk, queue: &Queue) -> Result<Outcome, CounterError> {
        let ticket = self.call_next(kiosk, queue)?;
        let visitor = Visitor {
            label: Some(ticket.label()),
            since: ticket.issued_at,
            ticket: Some(ticket),
        };
        let outcome = self.carry_through(&visitor)?;
        if let Some(ticket) = &visitor.ticket {
            self.store.close_ticket(ticket.id, SystemClock.now())?;
        }
        self.teller().tell(&News::Outcome(Box::new(outcome.clone())));
        Ok(outcome)
    }

    /// Goes on with an application that is parked, or was under way when the program stopped.
    ///
    /// # Errors
    /// [`CounterError`].
    pub fn take_up(&mut self, application: &Application) -> Result<Outcome, CounterError> {
        let outcome = self.issue(application, start_of(application))?;
        self.teller().tell(&News::Outcome(Box::new(outcome.clone())));
        Ok(outcome)
    }

    /// Ends an application for good.
    ///
    /// # Errors
    /// [`CounterError`]; in particular [`CounterError::NotCancellable`] when its chip is active, or when it is not known
    /// where its blank is.
    pub fn cancel(&mut self, application: &Application) -> Result<Outcome, CounterError> {
        let outcome = self
            .issue(application, Start::Cancel)
            .map_err(|error| match error {
                CounterError::Run(RunError::Illegal(_)) => CounterError::NotCancellable(application.id),
                other => other,
            })?;
        self.teller().tell(&News::Outcome(Box::new(outcome.clone())));
        Ok(outcome)
    }

    /// Resolves whatever a crash has left: an application under way is looked at and carried on, parked or rejected; one that had
    /// not begun is ended, the resident still has the ticket. Returns how the last one under way came out.
    ///
    /// # Errors
    /// [`CounterError`].
    pub fn recover(&mut self, queue: &Queue) -> Result<Option<Outcome>, CounterError> {
        let mut recovered = None;
        for application in self.store.open_applications()? {
            match application.phase {
                Phase::New => {
                    self.store
                        .end_application(application.id, "interrupted", SystemClock.now())?;
                }
                Phase::Running => {
                    self.teller().problem(Words::new(
                        format!(
                            "Permohonan {} terputus; keadaannya diperiksa sekarang.",
                            application.id
                        ),
                        format!(
                            "Application {} was interrupted; what came of it is looked at now.",
                            application.id
                        ),
                    ));
                    recovered = Some(self.take_up(&application)?);
                }
                Phase::Parked | Phase::Ended => {}
            }
        }
        let day = queue.day(&self.store, SystemClock.now())?;
        let waiting = self.store.requeue_called(&day)?;
        if waiting > 0 {
            self.teller().problem(Words::new(
                format!("{waiting} nomor yang sudah dipanggil belum dilayani; nomor itu dipanggil lagi."),
                format!("{waiting} called numbers were not served; they are called again."),
            ));
        }
        Ok(recovered)
    }

    fn teller(&self) -> Teller {
        self.hardware.console.teller().clone()
    }

    /// Waits for somebody to wait, and calls.
    fn call_next(&mut self, kiosk: &Kiosk, queue: &Queue) -> Result<Ticket, CounterError> {
        loop {
            self.hardware.capture.catch_up();
            let now = SystemClock.now();
            let Some(ticket) = queue.next(&self.store, now)? else {
                kiosk.wait_for_change(QUEUE_POLL);
                continue;
            };
            let label = ticket.label();
            match self
                .hardware
                .console
                .ask(Asked::CallNext, &Words::technical(&label))
            {
                Reply::Gone => return Err(CounterError::ConsoleClosed),
                Reply::Value(value) if value == "yes" => {}
                Reply::Value(_) => {
                    kiosk.wait_for_change(QUEUE_POLL);
                    continue;
                }
            }
            let now = SystemClock.now();
            if !self.store.call_ticket(ticket.id, now)? {
                continue;
            }
            let printed = ticket.printed_at.unwrap_or(now);
            self.step_done(&label, Step::Ticket, ticket.issued_at, printed, "done")?;
            self.step_done(&label, Step::Called, printed, now, "done")?;
            if let Err(error) = kiosk.call(&ticket, self.config.office.counter) {
                self.teller().problem(Words::new(
                    format!("Layar kios tidak dapat menampilkan {label}; panggil dengan suara. ({error})"),
                    format!("The kiosk's screen cannot show {label}; call it out. ({error})"),
                ));
            }
            self.teller().tell(&News::Called {
                ticket: label,
                counter: self.config.office.counter,
            });
            return Ok(ticket);
        }
    }

    /// From the call to the end of the application.
    fn carry_through(&mut self, visitor: &Visitor) -> Result<Outcome, CounterError> {
        let began = self.step_started(Step::Application);
        let Some((nik, record)) = self.ask_nik()? else {
            self.step_ended(visitor, None, Step::Application, began, "failed")?;
            return Ok(unserved(
                "unknown_applicant",
                visitor,
                None,
                catalogue::unknown_applicant(),
            ));
        };
        let Some(contact) = self.ask_contact()? else {
            self.step_ended(visitor, None, Step::Application, began, "failed")?;
            let words = Words::new(
                "Nomor telepon tidak diberikan; SOP mensyaratkannya.",
                "No telephone number was given; the SOP requires one.",
            );
            return Ok(unserved("returned", visitor, None, words));
        };
        // Somebody whose application was parked goes on with that one: a second one could make a second card.
        if let Some(unfinished) = self.store.unfinished_application(&nik)? {
            self.step_ended(visitor, Some(unfinished.id), Step::Application, began, "done")?;
            return self.issue(&unfinished, start_of(&unfinished));
        }
        let ticket = visitor.ticket.as_ref().map(|ticket| ticket.id);
        let id = self
            .store
            .open_application(self.procedure.id, ticket, &nik, &contact, SystemClock.now())?;
        if let Some(label) = &visitor.label {
            self.store.adopt_agenda(id, label, visitor.since)?;
        }
        self.step_ended(visitor, Some(id), Step::Application, began, "done")?;

        let began = self.step_started(Step::Documents);
        let complete = match self
            .hardware
            .console
            .ask(Asked::DocumentsComplete, &Words::default())
        {
            Reply::Gone => return Err(CounterError::ConsoleClosed),
            Reply::Value(value) => value == "yes",
        };
        let refused = if !complete {
            Some(("returned", catalogue::returned()))
        } else if record.status.may_be_printed() {
            None
        } else {
            Some(("not_ready", catalogue::not_printable(record.status)))
        };
        if let Some((outcome, words)) = refused {
            self.step_ended(visitor, Some(id), Step::Documents, began, outcome)?;
            self.store.end_application(id, outcome, SystemClock.now())?;
            return Ok(unserved(outcome, visitor, Some(id), words));
        }
        self.step_ended(visitor, Some(id), Step::Documents, began, "done")?;
        let application = self.store.application(id)?;
        self.issue(&application, Start::Begin(Vec::new()))
    }

    /// Runs the issuance of an application. For [`Start::Begin`] the fingers are filled in here.
    fn issue(&mut self, application: &Application, start: Start) -> Result<Outcome, CounterError> {
        let id = application.id;
        let label = match application.ticket {
            Some(ticket) => self.store.ticket(ticket)?.map(|ticket| ticket.label()),
            None => None,
        };
        let visitor = Visitor {
            ticket: None,
            label: label.clone(),
            since: application.opened_at,
        };
        let prepared = self.prepare(application)?;
        let start = match (start, &prepared) {
            (Start::Begin(_), Ok(prepared)) => Start::Begin(prepared.fingers()),
            (Start::Begin(_), Err(words)) => {
                self.store.end_application(id, "not_ready", SystemClock.now())?;
                return Ok(unserved("not_ready", &visitor, Some(id), words.clone()));
            }
            (other, _) => other,
        };
        let teller = self.teller();
        let mut observer = CounterObserver {
            teller,
            procedure: self.procedure,
            uid: self.store.blank_under_way(id)?,
            rejected: false,
        };
        let mut devices = CounterDevices::new(&mut self.hardware, prepared.as_ref());
        let assignment = Assignment {
            application: id,
            procedure: self.procedure,
            ticket: label,
            who: self.config.office.operator.clone(),
        };
        let ran = Runner::new(
            &mut self.store,
            &mut devices,
            &SystemClock,
            &mut observer,
            assignment,
        )
        .run(start);
        let measured = devices.measured().clone();
        let state = ran?;
        let began = self.step_started(Step::Agenda);
        let outcome = outcome_of(&state, &observer, &measured, &visitor, id);
        self.step_ended(&visitor, Some(id), Step::Agenda, began, outcome.outcome)?;
        Ok(outcome)
    }

    /// Everything that the card will hold, or why there can be none.
    fn prepare(&self, application: &Application) -> Result<Result<Prepared, Words>, CounterError> {
        let Some(record) = self.store.record(&application.nik)? else {
            return Ok(Err(catalogue::unknown_applicant()));
        };
        let issued = application
            .opened_at
            .local(self.config.office.utc_offset_minutes)
            .date();
        Ok(
            Prepared::new(&record, &self.config.office, application.id, issued)
                .map_err(|error| Words::technical(&error)),
        )
    }

    /// Asks for the NIK until a record is found. `None`: there is none, and the operator does not want to try another.
    fn ask_nik(&mut self) -> Result<Option<(Nik, Record)>, CounterError> {
        for _ in 0..MAX_TYPING_ERRORS {
            let Reply::Value(text) = self.hardware.console.ask(Asked::Nik, &Words::default()) else {
                return Err(CounterError::ConsoleClosed);
            };
            let words = match Nik::parse(&text) {
                Err(error) => Words::new(
                    format!("NIK tidak benar: {error}."),
                    format!("The NIK is not right: {error}."),
                ),
                Ok(nik) => match self.store.record(&nik)? {
                    Some(record) => return Ok(Some((nik, record))),
                    None => catalogue::unknown_applicant(),
                },
            };
            self.teller().problem(words.clone());
            match self
                .hardware
                .console
                .ask(Asked::Issuance(Question::RetryOrCancel), &words)
            {
                Reply::Gone => return Err(CounterError::ConsoleClosed),
                Reply::Value(value) if value == "retry" => {}
                Reply::Value(_) => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Asks for the telephone number that the SOP wants.
    fn ask_contact(&mut self) -> Result<Option<String>, CounterError> {
        for _ in 0..MAX_TYPING_ERRORS {
            let Reply::Value(text) = self.hardware.console.ask(Asked::Contact, &Words::default()) else {
                return Err(CounterError::ConsoleClosed);
            };
            if let Some(number) = telephone_number(&text) {
                return Ok(Some(number));
            }
            self.teller().problem(Words::new(
                "Nomor telepon harus 8 sampai 15 angka, boleh diawali +.",
                "A telephone number has 8 to 15 digits and may start with +.",
            ));
        }
        Ok(None)
    }

    fn step_started(&self, step: Step) -> Moment {
        self.teller()
            .tell(&step_news(self.procedure, step, "started", None, None));
        SystemClock.now()
    }

    fn step_ended(
        &mut self,
        visitor: &Visitor,
        application: Option<ApplicationId>,
        step: Step,
        began: Moment,
        result: &str,
    ) -> Result<(), StoreError> {
        let ended = SystemClock.now();
        let row = self.row(visitor.label.clone(), application, step, began, ended, result);
        self.store.put_agenda(&row)?;
        let seconds = ended.seconds_since(began);
        self.teller().tell(&step_news(
            self.procedure,
            step,
            "ended",
            Some(seconds),
            Some(result),
        ));
        Ok(())
    }

    /// A step that is over before the counter heard of it: taking a number, waiting.
    fn step_done(
        &mut self,
        label: &str,
        step: Step,
        began: Moment,
        ended: Moment,
        result: &str,
    ) -> Result<(), StoreError> {
        let row = self.row(Some(label.to_owned()), None, step, began, ended, result);
        self.store.put_agenda(&row)?;
        self.teller()
            .tell(&step_news(self.procedure, step, "started", None, None));
        let seconds = ended.seconds_since(began);
        self.teller().tell(&step_news(
            self.procedure,
            step,
            "ended",
            Some(seconds),
            Some(result),
        ));
        Ok(())
    }

    fn row(
        &self,
        ticket: Option<String>,
        application: Option<ApplicationId>,
        step: Step,
        began: Moment,
        ended: Moment,
        result: &str,
    ) -> AgendaRow {
        let assignment = Assignment {
            application: application.unwrap_or(ApplicationId(0)),
            procedure: self.procedure,
            ticket,
            who: self.config.office.operator.clone(),
        };
        AgendaRow {
            application,
            ..assignment.row(step, began, ended, result)
        }
    }
}

/// How an application that was begun is taken up again.
fn start_of(application: &Application) -> Start {
    match application.phase {
        Phase::Parked => Start::Resume,
        _ => Start::Recover,
    }
}

/// 8 to 15 digits (ITU-T E.164 allows 15), without the marks that people put between them.
fn telephone_number(text: &str) -> Option<String> {
    let number: String = text
        .chars()
        .filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')'))
        .collect();
    let digits = number.strip_prefix('+').unwrap_or(&number);
    ((8..=15).contains(&digits.len()) && digits.bytes().all(|c| c.is_ascii_digit())).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_telephone_number_may_be_written_as_people_write_it() {
        assert_eq!(
            telephone_number("0812-3456-7890").as_deref(),
            Some("081234567890")
        );
        assert_eq!(
            telephone_number("+62 812 3456 7890").as_deref(),
            Some("+6281234567890")
        );
        assert_eq!(telephone_number("12345"), None);
        assert_eq!(telephone_number("tidak ada"), None);
    }
}

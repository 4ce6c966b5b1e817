//! The queue: what the kiosk asks for and is told.

use super::clock::{Moment, days_since_1970, office_day};
use super::procedure::{KTP_SUDAH_REKAM, Procedure};
use crate::config::{Config, Kiosk, Service};
use crate::store::{
    Lending, Paper, PressedTicket, Reported, Reprint, Store, StoreError, TakenTicket, Taking, Ticket,
};
use protocol::Message;
use protocol::message::{
    Configure, LendNumbers, LentRange, PrintCause, PrintOutcome, ServiceDetails, TicketDenial, TicketDenied,
    TicketGranted, TicketPrinted, TicketRequest, TicketTaken,
};

/// What the queue needs to know of the office.
#[derive(Debug, Clone)]
pub struct Queue {
    services: Vec<Service>,
    kiosk: Kiosk,
    office: String,
    utc_offset_minutes: i16,
    /// Tells this store's tickets from another's.
    identity: u32,
    procedure: &'static Procedure,
}

impl Queue {
    /// The queue of a configured office. `identity` is [`Store::identity`].
    pub fn new(config: &Config, identity: u32) -> Self {
        Self {
            services: config.services.clone(),
            kiosk: config.kiosk.clone(),
            office: config.office.name.clone(),
            utc_offset_minutes: config.office.utc_offset_minutes,
            identity,
            procedure: &KTP_SUDAH_REKAM,
        }
    }

    /// What the kiosk shall offer. The configuration was checked, so nothing is cut off.
    pub fn configuration(&self) -> Configure {
        let services = self.services.iter().map(|service| protocol::message::Service {
            id: service.id,
            prefix: service.prefix as u8,
            name_id: text(&service.name_id),
            name_en: text(&service.name_en),
        });
        Configure {
            office: text(&self.office),
            tickets_open: true,
            services: services.take(4).collect(),
            paper_mm: self.kiosk.paper_mm,
            priority: self.kiosk.priority,
        }
    }

    /// What residents have to bring for each service, for the tickets.
    pub fn details(&self) -> impl Iterator<Item = ServiceDetails> {
        self.services.iter().map(|service| ServiceDetails {
            service: service.id,
            bring: service.bring.iter().take(4).map(|line| text(line)).collect(),
        })
    }

    /// The id that the ticket's QR code shows: `LOKET-` and 16 hexadecimal digits.
    pub fn ticket_id(&self, ticket: &Ticket) -> u64 {
        self.id_of(ticket.id)
    }

    fn id_of(&self, row: i64) -> u64 {
        // Store and row together are unique for ever and everywhere, without asking anybody.
        u64::from(self.identity) << 32 | (row.cast_unsigned() & 0xFFFF_FFFF)
    }

    /// The row of an id, if it is of this store.
    pub fn row_of(&self, ticket_id: u64) -> Option<i64> {
        (ticket_id >> 32 == u64::from(self.identity)).then_some((ticket_id & 0xFFFF_FFFF).cast_signed())
    }

    /// The local day for which numbers count now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn day(&self, store: &Store, now: Moment) -> Result<String, StoreError> {
        let last = store.last_day()?;
        Ok(office_day(now, self.utc_offset_minutes, last.as_deref()))
    }

    /// Who is called next.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next(&self, store: &Store, now: Moment) -> Result<Option<Ticket>, StoreError> {
        store.next_waiting(&self.day(store, now)?, self.kiosk.priority_turns, now)
    }

    /// Answers a press: the number is on the disk when this returns it.
    pub fn answer(&self, store: &mut Store, request: &TicketRequest, now: Moment) -> Message {
        let deny = |reason| {
            Message::from(TicketDenied {
                press: request.press,
                reason,
            })
        };
        let Some(service) = self.services.iter().find(|service| service.id == request.service) else {
            return deny(TicketDenial::UnknownService);
        };
        match self.allocate(store, service, request, now) {
            Ok(ticket) => Message::from(TicketGranted {
                press: request.press,
                ticket_id: self.ticket_id(&ticket),
                prefix: ticket.prefix as u8,
                number: ticket.number,
                people_before: ticket.people_before,
                wait_minutes: ticket.wait_minutes,
                issued_unix: ticket.issued_at.unix_seconds(),
                utc_offset_minutes: self.utc_offset_minutes,
            }),
            Err(StoreError::NumbersUsedUp) => deny(TicketDenial::Full),
            Err(error) => {
                log::error!("no number could be given: {error}");
                deny(TicketDenial::Storage)
            }
        }
    }

    fn allocate(
        &self,
        store: &mut Store,
        service: &Service,
        request: &TicketRequest,
        now: Moment,
    ) -> Result<Ticket, StoreError> {
        let pressed = PressedTicket {
            press: request.press,
            service: service.id,
            prefix: service.prefix,
            priority: request.priority && self.kiosk.priority,
            day: self.day(store, now)?,
            last_number: self.kiosk.last_on_line(),
            minutes_each: u16::try_from(self.procedure.total().as_secs() / 60).unwrap_or(u16::MAX),
            priority_turns: self.kiosk.priority_turns,
        };
        store.allocate_ticket(&pressed, now)
    }

    /// Keeps what the kiosk says about the paper.
    ///
    /// # Errors
    /// [`StoreError`]: then the kiosk must not be told that it is kept.
    pub fn printed(
        &self,
        store: &mut Store,
        report: &TicketPrinted,
        now: Moment,
    ) -> Result<Reported, StoreError> {
        // Row 0 is no ticket's: an id of another store contradicts whatever the press has here.
        let row = (report.ticket_id != 0).then(|| self.row_of(report.ticket_id).unwrap_or(0));
        let press = (report.press, report.ticket_id, row);
        store.report_ticket(press, paper(report.outcome), cause(report.cause), now)
    }

    /// Enters a number that the kiosk gave by itself.
    ///
    /// # Errors
    /// [`StoreError`]: then the kiosk must not be told that it is kept.
    pub fn taken(&self, store: &mut Store, told: &TicketTaken, now: Moment) -> Result<Taking, StoreError> {
        let when = i64::try_from(told.taken_unix)
            .ok()
            .filter(|seconds| *seconds != 0)
            .and_then(|seconds| seconds.checked_mul(1000))
            .map(Moment::from_millis);
        let taken = TakenTicket {
            press: told.press,
            loan: told.loan,
            ticket_id: told.ticket_id,
            row: self.row_of(told.ticket_id),
            service: told.service,
            prefix: char::from(told.prefix),
            number: told.number,
            priority: told.priority,
            taken: when.map(|when| (when, when.local_day(self.utc_offset_minutes))),
        };
        store.take_lent(&taken, now)
    }

    /// The loan that the kiosk should be given now, if it needs one. `start` is the number that the kiosk drew at its start.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn loan_due(
        &self,
        store: &mut Store,
        start: u32,
        now: Moment,
    ) -> Result<Option<LendNumbers>, StoreError> {
        let day = self.day(store, now)?;
        let services: Vec<_> = self
            .services
            .iter()
            .map(|service| (service.id, service.prefix))
            .collect();
        let lending = Lending {
            day: &day,
            services: &services,
            each: self.kiosk.lent_numbers,
            from: self.kiosk.lent_from,
            start,
        };
        let Some(loan) = store.loan_due(&lending, now)? else {
            return Ok(None);
        };
        let ranges = loan.ranges.iter().map(|range| LentRange {
            service: range.service,
            prefix: range.prefix as u8,
            first: range.first,
            count: range.count,
            first_ticket_id: self.id_of(range.first_row),
        });
        Ok(Some(LendNumbers {
            loan: loan.id,
            day: days_since_1970(&loan.day).ok_or(StoreError::Damaged("day"))?,
            ranges: ranges.take(4).collect(),
        }))
    }

    /// What the kiosk is told to print a copy.
    pub fn reprint(&self, reprint: &Reprint) -> protocol::message::Reprint {
        let ticket = &reprint.ticket;
        protocol::message::Reprint {
            ticket_id: self.ticket_id(ticket),
            service: ticket.service,
            prefix: ticket.prefix as u8,
            number: ticket.number,
            priority: ticket.priority,
            issued_unix: if ticket.is_issued_known {
                ticket.issued_at.unix_seconds()
            } else {
                0
            },
            utc_offset_minutes: self.utc_offset_minutes,
            copy: reprint.copy,
        }
    }
}

/// Text that was checked to fit.
fn text<const N: usize>(text: &str) -> heapless::String<N> {
    heapless::String::try_from(text).unwrap_or_default()
}

/// What became of a paper, in the store's words.
pub fn paper(outcome: PrintOutcome) -> Paper {
    match outcome {
        PrintOutcome::Printed => Paper::Printed,
        PrintOutcome::NotPrinted => Paper::NotPrinted,
        PrintOutcome::Unknown => Paper::Unknown,
    }
}

/// Why, in the store's words and in JSON.
pub fn cause(cause: PrintCause) -> Option<&'static str> {
    Some(match cause {
        PrintCause::None => return None,
        PrintCause::PaperOut => "paper_out",
        PrintCause::CoverOpen => "cover_open",
        PrintCause::Offline => "offline",
        PrintCause::NoAnswer => "no_answer",
        PrintCause::Error => "error",
        PrintCause::Restarted => "restarted",
        PrintCause::Unrecognised(_) => "other",
    })
}

/// A ticket's id as it is printed in its QR code.
pub fn ticket_id_text(id: u64) -> String {
    format!("LOKET-{id:016X}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::message::PrintCause;

    const CONFIG: &str = r#"
        [office]
        name = "Dukcapil"
        province = "SUMATERA BARAT"
        regency = "KOTA PADANG PANJANG"
        office_place = "PADANG PANJANG"
        counter = 2
        [store]
        path = "x"
    "#;

    fn queue() -> Queue {
        Queue::new(&toml::from_str(CONFIG).unwrap(), 0xABCD)
    }

    const NOW: Moment = Moment::from_millis(1_772_384_399_999);

    #[test]
    fn a_press_that_is_asked_twice_is_granted_the_same() {
        let mut store = Store::in_memory().unwrap();
        let request = TicketRequest {
            press: 7 << 32,
            service: 1,
            priority: false,
        };
        let first = queue().answer(&mut store, &request, NOW);
        assert_eq!(first, queue().answer(&mut store, &request, NOW));
        let Message::TicketGranted(granted) = first else {
            panic!("{first:?}")
        };
        assert_eq!((granted.prefix, granted.number), (b'A', 1));
        assert_eq!(ticket_id_text(granted.ticket_id), "LOKET-0000ABCD00000001");
    }

    #[test]
    fn a_service_that_is_not_offered_is_denied() {
        let mut store = Store::in_memory().unwrap();
        let request = TicketRequest {
            press: 1,
            service: 9,
            priority: false,
        };
        let denied = TicketDenied {
            press: 1,
            reason: TicketDenial::UnknownService,
        };
        assert_eq!(queue().answer(&mut store, &request, NOW), denied.into());
    }

    #[test]
    fn a_ticket_whose_paper_is_uncertain_is_called() {
        let mut store = Store::in_memory().unwrap();
        let queue = queue();
        queue.answer(
            &mut store,
            &TicketRequest {
                press: 1,
                service: 1,
                priority: false,
            },
            NOW,
        );
        let report = TicketPrinted {
            press: 1,
            ticket_id: 0,
            outcome: PrintOutcome::Unknown,
            cause: PrintCause::NoAnswer,
        };
        let reported = queue.printed(&mut store, &report, NOW).unwrap();
        assert!(matches!(reported, Reported::Ticket(_)), "{reported:?}");
        assert!(queue.next(&store, NOW).unwrap().is_some());
    }

    #[test]
    fn a_loan_and_the_number_that_is_taken_of_it_fit_together() {
        let mut store = Store::in_memory().unwrap();
        let queue = queue();
        let loan = queue.loan_due(&mut store, 1, NOW).unwrap().unwrap();
        assert_eq!(loan.day, 20_513);
        let range = &loan.ranges[0];
        assert_eq!((range.prefix, range.first, range.count), (b'A', 900, 20));
        let told = TicketTaken {
            press: 3,
            loan: loan.loan,
            ticket_id: range.first_ticket_id + 4,
            service: range.service,
            prefix: range.prefix,
            number: range.first + 4,
            priority: true,
            taken_unix: NOW.unix_seconds(),
        };
        let Taking::Taken(ticket) = queue.taken(&mut store, &told, NOW).unwrap() else {
            panic!("it was refused")
        };
        assert_eq!((ticket.label().as_str(), ticket.priority), ("A904", true));
        assert_eq!(queue.ticket_id(&ticket), told.ticket_id);
        let report = TicketPrinted {
            press: 3,
            ticket_id: told.ticket_id,
            outcome: PrintOutcome::Printed,
            cause: PrintCause::None,
        };
        queue.printed(&mut store, &report, NOW).unwrap();
        assert_eq!(
            queue.next(&store, NOW).unwrap().map(|next| next.id),
            Some(ticket.id)
        );
    }

    #[test]
    fn a_ticket_of_another_store_is_a_stray() {
        let mut store = Store::in_memory().unwrap();
        let loan = queue().loan_due(&mut store, 1, NOW).unwrap().unwrap();
        let range = &loan.ranges[0];
        let told = TicketTaken {
            press: 3,
            loan: loan.loan,
            ticket_id: range.first_ticket_id ^ (1 << 40),
            service: range.service,
            prefix: range.prefix,
            number: range.first,
            priority: false,
            taken_unix: 0,
        };
        let taking = queue().taken(&mut store, &told, NOW).unwrap();
        assert!(matches!(taking, Taking::Stray(_)), "{taking:?}");
    }

    #[test]
    fn what_to_bring_is_told_for_each_service() {
        let config = format!(
            "{CONFIG}\n[[services]]\nid = 4\nprefix = 'C'\nname_id = 'x'\nname_en = 'y'\nbring = ['Kartu Keluarga asli']"
        );
        let queue = Queue::new(&toml::from_str(&config).unwrap(), 1);
        let details: Vec<_> = queue.details().collect();
        assert_eq!(details.len(), 1);
        assert_eq!(
            (details[0].service, details[0].bring[0].as_str()),
            (4, "Kartu Keluarga asli")
        );
    }

    #[test]
    fn the_kiosk_is_offered_what_is_configured() {
        let configuration = queue().configuration();
        assert_eq!(configuration.office, "Dukcapil");
        assert_eq!(configuration.services[0].name_id, "KTP-el sudah rekam");
    }
}

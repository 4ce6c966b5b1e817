//! The queue: what the kiosk asks for and is told.

use super::clock::Moment;
use super::procedure::{KTP_SUDAH_REKAM, Procedure};
use crate::config::{Config, Service};
use crate::store::{PressedTicket, Store, StoreError, Ticket, TicketState};
use protocol::Message;
use protocol::message::{
    Configure, PrintOutcome, TicketDenial, TicketDenied, TicketGranted, TicketPrinted, TicketRequest,
};

/// What the queue needs to know of the office.
#[derive(Debug, Clone)]
pub struct Queue {
    services: Vec<Service>,
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
            office: config.office.name.clone(),
            utc_offset_minutes: config.office.utc_offset_minutes,
            identity,
            procedure: &KTP_SUDAH_REKAM,
        }
    }

    /// What the kiosk shall offer. The configuration was checked, so nothing is cut off.
    pub fn configuration(&self) -> Configure {
        let text = |text: &str| heapless::String::try_from(text).unwrap_or_default();
        let services = self.services.iter().map(|service| protocol::message::Service {
            id: service.id,
            prefix: service.prefix as u8,
            name_id: heapless::String::try_from(service.name_id.as_str()).unwrap_or_default(),
            name_en: heapless::String::try_from(service.name_en.as_str()).unwrap_or_default(),
        });
        Configure {
            office: text(&self.office),
            tickets_open: true,
            services: services.take(4).collect(),
            paper_mm: 58,
            priority: false,
        }
    }

    /// The id that the ticket's QR code shows: `LOKET-` and 16 hexadecimal digits.
    pub fn ticket_id(&self, ticket: &Ticket) -> u64 {
        // Store and row together are unique for ever and everywhere, without asking anybody.
        u64::from(self.identity) << 32 | (ticket.id.cast_unsigned() & 0xFFFF_FFFF)
    }

    /// The local day of a moment, for which numbers count.
    pub fn day(&self, now: Moment) -> String {
        now.local_day(self.utc_offset_minutes)
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
        let pressed = PressedTicket {
            press: request.press,
            service: service.id,
            prefix: service.prefix,
            priority: request.priority,
            day: self.day(now),
            minutes_each: u16::try_from(self.procedure.total().as_secs() / 60).unwrap_or(u16::MAX),
        };
        match store.allocate_ticket(&pressed, now) {
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

    /// Keeps what the kiosk says about the paper. `None`: the press is not known here.
    ///
    /// # Errors
    /// [`StoreError`]: then the kiosk must not be told that it is kept.
    pub fn printed(
        &self,
        store: &mut Store,
        report: &TicketPrinted,
        now: Moment,
    ) -> Result<Option<Ticket>, StoreError> {
        let state = match report.outcome {
            PrintOutcome::Printed => TicketState::Printed,
            PrintOutcome::NotPrinted => TicketState::NotPrinted,
            PrintOutcome::Unknown => TicketState::PrintUnknown,
        };
        store.report_ticket(report.press, state, now)
    }
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
        assert!(queue.printed(&mut store, &report, NOW).unwrap().is_some());
        assert!(store.next_waiting(&queue.day(NOW), NOW).unwrap().is_some());
    }

    #[test]
    fn the_kiosk_is_offered_what_is_configured() {
        let configuration = queue().configuration();
        assert_eq!(configuration.office, "Dukcapil");
        assert_eq!(configuration.services[0].name_id, "KTP-el sudah rekam");
    }
}

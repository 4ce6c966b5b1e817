//! The counter's computer in simulated time: the real link, the real queue, the real store.

use host_driver::config::Config;
use host_driver::office::clock::Moment;
use host_driver::office::queue::Queue;
use host_driver::store::{Store, StoreError, Ticket};
use protocol::link::{Config as LinkConfig, Event, Role};
use protocol::message::{
    Accepted, Called, Firmware, Message, PrintOutcome, Refusal, Service, SetClock, TicketPrinted,
};
use protocol::{HostLink, RequestId};

/// The office, as its configuration file has it.
const OFFICE: &str = r#"
[office]
name = "Disdukcapil Padang Panjang"
province = "SUMATERA BARAT"
regency = "KOTA PADANG PANJANG"
office_place = "PADANG PANJANG"
counter = 2
utc_offset_minutes = 420
[store]
path = "in-memory"
[[services]]
id = 1
prefix = "A"
name_id = "KTP-el sudah rekam"
name_en = "ID card, data recorded"
[[services]]
id = 2
prefix = "B"
name_id = "Perekaman KTP-el"
name_en = "First ID card recording"
[[services]]
id = 3
prefix = "C"
name_id = "Kartu Keluarga"
name_en = "Family card"
"#;

/// Local time against UTC, as above.
const UTC_OFFSET_MINUTES: i16 = 420;
/// When the hall opens: 2026-03-02 07:30 in Padang Panjang, in ms since 1970.
const OPENING: i64 = 1_772_411_400_000;
/// Tells this store's tickets from others'.
const IDENTITY: u32 = 0x0A11_0001;

/// The counter's computer. Its disk survives whatever happens to it.
#[derive(Debug)]
pub struct Counter {
    store: Store,
    queue: Queue,
    starts: u32,
    link: Option<Box<HostLink>>,
    /// Events after which the computer loses its power, before it has said anything about the last.
    dies_after: Option<u32>,
    /// What the kiosk said became of each press, in the order in which it said so.
    reports: Vec<TicketPrinted>,
}

impl Counter {
    /// A computer that is switched off, with an empty store.
    ///
    /// # Errors
    /// [`StoreError`].
    ///
    /// # Panics
    /// If the configuration above is none.
    pub fn new() -> Result<Self, StoreError> {
        let config: Config = toml::from_str(OFFICE).expect("the office's configuration is one");
        Ok(Self {
            store: Store::in_memory()?,
            queue: Queue::new(&config, IDENTITY),
            starts: 0,
            link: None,
            dies_after: None,
            reports: Vec::new(),
        })
    }

    /// The time on its clock at `now`, µs since the hall was opened.
    pub fn moment(now: u64) -> Moment {
        Moment::from_millis(OPENING + (now / 1_000) as i64)
    }

    /// What it offers residents.
    pub fn services(&self) -> Vec<Service> {
        self.queue.configuration().services.to_vec()
    }

    /// Starts the program.
    pub fn switch_on(&mut self) {
        self.starts += 1;
        self.dies_after = None;
        // Any number that differs from the last start's.
        let boot_id = 0x0057_0000 + self.starts;
        let config = LinkConfig::new(Role::Host, boot_id, Firmware::default());
        self.link = Some(Box::new(HostLink::new(config)));
    }

    /// Takes its power away.
    pub fn switch_off(&mut self) {
        self.link = None;
    }

    /// Whether the program runs.
    pub fn is_on(&self) -> bool {
        self.link.is_some()
    }

    /// Lets the power go after `events` more things that the kiosk says: what the last of them asked for is done and on
    /// the disk, but never answered.
    pub fn fail_after(&mut self, events: u32) {
        self.dies_after = Some(events);
    }

    /// Takes bytes from the line.
    pub fn handle_bytes(&mut self, now: u64, bytes: &[u8]) {
        if let Some(link) = &mut self.link {
            link.handle_bytes(now, bytes);
            self.serve(now);
        }
    }

    /// Bytes for the line.
    pub fn poll_transmit(&mut self, now: u64) -> Vec<u8> {
        let Some(link) = &mut self.link else {
            return Vec::new();
        };
        let mut out = vec![0; HostLink::MAX_WIRE_FRAME];
        let length = link.poll_transmit(now, &mut out);
        out.truncate(length);
        out
    }

    /// When it has to be looked at, in µs.
    pub fn next(&self) -> Option<u64> {
        self.link.as_ref()?.poll_timeout()
    }

    /// Lets it be `now`.
    pub fn advance(&mut self, now: u64) {
        if let Some(link) = &mut self.link {
            link.handle_timeout(now);
            self.serve(now);
        }
    }

    fn serve(&mut self, now: u64) {
        while let Some(event) = self.link.as_mut().and_then(|link| link.poll_event()) {
            match event {
                Event::Up { resumed: false, .. } => self.set_up(now),
                Event::Request { id, message } => self.answer(now, id, &message),
                _ => {}
            }
        }
    }

    /// Tells a kiosk that has just started everything it needs.
    fn set_up(&mut self, now: u64) {
        let clock = SetClock {
            unix_seconds: Self::moment(now).unix_seconds(),
            utc_offset_minutes: UTC_OFFSET_MINUTES,
        };
        self.ask(now, &clock.into());
        let configuration = self.queue.configuration();
        self.ask(now, &configuration.into());
    }

    fn ask(&mut self, now: u64, message: &Message) {
        if let Some(link) = &mut self.link {
            // What finds no room is told again at the next start of either side.
            let _ = link.request(now, message);
        }
    }

    fn answer(&mut self, now: u64, id: RequestId, message: &Message) {
        let at = Self::moment(now);
        let answer = match message {
            Message::TicketRequest(request) => Ok(self.queue.answer(&mut self.store, request, at)),
            Message::TicketPrinted(report) => match self.queue.printed(&mut self.store, report, at) {
                Ok(_) => {
                    self.reports.push(report.clone());
                    Ok(Accepted {}.into())
                }
                Err(_) => Err(Refusal::Busy),
            },
            Message::Restarted(_) => Ok(Accepted {}.into()),
            _ => Err(Refusal::NotPossible),
        };
        match &mut self.dies_after {
            Some(0) => return self.switch_off(),
            Some(left) => *left -= 1,
            None => {}
        }
        if let Some(link) = &mut self.link {
            // Neither fails but for a kiosk that has restarted since and waits no more.
            let _ = match answer {
                Ok(answer) => link.reply(now, id, &answer),
                Err(reason) => link.refuse(now, id, reason),
            };
        }
    }

    /// An operator calls whoever is next, if somebody waits, and is done with the one called before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn call_next(&mut self, now: u64) -> Result<(), StoreError> {
        let at = Self::moment(now);
        let Some(ticket) = self.queue.next(&self.store, at)? else {
            return Ok(());
        };
        if self.store.call_ticket(ticket.id, at)? {
            let called = Called {
                prefix: ticket.prefix as u8,
                number: ticket.number,
                counter: 2,
            };
            self.ask(now, &called.into());
            self.store.close_ticket(ticket.id, at)?;
        }
        Ok(())
    }

    /// Every number that was given, in order; what is lent and not taken is nobody's.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn tickets(&self) -> Result<Vec<Ticket>, StoreError> {
        let mut tickets = Vec::new();
        let mut row = 1;
        while let Some(ticket) = self.store.ticket(row)? {
            row += 1;
            if ticket.state.is_given() {
                tickets.push(ticket);
            }
        }
        Ok(tickets)
    }

    /// What a ticket's QR code shows.
    pub fn ticket_id(&self, ticket: &Ticket) -> u64 {
        self.queue.ticket_id(ticket)
    }

    /// What the kiosk said last became of a ticket, if it said anything. One whose press took a lent number instead is on no
    /// paper.
    pub fn report(&self, ticket: &Ticket) -> Option<PrintOutcome> {
        let Some(press) = ticket.press else {
            return Some(PrintOutcome::NotPrinted);
        };
        let said = self.reports.iter().rev().find(|report| report.press == press);
        said.map(|report| report.outcome)
    }
}

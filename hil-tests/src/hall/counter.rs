//! The counter's computer in simulated time: the real link, the real queue, the real store.

use std::collections::VecDeque;

use host_driver::config::Config;
use host_driver::office::clock::Moment;
use host_driver::office::queue::Queue;
use host_driver::store::{Store, StoreError};
use protocol::link::{Config as LinkConfig, Event, Role};
use protocol::message::{Accepted, Called, Firmware, Message, Refusal, Service, SetClock};
use protocol::{HostLink, RequestId};

use super::SECOND;

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
/// How often the kiosk's clock is set, and looked whether it needs another loan, in µs: as the operator's program does.
const CLOCK_INTERVAL: u64 = 3_600 * SECOND;
const LOAN_INTERVAL: u64 = 30 * SECOND;
/// Tells this store's tickets from others'.
const IDENTITY: u32 = 0x0A11_0001;

/// The office's configuration, less what is on a real computer only.
///
/// # Panics
/// If it is none.
pub fn office() -> Config {
    toml::from_str(OFFICE).expect("the office's configuration is one")
}

/// The counter's computer. Its disk survives whatever happens to it.
#[derive(Debug)]
pub struct Counter {
    store: Store,
    queue: Queue,
    starts: u32,
    link: Option<Box<HostLink>>,
    /// Events after which the computer loses its power, before it has said anything about the last.
    dies_after: Option<u32>,
    /// Presses that were denied a number.
    denied: Vec<u64>,
    /// What the kiosk is still to be told, one after the other.
    to_tell: VecDeque<Message>,
    /// What it is being told.
    telling: Option<RequestId>,
    /// The loan of it, if it is one.
    lending: Option<u32>,
    loan_due: u64,
    /// Number that the kiosk drew at its start.
    kiosk_start: u32,
    clock_due: u64,
}

impl Counter {
    /// A computer that is switched off, with an empty store.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn new() -> Result<Self, StoreError> {
        Ok(Self {
            store: Store::in_memory()?,
            queue: Queue::new(&office(), IDENTITY),
            starts: 0,
            link: None,
            dies_after: None,
            denied: Vec::new(),
            to_tell: VecDeque::new(),
            telling: None,
            lending: None,
            loan_due: u64::MAX,
            kiosk_start: 0,
            clock_due: u64::MAX,
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
        self.to_tell.clear();
        self.telling = None;
        self.lending = None;
        self.loan_due = u64::MAX;
        self.clock_due = u64::MAX;
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

    /// Takes the loss of power back that is to come.
    pub fn hold(&mut self) {
        self.dies_after = None;
    }

    /// Takes bytes from the line.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn handle_bytes(&mut self, now: u64, bytes: &[u8]) -> Result<(), StoreError> {
        if let Some(link) = &mut self.link {
            link.handle_bytes(now, bytes);
            self.serve(now)?;
        }
        Ok(())
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
        let link = self.link.as_ref()?.poll_timeout();
        let (loan, clock) = (self.loan_due, self.clock_due);
        link.into_iter()
            .chain([loan, clock])
            .min()
            .filter(|at| *at != u64::MAX)
    }

    /// Lets it be `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn advance(&mut self, now: u64) -> Result<(), StoreError> {
        let Some(link) = &mut self.link else {
            return Ok(());
        };
        link.handle_timeout(now);
        self.serve(now)?;
        if now >= self.clock_due {
            self.set_clock(now);
        }
        if now >= self.loan_due {
            self.lend(now)?;
        }
        Ok(())
    }

    fn serve(&mut self, now: u64) -> Result<(), StoreError> {
        while let Some(event) = self.link.as_mut().and_then(|link| link.poll_event()) {
            match event {
                Event::Up { resumed: false, peer } => {
                    self.kiosk_start = peer.boot_id;
                    self.set_up(now);
                }
                Event::Request { id, message } => self.answer(now, id, &message),
                Event::Reply { id, .. } if self.telling == Some(id) => {
                    if let Some(loan) = self.lending.take() {
                        self.store.loan_accepted(loan, Self::moment(now))?;
                    }
                    self.telling = None;
                }
                // It is not told twice: what matters is told again when its time has come.
                Event::RequestFailed { id, .. } if self.telling == Some(id) => {
                    self.lending = None;
                    self.telling = None;
                }
                _ => {}
            }
            self.tell_next(now);
        }
        Ok(())
    }

    /// Tells a kiosk that has just started everything it needs.
    fn set_up(&mut self, now: u64) {
        self.to_tell.clear();
        self.telling = None;
        self.lending = None;
        self.set_clock(now);
        self.to_tell.push_back(self.queue.configuration().into());
        let details = self.queue.details();
        self.to_tell.extend(details.into_iter().map(Message::from));
        self.loan_due = now + SECOND;
    }

    fn set_clock(&mut self, now: u64) {
        self.clock_due = now + CLOCK_INTERVAL;
        let clock = SetClock {
            unix_seconds: Self::moment(now).unix_seconds(),
            utc_offset_minutes: UTC_OFFSET_MINUTES,
        };
        self.tell(now, clock.into());
    }

    /// Gives the kiosk a loan, if it needs one and nothing else is to be told.
    fn lend(&mut self, now: u64) -> Result<(), StoreError> {
        self.loan_due = now + LOAN_INTERVAL;
        if self.telling.is_none()
            && let Some(lent) = self
                .queue
                .loan_due(&mut self.store, self.kiosk_start, Self::moment(now))?
        {
            self.lending = Some(lent.loan);
            self.tell(now, lent.into());
        }
        Ok(())
    }

    fn tell(&mut self, now: u64, message: Message) {
        self.to_tell.push_back(message);
        self.tell_next(now);
    }

    fn tell_next(&mut self, now: u64) {
        if let (None, Some(link)) = (self.telling, &mut self.link)
            && let Some(message) = self.to_tell.pop_front()
        {
            // Without a kiosk it is told everything anew when it is there.
            self.telling = link.request(now, &message).ok();
        }
    }

    fn answer(&mut self, now: u64, id: RequestId, message: &Message) {
        let at = Self::moment(now);
        let answer = match message {
            Message::TicketRequest(request) => Ok(self.queue.answer(&mut self.store, request, at)),
            Message::TicketTaken(told) => accept(self.queue.taken(&mut self.store, told, at)),
            Message::TicketPrinted(report) => accept(self.queue.printed(&mut self.store, report, at)),
            Message::Restarted(_) => Ok(Accepted {}.into()),
            _ => Err(Refusal::NotPossible),
        };
        if let Ok(Message::TicketDenied(denied)) = &answer {
            self.denied.push(denied.press);
        }
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
            self.tell(now, called.into());
            self.store.close_ticket(ticket.id, at)?;
        }
        Ok(())
    }

    /// Presses that it denied a number.
    pub fn denied(&self) -> impl Iterator<Item = u64> {
        self.denied.iter().copied()
    }

    /// What is on its disk.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Its queue.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }
}

/// What is not in the store the kiosk keeps, and says again.
fn accept<T>(kept: Result<T, StoreError>) -> Result<Message, Refusal> {
    kept.map(|_| Accepted {}.into()).map_err(|_| Refusal::Busy)
}

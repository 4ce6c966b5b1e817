//! The counter's computer: remembers presses, gives each number once, keeps what it is told.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use heapless::Vec as ShortVec;
use protocol::message::{
    Accepted, Configure, LendNumbers, LentRange, Message, Service, SetClock, TicketGranted, TicketPrinted,
    TicketRequest, TicketTaken,
};

use crate::kiosk::model::clock::day_of;

/// 2026-11-23 08:00 in Jakarta.
pub(super) const MORNING: u64 = 1_795_395_600;
pub(super) const OFFSET: i16 = 420;

/// The end of that day.
pub(super) const MIDNIGHT: u64 = MORNING + 16 * 3_600;

/// The morning's day.
pub(super) fn today() -> u32 {
    day_of(MORNING, OFFSET)
}

pub(super) fn configuration() -> Configure {
    let service = |id, prefix| Service {
        id,
        prefix,
        name_id: "Layanan".try_into().unwrap(),
        name_en: "Service".try_into().unwrap(),
    };
    Configure {
        office: "Disdukcapil".try_into().unwrap(),
        tickets_open: true,
        services: ShortVec::from_slice(&[service(7, b'A'), service(9, b'B')]).unwrap(),
        paper_mm: 58,
        priority: true,
    }
}

#[derive(Default)]
pub(super) struct Office {
    opened: u64,
    given: BTreeMap<(u32, u8), u16>,
    tickets: u64,
    loans: u32,
    pub(super) granted: BTreeMap<u64, TicketGranted>,
    pub(super) taken: Vec<TicketTaken>,
    pub(super) reports: BTreeMap<u64, TicketPrinted>,
    /// Told of a press twice, and not the same.
    pub(super) contradictions: Vec<u64>,
    /// Days of the numbers lent: ticket id to day.
    pub(super) days: BTreeMap<u64, u32>,
    pub(super) known: BTreeSet<u64>,
}

impl Office {
    pub(super) fn opens_at(unix: u64) -> Self {
        Self {
            opened: unix,
            ..Self::default()
        }
    }

    /// What its clock says.
    pub(super) fn unix(&self, now: u64) -> u64 {
        self.opened + now / 1_000_000
    }

    fn day(&self, now: u64) -> u32 {
        day_of(self.unix(now), OFFSET)
    }

    fn allocate(&mut self, day: u32, prefix: u8, count: u16) -> (u16, u64) {
        let last = self.given.entry((day, prefix)).or_insert(0);
        let first = *last + 1;
        *last += count;
        let ticket = self.tickets + 1;
        self.tickets += u64::from(count);
        for id in ticket..=self.tickets {
            self.days.insert(id, day);
        }
        (first, ticket)
    }

    /// What a kiosk is told that has just come up.
    pub(super) fn set_up(&mut self, now: u64, lend: bool) -> VecDeque<Message> {
        let mut words = VecDeque::new();
        words.push_back(
            SetClock {
                unix_seconds: self.unix(now),
                utc_offset_minutes: OFFSET,
            }
            .into(),
        );
        words.push_back(configuration().into());
        if lend {
            words.push_back(self.lend(now).into());
        }
        words
    }

    pub(super) fn lend(&mut self, now: u64) -> LendNumbers {
        self.loans += 1;
        let day = self.day(now);
        let range = |office: &mut Self, service, prefix, count| {
            let (first, first_ticket_id) = office.allocate(day, prefix, count);
            LentRange {
                service,
                prefix,
                first,
                count,
                first_ticket_id,
            }
        };
        let ranges = [range(self, 7, b'A', 4), range(self, 9, b'B', 2)];
        LendNumbers {
            loan: self.loans,
            day,
            ranges: ShortVec::from_slice(&ranges).unwrap(),
        }
    }

    pub(super) fn answer(&mut self, now: u64, message: &Message) -> Message {
        match message {
            Message::TicketRequest(request) => self.grant(now, request).into(),
            Message::TicketPrinted(report) => {
                let before = self.reports.insert(report.press, report.clone());
                if before.is_some_and(|before| before != *report) {
                    self.contradictions.push(report.press);
                }
                Accepted {}.into()
            }
            Message::TicketTaken(taken) => {
                if self.known.insert(taken.press) {
                    self.taken.push(taken.clone());
                }
                Accepted {}.into()
            }
            other => panic!("{} is not for the host", other.name()),
        }
    }

    fn grant(&mut self, now: u64, request: &TicketRequest) -> TicketGranted {
        if let Some(granted) = self.granted.get(&request.press) {
            return granted.clone();
        }
        let prefix = if request.service == 7 { b'A' } else { b'B' };
        let (number, ticket_id) = self.allocate(self.day(now), prefix, 1);
        let granted = TicketGranted {
            press: request.press,
            ticket_id,
            prefix,
            number,
            people_before: 0,
            wait_minutes: 0,
            issued_unix: self.unix(now),
            utc_offset_minutes: OFFSET,
        };
        self.granted.insert(request.press, granted.clone());
        granted
    }
}

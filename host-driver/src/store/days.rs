//! Random days of a hall, with a kiosk that keeps to its rules and a line that loses answers: no number is ever given twice,
//! and every row of the store is accounted for.

use super::tickets::testing::press;
use super::{Lending, Loan, Paper, Store, TakenTicket, Taking, Ticket, TicketState};
use crate::office::clock::Moment;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

const SERVICES: [(u8, char); 2] = [(1, 'A'), (2, 'B')];
const OPENING: i64 = 1_772_300_000_000;

#[derive(Debug, Clone, Copy)]
enum Happening {
    /// Somebody asks, and the answer arrives or not; if not, the kiosk asks again later or takes a lent number.
    Ask {
        service: usize,
        priority: bool,
        heard: bool,
    },
    /// Somebody asks while the host is away.
    Alone {
        service: usize,
        knows_time: bool,
    },
    /// The host looks whether to lend; its loan arrives or not, and so does the kiosk's word that it did.
    Lend {
        arrives: bool,
        heard: bool,
    },
    /// The kiosk tells the next of what it did alone; the host's answer is heard or not.
    Tell {
        heard: bool,
    },
    /// The kiosk says what became of somebody's paper.
    Paper {
        whose: usize,
        paper: Paper,
    },
    Call,
    Void {
        whose: usize,
    },
    /// The kiosk starts anew; with an empty card it knows of no loan, and what it has not told is lost with the old one.
    Start {
        with_empty_card: bool,
    },
    Midnight,
}

fn happening() -> impl Strategy<Value = Happening> {
    let paper = prop_oneof![
        6 => Just(Paper::Printed),
        1 => Just(Paper::NotPrinted),
        1 => Just(Paper::Unknown)
    ];
    prop_oneof![
        6 => (0..2_usize, any::<bool>(), prop::bool::weighted(0.8))
            .prop_map(|(service, priority, heard)| Happening::Ask { service, priority, heard }),
        6 => (0..2_usize, any::<bool>())
            .prop_map(|(service, knows_time)| Happening::Alone { service, knows_time }),
        3 => (any::<bool>(), any::<bool>()).prop_map(|(arrives, heard)| Happening::Lend { arrives, heard }),
        8 => any::<bool>().prop_map(|heard| Happening::Tell { heard }),
        6 => (any::<usize>(), paper).prop_map(|(whose, paper)| Happening::Paper { whose, paper }),
        5 => Just(Happening::Call),
        1 => any::<usize>().prop_map(|whose| Happening::Void { whose }),
        1 => prop::bool::weighted(0.2).prop_map(|with_empty_card| Happening::Start { with_empty_card }),
        1 => Just(Happening::Midnight),
    ]
}

/// A number that a resident holds, or would hold if the printer worked.
#[derive(Debug, Clone)]
struct Held {
    press: u64,
    row: i64,
    day: String,
    label: String,
}

#[derive(Debug)]
struct Hall {
    store: Store,
    now: i64,
    day: u32,
    presses: u64,
    /// What the kiosk was lent, and how many of each range it gave.
    loan: Option<(Loan, [u16; 2])>,
    start: u32,
    untold: VecDeque<TakenTicket>,
    held: Vec<Held>,
    /// Presses whose numbers were lost with a card.
    never_told: BTreeSet<u64>,
    on_line: usize,
    /// Presses that were answered unheard, and got a lent number.
    unheard: BTreeSet<u64>,
    lent: BTreeMap<u32, usize>,
    called: BTreeSet<i64>,
}

impl Hall {
    fn new() -> Self {
        Self {
            store: Store::in_memory().unwrap(),
            now: OPENING,
            day: 1,
            presses: 0,
            loan: None,
            start: 1,
            untold: VecDeque::new(),
            held: Vec::new(),
            never_told: BTreeSet::new(),
            on_line: 0,
            unheard: BTreeSet::new(),
            lent: BTreeMap::new(),
            called: BTreeSet::new(),
        }
    }

    fn at(&self) -> Moment {
        Moment::from_millis(self.now)
    }

    fn day(&self) -> String {
        format!("2026-03-{:02}", self.day)
    }

    fn hold(&mut self, press: u64, row: i64, label: String, day: String) {
        self.held.push(Held {
            press,
            row,
            day,
            label,
        });
    }

    fn happen(&mut self, happening: Happening) {
        self.now += 20_000;
        match happening {
            Happening::Ask {
                service,
                priority,
                heard,
            } => self.ask(service, priority, heard),
            Happening::Alone { service, knows_time } => {
                self.presses += 1;
                self.take(self.presses, service, knows_time);
            }
            Happening::Lend { arrives, heard } => self.lend(arrives, heard),
            Happening::Tell { heard } => self.tell(heard),
            Happening::Paper { whose, paper } => {
                if let Some(held) = self.held.get(whose % self.held.len().max(1)).cloned() {
                    let is_told = self.untold.iter().all(|taken| taken.press != held.press)
                        && !self.never_told.contains(&held.press);
                    if is_told {
                        let press = (held.press, held.row.cast_unsigned(), Some(held.row));
                        self.store.report_ticket(press, paper, None, self.at()).unwrap();
                    }
                }
            }
            Happening::Call => {
                if let Some(next) = self.store.next_waiting(&self.day(), 2, self.at()).unwrap() {
                    assert!(self.store.call_ticket(next.id, self.at()).unwrap());
                    assert!(self.called.insert(next.id), "{} was called twice", next.label());
                }
            }
            Happening::Void { whose } => {
                if let Some(held) = self.held.get(whose % self.held.len().max(1)) {
                    let row = held.row;
                    let before = self.store.ticket(row).unwrap().unwrap().state;
                    if self.store.void_ticket(row, self.at()).unwrap() {
                        assert!(!matches!(
                            before,
                            TicketState::Lent | TicketState::Called | TicketState::Void
                        ));
                    }
                }
            }
            Happening::Start { with_empty_card } => {
                self.start += 1;
                if with_empty_card {
                    self.loan = None;
                    // Those who hold them still do.
                    for taken in std::mem::take(&mut self.untold) {
                        let row = taken.row.and_then(|row| self.store.ticket(row).unwrap());
                        if row.is_some_and(|row| row.press != Some(taken.press)) {
                            self.never_told.insert(taken.press);
                        }
                    }
                }
            }
            Happening::Midnight => {
                self.day += 1;
                self.now += 1_000_000;
            }
        }
    }

    fn ask(&mut self, service: usize, priority: bool, heard: bool) {
        self.presses += 1;
        let mut pressed = press(self.presses, &self.day());
        (pressed.service, pressed.prefix) = SERVICES[service];
        pressed.priority = priority;
        let ticket = self.store.allocate_ticket(&pressed, self.at()).unwrap();
        self.on_line += 1;
        assert!(ticket.number <= pressed.last_number);
        if !heard && self.take(self.presses, service, true) {
            self.unheard.insert(self.presses);
            return;
        }
        // Heard, or asked again.
        assert_eq!(self.store.allocate_ticket(&pressed, self.at()).unwrap(), ticket);
        self.hold(self.presses, ticket.id, ticket.label(), ticket.day);
    }

    /// The kiosk gives a lent number, if it has one for today.
    fn take(&mut self, press: u64, service: usize, knows_time: bool) -> bool {
        let (now, today) = (self.at(), self.day());
        let Some((loan, given)) = self.loan.as_mut().filter(|(loan, _)| loan.day == today) else {
            return false;
        };
        let Some((nth, range)) = loan
            .ranges
            .iter()
            .enumerate()
            .find(|(_, range)| range.prefix == SERVICES[service].1)
        else {
            return false;
        };
        if given[nth] == range.count {
            return false;
        }
        let (row, number) = (range.first_row + i64::from(given[nth]), range.first + given[nth]);
        given[nth] += 1;
        let taken = TakenTicket {
            press,
            loan: loan.id,
            ticket_id: row.cast_unsigned(),
            row: Some(row),
            service: range.service,
            prefix: range.prefix,
            number,
            priority: false,
            taken: knows_time.then(|| (now, today.clone())),
        };
        let label = format!("{}{number:03}", range.prefix);
        self.untold.push_back(taken);
        self.hold(press, row, label, today);
        true
    }

    fn lend(&mut self, arrives: bool, heard: bool) {
        let day = self.day();
        let lending = Lending {
            day: &day,
            services: &SERVICES,
            each: 6,
            from: 900,
            start: self.start,
        };
        let Some(loan) = self.store.loan_due(&lending, self.at()).unwrap() else {
            return;
        };
        let numbers = loan.ranges.iter().map(|range| usize::from(range.count)).sum();
        self.lent.insert(loan.id, numbers);
        if !arrives {
            return;
        }
        let (id, newest) = (loan.id, self.loan.as_ref().map_or(0, |(loan, _)| loan.id));
        assert!(id >= newest, "loans grow");
        if id > newest {
            self.loan = Some((loan, [0; 2]));
        }
        if heard {
            self.store.loan_accepted(id, self.at()).unwrap();
        }
    }

    fn tell(&mut self, heard: bool) {
        let Some(taken) = self.untold.front().cloned() else {
            return;
        };
        match self.store.take_lent(&taken, self.at()).unwrap() {
            Taking::Taken(ticket) => assert_eq!(ticket.press, Some(taken.press)),
            Taking::Stray(why) => panic!("{taken:?}: {why:?}"),
        }
        if heard {
            self.untold.pop_front();
        }
    }

    /// The line is good again, and everything is told.
    fn close(&mut self) {
        while !self.untold.is_empty() {
            self.tell(true);
        }
    }

    fn rows(&self) -> Vec<Ticket> {
        let mut rows = Vec::new();
        while let Some(ticket) = self.store.ticket(rows.len() as i64 + 1).unwrap() {
            rows.push(ticket);
        }
        rows
    }

    fn check(&self) {
        let numbers: BTreeSet<_> = self.held.iter().map(|held| (&held.day, &held.label)).collect();
        assert_eq!(numbers.len(), self.held.len(), "two residents have one number");
        let rows = self.rows();
        assert_eq!(rows.len(), self.on_line + self.lent.values().sum::<usize>());
        for held in self
            .held
            .iter()
            .filter(|held| !self.never_told.contains(&held.press))
        {
            let ticket = &rows[held.row as usize - 1];
            assert_eq!(ticket.press, Some(held.press));
            assert_eq!((&ticket.day, ticket.label()), (&held.day, held.label.clone()));
            assert!(ticket.state.is_given(), "{ticket:?}");
        }
        let given = rows.iter().filter(|ticket| ticket.press.is_some()).count();
        // Of a press whose lent number was lost the host only knows what nobody heard.
        let mistaken = self.unheard.intersection(&self.never_told).count();
        let known = self.held.len() - self.never_told.len() + mistaken;
        assert_eq!(given, known, "every number that was given is somebody's");
        let nobodys = rows
            .iter()
            .filter(|ticket| ticket.press.is_none() && ticket.state.is_given())
            .count();
        assert_eq!(nobodys, self.unheard.len() - mistaken);
        // Only what the kiosk may still give is lent.
        let newest = self.store.newest_loan().unwrap();
        for ticket in rows.iter().filter(|ticket| ticket.state == TicketState::Lent) {
            let newest = newest.as_ref().unwrap();
            assert!(
                !newest.is_accepted || ticket.loan == Some(newest.id),
                "{ticket:?}"
            );
        }
        assert!(self.store.strays(Moment::default()).unwrap().is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn whatever_happens_numbers_are_unique_and_every_row_is_accounted_for(
        happenings in prop::collection::vec(happening(), 0..220),
    ) {
        let mut hall = Hall::new();
        for happening in happenings {
            hall.happen(happening);
        }
        hall.close();
        hall.check();
    }
}

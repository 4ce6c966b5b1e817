//! The books: every number that was given against what is on paper and what the kiosk said.

use std::collections::{BTreeMap, BTreeSet};

use host_driver::office::clock::Moment;
use host_driver::office::queue::Queue;
use host_driver::store::{Paper, Store, StoreError, Ticket};

use super::{Hall, Piece};

/// What the books say at the end of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Account {
    /// Presses that the kiosk had written down.
    pub presses: u64,
    /// Numbers given.
    pub numbers: u64,
    /// Numbers given more than once on one day.
    pub duplicate_numbers: u64,
    /// Tickets that are on more than one piece of paper, although no piece says that it is a copy.
    pub double_prints: u64,
    /// Presses that the kiosk had taken, and that came to nothing nobody knows of.
    pub lost_presses: u64,
    /// Numbers of which the host does not know, at the end, what became of the paper; and those of which it was told a certainty
    /// that the paper contradicts.
    pub unknown_unreported: u64,
    /// Tickets on paper that are not in the queue, and what the kiosk told that cannot be.
    pub strays: u64,
    /// Reported as printed.
    pub printed: u64,
    /// Reported as not printed.
    pub not_printed: u64,
    /// Reported as unknown.
    pub unknown: u64,
}

impl Account {
    /// Whether nothing happened that must not.
    pub fn is_clean(&self) -> bool {
        let faults = [
            self.duplicate_numbers,
            self.double_prints,
            self.lost_presses,
            self.unknown_unreported,
            self.strays,
        ];
        faults == [0; 5]
    }

    /// Adds another day's.
    pub fn add(&mut self, other: &Self) {
        self.presses += other.presses;
        self.numbers += other.numbers;
        self.duplicate_numbers += other.duplicate_numbers;
        self.double_prints += other.double_prints;
        self.lost_presses += other.lost_presses;
        self.unknown_unreported += other.unknown_unreported;
        self.strays += other.strays;
        self.printed += other.printed;
        self.not_printed += other.not_printed;
        self.unknown += other.unknown;
    }
}

/// Reconciles a hall in which nothing is under way any more.
///
/// # Errors
/// [`StoreError`].
pub fn reconcile(hall: &Hall) -> Result<Account, StoreError> {
    let mut account = close(hall.counter.store(), hall.counter.queue(), &hall.printer.paper.0)?;
    account.presses = hall.ledger.presses();
    let mut known = known(hall.counter.store())?;
    known.extend(hall.counter.denied());
    account.lost_presses = hall.ledger.lost(&known);
    // What still waits to be told is not known to the host.
    account.unknown_unreported += u64::from(hall.witness.waiting());
    Ok(account)
}

/// Every number in `store` against what is on paper, and the other way round. What the kiosk itself has written down is
/// added by whoever knows of it.
///
/// # Errors
/// [`StoreError`].
pub fn close(store: &Store, queue: &Queue, paper: &[Piece]) -> Result<Account, StoreError> {
    let tickets = tickets(store)?;
    let mut account = Account {
        numbers: tickets.len() as u64,
        ..Account::default()
    };
    let mut given: BTreeMap<(&str, String), u64> = BTreeMap::new();
    for ticket in &tickets {
        *given.entry((&ticket.day, ticket.label())).or_default() += 1;
    }
    account.duplicate_numbers = given.values().filter(|times| **times > 1).count() as u64;

    for ticket in &tickets {
        let id = queue.ticket_id(ticket);
        let label = ticket.label();
        let unique = given.keys().filter(|(_, other)| *other == label).count() == 1;
        // A piece that ends before its code still bears the number: a resident could stand there with it.
        let on = paper.iter().filter(|piece| {
            piece.ticket_ids.contains(&id) || (unique && piece.ticket_ids.is_empty() && piece.bears(&label))
        });
        let (copies, pieces): (Vec<_>, Vec<_>) = on.partition(|piece| piece.is_copy());
        if pieces.len() > 1 {
            log::warn!("{label} is on {} pieces of paper", pieces.len());
            account.double_prints += 1;
        }
        let whole = pieces.iter().chain(&copies).any(|piece| piece.cut);
        // A number whose press took a lent one instead is on no paper, and nobody reports it.
        let said = if ticket.press.is_none() {
            Some(Paper::NotPrinted)
        } else {
            ticket.paper
        };
        let honest = match said {
            Some(Paper::Printed) => {
                account.printed += 1;
                whole
            }
            Some(Paper::NotPrinted) => {
                account.not_printed += 1;
                pieces.is_empty()
            }
            Some(Paper::Unknown) => {
                account.unknown += 1;
                true
            }
            None => false,
        };
        if !honest {
            log::warn!(
                "{label}: the kiosk said {said:?}, there are {} pieces",
                pieces.len()
            );
            account.unknown_unreported += 1;
        }
    }
    account.strays = strays(store, queue, &tickets, paper)?;
    Ok(account)
}

/// Every press that the host knows of: it has a number, or was reported to have none.
///
/// # Errors
/// [`StoreError`].
pub fn known(store: &Store) -> Result<BTreeSet<u64>, StoreError> {
    let strays = store.strays(Moment::from_millis(0))?;
    let told = strays.iter().map(|stray| stray.press);
    Ok(tickets(store)?
        .iter()
        .filter_map(|ticket| ticket.press)
        .chain(told)
        .collect())
}

/// Every number that was given, in order.
fn tickets(store: &Store) -> Result<Vec<Ticket>, StoreError> {
    let mut tickets = Vec::new();
    for row in 1.. {
        match store.ticket(row)? {
            Some(ticket) if ticket.state.is_given() => tickets.push(ticket),
            Some(_) => {}
            None => break,
        }
    }
    Ok(tickets)
}

/// What is on paper or was told, and has no place in the queue.
fn strays(store: &Store, queue: &Queue, tickets: &[Ticket], paper: &[Piece]) -> Result<u64, StoreError> {
    let told = store.strays(Moment::from_millis(0))?;
    // A press that got no number is told as such; the host may never have heard of it.
    let told = told
        .iter()
        .filter(|stray| (stray.ticket_id, stray.paper) != (0, Some(Paper::NotPrinted)))
        .inspect(|stray| log::warn!("what the kiosk told cannot be: {stray:?}"));
    let ids: BTreeSet<u64> = tickets.iter().map(|ticket| queue.ticket_id(ticket)).collect();
    let on_paper = paper.iter().flat_map(|piece| &piece.ticket_ids);
    let on_paper = on_paper
        .filter(|id| !ids.contains(id))
        .inspect(|id| log::warn!("ticket {id:#x} is on paper, and not in the queue"));
    Ok((told.count() + on_paper.count()) as u64)
}

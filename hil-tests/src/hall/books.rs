//! The books: every number that was given against what is on paper and what the kiosk said.

use std::collections::BTreeMap;

use host_driver::store::StoreError;
use protocol::message::PrintOutcome;

use super::Hall;

/// What the books say at the end of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Account {
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
        self.duplicate_numbers + self.double_prints + self.lost_presses + self.unknown_unreported == 0
    }

    /// Adds another day's.
    pub fn add(&mut self, other: &Self) {
        self.numbers += other.numbers;
        self.duplicate_numbers += other.duplicate_numbers;
        self.double_prints += other.double_prints;
        self.lost_presses += other.lost_presses;
        self.unknown_unreported += other.unknown_unreported;
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
    let tickets = hall.counter.tickets()?;
    let mut account = Account {
        numbers: tickets.len() as u64,
        ..Account::default()
    };
    let mut given: BTreeMap<(String, String), u64> = BTreeMap::new();
    for ticket in &tickets {
        *given.entry((ticket.day.clone(), ticket.label())).or_default() += 1;
    }
    account.duplicate_numbers = given.values().filter(|times| **times > 1).count() as u64;

    for ticket in &tickets {
        let id = hall.counter.ticket_id(ticket);
        let label = ticket.label();
        let unique = given.iter().filter(|((_, other), _)| *other == label).count() == 1;
        let pieces = hall.printer.paper.0.iter();
        // A piece that ends before its code still bears the number: a resident could stand there with it.
        let on = pieces.filter(|piece| {
            piece.ticket_ids.contains(&id) || (unique && piece.ticket_ids.is_empty() && piece.bears(&label))
        });
        let (copies, pieces): (Vec<_>, Vec<_>) = on.partition(|piece| piece.is_copy());
        if pieces.len() > 1 {
            log::warn!("{label} is on {} pieces of paper", pieces.len());
            account.double_prints += 1;
        }
        let whole = pieces.iter().chain(&copies).any(|piece| piece.cut);
        let honest = match hall.counter.report(ticket) {
            Some(PrintOutcome::Printed) => {
                account.printed += 1;
                whole
            }
            Some(PrintOutcome::NotPrinted) => {
                account.not_printed += 1;
                pieces.is_empty()
            }
            Some(PrintOutcome::Unknown) => {
                account.unknown += 1;
                true
            }
            None => false,
        };
        if !honest {
            let said = hall.counter.report(ticket);
            log::warn!(
                "{label}: the kiosk said {said:?}, there are {} pieces",
                pieces.len()
            );
            account.unknown_unreported += 1;
        }
    }
    Ok(account)
}

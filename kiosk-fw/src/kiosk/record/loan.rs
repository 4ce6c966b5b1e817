//! Numbers that the host has lent, and which of them are given.

use heapless::Vec;
use protocol::message::{LendNumbers, LentRange};

/// Largest queue number: three digits (`TicketGranted.number`).
const LAST_NUMBER: u16 = 999;

/// Numbers that the host has lent for one day.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loan {
    /// Which loan.
    pub id: u32,
    /// The local day that it is for, counted from 1970-01-01.
    pub day: u32,
    /// The numbers, at most one range for each service.
    pub ranges: Vec<Lent, 4>,
}

/// A range and how many of it are given, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Lent {
    /// The numbers.
    pub range: LentRange,
    /// How many of them are given.
    pub given: u16,
}

/// A number of a loan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    /// Its ticket.
    pub ticket_id: u64,
    /// Letter.
    pub prefix: u8,
    /// Digits.
    pub number: u16,
}

impl Loan {
    /// The loan that the host offers, none of it given; `None` if it makes no sense.
    pub fn offered(offer: &LendNumbers) -> Option<Self> {
        let sensible = |range: &LentRange| {
            let last = range.first.checked_add(range.count)?.checked_sub(1)?;
            range.first_ticket_id.checked_add(u64::from(range.count))?;
            let whole = range.count > 0 && range.first > 0 && last <= LAST_NUMBER;
            (whole && range.prefix.is_ascii_uppercase()).then_some(())
        };
        for (place, range) in offer.ranges.iter().enumerate() {
            sensible(range)?;
            if offer.ranges[..place]
                .iter()
                .any(|other| other.service == range.service)
            {
                return None;
            }
        }
        Some(Self {
            id: offer.loan,
            day: offer.day,
            ranges: offer
                .ranges
                .iter()
                .map(|range| Lent {
                    range: range.clone(),
                    given: 0,
                })
                .collect(),
        })
    }

    /// Whether `other` is of the same numbers, however many of them are given.
    pub fn is_same(&self, other: &Self) -> bool {
        let ranges = |loan: &Self| {
            loan.ranges
                .iter()
                .map(|lent| lent.range.clone())
                .collect::<Vec<_, 4>>()
        };
        (self.id, self.day) == (other.id, other.day) && ranges(self) == ranges(other)
    }

    /// How many numbers are left for `service`.
    pub fn left(&self, service: u8) -> u16 {
        self.ranges
            .iter()
            .find(|lent| lent.range.service == service)
            .map_or(0, |lent| lent.range.count.saturating_sub(lent.given))
    }

    /// How many numbers are left for all services together.
    pub fn left_in_all(&self) -> u32 {
        self.ranges
            .iter()
            .map(|lent| u32::from(lent.range.count.saturating_sub(lent.given)))
            .sum()
    }

    /// Gives the next number for `service`.
    pub fn give(&mut self, service: u8) -> Option<Number> {
        let lent = self
            .ranges
            .iter_mut()
            .find(|lent| lent.range.service == service)?;
        if lent.given >= lent.range.count {
            return None;
        }
        let number = Number {
            ticket_id: lent.range.first_ticket_id + u64::from(lent.given),
            prefix: lent.range.prefix,
            number: lent.range.first + lent.given,
        };
        lent.given += 1;
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(service: u8, first: u16, count: u16) -> LentRange {
        LentRange {
            service,
            prefix: b'A' + service,
            first,
            count,
            first_ticket_id: 5_000,
        }
    }

    fn offer(ranges: &[LentRange]) -> LendNumbers {
        LendNumbers {
            loan: 3,
            day: 20_000,
            ranges: Vec::from_slice(ranges).unwrap(),
        }
    }

    #[test]
    fn each_number_is_given_once_and_in_order_until_none_is_left() {
        let mut loan = Loan::offered(&offer(&[range(1, 40, 3), range(2, 7, 1)])).unwrap();
        let given: Vec<_, 8> = core::iter::from_fn(|| loan.give(1)).collect();
        let numbers: Vec<_, 8> = given
            .iter()
            .map(|given| (given.number, given.ticket_id))
            .collect();
        assert_eq!(numbers, [(40, 5_000), (41, 5_001), (42, 5_002)]);
        assert_eq!(
            (loan.left(1), loan.left(2), loan.left(9), loan.left_in_all()),
            (0, 1, 0, 1)
        );
        assert_eq!(loan.give(9), None);
    }

    #[test]
    fn a_loan_that_makes_no_sense_is_not_taken() {
        for ranges in [
            &[range(1, 0, 5)][..],
            &[range(1, 990, 11)],
            &[range(1, 1, 0)],
            &[range(1, u16::MAX, 2)],
            &[range(1, 1, 5), range(1, 10, 5)],
            &[LentRange {
                prefix: b'a',
                ..range(1, 1, 5)
            }],
            &[LentRange {
                first_ticket_id: u64::MAX,
                ..range(1, 1, 5)
            }],
        ] {
            assert_eq!(Loan::offered(&offer(ranges)), None, "{ranges:?}");
        }
        assert!(Loan::offered(&offer(&[range(1, 990, 10)])).is_some());
    }
}

//! Numbers lent to the kiosk for the time without this computer, and what it says of them afterwards.
//!
//! A lent number is a row like every ticket's, so its id is known before it is given, and no other can get it. A loan never
//! holds a number of another loan: the kiosk may have given that and not told yet.

use super::strays::{self, Contradiction};
use super::tickets::{of_press, of_row};
use super::{Paper, Store, StoreError, Ticket, TicketState, meta, put_meta};
use crate::config::LAST_NUMBER;
use crate::office::clock::Moment;
use rusqlite::{Connection, OptionalExtension as _};

/// The start of the kiosk for which the newest loan was made.
const KIOSK_START: &str = "kiosk_start";

/// How far the kiosk's clock may be off.
const CLOCK_TOLERANCE_MS: i64 = 60 * 1000;

/// What is to be lent.
#[derive(Debug, Clone, Copy)]
pub struct Lending<'a> {
    /// The local day.
    pub day: &'a str,
    /// The services and their letters.
    pub services: &'a [(u8, char)],
    /// How many numbers of each.
    pub each: u16,
    /// The first number that is only ever lent.
    pub from: u16,
    /// Number that the kiosk drew at its start. One that has started anew may have another card, and no loan on it.
    pub start: u32,
}

/// Numbers of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoanRange {
    /// Which service.
    pub service: u8,
    /// Its letter.
    pub prefix: char,
    /// The first number.
    pub first: u16,
    /// How many.
    pub count: u16,
    /// Row of the first number's ticket; each further number has the next.
    pub first_row: i64,
    /// How many of them have not been given, as far as is known.
    pub left: u16,
}

/// A loan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loan {
    /// Its number, larger than those of all loans before.
    pub id: u32,
    /// The local day that it is for.
    pub day: String,
    /// Whether the kiosk has it in its storage.
    pub is_accepted: bool,
    /// The numbers.
    pub ranges: Vec<LoanRange>,
}

/// A number that the kiosk gave by itself, as it tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenTicket {
    /// The press, unique for ever.
    pub press: u64,
    /// Of which loan.
    pub loan: u32,
    /// The id in the QR code.
    pub ticket_id: u64,
    /// The row that this id is of, if it is of this store.
    pub row: Option<i64>,
    /// The service.
    pub service: u8,
    /// Its letter.
    pub prefix: char,
    /// The number.
    pub number: u16,
    /// Whether the resident asked for priority.
    pub priority: bool,
    /// When, if the kiosk knew, and the local day of that.
    pub taken: Option<(Moment, String)>,
}

/// What became of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taking {
    /// The ticket is in the queue.
    Taken(Ticket),
    /// It cannot be so; what was told is kept apart.
    Stray(Contradiction),
}

impl Store {
    /// The newest loan.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn newest_loan(&self) -> Result<Option<Loan>, StoreError> {
        newest(&self.db)
    }

    /// The loan that the kiosk should be given now: none while it has a good one; one that it has not accepted yet, again; a
    /// new one for a new day, when half of a service's numbers are given, and when the kiosk has started anew, as long as it
    /// then has no fewer.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn loan_due(&mut self, lending: &Lending<'_>, at: Moment) -> Result<Option<Loan>, StoreError> {
        if lending.each == 0 {
            return Ok(None);
        }
        let transaction = self.immediate()?;
        let newest = newest(&transaction)?;
        let of_today = newest.as_ref().filter(|loan| loan.day == lending.day);
        // Nothing that another start of the kiosk may have is given to this one: what that gave may not be told yet.
        let is_anew = meta(&transaction, KIOSK_START)? != Some(i64::from(lending.start));
        if let Some(pending) = of_today.filter(|loan| !loan.is_accepted && !is_anew) {
            return Ok(Some(pending.clone()));
        }
        if of_today.is_some_and(|loan| loan.is_accepted && !is_anew && !is_used_up_by_half(loan, lending)) {
            return Ok(None);
        }
        let mut ranges = Vec::new();
        for (service, prefix) in lending.services {
            let last: Option<u16> = transaction.query_row(
                "SELECT max(number) FROM tickets WHERE day = ?1 AND prefix = ?2 AND number >= ?3",
                (lending.day, prefix.to_string(), lending.from),
                |row| row.get(0),
            )?;
            let first = last.map_or(lending.from, |last| last + 1);
            let count = lending.each.min((LAST_NUMBER + 1).saturating_sub(first));
            ranges.push((*service, *prefix, first, count));
        }
        let gain = gain(&ranges, of_today);
        if gain.is_none_or(|gain| gain < 0 || (gain == 0 && !is_anew)) {
            return Ok(None);
        }
        put_meta(&transaction, KIOSK_START, i64::from(lending.start))?;
        // Seconds since 1970 fit until 2106, and go on growing when a store is replaced by a new one.
        let now = u32::try_from(at.unix_seconds()).unwrap_or(u32::MAX);
        let id = newest.map_or(now, |loan| now.max(loan.id.saturating_add(1)));
        transaction.execute(
            "INSERT INTO loans (id, day, made_at) VALUES (?1, ?2, ?3)",
            (id, lending.day, at.millis()),
        )?;
        for (service, prefix, first, count) in ranges {
            for number in first..first + count {
                transaction.execute(
                    "INSERT INTO tickets (day, service, prefix, number, priority, state, loan, issued_at, told_at,
                                          people_before, wait_minutes)
                     VALUES (?1, ?2, ?3, ?4, 0, 'lent', ?5, ?6, ?6, 0, 0)",
                    (lending.day, service, prefix.to_string(), number, id, at.millis()),
                )?;
            }
        }
        let made = self::newest(&transaction)?;
        transaction.commit()?;
        Ok(made)
    }

    /// The kiosk has a loan in its storage. What is left of older ones it will give no more.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn loan_accepted(&mut self, loan: u32, at: Moment) -> Result<(), StoreError> {
        let transaction = self.immediate()?;
        accepted(&transaction, loan, at)?;
        transaction.commit()?;
        Ok(())
    }

    /// Enters a number that the kiosk gave by itself; told twice, it is entered once. If the kiosk had asked for a number for
    /// the same press and not heard the answer, that one is nobody's.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`]: then the kiosk must not be told that it is kept.
    pub fn take_lent(&mut self, taken: &TakenTicket, at: Moment) -> Result<Taking, StoreError> {
        let transaction = self.immediate()?;
        let taking = match entered(&transaction, taken, at)? {
            Ok(ticket) => Taking::Taken(ticket),
            Err(contradiction) => {
                strays::put_taken(&transaction, taken, contradiction, at)?;
                Taking::Stray(contradiction)
            }
        };
        transaction.commit()?;
        Ok(taking)
    }
}

fn newest(db: &Connection) -> Result<Option<Loan>, StoreError> {
    let loan = db
        .query_row(
            "SELECT id, day, accepted_at IS NOT NULL FROM loans ORDER BY id DESC LIMIT 1",
            [],
            |row| {
                Ok(Loan {
                    id: row.get(0)?,
                    day: row.get(1)?,
                    is_accepted: row.get(2)?,
                    ranges: Vec::new(),
                })
            },
        )
        .optional()?;
    let Some(mut loan) = loan else { return Ok(None) };
    // Rows of one range were added in one transaction, so their ids and numbers follow each other.
    let mut statement = db.prepare(
        "SELECT service, prefix, min(number), count(*), min(id), sum(state = 'lent') FROM tickets
         WHERE loan = ?1 GROUP BY prefix ORDER BY min(id)",
    )?;
    let rows = statement.query_map([loan.id], |row| {
        let prefix: String = row.get(1)?;
        Ok(LoanRange {
            service: row.get(0)?,
            prefix: prefix.chars().next().unwrap_or('?'),
            first: row.get(2)?,
            count: row.get(3)?,
            first_row: row.get(4)?,
            left: row.get(5)?,
        })
    })?;
    loan.ranges = rows.collect::<Result<_, _>>()?;
    Ok(Some(loan))
}

/// Whether half of a service's numbers are given, or a service has none.
fn is_used_up_by_half(loan: &Loan, lending: &Lending<'_>) -> bool {
    lending.services.iter().any(|(service, prefix)| {
        let range = |range: &&LoanRange| (range.service, range.prefix) == (*service, *prefix);
        loan.ranges
            .iter()
            .find(range)
            .is_none_or(|range| range.left * 2 <= range.count)
    })
}

/// How many more numbers these are than what the kiosk has; `None` if a service that had some would have none, or nobody has any.
/// What is left of the loan before is lost, and the band has an end.
fn gain(ranges: &[(u8, char, u16, u16)], before: Option<&Loan>) -> Option<i32> {
    let left = |service: u8, prefix: char| {
        let of_service = |range: &&LoanRange| (range.service, range.prefix) == (service, prefix);
        let range = before.and_then(|loan| loan.ranges.iter().find(of_service));
        range.map_or(0, |range| range.left)
    };
    let mut gain = 0;
    for (service, prefix, _, count) in ranges {
        let left = left(*service, *prefix);
        if *count == 0 && left > 0 {
            return None;
        }
        gain += i32::from(*count) - i32::from(left);
    }
    ranges.iter().any(|range| range.3 > 0).then_some(gain)
}

fn accepted(db: &Connection, loan: u32, at: Moment) -> rusqlite::Result<()> {
    db.execute(
        "UPDATE loans SET accepted_at = ?2 WHERE id = ?1 AND accepted_at IS NULL",
        (loan, at.millis()),
    )?;
    db.execute(
        "UPDATE tickets SET state = 'returned' WHERE state = 'lent' AND loan < ?1",
        [loan],
    )?;
    Ok(())
}

/// Enters a number, unless that contradicts what is known.
fn entered(
    db: &Connection,
    taken: &TakenTicket,
    at: Moment,
) -> Result<Result<Ticket, Contradiction>, StoreError> {
    let Some(lent) = taken.row.map(|row| of_row(db, row)).transpose()?.flatten() else {
        return Ok(Err(Contradiction::UnknownTicket));
    };
    if lent.loan != Some(taken.loan) {
        return Ok(Err(Contradiction::OtherLoan));
    }
    if (lent.service, lent.prefix, lent.number) != (taken.service, taken.prefix, taken.number) {
        return Ok(Err(Contradiction::OtherNumber));
    }
    match lent.press {
        Some(press) if press == taken.press => return Ok(Ok(lent)),
        Some(_) => return Ok(Err(Contradiction::GivenTwice)),
        None if !matches!(lent.state, TicketState::Lent | TicketState::Returned) => {
            return Ok(Err(Contradiction::GivenTwice));
        }
        None => {}
    }
    let made_at: i64 = db.query_row("SELECT made_at FROM loans WHERE id = ?1", [taken.loan], |row| {
        row.get(0)
    })?;
    let believable = (made_at - CLOCK_TOLERANCE_MS)..=(at.millis() + CLOCK_TOLERANCE_MS);
    // A clock that is wrong is no better than none.
    let when = taken
        .taken
        .as_ref()
        .filter(|(moment, _)| believable.contains(&moment.millis()));
    if when.is_some_and(|(_, day)| *day != lent.day) {
        return Ok(Err(Contradiction::OtherDay));
    }
    if let Some(asked) = of_press(db, taken.press)? {
        // Printed before, or of another loan: one press has two tickets on paper.
        if asked.loan.is_some() || !matches!(asked.paper, None | Some(Paper::NotPrinted)) {
            return Ok(Err(Contradiction::PressHasAnother));
        }
        db.execute(
            "UPDATE tickets SET press = NULL, paper = 'not_printed', cause = 'lent_instead',
                 state = CASE state WHEN 'issued' THEN 'not_printed' ELSE state END
             WHERE id = ?1",
            [asked.id],
        )?;
    }
    db.execute(
        "UPDATE tickets SET press = ?2, priority = ?3, state = 'issued', issued_at = ?4, issued_known = ?5, told_at = ?6
         WHERE id = ?1",
        (
            lent.id,
            taken.press.cast_signed(),
            taken.priority,
            when.map_or(at, |(moment, _)| *moment).millis(),
            when.is_some(),
            at.millis(),
        ),
    )?;
    // Who gives of a loan has it, whether or not its word of that arrived.
    accepted(db, taken.loan, at)?;
    of_row(db, lent.id)?.map(Ok).ok_or(StoreError::Damaged("ticket"))
}

#[cfg(test)]
mod tests;

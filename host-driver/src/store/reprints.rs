//! Copies of tickets that staff ask for. One program asks, the one that serves the kiosk prints; they meet here.

use super::tickets::{enter_paper, of_row};
use super::{Paper, Store, StoreError, Ticket};
use crate::office::clock::Moment;
use rusqlite::{Connection, OptionalExtension as _};

/// A request that nobody has taken up for this long is not printed any more: whoever asked has been told so.
const WAITS_MS: i64 = 15_000;

/// A copy to be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reprint {
    /// Row of the request.
    pub id: i64,
    /// The ticket.
    pub ticket: Ticket,
    /// Which copy, from 1.
    pub copy: u8,
}

/// How far a request is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReprintEnd {
    /// Nobody has taken it up.
    Waiting,
    /// It is being printed.
    UnderWay,
    /// What became of the paper, and why.
    Paper(Paper, Option<String>),
    /// It was not taken up in time; nothing was printed.
    Expired,
}

impl Store {
    /// Asks for a copy of a ticket. Returns the request's row and which copy it is.
    ///
    /// # Errors
    /// [`StoreError::ReprintUnderWay`]; [`StoreError::Sqlite`].
    pub fn ask_reprint(&mut self, ticket: i64, at: Moment) -> Result<(i64, u8), StoreError> {
        let transaction = self.immediate()?;
        expire(&transaction, at)?;
        let open: bool = transaction.query_row(
            "SELECT EXISTS (SELECT 1 FROM reprints WHERE ticket = ?1 AND ended_at IS NULL)",
            [ticket],
            |row| row.get(0),
        )?;
        if open {
            return Err(StoreError::ReprintUnderWay);
        }
        let copy = copies(&transaction, ticket)?.saturating_add(1);
        transaction.execute(
            "INSERT INTO reprints (ticket, copy, asked_at) VALUES (?1, ?2, ?3)",
            (ticket, copy, at.millis()),
        )?;
        let id = transaction.last_insert_rowid();
        transaction.commit()?;
        Ok((id, copy))
    }

    /// Copies of a ticket that came out, or may have.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn copies(&self, ticket: i64) -> Result<u8, StoreError> {
        Ok(copies(&self.db, ticket)?)
    }

    /// Takes up the oldest request, if there is one: from here on a copy may be on paper.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn begin_reprint(&mut self, at: Moment) -> Result<Option<Reprint>, StoreError> {
        let oldest = "SELECT id, ticket, copy FROM reprints WHERE begun_at IS NULL AND ended_at IS NULL
                      ORDER BY id LIMIT 1";
        // Looked at often and mostly without anything to write.
        let found = self.db.query_row(oldest, [], |_| Ok(())).optional()?;
        if found.is_none() {
            return Ok(None);
        }
        let transaction = self.immediate()?;
        expire(&transaction, at)?;
        let found = transaction
            .query_row(oldest, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let reprint = match found {
            Some((id, ticket, copy)) => {
                transaction.execute(
                    "UPDATE reprints SET begun_at = ?2 WHERE id = ?1",
                    (id, at.millis()),
                )?;
                let ticket = of_row(&transaction, ticket)?.ok_or(StoreError::Damaged("ticket"))?;
                Some(Reprint { id, ticket, copy })
            }
            None => None,
        };
        transaction.commit()?;
        Ok(reprint)
    }

    /// What became of a copy. A ticket whose paper was missing or in doubt has one now.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn end_reprint(
        &mut self,
        id: i64,
        paper: Paper,
        cause: Option<&str>,
        at: Moment,
    ) -> Result<(), StoreError> {
        let transaction = self.immediate()?;
        let changed = transaction.execute(
            "UPDATE reprints SET ended_at = ?2, outcome = ?3, cause = ?4 WHERE id = ?1 AND ended_at IS NULL",
            (id, at.millis(), paper.as_str(), cause),
        )?;
        let ticket: i64 =
            transaction.query_row("SELECT ticket FROM reprints WHERE id = ?1", [id], |row| {
                row.get(0)
            })?;
        // That a copy failed says nothing of the ticket itself.
        if changed == 1
            && paper != Paper::NotPrinted
            && let Some(ticket) = of_row(&transaction, ticket)?
        {
            enter_paper(&transaction, &ticket, paper, cause, at)?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Ends the copies that were being printed when the program died: what came of them is not known. Returns how many.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn end_interrupted_reprints(&mut self, at: Moment) -> Result<usize, StoreError> {
        Ok(self.db.execute(
            "UPDATE reprints SET ended_at = ?1, outcome = 'unknown', cause = 'host_restarted'
             WHERE begun_at IS NOT NULL AND ended_at IS NULL",
            [at.millis()],
        )?)
    }

    /// Withdraws a request that nobody has taken up. `false`: it has been taken up, or is over.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn withdraw_reprint(&mut self, id: i64, at: Moment) -> Result<bool, StoreError> {
        let changed = self.db.execute(
            "UPDATE reprints SET ended_at = ?2, outcome = 'expired'
             WHERE id = ?1 AND begun_at IS NULL AND ended_at IS NULL",
            (id, at.millis()),
        )?;
        Ok(changed == 1)
    }

    /// How far a request is.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn reprint(&self, id: i64) -> Result<ReprintEnd, StoreError> {
        let (begun, outcome, cause): (bool, Option<String>, Option<String>) = self.db.query_row(
            "SELECT begun_at IS NOT NULL, outcome, cause FROM reprints WHERE id = ?1",
            [id],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        Ok(match outcome.as_deref() {
            None if begun => ReprintEnd::UnderWay,
            None => ReprintEnd::Waiting,
            Some(outcome) => match Paper::from_str(outcome) {
                Some(paper) => ReprintEnd::Paper(paper, cause),
                None => ReprintEnd::Expired,
            },
        })
    }
}

fn copies(db: &Connection, ticket: i64) -> rusqlite::Result<u8> {
    let copies: u32 = db.query_row(
        "SELECT count(*) FROM reprints WHERE ticket = ?1 AND outcome IN ('printed', 'unknown')",
        [ticket],
        |row| row.get(0),
    )?;
    Ok(u8::try_from(copies).unwrap_or(u8::MAX))
}

fn expire(db: &Connection, at: Moment) -> rusqlite::Result<()> {
    db.execute(
        "UPDATE reprints SET ended_at = ?1, outcome = 'expired'
         WHERE begun_at IS NULL AND ended_at IS NULL AND asked_at < ?1 - ?2",
        (at.millis(), WAITS_MS),
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::TicketState;
    use super::super::tickets::testing::{press, report};
    use super::*;

    const NOW: Moment = Moment::from_millis(1_000_000);

    fn store() -> Store {
        let mut store = Store::in_memory().unwrap();
        store.allocate_ticket(&press(1, "d"), NOW).unwrap();
        store
    }

    #[test]
    fn copies_are_counted_when_they_came_out_or_may_have() {
        let mut store = store();
        let mut copy = |paper| {
            let (id, copy) = store.ask_reprint(1, NOW).unwrap();
            let begun = store.begin_reprint(NOW).unwrap().unwrap();
            assert_eq!((begun.id, begun.copy), (id, copy));
            store.end_reprint(id, paper, None, NOW).unwrap();
            copy
        };
        assert_eq!(copy(Paper::NotPrinted), 1);
        assert_eq!(copy(Paper::Unknown), 1);
        assert_eq!(copy(Paper::Printed), 2);
        assert_eq!(store.copies(1).unwrap(), 2);
    }

    #[test]
    fn a_ticket_that_was_not_printed_waits_once_its_copy_is_out() {
        let mut store = store();
        report(&mut store, 1, Paper::NotPrinted);
        let (id, _) = store.ask_reprint(1, NOW).unwrap();
        store.begin_reprint(NOW).unwrap();
        store.end_reprint(id, Paper::Printed, None, NOW).unwrap();
        assert_eq!(store.ticket(1).unwrap().unwrap().state, TicketState::Printed);
    }

    #[test]
    fn a_copy_that_failed_says_nothing_of_the_ticket() {
        let mut store = store();
        report(&mut store, 1, Paper::Unknown);
        let (id, _) = store.ask_reprint(1, NOW).unwrap();
        store.begin_reprint(NOW).unwrap();
        store
            .end_reprint(id, Paper::NotPrinted, Some("paper_out"), NOW)
            .unwrap();
        assert_eq!(store.ticket(1).unwrap().unwrap().state, TicketState::PrintUnknown);
        let end = ReprintEnd::Paper(Paper::NotPrinted, Some("paper_out".into()));
        assert_eq!(store.reprint(id).unwrap(), end);
    }

    #[test]
    fn one_copy_is_printed_at_a_time_and_each_once() {
        let mut store = store();
        store.ask_reprint(1, NOW).unwrap();
        assert!(matches!(
            store.ask_reprint(1, NOW),
            Err(StoreError::ReprintUnderWay)
        ));
        assert!(store.begin_reprint(NOW).unwrap().is_some());
        assert_eq!(store.begin_reprint(NOW).unwrap(), None);
    }

    #[test]
    fn a_request_that_nobody_took_up_is_not_printed_later() {
        let mut store = store();
        let (id, _) = store.ask_reprint(1, NOW).unwrap();
        let later = Moment::from_millis(NOW.millis() + WAITS_MS + 1);
        assert_eq!(store.begin_reprint(later).unwrap(), None);
        assert_eq!(store.reprint(id).unwrap(), ReprintEnd::Expired);
        let (id, _) = store.ask_reprint(1, later).unwrap();
        assert!(store.withdraw_reprint(id, later).unwrap());
        assert_eq!(store.begin_reprint(later).unwrap(), None);
    }

    #[test]
    fn a_copy_under_way_cannot_be_withdrawn_and_a_crash_leaves_it_unknown() {
        let mut store = store();
        let (id, _) = store.ask_reprint(1, NOW).unwrap();
        store.begin_reprint(NOW).unwrap();
        assert!(!store.withdraw_reprint(id, NOW).unwrap());
        assert_eq!(store.end_interrupted_reprints(NOW).unwrap(), 1);
        let end = ReprintEnd::Paper(Paper::Unknown, Some("host_restarted".into()));
        assert_eq!(store.reprint(id).unwrap(), end);
        assert_eq!(store.copies(1).unwrap(), 1);
    }
}

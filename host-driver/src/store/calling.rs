//! Who waits, and who has been called. The order itself is decided in [`order`].

use super::{Store, StoreError, Ticket};
use crate::office::clock::Moment;
use crate::office::order::{self, Turns, Waiting};
use rusqlite::{Connection, OptionalExtension as _};

/// A ticket whose kiosk has not reported for this long is taken as printed: somebody may well hold it.
const REPORT_TIMEOUT_MS: i64 = 2 * 60 * 1000;

/// Everybody on `day` who waits, or will when the kiosk has said that the ticket is out. With `now`: who can be called.
pub(super) fn waiting(db: &Connection, day: &str, now: Option<Moment>) -> rusqlite::Result<Vec<Waiting>> {
    let mut statement = db.prepare_cached(
        "SELECT id, priority, issued_at FROM tickets
         WHERE day = :day
           AND (state IN ('printed', 'print_unknown') OR (state = 'issued' AND told_at <= :silent_since))",
    )?;
    let silent_since = now.map_or(i64::MAX, |now| now.millis() - REPORT_TIMEOUT_MS);
    let parameters = rusqlite::named_params! { ":day": day, ":silent_since": silent_since };
    statement
        .query_map(parameters, |row| {
            Ok(Waiting {
                id: row.get(0)?,
                priority: row.get(1)?,
                since: Moment::from_millis(row.get(2)?),
            })
        })?
        .collect()
}

/// Whose turn it is on `day`, by its calls until now.
pub(super) fn turns(db: &Connection, day: &str, each: u8) -> rusqlite::Result<Turns> {
    let run = db.query_row(
        "SELECT count(*) FROM tickets WHERE day = ?1 AND priority = 1 AND call_order >
             coalesce((SELECT max(call_order) FROM tickets WHERE day = ?1 AND priority = 0), 0)",
        [day],
        |row| row.get(0),
    )?;
    Ok(Turns { each, run })
}

impl Store {
    /// Who would be called next on `day`, with so many `turns` for priority.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn next_waiting(&self, day: &str, each: u8, now: Moment) -> Result<Option<Ticket>, StoreError> {
        let turns = turns(&self.db, day, each)?;
        match order::next(&waiting(&self.db, day, Some(now))?, turns) {
            Some(next) => self.ticket(next.id),
            None => Ok(None),
        }
    }

    /// Marks a waiting ticket as called. `false`: another counter was quicker, or staff have declared it void.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn call_ticket(&mut self, id: i64, at: Moment) -> Result<bool, StoreError> {
        let changed = self.db.execute(
            "UPDATE tickets SET state = 'called', called_at = ?2, call_order =
                 1 + coalesce((SELECT max(others.call_order) FROM tickets AS others WHERE others.day = tickets.day), 0)
             WHERE id = ?1 AND state IN ('issued', 'printed', 'print_unknown')",
            (id, at.millis()),
        )?;
        Ok(changed == 1)
    }

    /// Puts tickets of `day` back into the queue that were called while the program stopped before an application was
    /// taken. Returns how many.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn requeue_called(&mut self, day: &str) -> Result<usize, StoreError> {
        Ok(self.db.execute(
            "UPDATE tickets SET state = CASE paper WHEN 'unknown' THEN 'print_unknown' ELSE 'printed' END
             WHERE state = 'called' AND day = ?1 AND NOT EXISTS
                 (SELECT 1 FROM applications
                  WHERE ticket = tickets.id AND (phase <> 'ended' OR outcome <> 'interrupted'))",
            [day],
        )?)
    }

    /// Closes a ticket: the resident has been served, sent back, or told why not.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn close_ticket(&mut self, id: i64, at: Moment) -> Result<(), StoreError> {
        self.db.execute(
            "UPDATE tickets SET state = 'closed', closed_at = ?2 WHERE id = ?1 AND state <> 'closed'",
            (id, at.millis()),
        )?;
        Ok(())
    }

    /// Takes a ticket out of the queue for staff. `false`: it does not wait, so it was left as it is.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn void_ticket(&mut self, id: i64, at: Moment) -> Result<bool, StoreError> {
        let changed = self.db.execute(
            "UPDATE tickets SET state = 'void', closed_at = ?2
             WHERE id = ?1 AND state IN ('issued', 'printed', 'print_unknown', 'not_printed')",
            (id, at.millis()),
        )?;
        Ok(changed == 1)
    }

    /// The latest day on which numbers were given or lent.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn last_day(&self) -> Result<Option<String>, StoreError> {
        let last = self
            .db
            .query_row("SELECT max(day) FROM tickets", [], |row| row.get(0))
            .optional()?;
        Ok(last.flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tickets::testing::{press, report};
    use super::super::{Paper, TicketState};
    use super::*;

    const NOW: Moment = Moment::from_millis(1_000_000);

    #[test]
    fn a_ticket_that_was_not_printed_is_not_called() {
        let mut store = Store::in_memory().unwrap();
        store.allocate_ticket(&press(1, "d"), NOW).unwrap();
        report(&mut store, 1, Paper::NotPrinted);
        let later = Moment::from_millis(9_000_000);
        assert_eq!(store.next_waiting("d", 2, later).unwrap(), None);
    }

    #[test]
    fn a_ticket_of_a_silent_kiosk_is_called_after_two_minutes() {
        let mut store = Store::in_memory().unwrap();
        store.allocate_ticket(&press(1, "d"), NOW).unwrap();
        assert_eq!(store.next_waiting("d", 2, NOW).unwrap(), None);
        let later = Moment::from_millis(NOW.millis() + REPORT_TIMEOUT_MS);
        assert!(store.next_waiting("d", 2, later).unwrap().is_some());
    }

    #[test]
    fn one_number_is_called_once() {
        let mut store = Store::in_memory().unwrap();
        let ticket = store.allocate_ticket(&press(1, "d"), NOW).unwrap();
        report(&mut store, 1, Paper::Printed);
        assert!(store.call_ticket(ticket.id, NOW).unwrap());
        assert!(!store.call_ticket(ticket.id, NOW).unwrap());
        report(&mut store, 1, Paper::Printed);
        assert_eq!(store.next_waiting("d", 2, NOW).unwrap(), None);
    }

    #[test]
    fn a_resident_who_was_called_when_the_program_died_is_called_again() {
        let mut store = Store::in_memory().unwrap();
        let ticket = store.allocate_ticket(&press(1, "d"), NOW).unwrap();
        assert!(store.call_ticket(ticket.id, NOW).unwrap());
        assert_eq!(store.requeue_called("d").unwrap(), 1);
        assert_eq!(
            store.next_waiting("d", 2, NOW).unwrap().map(|next| next.id),
            Some(ticket.id)
        );
        assert!(store.call_ticket(ticket.id, NOW).unwrap());
        store.close_ticket(ticket.id, NOW).unwrap();
        assert_eq!(store.requeue_called("d").unwrap(), 0);
    }

    #[test]
    fn the_store_remembers_whose_turn_it_is() {
        let mut store = Store::in_memory().unwrap();
        for n in 1..=6 {
            let mut pressed = press(n, "d");
            pressed.priority = n > 3;
            store
                .allocate_ticket(&pressed, Moment::from_millis(n as i64))
                .unwrap();
            report(&mut store, n, Paper::Printed);
        }
        let mut called = Vec::new();
        while let Some(next) = store.next_waiting("d", 2, NOW).unwrap() {
            assert!(store.call_ticket(next.id, NOW).unwrap());
            called.push(next.number);
        }
        assert_eq!(called, [4, 5, 1, 6, 2, 3]);
    }

    #[test]
    fn a_void_ticket_is_neither_called_nor_void_again() {
        let mut store = Store::in_memory().unwrap();
        let ticket = store.allocate_ticket(&press(1, "d"), NOW).unwrap();
        report(&mut store, 1, Paper::Printed);
        assert!(store.void_ticket(ticket.id, NOW).unwrap());
        assert!(!store.void_ticket(ticket.id, NOW).unwrap());
        assert!(!store.call_ticket(ticket.id, NOW).unwrap());
        assert_eq!(store.ticket(ticket.id).unwrap().unwrap().state, TicketState::Void);
    }
}

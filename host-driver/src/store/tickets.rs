//! Queue tickets. Which number comes next is decided here, in one transaction, so that none is given twice.

use super::{Store, StoreError};
use crate::office::clock::Moment;
use rusqlite::{OptionalExtension as _, Row};

/// Largest queue number: three digits on the ticket and on the kiosk's screen.
const LAST_NUMBER: u16 = 999;

/// A ticket whose kiosk has not reported for this long is taken as printed: somebody may well hold it.
const REPORT_TIMEOUT_MS: i64 = 2 * 60 * 1000;

/// Where a ticket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketState {
    /// Number given; the kiosk has not said yet whether it printed.
    Issued,
    /// Printed: somebody waits with it.
    Printed,
    /// The kiosk cannot tell whether it printed; it is called like a printed one.
    PrintUnknown,
    /// Certainly not printed; the kiosk told the resident. It is not called.
    NotPrinted,
    /// Called to a counter.
    Called,
    /// Done with.
    Closed,
}

impl TicketState {
    /// The word in the store and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Printed => "printed",
            Self::PrintUnknown => "print_unknown",
            Self::NotPrinted => "not_printed",
            Self::Called => "called",
            Self::Closed => "closed",
        }
    }

    fn from_str(text: &str) -> Option<Self> {
        [
            Self::Issued,
            Self::Printed,
            Self::PrintUnknown,
            Self::NotPrinted,
            Self::Called,
            Self::Closed,
        ]
        .into_iter()
        .find(|state| state.as_str() == text)
    }
}

/// A press at the kiosk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PressedTicket {
    /// The press, unique for ever.
    pub press: u64,
    /// The chosen service.
    pub service: u8,
    /// Its letter.
    pub prefix: char,
    /// Whether it is a priority ticket (elderly, disabled, pregnant).
    pub priority: bool,
    /// The local day.
    pub day: String,
    /// Minutes that one person takes, for the estimate.
    pub minutes_each: u16,
}

/// A queue ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Row in this store. With the store's identity it makes the id on the ticket's QR code.
    pub id: i64,
    /// The press it came from.
    pub press: u64,
    /// The chosen service.
    pub service: u8,
    /// Letter.
    pub prefix: char,
    /// Number, 1 to 999.
    pub number: u16,
    /// Where it stands.
    pub state: TicketState,
    /// When the number was given.
    pub issued_at: Moment,
    /// When the kiosk reported, if it did.
    pub printed_at: Option<Moment>,
    /// Who were waiting then.
    pub people_before: u16,
    /// Estimated wait in minutes.
    pub wait_minutes: u16,
}

impl Ticket {
    /// As it is shown and called: `A001`.
    pub fn label(&self) -> String {
        format!("{}{:03}", self.prefix, self.number)
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let state: String = row.get("state")?;
        let prefix: String = row.get("prefix")?;
        Ok(Self {
            id: row.get("id")?,
            press: row.get::<_, i64>("press")?.cast_unsigned(),
            service: row.get("service")?,
            prefix: prefix.chars().next().unwrap_or('?'),
            number: row.get("number")?,
            // A word that is not ours was put there from outside; such a ticket is not called.
            state: TicketState::from_str(&state).unwrap_or(TicketState::Closed),
            issued_at: Moment::from_millis(row.get("issued_at")?),
            printed_at: row.get::<_, Option<i64>>("printed_at")?.map(Moment::from_millis),
            people_before: row.get("people_before")?,
            wait_minutes: row.get("wait_minutes")?,
        })
    }
}

/// Tickets that somebody waits with, as a condition on `state`, `issued_at` and `:silent_since`, the moment before
/// which a kiosk that has not reported counts as silent.
macro_rules! waiting {
    () => {
        "(state IN ('printed', 'print_unknown') OR (state = 'issued' AND issued_at <= :silent_since))"
    };
}

impl Store {
    /// The ticket of a press: a new number, or the one already given if the press is known.
    ///
    /// # Errors
    /// [`StoreError::NumbersUsedUp`]; [`StoreError::Sqlite`].
    pub fn allocate_ticket(&mut self, pressed: &PressedTicket, at: Moment) -> Result<Ticket, StoreError> {
        let transaction = self.immediate()?;
        let press = pressed.press.cast_signed();
        let known = transaction
            .query_row(
                "SELECT * FROM tickets WHERE press = ?1",
                [press],
                Ticket::from_row,
            )
            .optional()?;
        if let Some(ticket) = known {
            return Ok(ticket);
        }
        let prefix = pressed.prefix.to_string();
        let last: Option<u16> = transaction.query_row(
            "SELECT max(number) FROM tickets WHERE day = ?1 AND prefix = ?2",
            (&pressed.day, &prefix),
            |row| row.get(0),
        )?;
        let number = last.unwrap_or(0) + 1;
        if number > LAST_NUMBER {
            return Err(StoreError::NumbersUsedUp);
        }
        let people_before: u16 = transaction.query_row(
            "SELECT count(*) FROM tickets
             WHERE day = ?1 AND prefix = ?2 AND state IN ('issued', 'printed', 'print_unknown')",
            (&pressed.day, &prefix),
            |row| row.get(0),
        )?;
        transaction.execute(
            "INSERT INTO tickets
                 (press, day, service, prefix, number, priority, state, issued_at, people_before, wait_minutes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'issued', ?7, ?8, ?9)",
            (
                press,
                &pressed.day,
                pressed.service,
                &prefix,
                number,
                pressed.priority,
                at.millis(),
                people_before,
                people_before.saturating_mul(pressed.minutes_each),
            ),
        )?;
        let ticket = transaction.query_row(
            "SELECT * FROM tickets WHERE press = ?1",
            [press],
            Ticket::from_row,
        )?;
        transaction.commit()?;
        Ok(ticket)
    }

    /// Keeps what the kiosk says about the printing of a press's ticket. A later report of the same press changes
    /// nothing once the ticket has been called. Returns the ticket, or `None` for an unknown press.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn report_ticket(
        &mut self,
        press: u64,
        state: TicketState,
        at: Moment,
    ) -> Result<Option<Ticket>, StoreError> {
        let press = press.cast_signed();
        let transaction = self.immediate()?;
        transaction.execute(
            "UPDATE tickets SET state = ?2, printed_at = coalesce(printed_at, ?3)
             WHERE press = ?1 AND state IN ('issued', 'print_unknown')",
            (press, state.as_str(), at.millis()),
        )?;
        let ticket = transaction
            .query_row(
                "SELECT * FROM tickets WHERE press = ?1",
                [press],
                Ticket::from_row,
            )
            .optional()?;
        transaction.commit()?;
        Ok(ticket)
    }

    /// Who would be called next on `day`.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn next_waiting(&self, day: &str, now: Moment) -> Result<Option<Ticket>, StoreError> {
        let sql = concat!(
            "SELECT * FROM tickets WHERE day = :day AND ",
            waiting!(),
            " ORDER BY priority DESC, id LIMIT 1"
        );
        let parameters = rusqlite::named_params! {
            ":day": day, ":silent_since": now.millis() - REPORT_TIMEOUT_MS
        };
        Ok(self.db.query_row(sql, parameters, Ticket::from_row).optional()?)
    }

    /// Marks a waiting ticket as called. `false`: another counter was quicker.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn call_ticket(&mut self, id: i64, at: Moment) -> Result<bool, StoreError> {
        let changed = self.db.execute(
            "UPDATE tickets SET state = 'called', called_at = ?2
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
            "UPDATE tickets SET state = 'printed' WHERE state = 'called' AND day = ?1 AND NOT EXISTS
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

    /// The ticket of a row.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn ticket(&self, id: i64) -> Result<Option<Ticket>, StoreError> {
        Ok(self
            .db
            .query_row("SELECT * FROM tickets WHERE id = ?1", [id], Ticket::from_row)
            .optional()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(press: u64, day: &str) -> PressedTicket {
        PressedTicket {
            press,
            service: 1,
            prefix: 'A',
            priority: false,
            day: day.into(),
            minutes_each: 13,
        }
    }

    const NOW: Moment = Moment::from_millis(1_000_000);

    #[test]
    fn the_same_press_gets_the_same_number() {
        let mut store = Store::in_memory().unwrap();
        let first = store
            .allocate_ticket(&press(u64::MAX, "2026-01-01"), NOW)
            .unwrap();
        let other = store.allocate_ticket(&press(2, "2026-01-01"), NOW).unwrap();
        let again = store
            .allocate_ticket(&press(u64::MAX, "2026-01-01"), NOW)
            .unwrap();
        assert_eq!(first, again);
        assert_eq!((first.label().as_str(), other.label().as_str()), ("A001", "A002"));
        assert_eq!((other.people_before, other.wait_minutes), (1, 13));
    }

    #[test]
    fn numbers_begin_again_each_day() {
        let mut store = Store::in_memory().unwrap();
        store.allocate_ticket(&press(1, "2026-01-01"), NOW).unwrap();
        assert_eq!(
            store
                .allocate_ticket(&press(2, "2026-01-02"), NOW)
                .unwrap()
                .number,
            1
        );
    }

    #[test]
    fn after_the_last_number_the_press_is_refused_and_nothing_is_kept() {
        let mut store = Store::in_memory().unwrap();
        for n in 1..=u64::from(LAST_NUMBER) {
            store.allocate_ticket(&press(n, "2026-01-01"), NOW).unwrap();
        }
        let refused = store.allocate_ticket(&press(5000, "2026-01-01"), NOW);
        assert!(matches!(refused, Err(StoreError::NumbersUsedUp)));
        assert!(
            store
                .report_ticket(5000, TicketState::Printed, NOW)
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn a_ticket_that_was_not_printed_is_not_called() {
        let mut store = Store::in_memory().unwrap();
        store.allocate_ticket(&press(1, "d"), NOW).unwrap();
        store.report_ticket(1, TicketState::NotPrinted, NOW).unwrap();
        assert_eq!(
            store.next_waiting("d", Moment::from_millis(9_000_000)).unwrap(),
            None
        );
    }

    #[test]
    fn a_ticket_of_a_silent_kiosk_is_called_after_two_minutes() {
        let mut store = Store::in_memory().unwrap();
        store.allocate_ticket(&press(1, "d"), NOW).unwrap();
        assert_eq!(store.next_waiting("d", NOW).unwrap(), None);
        let later = Moment::from_millis(NOW.millis() + REPORT_TIMEOUT_MS);
        assert!(store.next_waiting("d", later).unwrap().is_some());
    }

    #[test]
    fn one_number_is_called_once() {
        let mut store = Store::in_memory().unwrap();
        let ticket = store.allocate_ticket(&press(1, "d"), NOW).unwrap();
        store.report_ticket(1, TicketState::Printed, NOW).unwrap();
        assert!(store.call_ticket(ticket.id, NOW).unwrap());
        assert!(!store.call_ticket(ticket.id, NOW).unwrap());
        store.report_ticket(1, TicketState::Printed, NOW).unwrap();
        assert_eq!(store.next_waiting("d", NOW).unwrap(), None);
    }

    #[test]
    fn a_resident_who_was_called_when_the_program_died_is_called_again() {
        let mut store = Store::in_memory().unwrap();
        let ticket = store.allocate_ticket(&press(1, "d"), NOW).unwrap();
        assert!(store.call_ticket(ticket.id, NOW).unwrap());
        assert_eq!(store.requeue_called("d").unwrap(), 1);
        assert_eq!(
            store.next_waiting("d", NOW).unwrap().map(|next| next.id),
            Some(ticket.id)
        );
        assert!(store.call_ticket(ticket.id, NOW).unwrap());
        store.close_ticket(ticket.id, NOW).unwrap();
        assert_eq!(store.requeue_called("d").unwrap(), 0);
    }

    #[test]
    fn two_connections_never_give_one_number_twice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("loket.sqlite");
        drop(Store::open(&path).unwrap());
        let give = |from: u64| {
            let path = path.clone();
            std::thread::spawn(move || {
                let mut store = Store::open(&path).unwrap();
                (from..from + 20)
                    .map(|n| store.allocate_ticket(&press(n, "d"), NOW).unwrap().number)
                    .collect::<Vec<_>>()
            })
        };
        let threads = [give(0), give(100)];
        let mut numbers: Vec<u16> = threads.into_iter().flat_map(|t| t.join().unwrap()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
    }
}

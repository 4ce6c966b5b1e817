//! Queue tickets. Which number comes next is decided here, in one transaction, so that none is given twice.

use super::calling::{turns, waiting};
use super::{Store, StoreError};
use crate::office::clock::Moment;
use crate::office::order::{self, Waiting};
use rusqlite::{Connection, OptionalExtension as _, Row};

/// Where a ticket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketState {
    /// The number is lent to the kiosk; nobody has it, as far as is known.
    Lent,
    /// The kiosk gives this number no more, and has not said that it did.
    Returned,
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
    /// Taken out of the queue by staff.
    Void,
}

impl TicketState {
    const ALL: [Self; 9] = [
        Self::Lent,
        Self::Returned,
        Self::Issued,
        Self::Printed,
        Self::PrintUnknown,
        Self::NotPrinted,
        Self::Called,
        Self::Closed,
        Self::Void,
    ];

    /// The word in the store and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lent => "lent",
            Self::Returned => "returned",
            Self::Issued => "issued",
            Self::Printed => "printed",
            Self::PrintUnknown => "print_unknown",
            Self::NotPrinted => "not_printed",
            Self::Called => "called",
            Self::Closed => "closed",
            Self::Void => "void",
        }
    }

    fn from_str(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether a number was given.
    pub fn is_given(self) -> bool {
        !matches!(self, Self::Lent | Self::Returned)
    }
}

/// What became of the paper, as the kiosk said last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paper {
    /// It is out.
    Printed,
    /// Nothing came out.
    NotPrinted,
    /// It cannot be told.
    Unknown,
}

impl Paper {
    /// The word in the store and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Printed => "printed",
            Self::NotPrinted => "not_printed",
            Self::Unknown => "unknown",
        }
    }

    pub(super) fn from_str(text: &str) -> Option<Self> {
        [Self::Printed, Self::NotPrinted, Self::Unknown]
            .into_iter()
            .find(|paper| paper.as_str() == text)
    }

    /// Where a ticket stands that has not been called yet.
    fn state(self) -> TicketState {
        match self {
            Self::Printed => TicketState::Printed,
            Self::NotPrinted => TicketState::NotPrinted,
            Self::Unknown => TicketState::PrintUnknown,
        }
    }

    /// Whether this is news after `before`: once a ticket is out, it stays out.
    fn is_news_after(self, before: Option<Self>) -> bool {
        before != Some(Self::Printed) && before != Some(self)
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
    /// The largest number that may be given; those above are lent.
    pub last_number: u16,
    /// Minutes that one person takes, for the estimate.
    pub minutes_each: u16,
    /// So many priority tickets in a row while others wait, for the estimate.
    pub priority_turns: u8,
}

/// A queue ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Row in this store. With the store's identity it makes the id on the ticket's QR code.
    pub id: i64,
    /// The press it came from; `None` while it is lent, and when the kiosk has given the press another number.
    pub press: Option<u64>,
    /// The local day for which it counts.
    pub day: String,
    /// The chosen service.
    pub service: u8,
    /// Letter.
    pub prefix: char,
    /// Number, 1 to 999.
    pub number: u16,
    /// Whether it has priority.
    pub priority: bool,
    /// Where it stands.
    pub state: TicketState,
    /// The loan that it is of, if it was lent.
    pub loan: Option<u32>,
    /// When the number was given.
    pub issued_at: Moment,
    /// Whether that is so; otherwise it is when this computer was told.
    pub is_issued_known: bool,
    /// What the kiosk said of the paper, if it did.
    pub paper: Option<Paper>,
    /// And why it was not printed, or may not have been.
    pub cause: Option<String>,
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

    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let state: String = row.get("state")?;
        let prefix: String = row.get("prefix")?;
        let paper: Option<String> = row.get("paper")?;
        Ok(Self {
            id: row.get("id")?,
            press: row.get::<_, Option<i64>>("press")?.map(i64::cast_unsigned),
            day: row.get("day")?,
            service: row.get("service")?,
            prefix: prefix.chars().next().unwrap_or('?'),
            number: row.get("number")?,
            priority: row.get("priority")?,
            // A word that is not ours was put there from outside; such a ticket is not called.
            state: TicketState::from_str(&state).unwrap_or(TicketState::Closed),
            loan: row.get("loan")?,
            issued_at: Moment::from_millis(row.get("issued_at")?),
            is_issued_known: row.get("issued_known")?,
            paper: paper.as_deref().and_then(Paper::from_str),
            cause: row.get("cause")?,
            printed_at: row.get::<_, Option<i64>>("printed_at")?.map(Moment::from_millis),
            people_before: row.get("people_before")?,
            wait_minutes: row.get("wait_minutes")?,
        })
    }
}

/// What the kiosk's word about a paper meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reported {
    /// It is kept; this is the ticket now.
    Ticket(Ticket),
    /// The press is not known, and is on no paper: the kiosk gave the host up before its question arrived. Nothing is missing.
    Nobodys,
    /// The press is not known, or of another ticket: the word is kept among the strays.
    Stray,
}

/// The ticket of a press.
pub(super) fn of_press(db: &Connection, press: u64) -> rusqlite::Result<Option<Ticket>> {
    db.query_row(
        "SELECT * FROM tickets WHERE press = ?1",
        [press.cast_signed()],
        Ticket::from_row,
    )
    .optional()
}

/// The ticket of a row.
pub(super) fn of_row(db: &Connection, id: i64) -> rusqlite::Result<Option<Ticket>> {
    db.query_row("SELECT * FROM tickets WHERE id = ?1", [id], Ticket::from_row)
        .optional()
}

/// Enters what is known of a ticket's paper, if it is news.
pub(super) fn enter_paper(
    db: &Connection,
    ticket: &Ticket,
    paper: Paper,
    cause: Option<&str>,
    at: Moment,
) -> rusqlite::Result<()> {
    if !paper.is_news_after(ticket.paper) {
        return Ok(());
    }
    db.execute(
        "UPDATE tickets SET paper = ?2, cause = ?3, printed_at = coalesce(printed_at, ?4),
             state = CASE WHEN state IN ('issued', 'printed', 'print_unknown', 'not_printed') THEN ?5 ELSE state END
         WHERE id = ?1",
        (ticket.id, paper.as_str(), cause, at.millis(), paper.state().as_str()),
    )?;
    Ok(())
}

impl Store {
    /// The ticket of a press: a new number, or the one already given if the press is known.
    ///
    /// # Errors
    /// [`StoreError::NumbersUsedUp`]; [`StoreError::Sqlite`].
    pub fn allocate_ticket(&mut self, pressed: &PressedTicket, at: Moment) -> Result<Ticket, StoreError> {
        let transaction = self.immediate()?;
        if let Some(ticket) = of_press(&transaction, pressed.press)? {
            return Ok(ticket);
        }
        let prefix = pressed.prefix.to_string();
        let last: Option<u16> = transaction.query_row(
            "SELECT max(number) FROM tickets WHERE day = ?1 AND prefix = ?2 AND number <= ?3",
            (&pressed.day, &prefix, pressed.last_number),
            |row| row.get(0),
        )?;
        let number = last.unwrap_or(0) + 1;
        if number > pressed.last_number {
            return Err(StoreError::NumbersUsedUp);
        }
        transaction.execute(
            "INSERT INTO tickets
                 (press, day, service, prefix, number, priority, state, issued_at, told_at, people_before, wait_minutes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'issued', ?7, ?7, 0, 0)",
            (
                pressed.press.cast_signed(),
                &pressed.day,
                pressed.service,
                &prefix,
                number,
                pressed.priority,
                at.millis(),
            ),
        )?;
        let id = transaction.last_insert_rowid();
        let all: Vec<Waiting> = waiting(&transaction, &pressed.day, None)?;
        let turns = turns(&transaction, &pressed.day, pressed.priority_turns)?;
        let people_before = u16::try_from(order::before(&all, turns, id)).unwrap_or(u16::MAX);
        transaction.execute(
            "UPDATE tickets SET people_before = ?2, wait_minutes = ?3 WHERE id = ?1",
            (
                id,
                people_before,
                people_before.saturating_mul(pressed.minutes_each),
            ),
        )?;
        let ticket = of_row(&transaction, id)?.ok_or(StoreError::Damaged("ticket"))?;
        transaction.commit()?;
        Ok(ticket)
    }

    /// Keeps what the kiosk says about the paper of a press's ticket, `row` if it is of this store and known. Better knowledge
    /// replaces a doubt; a ticket that is out stays out; where it stands changes only before it is called.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn report_ticket(
        &mut self,
        (press, ticket_id, row): (u64, u64, Option<i64>),
        paper: Paper,
        cause: Option<&str>,
        at: Moment,
    ) -> Result<Reported, StoreError> {
        let transaction = self.immediate()?;
        let reported = match of_press(&transaction, press)? {
            Some(ticket) if row.is_none_or(|row| row == ticket.id) => {
                enter_paper(&transaction, &ticket, paper, cause, at)?;
                of_row(&transaction, ticket.id)?.map_or(Reported::Stray, Reported::Ticket)
            }
            None if paper == Paper::NotPrinted => Reported::Nobodys,
            _ => {
                super::strays::put_paper(&transaction, press, ticket_id, paper, at)?;
                Reported::Stray
            }
        };
        transaction.commit()?;
        Ok(reported)
    }

    /// The ticket of a row.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn ticket(&self, id: i64) -> Result<Option<Ticket>, StoreError> {
        Ok(of_row(&self.db, id)?)
    }

    /// The ticket with a number on a day.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn ticket_of(&self, day: &str, prefix: char, number: u16) -> Result<Option<Ticket>, StoreError> {
        Ok(self
            .db
            .query_row(
                "SELECT * FROM tickets WHERE day = ?1 AND prefix = ?2 AND number = ?3",
                (day, prefix.to_string(), number),
                Ticket::from_row,
            )
            .optional()?)
    }

    /// All tickets of a day, lent numbers too, in the order in which they were given.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn tickets_of(&self, day: &str) -> Result<Vec<Ticket>, StoreError> {
        let mut statement = self
            .db
            .prepare("SELECT * FROM tickets WHERE day = ?1 ORDER BY issued_at, id")?;
        let rows = statement.query_map([day], Ticket::from_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;

    pub(in crate::store) fn press(press: u64, day: &str) -> PressedTicket {
        PressedTicket {
            press,
            service: 1,
            prefix: 'A',
            priority: false,
            day: day.into(),
            last_number: 899,
            minutes_each: 13,
            priority_turns: 2,
        }
    }

    pub(in crate::store) fn report(store: &mut Store, press: u64, paper: Paper) -> Reported {
        store
            .report_ticket((press, 0, None), paper, None, Moment::from_millis(1_000_000))
            .unwrap()
    }
}

#[cfg(test)]
mod tests;

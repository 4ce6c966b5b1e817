//! What the kiosk told of tickets and what cannot be. Nothing of it is thrown away: somebody may hold such a ticket.

use super::{Paper, Store, StoreError, TakenTicket};
use crate::office::clock::Moment;
use rusqlite::Connection;

/// Why a number that the kiosk says it gave cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contradiction {
    /// No such ticket was ever lent by this store.
    UnknownTicket,
    /// The ticket is of another loan, or of none.
    OtherLoan,
    /// The ticket has another number or service.
    OtherNumber,
    /// Another press has this number already.
    GivenTwice,
    /// It was given on another day than the loan was for.
    OtherDay,
    /// The press has another ticket, which was printed or may have been.
    PressHasAnother,
}

impl Contradiction {
    /// The word in the store and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownTicket => "unknown_ticket",
            Self::OtherLoan => "other_loan",
            Self::OtherNumber => "other_number",
            Self::GivenTwice => "given_twice",
            Self::OtherDay => "other_day",
            Self::PressHasAnother => "press_has_another",
        }
    }
}

/// The reason of a word about the paper of an unknown press.
const UNKNOWN_PRESS: &str = "unknown_press";

/// Something that the kiosk told and that has no place in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrayTicket {
    /// The press.
    pub press: u64,
    /// The id in the QR code.
    pub ticket_id: u64,
    /// As it stands on the ticket, if that was told.
    pub label: Option<String>,
    /// A [`Contradiction`], or `unknown_press`.
    pub why: String,
    /// What became of the paper, if that was told.
    pub paper: Option<Paper>,
    /// When it was told last.
    pub told_at: Moment,
}

impl Store {
    /// Strays that were told since a moment, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn strays(&self, since: Moment) -> Result<Vec<StrayTicket>, StoreError> {
        let mut statement = self
            .db
            .prepare("SELECT * FROM stray_tickets WHERE told_at >= ?1 ORDER BY told_at, press")?;
        let rows = statement.query_map([since.millis()], |row| {
            Ok(StrayTicket {
                press: row.get::<_, i64>("press")?.cast_unsigned(),
                ticket_id: row.get::<_, i64>("ticket_id")?.cast_unsigned(),
                label: row.get("label")?,
                why: row.get("why")?,
                paper: row
                    .get::<_, Option<String>>("paper")?
                    .as_deref()
                    .and_then(Paper::from_str),
                told_at: Moment::from_millis(row.get("told_at")?),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// Keeps a number that contradicts what is known.
pub(super) fn put_taken(
    db: &Connection,
    taken: &TakenTicket,
    why: Contradiction,
    at: Moment,
) -> rusqlite::Result<()> {
    db.execute(
        "INSERT INTO stray_tickets (press, loan, ticket_id, label, service, priority, taken_at, why, told_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (press) DO UPDATE SET loan = excluded.loan, ticket_id = excluded.ticket_id, label = excluded.label,
             service = excluded.service, priority = excluded.priority, taken_at = excluded.taken_at, why = excluded.why",
        (
            taken.press.cast_signed(),
            taken.loan,
            taken.ticket_id.cast_signed(),
            format!("{}{:03}", taken.prefix, taken.number),
            taken.service,
            taken.priority,
            taken.taken.as_ref().map(|(moment, _)| moment.millis()),
            why.as_str(),
            at.millis(),
        ),
    )?;
    Ok(())
}

/// Keeps what became of the paper of a press that is not known, or has no place in the queue.
pub(super) fn put_paper(
    db: &Connection,
    press: u64,
    ticket_id: u64,
    paper: Paper,
    at: Moment,
) -> rusqlite::Result<()> {
    db.execute(
        "INSERT INTO stray_tickets (press, ticket_id, why, paper, told_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (press) DO UPDATE SET paper = excluded.paper",
        (
            press.cast_signed(),
            ticket_id.cast_signed(),
            UNKNOWN_PRESS,
            paper.as_str(),
            at.millis(),
        ),
    )?;
    Ok(())
}

//! The agenda book (buku agenda): one row for every step of every application.

use super::{ApplicationId, Store, StoreError};
use crate::office::clock::Moment;
use rusqlite::Connection;

/// A step that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgendaRow {
    /// The application; `None` for steps before there is one.
    pub application: Option<ApplicationId>,
    /// The ticket, as it is called.
    pub ticket: Option<String>,
    /// The procedure.
    pub procedure: String,
    /// Number of the SOP's step that it is part of.
    pub sop_step: Option<u8>,
    /// Name of the step.
    pub step: String,
    /// The SOP's word for who does it.
    pub role: Option<String>,
    /// Who did it.
    pub who: String,
    /// When it began.
    pub started_at: Moment,
    /// When it ended.
    pub ended_at: Moment,
    /// Time that the SOP allows, in seconds, shared by all rows of the same `sop_step`.
    pub standard_seconds: Option<u64>,
    /// `done`, or how it ended otherwise.
    pub result: String,
}

impl Store {
    /// Writes a row that belongs to no journal event.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn put_agenda(&mut self, row: &AgendaRow) -> Result<(), StoreError> {
        put(&self.db, row)
    }

    /// Writes the application's number into the rows of its ticket that were written before it had one.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn adopt_agenda(
        &mut self,
        application: ApplicationId,
        ticket: &str,
        since: Moment,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE agenda SET application = ?1
                   WHERE application IS NULL AND ticket = ?2 AND ended_at >= ?3";
        self.db.execute(sql, (application.0, ticket, since.millis()))?;
        Ok(())
    }

    /// Every row, in the order in which they were written.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn agenda(&self) -> Result<Vec<AgendaRow>, StoreError> {
        let mut statement = self.db.prepare("SELECT * FROM agenda ORDER BY id")?;
        let rows = statement.query_map([], |row| {
            Ok(AgendaRow {
                application: row.get::<_, Option<i64>>("application")?.map(ApplicationId),
                ticket: row.get("ticket")?,
                procedure: row.get("procedure")?,
                sop_step: row.get("sop_step")?,
                step: row.get("step")?,
                role: row.get("role")?,
                who: row.get("who")?,
                started_at: Moment::from_millis(row.get("started_at")?),
                ended_at: Moment::from_millis(row.get("ended_at")?),
                standard_seconds: row
                    .get::<_, Option<i64>>("standard_seconds")?
                    .map(i64::cast_unsigned),
                result: row.get("result")?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

pub(super) fn put(db: &Connection, row: &AgendaRow) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO agenda (application, ticket, procedure, sop_step, step, role, who, started_at, ended_at,
                             standard_seconds, result)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute((
        row.application.map(|application| application.0),
        &row.ticket,
        &row.procedure,
        row.sop_step,
        &row.step,
        &row.role,
        &row.who,
        row.started_at.millis(),
        row.ended_at.millis(),
        row.standard_seconds.map(u64::cast_signed),
        &row.result,
    ))?;
    Ok(())
}

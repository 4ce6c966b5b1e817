//! Reports to the data centre that wait until the network carries them.

use super::{ApplicationId, Store, StoreError};
use crate::issuance::machine::CardUid;
use crate::office::clock::Moment;
use rusqlite::Connection;

/// A report that has not been sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The application.
    pub application: ApplicationId,
    /// `card_activated` or `card_issued`.
    pub kind: String,
    /// The card.
    pub card_uid: Option<CardUid>,
    /// When it happened.
    pub created_at: Moment,
}

impl Store {
    /// Reports that have not been sent, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn outbox(&self) -> Result<Vec<Report>, StoreError> {
        let sql =
            "SELECT application, kind, card_uid, created_at FROM outbox WHERE sent_at IS NULL ORDER BY id";
        let mut statement = self.db.prepare(sql)?;
        let rows = statement.query_map([], |row| {
            Ok(Report {
                application: ApplicationId(row.get(0)?),
                kind: row.get(1)?,
                card_uid: row
                    .get::<_, Option<String>>(2)?
                    .map(|uid| CardUid::from_hex(&uid)),
                created_at: Moment::from_millis(row.get(3)?),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// One report of a kind for each application, however often it is put.
pub(super) fn put(
    db: &Connection,
    application: ApplicationId,
    kind: &str,
    uid: Option<&str>,
    at: Moment,
) -> Result<(), StoreError> {
    db.execute(
        "INSERT OR IGNORE INTO outbox (application, kind, card_uid, created_at) VALUES (?1, ?2, ?3, ?4)",
        (application.0, kind, uid, at.millis()),
    )?;
    Ok(())
}

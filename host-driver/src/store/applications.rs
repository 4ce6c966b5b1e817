//! Applications: who came for what, and how far it is.

use super::{Store, StoreError};
use crate::issuance::machine::Phase;
use crate::office::clock::Moment;
use crate::office::nik::Nik;
use rusqlite::{OptionalExtension as _, Row};
use std::fmt;

/// Number of an application, as the operator types it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ApplicationId(pub i64);

impl fmt::Display for ApplicationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An application.
#[derive(Clone, PartialEq, Eq)]
pub struct Application {
    /// Its number.
    pub id: ApplicationId,
    /// Row of the queue ticket it came with.
    pub ticket: Option<i64>,
    /// The applicant.
    pub nik: Nik,
    /// How far it is.
    pub phase: Phase,
    /// How it ended, or why it is parked.
    pub outcome: Option<String>,
    /// When it was taken.
    pub opened_at: Moment,
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application")
            .field("id", &self.id)
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}

impl Application {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Result<Self, StoreError>> {
        let nik: String = row.get("nik")?;
        let phase: String = row.get("phase")?;
        let Ok(nik) = Nik::parse(&nik) else {
            return Ok(Err(StoreError::Damaged("NIK")));
        };
        let Some(phase) = Phase::ALL.into_iter().find(|known| known.as_str() == phase) else {
            return Ok(Err(StoreError::Damaged("phase")));
        };
        Ok(Ok(Self {
            id: ApplicationId(row.get("id")?),
            ticket: row.get("ticket")?,
            nik,
            phase,
            outcome: row.get("outcome")?,
            opened_at: Moment::from_millis(row.get("opened_at")?),
        }))
    }
}

impl Store {
    /// Opens an application.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn open_application(
        &mut self,
        procedure: &str,
        ticket: Option<i64>,
        nik: &Nik,
        contact: &str,
        at: Moment,
    ) -> Result<ApplicationId, StoreError> {
        self.db.execute(
            "INSERT INTO applications (procedure, ticket, nik, contact, phase, opened_at, changed_at)
             VALUES (?1, ?2, ?3, ?4, 'new', ?5, ?5)",
            (procedure, ticket, nik.as_str(), contact, at.millis()),
        )?;
        Ok(ApplicationId(self.db.last_insert_rowid()))
    }

    /// An application.
    ///
    /// # Errors
    /// [`StoreError::NoApplication`]; [`StoreError::Sqlite`]; [`StoreError::Damaged`].
    pub fn application(&self, id: ApplicationId) -> Result<Application, StoreError> {
        self.db
            .query_row(
                "SELECT * FROM applications WHERE id = ?1",
                [id.0],
                Application::from_row,
            )
            .optional()?
            .unwrap_or(Err(StoreError::NoApplication(id.0)))
    }

    /// Applications that are not over, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`]; [`StoreError::Damaged`].
    pub fn open_applications(&self) -> Result<Vec<Application>, StoreError> {
        let mut statement = self
            .db
            .prepare("SELECT * FROM applications WHERE phase <> 'ended' ORDER BY id")?;
        let rows = statement.query_map([], Application::from_row)?;
        rows.map(|row| row?).collect()
    }

    /// Every application, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`]; [`StoreError::Damaged`].
    pub fn all_applications(&self) -> Result<Vec<Application>, StoreError> {
        let mut statement = self.db.prepare("SELECT * FROM applications ORDER BY id")?;
        let rows = statement.query_map([], Application::from_row)?;
        rows.map(|row| row?).collect()
    }

    /// The application of a person that is parked, or that still has a blank to be settled, if there is one: it is taken up
    /// instead of opening another.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`]; [`StoreError::Damaged`].
    pub fn unfinished_application(&self, nik: &Nik) -> Result<Option<Application>, StoreError> {
        let sql = "SELECT * FROM applications WHERE phase IN ('parked', 'running') AND nik = ?1
                   ORDER BY id DESC LIMIT 1";
        self.db
            .query_row(sql, [nik.as_str()], Application::from_row)
            .optional()?
            .transpose()
    }

    /// Ends an application that never came to the issuance: returned, or not ready.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn end_application(
        &mut self,
        id: ApplicationId,
        outcome: &str,
        at: Moment,
    ) -> Result<(), StoreError> {
        self.db.execute(
            "UPDATE applications SET phase = 'ended', outcome = ?2, changed_at = ?3 WHERE id = ?1 AND phase = 'new'",
            (id.0, outcome, at.millis()),
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment::from_millis(1);

    #[test]
    fn an_application_that_is_over_is_not_listed() {
        let mut store = Store::in_memory().unwrap();
        let nik = Nik::parse("1374025203900001").unwrap();
        let returned = store
            .open_application("ktp-sudah-rekam", None, &nik, "0812", NOW)
            .unwrap();
        let open = store
            .open_application("ktp-sudah-rekam", None, &nik, "0812", NOW)
            .unwrap();
        store.end_application(returned, "returned", NOW).unwrap();
        let listed: Vec<_> = store
            .open_applications()
            .unwrap()
            .into_iter()
            .map(|a| a.id)
            .collect();
        assert_eq!(listed, [open]);
        assert_eq!(
            store.application(returned).unwrap().outcome.as_deref(),
            Some("returned")
        );
    }

    #[test]
    fn whoever_has_an_application_under_way_gets_no_second_one() {
        let mut store = Store::in_memory().unwrap();
        let nik = Nik::parse("1374025203900001").unwrap();
        let id = store
            .open_application("ktp-sudah-rekam", None, &nik, "0812", NOW)
            .unwrap();
        for (phase, found) in [
            ("new", None),
            ("running", Some(id)),
            ("parked", Some(id)),
            ("ended", None),
        ] {
            store
                .db
                .execute("UPDATE applications SET phase = ?1", [phase])
                .unwrap();
            let taken_up = store.unfinished_application(&nik).unwrap();
            assert_eq!(taken_up.map(|application| application.id), found, "{phase}");
        }
    }

    #[test]
    fn a_number_that_was_never_given_is_told() {
        let store = Store::in_memory().unwrap();
        assert!(matches!(
            store.application(ApplicationId(9)),
            Err(StoreError::NoApplication(9))
        ));
    }
}

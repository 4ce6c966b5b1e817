//! Residents' records.

use super::{Store, StoreError};
use crate::office::clock::Moment;
use crate::office::nik::Nik;
use crate::office::record::{Record, RecordStatus};
use rusqlite::OptionalExtension as _;

impl Store {
    /// Keeps a record, in place of an older one of the same person. Returns whether there was one.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn put_record(&mut self, record: &Record, at: Moment) -> Result<bool, StoreError> {
        let json = serde_json::to_string(record).map_err(|_| StoreError::Damaged("record"))?;
        let transaction = self.immediate()?;
        let nik = record.nik.as_str();
        let known = transaction
            .prepare("SELECT 1 FROM records WHERE nik = ?1")?
            .exists([nik])?;
        transaction.execute(
            "INSERT OR REPLACE INTO records (nik, status, json, imported_at) VALUES (?1, ?2, ?3, ?4)",
            (nik, status_name(record.status)?, json, at.millis()),
        )?;
        transaction.commit()?;
        Ok(known)
    }

    /// The record of a person.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`]; [`StoreError::Damaged`] when it does not read as a record.
    pub fn record(&self, nik: &Nik) -> Result<Option<Record>, StoreError> {
        let json: Option<String> = self
            .db
            .query_row("SELECT json FROM records WHERE nik = ?1", [nik.as_str()], |row| {
                row.get(0)
            })
            .optional()?;
        json.map(|json| Record::from_json(&json).map_err(|_| StoreError::Damaged("record")))
            .transpose()
    }
}

/// The status as the record's JSON spells it.
fn status_name(status: RecordStatus) -> Result<String, StoreError> {
    match serde_json::to_value(status) {
        Ok(serde_json::Value::String(name)) => Ok(name),
        _ => Err(StoreError::Damaged("record status")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::office::record::tests::record_of_nobody;

    #[test]
    fn a_record_is_found_by_nik_and_replaced_by_a_newer_one() {
        let mut store = Store::in_memory().unwrap();
        let mut record = record_of_nobody();
        assert!(!store.put_record(&record, Moment::default()).unwrap());
        record.status = RecordStatus::SentForEnrollment;
        assert!(store.put_record(&record, Moment::default()).unwrap());
        let found = store.record(&record.nik).unwrap().unwrap();
        assert_eq!(found.status, RecordStatus::SentForEnrollment);
        assert!(
            store
                .record(&Nik::parse("1374025203900002").unwrap())
                .unwrap()
                .is_none()
        );
    }
}

//! The stock of blanks as people see it: counted by hand, destroyed with a record, reported by month.

use super::{ApplicationId, Store, StoreError, blanks};
use crate::issuance::machine::{CardUid, RejectReason};
use crate::office::clock::Moment;
use rusqlite::OptionalExtension as _;
use std::collections::BTreeMap;

/// The stock, counted by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlankCount {
    /// Blanks that were counted, in hopper and drawer.
    pub counted: i64,
    /// Blanks that the ledger expected.
    pub expected: i64,
    /// Why they differ, once somebody has found out.
    pub explanation: Option<String>,
    /// When.
    pub at: Moment,
}

impl BlankCount {
    /// Whether blanks are missing, or too many, and nobody has said why.
    pub fn is_alarm(&self) -> bool {
        self.counted != self.expected && self.explanation.is_none()
    }
}

/// A rejected blank that is destroyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destroyed {
    /// Its UID, if its chip could be read.
    pub uid: Option<CardUid>,
    /// The application that it was taken for.
    pub application: ApplicationId,
    /// Why it was rejected.
    pub reason: RejectReason,
    /// When.
    pub rejected_at: Moment,
}

/// What became of blanks in a month.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MonthlyAccount {
    /// In stock when it began.
    pub carried_over: i64,
    /// Received.
    pub received: i64,
    /// Left the hopper.
    pub taken: i64,
    /// Of those that left the hopper in it: handed over by now.
    pub handed_over: i64,
    /// Of those: rejected by now, by reason.
    pub rejected: BTreeMap<RejectReason, i64>,
    /// Destroyed in it.
    pub destroyed: i64,
}

impl MonthlyAccount {
    /// In stock when it ended.
    pub fn left(&self) -> i64 {
        self.carried_over + self.received - self.taken
    }
}

impl Store {
    /// Keeps a count by hand, beside what the ledger expects.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`]; [`StoreError::Damaged`].
    pub fn count_blanks(&mut self, counted: u32, who: &str, at: Moment) -> Result<BlankCount, StoreError> {
        let expected = self.blank_totals()?.in_stock();
        let sql = "INSERT INTO blank_counts (counted, expected, who, at) VALUES (?1, ?2, ?3, ?4)";
        self.db.execute(sql, (counted, expected, who, at.millis()))?;
        Ok(BlankCount {
            counted: i64::from(counted),
            expected,
            explanation: None,
            at,
        })
    }

    /// Keeps why the last count differs. Returns whether there was one that needed it.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn explain_blanks(&mut self, why: &str) -> Result<bool, StoreError> {
        let sql = "UPDATE blank_counts SET explanation = ?1
                   WHERE id = (SELECT max(id) FROM blank_counts) AND counted <> expected AND explanation IS NULL";
        Ok(self.db.execute(sql, [why])? == 1)
    }

    /// The last count by hand.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn last_blank_count(&self) -> Result<Option<BlankCount>, StoreError> {
        let sql = "SELECT counted, expected, explanation, at FROM blank_counts ORDER BY id DESC LIMIT 1";
        let count = self.db.query_row(sql, [], |row| {
            Ok(BlankCount {
                counted: row.get(0)?,
                expected: row.get(1)?,
                explanation: row.get(2)?,
                at: Moment::from_millis(row.get(3)?),
            })
        });
        Ok(count.optional()?)
    }

    /// Enters all rejected blanks that are not yet destroyed as destroyed under the record `number`, after `record` has made that record of
    /// them. If it fails, nothing is entered.
    ///
    /// # Errors
    /// [`StoreError::NothingToDestroy`], [`StoreError::NumberTaken`], [`StoreError::Sqlite`], or what `record` says.
    pub fn destroy_blanks<E: From<StoreError>>(
        &mut self,
        number: &str,
        at: Moment,
        record: impl FnOnce(&[Destroyed]) -> Result<(), E>,
    ) -> Result<Vec<Destroyed>, E> {
        let transaction = self.immediate()?;
        let failed = |error: rusqlite::Error| E::from(StoreError::from(error));
        let is_taken = transaction
            .query_row("SELECT 1 FROM destructions WHERE number = ?1", [number], |_| {
                Ok(())
            })
            .optional()
            .map_err(failed)?;
        if is_taken.is_some() {
            return Err(StoreError::NumberTaken(number.to_owned()).into());
        }
        let all = waiting(&transaction)?;
        if all.is_empty() {
            return Err(StoreError::NothingToDestroy.into());
        }
        record(&all)?;
        let enter = || {
            transaction.execute(
                "INSERT INTO destructions (number, at) VALUES (?1, ?2)",
                (number, at.millis()),
            )?;
            let sql = "UPDATE blanks SET destruction = last_insert_rowid() WHERE state = 'rejected' AND destruction IS NULL";
            transaction.execute(sql, [])
        };
        enter().map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(all)
    }

    /// Rejected blanks that are not yet destroyed, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`]; [`StoreError::Damaged`].
    pub fn blanks_to_destroy(&self) -> Result<Vec<Destroyed>, StoreError> {
        waiting(&self.db)
    }

    /// What became of blanks between two moments.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`]; [`StoreError::Damaged`].
    pub fn blanks_between(&self, from: Moment, to: Moment) -> Result<MonthlyAccount, StoreError> {
        let sum =
            |sql: &str, from: i64, to: i64| self.db.query_row(sql, (from, to), |row| row.get::<_, i64>(0));
        let received =
            "SELECT coalesce(sum(count), 0) FROM blank_batches WHERE received_at >= ?1 AND received_at < ?2";
        let taken = "SELECT count(*) FROM blanks WHERE taken_at >= ?1 AND taken_at < ?2";
        let destroyed = "SELECT count(*) FROM blanks JOIN destructions ON destructions.id = destruction
                         WHERE at >= ?1 AND at < ?2";
        let (from, to) = (from.millis(), to.millis());
        let mut account = MonthlyAccount {
            carried_over: sum(received, i64::MIN, from)? - sum(taken, i64::MIN, from)?,
            received: sum(received, from, to)?,
            taken: sum(taken, from, to)?,
            destroyed: sum(destroyed, from, to)?,
            ..MonthlyAccount::default()
        };
        let within = |at: Moment| (from..to).contains(&at.millis());
        for blank in self.blanks()?.into_iter().filter(|blank| within(blank.taken_at)) {
            match blank.place {
                blanks::BlankPlace::HandedOver => account.handed_over += 1,
                blanks::BlankPlace::Rejected(reason) => *account.rejected.entry(reason).or_default() += 1,
                blanks::BlankPlace::InPrinter | blanks::BlankPlace::Printed => {}
            }
        }
        Ok(account)
    }
}

fn waiting(db: &rusqlite::Connection) -> Result<Vec<Destroyed>, StoreError> {
    let sql = "SELECT uid, application, reason, changed_at FROM blanks
               WHERE state = 'rejected' AND destruction IS NULL ORDER BY id";
    let mut statement = db.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        let (uid, reason): (Option<String>, String) = (row.get(0)?, row.get(2)?);
        let reason = RejectReason::ALL
            .into_iter()
            .find(|known| known.as_str() == reason);
        Ok(match reason {
            None => Err(StoreError::Damaged("blank")),
            Some(reason) => Ok(Destroyed {
                uid: uid.map(|uid| CardUid::from_hex(&uid)),
                application: ApplicationId(row.get(1)?),
                reason,
                rejected_at: Moment::from_millis(row.get(3)?),
            }),
        })
    })?;
    rows.map(|row| row?).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::office::nik::Nik;

    const DAY: i64 = 86_400_000;

    /// Ten blanks received, three rejected, one handed over.
    fn used() -> Store {
        let mut store = Store::in_memory().unwrap();
        let nik = Nik::parse("1374025203900001").unwrap();
        store.receive_blanks(10, Moment::from_millis(DAY)).unwrap();
        store
            .open_application("ktp-sudah-rekam", None, &nik, "", Moment::default())
            .unwrap();
        store.execute_for_tests(
            "INSERT INTO blanks (uid, application, state, reason, taken_at, changed_at) VALUES
                 ('04A1', 1, 'rejected', 'gagal_cetak', 86400000, 86400000),
                 (NULL, 1, 'rejected', 'rusak', 86400000, 86400000),
                 ('04A3', 1, 'rejected', 'gagal_cetak', 172800000, 172800000),
                 ('04A4', 1, 'handed_over', NULL, 172800000, 172800000)",
        );
        store
    }

    #[test]
    fn a_count_that_differs_is_an_alarm_until_it_is_explained() {
        let mut store = used();
        assert!(
            !store
                .count_blanks(6, "operator", Moment::default())
                .unwrap()
                .is_alarm()
        );
        assert!(!store.explain_blanks("nothing to explain").unwrap());
        let count = store.count_blanks(5, "operator", Moment::default()).unwrap();
        assert_eq!((count.counted, count.expected, count.is_alarm()), (5, 6, true));
        assert!(store.last_blank_count().unwrap().unwrap().is_alarm());
        assert!(store.explain_blanks("one lay under the printer").unwrap());
        assert!(!store.last_blank_count().unwrap().unwrap().is_alarm());
    }

    #[test]
    fn destroyed_blanks_are_destroyed_once_and_only_with_a_record() {
        let mut store = used();
        let refused = store.destroy_blanks("1", Moment::default(), |_| Err(StoreError::Damaged("pen")));
        assert!(matches!(refused, Err(StoreError::Damaged("pen"))));
        assert_eq!(store.blanks_to_destroy().unwrap().len(), 3);
        let record = |all: &[Destroyed]| {
            assert_eq!(all.len(), 3);
            Ok::<_, StoreError>(())
        };
        store.destroy_blanks("1", Moment::default(), record).unwrap();
        assert!(store.blanks_to_destroy().unwrap().is_empty());
        let again = store.destroy_blanks("2", Moment::default(), |_| Ok::<_, StoreError>(()));
        assert!(matches!(again, Err(StoreError::NothingToDestroy)));
        let taken = store.destroy_blanks("1", Moment::default(), |_| Ok::<_, StoreError>(()));
        assert!(matches!(taken, Err(StoreError::NumberTaken(_))));
    }

    #[test]
    fn months_follow_one_another() {
        let mut store = used();
        store
            .destroy_blanks("1", Moment::from_millis(2 * DAY), |_| Ok::<_, StoreError>(()))
            .unwrap();
        let first = store
            .blanks_between(Moment::default(), Moment::from_millis(2 * DAY))
            .unwrap();
        assert_eq!(
            (first.carried_over, first.received, first.taken, first.left()),
            (0, 10, 2, 8)
        );
        assert_eq!((first.destroyed, first.handed_over), (0, 0));
        let second = store
            .blanks_between(Moment::from_millis(2 * DAY), Moment::from_millis(9 * DAY))
            .unwrap();
        assert_eq!(
            (second.carried_over, second.received, second.taken, second.left()),
            (8, 0, 2, 6)
        );
        assert_eq!((second.destroyed, second.handed_over), (3, 1));
        assert_eq!(second.rejected, BTreeMap::from([(RejectReason::GagalCetak, 1)]));
    }
}

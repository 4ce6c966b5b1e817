//! The blank ledger: every blank is in stock, in the printer, printed and waiting, handed over, or rejected with a reason.

use super::{ApplicationId, Store, StoreError};
use crate::issuance::machine::{CardUid, RejectReason};
use crate::office::clock::Moment;
use rusqlite::{Connection, OptionalExtension as _};
use std::collections::BTreeMap;

/// Where a blank is that has left the hopper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlankPlace {
    /// In the card printer.
    InPrinter,
    /// Printed, not handed over yet.
    Printed,
    /// With its owner.
    HandedOver,
    /// In the reject tray or the reject box.
    Rejected(RejectReason),
}

impl BlankPlace {
    /// The words of the ledger: state, and the reason of a rejected blank.
    pub fn words(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::InPrinter => ("in_printer", None),
            Self::Printed => ("printed", None),
            Self::HandedOver => ("handed_over", None),
            Self::Rejected(reason) => ("rejected", Some(reason.as_str())),
        }
    }
}

/// A blank that has left the hopper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlankEntry {
    /// Its UID, if its chip could be read.
    pub uid: Option<CardUid>,
    /// The application that it was taken for.
    pub application: ApplicationId,
    /// Where it is.
    pub place: BlankPlace,
    /// Whether its chip has been activated.
    pub activated: bool,
    /// When it left the hopper.
    pub taken_at: Moment,
    /// When it came where it is.
    pub changed_at: Moment,
}

/// The daily account (facts/card-printer.md, "Blanks are counted").
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BlankTotals {
    /// Received, ever.
    pub received: u64,
    /// Left the hopper, ever.
    pub taken: u64,
    /// In the printer.
    pub in_printer: u64,
    /// Printed and waiting.
    pub printed: u64,
    /// Handed over.
    pub handed_over: u64,
    /// Rejected, by reason.
    pub rejected: BTreeMap<RejectReason, u64>,
}

impl BlankTotals {
    /// What should be left in stock. Negative: more were used than were entered as received.
    pub fn in_stock(&self) -> i64 {
        self.received.cast_signed() - self.taken.cast_signed()
    }
}

impl Store {
    /// Enters a delivery of blanks.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`], also when `count` is 0.
    pub fn receive_blanks(&mut self, count: u32, at: Moment) -> Result<(), StoreError> {
        let sql = "INSERT INTO blank_batches (count, received_at) VALUES (?1, ?2)";
        self.db.execute(sql, (count, at.millis()))?;
        Ok(())
    }

    /// Every blank that has left the hopper, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`]; [`StoreError::Damaged`].
    pub fn blanks(&self) -> Result<Vec<BlankEntry>, StoreError> {
        let sql =
            "SELECT uid, application, state, reason, activated, taken_at, changed_at FROM blanks ORDER BY id";
        let mut statement = self.db.prepare(sql)?;
        let rows = statement.query_map([], |row| {
            let (state, reason): (String, Option<String>) = (row.get(2)?, row.get(3)?);
            let entry =
                place(&state, reason.as_deref()).map(|place| (place, row.get::<_, Option<String>>(0)));
            Ok(match entry {
                None => Err(StoreError::Damaged("blank")),
                Some((place, uid)) => Ok(BlankEntry {
                    uid: uid?.map(|uid| CardUid::from_hex(&uid)),
                    application: ApplicationId(row.get(1)?),
                    place,
                    activated: row.get(4)?,
                    taken_at: Moment::from_millis(row.get(5)?),
                    changed_at: Moment::from_millis(row.get(6)?),
                }),
            })
        })?;
        rows.map(|row| row?).collect()
    }

    /// The account of all blanks.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`]; [`StoreError::Damaged`].
    pub fn blank_totals(&self) -> Result<BlankTotals, StoreError> {
        let received: i64 =
            self.db
                .query_row("SELECT coalesce(sum(count), 0) FROM blank_batches", [], |row| {
                    row.get(0)
                })?;
        let mut totals = BlankTotals {
            received: received.cast_unsigned(),
            ..BlankTotals::default()
        };
        for blank in self.blanks()? {
            totals.taken += 1;
            match blank.place {
                BlankPlace::InPrinter => totals.in_printer += 1,
                BlankPlace::Printed => totals.printed += 1,
                BlankPlace::HandedOver => totals.handed_over += 1,
                BlankPlace::Rejected(reason) => *totals.rejected.entry(reason).or_default() += 1,
            }
        }
        Ok(totals)
    }

    /// UID of the blank that an application has under way, if it is known.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn blank_under_way(&self, application: ApplicationId) -> Result<Option<CardUid>, StoreError> {
        let sql = format!("SELECT uid FROM blanks WHERE {UNDER_WAY}");
        let uid: Option<Option<String>> = self
            .db
            .query_row(&sql, [application.0], |row| row.get(0))
            .optional()?;
        Ok(uid.flatten().map(|uid| CardUid::from_hex(&uid)))
    }

    /// Whether a blank of this UID has been through the printer before, for another application or another try.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn blank_is_known(&self, uid: &CardUid) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM blanks WHERE uid = ?1 LIMIT 1";
        Ok(self
            .db
            .query_row(sql, [uid.as_str()], |_| Ok(()))
            .optional()?
            .is_some())
    }
}

fn place(state: &str, reason: Option<&str>) -> Option<BlankPlace> {
    match (state, reason) {
        ("in_printer", _) => Some(BlankPlace::InPrinter),
        ("printed", _) => Some(BlankPlace::Printed),
        ("handed_over", _) => Some(BlankPlace::HandedOver),
        ("rejected", Some(reason)) => RejectReason::ALL
            .into_iter()
            .find(|known| known.as_str() == reason)
            .map(BlankPlace::Rejected),
        _ => None,
    }
}

/// Condition for the blank that an application has under way: there is at most one.
const UNDER_WAY: &str = "application = ?1 AND state IN ('in_printer', 'printed')";

pub(super) fn taken(db: &Connection, application: ApplicationId, at: Moment) -> Result<(), StoreError> {
    let sql =
        "INSERT INTO blanks (application, state, taken_at, changed_at) VALUES (?1, 'in_printer', ?2, ?2)";
    db.execute(sql, (application.0, at.millis()))?;
    Ok(())
}

/// Changes the blank under way; exactly one row must be hit, or the books would be wrong without anybody noticing.
fn change(db: &Connection, assignments: &str, parameters: impl rusqlite::Params) -> Result<(), StoreError> {
    let sql = format!("UPDATE blanks SET {assignments}, changed_at = ?2 WHERE {UNDER_WAY}");
    match db.execute(&sql, parameters)? {
        1 => Ok(()),
        _ => Err(StoreError::Damaged("blank ledger")),
    }
}

pub(super) fn identified(
    db: &Connection,
    application: ApplicationId,
    uid: &CardUid,
    at: Moment,
) -> Result<(), StoreError> {
    change(db, "uid = ?3", (application.0, at.millis(), uid.as_str()))
}

pub(super) fn printed(db: &Connection, application: ApplicationId, at: Moment) -> Result<(), StoreError> {
    change(db, "state = 'printed'", (application.0, at.millis()))
}

pub(super) fn rejected(
    db: &Connection,
    application: ApplicationId,
    reason: RejectReason,
    at: Moment,
) -> Result<(), StoreError> {
    change(
        db,
        "state = 'rejected', reason = ?3",
        (application.0, at.millis(), reason.as_str()),
    )
}

/// Returns the card's UID.
pub(super) fn activated(
    db: &Connection,
    application: ApplicationId,
    at: Moment,
) -> Result<Option<String>, StoreError> {
    change(db, "activated = 1", (application.0, at.millis()))?;
    active_uid(db, application)
}

/// Returns the card's UID.
pub(super) fn handed_over(
    db: &Connection,
    application: ApplicationId,
    at: Moment,
) -> Result<Option<String>, StoreError> {
    change(db, "state = 'handed_over'", (application.0, at.millis()))?;
    active_uid(db, application)
}

fn active_uid(db: &Connection, application: ApplicationId) -> Result<Option<String>, StoreError> {
    let sql = "SELECT uid FROM blanks WHERE application = ?1 AND activated = 1";
    Ok(db.query_row(sql, [application.0], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::office::nik::Nik;

    #[test]
    fn the_account_adds_up() {
        let mut store = Store::in_memory().unwrap();
        let now = Moment::from_millis(1);
        let nik = Nik::parse("1374025203900001").unwrap();
        let first = store
            .open_application("ktp-sudah-rekam", None, &nik, "", now)
            .unwrap();
        let second = store
            .open_application("ktp-sudah-rekam", None, &nik, "", now)
            .unwrap();
        store.receive_blanks(50, now).unwrap();
        taken(&store.db, first, now).unwrap();
        rejected(&store.db, first, RejectReason::GagalCetak, now).unwrap();
        taken(&store.db, first, now).unwrap();
        printed(&store.db, first, now).unwrap();
        taken(&store.db, second, now).unwrap();
        let totals = store.blank_totals().unwrap();
        assert_eq!((totals.in_stock(), totals.taken), (47, 3));
        assert_eq!((totals.in_printer, totals.printed, totals.handed_over), (1, 1, 0));
        assert_eq!(totals.rejected, BTreeMap::from([(RejectReason::GagalCetak, 1)]));
    }

    #[test]
    fn a_change_without_a_blank_is_refused() {
        let store = Store::in_memory().unwrap();
        let refused = printed(&store.db, ApplicationId(1), Moment::default());
        assert!(matches!(refused, Err(StoreError::Damaged("blank ledger"))));
    }
}

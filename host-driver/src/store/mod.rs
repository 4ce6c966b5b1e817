//! The counter's durable store: one SQLite file, write-ahead log, full synchronisation.
//!
//! A commit has returned only when it is on the disk, so "intent before effect" holds through a loss of power.
//! Each thread opens its own [`Store`]; SQLite keeps them apart.

mod agenda;
mod applications;
mod blank_stock;
mod blanks;
mod board_ends;
mod calling;
mod chain;
#[cfg(test)]
mod days;
mod journal;
mod loans;
mod outbox;
mod records;
mod reprints;
mod strays;
mod tickets;

pub use agenda::AgendaRow;
pub use applications::{Application, ApplicationId};
pub use blank_stock::{BlankCount, Destroyed, MonthlyAccount};
pub use blanks::{BlankEntry, BlankPlace, BlankTotals};
pub use board_ends::BoardEnd;
pub use chain::{ChainBreak, ChainCheck, Head, NotAHead};
pub use journal::{JournalEntry, Replay};
pub use loans::{Lending, Loan, LoanRange, TakenTicket, Taking};
pub use outbox::Report;
pub use reprints::{Reprint, ReprintEnd};
pub use strays::{Contradiction, StrayTicket};
pub use tickets::{Paper, PressedTicket, Reported, Ticket, TicketState};

use rusqlite::{Connection, OptionalExtension as _};
use std::path::Path;
use std::time::Duration;

/// A part of a migration that cannot be said in SQL.
type Fill = fn(&rusqlite::Transaction<'_>) -> rusqlite::Result<()>;

/// How the schema comes from one version to the next.
struct Migration {
    /// What is changed.
    sql: &'static str,
    /// What cannot be said in SQL, and the SQL after it.
    then: Option<(Fill, &'static str)>,
}

impl Migration {
    const fn sql(sql: &'static str) -> Self {
        Self { sql, then: None }
    }

    fn apply(&self, transaction: &rusqlite::Transaction<'_>) -> rusqlite::Result<()> {
        transaction.execute_batch(self.sql)?;
        let Some((fill, after)) = self.then else {
            return Ok(());
        };
        fill(transaction)?;
        transaction.execute_batch(after)
    }
}

/// Versions of the schema, oldest first. A database of version n has had the first n applied. Only append.
const MIGRATIONS: [Migration; 5] = [
    Migration::sql(include_str!("schema.sql")),
    Migration::sql(include_str!("schema_2.sql")),
    Migration::sql(include_str!("schema_3.sql")),
    Migration {
        sql: include_str!("schema_4.sql"),
        then: Some((chain::chain_all, include_str!("schema_4_after.sql"))),
    },
    Migration::sql(include_str!("schema_5.sql")),
];

/// How long a statement waits for another connection's transaction. All transactions here are far shorter.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Why the store did not do something.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be made or opened.
    #[error("cannot open the store `{path}`: {cause}; check the folder, its permissions and the free space")]
    Open {
        /// The file.
        path: String,
        /// What the system said.
        cause: String,
    },
    /// The file is of a later version of this program.
    #[error("the store has version {found}, this program knows up to {known}; install the newer program")]
    TooNew {
        /// The file's version.
        found: i64,
        /// The newest version known here.
        known: usize,
    },
    /// SQLite refused: the disk is full, the file is damaged, another program holds it.
    #[error("the store refused: {0}; nothing of this step was kept. Check the free space and try again")]
    Sqlite(#[from] rusqlite::Error),
    /// A row does not read as what it should be.
    #[error("the store holds a {0} that cannot be read; it was changed from outside, or is damaged")]
    Damaged(&'static str),
    /// No such application.
    #[error("there is no application {0}; `loket issue list` shows them")]
    NoApplication(i64),
    /// All numbers of the day are given.
    #[error("no queue number is left for today")]
    NumbersUsedUp,
    /// There is nothing to be destroyed.
    #[error("no rejected blank waits to be destroyed; nothing was written")]
    NothingToDestroy,
    /// A record of destruction has this number already.
    #[error("there is a record of destruction with the number {0} already; give another")]
    NumberTaken(String),
    /// Somebody else has asked for a copy of the same ticket, which is not over.
    #[error("a copy of this ticket is being printed; look at the kiosk's printer before asking for another")]
    ReprintUnderWay,
}

/// A connection to the store.
#[derive(Debug)]
pub struct Store {
    db: Connection,
}

impl Store {
    /// Opens the file, making or upgrading it where needed. A new file is readable by its owner only: it holds
    /// people's records.
    ///
    /// # Errors
    /// [`StoreError::Open`], [`StoreError::TooNew`], [`StoreError::Sqlite`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let failed = |cause: String| StoreError::Open {
            path: path.display().to_string(),
            cause,
        };
        make_private(path).map_err(|error| failed(error.to_string()))?;
        let db = Connection::open(path).map_err(|error| failed(error.to_string()))?;
        Self::prepare(db)
    }

    /// A store in memory, for tests.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::prepare(Connection::open_in_memory()?)
    }

    fn prepare(mut db: Connection) -> Result<Self, StoreError> {
        db.busy_timeout(BUSY_TIMEOUT)?;
        // A memory database answers "memory" and keeps its own mode.
        db.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        db.pragma_update(None, "synchronous", "FULL")?;
        // Off while a table is made anew (https://www.sqlite.org/lang_altertable.html, section 7); checked at its end instead.
        db.pragma_update(None, "foreign_keys", false)?;
        let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let known = MIGRATIONS.len();
        let applied = usize::try_from(version).unwrap_or(0);
        if applied > known {
            return Err(StoreError::TooNew {
                found: version,
                known,
            });
        }
        if applied < known {
            let transaction = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            // Another process may have upgraded between the look and the lock.
            let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
            for migration in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or(0)) {
                migration.apply(&transaction)?;
            }
            let dangling = transaction
                .query_row("PRAGMA foreign_key_check", [], |_| Ok(()))
                .optional()?;
            if dangling.is_some() {
                return Err(StoreError::Damaged("reference"));
            }
            transaction.pragma_update(None, "user_version", known as i64)?;
            transaction.commit()?;
        }
        db.pragma_update(None, "foreign_keys", true)?;
        Ok(Self { db })
    }

    /// A number that tells this store's tickets from another's. `draw` makes it the first time.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn identity(&mut self, draw: impl FnOnce() -> u32) -> Result<u32, StoreError> {
        let transaction = self
            .db
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        if let Some(kept) = meta(&transaction, "identity")? {
            return u32::try_from(kept).map_err(|_| StoreError::Damaged("identity"));
        }
        let drawn = draw();
        put_meta(&transaction, "identity", i64::from(drawn))?;
        transaction.commit()?;
        Ok(drawn)
    }

    /// What somebody might do to the file from outside.
    #[cfg(test)]
    pub(crate) fn execute_for_tests(&self, sql: &str) {
        #[allow(clippy::expect_used, reason = "a test that cannot go on ends")]
        self.db.execute_batch(sql).expect("SQL of a test");
    }

    fn immediate(&mut self) -> Result<rusqlite::Transaction<'_>, StoreError> {
        // Taking the write lock at once turns a conflict into a short wait instead of a failed upgrade of a read lock.
        Ok(self
            .db
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?)
    }
}

/// A single number that is kept.
fn meta(db: &Connection, key: &str) -> rusqlite::Result<Option<i64>> {
    db.query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0))
        .optional()
}

fn put_meta(db: &Connection, key: &str, value: i64) -> rusqlite::Result<()> {
    db.execute(
        "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, value),
    )
    .map(drop)
}

#[cfg(unix)]
fn make_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map(drop)
}

#[cfg(not(unix))]
fn make_private(path: &Path) -> std::io::Result<()> {
    path.parent().map_or(Ok(()), std::fs::create_dir_all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::office::clock::Moment;

    #[test]
    fn a_store_opens_again_and_keeps_its_identity() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/loket.sqlite");
        assert_eq!(Store::open(&path).unwrap().identity(|| 7).unwrap(), 7);
        assert_eq!(Store::open(&path).unwrap().identity(|| 8).unwrap(), 7);
    }

    #[cfg(unix)]
    #[test]
    fn others_may_not_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("loket.sqlite");
        drop(Store::open(&path).unwrap());
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }

    #[test]
    fn a_commit_waits_for_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("loket.sqlite")).unwrap();
        let pragma = |name| {
            store
                .db
                .pragma_query_value(None, name, |row| row.get::<_, String>(0))
        };
        assert_eq!(pragma("journal_mode").unwrap(), "wal");
        let full: i64 = store
            .db
            .pragma_query_value(None, "synchronous", |row| row.get(0))
            .unwrap();
        assert_eq!(full, 2);
    }

    #[test]
    fn a_store_of_a_later_program_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("loket.sqlite");
        Store::open(&path)
            .unwrap()
            .db
            .pragma_update(None, "user_version", 99)
            .unwrap();
        assert!(matches!(
            Store::open(&path),
            Err(StoreError::TooNew { found: 99, .. })
        ));
    }

    #[test]
    fn a_store_of_version_1_keeps_its_tickets_and_what_refers_to_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("loket.sqlite");
        let old = Connection::open(&path).unwrap();
        old.execute_batch(MIGRATIONS[0].sql).unwrap();
        old.execute_batch(
            "INSERT INTO meta VALUES ('identity', 7);
             INSERT INTO tickets VALUES
                 (1, 11, '2026-01-01', 1, 'A', 1, 0, 'closed', 1000, 2000, 5000, 6000, 0, 0),
                 (2, -1, '2026-01-01', 1, 'A', 2, 1, 'called', 1100, 2000, 4000, NULL, 1, 13),
                 (3, 13, '2026-01-01', 1, 'A', 3, 0, 'print_unknown', 1200, 2000, NULL, NULL, 2, 26),
                 (4, 14, '2026-01-01', 1, 'A', 4, 0, 'not_printed', 1300, 2000, NULL, NULL, 3, 39),
                 (9, 19, '2026-01-01', 1, 'A', 5, 0, 'issued', 1400, NULL, NULL, NULL, 3, 39);
             INSERT INTO applications VALUES (5, 'ktp', 2, '1', '1', 'running', NULL, 4000, 4000);
             PRAGMA user_version = 1;",
        )
        .unwrap();
        drop(old);
        let mut store = Store::open(&path).unwrap();
        let states: Vec<_> = store
            .tickets_of("2026-01-01")
            .unwrap()
            .into_iter()
            .map(|ticket| (ticket.id, ticket.label(), ticket.state.as_str(), ticket.paper))
            .collect();
        assert_eq!(
            states,
            [
                (1, "A001".into(), "closed", None),
                (2, "A002".into(), "called", None),
                (3, "A003".into(), "print_unknown", Some(Paper::Unknown)),
                (4, "A004".into(), "not_printed", Some(Paper::NotPrinted)),
                (9, "A005".into(), "issued", None),
            ]
        );
        assert_eq!(store.ticket(2).unwrap().unwrap().press, Some(u64::MAX));
        let order: Vec<Option<i64>> = store
            .db
            .prepare("SELECT call_order FROM tickets ORDER BY id")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(order, [Some(2), Some(1), None, None, None]);
        // Numbers and ids go on where they were, and the application still holds its ticket.
        let next = store
            .allocate_ticket(
                &tickets::testing::press(20, "2026-01-01"),
                Moment::from_millis(9000),
            )
            .unwrap();
        assert_eq!((next.id, next.number), (10, 6));
        assert!(store.db.execute("DELETE FROM tickets WHERE id = 2", []).is_err());
        drop(store);
        assert!(Store::open(&path).is_ok());
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(matches!(
            Store::open(&file.join("loket.sqlite")),
            Err(StoreError::Open { .. })
        ));
    }
}

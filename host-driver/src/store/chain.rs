//! The chain of the journal: every row carries a hash over itself and over the row before.
//!
//! ```text
//!   link(n) = SHA-256( "loket journal row 1" ‖ link(n-1) ‖ seq ‖ application ‖ at ‖ len(kind) ‖ kind ‖ len(body) ‖ body )
//!             numbers are 8 bytes, most significant first; link(0) is 32 zeros
//! ```
//!
//! A row that was changed, removed, put in or moved breaks the chain at itself or at the row after it. What a chain alone cannot tell is that
//! rows are missing at its end, or that all of it was computed anew: for that the [`Head`] is printed on the daily agenda, which is
//! signed and filed, and `loket journal verify --head` compares.

use super::{ApplicationId, Store, StoreError};
use rusqlite::{Connection, OptionalExtension as _};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;

/// What a link is made for: another layout of a row would have another name.
const PURPOSE: &[u8] = b"loket journal row 1";

/// The link before the first row.
const GENESIS: [u8; 32] = [0; 32];

/// A row of the journal, as it is chained.
struct Row<'a> {
    seq: i64,
    application: i64,
    kind: &'a str,
    body: &'a str,
    at: i64,
}

impl Row<'_> {
    fn link(&self, before: &[u8; 32]) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(PURPOSE);
        hash.update(before);
        for number in [self.seq, self.application, self.at] {
            hash.update(number.to_be_bytes());
        }
        for text in [self.kind, self.body] {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        hash.finalize().into()
    }
}

/// The end of the chain at some moment: a row's number and its link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Number of the last row; 0 for an empty journal.
    pub seq: i64,
    /// Its link, shortened to 128 bits: enough that nobody finds another journal with the same.
    pub link: [u8; 16],
}

impl Head {
    fn of(seq: i64, link: &[u8; 32]) -> Self {
        let mut short = [0; 16];
        short.copy_from_slice(&link[..16]);
        Self { seq, link: short }
    }
}

/// As it is printed: `1234:9F86-D081-884C-7D65-9A2F-EAA0-C55A-D015`.
impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.seq)?;
        for (place, pair) in self.link.chunks(2).enumerate() {
            let dash = if place == 0 { "" } else { "-" };
            write!(f, "{dash}{:02X}{:02X}", pair[0], pair[1])?;
        }
        Ok(())
    }
}

/// This is no head of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is no head of a journal; type it as it is printed below the agenda: a number, a colon, and eight groups of four \
     digits or letters A to F"
)]
pub struct NotAHead;

impl FromStr for Head {
    type Err = NotAHead;

    fn from_str(text: &str) -> Result<Self, NotAHead> {
        let (seq, digits) = text.split_once(':').ok_or(NotAHead)?;
        let seq = seq.trim().parse().map_err(|_| NotAHead)?;
        let mut link = [0; 16];
        let mut places = 0;
        for digit in digits.chars().filter(|c| !c.is_whitespace() && *c != '-') {
            let value = digit.to_digit(16).ok_or(NotAHead)? as u8;
            let byte: &mut u8 = link.get_mut(places / 2).ok_or(NotAHead)?;
            *byte |= value << (4 * (1 - places % 2));
            places += 1;
        }
        if places == 32 && seq >= 0 {
            Ok(Self { seq, link })
        } else {
            Err(NotAHead)
        }
    }
}

/// Where the chain is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainBreak {
    /// This row is not what was written, or the row before it was changed or removed.
    #[error(
        "journal row {seq}, written after row {before}, does not fit the chain: it was changed, or rows before it were removed or put in"
    )]
    Row {
        /// The first row that does not fit.
        seq: i64,
        /// The row before it, which does.
        before: i64,
    },
    /// The journal ends before the row that was printed.
    #[error(
        "the journal ends at row {last}, but a head was printed for row {printed}: rows were removed at its end"
    )]
    TooShort {
        /// The last row there is.
        last: i64,
        /// The row of the printed head.
        printed: i64,
    },
    /// The chain is whole, but not the one that was printed.
    #[error(
        "at row {printed} the journal's chain is another than the one that was printed: the journal was written anew"
    )]
    Another {
        /// The row of the printed head.
        printed: i64,
    },
}

/// A look at the whole chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainCheck {
    /// Rows that fit.
    pub rows: u64,
    /// The end of the part that fits.
    pub head: Head,
    /// Where it is broken, if it is.
    pub broken: Option<ChainBreak>,
}

impl Store {
    /// The head of the journal's chain, for the daily agenda.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`]; [`StoreError::Damaged`] if the last row has no link.
    pub fn journal_head(&self) -> Result<Head, StoreError> {
        let (seq, link) = last(&self.db)?;
        Ok(Head::of(seq, &link))
    }

    /// Computes the whole chain anew and compares, also with a head that was printed earlier.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`]. That the chain is broken is a result and no error.
    pub fn check_chain(&self, printed: Option<Head>) -> Result<ChainCheck, StoreError> {
        let mut statement = self
            .db
            .prepare("SELECT seq, application, kind, body, at, link FROM journal ORDER BY seq")?;
        let mut rows = statement.query([])?;
        let (mut link, mut seq, mut count) = (GENESIS, 0, 0);
        let mut broken = None;
        let mut as_printed = printed.is_none_or(|printed| printed == Head::of(0, &GENESIS));
        while let Some(row) = rows.next()? {
            // A row with a value of another kind was not written by this program.
            let chained = || -> rusqlite::Result<_> {
                let (kind, body): (String, String) = (row.get(2)?, row.get(3)?);
                let this = Row {
                    seq: row.get(0)?,
                    application: row.get(1)?,
                    kind: &kind,
                    body: &body,
                    at: row.get(4)?,
                };
                let kept: Option<Vec<u8>> = row.get(5)?;
                let computed = this.link(&link);
                Ok((this.seq, computed, kept.is_some_and(|kept| kept == computed)))
            };
            let number: i64 = row.get(0)?;
            let Some((this, computed, true)) = chained().ok() else {
                broken = Some(ChainBreak::Row {
                    seq: number,
                    before: seq,
                });
                break;
            };
            (seq, link) = (this, computed);
            count += 1;
            as_printed |= printed == Some(Head::of(seq, &link));
        }
        if let (None, false, Some(printed)) = (&broken, as_printed, printed) {
            broken = Some(if printed.seq > seq {
                ChainBreak::TooShort {
                    last: seq,
                    printed: printed.seq,
                }
            } else {
                ChainBreak::Another { printed: printed.seq }
            });
        }
        Ok(ChainCheck {
            rows: count,
            head: Head::of(seq, &link),
            broken,
        })
    }
}

/// The last row and its link.
fn last(db: &Connection) -> Result<(i64, [u8; 32]), StoreError> {
    let row: Option<(i64, Option<Vec<u8>>)> = db
        .prepare_cached("SELECT seq, link FROM journal ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match row {
        None => Ok((0, GENESIS)),
        Some((seq, link)) => {
            let link = link.and_then(|link| link.try_into().ok());
            Ok((seq, link.ok_or(StoreError::Damaged("journal row"))?))
        }
    }
}

/// Adds a row to the end of the chain. `db` must be a transaction that holds the write lock: two rows must not follow the same one.
pub(super) fn append(
    db: &rusqlite::Transaction<'_>,
    application: ApplicationId,
    kind: &str,
    body: &str,
    at: i64,
) -> Result<(), StoreError> {
    let (seq, before) = last(db)?;
    let row = Row {
        seq: seq + 1,
        application: application.0,
        kind,
        body,
        at,
    };
    db.prepare_cached(
        "INSERT INTO journal (seq, application, kind, body, at, link) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute((row.seq, row.application, kind, body, at, row.link(&before)))?;
    Ok(())
}

/// Chains the rows of a journal that has no links yet.
pub(super) fn chain_all(db: &rusqlite::Transaction<'_>) -> rusqlite::Result<()> {
    let mut link = GENESIS;
    let mut statement = db.prepare("SELECT seq, application, kind, body, at FROM journal ORDER BY seq")?;
    let mut update = db.prepare("UPDATE journal SET link = ?2 WHERE seq = ?1")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (kind, body): (String, String) = (row.get(2)?, row.get(3)?);
        let this = Row {
            seq: row.get(0)?,
            application: row.get(1)?,
            kind: &kind,
            body: &body,
            at: row.get(4)?,
        };
        link = this.link(&link);
        update.execute((this.seq, link))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;

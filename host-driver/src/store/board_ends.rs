//! How firmwares of boards ended. A board tells it until it is here.

use super::{Store, StoreError};
use crate::office::clock::Moment;
use protocol::message::{Firmware, ResetCause, Restarted};
use rusqlite::params;

/// A firmware that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardEnd {
    /// When its board told.
    pub told_at: Moment,
    /// Which board: `kiosk` or `capture`.
    pub board: String,
    /// What it told.
    pub end: Restarted,
}

impl Store {
    /// Keeps how a firmware ended. It is durable when this returns.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn keep_board_end(&self, board: &str, end: &Restarted, now: Moment) -> Result<(), StoreError> {
        let Firmware {
            major,
            minor,
            patch,
            build,
        } = end.firmware;
        self.db.execute(
            "INSERT INTO board_ends
                 (told_at, board, cause, version, build, uptime_ms, tasks, pc, lr, fault_status, address, words)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            params![
                now.millis(),
                board,
                end.cause.code(),
                format!("{major}.{minor}.{patch}"),
                build,
                end.uptime_ms.cast_signed(),
                end.tasks,
                end.pc,
                end.lr,
                end.fault_status,
                end.address,
                end.words.as_str(),
            ],
        )?;
        Ok(())
    }

    /// How the firmware of a board ended last, newest first, at most `count`.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`], [`StoreError::Damaged`].
    pub fn board_ends(&self, board: &str, count: u32) -> Result<Vec<BoardEnd>, StoreError> {
        let mut statement = self
            .db
            .prepare("SELECT * FROM board_ends WHERE board = ?1 ORDER BY id DESC LIMIT ?2")?;
        let rows = statement.query_map(params![board, count], |row| {
            Ok((
                BoardEnd {
                    told_at: Moment::from_millis(row.get("told_at")?),
                    board: row.get("board")?,
                    end: Restarted {
                        cause: ResetCause::from_code(row.get("cause")?),
                        firmware: Firmware {
                            build: row.get("build")?,
                            ..Firmware::default()
                        },
                        uptime_ms: row.get::<_, i64>("uptime_ms")?.cast_unsigned(),
                        tasks: row.get("tasks")?,
                        pc: row.get("pc")?,
                        lr: row.get("lr")?,
                        fault_status: row.get("fault_status")?,
                        address: row.get("address")?,
                        words: heapless::String::new(),
                    },
                },
                row.get::<_, String>("version")?,
                row.get::<_, String>("words")?,
            ))
        })?;
        rows.map(|row| {
            let (mut kept, version, words) = row?;
            let damaged = || StoreError::Damaged("board's end");
            let mut numbers = version.split('.').map(str::parse::<u8>);
            let mut number = || numbers.next().and_then(Result::ok).ok_or_else(damaged);
            let firmware = &mut kept.end.firmware;
            (firmware.major, firmware.minor, firmware.patch) = (number()?, number()?, number()?);
            kept.end.words = words.as_str().try_into().map_err(|_| damaged())?;
            Ok(kept)
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_reads_as_it_was_told_newest_first() {
        let store = Store::in_memory().unwrap();
        let end = |words: &str| Restarted {
            cause: ResetCause::Panic,
            firmware: Firmware {
                major: 1,
                minor: 2,
                patch: 3,
                build: 0xfeed_beef,
            },
            uptime_ms: u64::from(u32::MAX) + 5,
            tasks: 3,
            pc: 0xffff_fffe,
            lr: 2,
            fault_status: 3,
            address: 0xe000_0000,
            words: words.try_into().unwrap(),
        };
        for (board, words) in [("kiosk", "first"), ("capture", "other"), ("kiosk", "second")] {
            store
                .keep_board_end(board, &end(words), Moment::from_millis(7))
                .unwrap();
        }
        let ends = store.board_ends("kiosk", 5).unwrap();
        assert_eq!(ends.len(), 2);
        assert_eq!(ends[0].end, end("second"));
        assert_eq!(ends[1].end, end("first"));
        assert_eq!(ends[0].told_at, Moment::from_millis(7));
        assert_eq!(store.board_ends("kiosk", 1).unwrap().len(), 1);
    }
}

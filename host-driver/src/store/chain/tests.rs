//! Whoever changes a journal is found out.

use super::*;
use crate::issuance::machine::{Act, Event, Outcome, Phase};
use crate::office::clock::Moment;
use crate::office::nik::Nik;
use crate::store::JournalEntry;
use proptest::prelude::*;

/// A store with a journal of `rows` rows, of two applications in turn.
fn kept(rows: usize) -> Store {
    let mut store = Store::in_memory().unwrap();
    let nik = Nik::parse("1374025203900001").unwrap();
    let applications = [(); 2].map(|()| {
        store
            .open_application("ktp-sudah-rekam", None, &nik, "", Moment::default())
            .unwrap()
    });
    for row in 0..rows {
        let application = applications[row / 2 % 2];
        let at = Moment::from_millis(1_000 + row as i64);
        if row % 2 == 0 {
            store.journal_intent(application, &Act::Eject, at).unwrap();
        } else {
            let event = Event::Ejected(Outcome::Done);
            let entry = JournalEntry {
                application,
                event: &event,
                notes: &[],
                agenda: &[],
                phase: Phase::Running,
                outcome: None,
                at,
            };
            store.journal_event(&entry).unwrap();
        }
    }
    store
}

/// The triggers only stop whoever means well.
fn tamper(store: &Store, sql: &str) {
    let sql = format!(
        "DROP TRIGGER journal_is_never_changed; DROP TRIGGER journal_is_never_shortened; PRAGMA foreign_keys = OFF; {sql}"
    );
    store.db.execute_batch(&sql).unwrap();
}

fn broken(store: &Store, head: Option<Head>) -> Option<ChainBreak> {
    store.check_chain(head).unwrap().broken
}

#[test]
fn a_journal_that_nobody_touched_is_whole() {
    for rows in [0, 1, 2, 9] {
        let store = kept(rows);
        let check = store.check_chain(Some(store.journal_head().unwrap())).unwrap();
        assert_eq!((check.rows, check.broken), (rows as u64, None));
        assert_eq!(check.head, store.journal_head().unwrap());
    }
}

#[test]
fn an_earlier_head_still_fits_when_the_journal_has_grown() {
    let short = kept(4).journal_head().unwrap();
    assert_eq!(broken(&kept(9), Some(short)), None);
    assert_eq!(broken(&kept(9), Some(kept(0).journal_head().unwrap())), None);
}

#[test]
fn rows_removed_at_the_end_are_missed_by_the_printed_head_only() {
    let store = kept(9);
    let head = store.journal_head().unwrap();
    tamper(&store, "DELETE FROM journal WHERE seq > 6");
    assert_eq!(broken(&store, None), None);
    assert_eq!(
        broken(&store, Some(head)),
        Some(ChainBreak::TooShort { last: 6, printed: 9 })
    );
}

#[test]
fn a_journal_that_was_chained_anew_is_not_the_one_that_was_printed() {
    let mut store = kept(9);
    let head = store.journal_head().unwrap();
    tamper(
        &store,
        "UPDATE journal SET body = replace(body, 'done', 'failed')",
    );
    let transaction = store.immediate().unwrap();
    chain_all(&transaction).unwrap();
    transaction.commit().unwrap();
    assert_eq!(broken(&store, None), None);
    assert_eq!(
        broken(&store, Some(head)),
        Some(ChainBreak::Another { printed: 9 })
    );
}

#[test]
fn a_head_reads_back_as_it_is_printed() {
    let head = kept(3).journal_head().unwrap();
    assert_eq!(head.to_string().parse(), Ok(head));
    assert_eq!(
        head.to_string().to_lowercase().replace('-', " ").parse(),
        Ok(head)
    );
    for wrong in [
        "",
        "3",
        "3:",
        "x:00",
        "3:0123",
        &format!("{head}0"),
        &format!("-{head}"),
    ] {
        assert_eq!(wrong.parse::<Head>(), Err(NotAHead), "{wrong}");
    }
}

#[test]
fn a_journal_from_before_the_chain_is_chained_when_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("loket.sqlite");
    let old = Connection::open(&path).unwrap();
    for migration in &super::super::MIGRATIONS[..3] {
        old.execute_batch(migration.sql).unwrap();
    }
    old.execute_batch(
        "INSERT INTO applications VALUES (5, 'ktp', NULL, '1', '1', 'running', NULL, 4000, 4000);
         INSERT INTO journal VALUES (1, 5, 'intent', '{}', 10), (2, 5, 'event', '{}', 11), (4, 5, 'intent', '{}', 12);
         PRAGMA user_version = 3;",
    )
    .unwrap();
    drop(old);
    let store = Store::open(&path).unwrap();
    let check = store.check_chain(None).unwrap();
    assert_eq!((check.rows, check.head.seq, check.broken), (3, 4, None));
    assert!(store.db.execute("UPDATE journal SET at = 1", []).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_changed_put_in_moved_or_removed_before_the_end_is_found(
        rows in 2_usize..12,
        place in any::<prop::sample::Index>(),
        how in 0..8,
    ) {
        let store = kept(rows);
        // The last row but one, at most: what is missing at the end needs the head.
        let seq = place.index(rows - 1) + 1;
        let sql = match how {
            0 => format!("UPDATE journal SET body = body || ' ' WHERE seq = {seq}"),
            1 => format!("UPDATE journal SET at = at + 1 WHERE seq = {seq}"),
            2 => format!("UPDATE journal SET application = 3 - application WHERE seq = {seq}"),
            3 => format!("UPDATE journal SET kind = CASE kind WHEN 'event' THEN 'intent' ELSE 'event' END WHERE seq = {seq}"),
            4 => format!("DELETE FROM journal WHERE seq = {seq}"),
            5 => format!("UPDATE journal SET link = randomblob(32) WHERE seq = {seq}"),
            6 => format!("UPDATE journal SET link = NULL WHERE seq = {seq}"),
            _ => format!(
                "UPDATE journal SET seq = seq + 100 WHERE seq > {seq};
                 INSERT INTO journal SELECT {seq} + 1, application, kind, body, at, link FROM journal WHERE seq = {seq};
                 UPDATE journal SET seq = seq - 99 WHERE seq > 100"
            ),
        };
        tamper(&store, &sql);
        let found = matches!(broken(&store, None), Some(ChainBreak::Row { .. }));
        prop_assert!(found, "{}", sql);
    }
}

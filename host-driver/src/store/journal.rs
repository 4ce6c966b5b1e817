//! The journal of an application: intents, and the events that came of them.
//!
//! An event is kept in one transaction with everything that belongs to the same moment: the blank ledger, the agenda,
//! the outbox, the application's phase. So none of them can disagree with the journal after a crash.

use super::{AgendaRow, ApplicationId, Store, StoreError, agenda, blanks, chain, outbox};
use crate::issuance::machine::{Act, Event, Note, Phase};
use crate::office::clock::Moment;

/// One event with all that is kept together with it.
#[derive(Debug, Clone)]
pub struct JournalEntry<'a> {
    /// Which application.
    pub application: ApplicationId,
    /// What happened.
    pub event: &'a Event,
    /// Entries in the books.
    pub notes: &'a [Note],
    /// Steps that ended with this event.
    pub agenda: &'a [AgendaRow],
    /// How far the application is now.
    pub phase: Phase,
    /// How it ended or why it is parked, once it is.
    pub outcome: Option<&'a str>,
    /// When.
    pub at: Moment,
}

/// What the journal knows of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// Its events, oldest first.
    pub events: Vec<Event>,
    /// Whether the last row is an intent: something was begun, and nobody knows how it ended.
    pub begun: bool,
}

impl Store {
    /// Keeps that `act` is about to be tried. Returns when it is on the disk.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`]: then the act must not be tried.
    pub fn journal_intent(
        &mut self,
        application: ApplicationId,
        act: &Act,
        at: Moment,
    ) -> Result<(), StoreError> {
        let body = serde_json::to_string(act).map_err(|_| StoreError::Damaged("act"))?;
        let transaction = self.immediate()?;
        chain::append(&transaction, application, "intent", &body, at.millis())?;
        transaction.commit()?;
        Ok(())
    }

    /// Keeps an event and all that belongs to it. Returns when it is on the disk.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`]: then nothing of it is kept.
    pub fn journal_event(&mut self, entry: &JournalEntry<'_>) -> Result<(), StoreError> {
        let body = serde_json::to_string(entry.event).map_err(|_| StoreError::Damaged("event"))?;
        let application = entry.application;
        let at = entry.at;
        let transaction = self.immediate()?;
        chain::append(&transaction, application, "event", &body, at.millis())?;
        for note in entry.notes {
            match note {
                Note::BlankTaken => blanks::taken(&transaction, application, at)?,
                Note::BlankIdentified { uid } => blanks::identified(&transaction, application, uid, at)?,
                Note::BlankPrinted => blanks::printed(&transaction, application, at)?,
                Note::BlankRejected { reason, .. } => {
                    blanks::rejected(&transaction, application, *reason, at)?;
                }
                Note::CardActivated => {
                    let uid = blanks::activated(&transaction, application, at)?;
                    outbox::put(&transaction, application, "card_activated", uid.as_deref(), at)?;
                    set_record_status(&transaction, application, "CARD_PRINTED")?;
                }
                Note::CardHandedOver => {
                    let uid = blanks::handed_over(&transaction, application, at)?;
                    outbox::put(&transaction, application, "card_issued", uid.as_deref(), at)?;
                    set_record_status(&transaction, application, "CARD_ISSUED")?;
                }
            }
        }
        for row in entry.agenda {
            agenda::put(&transaction, row)?;
        }
        transaction.prepare_cached(
            "UPDATE applications SET phase = ?2, outcome = coalesce(?3, outcome), changed_at = ?4 WHERE id = ?1",
        )?
        .execute((application.0, entry.phase.as_str(), entry.outcome, at.millis()))?;
        transaction.commit()?;
        Ok(())
    }

    /// Reads an application's journal.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when a row is not an event; [`StoreError::Sqlite`].
    pub fn replay(&self, application: ApplicationId) -> Result<Replay, StoreError> {
        let mut statement = self
            .db
            .prepare("SELECT kind, body FROM journal WHERE application = ?1 ORDER BY seq")?;
        let mut rows = statement.query([application.0])?;
        let mut replay = Replay {
            events: Vec::new(),
            begun: false,
        };
        while let Some(row) = rows.next()? {
            let kind: String = row.get(0)?;
            replay.begun = kind == "intent";
            if kind == "event" {
                let body: String = row.get(1)?;
                let event = serde_json::from_str(&body).map_err(|_| StoreError::Damaged("journal row"))?;
                replay.events.push(event);
            }
        }
        Ok(replay)
    }
}

/// A person who has an active card needs no other: the next application finds this status and stops.
fn set_record_status(
    db: &rusqlite::Connection,
    application: ApplicationId,
    status: &str,
) -> Result<(), StoreError> {
    db.execute(
        "UPDATE records SET status = ?2, json = json_set(json, '$.status', ?2)
         WHERE nik = (SELECT nik FROM applications WHERE id = ?1)",
        (application.0, status),
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issuance::machine::{CardUid, Outcome, RejectReason};
    use crate::office::nik::Nik;
    use crate::store::BlankPlace;

    const NOW: Moment = Moment::from_millis(1);

    fn opened() -> (Store, ApplicationId) {
        let mut store = Store::in_memory().unwrap();
        let nik = Nik::parse("1374025203900001").unwrap();
        let id = store
            .open_application("ktp-sudah-rekam", None, &nik, "0812", NOW)
            .unwrap();
        (store, id)
    }

    fn entry<'a>(application: ApplicationId, event: &'a Event, notes: &'a [Note]) -> JournalEntry<'a> {
        JournalEntry {
            application,
            event,
            notes,
            agenda: &[],
            phase: Phase::Running,
            outcome: None,
            at: NOW,
        }
    }

    #[test]
    fn an_intent_without_outcome_shows_as_begun() {
        let (mut store, id) = opened();
        let fed = Event::Fed(Outcome::Done);
        store.journal_intent(id, &Act::Feed, NOW).unwrap();
        assert!(store.replay(id).unwrap().begun);
        store
            .journal_event(&entry(id, &fed, &[Note::BlankTaken]))
            .unwrap();
        assert_eq!(
            store.replay(id).unwrap(),
            Replay {
                events: vec![fed],
                begun: false
            }
        );
    }

    #[test]
    fn the_journal_cannot_be_changed_or_shortened() {
        let (mut store, id) = opened();
        store.journal_intent(id, &Act::Feed, NOW).unwrap();
        assert!(store.db.execute("UPDATE journal SET body = ''", []).is_err());
        assert!(store.db.execute("DELETE FROM journal", []).is_err());
    }

    #[test]
    fn an_event_whose_note_fails_is_not_kept_either() {
        let (mut store, id) = opened();
        // Two blanks under way at once cannot be.
        let twice = [Note::BlankTaken, Note::BlankTaken];
        assert!(
            store
                .journal_event(&entry(id, &Event::Fed(Outcome::Done), &twice))
                .is_err()
        );
        assert_eq!(store.replay(id).unwrap().events, []);
        assert_eq!(store.blanks().unwrap(), []);
    }

    #[test]
    fn a_blank_is_followed_from_hopper_to_hand_over() {
        let (mut store, id) = opened();
        let uid = CardUid::from_bytes(&[4, 0xAB]);
        let fed = Event::Fed(Outcome::Done);
        let notes = [
            Note::BlankTaken,
            Note::BlankRejected {
                reason: RejectReason::Rusak,
                by_hand: false,
            },
            Note::BlankTaken,
            Note::BlankIdentified { uid: uid.clone() },
            Note::BlankPrinted,
            Note::CardActivated,
            Note::CardHandedOver,
        ];
        store.journal_event(&entry(id, &fed, &notes)).unwrap();
        let places: Vec<_> = store
            .blanks()
            .unwrap()
            .into_iter()
            .map(|blank| (blank.uid, blank.place))
            .collect();
        assert_eq!(
            places,
            [
                (None, BlankPlace::Rejected(RejectReason::Rusak)),
                (Some(uid), BlankPlace::HandedOver)
            ]
        );
        let kinds: Vec<_> = store
            .outbox()
            .unwrap()
            .into_iter()
            .map(|report| report.kind)
            .collect();
        assert_eq!(kinds, ["card_activated", "card_issued"]);
    }
}

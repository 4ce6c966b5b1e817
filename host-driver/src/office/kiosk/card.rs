//! The kiosk's memory card, as far as the operator should know of it: without one that works, no numbers are given.

use super::REQUEST_TIMEOUT;
use crate::board::Board;
use crate::office::console::News;
use protocol::Message;
use protocol::message::{HealthRequest, StorageState};
use std::time::{Duration, Instant};

/// How often the kiosk is asked.
const INTERVAL: Duration = Duration::from_secs(30);

/// How long a kiosk that has just started may take to find its card.
const SETTLES: Duration = Duration::from_secs(2);

/// What was told of it, and when it is asked again.
#[derive(Debug)]
pub(super) struct Card {
    told: StorageState,
    due: Instant,
}

impl Card {
    /// Nothing is told yet.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            told: StorageState::Ok,
            due: now,
        }
    }

    /// The kiosk has started: it is asked when it has had time to look.
    pub(super) fn settle(&mut self, now: Instant) {
        self.due = now + SETTLES;
    }

    /// Asks, if it is time. Returns what the operator should hear: trouble, other trouble, or that it is over.
    pub(super) fn look(&mut self, board: &Board, now: Instant) -> Option<News> {
        if now < self.due {
            return None;
        }
        self.due = now + INTERVAL;
        match board.request(HealthRequest {}, REQUEST_TIMEOUT) {
            Ok(Message::Health(health)) => self.news(health.storage, health.storage_waiting),
            Ok(_) => None,
            Err(error) => {
                log::info!("the kiosk did not say how it is: {error}");
                None
            }
        }
    }

    fn news(&mut self, state: StorageState, waiting: u16) -> Option<News> {
        // A board without storage needs none.
        let state = if state == StorageState::None {
            StorageState::Ok
        } else {
            state
        };
        if std::mem::replace(&mut self.told, state) == state {
            return None;
        }
        let state = match state {
            StorageState::None | StorageState::Ok => "ok",
            StorageState::Missing => "missing",
            StorageState::Foreign => "foreign",
            StorageState::Full => "full",
            StorageState::Failed => "failed",
            StorageState::Unrecognised(_) => "unknown",
        };
        Some(News::KioskStorage { state, waiting })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_told_once_and_so_is_its_end() {
        let mut card = Card::new(Instant::now());
        let states = [
            (StorageState::Ok, None),
            (StorageState::Missing, Some("missing")),
            (StorageState::Missing, None),
            (StorageState::Foreign, Some("foreign")),
            (StorageState::Ok, Some("ok")),
            (StorageState::None, None),
        ];
        for (state, told) in states {
            let told = told.map(|state| News::KioskStorage { state, waiting: 3 });
            assert_eq!(card.news(state, 3), told, "{state:?}");
        }
    }
}

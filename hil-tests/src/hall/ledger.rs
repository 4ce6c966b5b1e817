//! Every press that the kiosk has written down, from the records that its storage has promised to keep.

use std::collections::BTreeSet;

use kiosk_fw::kiosk::record::{Snapshot, Stage, news, restore};

/// Presses, and what became of them in the kiosk's own records.
#[derive(Debug, Default)]
pub struct Ledger {
    presses: BTreeSet<u64>,
    lost: BTreeSet<u64>,
    /// Those whose resident got no number and was told so. The host need not keep what it is told of them.
    without_number: BTreeSet<u64>,
    /// Those whose resident was given a lent number at last, as another press.
    superseded: BTreeSet<u64>,
    last: Option<Snapshot>,
    unreadable: u64,
}

impl Ledger {
    /// Reads on: a record that the storage has acknowledged. The same once more says nothing new.
    pub fn take(&mut self, record: &[u8]) {
        let Ok(snapshot) = restore(record) else {
            self.unreadable += 1;
            return;
        };
        if self.last.as_ref() == Some(&snapshot) {
            return;
        }
        if let Some(last) = &self.last
            && let Some(press) = press(last)
            && snapshot.sequence <= last.sequence
        {
            // The kiosk counts on from an older record: it does not know any more that somebody pressed.
            self.lost.insert(press);
        }
        let report = news(record).ok().and_then(|news| news.printed);
        if let Some(report) = report.as_ref().filter(|report| report.ticket_id == 0) {
            self.without_number.insert(report.press);
        }
        let now = press(&snapshot).or(report.map(|report| report.press));
        if let (Some(before), Some(now)) = (self.last.as_ref().and_then(press), now)
            && !self.presses.contains(&now)
            && !is_new(&snapshot)
        {
            self.superseded.insert(before);
        }
        self.presses.extend(press(&snapshot));
        self.last = Some(snapshot);
    }

    /// Whether the last record tells of a press on its way.
    pub fn is_open(&self) -> bool {
        self.last.as_ref().and_then(press).is_some()
    }

    /// Presses that were written down.
    pub fn presses(&self) -> u64 {
        self.presses.len() as u64
    }

    /// Those that the kiosk has forgotten before they came to an end, and those of which the host never heard: they are not
    /// among the presses that it knows of. And records that make no sense.
    pub fn lost(&self, known: &BTreeSet<u64>) -> u64 {
        let silent = self.presses.difference(known);
        let silent =
            silent.filter(|press| !self.superseded.contains(press) && !self.without_number.contains(press));
        let lost: BTreeSet<u64> = self.lost.iter().chain(silent).copied().collect();
        for press in &lost {
            log::warn!("press {press:#x} is lost");
        }
        lost.len() as u64 + self.unreadable
    }
}

/// Whether it tells of a press that has no number yet.
fn is_new(snapshot: &Snapshot) -> bool {
    let stage = snapshot.flight.map(|flight| flight.stage);
    matches!(stage, Some(Stage::Pressed { .. }))
}

/// The press that is being served. A copy, which nobody pressed for, has none.
fn press(snapshot: &Snapshot) -> Option<u64> {
    snapshot
        .flight
        .map(|flight| flight.press)
        .filter(|press| *press != 0)
}

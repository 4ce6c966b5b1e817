//! What the blank ledger makes of the machine's notes: the rules of the store's `blanks` table, without the table.

use host_driver::issuance::machine::{CardUid, Note};

/// Where the ledger has a blank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Entered {
    /// In the printer.
    InPrinter,
    /// Printed; with the operator.
    Printed,
    /// Rejected with a reason.
    Rejected,
    /// With the applicant.
    HandedOver,
}

/// One blank.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// Its UID, once read.
    pub uid: Option<CardUid>,
    /// Where it is.
    pub entered: Entered,
}

/// The ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Books {
    /// Every blank that has left the hopper, as far as the ledger knows.
    pub entries: Vec<Entry>,
}

/// There is not exactly one blank under way, so the entry is refused, and with it the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

impl Books {
    /// The blank that the application has under way.
    pub fn under_way(&self) -> Option<&Entry> {
        self.entries.iter().find(|entry| is_under_way(entry))
    }

    /// Enters a note.
    ///
    /// # Errors
    /// [`Refused`] if it needs one blank under way and there is none or more.
    pub fn enter(&mut self, note: &Note) -> Result<(), Refused> {
        match note {
            Note::BlankTaken => {
                self.entries.push(Entry {
                    uid: None,
                    entered: Entered::InPrinter,
                });
                Ok(())
            }
            Note::BlankIdentified { uid } => self.change(|entry| entry.uid = Some(uid.clone())),
            Note::BlankPrinted => self.change(|entry| entry.entered = Entered::Printed),
            Note::BlankRejected { .. } => self.change(|entry| entry.entered = Entered::Rejected),
            Note::CardActivated => self.change(|_| ()),
            Note::CardHandedOver => self.change(|entry| entry.entered = Entered::HandedOver),
        }
    }

    fn change(&mut self, change: impl FnOnce(&mut Entry)) -> Result<(), Refused> {
        let mut under_way = self.entries.iter_mut().filter(|entry| is_under_way(entry));
        match (under_way.next(), under_way.next()) {
            (Some(entry), None) => {
                change(entry);
                Ok(())
            }
            _ => Err(Refused),
        }
    }
}

fn is_under_way(entry: &Entry) -> bool {
    matches!(entry.entered, Entered::InPrinter | Entered::Printed)
}

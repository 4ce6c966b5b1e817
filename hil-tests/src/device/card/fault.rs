//! Ways for a card to fail, each at a chosen command.

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// The command is not carried out; the card answers with this status word.
    Status(u16),
    /// The card leaves the field before the command reaches it.
    RemovedBefore,
    /// The command is carried out, but the card leaves the field before it answers.
    RemovedAfter,
    /// An UPDATE BINARY stores only the first `bytes` bytes, then the card leaves the field.
    /// Any other command: as [`Self::RemovedBefore`].
    Torn {
        /// Bytes stored.
        bytes: usize,
    },
    /// The command is carried out; in the answer the byte at `at` (modulo its length) is changed by exclusive-or.
    Lie {
        /// Place in the answer, status word included.
        at: usize,
        /// Bits to turn over.
        mask: u8,
    },
    /// An UPDATE BINARY stores one byte wrongly and reports success: a bad memory cell.
    BadCell {
        /// Place in the command's data (modulo its length).
        at: usize,
        /// Bits to turn over.
        mask: u8,
    },
    /// The command is not carried out, but the card reports success.
    Pretend,
    /// The command is not carried out; the card sends these bytes instead of an answer.
    Answer(Vec<u8>),
}

/// A fault at one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which command: 1 is the next one after [`super::CardCore::arm`].
    pub at: u32,
    /// What goes wrong there.
    pub kind: FaultKind,
}

/// The faults of a card, and how many commands it has seen since they were armed.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults {
    armed: Vec<Fault>,
    seen: u32,
}

impl Faults {
    pub(super) fn arm(&mut self, faults: Vec<Fault>) {
        *self = Self {
            armed: faults,
            seen: 0,
        };
    }

    /// Counts a command and takes the fault that belongs to it.
    pub(super) fn next(&mut self) -> Option<FaultKind> {
        self.seen = self.seen.saturating_add(1);
        let index = self.armed.iter().position(|fault| fault.at == self.seen)?;
        Some(self.armed.swap_remove(index).kind)
    }
}

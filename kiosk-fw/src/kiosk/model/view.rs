//! What the screen should show, and why.

use protocol::message::TicketDenial;

/// Why a resident got no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sorry {
    /// The host refused.
    Denied(TicketDenial),
    /// The host did not answer in time.
    NoAnswer,
    /// The host is not there, and there is no number left to give without it.
    NoNumbers,
    /// The ticket could not be printed.
    Printer(Trouble),
    /// Numbers cannot be written down, so none is given.
    Storage(StorageTrouble),
}

/// Why numbers cannot be written down, as staff can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageTrouble {
    /// There is no card.
    Missing,
    /// The card holds something else.
    Foreign,
    /// The card is full of what the host has not taken yet.
    Full,
    /// The card does not work.
    Failed,
}

/// Why the printer cannot print, as a resident sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No paper.
    PaperOut,
    /// The cover is open.
    CoverOpen,
    /// Everything else.
    Broken,
}

/// How far the paper is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaperProgress {
    /// On its way.
    Printing,
    /// Out.
    Printed,
    /// It did not come.
    Missing,
    /// It cannot be told whether it came.
    Uncertain,
}

/// The language that stands first on the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// That of the office.
    #[default]
    Indonesian,
    /// For guests.
    English,
}

impl Language {
    /// The one that it is not.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Indonesian => Self::English,
            Self::English => Self::Indonesian,
        }
    }
}

/// What the screen should show. The services themselves are in [`Model::services`](super::Model::services).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// Nothing is known of the office yet.
    Starting,
    /// The host does not answer.
    Offline,
    /// No numbers are given now.
    Closed,
    /// The choice of services.
    Services {
        /// Which configuration they are of: another one looks different.
        configuration: u16,
        /// Which one SELECT takes, by its place.
        selected: usize,
        /// The list for the elderly, disabled and pregnant is shown.
        priority: bool,
        /// There is such a list: LEFT shows it and leaves it.
        priority_offered: bool,
        /// The paper ends soon.
        low_paper: bool,
        /// The host is not there: numbers are given from those that it lent.
        alone: bool,
    },
    /// Something takes a moment.
    PleaseWait,
    /// The resident's number.
    Number {
        /// Its letter.
        prefix: u8,
        /// Its digits.
        number: u16,
        /// The paper.
        paper: PaperProgress,
    },
    /// No number, and why.
    Sorry(Sorry),
    /// Somebody is called.
    Called {
        /// The number's letter.
        prefix: u8,
        /// The number's digits.
        number: u16,
        /// Where to go.
        counter: u8,
    },
}

//! What can go wrong with a chip.

use thiserror::Error;

use super::{
    apdu::{ApduError, Instruction},
    content::ContentError,
    fcp::LifeCycle,
    profile::{DataGroup, FileId},
    status::StatusWord,
    transport::TransportError,
};

/// Why something could not be done with a chip. Every message ends with what a person can do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CardError {
    /// The command got no answer.
    #[error("{instruction}: {source}")]
    Transport {
        /// The command under way.
        instruction: Instruction,
        /// What the reader said.
        source: TransportError,
    },
    /// The card refused the command.
    #[error("the card refused {instruction} with {status}: reject the card")]
    Refused {
        /// The command.
        instruction: Instruction,
        /// The card's reason.
        status: StatusWord,
    },
    /// The card's answer breaks the standard.
    #[error("the card answered {instruction} with nonsense ({what}): reject the card")]
    Nonsense {
        /// The command.
        instruction: Instruction,
        /// What is wrong with the answer.
        what: &'static str,
    },
    /// A command of this program cannot be put into bytes.
    #[error(transparent)]
    Command(#[from] ApduError),
    /// The card has no such application: not a KTP-el blank at all.
    #[error("the card has no {0} application: it is not a blank of this kind, take it out and feed another")]
    WrongCard(&'static str),
    /// The application lacks one of its files.
    #[error("file {file} ({group}) is missing on the card: reject the card")]
    FileMissing {
        /// What it should hold.
        group: DataGroup,
        /// Its identifier.
        file: FileId,
    },
    /// Only a blank may be written.
    #[error("the card is not blank ({0}): take it out, inspect it, and feed another")]
    NotBlank(ChipCondition),
    /// The content is not fit for the chip. Nothing was written.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// The file holds no complete content.
    #[error("file {file} ({group}) is {}: reject the card", .fault.text())]
    Unreadable {
        /// What it should hold.
        group: DataGroup,
        /// Its identifier.
        file: FileId,
        /// What its length prefix says.
        fault: PrefixFault,
    },
    /// The chip holds something else than what was written.
    #[error(
        "the {group} read back differs from what was written, from byte {offset} on: reject the card (gagal encode)"
    )]
    ReadBackDiffers {
        /// Which part.
        group: DataGroup,
        /// First byte that differs.
        offset: usize,
    },
    /// The UID is not the one from before.
    #[error("the card's UID changed while it was in use: reject the card")]
    UidChanged,
    /// The chip is not filled, so it must not be activated.
    #[error("the chip's content is not complete ({0}): do not activate, reject the card")]
    NotComplete(ChipCondition),
    /// The card accepted ACTIVATE FILE but is in another state.
    #[error("the chip says {0} after activation: reject the card")]
    NotActivated(LifeCycle),
}

impl CardError {
    /// Whether the card may have changed without telling so.
    ///
    /// True when a command that changes the card got no answer, or a broken one. The outcome is then unknown: look at
    /// the chip ([`super::Chip::inspect`], [`super::Chip::read_image`]) before anything is repeated.
    pub fn leaves_unknown(&self) -> bool {
        match self {
            Self::Transport { instruction, .. } | Self::Nonsense { instruction, .. } => {
                instruction.changes_card()
            }
            // 65xx: "state of non-volatile memory changed" (ISO/IEC 7816-4:2020, table 6).
            Self::Refused { status, .. } => matches!(status.0, 0x6500..=0x65FF),
            _ => false,
        }
    }
}

/// What is wrong with a file's length prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrefixFault {
    /// Zero: nothing was written.
    Empty,
    /// Writing began and did not end.
    BeingWritten,
    /// Longer than the file, or the file is too short to have a prefix.
    Impossible,
}

impl PrefixFault {
    /// As a phrase for a message.
    const fn text(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::BeingWritten => "only partly written",
            Self::Impossible => "damaged",
        }
    }
}

/// How far a chip is on its way, as its life cycle and its card control file tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChipCondition {
    /// Nothing was written.
    Blank,
    /// Writing began and did not end; what is on the chip is worthless.
    Interrupted,
    /// Completely written, not activated.
    Personalised,
    /// In use.
    Activated,
    /// Withdrawn from use.
    Deactivated,
    /// Unusable for ever.
    Terminated,
}

impl ChipCondition {
    /// One word for logs and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::Interrupted => "interrupted",
            Self::Personalised => "personalised",
            Self::Activated => "activated",
            Self::Deactivated => "deactivated",
            Self::Terminated => "terminated",
        }
    }
}

impl std::fmt::Display for ChipCondition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

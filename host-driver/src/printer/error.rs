//! What can go wrong with a card printer, and what the operator should do.

use super::CardPosition;

/// Why a card printer did not do something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrinterError {
    /// The hopper has no blank, or the blank did not come out of it.
    #[error("the hopper is empty")]
    HopperEmpty,
    /// The cover is open.
    #[error("the cover is open")]
    CoverOpen,
    /// The ribbon is used up, torn or missing.
    #[error("the ribbon has ended")]
    RibbonEnded,
    /// A card is stuck, or a movement did not end in time.
    #[error("a card is jammed")]
    Jam,
    /// The reject tray is full.
    #[error("the reject box is full")]
    RejectBoxFull,
    /// The output tray is full.
    #[error("the output tray is full")]
    OutputFull,
    /// The print head is too hot, or broken.
    #[error("the print head reports a fault")]
    Head,
    /// A card is already inside, so no blank is fed.
    #[error("a card is already inside the printer ({position:?})")]
    CardInside {
        /// Where.
        position: CardPosition,
    },
    /// No card is at the place where one is needed.
    #[error("no card is where it is needed (the printer says {position:?})")]
    NoCard {
        /// Where the card is instead.
        position: CardPosition,
    },
    /// The print ended before all panels were on the card. The card is spoiled; what stopped it is in `reason`.
    #[error("only {panels} of 5 panels were printed: {reason}")]
    PartlyPrinted {
        /// Panels on the card.
        panels: u32,
        /// What stopped the print.
        reason: Box<Self>,
    },
    /// The printer's answers and its counters contradict each other.
    #[error("the printer said that {said} panels were printed, its counter says {counted}")]
    Contradiction {
        /// Panels that were answered with OK.
        said: u32,
        /// Panels by which the counter moved.
        counted: u32,
    },
    /// The printer did not answer in time.
    #[error("the card printer did not answer to {command} within {seconds} s")]
    NoAnswer {
        /// Command that was sent, without its data.
        command: String,
        /// How long the driver waited.
        seconds: u64,
    },
    /// The line to the printer broke.
    #[error("the line to the card printer broke: {reason}")]
    PortLost {
        /// What the operating system said.
        reason: String,
    },
    /// The line to the printer could not be opened.
    #[error("the card printer at {address} cannot be reached: {reason}")]
    CannotOpen {
        /// Address as configured.
        address: String,
        /// What the operating system said.
        reason: String,
    },
    /// The printer does not know a command or one of its parameters: another model, or a fault of this driver.
    #[error("the card printer refused {command}: {answer}")]
    Refused {
        /// Command that was sent, without its data.
        command: String,
        /// What the printer answered, at most 64 characters.
        answer: String,
    },
}

/// What the operator should do, in the two languages of the office.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advice {
    /// Indonesian.
    pub id: &'static str,
    /// English.
    pub en: &'static str,
}

impl PrinterError {
    /// What happened and what the operator should do.
    pub fn advice(&self) -> Advice {
        let (id, en) = match self {
            Self::HopperEmpty => (
                "Hopper kosong. Isi blangko, lalu coba lagi.",
                "The hopper is empty. Put blanks into it, then try again.",
            ),
            Self::CoverOpen => (
                "Penutup printer terbuka. Tutup printer, lalu coba lagi.",
                "The printer's cover is open. Close it, then try again.",
            ),
            Self::RibbonEnded => (
                "Ribbon habis. Ganti ribbon YMCKO, tutup printer, lalu coba lagi.",
                "The ribbon has ended. Replace the YMCKO ribbon, close the printer, then try again.",
            ),
            Self::Jam => (
                "Kartu macet. Buka printer, keluarkan kartunya, catat blangkonya, lalu tutup printer.",
                "A card is jammed. Open the printer, take the card out, record its blank, then close the printer.",
            ),
            Self::RejectBoxFull => (
                "Kotak kartu rusak penuh. Kosongkan dan catat isinya, lalu coba lagi.",
                "The reject box is full. Empty it and record its cards, then try again.",
            ),
            Self::OutputFull => (
                "Baki keluaran penuh. Ambil kartunya, lalu coba lagi.",
                "The output tray is full. Take the cards out, then try again.",
            ),
            Self::Head => (
                "Kepala cetak bermasalah. Tunggu sampai printer dingin; jika tetap gagal, panggil teknisi.",
                "The print head reports a fault. Wait until it has cooled; if it still fails, call the technician.",
            ),
            Self::CardInside { .. } => (
                "Masih ada kartu di dalam printer. Keluarkan atau tolak kartu itu lebih dahulu.",
                "A card is still inside the printer. Eject or reject it first.",
            ),
            Self::NoCard { .. } => (
                "Kartu tidak berada di posisinya. Periksa printer dan baki, lalu catat blangkonya.",
                "The card is not where it should be. Look into the printer and its trays, then record the blank.",
            ),
            Self::PartlyPrinted { .. } => (
                "Cetakan tidak lengkap. Tolak kartu ini sebagai gagal cetak.",
                "The print is incomplete. Reject this card as a failed print.",
            ),
            Self::Contradiction { .. } => (
                "Hasil cetak tidak pasti. Periksa kartu: apakah tercetak lengkap? Jangan cetak ulang sebelum diperiksa.",
                "The print is uncertain. Look at the card: is it complete? Do not print again before you have looked.",
            ),
            Self::NoAnswer { .. } | Self::PortLost { .. } | Self::CannotOpen { .. } => (
                "Printer kartu tidak menjawab. Periksa apakah printer menyala dan kabelnya terpasang.",
                "The card printer does not answer. Check that it is switched on and its cable is plugged in.",
            ),
            Self::Refused { .. } => (
                "Printer menolak perintah. Periksa model printer dalam konfigurasi, atau panggil teknisi.",
                "The printer refused a command. Check the printer model in the configuration, or call the technician.",
            ),
        };
        Advice { id, en }
    }

    /// Whether the card cannot be used any more. Otherwise it is as it was, and the same step may be tried again once the
    /// cause is removed.
    pub fn card_is_spoiled(&self) -> bool {
        matches!(self, Self::PartlyPrinted { .. })
    }

    /// Whether the printer may keep this error, and refuse everything that moves, until it is told to clear it: with `Pem;2` the host
    /// handles errors.
    pub fn stays_until_cleared(&self) -> bool {
        match self {
            Self::HopperEmpty
            | Self::CoverOpen
            | Self::RibbonEnded
            | Self::Jam
            | Self::RejectBoxFull
            | Self::OutputFull
            | Self::Head
            | Self::NoCard { .. } => true,
            Self::PartlyPrinted { reason, .. } => reason.stays_until_cleared(),
            Self::CardInside { .. }
            | Self::Contradiction { .. }
            | Self::NoAnswer { .. }
            | Self::PortLost { .. }
            | Self::CannotOpen { .. }
            | Self::Refused { .. } => false,
        }
    }

    /// Whether the printer was silent: what was asked of it may have happened.
    pub fn is_silence(&self) -> bool {
        matches!(self, Self::NoAnswer { .. } | Self::PortLost { .. })
    }
}

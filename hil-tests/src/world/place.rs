//! Where a card can lie.

/// A place for cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The card printer's input hopper.
    Hopper,
    /// In the printer, over the antenna of the encoder.
    Contactless,
    /// In the printer, under the contacts of its other encoder, which this office does not use.
    Contact,
    /// In the printer, under the print head.
    PrintStation,
    /// The printer's output tray.
    Tray,
    /// The printer's reject box.
    RejectTray,
    /// The reader on the operator's desk.
    Desk,
    /// In the applicant's hand.
    Applicant,
}

impl Place {
    /// Every place.
    pub const ALL: [Self; 8] = [
        Self::Hopper,
        Self::Contactless,
        Self::Contact,
        Self::PrintStation,
        Self::Tray,
        Self::RejectTray,
        Self::Desk,
        Self::Applicant,
    ];

    /// The places inside the card printer.
    pub const IN_PRINTER: [Self; 3] = [Self::Contactless, Self::Contact, Self::PrintStation];

    /// Name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hopper => "hopper",
            Self::Contactless => "contactless_station",
            Self::Contact => "contact_station",
            Self::PrintStation => "print_station",
            Self::Tray => "tray",
            Self::RejectTray => "reject_tray",
            Self::Desk => "desk",
            Self::Applicant => "applicant",
        }
    }

    /// Whether there is room for a single card only.
    pub fn holds_one(self) -> bool {
        matches!(
            self,
            Self::Contactless | Self::Contact | Self::PrintStation | Self::Desk
        )
    }
}

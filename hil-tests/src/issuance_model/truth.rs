//! What is so: cards, printer, and who stands before the counter. The program only ever learns of it through its devices.

use host_driver::issuance::machine::{Act, CardUid};
use host_driver::printer::Counters;

use super::rules::Rule;

/// Where a card is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// Not fed yet.
    Hopper,
    /// At the printer's contactless station.
    Contactless,
    /// Elsewhere in the printer: jammed, or at the print station.
    Transport,
    /// In the output tray, in the operator's hand, or on the desk reader.
    Outside,
    /// In the reject tray or box.
    Rejects,
    /// With the applicant.
    Owner,
}

impl Place {
    /// Whether the card is in the printer's transport.
    pub fn is_inside(self) -> bool {
        matches!(self, Self::Contactless | Self::Transport)
    }
}

/// What is on a chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Chip {
    /// Nothing.
    Untouched,
    /// Something, but not all of this application's content.
    Half,
    /// This application's content.
    Complete,
    /// This application's content, activated.
    Active,
    /// Somebody else's: a card that had been used before.
    Foreign,
    /// It answers no more.
    Dead,
}

/// A card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Card {
    /// Where it is.
    pub place: Place,
    /// What is on its chip.
    pub chip: Chip,
    /// Panels of this application's face that are on it; a whole face has [`Counters::PANELS_A_CARD`].
    pub panels: u8,
}

/// An act that changes the world, without its particulars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deed {
    /// A blank leaves the hopper.
    Feed,
    /// A chip is written.
    Personalise,
    /// A face is printed.
    Print,
    /// A card leaves to the output tray.
    Eject,
    /// A card leaves to the reject tray.
    Reject,
    /// A chip is activated.
    Activate,
}

impl Deed {
    /// Which deed an act is, if it is one.
    pub fn of(act: &Act) -> Option<Self> {
        Some(match act {
            Act::Feed => Self::Feed,
            Act::Personalise { .. } => Self::Personalise,
            Act::Print { .. } => Self::Print,
            Act::Eject => Self::Eject,
            Act::Reject => Self::Reject,
            Act::Activate { .. } => Self::Activate,
            _ => return None,
        })
    }
}

/// The truth.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Truth {
    /// Whether the person before the counter is the one of the record.
    pub rightful: bool,
    /// The cards; a card's UID is made of its place in this list.
    pub cards: Vec<Card>,
    /// Which card lies on the desk reader.
    pub on_desk: Option<usize>,
    /// Panels that the printer has counted.
    pub counter: u8,
    /// Whether a live finger has matched the record.
    pub record_matched: bool,
    /// The card whose template a live finger has matched.
    pub chip_matched: Option<usize>,
    /// Comparisons with the record that said "not this person".
    pub record_no_match: u8,
    /// The same with the chip of the blank that was read last.
    pub chip_no_match: u8,
    /// A deed of which nobody knows whether it was done, as long as nobody has looked.
    pub uncertain: Option<Deed>,
    /// The first rule that was broken.
    pub broken: Option<Rule>,
}

/// Panels of a whole face.
pub const WHOLE: u8 = Counters::PANELS_A_CARD as u8;

impl Truth {
    /// So many blanks in the hopper, and nothing done.
    pub fn new(blanks: usize, rightful: bool) -> Self {
        let blank = Card {
            place: Place::Hopper,
            chip: Chip::Untouched,
            panels: 0,
        };
        Self {
            rightful,
            cards: vec![blank; blanks],
            on_desk: None,
            counter: 0,
            record_matched: false,
            chip_matched: None,
            record_no_match: 0,
            chip_no_match: 0,
            uncertain: None,
            broken: None,
        }
    }

    /// The UID of a card.
    pub fn uid(card: usize) -> CardUid {
        CardUid::from_bytes(&[0x04, 0x10, 0x20, card as u8])
    }

    /// The card with this UID.
    pub fn card_of(&self, uid: &CardUid) -> Option<usize> {
        (0..self.cards.len()).find(|card| Self::uid(*card) == *uid)
    }

    /// The card in the printer. There is at most one, or [`Rule::OneCardInside`] is broken.
    pub fn inside(&self) -> Option<usize> {
        self.cards.iter().position(|card| card.place.is_inside())
    }

    /// The card at the contactless station.
    pub fn at_station(&self) -> Option<usize> {
        self.cards
            .iter()
            .position(|card| card.place == Place::Contactless)
    }

    /// How many cards are at `place`.
    pub fn at(&self, place: Place) -> usize {
        self.cards.iter().filter(|card| card.place == place).count()
    }

    /// How many chips are active.
    pub fn active(&self) -> usize {
        self.cards.iter().filter(|card| card.chip == Chip::Active).count()
    }

    /// Notes that a rule was broken; the first one counts.
    pub fn break_rule(&mut self, rule: Rule) {
        self.broken.get_or_insert(rule);
    }

    /// Somebody has looked at what `deeds` change.
    pub fn looked_at(&mut self, deeds: &[Deed]) {
        if self.uncertain.is_some_and(|deed| deeds.contains(&deed)) {
            self.uncertain = None;
        }
    }
}

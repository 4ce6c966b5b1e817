//! The moving parts of a card printer, as its electronics see them.

use super::PrintedFace;

/// Where a card inside the printer can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Station {
    /// Under the print head.
    Print,
    /// At the antenna of the encoder.
    Contactless,
    /// At the station with contacts.
    Contact,
}

/// Why a card did not move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// There is no blank in the hopper.
    HopperEmpty,
    /// The card is stuck.
    Jam,
    /// The output tray has no room.
    OutputFull,
    /// The reject tray has no room.
    RejectBoxFull,
}

/// What moves and marks cards. The printer calls it; the world behind it decides what really happens.
pub trait Mechanics {
    /// Blanks in the hopper.
    fn blanks(&self) -> usize;

    /// Where the card inside is, if there is one.
    fn card(&self) -> Option<Station>;

    /// Takes a blank from the hopper to the print station. Called only when no card is inside.
    fn feed(&mut self) -> Result<(), Obstacle>;

    /// Moves the card that is inside. Called only when there is one.
    fn move_to(&mut self, station: Station) -> Result<(), Obstacle>;

    /// Prints on the card at the print station. Called once for each panel, with everything that is now on the card.
    fn print(&mut self, face: &PrintedFace);

    /// Puts the card that is inside into the output tray.
    fn eject(&mut self) -> Result<(), Obstacle>;

    /// Puts the card that is inside into the reject tray.
    fn reject(&mut self) -> Result<(), Obstacle>;
}

impl<M: Mechanics + ?Sized> Mechanics for Box<M> {
    fn blanks(&self) -> usize {
        (**self).blanks()
    }

    fn card(&self) -> Option<Station> {
        (**self).card()
    }

    fn feed(&mut self) -> Result<(), Obstacle> {
        (**self).feed()
    }

    fn move_to(&mut self, station: Station) -> Result<(), Obstacle> {
        (**self).move_to(station)
    }

    fn print(&mut self, face: &PrintedFace) {
        (**self).print(face);
    }

    fn eject(&mut self) -> Result<(), Obstacle> {
        (**self).eject()
    }

    fn reject(&mut self) -> Result<(), Obstacle> {
        (**self).reject()
    }
}

/// A card of a [`Magazine`].
#[derive(Debug, Clone)]
pub struct Card {
    /// Its number: blanks are numbered from 1 in the order in which they leave the hopper.
    pub number: usize,
    /// What is printed on it.
    pub face: PrintedFace,
}

/// Hopper, transport and trays without a world around them.
#[derive(Debug, Default)]
pub struct Magazine {
    /// Blanks in the hopper.
    pub hopper: usize,
    /// Cards in the output tray, the first one at the bottom.
    pub output: Vec<Card>,
    /// Cards in the reject tray, the first one at the bottom.
    pub rejected: Vec<Card>,
    /// Cards that the reject tray has room for; `None` is "enough".
    pub reject_room: Option<usize>,
    inside: Option<(Station, Card)>,
    fed: usize,
}

impl Magazine {
    /// A printer with `blanks` in its hopper and empty trays.
    pub fn with_blanks(blanks: usize) -> Self {
        Self {
            hopper: blanks,
            ..Self::default()
        }
    }

    /// The card inside.
    pub fn inside(&self) -> Option<&Card> {
        self.inside.as_ref().map(|(_, card)| card)
    }
}

impl Mechanics for Magazine {
    fn blanks(&self) -> usize {
        self.hopper
    }

    fn card(&self) -> Option<Station> {
        self.inside.as_ref().map(|&(station, _)| station)
    }

    fn feed(&mut self) -> Result<(), Obstacle> {
        self.hopper = self.hopper.checked_sub(1).ok_or(Obstacle::HopperEmpty)?;
        self.fed += 1;
        let card = Card {
            number: self.fed,
            face: PrintedFace::default(),
        };
        self.inside = Some((Station::Print, card));
        Ok(())
    }

    fn move_to(&mut self, station: Station) -> Result<(), Obstacle> {
        if let Some((at, _)) = &mut self.inside {
            *at = station;
        }
        Ok(())
    }

    fn print(&mut self, face: &PrintedFace) {
        if let Some((_, card)) = &mut self.inside {
            card.face = face.clone();
        }
    }

    fn eject(&mut self) -> Result<(), Obstacle> {
        self.output.extend(self.inside.take().map(|(_, card)| card));
        Ok(())
    }

    fn reject(&mut self) -> Result<(), Obstacle> {
        if self.reject_room.is_some_and(|room| self.rejected.len() >= room) {
            return Err(Obstacle::RejectBoxFull);
        }
        self.rejected.extend(self.inside.take().map(|(_, card)| card));
        Ok(())
    }
}

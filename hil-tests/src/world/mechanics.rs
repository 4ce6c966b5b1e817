//! The card printer's moving parts move the world's cards.

use super::{CannotMove, Place, World};
use crate::device::card_printer::{Mechanics, Obstacle, PrintedFace, Station};

impl World {
    /// Where the card inside the printer is.
    fn in_printer(&self) -> Option<Place> {
        Place::IN_PRINTER.into_iter().find(|place| self.count(*place) > 0)
    }

    fn move_from_inside(&self, to: Place) -> Result<(), Obstacle> {
        let from = self.in_printer().ok_or(Obstacle::Jam)?;
        if from == to {
            return Ok(());
        }
        self.move_card(from, to).map_err(|_| Obstacle::Jam)
    }
}

fn place(station: Station) -> Place {
    match station {
        Station::Print => Place::PrintStation,
        Station::Contactless => Place::Contactless,
        Station::Contact => Place::Contact,
    }
}

impl Mechanics for World {
    fn blanks(&self) -> usize {
        self.count(Place::Hopper)
    }

    fn card(&self) -> Option<Station> {
        [Station::Print, Station::Contactless, Station::Contact]
            .into_iter()
            .find(|station| self.count(place(*station)) > 0)
    }

    fn feed(&mut self) -> Result<(), Obstacle> {
        self.move_card(Place::Hopper, Place::PrintStation)
            .map_err(|error| match error {
                CannotMove::NoCard(_) => Obstacle::HopperEmpty,
                CannotMove::Occupied(_) => Obstacle::Jam,
            })
    }

    fn move_to(&mut self, station: Station) -> Result<(), Obstacle> {
        self.move_from_inside(place(station))
    }

    fn print(&mut self, face: &PrintedFace) {
        if let Some(inside) = self.in_printer() {
            // There is a card: it was just found, and only the printer takes it away.
            let _ = Self::print(self, inside, face.clone());
        }
    }

    fn eject(&mut self) -> Result<(), Obstacle> {
        self.move_from_inside(Place::Tray)
    }

    fn reject(&mut self) -> Result<(), Obstacle> {
        self.move_from_inside(Place::RejectTray)
    }
}

//! The physical things of a counter: blanks, cards, and where they lie.
//!
//! There is one [`World`], and every emulated device and every pretended person acts on it. A card is in one [`Place`] at
//! a time; laying it onto a reader makes it appear in PC/SC, taking it away makes it disappear. So what the
//! operator's program believes can always be compared with what is.

mod blank;
mod mechanics;
mod place;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use host_driver::card::LifeCycle;

use crate::device::card::{CardCore, Inserted, Snapshot};
use crate::device::card_printer::PrintedFace;

pub use blank::{Blank, BlankKind};
pub use place::Place;

/// Where the emulated readers wait for a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReaderAddresses {
    /// In the card printer's contactless station.
    pub encoder: SocketAddr,
    /// On the operator's desk.
    pub desk: SocketAddr,
}

/// Why a card could not be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotMove {
    /// There is no card where it should be taken from.
    #[error("no card lies in the {0:?}")]
    NoCard(Place),
    /// There is no room where it should go.
    #[error("the {0:?} is taken by another card")]
    Occupied(Place),
}

/// How many cards lie in each place.
pub type Census = BTreeMap<Place, usize>;

#[derive(Debug, Default)]
struct State {
    /// Cards of each place, the one to be taken next at the end.
    cards: BTreeMap<Place, Vec<Blank>>,
    /// Cards that PC/SC sees.
    inserted: BTreeMap<Place, Inserted>,
}

/// The things of one counter. Clones are the same world.
#[derive(Clone, Debug)]
pub struct World {
    state: Arc<Mutex<State>>,
    readers: Option<ReaderAddresses>,
}

impl World {
    /// A counter whose hopper holds `blanks`, the first to be fed first. Without readers no card appears in PC/SC.
    pub fn new(readers: Option<ReaderAddresses>, blanks: Vec<Blank>) -> Self {
        let mut state = State::default();
        state
            .cards
            .insert(Place::Hopper, blanks.into_iter().rev().collect());
        Self {
            state: Arc::new(Mutex::new(state)),
            readers,
        }
    }

    /// Moves a card.
    ///
    /// # Errors
    /// If there is no card or no room; then nothing has moved.
    pub fn move_card(&self, from: Place, to: Place) -> Result<(), CannotMove> {
        let mut state = self.state();
        if state.count(from) == 0 {
            return Err(CannotMove::NoCard(from));
        }
        if to.holds_one() && state.count(to) > 0 {
            return Err(CannotMove::Occupied(to));
        }
        let Some(card) = state.cards.get_mut(&from).and_then(Vec::pop) else {
            return Err(CannotMove::NoCard(from));
        };
        // Taken out of one field before it is laid into another: one chip is never in two readers.
        if let Some(inserted) = state.inserted.remove(&from) {
            inserted.remove();
        }
        if let (Some(address), true) = (self.reader(to), card.has_chip()) {
            match Inserted::insert(address, card.chip()) {
                Ok(inserted) => {
                    state.inserted.insert(to, inserted);
                }
                // The card lies there all the same, over an antenna that nobody listens to.
                Err(error) => log::warn!("the reader at the {to:?} sees no card: {error}"),
            }
        }
        state.cards.entry(to).or_default().push(card);
        Ok(())
    }

    /// Number of cards in a place.
    pub fn count(&self, place: Place) -> usize {
        self.state().count(place)
    }

    /// Number of cards in every place.
    pub fn census(&self) -> Census {
        let state = self.state();
        Place::ALL
            .into_iter()
            .map(|place| (place, state.count(place)))
            .collect()
    }

    /// What was printed on the card that would be taken next from a place.
    pub fn face(&self, place: Place) -> Option<PrintedFace> {
        self.state()
            .top(place)
            .map(|card| card.face.clone())
            .filter(|face| !face.is_blank())
    }

    /// Prints on the card in a place.
    ///
    /// # Errors
    /// If there is none.
    pub fn print(&self, place: Place, face: PrintedFace) -> Result<(), CannotMove> {
        let mut state = self.state();
        let card = state.cards.get_mut(&place).and_then(|cards| cards.last_mut());
        card.ok_or(CannotMove::NoCard(place))?.face = face;
        Ok(())
    }

    /// What is on the chips of all cards in a place, the one to be taken next last.
    pub fn chips(&self, place: Place) -> Vec<Snapshot> {
        let state = self.state();
        state
            .cards
            .get(&place)
            .map_or_else(Vec::new, |cards| cards.iter().map(Blank::snapshot).collect())
    }

    /// Every card with a chip that is activated: where it lies, what is on its chip, what is on its face.
    pub fn active_cards(&self) -> Vec<(Place, Snapshot, PrintedFace)> {
        let state = self.state();
        let cards = state
            .cards
            .iter()
            .flat_map(|(place, cards)| cards.iter().map(move |card| (*place, card)));
        cards
            .map(|(place, card)| (place, card.snapshot(), card.face.clone()))
            .filter(|(_, chip, _)| chip.life_cycle == LifeCycle::Activated)
            .collect()
    }

    /// The chip of the card in a place that holds one; none if there is no card or it has no chip.
    pub fn chip_in(&self, place: Place) -> Option<Arc<Mutex<CardCore>>> {
        self.state()
            .top(place)
            .filter(|card| card.has_chip())
            .map(Blank::chip)
    }

    /// How many cards were printed more than once.
    pub fn overprinted(&self) -> usize {
        let state = self.state();
        state
            .cards
            .values()
            .flatten()
            .filter(|card| card.face.is_overprinted())
            .count()
    }

    fn reader(&self, place: Place) -> Option<SocketAddr> {
        let readers = self.readers?;
        match place {
            Place::Contactless => Some(readers.encoder),
            Place::Desk => Some(readers.desk),
            _ => None,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A thread that died while it held the lock has left whole values behind: every change above is one push or pop.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn count(&self, place: Place) -> usize {
        self.cards.get(&place).map_or(0, Vec::len)
    }

    fn top(&self, place: Place) -> Option<&Blank> {
        self.cards.get(&place).and_then(|cards| cards.last())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(blanks: u32) -> World {
        World::new(
            None,
            (1..=blanks)
                .map(|number| Blank::new(number, BlankKind::Fresh))
                .collect(),
        )
    }

    #[test]
    fn no_card_is_ever_lost_or_doubled_on_its_way() {
        let world = world(3);
        for to in [
            Place::Contactless,
            Place::PrintStation,
            Place::Tray,
            Place::Desk,
            Place::Applicant,
        ] {
            let from = Place::ALL
                .into_iter()
                .filter(|place| *place != Place::Hopper)
                .find(|place| world.count(*place) > 0);
            world.move_card(from.unwrap_or(Place::Hopper), to).unwrap();
            assert_eq!(world.census().values().sum::<usize>(), 3, "at {to:?}");
        }
        assert_eq!(world.count(Place::Applicant), 1);
        assert_eq!(world.count(Place::Hopper), 2);
    }

    #[test]
    fn a_taken_place_refuses_a_second_card_and_nothing_moves() {
        let world = world(2);
        world.move_card(Place::Hopper, Place::Contactless).unwrap();
        let refused = world.move_card(Place::Hopper, Place::Contactless);
        assert_eq!(refused, Err(CannotMove::Occupied(Place::Contactless)));
        assert_eq!(world.count(Place::Hopper), 1);
    }

    #[test]
    fn an_empty_hopper_feeds_nothing() {
        let world = world(0);
        assert_eq!(
            world.move_card(Place::Hopper, Place::Contactless),
            Err(CannotMove::NoCard(Place::Hopper))
        );
    }

    #[test]
    fn blanks_are_fed_in_the_order_in_which_they_lie() {
        let world = world(2);
        world.move_card(Place::Hopper, Place::RejectTray).unwrap();
        world.move_card(Place::Hopper, Place::RejectTray).unwrap();
        let uids: Vec<_> = world
            .chips(Place::RejectTray)
            .into_iter()
            .map(|chip| chip.uid)
            .collect();
        assert_eq!(uids, [Blank::uid_of(1), Blank::uid_of(2)]);
    }
}

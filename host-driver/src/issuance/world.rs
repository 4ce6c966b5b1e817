//! A model of hopper, cards, printer, readers, finger and operator, with faults thrown by dice. For tests of machine and runner.
//!
//! The model keeps the truth and panics when something is done that must never be done.

use super::machine::{
    Answer, BlankReading, CardPlace, CardUid, ChipReading, Comparison, DeskReading, Outcome, PrintOutcome,
    PrinterView, Question, Trouble,
};
use super::runner::{Devices, Stopped};
use crate::office::record::FingerPosition;
use crate::office::words::Words;
use crate::printer::Counters;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// Faults to come. When they are used up everything works.
#[derive(Debug, Clone, Default)]
pub(super) struct Dice(Rc<RefCell<VecDeque<u8>>>);

impl Dice {
    pub(super) fn new(throws: impl IntoIterator<Item = u8>) -> Self {
        Self(Rc::new(RefCell::new(throws.into_iter().collect())))
    }

    /// The next throw; 0 means that nothing goes wrong.
    pub(super) fn throw(&self) -> u8 {
        self.0.borrow_mut().pop_front().unwrap_or(0)
    }

    pub(super) fn are_used_up(&self) -> bool {
        self.0.borrow().is_empty()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Hopper,
    Contactless,
    PrintStation,
    /// In the output tray, in the operator's hand, or on the desk reader.
    Outside,
    RejectTray,
    Owner,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chip {
    Untouched,
    Half,
    Complete,
    Active,
    /// No chip answers.
    Dead,
}

#[derive(Debug, Clone)]
pub(super) struct Card {
    pub(super) uid: CardUid,
    pub(super) place: Place,
    pub(super) chip: Chip,
    /// Panels on its face.
    pub(super) panels: u32,
}

/// The truth.
#[derive(Debug)]
pub(super) struct World {
    pub(super) dice: Dice,
    pub(super) cards: Vec<Card>,
    /// Whether the person before the counter is the one of the record.
    pub(super) rightful: bool,
    /// The card on the desk reader.
    on_desk: Option<usize>,
    counter: u32,
    retries: u32,
    pub(super) calls: u32,
    pub(super) record_comparisons: u32,
    record_matched: bool,
    chip_matched: Option<CardUid>,
}

fn words() -> Words {
    Words::technical("fault of the model")
}

impl World {
    pub(super) fn new(dice: Dice, blanks: usize, rightful: bool) -> Self {
        let cards = (0..blanks).map(|n| Card {
            uid: CardUid::from_bytes(&[4, 0, 0, n as u8]),
            place: Place::Hopper,
            chip: Chip::Untouched,
            panels: 0,
        });
        Self {
            dice,
            cards: cards.collect(),
            rightful,
            on_desk: None,
            counter: 100,
            retries: 0,
            calls: 0,
            record_comparisons: 0,
            record_matched: false,
            chip_matched: None,
        }
    }

    /// The program starts again: what the world is stays, what the program remembers is gone.
    pub(super) fn restart(&mut self) {
        self.retries = 0;
    }

    pub(super) fn active(&self) -> usize {
        self.cards.iter().filter(|card| card.chip == Chip::Active).count()
    }

    pub(super) fn at(&self, place: Place) -> usize {
        self.cards.iter().filter(|card| card.place == place).count()
    }

    fn inside(&mut self) -> Option<&mut Card> {
        self.cards
            .iter_mut()
            .find(|card| matches!(card.place, Place::Contactless | Place::PrintStation))
    }

    fn contactless(&mut self) -> Option<&mut Card> {
        self.cards
            .iter_mut()
            .find(|card| card.place == Place::Contactless)
    }

    /// Throws for one call. `Err` is a crash before anything happens.
    fn call(&mut self) -> Result<u8, Stopped> {
        self.calls += 1;
        assert!(self.calls < 3000, "the machine goes round in circles");
        match self.dice.throw() {
            9 => Err(Stopped),
            throw => Ok(throw),
        }
    }

    /// An act that changes the world: it is done, or fails, or its end is not seen, or the program dies after it.
    fn act(&mut self, act: impl FnOnce(&mut Self) -> bool) -> Result<Outcome, Stopped> {
        match self.call()? {
            1 => Ok(Outcome::Failed { detail: words() }),
            2 => Ok(Outcome::Unknown { detail: words() }),
            3 => {
                act(self);
                Ok(Outcome::Unknown { detail: words() })
            }
            4 => {
                act(self);
                Err(Stopped)
            }
            _ if act(self) => Ok(Outcome::Done),
            _ => Ok(Outcome::Failed { detail: words() }),
        }
    }

    fn compare(&mut self) -> Result<Comparison, Stopped> {
        Ok(match self.call()? {
            1 => Comparison::CannotTell { reason: words() },
            2 => Comparison::NotPlaced,
            3 => Comparison::Failed { detail: words() },
            4 => Comparison::NoMatch { score: 12 },
            5 => return Err(Stopped),
            _ if self.rightful => Comparison::Match {
                finger: FingerPosition::RightIndex,
                score: 123,
            },
            _ => Comparison::NoMatch { score: 7 },
        })
    }
}

impl Devices for World {
    fn compare_with_record(&mut self, _: FingerPosition, attempt: u8) -> Result<Comparison, Stopped> {
        assert!((1..=4).contains(&attempt), "try {attempt}");
        let comparison = self.compare()?;
        if matches!(comparison, Comparison::Match { .. } | Comparison::NoMatch { .. }) {
            self.record_comparisons += 1;
            assert!(self.record_comparisons <= 4, "more than four tries");
        }
        self.record_matched |= matches!(comparison, Comparison::Match { .. });
        Ok(comparison)
    }

    fn compare_with_chip(
        &mut self,
        uid: &CardUid,
        _: FingerPosition,
        attempt: u8,
    ) -> Result<Comparison, Stopped> {
        assert!((1..=4).contains(&attempt), "try {attempt}");
        let comparison = self.compare()?;
        if self.on_desk.is_none_or(|card| self.cards[card].uid != *uid) {
            return Ok(Comparison::Failed { detail: words() });
        }
        if matches!(comparison, Comparison::Match { .. }) {
            self.chip_matched = Some(uid.clone());
        }
        Ok(comparison)
    }

    fn find_card(&mut self) -> Result<PrinterView, Stopped> {
        let throw = self.call()?;
        if throw == 1 {
            return Ok(PrinterView {
                place: CardPlace::CannotTell,
                fault: Some(words()),
            });
        }
        let place = match self.inside().map(|card| card.place) {
            None => CardPlace::Nowhere,
            Some(Place::Contactless) => CardPlace::Contactless,
            Some(_) => CardPlace::Elsewhere,
        };
        Ok(PrinterView {
            place,
            fault: (throw == 2).then(words),
        })
    }

    fn feed(&mut self) -> Result<Outcome, Stopped> {
        assert!(self.record_matched, "a blank is fed before the test was passed");
        assert!(self.inside().is_none(), "a second blank is fed");
        self.act(|world| {
            world
                .cards
                .iter_mut()
                .find(|card| card.place == Place::Hopper)
                .map(|card| card.place = Place::Contactless)
                .is_some()
        })
    }

    fn read_blank(&mut self) -> Result<BlankReading, Stopped> {
        let throw = self.call()?;
        if throw == 1 {
            return Ok(BlankReading::ReaderGone { detail: words() });
        }
        let Some(card) = self.contactless() else {
            return Ok(BlankReading::Unreadable { detail: words() });
        };
        if throw == 2 {
            card.chip = Chip::Dead;
        }
        Ok(match card.chip {
            Chip::Untouched => BlankReading::Blank {
                uid: card.uid.clone(),
            },
            Chip::Dead => BlankReading::Unreadable { detail: words() },
            _ => BlankReading::NotBlank {
                uid: card.uid.clone(),
                detail: words(),
            },
        })
    }

    fn personalise(&mut self, uid: &CardUid) -> Result<Outcome, Stopped> {
        let throw = self.call()?;
        let Some(card) = self.contactless() else {
            return Ok(Outcome::Failed { detail: words() });
        };
        assert_eq!(&card.uid, uid);
        assert_eq!(card.chip, Chip::Untouched, "a chip is written twice");
        Ok(match throw {
            1 => Outcome::Unknown { detail: words() },
            2 => {
                card.chip = Chip::Half;
                Outcome::Failed { detail: words() }
            }
            3 => {
                card.chip = Chip::Half;
                Outcome::Unknown { detail: words() }
            }
            4 => {
                card.chip = Chip::Half;
                return Err(Stopped);
            }
            5 => {
                card.chip = Chip::Complete;
                return Err(Stopped);
            }
            6 => {
                card.chip = Chip::Complete;
                Outcome::Unknown { detail: words() }
            }
            _ => {
                card.chip = Chip::Complete;
                Outcome::Done
            }
        })
    }

    fn inspect_chip(&mut self, _: &CardUid) -> Result<ChipReading, Stopped> {
        let throw = self.call()?;
        if throw == 1 {
            return Ok(ChipReading::ReaderGone { detail: words() });
        }
        Ok(match self.contactless().map(|card| card.chip) {
            Some(Chip::Untouched) => ChipReading::Untouched,
            Some(Chip::Complete) => ChipReading::Complete,
            _ => ChipReading::Spoilt { detail: words() },
        })
    }

    fn count_panels(&mut self) -> Result<Option<u32>, Stopped> {
        let throw = self.call()?;
        Ok((throw != 1).then_some(self.counter))
    }

    fn print(&mut self, uid: &CardUid) -> Result<PrintOutcome, Stopped> {
        let throw = self.call()?;
        let Some(card) = self.inside() else {
            return Ok(PrintOutcome::Refused { detail: words() });
        };
        assert_eq!(&card.uid, uid);
        assert_eq!(
            card.chip,
            Chip::Complete,
            "a face is printed on a chip that is not verified"
        );
        assert_eq!(card.panels, 0, "a face is printed twice");
        card.place = Place::PrintStation;
        let (panels, outcome) = match throw {
            1 => (0, Ok(PrintOutcome::Refused { detail: words() })),
            2 => (3, Ok(PrintOutcome::Spoilt { detail: words() })),
            3 => (3, Ok(PrintOutcome::Unknown { detail: words() })),
            4 => (5, Ok(PrintOutcome::Unknown { detail: words() })),
            5 => (5, Err(Stopped)),
            6 => (2, Err(Stopped)),
            7 => (0, Ok(PrintOutcome::Unknown { detail: words() })),
            _ => (Counters::PANELS_A_CARD, Ok(PrintOutcome::Done)),
        };
        card.panels = panels;
        self.counter += panels;
        outcome
    }

    fn eject(&mut self) -> Result<Outcome, Stopped> {
        self.act(|world| world.inside().map(|card| card.place = Place::Outside).is_some())
    }

    fn reject(&mut self) -> Result<Outcome, Stopped> {
        self.act(|world| {
            world
                .inside()
                .map(|card| card.place = Place::RejectTray)
                .is_some()
        })
    }

    fn read_desk(&mut self, uid: &CardUid) -> Result<DeskReading, Stopped> {
        Ok(match self.call()? {
            1 => DeskReading::ReaderGone { detail: words() },
            2 => DeskReading::NoCard,
            3 => DeskReading::Unreadable { detail: words() },
            4 => DeskReading::Card {
                uid: CardUid::from_hex("FFFFFFFF"),
                activated: true,
                intact: true,
            },
            _ => match self.on_desk.map(|card| &self.cards[card]) {
                Some(card) if card.place == Place::Outside => DeskReading::Card {
                    uid: card.uid.clone(),
                    activated: card.chip == Chip::Active,
                    intact: card.uid == *uid && matches!(card.chip, Chip::Complete | Chip::Active),
                },
                _ => DeskReading::NoCard,
            },
        })
    }

    fn activate(&mut self, uid: &CardUid) -> Result<Outcome, Stopped> {
        assert!(
            self.record_matched && self.rightful,
            "activation without a passed test"
        );
        assert_eq!(
            self.chip_matched.as_ref(),
            Some(uid),
            "activation without the owner's finger"
        );
        self.act(|world| {
            let Some(card) = world.on_desk.map(|card| &mut world.cards[card]) else {
                return false;
            };
            assert_eq!(
                card.panels,
                Counters::PANELS_A_CARD,
                "an active chip behind an unfinished face"
            );
            assert_eq!(
                card.chip,
                Chip::Complete,
                "a chip is activated twice, or half written"
            );
            card.chip = Chip::Active;
            true
        })
    }

    fn ask(&mut self, question: Question, trouble: Option<&Trouble>) -> Result<Answer, Stopped> {
        let throw = self.call()?;
        if throw == 1 {
            return Ok(Answer::Gone);
        }
        Ok(match question {
            // The operator looks: a face that is not whole is never good.
            Question::CardGood => {
                let whole = self.cards.iter().rfind(|card| card.place == Place::Outside);
                let whole = whole.is_some_and(|card| card.panels == Counters::PANELS_A_CARD);
                if throw != 2 && whole {
                    Answer::Yes
                } else {
                    Answer::No
                }
            }
            Question::CardOnDesk => {
                self.on_desk = self.cards.iter().rposition(|card| card.place == Place::Outside);
                if throw == 2 { Answer::No } else { Answer::Yes }
            }
            Question::HandedOver => {
                if throw == 2 {
                    Answer::No
                } else {
                    let card = self.cards.iter_mut().find(|card| card.chip == Chip::Active);
                    card.expect("only an active card is handed over").place = Place::Owner;
                    Answer::Yes
                }
            }
            Question::RetryOrCancel => {
                self.retries += 1;
                if throw == 2 || self.retries > 6 {
                    self.retries = 0;
                    if matches!(trouble, Some(Trouble::CardStuck(_) | Trouble::CardLost)) {
                        // Told to take the card out and put it into the reject box.
                        if let Some(card) = self.inside() {
                            card.place = Place::RejectTray;
                        }
                    }
                    Answer::Cancel
                } else {
                    Answer::Retry
                }
            }
        })
    }
}

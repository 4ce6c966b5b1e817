//! What must hold, and what must be possible.

use host_driver::issuance::machine::{Ending, Phase, State};

use super::books::Entered;
use super::system::Situation;
use super::truth::{Chip, Place};

/// A rule of which one sees at once when it is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// No blank is fed before a live finger matched the record.
    TestBeforeBlank,
    /// There is never a second card in the printer.
    OneCardInside,
    /// A chip is written once, and it is the chip of the blank that was read.
    WrittenOnce,
    /// A face is printed once, on a verified chip.
    PrintedOnce,
    /// No chip is activated without a passed biometric test of the same application.
    TestBeforeActivation,
    /// No chip is activated before a live finger matched the template on it.
    OwnerBeforeActivation,
    /// No chip is activated whose content or face is not wholly this application's.
    RightFace,
    /// A chip is activated once.
    ActivatedOnce,
    /// After four comparisons that said "not this person" there is no fifth.
    FourTries,
    /// What may have been done is not done again before somebody has looked.
    NeverGuesses,
    /// The ledger takes every entry.
    BooksTakeIt,
    /// The machine takes every outcome that an act can have.
    OutcomeTaken,
}

/// What must hold in every situation. `Err` says what does not.
///
/// # Errors
/// In words, which rule is broken.
pub fn check(situation: &Situation) -> Result<(), String> {
    let truth = &situation.truth;
    if let Some(rule) = truth.broken {
        return Err(format!("{rule:?}"));
    }
    if truth.active() > 1 {
        return Err("two active cards for one application".into());
    }
    if !truth.rightful && truth.active() > 0 {
        return Err("an active card for somebody else".into());
    }
    if let State::Ended(ending) = &situation.state {
        ended(situation, ending)?;
    }
    if situation.rests() {
        at_rest(situation)
    } else {
        Ok(())
    }
}

fn ended(situation: &Situation, ending: &Ending) -> Result<(), String> {
    let truth = &situation.truth;
    let owner = truth.at(Place::Owner);
    let said_no = truth.record_no_match > 0 || truth.chip_no_match > 0;
    match ending {
        Ending::Issued(_) if truth.active() != 1 || owner != 1 => {
            Err("issued, but no active card is with the applicant".into())
        }
        Ending::NotMatched { .. } if !said_no => Err("\"cannot tell\" was taken for \"no match\"".into()),
        Ending::Cancelled | Ending::NotMatched { .. } | Ending::Inconclusive if truth.active() != 0 => {
            Err("ended without a card, but a chip is active".into())
        }
        _ => Ok(()),
    }
}

/// Every blank is somewhere, and the ledger knows where.
fn at_rest(situation: &Situation) -> Result<(), String> {
    let (truth, books) = (&situation.truth, &situation.books);
    if truth.inside().is_some() {
        return Err("at rest with a card in the printer".into());
    }
    let out = truth.cards.len() - truth.at(Place::Hopper);
    if books.entries.len() != out {
        return Err(format!(
            "{out} blanks have left the hopper, {} are in the ledger",
            books.entries.len()
        ));
    }
    for entry in &books.entries {
        if entry.entered == Entered::InPrinter {
            return Err("the ledger has a blank in an empty printer".into());
        }
        let Some(card) = entry.uid.as_ref().and_then(|uid| truth.card_of(uid)) else {
            continue;
        };
        let place = truth.cards[card].place;
        let agrees = match entry.entered {
            Entered::InPrinter => false,
            Entered::Printed => place == Place::Outside,
            Entered::Rejected => place == Place::Rejects,
            Entered::HandedOver => place == Place::Owner,
        };
        if !agrees {
            return Err(format!(
                "the ledger says {:?}, the card is {place:?}",
                entry.entered
            ));
        }
    }
    let known = |place| {
        books
            .entries
            .iter()
            .filter(|entry| entry.entered == place)
            .count()
    };
    if known(Entered::Rejected) != truth.at(Place::Rejects) {
        return Err("the ledger's rejects are not those in the box".into());
    }
    Ok(())
}

/// A situation that a check of all situations must come by, or it has checked less than it seems.
pub struct MustOccur {
    /// What.
    pub name: &'static str,
    /// Whether this is one.
    pub is: fn(&Situation) -> bool,
}

/// These.
pub const MUST_OCCUR: &[MustOccur] = &[
    MustOccur {
        name: "a card is issued",
        is: |situation| matches!(situation.state, State::Ended(Ending::Issued(_))),
    },
    MustOccur {
        name: "a card is issued on the second blank",
        is: |situation| {
            matches!(situation.state, State::Ended(Ending::Issued(_)))
                && situation.truth.at(Place::Rejects) > 0
        },
    },
    MustOccur {
        name: "a finger does not match the record",
        is: |situation| {
            matches!(situation.state, State::Ended(Ending::NotMatched { .. }))
                && situation.books.entries.is_empty()
        },
    },
    MustOccur {
        name: "an application is cancelled with a card in the hand",
        is: |situation| {
            matches!(situation.state, State::Ended(Ending::Cancelled))
                && situation.truth.at(Place::Rejects) > 0
        },
    },
    MustOccur {
        name: "nobody can say whether the chip is active",
        is: |situation| matches!(situation.state, State::Ended(Ending::ActivationUnclear { .. })),
    },
    MustOccur {
        name: "an active card waits for its owner",
        is: |situation| situation.state.phase() == Phase::Parked && situation.truth.active() == 1,
    },
    MustOccur {
        name: "the program is dead while a chip is half written",
        is: |situation| !situation.runs && situation.truth.cards.iter().any(|card| card.chip == Chip::Half),
    },
    MustOccur {
        name: "the program is dead while a card is half printed",
        is: |situation| !situation.runs && situation.truth.cards.iter().any(|card| card.panels == 3),
    },
    MustOccur {
        name: "the program is dead and the chip is active, but no journal says so",
        is: |situation| {
            !situation.runs
                && situation.truth.active() == 1
                && matches!(situation.state, State::Activating { .. })
        },
    },
];

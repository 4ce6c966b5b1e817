//! The card printer: looking, moving, printing.

use host_driver::issuance::machine::{CardPlace, CardUid, Event, Outcome, PrintOutcome, PrinterView};
use host_driver::office::words::Words;

use super::super::rules::Rule;
use super::super::truth::{Chip, Deed, Place, Truth, WHOLE};
use super::{Ways, failed, nothing, unknown};

pub(super) fn find_card(ways: &mut Ways<'_>) {
    let place = match ways.truth.inside().map(|card| ways.truth.cards[card].place) {
        None => CardPlace::Nowhere,
        Some(Place::Contactless) => CardPlace::Contactless,
        Some(_) => CardPlace::Elsewhere,
    };
    let looked = |truth: &mut Truth| truth.looked_at(&[Deed::Feed, Deed::Eject, Deed::Reject]);
    let found = |place, fault| Event::Found(PrinterView { place, fault });
    ways.plain("seen", looked, found(place, None));
    ways.fault(
        "seen, printer has a fault",
        looked,
        found(place, Some(Words::default())),
    );
    ways.fault(
        "printer does not say",
        nothing,
        found(CardPlace::CannotTell, Some(Words::default())),
    );
}

pub(super) fn feed(ways: &mut Ways<'_>) {
    let truth = ways.truth;
    let Some(blank) = truth.cards.iter().position(|card| card.place == Place::Hopper) else {
        ways.plain("hopper is empty", nothing, Event::Fed(failed()));
        return;
    };
    let moved = |to: Place| {
        move |truth: &mut Truth| {
            if !truth.record_matched {
                truth.break_rule(Rule::TestBeforeBlank);
            }
            if truth.inside().is_some() {
                truth.break_rule(Rule::OneCardInside);
            }
            truth.cards[blank].place = to;
        }
    };
    ways.done("done", moved(Place::Contactless), Event::Fed(Outcome::Done));
    ways.fault("not moved", nothing, Event::Fed(failed()));
    ways.fault("not moved, no answer", nothing, Event::Fed(unknown()));
    ways.fault(
        "moved, no answer",
        moved(Place::Contactless),
        Event::Fed(unknown()),
    );
    ways.torn("jammed", moved(Place::Transport), Event::Fed(failed()));
}

pub(super) fn count_panels(ways: &mut Ways<'_>) {
    let looked = |truth: &mut Truth| truth.looked_at(&[Deed::Print]);
    let panels = Some(u32::from(ways.truth.counter));
    ways.plain("counted", looked, Event::Counted { panels });
    // Then it is the operator's eye that decides.
    ways.fault("printer does not say", looked, Event::Counted { panels: None });
}

pub(super) fn print(ways: &mut Ways<'_>, uid: &CardUid) {
    let detail = Words::default;
    let refused = Event::Printed(PrintOutcome::Refused { detail: detail() });
    let Some(card) = ways.truth.inside().filter(|card| Truth::uid(*card) == *uid) else {
        ways.plain("another card or none", nothing, refused);
        return;
    };
    let printed = |panels: u8| {
        move |truth: &mut Truth| {
            let paper = &mut truth.cards[card];
            if paper.panels != 0 || paper.chip != Chip::Complete {
                truth.break_rule(Rule::PrintedOnce);
                return;
            }
            paper.place = Place::Transport;
            paper.panels = panels;
            truth.counter += panels;
        }
    };
    ways.done("done", printed(WHOLE), Event::Printed(PrintOutcome::Done));
    ways.fault("refused", nothing, refused);
    ways.fault(
        "spoilt",
        printed(3),
        Event::Printed(PrintOutcome::Spoilt { detail: detail() }),
    );
    let unknown = || Event::Printed(PrintOutcome::Unknown { detail: detail() });
    ways.fault("nothing printed, no answer", nothing, unknown());
    ways.torn("part printed, no answer", printed(3), unknown());
    ways.fault("done, no answer", printed(WHOLE), unknown());
}

/// A card leaves the printer.
pub(super) fn leave(ways: &mut Ways<'_>, to: Place, event: fn(Outcome) -> Event) {
    let Some(card) = ways.truth.inside() else {
        ways.plain("no card to move", nothing, event(failed()));
        return;
    };
    let moved = |truth: &mut Truth| truth.cards[card].place = to;
    ways.done("done", moved, event(Outcome::Done));
    ways.fault("not moved", nothing, event(failed()));
    ways.fault("not moved, no answer", nothing, event(unknown()));
    ways.fault("moved, no answer", moved, event(unknown()));
    ways.torn(
        "jammed",
        |truth| truth.cards[card].place = Place::Transport,
        event(failed()),
    );
}

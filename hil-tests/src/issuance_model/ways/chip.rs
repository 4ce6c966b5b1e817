//! The chip, in the printer and on the desk.

use host_driver::issuance::machine::{BlankReading, CardUid, ChipReading, DeskReading, Event, Outcome};
use host_driver::office::words::Words;

use super::super::rules::Rule;
use super::super::truth::{Chip, Deed, Place, Truth, WHOLE};
use super::{Ways, failed, nothing, unknown};

pub(super) fn read_blank(ways: &mut Ways<'_>) {
    let detail = Words::default;
    ways.fault(
        "reader gone",
        nothing,
        Event::BlankRead(BlankReading::ReaderGone { detail: detail() }),
    );
    let unreadable = Event::BlankRead(BlankReading::Unreadable { detail: detail() });
    let Some(card) = ways.truth.at_station() else {
        ways.plain("no chip answers", nothing, unreadable);
        return;
    };
    let uid = Truth::uid(card);
    let foreign = |uid: CardUid| {
        Event::BlankRead(BlankReading::NotBlank {
            uid,
            detail: detail(),
        })
    };
    match ways.truth.cards[card].chip {
        Chip::Untouched => {
            let event = Event::BlankRead(BlankReading::Blank { uid: uid.clone() });
            ways.plain("read", nothing, event);
            ways.fault(
                "a used blank",
                |truth| truth.cards[card].chip = Chip::Foreign,
                foreign(uid),
            );
            ways.fault(
                "a dead chip",
                |truth| truth.cards[card].chip = Chip::Dead,
                unreadable.clone(),
            );
            ways.fault("no chip answers", nothing, unreadable);
        }
        Chip::Dead => ways.plain("no chip answers", nothing, unreadable),
        _ => ways.plain("not a blank", nothing, foreign(uid)),
    }
}

pub(super) fn personalise(ways: &mut Ways<'_>, uid: &CardUid) {
    let Some(card) = ways.truth.at_station().filter(|card| Truth::uid(*card) == *uid) else {
        ways.plain("another card or none", nothing, Event::Personalised(failed()));
        return;
    };
    let written = |chip: Chip| {
        move |truth: &mut Truth| {
            if truth.cards[card].chip != Chip::Untouched {
                truth.break_rule(Rule::WrittenOnce);
            }
            truth.cards[card].chip = chip;
        }
    };
    ways.done(
        "done",
        written(Chip::Complete),
        Event::Personalised(Outcome::Done),
    );
    ways.fault("refused", nothing, Event::Personalised(failed()));
    ways.fault("torn", written(Chip::Half), Event::Personalised(failed()));
    ways.fault(
        "nothing written, no answer",
        nothing,
        Event::Personalised(unknown()),
    );
    ways.torn(
        "torn, no answer",
        written(Chip::Half),
        Event::Personalised(unknown()),
    );
    ways.fault(
        "done, no answer",
        written(Chip::Complete),
        Event::Personalised(unknown()),
    );
    ways.torn("chip dies", written(Chip::Dead), Event::Personalised(unknown()));
}

pub(super) fn inspect_chip(ways: &mut Ways<'_>, uid: &CardUid) {
    let looked = |truth: &mut Truth| truth.looked_at(&[Deed::Personalise]);
    let at_station = ways.truth.at_station().filter(|card| Truth::uid(*card) == *uid);
    let reading = match at_station.map(|card| ways.truth.cards[card].chip) {
        Some(Chip::Untouched) => ChipReading::Untouched,
        Some(Chip::Complete) => ChipReading::Complete,
        _ => ChipReading::Spoilt {
            detail: Words::default(),
        },
    };
    ways.plain("read", looked, Event::ChipInspected(reading));
    let detail = Words::default();
    ways.fault(
        "reader gone",
        nothing,
        Event::ChipInspected(ChipReading::ReaderGone { detail }),
    );
    let detail = Words::default();
    ways.fault(
        "not readable",
        looked,
        Event::ChipInspected(ChipReading::Spoilt { detail }),
    );
}

pub(super) fn read_desk(ways: &mut Ways<'_>, uid: &CardUid) {
    let looked = |truth: &mut Truth| truth.looked_at(&[Deed::Activate]);
    let seen = match ways.truth.on_desk {
        Some(card) if ways.truth.cards[card].place == Place::Outside => {
            let chip = ways.truth.cards[card].chip;
            if chip == Chip::Dead {
                DeskReading::Unreadable {
                    detail: Words::default(),
                }
            } else {
                DeskReading::Card {
                    uid: Truth::uid(card),
                    activated: chip == Chip::Active,
                    intact: Truth::uid(card) == *uid && matches!(chip, Chip::Complete | Chip::Active),
                }
            }
        }
        _ => DeskReading::NoCard,
    };
    ways.plain("read", looked, Event::DeskRead(seen));
    let detail = Words::default();
    ways.fault(
        "reader gone",
        nothing,
        Event::DeskRead(DeskReading::ReaderGone { detail }),
    );
    ways.fault(
        "taken away",
        |truth| truth.on_desk = None,
        Event::DeskRead(DeskReading::NoCard),
    );
    let detail = Words::default();
    ways.fault(
        "not readable",
        nothing,
        Event::DeskRead(DeskReading::Unreadable { detail }),
    );
    let other = DeskReading::Card {
        uid: CardUid::from_hex("FFFFFFFF"),
        activated: true,
        intact: true,
    };
    ways.fault("another card", nothing, Event::DeskRead(other));
    if let Some(card) = ways.truth.on_desk
        && ways.truth.cards[card].chip == Chip::Complete
    {
        let spoilt = DeskReading::Card {
            uid: Truth::uid(card),
            activated: false,
            intact: false,
        };
        let half = |truth: &mut Truth| truth.cards[card].chip = Chip::Half;
        ways.fault("content lost", half, Event::DeskRead(spoilt));
    }
}

pub(super) fn activate(ways: &mut Ways<'_>, uid: &CardUid) {
    let Some(card) = ways.truth.on_desk.filter(|card| Truth::uid(*card) == *uid) else {
        ways.plain("another card or none", nothing, Event::Activated(failed()));
        return;
    };
    let activated = |truth: &mut Truth| {
        let subject = truth.cards[card];
        if !(truth.record_matched && truth.rightful) {
            truth.break_rule(Rule::TestBeforeActivation);
        }
        if truth.chip_matched != Some(card) {
            truth.break_rule(Rule::OwnerBeforeActivation);
        }
        if subject.chip == Chip::Active {
            truth.break_rule(Rule::ActivatedOnce);
        } else if subject.chip != Chip::Complete || subject.panels != WHOLE {
            truth.break_rule(Rule::RightFace);
        }
        truth.cards[card].chip = Chip::Active;
    };
    ways.done("done", activated, Event::Activated(Outcome::Done));
    ways.fault("refused", nothing, Event::Activated(failed()));
    ways.fault("not done, no answer", nothing, Event::Activated(unknown()));
    ways.fault("done, no answer", activated, Event::Activated(unknown()));
}

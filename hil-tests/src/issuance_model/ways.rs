//! Every way in which an act can end: what it does to the world, and what the program hears of it.

use host_driver::biometric::FingerPosition;
use host_driver::issuance::machine::{
    Act, Answer, BlankReading, CardPlace, CardUid, ChipReading, Comparison, DeskReading, Event, Outcome,
    PrintOutcome, PrinterView, Question, State, Trouble,
};
use host_driver::office::words::Words;

use super::rules::Rule;
use super::truth::{Chip, Deed, Place, Truth, WHOLE};

/// One way.
#[derive(Clone, Debug)]
pub(super) struct Way {
    /// Its name: unique among the ways of an act.
    pub(super) name: &'static str,
    /// Whether it is a fault, to be paid for.
    pub(super) is_fault: bool,
    /// Whether a crash in the middle of the act may leave the world so.
    pub(super) by_crash: bool,
    /// The world afterwards.
    pub(super) truth: Truth,
    /// What the program hears.
    pub(super) event: Event,
}

/// Collects ways that all begin in the same world.
struct Ways<'a> {
    truth: &'a Truth,
    all: Vec<Way>,
}

impl Ways<'_> {
    fn add(
        &mut self,
        name: &'static str,
        is_fault: bool,
        by_crash: bool,
        change: impl FnOnce(&mut Truth),
        event: Event,
    ) {
        let mut truth = self.truth.clone();
        change(&mut truth);
        self.all.push(Way {
            name,
            is_fault,
            by_crash,
            truth,
            event,
        });
    }

    /// Nothing goes wrong.
    fn plain(&mut self, name: &'static str, change: impl FnOnce(&mut Truth), event: Event) {
        self.add(name, false, false, change, event);
    }

    /// Nothing goes wrong with an act that changes the world, so that it may be done although the program dies.
    fn done(&mut self, name: &'static str, change: impl FnOnce(&mut Truth), event: Event) {
        self.add(name, false, true, change, event);
    }

    fn fault(&mut self, name: &'static str, change: impl FnOnce(&mut Truth), event: Event) {
        self.add(name, true, false, change, event);
    }

    /// A fault that a crash in the middle of the act may cause too.
    fn torn(&mut self, name: &'static str, change: impl FnOnce(&mut Truth), event: Event) {
        self.add(name, true, true, change, event);
    }
}

fn failed() -> Outcome {
    Outcome::Failed {
        detail: Words::default(),
    }
}

fn unknown() -> Outcome {
    Outcome::Unknown {
        detail: Words::default(),
    }
}

fn nothing(_: &mut Truth) {}

/// All of them.
pub(super) fn of(truth: &Truth, act: &Act, state: &State) -> Vec<Way> {
    let mut ways = Ways {
        truth,
        all: Vec::new(),
    };
    match act {
        Act::CompareRecord { .. } => compare_record(&mut ways),
        Act::CompareChip { uid, .. } => compare_chip(&mut ways, uid),
        Act::FindCard => find_card(&mut ways),
        Act::Feed => feed(&mut ways),
        Act::ReadBlank => read_blank(&mut ways),
        Act::Personalise { uid } => personalise(&mut ways, uid),
        Act::InspectChip { uid } => inspect_chip(&mut ways, uid),
        Act::CountPanels => count_panels(&mut ways),
        Act::Print { uid } => print(&mut ways, uid),
        Act::Eject => leave(&mut ways, Place::Outside, Event::Ejected),
        Act::Reject => leave(&mut ways, Place::Rejects, Event::Rejected),
        Act::ReadDesk { uid } => read_desk(&mut ways, uid),
        Act::Activate { uid } => activate(&mut ways, uid),
        Act::Ask { question } => ask(&mut ways, *question, state),
    }
    let deed = Deed::of(act);
    for way in &mut ways.all {
        if is_unknown(&way.event) {
            way.truth.uncertain = deed;
        }
    }
    ways.all
}

fn is_unknown(event: &Event) -> bool {
    match event {
        Event::Fed(outcome)
        | Event::Personalised(outcome)
        | Event::Ejected(outcome)
        | Event::Rejected(outcome)
        | Event::Activated(outcome) => matches!(outcome, Outcome::Unknown { .. }),
        Event::Printed(outcome) => matches!(outcome, PrintOutcome::Unknown { .. }),
        _ => false,
    }
}

const MATCH: Comparison = Comparison::Match {
    finger: FingerPosition::RightIndex,
    score: 99,
};
const NO_MATCH: Comparison = Comparison::NoMatch { score: 9 };

fn unusable_fingers(ways: &mut Ways<'_>) {
    let reason = Words::default();
    ways.fault(
        "unreadable finger",
        nothing,
        Event::Compared(Comparison::CannotTell { reason }),
    );
    ways.fault(
        "no finger placed",
        nothing,
        Event::Compared(Comparison::NotPlaced),
    );
    let detail = Words::default();
    ways.fault(
        "sensor failed",
        nothing,
        Event::Compared(Comparison::Failed { detail }),
    );
}

fn compare_record(ways: &mut Ways<'_>) {
    let compared = |matches: bool| {
        move |truth: &mut Truth| {
            if truth.record_no_match >= 4 {
                truth.break_rule(Rule::FourTries);
            }
            truth.record_no_match += u8::from(!matches);
            truth.record_matched |= matches;
        }
    };
    if ways.truth.rightful {
        ways.plain("match", compared(true), Event::Compared(MATCH));
        ways.fault("no match", compared(false), Event::Compared(NO_MATCH));
    } else {
        ways.plain("no match", compared(false), Event::Compared(NO_MATCH));
    }
    unusable_fingers(ways);
}

fn compare_chip(ways: &mut Ways<'_>, uid: &CardUid) {
    let card = ways.truth.card_of(uid);
    if card.is_none() || ways.truth.on_desk != card {
        let detail = Words::default();
        ways.plain(
            "card is not there",
            nothing,
            Event::Compared(Comparison::Failed { detail }),
        );
        return;
    }
    let compared = |matches: bool| {
        move |truth: &mut Truth| {
            if truth.chip_no_match >= 4 {
                truth.break_rule(Rule::FourTries);
            }
            truth.chip_no_match += u8::from(!matches);
            if matches {
                truth.chip_matched = card;
            }
        }
    };
    if ways.truth.rightful {
        ways.plain("match", compared(true), Event::Compared(MATCH));
        ways.fault("no match", compared(false), Event::Compared(NO_MATCH));
    } else {
        ways.plain("no match", compared(false), Event::Compared(NO_MATCH));
    }
    unusable_fingers(ways);
}

fn find_card(ways: &mut Ways<'_>) {
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

fn feed(ways: &mut Ways<'_>) {
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

fn read_blank(ways: &mut Ways<'_>) {
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

fn personalise(ways: &mut Ways<'_>, uid: &CardUid) {
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

fn inspect_chip(ways: &mut Ways<'_>, uid: &CardUid) {
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

fn count_panels(ways: &mut Ways<'_>) {
    let looked = |truth: &mut Truth| truth.looked_at(&[Deed::Print]);
    let panels = Some(u32::from(ways.truth.counter));
    ways.plain("counted", looked, Event::Counted { panels });
    // Then it is the operator's eye that decides.
    ways.fault("printer does not say", looked, Event::Counted { panels: None });
}

fn print(ways: &mut Ways<'_>, uid: &CardUid) {
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
fn leave(ways: &mut Ways<'_>, to: Place, event: fn(Outcome) -> Event) {
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

fn read_desk(ways: &mut Ways<'_>, uid: &CardUid) {
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

fn activate(ways: &mut Ways<'_>, uid: &CardUid) {
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

fn ask(ways: &mut Ways<'_>, question: Question, state: &State) {
    let answer = Event::Answered;
    ways.fault("console closed", nothing, answer(Answer::Gone));
    match question {
        Question::CardGood => {
            // The operator looks: a face that is not whole is never good, and a whole one may still displease.
            let whole = ways.truth.cards.iter().rfind(|card| card.place == Place::Outside);
            if whole.is_some_and(|card| card.panels == WHOLE) {
                ways.plain("good", nothing, answer(Answer::Yes));
            }
            ways.plain("not good", nothing, answer(Answer::No));
        }
        Question::CardOnDesk => {
            let card = ways
                .truth
                .cards
                .iter()
                .rposition(|card| card.place == Place::Outside);
            ways.plain("put there", |truth| truth.on_desk = card, answer(Answer::Yes));
            ways.fault("not put there", nothing, answer(Answer::No));
        }
        Question::HandedOver => {
            let handed = |truth: &mut Truth| {
                if let Some(card) = truth.cards.iter_mut().find(|card| card.chip == Chip::Active) {
                    card.place = Place::Owner;
                }
                truth.on_desk = None;
            };
            ways.plain("handed over", handed, answer(Answer::Yes));
            ways.plain("not yet", nothing, answer(Answer::No));
        }
        Question::RetryOrCancel => {
            let stuck = matches!(
                state,
                State::Paused {
                    trouble: Trouble::CardStuck(_) | Trouble::CardLost,
                    ..
                }
            );
            ways.plain("retry", nothing, answer(Answer::Retry));
            // Whoever gives up here is told to take the card out and put it into the reject box.
            let given_up = move |truth: &mut Truth| {
                if let Some(card) = truth.inside().filter(|_| stuck) {
                    truth.cards[card].place = Place::Rejects;
                }
            };
            ways.plain("give up for now", given_up, answer(Answer::Cancel));
        }
    }
}

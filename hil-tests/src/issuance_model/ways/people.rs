//! Fingers, and the operator's answers.

use host_driver::biometric::FingerPosition;
use host_driver::issuance::machine::{Answer, CardUid, Comparison, Event, Question, State, Trouble};
use host_driver::office::words::Words;

use super::super::rules::Rule;
use super::super::truth::{Chip, Place, Truth, WHOLE};
use super::{Ways, nothing};

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

pub(super) fn compare_record(ways: &mut Ways<'_>) {
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

pub(super) fn compare_chip(ways: &mut Ways<'_>, uid: &CardUid) {
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

pub(super) fn ask(ways: &mut Ways<'_>, question: Question, state: &State) {
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

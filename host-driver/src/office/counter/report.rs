//! What the console hears of an application: its steps, its blank, and how it ended.

use super::Visitor;
use crate::biometric::THRESHOLD;
use crate::issuance::devices::Measured;
use crate::issuance::machine::{CardUid, Ending, Event, Note, State};
use crate::issuance::runner::Observer;
use crate::office::catalogue;
use crate::office::console::{News, Outcome, Teller};
use crate::office::procedure::{Procedure, Step};
use crate::office::words::Words;
use crate::store::ApplicationId;

pub(super) fn step_news(
    procedure: &Procedure,
    step: Step,
    state: &'static str,
    seconds: Option<f64>,
    result: Option<&str>,
) -> News {
    News::Step {
        name: step.as_str(),
        state,
        seconds,
        standard_seconds: procedure.standard(step).map(|time| time.as_secs()),
        result: result.map(str::to_owned),
    }
}

/// An application that ended before the issuance.
pub(super) fn unserved(
    outcome: &'static str,
    visitor: &Visitor,
    application: Option<ApplicationId>,
    words: Words,
) -> Outcome {
    Outcome {
        outcome,
        ticket: visitor.label.clone(),
        application: application.map(|id| id.0),
        resumable: false,
        score: None,
        threshold: THRESHOLD,
        owner_score: None,
        card_uid: None,
        chip_life_cycle: None,
        text_id: words.id,
        text_en: words.en,
    }
}

pub(super) fn outcome_of(
    state: &State,
    observer: &CounterObserver,
    measured: &Measured,
    visitor: &Visitor,
    id: ApplicationId,
) -> Outcome {
    let (outcome, words) = match state {
        State::Ended(ending) => {
            let outcome = match ending {
                Ending::Issued(_) => "issued",
                Ending::NotMatched { .. } => "not_matched",
                Ending::Cancelled => "cancelled",
                Ending::ActivationUnclear { .. } => "rejected",
                Ending::Inconclusive => "failed",
            };
            (outcome, catalogue::ending(ending))
        }
        State::Parked { trouble, .. } => {
            let outcome = if observer.rejected { "rejected" } else { "failed" };
            (outcome, catalogue::trouble(trouble))
        }
        _ => ("failed", Words::default()),
    };
    let mut result = unserved(outcome, visitor, Some(id), words);
    // Also one whose blank must still be found in the printer, which its phase calls running.
    result.resumable = matches!(state, State::Parked { .. });
    result.score = measured.score;
    result.owner_score = measured.owner_score;
    result.card_uid = observer.uid.as_ref().map(ToString::to_string);
    result.chip_life_cycle = measured.life_cycle.map(str::to_owned);
    if let State::Ended(Ending::Issued(card)) = state {
        result.score = Some(card.test_score);
        result.owner_score = Some(card.owner_score);
        result.card_uid = Some(card.uid.to_string());
    }
    result
}

/// Passes on to the console what the runner does.
pub(super) struct CounterObserver {
    pub(super) teller: Teller,
    pub(super) procedure: &'static Procedure,
    /// The card under way.
    pub(super) uid: Option<CardUid>,
    /// Whether a blank was rejected.
    pub(super) rejected: bool,
}

impl Observer for CounterObserver {
    fn step_started(&mut self, step: Step) {
        self.teller
            .tell(&step_news(self.procedure, step, "started", None, None));
    }

    fn step_ended(&mut self, step: Step, seconds: f64, result: &str) {
        self.teller.tell(&step_news(
            self.procedure,
            step,
            "ended",
            Some(seconds),
            Some(result),
        ));
    }

    fn happened(&mut self, event: &Event, notes: &[Note], state: &State) {
        log::info!("{} -> {}", event.name(), state.name());
        for note in notes {
            let (moved, reason, by_hand) = match note {
                Note::BlankTaken => {
                    self.uid = None;
                    ("fed", None, None)
                }
                Note::BlankIdentified { uid } => {
                    self.uid = Some(uid.clone());
                    ("identified", None, None)
                }
                Note::BlankPrinted => ("printed", None, None),
                Note::BlankRejected { reason, by_hand } => {
                    self.rejected = true;
                    ("rejected", Some(reason.as_str()), Some(*by_hand))
                }
                Note::CardActivated => ("activated", None, None),
                Note::CardHandedOver => ("handed_over", None, None),
            };
            let uid = self.uid.as_ref().map(ToString::to_string);
            self.teller.tell(&News::Blank {
                uid,
                state: moved,
                reason,
                by_hand,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issuance::machine::{Answer, CardPlace, Comparison, Outcome as Done, PrinterView};
    use crate::issuance::runner::replayed;
    use crate::office::clock::Moment;
    use crate::office::console::Style;
    use crate::office::procedure::KTP_SUDAH_REKAM;
    use crate::office::record::FingerPosition;

    #[test]
    fn an_application_parked_with_its_blank_somewhere_in_the_printer_says_how_to_go_on() {
        let finger = FingerPosition::RightIndex;
        let found = |place| Event::Found(PrinterView { place, fault: None });
        let state = replayed(vec![
            Event::Begin {
                fingers: vec![finger],
            },
            Event::Compared(Comparison::Match { finger, score: 99 }),
            found(CardPlace::Nowhere),
            Event::Fed(Done::Unknown {
                detail: Words::default(),
            }),
            found(CardPlace::CannotTell),
            Event::Answered(Answer::Cancel),
        ])
        .unwrap();
        let observer = CounterObserver {
            teller: Teller::new(Style::Json, std::io::sink()),
            procedure: &KTP_SUDAH_REKAM,
            uid: None,
            rejected: false,
        };
        let visitor = Visitor {
            ticket: None,
            label: None,
            since: Moment::default(),
        };
        let outcome = outcome_of(
            &state,
            &observer,
            &Measured::default(),
            &visitor,
            ApplicationId(1),
        );
        assert_eq!((outcome.outcome, outcome.resumable), ("failed", true));
    }
}

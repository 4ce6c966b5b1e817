//! The counter's real devices, put together: capture board, card readers, card printer, operator.

use super::capture::{Fingers, NoImage, Wanted, purpose_name};
use super::chip_access::{ChipIn, NoChip, with_chip};
use super::evidence::Evidence;
use super::machine::{
    Answer, BlankReading, CardUid, ChipReading, Comparison, DeskReading, MAX_TRIES, Outcome, PrintOutcome,
    PrinterView, Question, Trouble,
};
use super::prepared::Prepared;
use super::printer_link::PrinterLink;
use super::runner::{Devices, Stopped};
use crate::biometric::{FingerPosition, THRESHOLD, Template, Verdict, extract, verify};
use crate::card::{CardError, CardReaders, ChipCondition, DataGroup, OfficeKey};
use crate::office::catalogue::{self, Asked};
use crate::office::console::{Console, News, Reply};
use crate::office::words::Words;
use protocol::message::{CapturePurpose, CaptureVerdict};

/// The devices of a counter. They are opened once and lent to one application at a time.
#[derive(Debug)]
pub struct Hardware {
    /// Questions and news.
    pub console: Console,
    /// Live fingers.
    pub capture: Box<dyn Fingers>,
    /// Card readers.
    pub readers: Box<dyn CardReaders>,
    /// Name of the reader in the printer.
    pub encoder: String,
    /// Name of the reader on the desk.
    pub desk: String,
    /// The card printer.
    pub printer: PrinterLink,
    /// The office's signing key.
    pub key: OfficeKey,
    /// What a test rig wants to keep.
    pub evidence: Evidence,
}

/// What was measured for one application, for the line that ends it.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    /// Best score against the record.
    pub score: Option<u32>,
    /// Best score against the chip.
    pub owner_score: Option<u32>,
    /// The chip's life cycle, as last read.
    pub life_cycle: Option<&'static str>,
}

/// The counter's devices, working for one application.
#[derive(Debug)]
pub struct CounterDevices<'a> {
    hardware: &'a mut Hardware,
    prepared: Result<&'a Prepared, &'a Words>,
    measured: Measured,
}

impl<'a> CounterDevices<'a> {
    /// The devices, working for the application that `prepared` belongs to. When its card cannot be worked out (its record was
    /// changed meanwhile), `prepared` says why: then everything that needs it fails with that, and a blank under way can
    /// still be found and rejected.
    pub fn new(hardware: &'a mut Hardware, prepared: Result<&'a Prepared, &'a Words>) -> Self {
        Self {
            hardware,
            prepared,
            measured: Measured::default(),
        }
    }

    /// What has been measured so far.
    pub fn measured(&self) -> &Measured {
        &self.measured
    }

    fn compare(
        &mut self,
        finger: FingerPosition,
        purpose: CapturePurpose,
        attempt: u8,
        enrolled: &[Template],
    ) -> Comparison {
        let wanted = Wanted {
            finger,
            purpose,
            attempt,
            attempts: MAX_TRIES,
        };
        let image = match self.hardware.capture.capture(wanted) {
            Ok(image) => image,
            Err(NoImage::NotPlaced) => return Comparison::NotPlaced,
            Err(NoImage::Failed(detail)) => return Comparison::Failed { detail },
        };
        self.hardware
            .evidence
            .finger(&image, purpose_name(purpose), attempt);
        let verdict = match extract(&image) {
            Ok(live) => verify(&live, enrolled),
            Err(unreadable) => {
                self.score(None, "cannot_tell", purpose);
                self.hardware.capture.show(CaptureVerdict::TryAgain);
                return Comparison::CannotTell {
                    reason: unreadable.advice().into(),
                };
            }
        };
        match verdict {
            Verdict::Match { score } => {
                self.score(Some(score), "match", purpose);
                self.hardware.capture.show(CaptureVerdict::Match);
                Comparison::Match { finger, score }
            }
            Verdict::NoMatch { score } => {
                self.score(Some(score), "no_match", purpose);
                let last = attempt >= MAX_TRIES;
                self.hardware.capture.show(if last {
                    CaptureVerdict::NoMatch
                } else {
                    CaptureVerdict::TryAgain
                });
                Comparison::NoMatch { score }
            }
            Verdict::CannotTell { reason } => {
                self.score(None, "cannot_tell", purpose);
                self.hardware.capture.show(CaptureVerdict::TryAgain);
                Comparison::CannotTell {
                    reason: reason.advice().into(),
                }
            }
        }
    }

    fn score(&mut self, score: Option<u32>, verdict: &'static str, purpose: CapturePurpose) {
        let best = match purpose {
            CapturePurpose::Verify => &mut self.measured.score,
            CapturePurpose::Activate => &mut self.measured.owner_score,
        };
        *best = score.max(*best);
        let purpose = purpose_name(purpose);
        let news = News::Score {
            score,
            threshold: THRESHOLD,
            verdict,
            purpose,
        };
        self.hardware.console.teller().tell(&news);
    }

    /// The templates on the chip of card `uid` on the desk, after the office's signature over them was checked.
    fn chip_templates(&mut self, uid: &CardUid, finger: FingerPosition) -> Result<Vec<Template>, Words> {
        let Hardware {
            readers, desk, key, ..
        } = &mut *self.hardware;
        let public = key.public();
        let (found, image) = with_chip(readers.as_mut(), desk, |chip| {
            Ok((chip.uid()?, chip.read_image(|_| {})?))
        })
        .map_err(|error| error.words())?;
        if CardUid::from(found) != *uid {
            return Err(catalogue::trouble(&Trouble::OtherCardOnDesk));
        }
        public
            .verify(&found, &image)
            .map_err(|error| Words::technical(&error))?;
        let mut templates = Vec::new();
        for group in [DataGroup::FirstFinger, DataGroup::SecondFinger] {
            let template =
                Template::from_iso19794_2(image.get(group)).map_err(|error| Words::technical(&error))?;
            templates.push(template);
        }
        templates.retain(|template| template.finger == finger);
        Ok(templates)
    }

    /// Whether the chip holds what was personalised for this application.
    fn holds_ours(
        chip: &mut ChipIn<'_>,
        prepared: &Prepared,
        key: &OfficeKey,
        uid: &crate::card::Uid,
    ) -> Result<bool, CardError> {
        match chip.verify(&prepared.image(key, uid)?, |_| {}) {
            Ok(()) => Ok(true),
            Err(
                CardError::ReadBackDiffers { .. }
                | CardError::Unreadable { .. }
                | CardError::FileMissing { .. },
            ) => Ok(false),
            Err(other) => Err(other),
        }
    }
}

impl Devices for CounterDevices<'_> {
    fn compare_with_record(&mut self, finger: FingerPosition, attempt: u8) -> Result<Comparison, Stopped> {
        Ok(match self.prepared {
            Ok(prepared) => self.compare(
                finger,
                CapturePurpose::Verify,
                attempt,
                prepared.templates(finger),
            ),
            Err(detail) => Comparison::Failed {
                detail: detail.clone(),
            },
        })
    }

    fn compare_with_chip(
        &mut self,
        uid: &CardUid,
        finger: FingerPosition,
        attempt: u8,
    ) -> Result<Comparison, Stopped> {
        Ok(match self.chip_templates(uid, finger) {
            Ok(templates) => self.compare(finger, CapturePurpose::Activate, attempt, &templates),
            Err(detail) => Comparison::Failed { detail },
        })
    }

    fn find_card(&mut self) -> Result<PrinterView, Stopped> {
        Ok(self.hardware.printer.view())
    }

    fn feed(&mut self) -> Result<Outcome, Stopped> {
        Ok(self.hardware.printer.feed())
    }

    fn read_blank(&mut self) -> Result<BlankReading, Stopped> {
        let Hardware { readers, encoder, .. } = &mut *self.hardware;
        let read = with_chip(readers.as_mut(), encoder, |chip| {
            let uid = chip.uid()?;
            Ok((uid, chip.inspect()))
        });
        Ok(match read {
            Ok((uid, Ok(state))) if state.condition == ChipCondition::Blank => {
                BlankReading::Blank { uid: uid.into() }
            }
            Ok((uid, Ok(state))) => {
                let detail = Words::technical(&CardError::NotBlank(state.condition));
                BlankReading::NotBlank {
                    uid: uid.into(),
                    detail,
                }
            }
            Ok((uid, Err(error))) => match NoChip::from(error) {
                NoChip::Reader(detail) => BlankReading::ReaderGone { detail },
                other => BlankReading::NotBlank {
                    uid: uid.into(),
                    detail: other.words(),
                },
            },
            Err(NoChip::Reader(detail)) => BlankReading::ReaderGone { detail },
            Err(other) => BlankReading::Unreadable {
                detail: other.words(),
            },
        })
    }

    fn personalise(&mut self, uid: &CardUid) -> Result<Outcome, Stopped> {
        let prepared = match self.prepared {
            Ok(prepared) => prepared,
            Err(detail) => {
                return Ok(Outcome::Failed {
                    detail: detail.clone(),
                });
            }
        };
        let Hardware {
            readers,
            encoder,
            key,
            ..
        } = &mut *self.hardware;
        let written = with_chip(readers.as_mut(), encoder, |chip| {
            let found = chip.uid()?;
            if CardUid::from(found) != *uid {
                return Err(CardError::UidChanged);
            }
            let content = prepared.content(key, &found)?;
            chip.personalise(&content, |_| {})
        });
        Ok(match written {
            Ok(state) => {
                self.measured.life_cycle = Some(state.life_cycle.name());
                Outcome::Done
            }
            Err(error) => error.outcome(),
        })
    }

    fn inspect_chip(&mut self, uid: &CardUid) -> Result<ChipReading, Stopped> {
        let prepared = match self.prepared {
            Ok(prepared) => prepared,
            Err(detail) => {
                return Ok(ChipReading::Spoilt {
                    detail: detail.clone(),
                });
            }
        };
        let Hardware {
            readers,
            encoder,
            key,
            ..
        } = &mut *self.hardware;
        let read = with_chip(readers.as_mut(), encoder, |chip| {
            let state = chip.inspect()?;
            if CardUid::from(state.uid) != *uid {
                return Err(CardError::UidChanged);
            }
            let ours = state.condition == ChipCondition::Personalised
                && Self::holds_ours(chip, prepared, key, &state.uid)?;
            Ok((state.condition, ours))
        });
        Ok(match read {
            Ok((ChipCondition::Blank, _)) => ChipReading::Untouched,
            Ok((_, true)) => ChipReading::Complete,
            Ok((condition, false)) => ChipReading::Spoilt {
                detail: Words::technical(&CardError::NotComplete(condition)),
            },
            Err(NoChip::Reader(detail)) => ChipReading::ReaderGone { detail },
            Err(other) => ChipReading::Spoilt {
                detail: other.words(),
            },
        })
    }

    fn count_panels(&mut self) -> Result<Option<u32>, Stopped> {
        Ok(self.hardware.printer.panels_printed())
    }

    fn print(&mut self, _: &CardUid) -> Result<PrintOutcome, Stopped> {
        Ok(match self.prepared {
            Ok(prepared) => self.hardware.printer.print(prepared.panels()),
            Err(detail) => PrintOutcome::Spoilt {
                detail: detail.clone(),
            },
        })
    }

    fn eject(&mut self) -> Result<Outcome, Stopped> {
        Ok(self.hardware.printer.eject())
    }

    fn reject(&mut self) -> Result<Outcome, Stopped> {
        Ok(self.hardware.printer.reject())
    }

    fn read_desk(&mut self, uid: &CardUid) -> Result<DeskReading, Stopped> {
        let Hardware {
            readers,
            desk,
            key,
            evidence,
            ..
        } = &mut *self.hardware;
        let prepared = self.prepared;
        let read = with_chip(readers.as_mut(), desk, |chip| {
            let state = chip.inspect()?;
            let filled = matches!(
                state.condition,
                ChipCondition::Personalised | ChipCondition::Activated
            );
            let intact = match prepared {
                Ok(prepared) if CardUid::from(state.uid) == *uid && filled => {
                    Self::holds_ours(chip, prepared, key, &state.uid)?
                }
                _ => false,
            };
            let life_cycle = state.life_cycle.name();
            if intact && state.condition == ChipCondition::Activated {
                evidence.chip_of(&state.uid.to_string(), life_cycle, || chip.read_back(|_| {}));
            }
            Ok((state, intact, life_cycle))
        });
        Ok(match read {
            Ok((state, intact, life_cycle)) => {
                let seen = CardUid::from(state.uid);
                if seen == *uid {
                    self.measured.life_cycle = Some(life_cycle);
                }
                let activated = state.condition == ChipCondition::Activated;
                DeskReading::Card {
                    uid: seen,
                    activated,
                    intact,
                }
            }
            Err(NoChip::Reader(detail)) => DeskReading::ReaderGone { detail },
            Err(NoChip::Empty(_)) => DeskReading::NoCard,
            Err(other) => DeskReading::Unreadable {
                detail: other.words(),
            },
        })
    }

    fn activate(&mut self, uid: &CardUid) -> Result<Outcome, Stopped> {
        let Hardware { readers, desk, .. } = &mut *self.hardware;
        let activated = with_chip(readers.as_mut(), desk, |chip| {
            if CardUid::from(chip.uid()?) != *uid {
                return Err(CardError::UidChanged);
            }
            chip.activate()
        });
        Ok(match activated {
            Ok(_) => Outcome::Done,
            Err(error) => error.outcome(),
        })
    }

    fn ask(&mut self, question: Question, trouble: Option<&Trouble>) -> Result<Answer, Stopped> {
        let about = trouble.map(catalogue::trouble).unwrap_or_default();
        if trouble.is_some() {
            self.hardware.console.teller().problem(about.clone());
        }
        Ok(
            match self.hardware.console.ask(Asked::Issuance(question), &about) {
                Reply::Gone => Answer::Gone,
                Reply::Value(value) => match value.as_str() {
                    "yes" => Answer::Yes,
                    "no" => Answer::No,
                    "retry" => Answer::Retry,
                    _ => Answer::Cancel,
                },
            },
        )
    }
}

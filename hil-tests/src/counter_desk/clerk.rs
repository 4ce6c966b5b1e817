//! The operator: answers, carries cards, mends the printer; and the devices with the operator in front.

use std::sync::{Arc, Mutex, PoisonError};

use host_driver::biometric::FingerPosition;
use host_driver::issuance::devices::CounterDevices;
use host_driver::issuance::machine::{
    Answer, BlankReading, CardUid, ChipReading, Comparison, DeskReading, Event, Note, Outcome, PrintOutcome,
    PrinterView, Question, State, Trouble,
};
use host_driver::issuance::runner::{Devices, Observer, Stopped};
use host_driver::printer::evolis::wire::Panel;

use super::fate::{Fate, Moment};
use crate::device::card_printer::{EvolisCore, Knobs};
use crate::world::{Place, World};

/// How often the operator tries again before giving up for now.
const RETRIES: u32 = 4;

/// The real devices, with somebody who answers.
pub(super) struct Attended<'a> {
    pub(super) devices: CounterDevices<'a>,
    pub(super) world: World,
    pub(super) printer: Arc<Mutex<EvolisCore<World>>>,
    pub(super) fate: Fate,
    pub(super) retries: u32,
    /// Whether the operator finds fault with the first card.
    pub(super) finds_fault: &'a mut bool,
}

impl Attended<'_> {
    /// Does an act between its two moments.
    fn act<R>(
        &mut self,
        name: &str,
        act: impl FnOnce(&mut Self) -> Result<R, Stopped>,
    ) -> Result<R, Stopped> {
        self.fate.set_act(name);
        self.fate.tick(Moment::BeforeAct);
        let done = act(self)?;
        self.fate.tick(Moment::AfterAct);
        self.fate.set_act("-");
        Ok(done)
    }

    fn carry(&self, from: Place, to: Place) {
        if self.world.count(from) > 0 {
            // There is a card and, on a desk that was cleared before, room for it.
            let _ = self.world.move_card(from, to);
        }
    }

    fn answer(&mut self, question: Question, trouble: Option<&Trouble>) -> Answer {
        match question {
            Question::CardGood => {
                let face = self.world.face(Place::Tray);
                let is_whole = face.is_some_and(|face| face.panels() == Panel::ALL && !face.is_overprinted());
                if is_whole && !std::mem::take(self.finds_fault) {
                    Answer::Yes
                } else {
                    Answer::No
                }
            }
            Question::CardOnDesk => {
                self.carry(Place::Tray, Place::Desk);
                Answer::Yes
            }
            Question::HandedOver => {
                self.carry(Place::Desk, Place::Applicant);
                Answer::Yes
            }
            Question::RetryOrCancel => {
                // What these say, whether or not anybody heard it when it happened: put the card into the reject box.
                if matches!(trouble, Some(Trouble::CardNotGood | Trouble::ChipDiffers)) {
                    for place in [Place::Tray, Place::Desk] {
                        self.carry(place, Place::RejectTray);
                    }
                }
                // Whatever a hand can mend is mended before trying again: cover, ribbon, plug.
                let mut printer = self.printer.lock().unwrap_or_else(PoisonError::into_inner);
                printer.knobs = Knobs::default();
                drop(printer);
                if self.retries < RETRIES {
                    self.retries += 1;
                    return Answer::Retry;
                }
                if matches!(trouble, Some(Trouble::CardStuck(_) | Trouble::CardLost)) {
                    for place in Place::IN_PRINTER {
                        self.carry(place, Place::RejectTray);
                    }
                }
                Answer::Cancel
            }
        }
    }
}

impl Devices for Attended<'_> {
    fn compare_with_record(&mut self, finger: FingerPosition, attempt: u8) -> Result<Comparison, Stopped> {
        self.act("compare_record", |all| {
            all.devices.compare_with_record(finger, attempt)
        })
    }

    fn compare_with_chip(
        &mut self,
        uid: &CardUid,
        finger: FingerPosition,
        attempt: u8,
    ) -> Result<Comparison, Stopped> {
        self.act("compare_chip", |all| {
            all.devices.compare_with_chip(uid, finger, attempt)
        })
    }

    fn find_card(&mut self) -> Result<PrinterView, Stopped> {
        self.act("find_card", |all| all.devices.find_card())
    }

    fn feed(&mut self) -> Result<Outcome, Stopped> {
        self.act("feed", |all| all.devices.feed())
    }

    fn read_blank(&mut self) -> Result<BlankReading, Stopped> {
        self.act("read_blank", |all| all.devices.read_blank())
    }

    fn personalise(&mut self, uid: &CardUid) -> Result<Outcome, Stopped> {
        self.act("personalise", |all| all.devices.personalise(uid))
    }

    fn inspect_chip(&mut self, uid: &CardUid) -> Result<ChipReading, Stopped> {
        self.act("inspect_chip", |all| all.devices.inspect_chip(uid))
    }

    fn count_panels(&mut self) -> Result<Option<u32>, Stopped> {
        self.act("count_panels", |all| all.devices.count_panels())
    }

    fn print(&mut self, uid: &CardUid) -> Result<PrintOutcome, Stopped> {
        self.act("print", |all| all.devices.print(uid))
    }

    fn eject(&mut self) -> Result<Outcome, Stopped> {
        self.act("eject", |all| all.devices.eject())
    }

    fn reject(&mut self) -> Result<Outcome, Stopped> {
        self.act("reject", |all| all.devices.reject())
    }

    fn read_desk(&mut self, uid: &CardUid) -> Result<DeskReading, Stopped> {
        self.act("read_desk", |all| all.devices.read_desk(uid))
    }

    fn activate(&mut self, uid: &CardUid) -> Result<Outcome, Stopped> {
        self.act("activate", |all| all.devices.activate(uid))
    }

    fn ask(&mut self, question: Question, trouble: Option<&Trouble>) -> Result<Answer, Stopped> {
        let trouble = trouble.cloned();
        self.act("ask", |all| Ok(all.answer(question, trouble.as_ref())))
    }
}

/// Does with the cards what the console says.
pub(super) struct Obedient {
    pub(super) world: World,
    /// Whether an event told of a spoilt blank since the last look.
    pub(super) rejected: usize,
}

impl Observer for Obedient {
    fn happened(&mut self, _: &Event, notes: &[Note], _: &State) {
        for note in notes {
            let Note::BlankRejected { by_hand, .. } = note else {
                continue;
            };
            self.rejected += 1;
            if *by_hand {
                for place in [Place::Tray, Place::Desk] {
                    while self.world.count(place) > 0
                        && self.world.move_card(place, Place::RejectTray).is_ok()
                    {}
                }
            }
        }
    }
}

//! One applicant at one counter, through however many deaths of the program.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};

use host_driver::biometric::{FingerPosition, GrayImage};
use host_driver::card::{DataGroup, OfficeKey};
use host_driver::issuance::audit::audit;
use host_driver::issuance::devices::{CounterDevices, Hardware};
use host_driver::issuance::evidence::Evidence;
use host_driver::issuance::machine::{Ending, Phase, State};
use host_driver::issuance::prepared::Prepared;
use host_driver::issuance::printer_link::PrinterLink;
use host_driver::issuance::runner::{Assignment, RunError, Runner, Start, Stopped, replayed};
use host_driver::office::clock::{Clock, Moment};
use host_driver::office::console::{Console, Style, Teller};
use host_driver::office::procedure::KTP_SUDAH_REKAM;
use host_driver::office::words::Words;
use host_driver::printer::Port;
use host_driver::printer::evolis::Evolis;
use host_driver::printer::evolis::wire::Panel;
use host_driver::store::{ApplicationId, BlankPlace, Store};

use super::clerk::{Attended, Obedient};
use super::fate::{Death, Fate};
use super::wires::{DESK, ENCODER, FatedFingers, FatedJournal, FatedPort, FatedReaders};
use crate::applicant::{Applicant, Sample};
use crate::device::card_printer::EvolisCore;
use crate::hall;
use crate::world::{Blank, BlankKind, Place, World};

/// Blanks in the hopper: more than two strikes can spoil.
const BLANKS: u32 = 4;
/// The office's signing key: of this test alone.
const SECRET: [u8; 32] = [7; 32];
/// Most starts of the program: after that it is stuck.
const STARTS: u32 = 12;

/// What is worked out once and serves every life: the applicant, the card, the fingers.
pub struct Office {
    applicant: Applicant,
    prepared: Prepared,
    owner: Arc<dyn Fn(FingerPosition) -> GrayImage + Send + Sync>,
    stranger: Arc<dyn Fn(FingerPosition) -> GrayImage + Send + Sync>,
}

impl std::fmt::Debug for Office {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Office").finish_non_exhaustive()
    }
}

/// What is otherwise than usual, besides the strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Everything is as it should be.
    Happy,
    /// Somebody else's finger.
    Stranger,
    /// The first blank is a used card.
    UsedBlank,
    /// The first blank's chip does not answer.
    BlankWithoutChip,
    /// The operator does not find the first card good.
    BadPrint,
    /// There is one blank, and it is used.
    NoGoodBlank,
    /// A program broken on purpose: it begins an act before its intent is durable. What it does when it dies must be found, or nothing is
    /// checked here.
    WithoutIntents,
}

impl Way {
    /// All but the broken one.
    pub const ALL: [Self; 6] = [
        Self::Happy,
        Self::Stranger,
        Self::UsedBlank,
        Self::BlankWithoutChip,
        Self::BadPrint,
        Self::NoGoodBlank,
    ];

    /// A word for figures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Happy => "happy",
            Self::Stranger => "stranger",
            Self::UsedBlank => "used_blank",
            Self::BlankWithoutChip => "blank_without_chip",
            Self::BadPrint => "bad_print",
            Self::NoGoodBlank => "no_good_blank",
            Self::WithoutIntents => "without_intents",
        }
    }

    fn blanks(self) -> Vec<Blank> {
        let kind = match self {
            Self::UsedBlank | Self::NoGoodBlank => BlankKind::UsedBefore,
            Self::BlankWithoutChip => BlankKind::NoChip,
            _ => BlankKind::Fresh,
        };
        let count = if self == Self::NoGoodBlank { 1 } else { BLANKS };
        let kinds = std::iter::once(kind).chain(std::iter::repeat(BlankKind::Fresh));
        (1..=count)
            .zip(kinds)
            .map(|(number, kind)| Blank::new(number, kind))
            .collect()
    }
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Active cards beyond the first.
    pub double_activations: u32,
    /// Cards with a panel printed on a panel.
    pub double_prints: u32,
    /// Active chips whose content or face is not wholly the applicant's.
    pub wrong_face: u32,
    /// Blanks of which ledger and world disagree.
    pub lost_blanks: u32,
    /// Whether chain or books were not whole.
    pub journal_not_whole: u32,
    /// Whether it did not come to an end.
    pub stuck: u32,
    /// Blanks that were rejected.
    pub rejected: u32,
    /// Whether the applicant has an active card.
    pub issued: u32,
}

impl Account {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.double_activations
            + self.double_prints
            + self.wrong_face
            + self.lost_blanks
            + self.journal_not_whole
            + self.stuck
            == 0
    }
}

/// A life, told.
#[derive(Clone, Debug)]
pub struct Told {
    /// What came of it.
    pub account: Account,
    /// In which state the application is.
    pub state: State,
    /// How often the program was started.
    pub starts: u32,
}

impl Told {
    /// How it ended, in a word or two.
    pub fn end(&self) -> String {
        let end = match &self.state {
            State::Ended(Ending::Issued(_)) => "issued",
            State::Ended(Ending::NotMatched { .. }) => "not matched",
            State::Ended(Ending::Inconclusive) => "inconclusive",
            State::Ended(Ending::Cancelled) => "cancelled",
            State::Ended(Ending::ActivationUnclear { .. }) => "activation unclear",
            State::Parked { .. } => "waits to be resumed",
            _ => "under way",
        };
        match self.account.rejected {
            0 => end.into(),
            1 => format!("{end}, 1 blank rejected"),
            more => format!("{end}, {more} blanks rejected"),
        }
    }
}

struct Stopwatch;

impl Clock for Stopwatch {
    fn now(&self) -> Moment {
        Moment::from_millis(1_790_000_000_000)
    }
}

impl Office {
    /// Works everything out.
    ///
    /// # Errors
    /// If the sample applicants cannot be made.
    pub fn open() -> anyhow::Result<Self> {
        let applicant = Applicant::new(Sample::Budi)?;
        let other = Applicant::new(Sample::WrongFinger)?;
        let record = applicant
            .record
            .as_ref()
            .ok_or_else(|| anyhow::anyhow!("the sample has a record"))?;
        let issued = time::Date::from_calendar_date(2026, time::Month::December, 1)?;
        let prepared = Prepared::new(record, &hall::office().office, ApplicationId(1), issued)?;
        Ok(Self {
            owner: images(&applicant)?,
            stranger: images(&other)?,
            applicant,
            prepared,
        })
    }

    /// Serves the applicant, and starts the program again whenever it has died or given up, until the application is over.
    ///
    /// # Errors
    /// If the store cannot be made; whatever goes wrong in the story is in the account.
    pub fn live(&self, way: Way, fate: &Fate) -> anyhow::Result<Told> {
        let world = World::new(None, way.blanks());
        let printer = Arc::new(Mutex::new(EvolisCore::new(world.clone())));
        let mut store = Store::in_memory()?;
        store.receive_blanks(u32::try_from(world.count(Place::Hopper))?, Stopwatch.now())?;
        let application =
            store.open_application(KTP_SUDAH_REKAM.id, None, &self.applicant.nik, "", Stopwatch.now())?;
        let mut finds_fault = way == Way::BadPrint;
        let mut starts = 0;
        let mut state = State::New;
        let mut gave_up = 0;
        while starts < STARTS {
            let start = match state.phase() {
                Phase::New => Start::Begin(self.prepared.fingers()),
                Phase::Running => Start::Recover,
                // Tried again twice; then it waits for whatever it lacks.
                Phase::Parked if gave_up < 3 => Start::Resume,
                Phase::Parked | Phase::Ended => break,
            };
            starts += 1;
            let ran = catch_unwind(AssertUnwindSafe(|| {
                self.run(
                    way,
                    fate,
                    &world,
                    &printer,
                    &mut store,
                    application,
                    &mut finds_fault,
                    start,
                )
            }));
            match ran {
                Ok(Err(RunError::Illegal(illegal))) => anyhow::bail!("{illegal}"),
                Ok(_) => {}
                Err(death) if death.is::<Death>() => {}
                Err(other) => resume_unwind(other),
            }
            state = replayed(store.replay(application)?.events)?;
            gave_up += u32::from(state.phase() == Phase::Parked);
        }
        let mut account = self.count(&world, &store)?;
        account.stuck = u32::from(!matches!(state.phase(), Phase::Ended | Phase::Parked));
        Ok(Told {
            account,
            state,
            starts,
        })
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "what outlives a run of the program is not the program's"
    )]
    fn run(
        &self,
        way: Way,
        fate: &Fate,
        world: &World,
        printer: &Arc<Mutex<EvolisCore<World>>>,
        store: &mut Store,
        application: ApplicationId,
        finds_fault: &mut bool,
        start: Start,
    ) -> Result<State, RunError> {
        let teller = Teller::new(Style::Json, std::io::sink());
        let opened = (Arc::clone(printer), fate.clone());
        let key = OfficeKey::from_secret(&SECRET).map_err(|_| Stopped)?;
        let mut hardware = Hardware {
            console: Console::new(std::io::empty(), teller),
            capture: Box::new(FatedFingers {
                touches: Arc::clone(if way == Way::Stranger {
                    &self.stranger
                } else {
                    &self.owner
                }),
                fate: fate.clone(),
            }),
            readers: Box::new(FatedReaders {
                world: world.clone(),
                fate: fate.clone(),
            }),
            encoder: ENCODER.into(),
            desk: DESK.into(),
            printer: PrinterLink::opened_by("emulated".into(), move || {
                let (printer, fate) = (Arc::clone(&opened.0), opened.1.clone());
                Evolis::new(Box::new(FatedPort { printer, fate }) as Box<dyn Port>)
            }),
            key,
            evidence: Evidence::default(),
        };
        let prepared: Result<&Prepared, &Words> = Ok(&self.prepared);
        let mut devices = Attended {
            devices: CounterDevices::new(&mut hardware, prepared),
            world: world.clone(),
            printer: Arc::clone(printer),
            fate: fate.clone(),
            retries: 0,
            finds_fault,
        };
        let mut journal = FatedJournal {
            store,
            fate: fate.clone(),
            keeps_intents: way != Way::WithoutIntents,
        };
        let mut observer = Obedient {
            world: world.clone(),
            rejected: 0,
        };
        let assignment = Assignment {
            application,
            procedure: &KTP_SUDAH_REKAM,
            ticket: None,
            who: "operator".into(),
        };
        fate.set_act("-");
        Runner::new(&mut journal, &mut devices, &Stopwatch, &mut observer, assignment).run(start)
    }

    fn count(&self, world: &World, store: &Store) -> anyhow::Result<Account> {
        // The used cards of a delivery are active too, but nothing of ours is on them.
        let ours = world
            .active_cards()
            .into_iter()
            .filter(|(_, chip, face)| chip.content(DataGroup::Biodata).is_some() || !face.is_blank());
        let ours: Vec<_> = ours.collect();
        let nik = self.applicant.nik.as_str().as_bytes();
        let wrong = ours.iter().filter(|(_, chip, face)| {
            let holds_name = chip
                .content(DataGroup::Biodata)
                .is_some_and(|biodata| biodata.windows(nik.len()).any(|window| window == nik));
            !holds_name || face.panels() != Panel::ALL
        });
        let small = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let mut account = Account {
            double_activations: small(ours.len().saturating_sub(1)),
            double_prints: small(world.overprinted()),
            wrong_face: small(wrong.count()),
            issued: small(
                ours.iter()
                    .filter(|(place, ..)| *place == Place::Applicant)
                    .count(),
            ),
            rejected: small(world.count(Place::RejectTray)),
            ..Account::default()
        };
        let blanks = store.blanks()?;
        let entered = |is: fn(BlankPlace) -> bool| blanks.iter().filter(|blank| is(blank.place)).count();
        let inside: usize = Place::IN_PRINTER
            .into_iter()
            .map(|place| world.count(place))
            .sum();
        for (entered, lies) in [
            (entered(|place| place == BlankPlace::InPrinter), inside),
            (
                entered(|place| place == BlankPlace::Printed),
                world.count(Place::Tray) + world.count(Place::Desk),
            ),
            (
                entered(|place| place == BlankPlace::HandedOver),
                world.count(Place::Applicant),
            ),
            (
                entered(|place| matches!(place, BlankPlace::Rejected(_))),
                world.count(Place::RejectTray),
            ),
        ] {
            account.lost_blanks += small(entered.abs_diff(lies));
        }
        let whole = store.check_chain(None)?.broken.is_none() && audit(store)?.is_empty();
        account.journal_not_whole = u32::from(!whole);
        Ok(account)
    }
}

/// One impression of each finger, good enough to be told.
fn images(applicant: &Applicant) -> anyhow::Result<Arc<dyn Fn(FingerPosition) -> GrayImage + Send + Sync>> {
    let [first, second] = crate::applicant::ENROLLED_FINGERS;
    let of = |finger| {
        applicant
            .touch(finger, 0)
            .map(|impression| impression.image().clone())
    };
    let (right, left) = (of(first)?, of(second)?);
    Ok(Arc::new(move |finger| {
        if finger == first {
            right.clone()
        } else {
            left.clone()
        }
    }))
}

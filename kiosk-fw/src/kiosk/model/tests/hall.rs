//! A small world around the model: host, line, printer, card, residents and power, all from one seed. Everything that takes time takes a
//! random time, and the power can go after any event.

use std::collections::{BTreeMap, VecDeque};

use super::card::{Card, Order};
use super::chance::Chance;
use super::incident::Incident;
use super::office::{MIDNIGHT, MORNING, Office};
use super::paper::{Job, Printer, Sheet};
use crate::kiosk::model::{Action, Event, Key, Model, View};
use crate::kiosk::record::{self, Happened, Stage};
use protocol::RequestId;
use protocol::link::RequestFailure;
use protocol::message::{Message, Refusal};

/// How long a line may be cut before the ends notice.
const SILENCE_US: u64 = 2_500_000;

#[derive(Clone, Debug)]
enum Word {
    Request(u16, Message),
    Answer(u16, Result<Message, RequestFailure>),
}

/// How the kiosk is broken, to see that the check finds it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Broken {
    Not,
    /// Prints before the intent is durable.
    PrintsFirst,
    /// Takes it that nothing was printed, instead of asking the printer.
    NeverLooks,
    /// Gives a number of the loan for a press that the host was asked for, and leaves it at that.
    ForgetsHost,
}

#[allow(clippy::struct_excessive_bools)] // Line, host and session go up and down each for itself.
pub(super) struct Hall {
    pub(super) now: u64,
    chance: Chance,
    broken: Broken,
    pub(super) model: Option<Model>,
    boot: u32,
    on_at: Option<u64>,
    /// Where the model's time begins.
    started: u64,
    pub(super) card: Card,
    pub(super) printer: Printer,
    pub(super) office: Office,
    up: bool,
    up_at: Option<u64>,
    anew: bool,
    cut: bool,
    host_off: bool,
    silent_at: Option<u64>,
    stuck_until: u64,
    to_host: VecDeque<(u64, Word)>,
    to_kiosk: VecDeque<(u64, Word)>,
    number: u16,
    asked: Option<(u16, u64)>,
    told: Option<u16>,
    incidents: VecDeque<(u64, Incident)>,
    /// Events that the model has heard, over all boots.
    pub(super) heard: u64,
    /// After which of them the power goes, and for how long.
    pub(super) dark_after: Option<(u64, u64)>,
    printed_first: Option<u32>,
    pushes: u32,
    push_of: BTreeMap<u64, u32>,
}

impl Hall {
    pub(super) fn new(seed: u64, broken: Broken) -> Self {
        let mut chance = Chance::new(seed);
        let mut printer = Printer::new(!chance.one_in(4));
        printer.liar = broken == Broken::NeverLooks;
        Self {
            now: 0,
            broken,
            model: None,
            boot: 100,
            on_at: Some(1),
            started: 0,
            card: Card::default(),
            printer,
            // Some mornings are evenings, and end after midnight.
            office: Office::opens_at(if seed.is_multiple_of(3) {
                MIDNIGHT - 30
            } else {
                MORNING
            }),
            up: false,
            up_at: None,
            anew: true,
            cut: false,
            host_off: false,
            silent_at: None,
            stuck_until: 0,
            to_host: VecDeque::new(),
            to_kiosk: VecDeque::new(),
            number: 0,
            asked: None,
            told: None,
            incidents: VecDeque::new(),
            heard: 0,
            dark_after: None,
            printed_first: None,
            pushes: 0,
            push_of: BTreeMap::new(),
            chance,
        }
    }

    /// Things happen at these times. Sorted here.
    pub(super) fn schedule(&mut self, mut incidents: Vec<(u64, Incident)>) {
        incidents.sort_by_key(|(at, _)| *at);
        self.incidents = incidents.into();
    }

    pub(super) fn view(&self) -> Option<View> {
        self.model.as_ref().map(Model::view)
    }

    /// Lets the world go on until `until`.
    pub(super) fn run_until(&mut self, until: u64) {
        while self.step(until) {}
        self.now = self.now.max(until);
    }

    fn next(&self) -> Option<u64> {
        let deliverable = !self.cut && !self.host_off && self.model.is_some();
        let to_kiosk = self.to_kiosk.front().map(|(at, _)| *at).filter(|_| deliverable);
        let to_host = self.to_host.front().map(|(at, _)| (*at).max(self.stuck_until));
        let times = [
            self.on_at,
            self.model
                .as_ref()
                .and_then(Model::next_timeout)
                .map(|at| at + self.started),
            self.card.next().filter(|_| self.model.is_some()),
            self.printer.next().filter(|_| self.model.is_some()),
            to_kiosk,
            to_host.filter(|_| deliverable),
            self.up_at.filter(|_| deliverable),
            self.silent_at,
            self.incidents.front().map(|(at, _)| *at),
        ];
        times.into_iter().flatten().min()
    }

    /// One thing happens, if any does before `until`.
    fn step(&mut self, until: u64) -> bool {
        let Some(at) = self.next().filter(|at| *at <= until) else {
            return false;
        };
        self.now = self.now.max(at);
        let now = self.now;
        let due = |at: Option<u64>| at.is_some_and(|at| at <= now);
        let deliverable = !self.cut && !self.host_off && self.model.is_some();
        if due(self.incidents.front().map(|(at, _)| *at)) {
            if let Some((_, incident)) = self.incidents.pop_front() {
                self.befall(incident);
            }
        } else if due(self.on_at) {
            self.switch_on();
        } else if due(self.silent_at) {
            self.silent_at = None;
            if self.up {
                self.up = false;
                self.feed(Event::LinkDown);
            }
        } else if deliverable && due(self.up_at) {
            self.come_up();
        } else if deliverable && due(self.to_kiosk.front().map(|(at, _)| *at)) {
            self.deliver_to_kiosk();
        } else if deliverable && due(self.to_host.front().map(|(at, _)| (*at).max(self.stuck_until))) {
            self.deliver_to_host();
        } else if self.model.is_some() && due(self.card.next()) {
            self.finish_card();
        } else if self.model.is_some() && due(self.printer.next()) {
            if let Some(event) = self.printer.finish(now, &mut self.chance) {
                self.feed(event);
            }
        } else {
            self.feed(Event::Timeout);
        }
        true
    }

    fn finish_card(&mut self) {
        // The card lends its record, so that it cannot be asked meanwhile.
        let mut card = core::mem::take(&mut self.card);
        let mut chance = Chance::new(self.chance.between(0, u64::MAX - 1));
        let mut actions = None;
        card.finish(&mut chance, |event| actions = self.hear(event));
        self.card = card;
        self.perform(actions);
    }

    fn feed(&mut self, event: Event<'_>) {
        let actions = self.hear(event);
        self.perform(actions);
    }

    fn hear(&mut self, event: Event<'_>) -> Option<Vec<Action>> {
        let model = self.model.as_mut()?;
        let actions = model.handle(self.now - self.started, event).to_vec();
        self.heard += 1;
        if let Some(flight) = model.flight().filter(|flight| flight.press != 0) {
            self.push_of.entry(flight.press).or_insert(self.pushes);
        }
        Some(actions)
    }

    fn perform(&mut self, actions: Option<Vec<Action>>) {
        let Some(actions) = actions else { return };
        if let Some((_, dark_us)) = self.dark_after.filter(|(heard, _)| *heard == self.heard) {
            self.dark_after = None;
            // The power goes before, between or after the actions.
            let some = self.chance.between(0, actions.len() as u64) as usize;
            for action in actions.into_iter().take(some) {
                self.act(action);
            }
            self.switch_off(dark_us);
            return;
        }
        for action in actions {
            self.act(action);
        }
    }

    fn act(&mut self, action: Action) {
        let now = self.now;
        match action {
            Action::Accept(_) | Action::Refuse(..) | Action::AnswerReprint(..) | Action::TellPrinter(_) => (),
            Action::RequestTicket(request) => {
                let press = request.press;
                self.asked = self.ask(request.into()).map(|number| (number, press));
                if self.asked.is_none()
                    && let Some(model) = &mut self.model
                {
                    model.not_asked(now - self.started);
                }
            }
            Action::TellPrinted(printed) => self.tell(printed.into()),
            Action::TellTaken(taken) => self.tell(taken.into()),
            Action::CheckPrinter { counters } => {
                self.printer.give(now, Job::Look { counters }, &mut self.chance);
            }
            Action::Print { mark } if self.printed_first == Some(mark) => {
                self.printer.give(now, Job::Pretend, &mut self.chance);
            }
            Action::Print { mark } => {
                let sheet = self.sheet();
                self.printer
                    .give(now, Job::Print { mark, sheet }, &mut self.chance);
            }
            Action::Resolve { mark, counters } => {
                let before = counters;
                self.printer
                    .give(now, Job::Resolve { mark, before }, &mut self.chance);
            }
            Action::Open => self.card.give(now, Order::Open, &mut self.chance),
            Action::Record => self.record(),
            Action::Peek => self.card.give(now, Order::Peek, &mut self.chance),
            Action::Pop => self.card.give(now, Order::Pop, &mut self.chance),
        }
    }

    fn record(&mut self) {
        let Some(model) = &self.model else { return };
        let (snapshot, mut happened) = model.record();
        if self.broken == Broken::ForgetsHost
            && let Happened::Taken { instead_of, .. } = &mut happened
        {
            *instead_of = None;
        }
        let mut bytes = [0; crate::journal::MAX_RECORD];
        let length = record::encode(snapshot, &happened, &mut bytes).unwrap();
        let printing = matches!(happened, Happened::Intent | Happened::Taken { .. });
        let stage = snapshot.flight.map(|flight| flight.stage);
        if let (Broken::PrintsFirst, true, Some(Stage::Intent { mark, .. })) = (self.broken, printing, stage)
        {
            let sheet = self.sheet();
            self.printer.put_out(mark, sheet, true, self.now);
            self.printed_first = Some(mark);
        }
        let order = Order::Push(bytes[..length].to_vec());
        self.card.give(self.now, order, &mut self.chance);
    }

    /// What the flight's ticket looks like on paper.
    fn sheet(&self) -> Sheet {
        let flight = self.model.as_ref().and_then(Model::flight).unwrap();
        let Stage::Intent { ticket, .. } = flight.stage else {
            panic!("there is no ticket to print")
        };
        let day = *self.office.days.get(&ticket.id).unwrap();
        Sheet {
            press: flight.press,
            ticket_id: ticket.id,
            label: (day, ticket.prefix, ticket.number),
            whole: false,
            at: 0,
            issued_at: ticket.issued.map(|(unix, _)| unix),
        }
    }

    fn ask(&mut self, message: Message) -> Option<u16> {
        if !self.up {
            return None;
        }
        self.number += 1;
        let at = self.now + self.chance.between(500, 20_000);
        self.to_host.push_back((at, Word::Request(self.number, message)));
        Some(self.number)
    }

    fn tell(&mut self, message: Message) {
        self.told = self.ask(message);
        if self.told.is_none()
            && let Some(model) = &mut self.model
        {
            model.not_told(self.now - self.started);
        }
    }

    fn deliver_to_host(&mut self) {
        let Some((_, Word::Request(number, message))) = self.to_host.pop_front() else {
            return;
        };
        let busy = self.chance.one_in(12);
        let answer = if busy {
            Err(RequestFailure::Refused(Refusal::Busy))
        } else {
            Ok(self.office.answer(self.now, &message))
        };
        let at = self.now + self.chance.between(500, 30_000);
        self.to_kiosk.push_back((at, Word::Answer(number, answer)));
    }

    fn deliver_to_kiosk(&mut self) {
        match self.to_kiosk.pop_front() {
            Some((_, Word::Request(number, message))) => {
                let id = RequestId { origin: 1, number };
                self.feed(Event::Asked {
                    id,
                    message: &message,
                });
            }
            Some((_, Word::Answer(number, answer))) => self.answered(number, &answer),
            None => (),
        }
    }

    fn answered(&mut self, number: u16, answer: &Result<Message, RequestFailure>) {
        let answer = answer.as_ref().map_err(|failure| *failure);
        if self.told == Some(number) {
            self.told = None;
            self.feed(Event::TellAnswer(answer));
        } else if let Some((_, press)) = self.asked.filter(|(asked, _)| *asked == number) {
            self.asked = None;
            self.feed(Event::TicketAnswer { press, answer });
        }
    }

    fn come_up(&mut self) {
        self.up_at = None;
        self.up = true;
        self.feed(Event::LinkUp);
        if core::mem::take(&mut self.anew) {
            let lend = self.chance.one_in(2);
            for message in self.office.set_up(self.now, lend) {
                self.number += 1;
                let at = self.now + self.chance.between(500, 5_000);
                self.to_kiosk.push_back((at, Word::Request(self.number, message)));
            }
        }
    }

    fn befall(&mut self, incident: Incident) {
        match incident {
            Incident::Press(key) => {
                if key == Key::Select {
                    self.pushes += 1;
                }
                self.feed(Event::Pressed(key));
            }
            Incident::Cut(cut) => {
                self.cut = cut;
                self.hear_of_line(cut);
            }
            Incident::Host(true) => {
                self.host_off = false;
                self.forget_session();
                for number in [self.told, self.asked.map(|(number, _)| number)]
                    .into_iter()
                    .flatten()
                {
                    self.answered(number, &Err(RequestFailure::PeerRestarted));
                }
                self.hear_of_line(false);
            }
            Incident::Host(false) => {
                self.host_off = true;
                self.hear_of_line(true);
            }
            Incident::Stuck(for_us) => self.stuck_until = self.now + for_us,
            Incident::Paper(state) => self.printer.become_so(self.now, state),
            Incident::Card { broken } => self.card.broken = broken,
            Incident::Dark(for_us) => {
                if self.model.is_some() {
                    self.switch_off(for_us);
                }
            }
            Incident::Lend => {
                if self.up {
                    let lend = self.office.lend(self.now);
                    self.number += 1;
                    self.to_kiosk
                        .push_back((self.now + 1_000, Word::Request(self.number, lend.into())));
                }
            }
        }
    }

    fn hear_of_line(&mut self, gone: bool) {
        if gone {
            self.silent_at = Some(self.now + SILENCE_US);
        } else {
            self.silent_at = None;
            if !self.up {
                self.up_at = Some(self.now + self.chance.between(20_000, 150_000));
            }
        }
    }

    /// Host or kiosk has begun anew: what was on its way is lost.
    fn forget_session(&mut self) {
        self.anew = true;
        self.to_host.clear();
        self.to_kiosk.clear();
        if self.up {
            self.up = false;
            self.feed(Event::LinkDown);
        }
        self.up_at = Some(self.now + self.chance.between(20_000, 150_000));
    }

    fn switch_off(&mut self, for_us: u64) {
        self.model = None;
        self.forget_session();
        (self.up_at, self.silent_at, self.asked, self.told) = (None, None, None, None);
        self.card.abandoned(&mut self.chance);
        self.printer.abandoned(self.now, &mut self.chance);
        self.on_at = Some(self.now + for_us);
    }

    fn switch_on(&mut self) {
        self.on_at = None;
        self.boot += 1;
        self.started = self.now;
        self.model = Some(Model::new(self.boot));
        self.up_at = Some(self.now + self.chance.between(20_000, 300_000));
        self.feed(Event::Timeout);
    }

    /// Power, line, host, printer and card are as they should be, and nothing more befalls them.
    pub(super) fn make_well(&mut self) {
        self.incidents.clear();
        self.dark_after = None;
        self.befall(Incident::Paper(Ok(super::paper::READY)));
        self.befall(Incident::Card { broken: false });
        self.stuck_until = 0;
        self.befall(Incident::Cut(false));
        if self.host_off {
            self.befall(Incident::Host(true));
        }
        if self.model.is_none() {
            self.on_at = Some(self.now);
        }
    }

    /// Which push of the button a press stands for.
    pub(super) fn push_of(&self, press: u64) -> u32 {
        self.push_of.get(&press).copied().unwrap_or(0)
    }
}

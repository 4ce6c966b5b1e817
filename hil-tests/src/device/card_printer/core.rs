//! The printer's electronics.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use host_driver::printer::evolis::wire::{self, Panel, Refusal, card_sensor};

use super::face::unpack;
use super::frames::{Frame, Frames};
use super::{Mechanics, Obstacle, PrintedFace, Station};
use crate::device::serial::SerialDevice;

/// Which generation's words the printer answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// Primacy and later: a phrase for each cause.
    #[default]
    Words,
    /// The generation of A5013: a letter for a family of causes, and a card sensor that says only "a card".
    Letters,
}

/// How long movements take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pace {
    /// No time at all.
    #[default]
    Immediate,
    /// As long as in a real printer: a face takes about half a minute.
    Real,
}

/// Something that goes wrong once, with the next command that begins with certain letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The command is carried out, but its answer gets lost.
    AnswerLost,
    /// The command gets lost.
    CommandLost,
    /// The command is carried out, then the power fails: see [`Knobs::switched_off`].
    PowerLost,
    /// The command is answered with OK, but nothing is done.
    Swallowed,
    /// The command is refused, and nothing is done.
    Refused(Refusal),
}

/// What a person can do to the printer, and what wears out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Knobs {
    /// The cover is open: nothing moves.
    pub cover_open: bool,
    /// Cards that the ribbon is still good for.
    pub ribbon_left: u32,
    /// The printer asks to be cleaned.
    pub cleaning_due: bool,
    /// Switched off: bytes go nowhere, nothing answers.
    pub switched_off: bool,
    /// Faults still to come: with the first command that begins with the text, the first fault for it happens.
    pub faults: Vec<(String, Fault)>,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            cover_open: false,
            ribbon_left: 200,
            cleaning_due: false,
            switched_off: false,
            faults: Vec::new(),
        }
    }
}

/// The electronics of an Evolis printer. Bytes in, bytes out; cards are moved through `M`.
#[derive(Debug)]
pub struct EvolisCore<M> {
    /// What moves the cards.
    pub mechanics: M,
    /// What is wrong with the printer.
    pub knobs: Knobs,
    /// How it answers.
    pub dialect: Dialect,
    /// How fast it moves.
    pub pace: Pace,
    frames: Frames,
    answers: VecDeque<(Duration, Vec<u8>)>,
    busy_until: Duration,
    error: Option<Refusal>,
    downloaded: [Option<Arc<[u8]>>; 5],
    /// The host prints panel by panel with `Sp`; otherwise `Se` prints what was downloaded.
    host_prints: bool,
    face: PrintedFace,
    counters: Counters,
}

#[derive(Debug, Default)]
struct Counters {
    panels_printed: u32,
    cards_fed: u32,
    cards_rejected: u32,
}

/// Serial number that the printer answers with.
const SERIAL_NUMBER: &str = "EMU0000001";

impl<M: Mechanics> EvolisCore<M> {
    /// A printer that works.
    pub fn new(mechanics: M) -> Self {
        Self {
            mechanics,
            knobs: Knobs::default(),
            dialect: Dialect::default(),
            pace: Pace::default(),
            frames: Frames::default(),
            answers: VecDeque::new(),
            busy_until: Duration::ZERO,
            error: None,
            downloaded: Default::default(),
            host_prints: false,
            face: PrintedFace::default(),
            counters: Counters::default(),
        }
    }

    /// Panels printed since the printer was made.
    pub fn panels_printed(&self) -> u32 {
        self.counters.panels_printed
    }

    /// Adds a fault that happens once, with the next command that begins with `command`.
    pub fn break_once(&mut self, command: &str, fault: Fault) {
        self.knobs.faults.push((command.to_owned(), fault));
    }

    fn carry_out(&mut self, now: Duration, frame: Frame) {
        let fault = self.fault_for(&frame);
        if fault == Some(Fault::CommandLost) {
            return;
        }
        let (result, took) = match fault {
            Some(Fault::Refused(refusal)) => (self.fail(refusal), Duration::ZERO),
            Some(Fault::Swallowed) => (Ok(ok()), Duration::ZERO),
            _ => self.execute(frame),
        };
        let began = now.max(self.busy_until);
        self.busy_until = if self.pace == Pace::Real {
            began + took
        } else {
            began
        };
        match fault {
            Some(Fault::AnswerLost) => return,
            Some(Fault::PowerLost) => {
                self.switch_off();
                return;
            }
            _ => {}
        }
        let text = match result {
            Ok(text) => text,
            Err(refusal) => match self.dialect {
                Dialect::Words => refusal.words(),
                Dialect::Letters => refusal.letters(),
            }
            .to_owned(),
        };
        let mut answer = text.into_bytes();
        answer.push(wire::ANSWER_END);
        self.answers.push_back((self.busy_until, answer));
    }

    fn fault_for(&mut self, frame: &Frame) -> Option<Fault> {
        let text = match frame {
            Frame::Command(words) => words.join(";"),
            Frame::Download { panel, levels, .. } => format!("Db;{};{}", panel.letter(), levels.number()),
        };
        let place = self
            .knobs
            .faults
            .iter()
            .position(|(command, _)| text.starts_with(command.as_str()))?;
        Some(self.knobs.faults.remove(place).1)
    }

    /// Answer, and how long it takes a real printer.
    fn execute(&mut self, frame: Frame) -> (Reply, Duration) {
        let words = match frame {
            Frame::Download { complete: false, .. } => return (Err(Refusal::Parameter), Duration::ZERO),
            Frame::Download {
                panel, levels, data, ..
            } => {
                self.downloaded[panel as usize] = Some(unpack(levels, &data));
                return (Ok(ok()), Duration::ZERO);
            }
            Frame::Command(words) => words,
        };
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let seconds = Duration::from_secs;
        match words[..] {
            ["Rfv"] => (Ok("EMU 1.0".to_owned()), Duration::ZERO),
            ["Rsn"] => (Ok(SERIAL_NUMBER.to_owned()), Duration::ZERO),
            ["Rtp"] => (Ok("Dualys3".to_owned()), Duration::ZERO),
            ["Rco", which] => (self.counter(which), Duration::ZERO),
            ["Rlr", "p"] => (Ok(self.card_sensor().to_owned()), Duration::ZERO),
            ["Rlr", "r"] => {
                let due = if self.knobs.cleaning_due {
                    wire::NEED_CLEANING
                } else {
                    wire::OK
                };
                (Ok(due.to_owned()), Duration::ZERO)
            }
            ["Sk", "f", ..] => {
                let empty = self.mechanics.blanks() == 0;
                (
                    Ok(if empty { wire::FEEDER_EMPTY } else { "0" }.to_owned()),
                    Duration::ZERO,
                )
            }
            ["Rse", "o"] => {
                let volts = if self.knobs.cover_open {
                    "4,96 Volts"
                } else {
                    "0,21 Volts"
                };
                (Ok(volts.to_owned()), Duration::ZERO)
            }
            ["Pem", "0" | "2"]
            | ["Pr", "ymcko" | "ymckok" | "k" | "ko"]
            | ["Pmi", "F" | "M" | "B", ..]
            | ["Pc" | "Pl" | "Pps" | "Pwr", _, ..]
            | ["Sr"] => (Ok(ok()), Duration::ZERO),
            ["Sp", panel] => self.print_on_command(panel),
            ["Pem" | "Pr" | "Pmi" | "Rco" | "Rlr" | "Sk" | "Rse" | "Sp", ..] => {
                (Err(Refusal::Parameter), Duration::ZERO)
            }
            ["Wcb", panel, ..] if panel.len() == 1 => (self.clear_panel(panel), Duration::ZERO),
            ["Ss"] => {
                self.host_prints = false;
                (Ok(ok()), Duration::ZERO)
            }
            ["Si"] => (self.bring_to(Station::Print), seconds(3)),
            ["Sic"] => (self.bring_to(Station::Contactless), seconds(3)),
            ["Sis"] => (self.bring_to(Station::Contact), seconds(3)),
            ["Se"] => (self.end_sequence(), seconds(3)),
            ["Ser" | "Seb"] => (self.reject(), seconds(3)),
            ["Scs"] => {
                self.error = None;
                (Ok(ok()), Duration::ZERO)
            }
            ["Srs"] => {
                self.restart();
                (Ok(ok()), seconds(5))
            }
            ["Scp"] => {
                self.knobs.cleaning_due = false;
                (Ok(ok()), seconds(30))
            }
            _ => (Err(Refusal::Command), Duration::ZERO),
        }
    }

    fn counter(&self, which: &str) -> Reply {
        let count = match which {
            "p" => self.counters.panels_printed,
            "c" => self.counters.cards_fed,
            "b" => self.counters.cards_rejected,
            "l" => self.knobs.ribbon_left,
            _ => return Err(Refusal::Parameter),
        };
        Ok(count.to_string())
    }

    fn card_sensor(&self) -> &'static str {
        match (self.dialect, self.mechanics.card()) {
            (Dialect::Words, None) => wire::OK,
            (Dialect::Words, Some(Station::Print)) => card_sensor::CARD,
            (Dialect::Words, Some(Station::Contactless)) => card_sensor::CONTACTLESS_CARD,
            (Dialect::Words, Some(Station::Contact)) => card_sensor::SMART_CARD,
            (Dialect::Letters, None) => card_sensor::NO_CARD,
            (Dialect::Letters, Some(_)) => card_sensor::ERR_CARD,
        }
    }

    fn clear_panel(&mut self, panel: &str) -> Reply {
        let panel = Panel::from_letter(panel).ok_or(Refusal::Parameter)?;
        self.downloaded[panel as usize] = None;
        Ok(ok())
    }

    /// An error stays until the host clears it.
    fn fail(&mut self, refusal: Refusal) -> Reply {
        if !matches!(refusal, Refusal::Command | Refusal::Parameter) {
            self.error = Some(refusal);
        }
        Err(refusal)
    }

    /// Whether anything may move.
    fn ready(&mut self) -> Result<(), Refusal> {
        if self.knobs.cover_open {
            self.error = Some(Refusal::CoverOpen);
        }
        self.error.map_or(Ok(()), Err)
    }

    fn moved(&mut self, result: Result<(), Obstacle>) -> Result<(), Refusal> {
        let refusal = match result {
            Ok(()) => return Ok(()),
            Err(Obstacle::HopperEmpty) => Refusal::Feeder,
            Err(Obstacle::Jam) => Refusal::CardJam,
            Err(Obstacle::OutputFull) => Refusal::OutputFull,
            Err(Obstacle::RejectBoxFull) => Refusal::RejectBoxFull,
        };
        self.fail(refusal).map(|_| ())
    }

    /// Brings a card to `station`: the one inside, or else a blank.
    fn bring_to(&mut self, station: Station) -> Reply {
        self.ready()?;
        if self.mechanics.card().is_none() {
            let fed = self.mechanics.feed();
            self.moved(fed)?;
            self.counters.cards_fed = self.counters.cards_fed.wrapping_add(1);
            self.face = PrintedFace::default();
        }
        let moved = self.mechanics.move_to(station);
        self.moved(moved)?;
        Ok(ok())
    }

    /// `Sp`: prints one panel.
    fn print_on_command(&mut self, letter: &str) -> (Reply, Duration) {
        self.host_prints = true;
        let Some(panel) = Panel::from_letter(letter) else {
            return (Err(Refusal::Parameter), Duration::ZERO);
        };
        (self.print_panel(panel), Duration::from_secs(5))
    }

    fn print_panel(&mut self, panel: Panel) -> Reply {
        self.ready()?;
        if self.mechanics.card() != Some(Station::Print) {
            return self.fail(Refusal::NoCard);
        }
        let Some(plane) = self.downloaded[panel as usize].clone() else {
            return Err(Refusal::Parameter);
        };
        if self.face.is_blank() {
            // The first panel of a card takes a whole set of panels from the ribbon.
            match self.knobs.ribbon_left.checked_sub(1) {
                Some(left) => self.knobs.ribbon_left = left,
                None => return self.fail(Refusal::Ribbon),
            }
        }
        self.face.print(panel, plane);
        self.mechanics.print(&self.face);
        self.counters.panels_printed = self.counters.panels_printed.wrapping_add(1);
        Ok(ok())
    }

    /// `Se`: prints what was downloaded if the host did not do it panel by panel, then ejects.
    fn end_sequence(&mut self) -> Reply {
        self.ready()?;
        if !self.host_prints && self.downloaded.iter().any(Option::is_some) {
            self.bring_to(Station::Print)?;
            for panel in Panel::ALL {
                if self.downloaded[panel as usize].is_some() {
                    self.print_panel(panel)?;
                }
            }
        }
        if self.mechanics.card().is_some() {
            let ejected = self.mechanics.eject();
            self.moved(ejected)?;
        }
        self.card_left();
        Ok(ok())
    }

    fn reject(&mut self) -> Reply {
        self.ready()?;
        if self.mechanics.card().is_none() {
            return self.fail(Refusal::NoCard);
        }
        let rejected = self.mechanics.reject();
        self.moved(rejected)?;
        self.counters.cards_rejected = self.counters.cards_rejected.wrapping_add(1);
        self.card_left();
        Ok(ok())
    }

    /// What is in the memory gets lost; counters and the card stay.
    fn switch_off(&mut self) {
        self.knobs.switched_off = true;
        self.frames = Frames::default();
        self.answers.clear();
        self.restart();
    }

    fn card_left(&mut self) {
        self.face = PrintedFace::default();
        self.downloaded = Default::default();
        self.host_prints = false;
    }

    fn restart(&mut self) {
        self.error = None;
        self.downloaded = Default::default();
        self.host_prints = false;
    }
}

/// What a command is answered with.
type Reply = Result<String, Refusal>;

fn ok() -> String {
    wire::OK.to_owned()
}

impl<M: Mechanics> SerialDevice for EvolisCore<M> {
    fn handle_bytes(&mut self, now: Duration, bytes: &[u8]) {
        let mut frames = Vec::new();
        self.frames.take(bytes, &mut frames);
        for frame in frames {
            if self.knobs.switched_off {
                self.switch_off();
                return;
            }
            self.carry_out(now, frame);
        }
    }

    fn poll_transmit(&mut self, now: Duration, out: &mut [u8]) -> usize {
        let Some((due, answer)) = self.answers.front_mut() else {
            return 0;
        };
        if *due > now {
            return 0;
        }
        let length = answer.len().min(out.len());
        out[..length].copy_from_slice(&answer[..length]);
        answer.drain(..length);
        if answer.is_empty() {
            self.answers.pop_front();
        }
        length
    }
}

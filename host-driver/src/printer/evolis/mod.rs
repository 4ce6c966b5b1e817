//! Driver of Evolis card printers with an encoder at the contactless station.

pub mod wire;

use std::io;
use std::time::{Duration, Instant};

use self::wire::{Levels, Panel, Refusal};
use super::port::Port;
use super::{CardPosition, CardPrinter, Counters, Outcome, PrinterError, Status};
use crate::face::Panels;

/// How long the driver waits for answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Answer to a query or a parameter.
    pub query: Duration,
    /// End of a movement of the card.
    pub movement: Duration,
    /// Arrival of a panel's data, and the answer to it.
    pub download: Duration,
    /// End of the print of one panel. A YMCKO face takes about 30 s.
    pub panel: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            query: Duration::from_secs(2),
            movement: Duration::from_secs(20),
            download: Duration::from_secs(30),
            panel: Duration::from_secs(30),
        }
    }
}

/// Longest answer that is kept; the rest of a longer one is dropped.
const LONGEST_ANSWER: usize = 256;

/// How long the line must be silent after a time-out before the next command, so that a late answer is not taken for
/// the next one.
const SETTLE: Duration = Duration::from_millis(50);

/// An Evolis card printer on a serial port or a TCP connection.
///
/// The driver keeps `Pem;2`: the printer reports errors and waits, it does not try again by itself.
#[derive(Debug)]
pub struct Evolis<P> {
    port: P,
    timeouts: Timeouts,
    levels: Levels,
    /// The last command was not answered: its answer may still come.
    late_answer: bool,
    serial_number: String,
}

impl<P: Port> Evolis<P> {
    /// Takes the printer on `port` into use and reads its serial number.
    ///
    /// # Errors
    /// [`PrinterError::NoAnswer`] or [`PrinterError::PortLost`] if nothing answers.
    pub fn new(port: P) -> Result<Self, PrinterError> {
        Self::with_timeouts(port, Timeouts::default())
    }

    /// As [`Evolis::new`], with other time-outs.
    ///
    /// # Errors
    /// As [`Evolis::new`].
    pub fn with_timeouts(port: P, timeouts: Timeouts) -> Result<Self, PrinterError> {
        let mut printer = Self {
            port,
            timeouts,
            levels: Levels::Hundred28,
            // Whoever used the line before may have left an answer unread.
            late_answer: true,
            serial_number: String::new(),
        };
        printer.greet()?;
        printer.serial_number = printer.ask("Rsn", timeouts.query)?;
        Ok(printer)
    }

    /// Sets how many levels of colour are downloaded. Fewer are faster: 32 levels take 411,480 bytes a panel, the
    /// usual 128 take 576,072.
    pub fn set_levels(&mut self, levels: Levels) {
        self.levels = levels;
    }

    /// Sets how long the driver waits for answers.
    pub fn set_timeouts(&mut self, timeouts: Timeouts) {
        self.timeouts = timeouts;
    }

    /// Gives the line back.
    pub fn into_port(self) -> P {
        self.port
    }

    /// Firmware version.
    ///
    /// # Errors
    /// The printer does not answer.
    pub fn firmware_version(&mut self) -> Result<String, PrinterError> {
        self.ask("Rfv", self.timeouts.query)
    }

    /// Makes the printer report errors and wait, and so finds out whether it listens.
    fn greet(&mut self) -> Result<(), PrinterError> {
        const HOST_HANDLES_ERRORS: &str = "Pem;2";
        match self.perform(HOST_HANDLES_ERRORS, self.timeouts.query) {
            Ok(()) => return Ok(()),
            // A download that broke off leaves the printer waiting for the rest of a panel, and it takes commands for
            // data. NULs complete the panel; outside a download they mean nothing (Printer-EVOLIS sends them too).
            Err(PrinterError::NoAnswer { .. }) => {
                let rest = vec![0; Levels::Hundred28.panel_length()];
                self.send("NUL", &rest, self.timeouts.query)?;
            }
            Err(error @ PrinterError::PortLost { .. }) => return Err(error),
            // The answer to what came before: a command or a download without its end.
            Err(_) => {}
        }
        self.late_answer = true;
        self.perform(HOST_HANDLES_ERRORS, self.timeouts.query)?;
        self.clear_panels()
    }

    /// Sends a command and returns what the printer answers, whatever it is.
    fn ask(&mut self, command: &str, timeout: Duration) -> Result<String, PrinterError> {
        self.send(command, &wire::command(command), timeout)?;
        self.answer(command, timeout)
    }

    /// Sends a command that is answered with OK.
    fn perform(&mut self, command: &str, timeout: Duration) -> Result<(), PrinterError> {
        let answer = self.ask(command, timeout)?;
        expect_ok(command, &answer)
    }

    /// Reads a number, waiting for at most `timeout`.
    fn number(&mut self, command: &str, timeout: Duration) -> Result<u32, PrinterError> {
        let mut answer = self.ask(command, timeout)?;
        // The answer to the one command that timed out may come first, when the printer was busy with it until now.
        if answer == wire::OK {
            answer = self.answer(command, timeout)?;
        }
        answer.trim().parse().map_err(|_| refused(command, &answer))
    }

    fn send(&mut self, command: &str, frame: &[u8], timeout: Duration) -> Result<(), PrinterError> {
        if self.late_answer {
            self.discard_late_answers()?;
        }
        self.port.set_timeout(timeout).map_err(|error| lost(&error))?;
        let sent = self.port.write_all(frame).and_then(|()| self.port.flush());
        sent.map_err(|error| {
            if is_timeout(&error) {
                self.late_answer = true;
                no_answer(command, timeout)
            } else {
                lost(&error)
            }
        })
    }

    fn answer(&mut self, command: &str, timeout: Duration) -> Result<String, PrinterError> {
        let deadline = Instant::now() + timeout;
        let mut answer = Vec::new();
        loop {
            let remaining = deadline.saturating_duration_since(Instant::now());
            if remaining.is_zero() {
                self.late_answer = true;
                return Err(no_answer(command, timeout));
            }
            self.port.set_timeout(remaining).map_err(|error| lost(&error))?;
            // A byte at a time, so that nothing of the next answer is taken along; answers are short.
            let mut byte = [0];
            match self.port.read(&mut byte) {
                Ok(0) => return Err(lost(&io::ErrorKind::UnexpectedEof.into())),
                Ok(_) if matches!(byte[0], wire::ANSWER_END | wire::CR | b'\n') => {
                    if !answer.is_empty() {
                        return Ok(String::from_utf8_lossy(&answer).into_owned());
                    }
                }
                Ok(_) if answer.len() < LONGEST_ANSWER => answer.push(byte[0]),
                Ok(_) => {}
                Err(error) if is_timeout(&error) => {
                    self.late_answer = true;
                    return Err(no_answer(command, timeout));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(lost(&error)),
            }
        }
    }

    fn discard_late_answers(&mut self) -> Result<(), PrinterError> {
        // A printer that never stops talking must not hold us here.
        const MOST: usize = 64 * 1024;
        self.port.set_timeout(SETTLE).map_err(|error| lost(&error))?;
        let mut discarded = 0;
        let mut buffer = [0; 256];
        while discarded < MOST {
            match self.port.read(&mut buffer) {
                Ok(0) => return Err(lost(&io::ErrorKind::UnexpectedEof.into())),
                Ok(length) => discarded += length,
                Err(error) if is_timeout(&error) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(lost(&error)),
            }
        }
        self.late_answer = false;
        Ok(())
    }

    /// Asks the card sensor, waiting for at most `timeout`.
    fn card(&mut self, timeout: Duration) -> Result<CardPosition, PrinterError> {
        use wire::card_sensor as sensor;
        const COMMAND: &str = "Rlr;p";
        let doubtful = self.late_answer;
        let mut answer = self.ask(COMMAND, timeout)?;
        // The Primacy generation says OK for "no card"; so does a late answer to a movement. Ask again to tell one
        // from the other.
        if doubtful && answer == wire::OK {
            self.late_answer = true;
            answer = self.ask(COMMAND, timeout)?;
        }
        match answer.as_str() {
            sensor::NO_CARD | wire::OK => Ok(CardPosition::None),
            sensor::CARD => Ok(CardPosition::Print),
            sensor::SMART_CARD => Ok(CardPosition::Contact),
            sensor::CONTACTLESS_CARD => Ok(CardPosition::Contactless),
            sensor::ERR_CARD => Ok(CardPosition::Inside),
            _ => Err(refused(COMMAND, &answer)),
        }
    }

    /// Carries out movements that bring the card to `target`. After silence the sensor decides.
    fn move_card(&mut self, commands: &[&str], target: CardPosition) -> Outcome {
        let timeout = self.timeouts.movement;
        let Some(error) = commands
            .iter()
            .find_map(|command| self.perform(command, timeout).err())
        else {
            return Outcome::Done;
        };
        if !error.is_silence() {
            return Outcome::Failed(error);
        }
        match self.card(timeout) {
            Ok(position) if position == target => Outcome::Done,
            Ok(CardPosition::Inside) if target.is_inside() => Outcome::Unknown(error),
            Ok(_) => Outcome::Failed(error),
            Err(_) => Outcome::Unknown(error),
        }
    }

    /// Moves the card that is inside; fails if there is none.
    fn move_card_inside(&mut self, command: &str, target: CardPosition) -> Outcome {
        match self.card(self.timeouts.query) {
            Ok(position) if position.is_inside() => self.move_card(&[command], target),
            Ok(position) => Outcome::Failed(PrinterError::NoCard { position }),
            Err(error) => Outcome::Failed(error),
        }
    }

    /// Everything that comes before the first panel is printed. Failing here leaves the card as it was.
    fn prepare_print(&mut self, panels: &Panels) -> Result<u32, PrinterError> {
        let position = self.card(self.timeouts.query)?;
        if !matches!(position, CardPosition::Print | CardPosition::Inside) {
            return Err(PrinterError::NoCard { position });
        }
        let before = self.number("Rco;p", self.timeouts.query)?;
        for command in ["Pr;ymcko", "Ss", "Sr"] {
            self.perform(command, self.timeouts.query)?;
        }
        for (panel, plane) in planes(panels) {
            let levels = match panel {
                Panel::Black | Panel::Overlay => Levels::Two,
                _ => self.levels,
            };
            let name = format!("Db;{};{}", panel.letter(), levels.number());
            let timeout = self.timeouts.download;
            self.send(&name, &wire::download(panel, levels, plane), timeout)?;
            let answer = self.answer(&name, timeout)?;
            expect_ok(&name, &answer)?;
        }
        Ok(before)
    }

    /// Clears downloaded panels: `Se`, which ejects, would print them.
    fn clear_panels(&mut self) -> Result<(), PrinterError> {
        Panel::ALL
            .into_iter()
            .try_for_each(|panel| self.perform(&format!("Wcb;{}", panel.letter()), self.timeouts.query))
    }

    /// Clears downloaded panels after a print that `error` has ended: they show a person.
    fn forget_panels(&mut self, error: &PrinterError) {
        let silent = match error {
            PrinterError::PartlyPrinted { reason, .. } => reason.is_silence(),
            other => other.is_silence(),
        };
        // Not worth more waiting when the printer is silent: who opens it again greets it.
        if !silent && let Err(error) = self.clear_panels() {
            log::warn!("downloaded panels stay in the card printer: {error}");
        }
    }

    /// Prints one panel as number `printed` of this card. `Err` is the end of the print.
    fn print_panel(&mut self, panel: Panel, before: u32, printed: u32) -> Result<(), Outcome> {
        let command = format!("Sp;{}", panel.letter());
        let Err(error) = self.perform(&command, self.timeouts.panel) else {
            return Ok(());
        };
        // Refused or silent: only the counter knows what is on the card.
        match self.number("Rco;p", self.timeouts.panel) {
            Ok(now) => match now.wrapping_sub(before) {
                panels if panels == printed + 1 && error.is_silence() => Ok(()),
                0 if printed == 0 => Err(Outcome::Failed(error)),
                // Panels that it said it printed are not on its counter: the card is not to be taken for an unprinted one.
                0 => Err(Outcome::Unknown(PrinterError::Contradiction {
                    said: printed,
                    counted: 0,
                })),
                panels if panels <= Counters::PANELS_A_CARD => {
                    Err(Outcome::Failed(PrinterError::PartlyPrinted {
                        panels,
                        reason: Box::new(error),
                    }))
                }
                counted => Err(Outcome::Unknown(PrinterError::Contradiction {
                    said: printed,
                    counted,
                })),
            },
            Err(_) if error.is_silence() => Err(Outcome::Unknown(error)),
            Err(_) if printed == 0 => Err(Outcome::Failed(error)),
            Err(_) => Err(Outcome::Failed(PrinterError::PartlyPrinted {
                panels: printed,
                reason: Box::new(error),
            })),
        }
    }
}

impl<P: Port> CardPrinter for Evolis<P> {
    fn status(&mut self) -> Result<Status, PrinterError> {
        let query = self.timeouts.query;
        let card = self.card(query)?;
        let feeder = self.ask("Sk;f", query)?;
        let cover = self.ask("Rse;o", query)?;
        let cleaning = self.ask("Rlr;r", query)?;
        Ok(Status {
            card,
            hopper_empty: matches!(feeder.as_str(), "0" | "1" | "2" | wire::FEEDER_EMPTY)
                .then(|| feeder == wire::FEEDER_EMPTY),
            // Sensors are read in volts, with a decimal comma: about 5 V is "interrupted" (uncertain).
            cover_open: cover
                .split_whitespace()
                .next()
                .and_then(|volts| volts.replace(',', ".").parse::<f32>().ok())
                .map(|volts| volts > 2.5),
            cleaning_due: cleaning == wire::NEED_CLEANING,
        })
    }

    fn counters(&mut self) -> Result<Counters, PrinterError> {
        let query = self.timeouts.query;
        Ok(Counters {
            panels_printed: self.number("Rco;p", query)?,
            cards_fed: self.number("Rco;c", query)?,
            cards_rejected: optional(self.number("Rco;b", query))?,
            ribbon_left: optional(self.number("Rco;l", query))?,
        })
    }

    fn serial_number(&mut self) -> Result<String, PrinterError> {
        Ok(self.serial_number.clone())
    }

    fn feed_to_contactless(&mut self) -> Outcome {
        match self.card(self.timeouts.query) {
            Ok(CardPosition::None) => {}
            Ok(position) => return Outcome::Failed(PrinterError::CardInside { position }),
            // Nothing was sent that moves a card.
            Err(error) => return Outcome::Failed(error),
        }
        self.move_card(&["Pmi;F", "Si", "Sic"], CardPosition::Contactless)
    }

    fn move_to_print(&mut self) -> Outcome {
        self.move_card_inside("Si", CardPosition::Print)
    }

    fn print(&mut self, panels: &Panels) -> Outcome {
        let before = match self.prepare_print(panels) {
            Ok(before) => before,
            Err(error) => {
                self.forget_panels(&error);
                return Outcome::Failed(error);
            }
        };
        for (printed, panel) in (0..).zip(Panel::ALL) {
            if let Err(outcome) = self.print_panel(panel, before, printed) {
                if let Some(error) = outcome.error() {
                    self.forget_panels(error);
                }
                return outcome;
            }
        }
        // The printer said OK five times, or its counter did. Now both must agree.
        match self
            .number("Rco;p", self.timeouts.query)
            .map(|now| now.wrapping_sub(before))
        {
            Ok(Counters::PANELS_A_CARD) | Err(_) => Outcome::Done,
            Ok(counted) => Outcome::Unknown(PrinterError::Contradiction {
                said: Counters::PANELS_A_CARD,
                counted,
            }),
        }
    }

    fn eject(&mut self) -> Outcome {
        self.move_card_inside("Se", CardPosition::None)
    }

    fn reject(&mut self) -> Outcome {
        self.move_card_inside("Ser", CardPosition::None)
    }

    fn clear_error(&mut self) -> Result<(), PrinterError> {
        self.perform("Scs", self.timeouts.query)
    }

    fn reset(&mut self) -> Result<(), PrinterError> {
        self.perform("Srs", self.timeouts.movement)?;
        self.greet()
    }
}

fn planes(panels: &Panels) -> [(Panel, &[u8]); 5] {
    [
        (Panel::Yellow, &panels.yellow),
        (Panel::Magenta, &panels.magenta),
        (Panel::Cyan, &panels.cyan),
        (Panel::Black, &panels.black),
        (Panel::Overlay, &panels.overlay),
    ]
}

fn expect_ok(command: &str, answer: &str) -> Result<(), PrinterError> {
    if answer == wire::OK {
        return Ok(());
    }
    Err(match Refusal::parse(answer) {
        Some(Refusal::Feeder) => PrinterError::HopperEmpty,
        Some(Refusal::CoverOpen) => PrinterError::CoverOpen,
        Some(Refusal::Ribbon) => PrinterError::RibbonEnded,
        Some(Refusal::Mechanical | Refusal::CardJam) => PrinterError::Jam,
        Some(Refusal::RejectBoxFull) => PrinterError::RejectBoxFull,
        Some(Refusal::OutputFull) => PrinterError::OutputFull,
        Some(Refusal::Head) => PrinterError::Head,
        Some(Refusal::NoCard) => PrinterError::NoCard {
            position: CardPosition::None,
        },
        Some(Refusal::Command | Refusal::Parameter) | None => refused(command, answer),
    })
}

/// A counter that not every model has.
fn optional(counter: Result<u32, PrinterError>) -> Result<Option<u32>, PrinterError> {
    match counter {
        Ok(number) => Ok(Some(number)),
        Err(PrinterError::Refused { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn refused(command: &str, answer: &str) -> PrinterError {
    PrinterError::Refused {
        command: command.to_owned(),
        answer: answer
            .chars()
            .filter(|character| !character.is_control())
            .take(64)
            .collect(),
    }
}

fn no_answer(command: &str, timeout: Duration) -> PrinterError {
    PrinterError::NoAnswer {
        command: command.to_owned(),
        seconds: timeout.as_secs(),
    }
}

fn lost(error: &io::Error) -> PrinterError {
    PrinterError::PortLost {
        reason: error.to_string(),
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}

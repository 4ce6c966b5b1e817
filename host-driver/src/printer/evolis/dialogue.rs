//! A command, its answer, and what to make of silence and of answers that come late.

use std::io;
use std::time::{Duration, Instant};

use super::super::port::Port;
use super::super::{CardPosition, PrinterError};
use super::Evolis;
use super::wire::{self, Refusal};

/// Longest answer that is kept; the rest of a longer one is dropped.
const LONGEST_ANSWER: usize = 256;

/// How long the line must be silent after a time-out before the next command, so that a late answer is not taken for
/// the next one.
const SETTLE: Duration = Duration::from_millis(50);

impl<P: Port> Evolis<P> {
    /// Sends a command and returns what the printer answers, whatever it is.
    pub(super) fn ask(&mut self, command: &str, timeout: Duration) -> Result<String, PrinterError> {
        self.send(command, &wire::command(command), timeout)?;
        self.answer(command, timeout)
    }

    /// Sends a command that is answered with OK.
    pub(super) fn perform(&mut self, command: &str, timeout: Duration) -> Result<(), PrinterError> {
        let answer = self.ask(command, timeout)?;
        expect_ok(command, &answer)
    }

    /// Reads a number, waiting for at most `timeout`.
    pub(super) fn number(&mut self, command: &str, timeout: Duration) -> Result<u32, PrinterError> {
        let mut answer = self.ask(command, timeout)?;
        // The answer to the one command that timed out may come first, when the printer was busy with it until now.
        if answer == wire::OK {
            answer = self.answer(command, timeout)?;
        }
        answer.trim().parse().map_err(|_| refused(command, &answer))
    }

    pub(super) fn send(
        &mut self,
        command: &str,
        frame: &[u8],
        timeout: Duration,
    ) -> Result<(), PrinterError> {
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

    pub(super) fn answer(&mut self, command: &str, timeout: Duration) -> Result<String, PrinterError> {
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

    pub(super) fn discard_late_answers(&mut self) -> Result<(), PrinterError> {
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
}

pub(super) fn expect_ok(command: &str, answer: &str) -> Result<(), PrinterError> {
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
pub(super) fn optional(counter: Result<u32, PrinterError>) -> Result<Option<u32>, PrinterError> {
    match counter {
        Ok(number) => Ok(Some(number)),
        Err(PrinterError::Refused { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn refused(command: &str, answer: &str) -> PrinterError {
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

pub(super) fn lost(error: &io::Error) -> PrinterError {
    PrinterError::PortLost {
        reason: error.to_string(),
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}

//! The people of the demonstration: the applicant at the kiosk and the operator at the counter, played or real.

use std::io::{BufRead, Write};

use anyhow::Context;

use crate::applicant::Applicant;
use crate::rig::counter::Ask;
use crate::rig::qemu::{Board, Key};
use crate::rig::terminal_screen;

/// Who presses keys and answers questions.
#[derive(Debug)]
pub(super) enum Person<'a> {
    /// The sample applicant and an operator who does everything right.
    Played(&'a Applicant),
    /// Whoever sits at the terminal.
    AtTerminal(&'a Applicant),
}

impl Person<'_> {
    /// Takes a queue number at the kiosk.
    pub(super) fn take_number(&self, kiosk: &Board) -> anyhow::Result<()> {
        match self {
            Self::Played(_) => kiosk.press(Key::Select),
            Self::AtTerminal(_) => loop {
                eprintln!("{}", terminal_screen::braille(&kiosk.screen()?));
                let line = ask("Kiosk keys: u = up, d = down, Enter = take a number. Key? ")?;
                match line.as_str() {
                    "u" => kiosk.press(Key::Up)?,
                    "d" => kiosk.press(Key::Down)?,
                    "" => return kiosk.press(Key::Select),
                    _ => eprintln!("There is no such key."),
                }
            },
        }
    }

    /// Answers a question of the operator's program. Physical things have been done before.
    pub(super) fn answer(&self, question: &Ask) -> anyhow::Result<String> {
        match self {
            Self::Played(applicant) => Ok(played(question, applicant)),
            Self::AtTerminal(applicant) => {
                let suggestion = played(question, applicant);
                eprintln!("{}\n{}", question.text_id, question.text_en);
                let choices = if question.choices.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", question.choices.join("/"))
                };
                let line = ask(&format!("Answer{choices} [{suggestion}]: "))?;
                Ok(if line.is_empty() { suggestion } else { line })
            }
        }
    }
}

fn played(question: &Ask, applicant: &Applicant) -> String {
    match question.question.as_str() {
        "nik" => applicant.nik.as_str().to_owned(),
        "contact" => applicant.contact.to_owned(),
        "documents_complete" if !applicant.documents_complete => "no".into(),
        // Who cannot be asked what to do tries nothing twice.
        "retry_or_cancel" => "cancel".into(),
        _ => "yes".into(),
    }
}

fn ask(prompt: &str) -> anyhow::Result<String> {
    eprint!("{prompt}");
    std::io::stderr().flush()?;
    let mut line = String::new();
    let count = std::io::stdin()
        .lock()
        .read_line(&mut line)
        .context("reading from the terminal")?;
    anyhow::ensure!(count > 0, "nobody is at the terminal; leave out --interactive");
    Ok(line.trim().to_owned())
}

use std::io::{self, Read, Write};
use std::time::Duration;

use proptest::prelude::*;

use super::evolis::wire::{self, Levels, Panel, Refusal};
use super::*;
use crate::face::{HEIGHT, Panels, WIDTH};

/// A line at whose other end somebody answers each command with the next of some bytes, whatever was asked.
struct Line {
    answers: std::vec::IntoIter<Vec<u8>>,
    arrived: Vec<u8>,
    sent: Vec<u8>,
}

impl Line {
    fn with<const N: usize>(answers: [&str; N]) -> Self {
        Self::saying(answers.map(|answer| [answer.as_bytes(), b"\0"].concat()).to_vec())
    }

    fn saying(answers: Vec<Vec<u8>>) -> Self {
        Self {
            answers: answers.into_iter(),
            arrived: Vec::new(),
            sent: Vec::new(),
        }
    }
}

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.arrived.is_empty() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let length = buffer.len().min(self.arrived.len());
        buffer[..length].copy_from_slice(&self.arrived[..length]);
        self.arrived.drain(..length);
        Ok(length)
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sent.extend_from_slice(bytes);
        self.arrived.extend(self.answers.next().unwrap_or_default());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Port for Line {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        assert!(!timeout.is_zero(), "zero means `for ever` to some ports");
        Ok(())
    }
}

/// All errors there are.
fn errors() -> Vec<PrinterError> {
    let position = CardPosition::Inside;
    let text = || "text".to_owned();
    vec![
        PrinterError::HopperEmpty,
        PrinterError::CoverOpen,
        PrinterError::RibbonEnded,
        PrinterError::Jam,
        PrinterError::RejectBoxFull,
        PrinterError::OutputFull,
        PrinterError::Head,
        PrinterError::CardInside { position },
        PrinterError::NoCard { position },
        PrinterError::PartlyPrinted {
            panels: 2,
            reason: Box::new(PrinterError::Jam),
        },
        PrinterError::Contradiction { said: 5, counted: 4 },
        PrinterError::NoAnswer {
            command: text(),
            seconds: 2,
        },
        PrinterError::PortLost { reason: text() },
        PrinterError::CannotOpen {
            address: text(),
            reason: text(),
        },
        PrinterError::Refused {
            command: text(),
            answer: text(),
        },
    ]
}

#[test]
fn every_error_tells_the_operator_what_to_do_in_both_languages() {
    for error in errors() {
        let Advice { id, en } = error.advice();
        assert!(id.ends_with('.') && en.ends_with('.') && id != en, "{error:?}");
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn refusals_of_both_generations_are_understood() {
    for refusal in Refusal::ALL {
        assert_eq!(Refusal::parse(refusal.words()), Some(refusal));
        assert!(Refusal::parse(refusal.letters()).is_some());
    }
    assert_eq!(Refusal::parse("T"), Some(Refusal::Mechanical));
    assert_eq!(Refusal::parse("ERR C"), Some(Refusal::CoverOpen));
    for answer in ["OK", "", "123", "NO CARD"] {
        assert_eq!(Refusal::parse(answer), None);
    }
}

#[test]
fn commands_are_framed_by_escape_and_carriage_return() {
    assert_eq!(wire::command("Rco;p"), b"\x1bRco;p\r");
}

#[test]
fn a_panel_is_sent_from_the_bottom_left_upwards() {
    let mut plane = vec![0; Panels::DOTS];
    // The first two dots of the first line, the last dot of the last.
    plane[((HEIGHT - 1) * WIDTH) as usize] = 1;
    plane[((HEIGHT - 2) * WIDTH) as usize] = 1;
    plane[WIDTH as usize - 1] = 1;
    let frame = wire::download(Panel::Black, Levels::Two, &plane);
    let data = frame
        .strip_prefix(b"\x1bDb;k;2;")
        .unwrap()
        .strip_suffix(b"\r")
        .unwrap();
    assert_eq!(data.len(), 82_296);
    assert_eq!((data[0], data[data.len() - 1]), (0b1100_0000, 1));
    assert!(data[1..data.len() - 1].iter().all(|&byte| byte == 0));
}

#[test]
fn seven_bits_of_a_dot_stand_without_gaps() {
    let mut plane = vec![0; Panels::DOTS];
    plane[((HEIGHT - 1) * WIDTH) as usize] = 0b111_0000;
    plane[((HEIGHT - 2) * WIDTH) as usize] = 0b000_1111;
    let frame = wire::download(Panel::Yellow, Levels::Hundred28, &plane);
    assert_eq!(frame[10..13], [0b1110_0000, 0b0011_1100, 0]);
}

#[test]
fn a_number_that_is_none_is_a_refusal_and_not_a_guess() {
    let mut printer = Evolis::new(Line::with(["OK", "SERIAL", "many"])).unwrap();
    assert!(matches!(printer.counters(), Err(PrinterError::Refused { .. })));
}

/// What a printer says until the first panel is to be printed, when its counter stands at 10.
const READY_TO_PRINT: [&str; 12] = [
    "OK", "SERIAL", "CARD", "10", "OK", "OK", "OK", "OK", "OK", "OK", "OK", "OK",
];

#[test]
fn a_counter_that_forgot_printed_panels_is_not_taken_for_an_unprinted_card() {
    let answers = [&READY_TO_PRINT[..], &["OK", "OK", "ERROR RIBBON", "10"]].concat();
    let answers = answers
        .into_iter()
        .map(|answer| [answer.as_bytes(), b"\0"].concat());
    let mut printer = Evolis::new(Line::saying(answers.collect())).unwrap();
    printer.set_levels(Levels::Thirty2);
    assert_eq!(
        printer.print(&Panels::unprinted()),
        Outcome::Unknown(PrinterError::Contradiction { said: 2, counted: 0 })
    );
}

#[test]
fn a_print_that_is_refused_leaves_nobodys_panels_in_the_printer() {
    let answers = [
        &READY_TO_PRINT[..],
        &["ERROR RIBBON", "10", "OK", "OK", "OK", "OK", "OK"],
    ]
    .concat();
    let answers = answers
        .into_iter()
        .map(|answer| [answer.as_bytes(), b"\0"].concat());
    let mut printer = Evolis::new(Line::saying(answers.collect())).unwrap();
    printer.set_levels(Levels::Thirty2);
    assert_eq!(
        printer.print(&Panels::unprinted()),
        Outcome::Failed(PrinterError::RibbonEnded)
    );
    let sent = printer.into_port().sent;
    assert!(sent.ends_with(b"\x1bWcb;y\r\x1bWcb;m\r\x1bWcb;c\r\x1bWcb;k\r\x1bWcb;o\r"));
}

#[test]
fn counters_say_what_was_printed() {
    let counters = |panels_printed| Counters {
        panels_printed,
        cards_fed: 0,
        cards_rejected: None,
        ribbon_left: None,
    };
    assert_eq!(counters(17).printed_since(&counters(17)), Printed::Nothing);
    assert_eq!(counters(22).printed_since(&counters(17)), Printed::Whole);
    assert_eq!(
        counters(20).printed_since(&counters(17)),
        Printed::Partly { panels: 3 }
    );
    assert_eq!(
        counters(2).printed_since(&counters(u32::MAX - 2)),
        Printed::Whole,
        "a counter may run over"
    );
}

fn answer() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => Just(b"OK\0".to_vec()),
        2 => (0_u32..8).prop_map(|number| format!("{number}\0").into_bytes()),
        1 => proptest::sample::select(Refusal::ALL.to_vec()).prop_map(|it| [it.words().as_bytes(), b"\0"].concat()),
        1 => proptest::sample::select(vec!["CARD\0", "NO CARD\0", "CONTACTLESS CARD\0", "ERR CARD\0"])
            .prop_map(|it| it.as_bytes().to_vec()),
        1 => Just(Vec::new()),
        1 => proptest::collection::vec(any::<u8>(), 0..400),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_a_printer_answers_the_driver_neither_panics_nor_prints_twice(
        answers in proptest::collection::vec(answer(), 0..40)
    ) {
        let answers = [vec![b"OK\0".to_vec(), b"SERIAL\0".to_vec()], answers].concat();
        let Ok(mut printer) = Evolis::new(Line::saying(answers)) else { return Ok(()) };
        printer.set_levels(Levels::Thirty2);
        let _ = printer.status();
        let _ = printer.feed_to_contactless();
        let _ = printer.move_to_print();
        let _ = printer.print(&Panels::unprinted());
        let _ = printer.counters();
        let _ = printer.eject();
        let _ = printer.reject();
        let _ = printer.clear_error();
        let sent = printer.into_port().sent;
        for panel in Panel::ALL {
            let command = wire::command(&format!("Sp;{}", panel.letter()));
            let times = sent.windows(command.len()).filter(|window| *window == command).count();
            prop_assert!(times <= 1, "{:?} was printed {} times", panel, times);
        }
    }
}

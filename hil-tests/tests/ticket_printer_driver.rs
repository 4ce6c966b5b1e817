//! The kiosk's printer driver in front of the emulated printer, on a line of 9,600 baud: what it says of a ticket must be true.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::cell::RefCell;
use std::time::Duration;

use embassy_time::{Instant, Timer};
use embedded_io_async::{ErrorKind, ErrorType, Read, Write};
use hil_tests::device::serial::SerialDevice;
use hil_tests::device::ticket_printer::{EscPosCore, Knobs, PaperSensor, Receipt, Roll};
use kiosk_fw::drivers::escpos::status::Paper;
use kiosk_fw::drivers::escpos::{Document, Outcome, Printer, Resolution, Trouble, document};
use kiosk_fw::kiosk::ticket::{Face, TICKET_BYTES, compose};
use protocol::message::PrintCause;
use virtual_time::run;

const MARK: u32 = 4_711;
/// Ten bits at 9,600 baud.
const BYTE_US: u64 = 1_042;
/// Millimetres of paper a second: a slow printer of this kind.
const SPEED: u32 = 60;

/// The printer and the cable to it.
struct Hall {
    core: RefCell<EscPosCore<Vec<Receipt>>>,
    /// Bytes that the board sends before its power fails.
    left: RefCell<usize>,
}

fn now() -> Duration {
    Duration::from_micros(Instant::now().as_micros())
}

impl Hall {
    fn new(knobs: Knobs) -> Self {
        let hall = Self {
            core: RefCell::new(EscPosCore::new(Roll::Mm58, Vec::new())),
            left: RefCell::new(usize::MAX),
        };
        hall.set(knobs);
        hall
    }

    fn set(&self, knobs: Knobs) {
        self.core.borrow_mut().set_knobs(Knobs {
            speed: knobs.speed.or(Some(SPEED)),
            ..knobs
        });
    }

    /// A board that has just started in front of it.
    fn board(&self) -> Printer<&Self, &Self> {
        *self.left.borrow_mut() = usize::MAX;
        Printer::new(self, self)
    }

    /// All that is on paper now: pieces with a whole ticket, and lines that belong to none.
    fn on_paper(&self) -> (usize, String) {
        let mut core = self.core.borrow_mut();
        let torn = core.tear_off();
        let whole = core.paper.iter().filter(|piece| is_whole(piece)).count();
        let rest: Vec<String> = core
            .paper
            .iter()
            .filter(|piece| !is_whole(piece))
            .chain(&torn)
            .map(Receipt::text)
            .collect();
        (whole, rest.concat())
    }
}

/// Cut, with its code and its last line.
fn is_whole(piece: &Receipt) -> bool {
    piece.cuts.len() == 1
        && piece.qr_codes == [b"LOKET-0123456789ABCDEF"]
        && piece.text().ends_with("Please keep this ticket.")
        && piece.lines.iter().any(|line| line == "A012")
}

impl ErrorType for &Hall {
    type Error = ErrorKind;
}

impl Write for &Hall {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        for byte in bytes {
            if *self.left.borrow() == 0 {
                return Err(ErrorKind::BrokenPipe);
            }
            *self.left.borrow_mut() -= 1;
            Timer::after_micros(BYTE_US).await;
            self.core.borrow_mut().handle_bytes(now(), &[*byte]);
        }
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

impl Read for &Hall {
    async fn read(&mut self, into: &mut [u8]) -> Result<usize, ErrorKind> {
        loop {
            let length = self.core.borrow_mut().poll_transmit(now(), &mut into[..1]);
            if length > 0 {
                return Ok(length);
            }
            Timer::after_micros(BYTE_US).await;
        }
    }
}

fn ticket() -> Document<TICKET_BYTES> {
    let face = Face {
        office: "Disdukcapil Kota Contoh",
        service: None,
        bring: &["Fotokopi Kartu Keluarga".try_into().unwrap()],
        prefix: b'A',
        number: 12,
        priority: true,
        issued: Some((1_795_400_100, 420)),
        ahead: Some((3, 25)),
        ticket_id: 0x0123_4567_89AB_CDEF,
        copy: None,
        paper: document::Roll::Mm58,
        alone: false,
    };
    let mut ticket = Document::new();
    compose(&face, &mut ticket);
    ticket
}

#[test]
fn printed_is_said_when_the_ticket_has_left_the_cutter() {
    run(async {
        let hall = Hall::new(Knobs::default());
        let mut board = hall.board();
        board.look().await.unwrap();
        let begin = Instant::now();
        let outcome = board.print(ticket().finish().unwrap(), MARK).await;
        assert_eq!(outcome, Outcome::Printed);
        assert_eq!(hall.on_paper(), (1, String::new()));
        let core = hall.core.borrow();
        let paper = u64::from(core.paper[0].picture.height()) * 1_000 / 8 / u64::from(SPEED);
        let took = begin.elapsed();
        assert!(took.as_millis() >= paper, "{took:?} for {paper} ms of paper");
        assert!(took.as_millis() < paper + 500, "{took:?} for {paper} ms of paper");
    });
}

#[test]
fn wherever_the_boards_power_fails_what_it_finds_out_afterwards_is_true() {
    let length = ticket().finish().unwrap().len();
    let (mut printed, mut not_printed, mut unknown) = (0, 0, 0);
    // 12 bytes ask for the status before the document; 11 ask for the mark after it.
    for sent in (0..length + 12 + 11).step_by(3) {
        run(async {
            let hall = Hall::new(Knobs::default());
            let mut board = hall.board();
            board.look().await.unwrap();
            let before = board.counters().await;
            assert!(before.is_some());
            *hall.left.borrow_mut() = sent;
            let outcome = board.print(ticket().finish().unwrap(), MARK).await;
            assert_ne!(
                outcome,
                Outcome::Printed,
                "the board was dead before it could know"
            );
            let mut anew = hall.board();
            let resolution = anew.resolve(MARK, before).await;
            match resolution {
                Resolution::Printed => {
                    printed += 1;
                    assert_eq!(hall.on_paper(), (1, String::new()), "after {sent} bytes");
                }
                Resolution::NotPrinted => {
                    not_printed += 1;
                    // May be printed now, and then there is one, and nothing of the first attempt.
                    let again = anew.print(ticket().finish().unwrap(), MARK + 1).await;
                    assert_eq!(again, Outcome::Printed);
                    assert_eq!(hall.on_paper(), (1, String::new()), "after {sent} bytes");
                }
                Resolution::Unknown(cause) => {
                    unknown += 1;
                    assert_eq!(cause, PrintCause::Restarted);
                    let (whole, rest) = hall.on_paper();
                    assert_eq!(whole, 0, "after {sent} bytes");
                    assert!(
                        !rest.is_empty(),
                        "after {sent} bytes nothing is unknown of nothing"
                    );
                }
            }
        });
    }
    println!("{printed} printed, {not_printed} not printed, {unknown} unknown");
    assert!(printed > 0 && not_printed > 0 && unknown > 0);
}

#[test]
fn wherever_the_printers_power_fails_nothing_is_called_printed_that_is_not() {
    for power_left in (1..900).step_by(13) {
        run(async {
            let hall = Hall::new(Knobs::default());
            let mut board = hall.board();
            board.look().await.unwrap();
            let before = board.counters().await;
            hall.set(Knobs {
                power_left: Some(power_left),
                ..Knobs::default()
            });
            let outcome = board.print(ticket().finish().unwrap(), MARK).await;
            let survived = !hall.core.borrow().knobs().unplugged;
            if survived {
                assert_eq!(outcome, Outcome::Printed);
                return;
            }
            assert_eq!(outcome, Outcome::Unknown(Err(Trouble::Silent)));
            hall.set(Knobs::default());
            let resolution = board.resolve(MARK, before).await;
            let (whole, rest) = hall.on_paper();
            assert_eq!(whole, 0);
            match resolution {
                Resolution::Printed => panic!("{power_left} dots of a ticket are not a ticket"),
                Resolution::NotPrinted => assert!(rest.is_empty(), "{rest}"),
                Resolution::Unknown(cause) => assert_eq!(cause, PrintCause::Restarted),
            }
        });
    }
}

#[test]
fn a_ticket_that_waits_for_paper_is_known_to_be_printed_when_it_comes_out() {
    run(async {
        let hall = Hall::new(Knobs {
            paper_left: Some(300),
            ..Knobs::default()
        });
        let mut board = hall.board();
        let before = board.counters().await;
        let outcome = board.print(ticket().finish().unwrap(), MARK).await;
        assert!(matches!(outcome, Outcome::Unknown(Ok(status)) if !status.has_paper()));
        assert_eq!(
            board.resolve(MARK, before).await,
            Resolution::Unknown(PrintCause::PaperOut)
        );
        hall.set(Knobs::default());
        assert_eq!(board.resolve(MARK, before).await, Resolution::Printed);
        assert_eq!(hall.on_paper(), (1, String::new()));
        let status = board.look().await.unwrap();
        assert!(status.can_print());
    });
}

#[test]
fn a_cheap_printers_ticket_bears_no_trace_of_what_it_does_not_know() {
    run(async {
        let hall = Hall::new(Knobs {
            plain: true,
            ..Knobs::default()
        });
        let mut board = hall.board();
        board.look().await.unwrap();
        for mark in [MARK, MARK + 1] {
            assert_eq!(board.counters().await, None);
            let outcome = board.print(ticket().finish().unwrap(), mark).await;
            assert_eq!(outcome, Outcome::Printed);
            Timer::after_secs(5).await;
            hall.core.borrow_mut().poll_transmit(now(), &mut [0]);
        }
        assert_eq!(hall.on_paper(), (2, String::new()));
    });
}

#[test]
fn garbage_slowness_silence_and_paper_are_told_apart() {
    for seed in 0..200 {
        run(async {
            let hall = Hall::new(Knobs {
                garbage: Some(seed),
                ..Knobs::default()
            });
            assert_eq!(hall.board().look().await, Err(Trouble::Garbled), "seed {seed}");
        });
    }
    run(async {
        let hall = Hall::new(Knobs {
            answer_delay: Duration::from_millis(600),
            ..Knobs::default()
        });
        let mut board = hall.board();
        assert_eq!(board.look().await, Err(Trouble::Slow));
        for (knobs, trouble) in [
            (
                Knobs {
                    unplugged: true,
                    ..Knobs::default()
                },
                Trouble::Silent,
            ),
            (
                Knobs {
                    cover_open: true,
                    ..Knobs::default()
                },
                Trouble::Silent,
            ),
        ] {
            Timer::after_secs(2).await;
            hall.set(knobs);
            assert_eq!(board.look().await, Err(trouble));
        }
        hall.set(Knobs {
            cover_open: true,
            tells_cover: true,
            ..Knobs::default()
        });
        assert!(board.look().await.unwrap().cover_open);
        hall.set(Knobs {
            paper: PaperSensor::NearEnd,
            ..Knobs::default()
        });
        let status = board.look().await.unwrap();
        assert!(status.can_print() && status.paper == Paper::NearEnd);
    });
}

#[test]
fn a_look_takes_no_longer_than_20_ms() {
    run(async {
        let hall = Hall::new(Knobs::default());
        let mut board = hall.board();
        board.look().await.unwrap();
        let begin = Instant::now();
        board.look().await.unwrap();
        let took = begin.elapsed();
        assert!(took.as_millis() <= 20, "{took:?}");
    });
}

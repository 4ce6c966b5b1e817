use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use embassy_time::Timer;
use embedded_io_async::ErrorType;
use protocol::message::PrintCause;
use virtual_time::run;

use super::answer::Mark;
use super::*;

const READY: Option<[u8; 4]> = Some([0x12; 4]);
const PAPER_OUT: Option<[u8; 4]> = Some([0x1A, 0x32, 0x12, 0x7E]);
const TICKET: &[u8] = b"ticket";
const MARK: u32 = 7;

/// A printer at the other end of the line. It answers `DLE EOT` at once and does the rest in order, taking `print_time` for a ticket.
struct Fake {
    /// The four status bytes; `None` answers nothing.
    status: Cell<Option<[u8; 4]>>,
    /// The status once a ticket has arrived.
    then: Cell<Option<[u8; 4]>>,
    /// What each answer to `DLE EOT` is preceded by.
    noise: Cell<&'static [u8]>,
    answer_time: Cell<u64>,
    print_time: Cell<u64>,
    marks: bool,
    counts: bool,
    lines: Cell<u32>,
    cuts: Cell<u32>,
    /// When it has done all that it was sent.
    busy_until: Cell<u64>,
    answers: RefCell<VecDeque<(u64, u8)>>,
    written: RefCell<Vec<u8>>,
    tickets: Cell<usize>,
}

fn now() -> u64 {
    Instant::now().as_millis()
}

impl Fake {
    fn new() -> Self {
        Self {
            status: Cell::new(READY),
            then: Cell::new(READY),
            noise: Cell::new(&[]),
            answer_time: Cell::new(2),
            print_time: Cell::new(1_500),
            marks: true,
            counts: true,
            lines: Cell::new(1_000),
            cuts: Cell::new(50),
            busy_until: Cell::new(0),
            answers: RefCell::default(),
            written: RefCell::default(),
            tickets: Cell::new(0),
        }
    }

    fn cheap() -> Self {
        Self {
            marks: false,
            counts: false,
            ..Self::new()
        }
    }

    fn answer(&self, at: u64, bytes: &[u8]) {
        self.answers
            .borrow_mut()
            .extend(bytes.iter().map(|byte| (at, *byte)));
    }

    fn can_print(&self) -> bool {
        self.status.get() == READY
    }

    fn take(&self, bytes: &[u8]) {
        let turn = self.busy_until.get().max(now() + self.answer_time.get());
        match bytes {
            [0x10, 0x04, ..] => {
                for byte in self.status.get().into_iter().flatten() {
                    self.answer(now() + self.answer_time.get(), self.noise.get());
                    self.answer(now() + self.answer_time.get(), &[byte]);
                }
            }
            [0x1D, b'(', b'H', 6, 0, 48, 48, mark @ ..] if self.marks && self.can_print() => {
                self.answer(turn, &[&[0x37, 0x22], mark, &[0]].concat());
            }
            [0x1D, b'g', b'2', 0, number, 0] if self.counts && self.can_print() => {
                let count = match number {
                    148 => self.lines.get(),
                    178 => self.cuts.get(),
                    other => panic!("counter {other}"),
                };
                self.answer(turn, format!("_{count}\0").as_bytes());
            }
            b"ticket" => {
                self.status.set(self.then.get());
                self.tickets.set(self.tickets.get() + 1);
                if self.can_print() {
                    self.busy_until.set(now() + self.print_time.get());
                    self.lines.set(self.lines.get() + 20);
                    self.cuts.set(self.cuts.get() + 1);
                }
            }
            _ => (),
        }
    }
}

impl ErrorType for &Fake {
    type Error = core::convert::Infallible;
}

impl Read for &Fake {
    async fn read(&mut self, into: &mut [u8]) -> Result<usize, Self::Error> {
        loop {
            // Real-time answers overtake those that wait their turn.
            let next = self
                .answers
                .borrow()
                .iter()
                .enumerate()
                .min_by_key(|(_, (at, _))| *at)
                .map(|(place, (at, _))| (place, *at));
            match next {
                Some((place, at)) if at <= now() => {
                    let answer = self.answers.borrow_mut().remove(place);
                    into[0] = answer.map_or(0, |(_, byte)| byte);
                    return Ok(1);
                }
                Some((_, at)) => Timer::at(Instant::from_millis(at)).await,
                None => core::future::pending().await,
            }
        }
    }
}

impl Write for &Fake {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        self.written.borrow_mut().extend_from_slice(bytes);
        self.take(bytes);
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

type Driver<'a> = Printer<&'a Fake, &'a Fake>;

fn driver(fake: &Fake) -> Driver<'_> {
    Printer::new(fake, fake)
}

async fn print(printer: &mut Driver<'_>) -> Outcome {
    printer.print(TICKET, MARK).await
}

async fn wait(milliseconds: u64) {
    Timer::after_millis(milliseconds).await;
}

#[test]
fn a_printer_that_is_well_says_so_within_20_ms() {
    run(async {
        let fake = Fake::new();
        let mut printer = driver(&fake);
        printer.look().await.unwrap();
        let asked = now();
        assert!(printer.look().await.unwrap().can_print());
        assert!(now() - asked <= 20);
    });
}

#[test]
fn silence_garbage_and_slowness_are_told_apart() {
    run(async {
        let fake = Fake::new();
        let mut printer = driver(&fake);
        fake.status.set(None);
        assert_eq!(printer.look().await, Err(Trouble::Silent));
        fake.status.set(READY);
        fake.noise.set(b"\xE5");
        assert_eq!(printer.look().await, Err(Trouble::Garbled));
        fake.noise.set(b"");
        fake.answer_time.set(600);
        assert_eq!(printer.look().await, Err(Trouble::Slow));
        fake.answer_time.set(2);
        assert!(printer.look().await.is_ok());
    });
}

#[test]
fn answers_that_come_after_a_second_are_slow_and_not_silence() {
    run(async {
        let fake = Fake::new();
        let mut printer = driver(&fake);
        fake.answer_time.set(1_400);
        assert_eq!(
            printer.look().await,
            Err(Trouble::Silent),
            "nothing was heard yet"
        );
        wait(2_000).await;
        assert_eq!(printer.look().await, Err(Trouble::Slow));
    });
}

#[test]
fn a_line_that_is_disturbed_once_is_asked_again() {
    run(async {
        let fake = Fake::new();
        let mut printer = driver(&fake);
        fake.answer(now() + 5, b"\xFF");
        assert!(printer.look().await.is_ok());
    });
}

#[test]
fn an_answer_that_came_too_late_is_not_taken_for_the_next() {
    run(async {
        let fake = Fake::new();
        // Paper near its end, as the answer to an earlier round's last question; as the first of a round it would say off line.
        fake.answer(now(), &[0x1E]);
        assert_eq!(driver(&fake).look().await, Ok(Status::default()));
    });
}

#[test]
fn a_command_that_a_power_cut_left_unfinished_is_finished_before_anything_else() {
    run(async {
        let fake = Fake::new();
        driver(&fake).look().await.unwrap();
        assert!(
            fake.written
                .borrow()
                .starts_with(&[&[0; 32][..], &[0x10, 0x04]].concat())
        );
    });
}

#[test]
fn printed_is_said_when_the_mark_comes_back_and_not_before() {
    run(async {
        let fake = Fake::new();
        let mut printer = driver(&fake);
        printer.look().await.unwrap();
        for time in [40, 1_500, 9_000] {
            fake.print_time.set(time);
            let sent = now();
            assert_eq!(print(&mut printer).await, Outcome::Printed);
            let took = now() - sent;
            assert!(
                (time..time + 100).contains(&took),
                "{took} ms for a ticket of {time} ms"
            );
        }
    });
}

#[test]
fn the_mark_of_an_earlier_ticket_is_not_taken_for_that_of_this_one() {
    run(async {
        let fake = Fake::new();
        let mut printer = driver(&fake);
        printer.look().await.unwrap();
        fake.then.set(PAPER_OUT);
        // It comes while this one is being printed, and this one is not.
        fake.answer(
            now() + 700,
            &[&[0x37, 0x22][..], &Mark::new(MARK - 1).command()[7..], &[0]].concat(),
        );
        assert!(matches!(print(&mut printer).await, Outcome::Unknown(Ok(status)) if !status.has_paper()));
    });
}

#[test]
fn a_printer_that_is_not_ready_is_sent_nothing() {
    run(async {
        let fake = Fake::new();
        fake.status.set(PAPER_OUT);
        assert!(
            matches!(print(&mut driver(&fake)).await, Outcome::NotSent(Ok(status)) if !status.has_paper())
        );
        fake.status.set(None);
        assert_eq!(
            print(&mut driver(&fake)).await,
            Outcome::NotSent(Err(Trouble::Silent))
        );
        assert_eq!(fake.tickets.get(), 0);
    });
}

#[test]
fn a_printer_that_was_just_looked_at_is_sent_its_ticket_at_once() {
    run(async {
        let fake = Fake::new();
        let mut printer = driver(&fake);
        for (wait_ms, at_once) in [(400, true), (600, false)] {
            printer.look().await.unwrap();
            wait(wait_ms).await;
            let before = fake.written.borrow().len();
            assert_eq!(print(&mut printer).await, Outcome::Printed);
            assert_eq!(fake.written.borrow()[before..].starts_with(TICKET), at_once);
        }
        // A ticket uses up the look: nobody knows how the printer is after it.
        printer.look().await.unwrap();
        print(&mut printer).await;
        fake.status.set(PAPER_OUT);
        assert!(matches!(print(&mut printer).await, Outcome::NotSent(Ok(_))));
    });
}

#[test]
fn a_printer_that_stops_in_the_middle_leaves_the_outcome_unknown() {
    run(async {
        for (then, trouble) in [(PAPER_OUT, false), (None, true)] {
            let fake = Fake::new();
            fake.then.set(then);
            let mut printer = driver(&fake);
            let Outcome::Unknown(status) = print(&mut printer).await else {
                panic!("neither printed nor not printed");
            };
            assert_eq!(status == Err(Trouble::Silent), trouble);
            assert_eq!(fake.tickets.get(), 1, "it is never sent twice");
        }
    });
}

#[test]
fn a_printer_that_knows_marks_and_gives_none_back_has_not_printed_for_certain() {
    run(async {
        let fake = Fake::new();
        let mut printer = driver(&fake);
        printer.look().await.unwrap();
        fake.print_time.set(60_000);
        assert_eq!(print(&mut printer).await, Outcome::Unknown(Err(Trouble::Slow)));
    });
}

#[test]
fn a_cheap_printer_is_believed_if_it_stays_well_for_as_long_as_printing_takes() {
    run(async {
        let fake = Fake::cheap();
        let mut printer = driver(&fake);
        printer.look().await.unwrap();
        printer.look().await.unwrap();
        let sent = now();
        assert_eq!(print(&mut printer).await, Outcome::Printed);
        assert!((2_000..2_600).contains(&(now() - sent)));
        fake.then.set(PAPER_OUT);
        assert!(matches!(print(&mut printer).await, Outcome::Unknown(Ok(_))));
    });
}

#[test]
fn counters_are_read_and_a_printer_without_is_not_asked_for_ever() {
    run(async {
        let fake = Fake::new();
        let counters = Counters {
            lines: 1_000,
            cuts: 50,
        };
        assert_eq!(driver(&fake).counters().await, Some(counters));
        let cheap = Fake::cheap();
        let mut printer = driver(&cheap);
        assert_eq!(printer.counters().await, None);
        assert_eq!(printer.counters().await, None);
        let (asked, bytes) = (now(), cheap.written.borrow().len());
        assert_eq!(printer.counters().await, None);
        assert_eq!((now(), cheap.written.borrow().len()), (asked, bytes));
    });
}

#[test]
fn a_count_that_comes_late_is_not_taken_for_another() {
    run(async {
        let fake = Fake::new();
        let mut printer = driver(&fake);
        let before = printer.counters().await;
        fake.busy_until.set(now() + 1_000);
        assert_eq!(printer.counters().await, None);
        wait(640).await;
        // The late count of lines arrives among the answers to these questions.
        let after = printer.counters().await;
        assert!(after.is_none() || after == before, "{after:?}");
        wait(5_000).await;
        assert_eq!(printer.counters().await, before);
    });
}

/// A board that starts anew in front of `fake` and finds out.
async fn resolve_anew(fake: &Fake, before: Option<Counters>) -> Resolution {
    driver(fake).resolve(MARK, before).await
}

#[test]
fn after_a_restart_the_counters_tell_what_became_of_the_ticket() {
    run(async {
        let fake = Fake::new();
        let before = driver(&fake).counters().await;
        assert_eq!(resolve_anew(&fake, before).await, Resolution::NotPrinted);
        fake.take(TICKET);
        assert_eq!(resolve_anew(&fake, before).await, Resolution::Printed);
        // A second cut was made by somebody else, perhaps both.
        fake.cuts.set(fake.cuts.get() + 1);
        assert_eq!(
            resolve_anew(&fake, before).await,
            Resolution::Unknown(PrintCause::Restarted)
        );
    });
}

#[test]
fn a_part_of_a_ticket_is_neither_printed_nor_not_printed() {
    run(async {
        let fake = Fake::new();
        let before = driver(&fake).counters().await;
        fake.lines.set(fake.lines.get() + 3);
        assert_eq!(
            resolve_anew(&fake, before).await,
            Resolution::Unknown(PrintCause::Restarted)
        );
    });
}

#[test]
fn a_ticket_that_is_still_being_printed_is_waited_for() {
    run(async {
        let fake = Fake::new();
        let before = driver(&fake).counters().await;
        fake.print_time.set(8_000);
        fake.take(TICKET);
        assert_eq!(resolve_anew(&fake, before).await, Resolution::Printed);
    });
}

#[test]
fn a_printer_that_holds_the_ticket_without_paper_is_asked_again_later() {
    run(async {
        let fake = Fake::new();
        let mut printer = driver(&fake);
        let before = printer.counters().await;
        fake.then.set(PAPER_OUT);
        assert!(matches!(print(&mut printer).await, Outcome::Unknown(Ok(_))));
        assert_eq!(
            printer.resolve(MARK, before).await,
            Resolution::Unknown(PrintCause::PaperOut)
        );
        // There is paper: it goes on, and says that it has come to the mark.
        fake.status.set(READY);
        fake.answer(
            now() + 50,
            &[&[0x37, 0x22][..], &Mark::new(MARK).command()[7..], &[0]].concat(),
        );
        wait(500).await;
        assert_eq!(printer.resolve(MARK, before).await, Resolution::Printed);
    });
}

#[test]
fn without_counters_only_the_mark_can_tell() {
    run(async {
        let fake = Fake::new();
        let mut printer = driver(&fake);
        fake.print_time.set(30_000);
        printer.look().await.unwrap();
        assert_eq!(print(&mut printer).await, Outcome::Unknown(Err(Trouble::Slow)));
        wait(10_000).await;
        assert_eq!(printer.resolve(MARK, None).await, Resolution::Printed);
        assert_eq!(
            resolve_anew(&fake, None).await,
            Resolution::Unknown(PrintCause::Restarted)
        );
        let gone = Fake::new();
        gone.status.set(None);
        assert_eq!(
            resolve_anew(&gone, None).await,
            Resolution::Unknown(PrintCause::NoAnswer)
        );
    });
}

#[test]
fn a_cheap_printer_leaves_a_ticket_unknown_after_a_restart() {
    run(async {
        let fake = Fake::cheap();
        let before = Some(Counters { lines: 1, cuts: 1 });
        assert_eq!(
            resolve_anew(&fake, before).await,
            Resolution::Unknown(PrintCause::Restarted)
        );
    });
}

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use embedded_io_async::ErrorType;
use virtual_time::run;

use super::*;

const READY: [u8; 4] = [0x12; 4];
const PAPER_OUT: [u8; 4] = [0x1A, 0x32, 0x12, 0x7E];

/// A printer's line: answers status queries at once, and keeps the rest.
struct Line {
    /// The four status bytes; changes to `then` once something was printed. `None` does not answer.
    now: Cell<Option<[u8; 4]>>,
    then: Option<[u8; 4]>,
    answers: RefCell<VecDeque<u8>>,
    printed: RefCell<Vec<u8>>,
}

impl Line {
    fn new(now: Option<[u8; 4]>, then: Option<[u8; 4]>) -> Self {
        Self {
            now: Cell::new(now),
            then,
            answers: RefCell::default(),
            printed: RefCell::default(),
        }
    }
}

impl ErrorType for &Line {
    type Error = core::convert::Infallible;
}

impl Read for &Line {
    async fn read(&mut self, into: &mut [u8]) -> Result<usize, Self::Error> {
        let Some(byte) = self.answers.borrow_mut().pop_front() else {
            core::future::pending().await
        };
        into[0] = byte;
        Ok(1)
    }
}

impl Write for &Line {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        if let [0x10, 0x04, n @ 1..=4] = *bytes {
            // A little noise before each answer must not matter.
            self.answers.borrow_mut().extend(
                self.now
                    .get()
                    .into_iter()
                    .flat_map(|status| [0xFF, status[n as usize - 1]]),
            );
        } else {
            self.printed.borrow_mut().extend_from_slice(bytes);
            self.now.set(self.then);
        }
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

fn print_on(line: &Line) -> Outcome {
    run(Printer::new(line, line).print(b"ticket"))
}

#[test]
fn a_ready_printer_prints_once() {
    let line = Line::new(Some(READY), Some(READY));
    assert_eq!(print_on(&line), Outcome::Printed);
    assert_eq!(*line.printed.borrow(), b"ticket");
}

#[test]
fn a_printer_without_paper_is_sent_nothing() {
    let line = Line::new(Some(PAPER_OUT), None);
    assert!(matches!(print_on(&line), Outcome::NotSent(Ok(status)) if !status.has_paper()));
    assert!(line.printed.borrow().is_empty());
}

#[test]
fn a_silent_printer_is_sent_nothing() {
    let line = Line::new(None, None);
    assert_eq!(print_on(&line), Outcome::NotSent(Err(NoAnswer)));
    assert!(line.printed.borrow().is_empty());
}

#[test]
fn a_printer_that_stops_in_the_middle_leaves_the_outcome_unknown() {
    let no_paper = Line::new(Some(READY), Some(PAPER_OUT));
    assert!(matches!(print_on(&no_paper), Outcome::Unknown(Ok(status)) if !status.has_paper()));
    let silent = Line::new(Some(READY), None);
    assert_eq!(print_on(&silent), Outcome::Unknown(Err(NoAnswer)));
}

#[test]
fn an_answer_that_came_too_late_is_not_taken_for_the_next() {
    let line = Line::new(Some(READY), None);
    // Paper near its end, as the answer to an earlier round's last question; as the first of a round it would say off line.
    line.answers.borrow_mut().push_back(0x1E);
    let status = run(Printer::new(&line, &line).status()).unwrap();
    assert_eq!(status, Status::default());
}

//! `loket ticket reprint`: asks the running counter for a copy and waits for what came of it.

use super::super::failure::{Exit, Failure};
use super::super::lists::{print, print_json};
use super::Book;
use crate::office::clock::{Clock as _, SystemClock};
use crate::store::{Paper, ReprintEnd, Ticket, TicketState};
use serde_json::json;
use std::time::{Duration, Instant};

/// How long the command waits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For a counter to take the request up; it looks twice a second.
    pub taken_up: Duration,
    /// For the end, once it was taken up.
    pub end: Duration,
    /// Between two looks.
    pub look: Duration,
}

pub(super) const PATIENCE: Patience = Patience {
    taken_up: Duration::from_secs(5),
    end: Duration::from_secs(50),
    look: Duration::from_millis(100),
};

pub(super) fn run(book: &mut Book, ticket: &Ticket, json: bool, patience: Patience) -> Result<Exit, Failure> {
    let label = ticket.label();
    if matches!(ticket.state, TicketState::Closed | TicketState::Void) {
        return Err(Failure::new(
            Exit::Input,
            format!(
                "{label} is over ({}); nothing was printed. The resident takes a new number",
                ticket.state.as_str()
            ),
        ));
    }
    let (id, copy) = book.store.ask_reprint(ticket.id, SystemClock.now())?;
    let (paper, cause) = wait(book, id, &label, patience)?;
    if json {
        print_json(&json!({
            "ticket": label,
            "copy": copy,
            "paper": paper.as_str(),
            "cause": cause,
        }))?;
        return Ok(if paper == Paper::Printed {
            Exit::Done
        } else {
            Exit::Device
        });
    }
    let because = cause.map_or(String::new(), |cause| format!(" ({cause})"));
    match paper {
        Paper::Printed => print(&format!(
            "salinan {copy} dari {label} tercetak / copy {copy} of {label} is printed\n"
        )),
        Paper::NotPrinted => Err(Failure::new(
            Exit::Device,
            format!("the copy of {label} was not printed{because}; see to the kiosk's printer and try again"),
        )),
        Paper::Unknown => Err(Failure::new(
            Exit::Device,
            format!(
                "it is not known whether the copy of {label} was printed{because}; look at the kiosk's printer first"
            ),
        )),
    }
}

/// Waits for the end of a request, and withdraws it when nobody takes it up.
fn wait(
    book: &mut Book,
    id: i64,
    label: &str,
    patience: Patience,
) -> Result<(Paper, Option<String>), Failure> {
    let begun = Instant::now();
    let nobody = || {
        Failure::new(
            Exit::Device,
            format!(
                "no counter took this up, so nothing was printed for {label}; start `loket counter` and see that its kiosk \
                 answers, then try again"
            ),
        )
    };
    loop {
        match book.store.reprint(id)? {
            ReprintEnd::Paper(paper, cause) => return Ok((paper, cause)),
            ReprintEnd::Expired => return Err(nobody()),
            ReprintEnd::Waiting => {
                if begun.elapsed() > patience.taken_up
                    && book.store.withdraw_reprint(id, SystemClock.now())?
                {
                    return Err(nobody());
                }
            }
            ReprintEnd::UnderWay => {
                if begun.elapsed() > patience.taken_up + patience.end {
                    return Err(Failure::new(
                        Exit::Device,
                        format!(
                            "the kiosk has not said what became of the copy of {label}; look at its printer before trying again"
                        ),
                    ));
                }
            }
        }
        std::thread::sleep(patience.look);
    }
}

//! Both ends talk at random while anything happens to the line, and books are kept: what was given to the link, what
//! came out of it, and what must not be.

use std::collections::{HashMap, HashSet};

use protocol::link::{Event, RequestFailure, SendError};
use protocol::message::{
    Accepted, CancelCapture, CapturePhase, CaptureProgress, CaptureVerdict, ShowVerdict, TicketDenial,
    TicketDenied, TicketRequest,
};
use protocol::{Message, RequestId};
use rand::Rng;

use crate::{Faults, Pair, SECOND};

/// Boot ids of host and board.
type Session = (u32, u32);

/// How long both ends are watched after the last message.
const QUIET: u64 = 4 * SECOND;
/// Longer than any conversation takes.
const TOO_LONG: u64 = 3_000 * SECOND;

/// What happens to a conversation besides noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disturbance {
    /// Nothing.
    None,
    /// The line is cut and mended, sometimes in one direction only.
    Cuts,
    /// Either end restarts.
    Restarts,
    /// Both.
    CutsAndRestarts,
}

impl Disturbance {
    const fn cuts(self) -> bool {
        matches!(self, Self::Cuts | Self::CutsAndRestarts)
    }

    const fn restarts(self) -> bool {
        matches!(self, Self::Restarts | Self::CutsAndRestarts)
    }
}

/// What came of conversations. All of `wrong` must be 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages that came out of the links: notifications, and requests that were carried out.
    pub messages: u64,
    /// Requests that got an answer, or the word that the other end had restarted.
    pub requests_ended: u64,
    /// Of these, those that were told of a restart.
    pub requests_failed: u64,
    /// How often an end restarted.
    pub restarts: u64,
    /// How often an end noticed that the other was silent.
    pub silences: u64,
    /// Frames thrown away because they were damaged.
    pub damaged_frames: u64,
    /// Frames sent again.
    pub retransmissions: u64,
    /// What must not be.
    pub wrong: Wrong,
}

/// What must not be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wrong {
    /// Messages that a session should have carried, and did not. What was under way when an end restarted is not
    /// counted, but that nothing before it is missing.
    pub lost: u64,
    /// Messages that came out twice, and requests that were carried out twice.
    pub twice: u64,
    /// Messages that came out before one that was given to the link earlier.
    pub out_of_order: u64,
    /// Requests that got no answer, more than one, that of another, or one although nobody carried them out.
    pub answers: u64,
    /// Sessions broken off although neither end had restarted, and conversations that did not come to an end.
    pub sessions: u64,
}

impl Wrong {
    /// How many things are wrong.
    pub const fn total(&self) -> u64 {
        self.lost + self.twice + self.out_of_order + self.answers + self.sessions
    }
}

impl core::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.messages += other.messages;
        self.requests_ended += other.requests_ended;
        self.requests_failed += other.requests_failed;
        self.restarts += other.restarts;
        self.silences += other.silences;
        self.damaged_frames += other.damaged_frames;
        self.retransmissions += other.retransmissions;
        self.wrong.lost += other.wrong.lost;
        self.wrong.twice += other.wrong.twice;
        self.wrong.out_of_order += other.wrong.out_of_order;
        self.wrong.answers += other.wrong.answers;
        self.wrong.sessions += other.wrong.sessions;
    }
}

/// One end's book of what it said and heard.
#[derive(Debug, Default)]
struct Book {
    /// Notifications taken by the link, by the session they were given to.
    sent: HashMap<Session, Vec<u32>>,
    heard: HashMap<Session, Vec<u32>>,
    /// The session, while the end is up.
    session: Option<Session>,
    /// Messages given to the link so far; each carries its number.
    given: u32,
    /// Requests under way, and the number each carries.
    asked: HashMap<RequestId, u32>,
    replied: HashSet<u32>,
    failed: HashSet<u32>,
    /// Requests of the other end that were carried out here.
    done: HashSet<u32>,
    to_answer: Vec<(RequestId, Message)>,
    wrong: Wrong,
}

impl Book {
    /// Takes an event, as this end's owner would.
    fn event(&mut self, event: Event, session_with: impl Fn(u32) -> Session) {
        match event {
            Event::Up { peer, resumed } => {
                let session = session_with(peer.boot_id);
                if resumed && self.session != Some(session) {
                    self.wrong.sessions += 1;
                }
                self.session = Some(session);
            }
            // What an end logs is nobody's business here.
            Event::Down { .. }
            | Event::BulkBegin { .. }
            | Event::BulkEnd { .. }
            | Event::BulkSent { .. }
            | Event::Log(_) => {}
            Event::Notification(message) => {
                let number = match message {
                    Message::ShowVerdict(message) => message.capture_id,
                    Message::CaptureProgress(message) => message.capture_id,
                    other => unreachable!("nobody sent {other:?}"),
                };
                match self.session {
                    Some(session) => self.heard.entry(session).or_default().push(number),
                    None => self.wrong.sessions += 1,
                }
            }
            Event::Request { id, message } => {
                let (number, reply) = match message {
                    Message::CancelCapture(message) => (message.capture_id, Accepted {}.into()),
                    Message::TicketRequest(message) => {
                        let reply = TicketDenied {
                            press: message.press,
                            reason: TicketDenial::Full,
                        };
                        (message.press as u32, reply.into())
                    }
                    other => unreachable!("nobody asked {other:?}"),
                };
                self.wrong.twice += u64::from(!self.done.insert(number));
                self.to_answer.push((id, reply));
            }
            Event::Reply { id, message } => {
                let Some(number) = self.asked.remove(&id) else {
                    self.wrong.answers += 1;
                    return;
                };
                let of_another =
                    matches!(message, Message::TicketDenied(it) if it.press != u64::from(number));
                self.wrong.answers += u64::from(of_another) + u64::from(!self.replied.insert(number));
            }
            Event::RequestFailed { id, reason } => match self.asked.remove(&id) {
                Some(number) if reason == RequestFailure::PeerRestarted => {
                    self.failed.insert(number);
                }
                _ => self.wrong.answers += 1,
            },
        }
    }

    /// The end has restarted: what its owner had in hand is gone with it.
    fn restarted(&mut self) {
        self.session = None;
        self.to_answer.clear();
        self.failed.extend(self.asked.drain().map(|(_, number)| number));
    }
}

/// Lets both ends talk over a line until each has given `count` messages to its link and all is quiet.
///
/// The pair's seed decides about everything.
pub fn talk(pair: &mut Pair, faults: Faults, disturbance: Disturbance, count: u32) -> Tally {
    pair.faults(faults);
    let (mut host, mut board) = (Book::default(), Book::default());
    let mut tally = Tally::default();
    let start = pair.now;
    let mut quiet_since = None;
    while quiet_since.is_none_or(|at| pair.now < at + QUIET) {
        if pair.now - start > TOO_LONG {
            tally.wrong.sessions += 1;
            break;
        }
        let session = (pair.host.boot_id(), pair.board.boot_id());
        if host.given < count && pair.rng.random_bool(0.7) {
            host_says(pair, &mut host);
        }
        if board.given < count && pair.rng.random_bool(0.7) {
            board_says(pair, &mut board);
        }
        let until = pair.now + pair.rng.random_range(1..3_000);
        while pair.now < until {
            pair.step(until);
            // An owner that is not always there.
            if pair.rng.random_bool(0.9) {
                while let Some(event) = pair.host.poll_event() {
                    host.event(event, |peer| (session.0, peer));
                }
            }
            if pair.rng.random_bool(0.9) {
                while let Some(event) = pair.board.poll_event() {
                    board.event(event, |peer| (peer, session.1));
                }
            }
        }
        if pair.rng.random_bool(0.5) {
            for (id, reply) in host.to_answer.drain(..) {
                // One whose requester has restarted is answered all the same; the answer stays in memory.
                let _ = pair.host.reply(pair.now, id, &reply);
            }
            for (id, reply) in board.to_answer.drain(..) {
                let _ = pair.board.reply(pair.now, id, &reply);
            }
        }
        let talking = host.given < count || board.given < count;
        if disturbance.cuts() {
            cut_or_mend(pair, talking);
        }
        if disturbance.restarts() && talking {
            tally.restarts += u64::from(restart(pair, &mut host, &mut board, &mut tally));
        }
        let busy = talking || pair.to_host.cut || pair.to_board.cut;
        quiet_since = if busy {
            None
        } else {
            quiet_since.or(Some(pair.now))
        };
    }
    note_counters(pair, &mut tally, true, true);
    let last = (pair.host.boot_id(), pair.board.boot_id());
    compare(&host, &board, last, &mut tally);
    compare(&board, &host, last, &mut tally);
    if disturbance == Disturbance::None || disturbance == Disturbance::Cuts {
        // Nobody has restarted, so there was one session and nothing failed.
        let sessions = host.sent.len().max(1) - 1 + board.sent.len().max(1) - 1;
        tally.wrong.sessions += sessions as u64 + tally.requests_failed;
    }
    tally
}

fn host_says(pair: &mut Pair, book: &mut Book) {
    let number = book.given + 1;
    if pair.rng.random_bool(0.8) {
        let verdict = CaptureVerdict::Done;
        let message = ShowVerdict {
            capture_id: number,
            verdict,
        };
        said(pair.host.notify(pair.now, &message.into()), pair, true, book);
    } else if let Ok(id) = pair
        .host
        .request(pair.now, &CancelCapture { capture_id: number }.into())
    {
        book.asked.insert(id, number);
        book.given += 1;
    }
}

fn board_says(pair: &mut Pair, book: &mut Book) {
    let number = book.given + 1;
    if pair.rng.random_bool(0.8) {
        let phase = CapturePhase::Lift;
        let message = CaptureProgress {
            capture_id: number,
            phase,
            impression: 1,
            quality: protocol::message::FingerQuality::Unknown,
        };
        said(pair.board.notify(pair.now, &message.into()), pair, false, book);
    } else {
        let message = TicketRequest {
            press: u64::from(number),
            service: 1,
            priority: false,
        };
        if let Ok(id) = pair.board.request(pair.now, &message.into()) {
            book.asked.insert(id, number);
            book.given += 1;
        }
    }
}

/// Books a notification, if the link has taken it.
fn said(result: Result<(), SendError>, pair: &Pair, by_host: bool, book: &mut Book) {
    match result {
        Ok(()) => {
            let (end, peer) = if by_host {
                (pair.host.boot_id(), pair.host.peer())
            } else {
                (pair.board.boot_id(), pair.board.peer())
            };
            let Some(peer) = peer else {
                book.wrong.sessions += 1;
                return;
            };
            let session = if by_host {
                (end, peer.boot_id)
            } else {
                (peer.boot_id, end)
            };
            book.given += 1;
            book.sent.entry(session).or_default().push(book.given);
        }
        Err(SendError::Full | SendError::Down) => {}
        Err(_) => book.wrong.answers += 1,
    }
}

fn cut_or_mend(pair: &mut Pair, talking: bool) {
    if pair.to_host.cut || pair.to_board.cut {
        if pair.rng.random_bool(0.002) {
            pair.cut(false);
        }
    } else if talking && pair.rng.random_bool(0.02) {
        // Sometimes one direction only, as with a broken wire.
        match pair.rng.random_range(0..3) {
            0 => pair.to_host.cut = true,
            1 => pair.to_board.cut = true,
            _ => pair.cut(true),
        }
    }
}

/// Restarts an end now and then; returns whether it did.
fn restart(pair: &mut Pair, host: &mut Book, board: &mut Book, tally: &mut Tally) -> bool {
    match pair.rng.random_range(0..150) {
        0 => {
            note_counters(pair, tally, true, false);
            pair.reboot_host();
            host.restarted();
        }
        1 => {
            note_counters(pair, tally, false, true);
            pair.reboot_board();
            board.restarted();
        }
        _ => return false,
    }
    true
}

/// Counters begin anew with their end, so they are added up before.
fn note_counters(pair: &Pair, tally: &mut Tally, host: bool, board: bool) {
    let ends = [(host, pair.host.counters()), (board, pair.board.counters())];
    for (_, counters) in ends.into_iter().filter(|(wanted, _)| *wanted) {
        tally.silences += u64::from(counters.silences);
        tally.retransmissions += u64::from(counters.retransmissions);
        tally.damaged_frames += [counters.crc_errors, counters.framing_errors, counters.oversize]
            .map(u64::from)
            .iter()
            .sum::<u64>();
    }
}

/// Compares what one end gave to its link with what the other heard.
fn compare(from: &Book, to: &Book, last: Session, tally: &mut Tally) {
    let wrong = &mut tally.wrong;
    for (session, heard) in &to.heard {
        let nothing = Vec::new();
        let sent = from.sent.get(session).unwrap_or(&nothing);
        let unique: HashSet<_> = heard.iter().collect();
        wrong.twice += (heard.len() - unique.len()) as u64;
        wrong.out_of_order += heard.windows(2).filter(|pair| pair[1] < pair[0]).count() as u64;
        let furthest = heard.iter().max();
        let holes = |number: &&u32| Some(*number) < furthest && !unique.contains(number);
        wrong.lost += sent.iter().filter(holes).count() as u64;
        // What nobody said in this session.
        wrong.sessions += heard
            .iter()
            .filter(|number| sent.binary_search(number).is_err())
            .count() as u64;
        tally.messages += heard.len() as u64;
    }
    // The session that lasts loses nothing at its end either.
    let furthest = to.heard.get(&last).and_then(|heard| heard.iter().max());
    let sent = from.sent.get(&last).map_or(&[][..], Vec::as_slice);
    wrong.lost += sent.iter().filter(|number| Some(*number) > furthest).count() as u64;
    let replied_and_failed = from.replied.intersection(&from.failed).count();
    let never_done = from.replied.difference(&to.done).count();
    wrong.answers += (from.asked.len() + replied_and_failed + never_done) as u64;
    tally.messages += to.done.len() as u64;
    tally.requests_ended += (from.replied.len() + from.failed.len()) as u64;
    tally.requests_failed += from.failed.len() as u64;
    let own = from.wrong;
    tally.wrong.lost += own.lost;
    tally.wrong.twice += own.twice;
    tally.wrong.out_of_order += own.out_of_order;
    tally.wrong.answers += own.answers;
    tally.wrong.sessions += own.sessions;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn books() -> (Book, Book) {
        let (mut from, mut to) = (Book::default(), Book::default());
        from.sent.insert((1, 2), vec![1, 2, 3, 4]);
        to.heard.insert((1, 2), vec![1, 2, 3, 4]);
        from.replied.insert(9);
        to.done.insert(9);
        (from, to)
    }

    fn wrong(from: &Book, to: &Book) -> Wrong {
        let mut tally = Tally::default();
        compare(from, to, (1, 2), &mut tally);
        tally.wrong
    }

    #[test]
    fn books_that_agree_show_nothing_wrong() {
        let (from, to) = books();
        assert_eq!(wrong(&from, &to), Wrong::default());
    }

    #[test]
    fn whatever_goes_wrong_shows_in_the_books() {
        let heard = |numbers: &[u32]| {
            let (from, mut to) = books();
            to.heard.insert((1, 2), numbers.to_vec());
            wrong(&from, &to)
        };
        assert_eq!(heard(&[1, 3, 4]).lost, 1, "in the middle");
        assert_eq!(heard(&[1, 2, 3]).lost, 1, "at the end");
        assert_eq!(heard(&[1, 2, 2, 3, 4]).twice, 1);
        assert_eq!(heard(&[1, 3, 2, 4]).out_of_order, 1);
        assert_eq!(heard(&[1, 2, 3, 4, 5]).sessions, 1, "what nobody said");

        let (mut from, to) = books();
        from.replied.insert(10);
        assert_eq!(wrong(&from, &to).answers, 1, "an answer to what nobody did");
        from.failed.insert(9);
        assert_eq!(wrong(&from, &to).answers, 2, "an answer, and a failure");
        let id = RequestId { origin: 1, number: 1 };
        from.asked.insert(id, 11);
        assert_eq!(wrong(&from, &to).answers, 3, "no answer");
    }

    #[test]
    fn a_session_that_ended_may_lose_its_end_only() {
        let (mut from, mut to) = books();
        from.sent.insert((1, 1), vec![1, 2, 3]);
        to.heard.insert((1, 1), vec![1, 2]);
        assert_eq!(wrong(&from, &to), Wrong::default());
        to.heard.insert((1, 1), vec![1, 3]);
        assert_eq!(wrong(&from, &to).lost, 1);
    }
}

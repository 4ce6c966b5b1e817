//! Thousands of messages over bad lines, with disconnects and restarts: none lost, none twice, none out of order.
#![allow(clippy::unwrap_used)] // A test stops at what it does not expect.

#[allow(unreachable_pub)]
mod sim;

use std::collections::{HashMap, HashSet};

use protocol::link::{BulkOutcome, Event, Object, RequestFailure, SendError};
use protocol::message::{
    Accepted, CancelCapture, CapturePhase, CaptureProgress, CaptureVerdict, ObjectKind, ShowVerdict,
    TicketDenial, TicketDenied, TicketRequest,
};
use protocol::{Message, RequestId};
use rand::Rng;
use sim::{Faults, Pair, SECOND, connected, verdict};

/// How many seeds to try: a few, or as many as `LOKET_SEEDS` says.
fn seeds(usual: u64) -> std::ops::Range<u64> {
    let wanted = std::env::var("LOKET_SEEDS")
        .ok()
        .and_then(|text| text.parse().ok());
    0..wanted.unwrap_or(usual)
}

/// One end's book of what it sent and heard.
#[derive(Default)]
struct Book {
    /// Notifications taken by the link, by the session they were given to.
    sent: HashMap<(u32, u32), Vec<u32>>,
    heard: HashMap<(u32, u32), Vec<u32>>,
    /// Boot ids of host and board, while the end is up.
    session: Option<(u32, u32)>,
    next: u32,
    /// Requests under way, and the number each carries.
    asked: HashMap<RequestId, u32>,
    replied: HashSet<u32>,
    failed: HashSet<u32>,
    /// Requests of the other end that were carried out here.
    done: HashSet<u32>,
    to_answer: Vec<(RequestId, Message)>,
}

impl Book {
    fn number(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    /// Checks an event, as this end's owner would take it.
    fn event(&mut self, event: Event, pair_boots: impl Fn(u32) -> (u32, u32)) {
        match event {
            Event::Up { peer, resumed } => {
                let session = pair_boots(peer.boot_id);
                assert!(
                    !resumed || self.session == Some(session),
                    "only the same session goes on"
                );
                self.session = Some(session);
            }
            Event::Down { .. } | Event::BulkBegin { .. } | Event::BulkEnd { .. } | Event::BulkSent { .. } => {
            }
            Event::Notification(message) => {
                let number = match message {
                    Message::ShowVerdict(message) => message.capture_id,
                    Message::CaptureProgress(message) => message.capture_id,
                    other => panic!("nobody sent {other:?}"),
                };
                let session = self.session.expect("messages come while up");
                self.heard.entry(session).or_default().push(number);
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
                    other => panic!("nobody asked {other:?}"),
                };
                assert!(self.done.insert(number), "request {number} is carried out once");
                self.to_answer.push((id, reply));
            }
            Event::Reply { id, message } => {
                let number = self.asked.remove(&id).expect("an answer to what was asked, once");
                if let Message::TicketDenied(message) = message {
                    assert_eq!(
                        message.press,
                        u64::from(number),
                        "the answer belongs to the request"
                    );
                }
                assert!(self.replied.insert(number));
            }
            Event::RequestFailed { id, reason } => {
                assert_eq!(reason, RequestFailure::PeerRestarted);
                let number = self
                    .asked
                    .remove(&id)
                    .expect("a request that was asked fails once");
                assert!(self.failed.insert(number));
            }
        }
    }
}

/// Both ends talk at random until each has sent `count` messages; `disturb` may do anything to the line.
fn talk(
    pair: &mut Pair,
    count: u32,
    mut disturb: impl FnMut(&mut Pair, &mut Book, &mut Book),
) -> (Book, Book) {
    let (mut host, mut board) = (Book::default(), Book::default());
    let start = pair.now;
    let mut quiet_since = None;
    while quiet_since.is_none_or(|at| pair.now < at + 4 * SECOND) {
        assert!(pair.now - start < 3_000 * SECOND, "it comes to an end");
        let (host_boot, board_boot) = (pair.host.boot_id(), pair.board.boot_id());
        if host.next < count && pair.rng.random_bool(0.7) {
            let number = host.next + 1;
            if pair.rng.random_bool(0.8) {
                let message = ShowVerdict {
                    capture_id: number,
                    verdict: CaptureVerdict::Done,
                }
                .into();
                match pair.host.notify(pair.now, &message) {
                    Ok(()) => {
                        let session = (host_boot, pair.host.peer().unwrap().boot_id);
                        host.sent.entry(session).or_default().push(number);
                        host.number();
                    }
                    Err(error) => assert!(matches!(error, SendError::Full | SendError::Down)),
                }
            } else if let Ok(id) = pair
                .host
                .request(pair.now, &CancelCapture { capture_id: number }.into())
            {
                host.asked.insert(id, host.next + 1);
                host.number();
            }
        }
        if board.next < count && pair.rng.random_bool(0.7) {
            let number = board.next + 1;
            if pair.rng.random_bool(0.8) {
                let message = CaptureProgress {
                    capture_id: number,
                    phase: CapturePhase::Lift,
                }
                .into();
                if pair.board.notify(pair.now, &message).is_ok() {
                    let session = (pair.board.peer().unwrap().boot_id, board_boot);
                    board.sent.entry(session).or_default().push(number);
                    board.number();
                }
            } else {
                let message = TicketRequest {
                    press: u64::from(number),
                    service: 1,
                    priority: false,
                }
                .into();
                if let Ok(id) = pair.board.request(pair.now, &message) {
                    board.asked.insert(id, number);
                    board.number();
                }
            }
        }
        let us = pair.rng.random_range(1..3_000);
        let until = pair.now + us;
        while pair.now < until {
            pair.step(until);
            // An owner that is not always there.
            if pair.rng.random_bool(0.9) {
                while let Some(event) = pair.host.poll_event() {
                    host.event(event, |peer| (host_boot, peer));
                }
            }
            if pair.rng.random_bool(0.9) {
                while let Some(event) = pair.board.poll_event() {
                    board.event(event, |peer| (peer, board_boot));
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
        disturb(pair, &mut host, &mut board);
        let busy = host.next < count || board.next < count || pair.to_host.cut || pair.to_board.cut;
        quiet_since = if busy {
            None
        } else {
            quiet_since.or(Some(pair.now))
        };
    }
    (host, board)
}

/// Everything given to a session was heard in order, once; all of it, unless an end restarted.
fn check(from: &Book, to: &Book, last_session: (u32, u32)) -> usize {
    let mut count = 0;
    for (session, heard) in &to.heard {
        let sent = &from.sent[session];
        assert!(
            sent.starts_with(heard),
            "in session {session:?}: {heard:?} of {sent:?}"
        );
        count += heard.len();
    }
    let nothing = Vec::new();
    let sent = from.sent.get(&last_session).unwrap_or(&nothing);
    let heard = to.heard.get(&last_session).unwrap_or(&nothing);
    assert_eq!(sent, heard, "nothing is lost in the session that lasts");
    assert!(from.asked.is_empty(), "every request ended: {:?}", from.asked);
    assert!(from.replied.is_disjoint(&from.failed), "in one way");
    assert!(
        from.replied.is_subset(&to.done),
        "an answer means that it was done"
    );
    count
}

fn check_both(pair: &Pair, host: &Book, board: &Book) -> usize {
    let last = (pair.host.boot_id(), pair.board.boot_id());
    check(host, board, last) + check(board, host, last)
}

#[test]
fn a_clean_line_carries_everything() {
    let mut pair = Pair::new(1);
    let (host, board) = talk(&mut pair, 1_000, |_, _, _| {});
    assert!(check_both(&pair, &host, &board) > 1_500);
    assert_eq!(
        host.replied.len() + board.replied.len() + host.sent.len() + board.sent.len() - 2,
        {
            let asked = |book: &Book| book.next as usize - book.sent.values().map(Vec::len).sum::<usize>();
            asked(&host) + asked(&board)
        }
    );
    assert_eq!(pair.host.counters().crc_errors, 0);
}

#[test]
fn a_line_that_turns_drops_inserts_and_doubles_carries_everything_in_order_once() {
    let lines = [
        Faults::bit_errors(1e-4),
        Faults::bit_errors(1e-3),
        Faults {
            drop: 0.01,
            ..Faults::default()
        },
        Faults {
            insert: 0.01,
            ..Faults::default()
        },
        Faults {
            burst: 0.003,
            ..Faults::default()
        },
        Faults {
            twice: 0.3,
            ..Faults::default()
        },
        Faults {
            flip: 0.003,
            drop: 0.003,
            insert: 0.003,
            burst: 0.001,
            twice: 0.1,
        },
    ];
    for (seed, faults) in seeds(1).flat_map(|seed| lines.map(|faults| (seed, faults))) {
        let mut pair = Pair::new(seed);
        pair.faults(faults);
        let (host, board) = talk(&mut pair, 300, |_, _, _| {});
        let heard = check_both(&pair, &host, &board);
        assert!(heard > 400, "{heard} on {faults:?}");
        assert!(
            host.failed.is_empty() && board.failed.is_empty(),
            "noise is no restart"
        );
    }
}

#[test]
fn a_line_that_is_cut_again_and_again_carries_everything_in_order_once() {
    let mut silences = 0;
    for seed in seeds(6) {
        let mut pair = Pair::new(seed);
        pair.faults(Faults {
            flip: 0.001,
            drop: 0.001,
            ..Faults::default()
        });
        let (host, board) = talk(&mut pair, 200, |pair, host, board| {
            if pair.to_host.cut || pair.to_board.cut {
                if pair.rng.random_bool(0.002) {
                    pair.cut(false);
                }
            } else if (host.next < 200 || board.next < 200) && pair.rng.random_bool(0.02) {
                // Sometimes one direction only, as with a broken wire.
                match pair.rng.random_range(0..3) {
                    0 => pair.to_host.cut = true,
                    1 => pair.to_board.cut = true,
                    _ => pair.cut(true),
                }
            }
        });
        assert!(check_both(&pair, &host, &board) > 200);
        assert!(
            host.failed.is_empty() && board.failed.is_empty(),
            "a cut line is no restart"
        );
        assert_eq!(
            (host.sent.len(), board.sent.len()),
            (1, 1),
            "one session all along"
        );
        silences += pair.host.counters().silences + pair.board.counters().silences;
    }
    assert!(silences > 0, "some cuts were long enough to be noticed");
}

#[test]
fn restarts_on_either_side_lose_nothing_in_silence() {
    let mut restarts = 0;
    for seed in seeds(12) {
        let mut pair = Pair::new(seed);
        pair.faults(Faults {
            flip: 0.002,
            drop: 0.001,
            insert: 0.001,
            ..Faults::default()
        });
        let (host, board) = talk(&mut pair, 200, |pair, host, board| {
            if host.next == 200 && board.next == 200 {
                return;
            }
            let book = match pair.rng.random_range(0..150) {
                0 => {
                    pair.reboot_host();
                    host
                }
                1 => {
                    pair.reboot_board();
                    board
                }
                _ => return,
            };
            restarts += 1;
            // What its owner had in hand is gone with it.
            book.session = None;
            book.to_answer.clear();
            book.failed.extend(book.asked.drain().map(|(_, number)| number));
        });
        check_both(&pair, &host, &board);
    }
    assert!(restarts > 20, "{restarts}");
}

/// Sends an image from board to host over the line; returns the microseconds it took.
fn carry_image(pair: &mut Pair, length: usize) -> u64 {
    let image: Vec<u8> = (0..length).map(|_| pair.rng.random()).collect();
    let object = Object {
        kind: ObjectKind::Image,
        id: 5,
        length: length as u32,
    };
    pair.connect();
    let start = pair.now;
    pair.board.bulk_begin(pair.now, object).unwrap();
    let (mut written, mut read, mut ended) = (0, Vec::new(), None);
    while ended.is_none() {
        assert!(
            pair.now - start < 600 * SECOND,
            "it gets through: {} bytes so far",
            read.len()
        );
        // As the sensor gives it: packet by packet.
        let packet = &image[written..(written + 128).min(length)];
        if pair.board.bulk_room() >= packet.len() {
            written += pair.board.bulk_write(packet);
        }
        pair.step(pair.now + 500);
        let mut chunk = [0; 777];
        loop {
            let count = pair.host.bulk_read(&mut chunk);
            read.extend_from_slice(&chunk[..count]);
            if count == 0 {
                break;
            }
        }
        while let Some(event) = pair.host.poll_event() {
            if let Event::BulkEnd { outcome, .. } = event {
                ended = Some(outcome);
            }
        }
        pair.board.poll_event();
    }
    assert_eq!(ended, Some(BulkOutcome::Delivered));
    assert!(read == image, "the image is the same");
    pair.now - start
}

#[test]
fn an_image_comes_through_a_bad_line_unchanged() {
    let lines = [
        Faults::default(),
        Faults::bit_errors(1e-5),
        Faults::bit_errors(1e-4),
        Faults::bit_errors(1e-3),
        Faults {
            drop: 0.003,
            flip: 0.003,
            ..Faults::default()
        },
        Faults {
            burst: 0.001,
            insert: 0.001,
            twice: 0.1,
            ..Faults::default()
        },
    ];
    for (seed, faults) in lines.into_iter().enumerate() {
        for round in 0..3 {
            let mut pair = Pair::new(100 * round + seed as u64);
            pair.faults(faults);
            let us = carry_image(&mut pair, 36_864);
            let goodput = 100.0 * 36_864.0 * pair.byte_us / us as f64;
            println!(
                "{faults:?}: {us} us, goodput {goodput:.1} %, {:?}",
                pair.board.counters()
            );
        }
    }
}

#[test]
fn sequence_numbers_wrap_without_anybody_noticing() {
    let mut pair = connected();
    pair.faults(Faults {
        flip: 0.0002,
        ..Faults::default()
    });
    let (mut sent, mut heard) = (0, 0);
    while heard < 70_000 {
        while sent < 70_000 && pair.host.notify(pair.now, &verdict(sent)).is_ok() {
            sent += 1;
        }
        pair.step(pair.now + 1_000);
        while let Some(event) = pair.board.poll_event() {
            assert_eq!(event, Event::Notification(verdict(heard)));
            heard += 1;
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let run = || {
        let mut pair = Pair::new(42);
        pair.faults(Faults {
            flip: 0.004,
            drop: 0.002,
            insert: 0.002,
            burst: 0.001,
            twice: 0.1,
        });
        talk(&mut pair, 100, |_, _, _| {});
        (pair.now, *pair.host.counters(), *pair.board.counters())
    };
    assert_eq!(run(), run());
}

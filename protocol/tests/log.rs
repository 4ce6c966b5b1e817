//! The log of a board: carried when the line has nothing else to do, and never in anything's way.
#![allow(clippy::unwrap_used)] // A test stops at what it does not expect.

use protocol::frame::{FrameKind, MAX_WIRE_FRAME, encode, kind_and_session, split_kind_and_session};
use protocol::link::wire::{LOG_ENTRY_NONE, Log};
use protocol::link::{BulkOutcome, Event, LogTaken, Object};
use protocol::message::{Accepted, ObjectKind, StatusRequest};
use protocol_sim::{Faults, Pair, SECOND, connected};

/// Entries of 37 bytes, each ended by a zero.
fn entries(count: usize) -> Vec<u8> {
    let entry = |number: usize| (1..37).map(move |at| 1 + ((number + at) % 200) as u8).chain([0]);
    (0..count).flat_map(entry).collect()
}

fn logs(events: Vec<Event>) -> Vec<Log> {
    let logs = events.into_iter().filter_map(|event| match event {
        Event::Log(log) => Some(log),
        _ => None,
    });
    logs.collect()
}

#[test]
fn a_log_arrives_in_order_and_says_where_its_entries_begin() {
    let mut pair = connected();
    let written = entries(40);
    pair.board_log.extend(&written);
    let (events, _) = pair.run(SECOND / 10);
    let logs = logs(events);
    assert!(logs.len() >= written.len() / 128, "{}", logs.len());
    let mut at = 0;
    for log in &logs {
        assert_eq!(log.offset as usize, at);
        assert_eq!(log.bytes[..], written[at..at + log.bytes.len()]);
        let begins = at + usize::from(log.entry);
        assert_eq!(begins % 37, 0, "an entry begins at {begins}");
        at += log.bytes.len();
    }
    assert_eq!(at, written.len());
}

#[test]
fn an_entry_longer_than_a_frame_begins_once() {
    let mut pair = connected();
    pair.board_log.extend([7; 300]);
    pair.board_log.push_back(0);
    let (events, _) = pair.run(SECOND / 10);
    let entries: Vec<_> = logs(events).iter().map(|log| log.entry).collect();
    // The end of the entry is in the third frame, and the next entry would begin in the one after it.
    assert_eq!(entries, [0, LOG_ENTRY_NONE, 45]);
}

#[test]
fn what_was_lost_before_it_came_to_the_line_shows_as_a_gap() {
    let mut pair = connected();
    let mut wire = [0; MAX_WIRE_FRAME];
    let mut give = |pair: &mut Pair, lost: u32, bytes: &[u8]| {
        pair.now += 10_000;
        let len = pair.board.poll_transmit_with_log(pair.now, &mut wire, |place| {
            place[..bytes.len()].copy_from_slice(bytes);
            LogTaken {
                lost,
                len: bytes.len(),
            }
        });
        pair.host.handle_bytes(pair.now, &wire[..len]);
    };
    give(&mut pair, 0, &[1, 2, 0]);
    give(&mut pair, 500, &[3, 0]);
    give(&mut pair, u32::MAX, &[4, 0]);
    let events = std::iter::from_fn(|| pair.host.poll_event()).collect();
    let offsets: Vec<_> = logs(events).iter().map(|log| log.offset).collect();
    assert_eq!(offsets, [0, 503, 504]);
}

#[test]
fn nothing_is_taken_while_nobody_listens() {
    let mut pair: Pair = Pair::default();
    let mut wire = [0; MAX_WIRE_FRAME];
    for now in (0..SECOND).step_by(10_000) {
        pair.board
            .poll_transmit_with_log(now, &mut wire, |_| panic!("asked for a log"));
    }
    pair.connect();
    pair.cut(true);
    pair.run(4 * SECOND);
    assert!(!pair.board.is_up());
    pair.board_log.extend(entries(10));
    pair.run(SECOND);
    assert_eq!(pair.board_log.len(), 370);
}

/// The longest time from a request of the host to its answer, in µs, while the board logs without end.
fn longest_answer(flood: bool) -> u64 {
    let mut pair = connected();
    let mut longest = 0;
    for round in 0..200 {
        let asked = pair.now;
        let id = pair.host.request(asked, &StatusRequest {}.into()).unwrap();
        let mut answered = false;
        while !answered {
            if flood && pair.board_log.len() < 1_000 {
                pair.board_log.extend(entries(100));
            }
            pair.step(asked + SECOND);
            while let Some(event) = pair.board.poll_event() {
                if let Event::Request { id, .. } = event {
                    pair.board.reply(pair.now, id, &Accepted {}.into()).unwrap();
                }
            }
            while let Some(event) = pair.host.poll_event() {
                answered |= matches!(event, Event::Reply { id: of, .. } if of == id);
            }
            assert!(pair.now < asked + SECOND, "an answer");
        }
        longest = longest.max(pair.now - asked);
        pair.run(1_000 + 37 * round);
    }
    longest
}

#[test]
fn an_answer_waits_for_one_frame_of_the_log_at_most() {
    let quiet = longest_answer(false);
    let flooded = longest_answer(true);
    // 128 bytes and what is around them, both times that the board speaks: to acknowledge, and to answer.
    let frame = (2.0 * 145.0 * protocol_sim::BYTE_US) as u64;
    assert!(flooded <= quiet + frame, "{quiet} us without, {flooded} us with");
}

#[test]
fn an_object_is_as_fast_beside_a_log_and_the_log_follows() {
    let took = |flood: bool| {
        let mut pair = connected();
        let object = Object {
            kind: ObjectKind::Image,
            id: 1,
            length: 36_864,
        };
        pair.board.bulk_begin(pair.now, object).unwrap();
        let (begun, mut left, mut heard) = (pair.now, 36_864, 0);
        loop {
            if flood && pair.board_log.len() < 1_000 {
                pair.board_log.extend(entries(100));
            }
            left -= pair.board.bulk_write(&vec![0x55; left]);
            pair.step(begun + 10 * SECOND);
            while pair.host.bulk_read(&mut [0; 4096]) > 0 {}
            while let Some(event) = pair.host.poll_event() {
                match event {
                    Event::BulkEnd { outcome, .. } => {
                        assert_eq!(outcome, BulkOutcome::Delivered);
                        return (pair.now - begun, heard);
                    }
                    Event::Log(log) => heard += log.bytes.len(),
                    _ => {}
                }
            }
        }
    };
    let ((alone, _), (beside, heard)) = (took(false), took(true));
    assert!(
        beside <= alone + alone / 50,
        "{alone} us alone, {beside} us beside a log"
    );
    assert!(heard < 3_000, "{heard} bytes of the log came before the object");
}

#[test]
fn a_flood_keeps_nobody_from_saying_that_he_is_there() {
    let mut pair = connected();
    let (mut acks, mut hellos) = (0, 0);
    let until = pair.now + 5 * SECOND;
    let mut wire = [0; MAX_WIRE_FRAME];
    while pair.now < until {
        pair.now += 1_600;
        let len = pair.board.poll_transmit_with_log(pair.now, &mut wire, |place| {
            place.fill(1);
            LogTaken {
                lost: 0,
                len: place.len(),
            }
        });
        let mut decoder = protocol::frame::Decoder::new();
        decoder.push(&wire[..len]);
        let kind = split_kind_and_session(decoder.frame()).and_then(|(kind, ..)| kind);
        acks += u32::from(kind == Some(FrameKind::Ack));
        hellos += u32::from(kind == Some(FrameKind::Hello));
        pair.host.handle_bytes(pair.now, &wire[..len]);
        while pair.host.poll_event().is_some() {}
        let len = pair.host.poll_transmit(pair.now, &mut wire);
        if pair.now < until - 4 * SECOND {
            pair.board.handle_bytes(pair.now, &wire[..len]);
        } else if !pair.board.is_up() {
            break;
        }
    }
    assert!(acks >= 2 * 3, "{acks} signs of life");
    assert!(!pair.board.is_up() && hellos <= 1, "a silent host is noticed");
}

#[test]
fn on_a_noisy_line_a_log_has_gaps_and_no_wrong_bytes() {
    let mut pair = connected();
    pair.faults(Faults::bit_errors(2e-5));
    let written = entries(3_000);
    pair.board_log.extend(&written);
    let (events, _) = pair.run(3 * SECOND);
    let (mut came, mut gaps, mut at) = (0, 0, 0);
    for log in logs(events) {
        let offset = log.offset as usize;
        assert!(offset >= at, "in order");
        gaps += usize::from(offset > at);
        assert_eq!(log.bytes[..], written[offset..offset + log.bytes.len()]);
        came += log.bytes.len();
        at = offset + log.bytes.len();
    }
    assert!(gaps > 0, "noise that hits nothing tests nothing");
    assert!(came > written.len() * 9 / 10, "{came} of {}", written.len());
}

/// A frame of the kind `Log` in the session of `pair`.
fn frame(pair: &mut Pair, rest: &[u8]) -> Vec<u8> {
    let mut wire = [0; MAX_WIRE_FRAME];
    pair.now += 600_000;
    let len = pair.host.poll_transmit(pair.now, &mut wire);
    let mut decoder = protocol::frame::Decoder::new();
    decoder.push(&wire[..len]);
    let (_, session, _) = split_kind_and_session(decoder.frame()).unwrap();
    let len = encode(&mut wire, &[&kind_and_session(FrameKind::Log, session), rest]).unwrap();
    wire[..len].to_vec()
}

#[test]
fn a_board_ignores_a_log_and_a_host_what_makes_no_sense() {
    let mut pair = connected();
    let sound = [0, 0, 0, 0, 0, 2, 1, 0];
    let bytes = frame(&mut pair, &sound);
    let now = pair.now;
    pair.board.handle_bytes(now, &bytes);
    assert_eq!((pair.board.counters().stray, pair.board.poll_event()), (1, None));
    pair.host.handle_bytes(now, &bytes);
    assert!(matches!(pair.host.poll_event(), Some(Event::Log(_))));
    let too_many = [&[0, 0, 0, 0, 0, 129][..], &[1; 129]].concat();
    let nonsense: [&[u8]; 5] = [
        &[],
        &[0, 0, 0, 0, 0, 0],
        &[0, 0, 0, 0, 3, 2, 1, 0],
        &[0, 0, 0, 0, 0, 3, 1, 0],
        &too_many,
    ];
    for (count, rest) in (1..).zip(nonsense) {
        let bytes = frame(&mut pair, rest);
        pair.host.handle_bytes(pair.now, &bytes);
        assert_eq!(pair.host.poll_event(), None, "{rest:?}");
        assert_eq!(pair.host.counters().undecodable, count, "{rest:?}");
    }
}

#[test]
fn a_host_that_does_not_look_loses_log_and_counts_it() {
    let mut pair = connected();
    pair.board_log.extend(entries(1_000));
    while pair.board_log.len() > 128 {
        pair.step(pair.now + SECOND);
    }
    let lost = pair.host.counters().no_room;
    assert!(lost > 100, "{lost}");
    let waiting = std::iter::from_fn(|| pair.host.poll_event()).count();
    assert_eq!(waiting, 16);
}

//! What a link has counted tells a technician what is wrong with the line or the other end.
#![allow(clippy::unwrap_used)] // A test stops at what it does not expect.

use protocol::link::Event;
use protocol::message::{Refusal, StatusRequest};
use protocol_sim::samples::*;
use protocol_sim::*;

#[test]
fn the_round_trip_is_that_of_the_line() {
    let mut pair: Pair = Pair::default();
    assert_eq!(pair.host.counters().round_trip_us, 0, "nothing was measured yet");
    pair.connect();
    for number in 0..20 {
        pair.host.notify(pair.now, &verdict(number)).unwrap();
        pair.run(SECOND / 50);
    }
    // Two frames of about 20 bytes at 11 us each, and 100 us of delay each way.
    let quick = pair.host.counters().round_trip_us;
    assert!((300..1_000).contains(&quick), "{quick} us");
    pair.latency_us = 5_000;
    for number in 0..60 {
        pair.host.notify(pair.now, &verdict(number)).unwrap();
        pair.run(SECOND / 50);
    }
    let slow = pair.host.counters().round_trip_us;
    assert!((10_000..11_000).contains(&slow), "{slow} us");
}

#[test]
fn a_time_out_is_told_from_a_repeat_for_a_gap() {
    let mut pair = connected();
    // A gap: what comes after it shows it, before any time-out.
    pair.host.notify(pair.now, &verdict(1)).unwrap();
    pair.to_board.cut = true;
    pair.transmit();
    pair.to_board.cut = false;
    pair.host.notify(pair.now, &verdict(2)).unwrap();
    pair.run(SECOND / 10);
    let counters = *pair.host.counters();
    assert_eq!((counters.retransmissions, counters.timeouts), (1, 0));
    // Nothing comes after it.
    pair.host.notify(pair.now, &verdict(3)).unwrap();
    pair.to_board.cut = true;
    pair.transmit();
    pair.to_board.cut = false;
    pair.run(SECOND);
    let counters = *pair.host.counters();
    assert_eq!((counters.retransmissions, counters.timeouts), (2, 1));
}

#[test]
fn time_outs_of_objects_count_too() {
    let mut pair = connected();
    let object = protocol::link::Object {
        kind: protocol::message::ObjectKind::Image,
        id: 1,
        length: 100,
    };
    pair.board.bulk_begin(pair.now, object).unwrap();
    pair.run(SECOND / 10);
    pair.cut(true);
    let before = pair.board.counters().timeouts;
    assert_eq!(pair.board.bulk_write(&[1; 50]), 50);
    pair.run(SECOND);
    assert!(pair.board.counters().timeouts > before);
}

#[test]
fn refusals_are_counted_once_they_are_sent() {
    let mut pair = connected();
    for _ in 0..3 {
        pair.host.request(pair.now, &StatusRequest {}.into()).unwrap();
    }
    let (_, board) = pair.run(SECOND / 10);
    for id in requests(&board) {
        pair.board.refuse(pair.now, id, Refusal::NotPossible).unwrap();
    }
    let (host, _) = pair.run(SECOND / 10);
    assert!(
        host.iter()
            .all(|event| matches!(event, Event::RequestFailed { .. }))
    );
    assert_eq!((host.len(), pair.board.counters().refusals_sent), (3, 3));
    assert_eq!(pair.host.counters().refusals_sent, 0);
}

#[test]
fn pieces_of_objects_get_shorter_on_a_noisy_line() {
    let mut pair = connected();
    let content = vec![0x5a; 36_864];
    transfer::carry(&mut pair, &content).unwrap();
    assert_eq!(pair.board.counters().bulk_piece, 1_024);
    pair.faults(Faults::bit_errors(1e-3));
    transfer::carry(&mut pair, &content).unwrap();
    let short = pair.board.counters().bulk_piece;
    assert!((1..300).contains(&short), "{short} bytes");
}

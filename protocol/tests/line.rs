//! Thousands of messages over bad lines, with disconnects and restarts: none lost, none twice, none out of order.
//!
//! `LOKET_SEEDS=N` tries each kind of line with the seeds below N; `cargo rig bench link` does so with very many.
#![allow(clippy::unwrap_used)] // A test stops at what it does not expect.

use protocol::link::{Event, Object};
use protocol::message::ObjectKind;
use protocol_sim::conversation::{Disturbance, Tally, Wrong, talk};
use protocol_sim::samples::verdict;
use protocol_sim::{BAUD, Faults, Pair, connected, transfer};
use rand::Rng;

/// How many seeds to try: a few, or as many as `LOKET_SEEDS` says.
fn seeds(usual: u64) -> std::ops::Range<u64> {
    let wanted = std::env::var("LOKET_SEEDS")
        .ok()
        .and_then(|text| text.parse().ok());
    0..wanted.unwrap_or(usual)
}

/// One conversation, in which nothing goes wrong.
fn talked(seed: u64, faults: Faults, disturbance: Disturbance, count: u32) -> Tally {
    let tally = talk(&mut Pair::new(seed), faults, disturbance, count);
    assert_eq!(
        tally.wrong,
        Wrong::default(),
        "seed {seed}, {faults:?}, {disturbance:?}"
    );
    tally
}

#[test]
fn a_clean_line_carries_everything() {
    let tally = talked(1, Faults::default(), Disturbance::None, 1_000);
    assert_eq!(tally.messages, 2_000);
    assert_eq!((tally.requests_failed, tally.damaged_frames), (0, 0));
    assert!(tally.requests_ended > 300);
}

#[test]
fn a_line_that_turns_drops_inserts_and_doubles_carries_everything_in_order_once() {
    for seed in seeds(1) {
        for faults in Faults::kinds() {
            let tally = talked(seed, faults, Disturbance::None, 300);
            assert_eq!(tally.messages, 600, "{faults:?}");
        }
    }
}

#[test]
fn a_line_that_is_cut_again_and_again_carries_everything_in_order_once() {
    let mut all = Tally::default();
    for seed in seeds(6) {
        let faults = Faults {
            flip: 0.001,
            drop: 0.001,
            ..Faults::default()
        };
        let tally = talked(seed, faults, Disturbance::Cuts, 200);
        assert_eq!(tally.messages, 400);
        all += tally;
    }
    assert!(all.silences > 0, "some cuts were long enough to be noticed");
}

#[test]
fn restarts_on_either_side_lose_nothing_in_silence() {
    let mut all = Tally::default();
    for seed in seeds(12) {
        let faults = Faults {
            flip: 0.002,
            drop: 0.001,
            insert: 0.001,
            ..Faults::default()
        };
        all += talked(seed, faults, Disturbance::Restarts, 200);
        all += talked(seed, faults, Disturbance::CutsAndRestarts, 100);
    }
    assert!(all.restarts > 20 && all.requests_failed > 0, "{all:?}");
}

#[test]
fn an_image_comes_through_a_bad_line_unchanged() {
    let mut lines = vec![Faults::default()];
    lines.extend([1e-6, 1e-5, 1e-4, 1e-3].map(Faults::bit_errors));
    lines.extend(Faults::kinds());
    for (seed, faults) in lines.into_iter().enumerate() {
        for round in 0..3 {
            let mut pair: Pair = Pair::new(100 * round + seed as u64);
            pair.faults(faults);
            pair.connect();
            let image: Vec<u8> = (0..36_864).map(|_| pair.rng.random()).collect();
            assert!(transfer::carry(&mut pair, &image).is_some(), "{faults:?}");
        }
    }
}

#[test]
fn a_time_out_that_was_too_short_does_not_stay_so() {
    // What the control lane has measured is far less than a long piece takes on a slow line; and a pair of USB adapters may
    // take longer than is supposed before anything was measured.
    for (baud, latency_us, most) in [
        (115_200.0, 100, 1.1),
        (9_600.0, 100, 1.1),
        (f64::from(BAUD), 30_000, 1.3), // What is under way at first is sent twice.
        (115_200.0, 30_000, 1.1),
    ] {
        let mut pair: Pair = Pair::new(7);
        (pair.byte_us, pair.latency_us) = (1e7 / baud, latency_us);
        pair.connect();
        let image = vec![0x5a; 36_864];
        let sent = transfer::carry(&mut pair, &image).unwrap().wire_bytes as f64;
        let share = sent / image.len() as f64;
        assert!(share < most, "{baud} baud, {latency_us} µs: {share:.2}");
    }
}

#[test]
fn a_host_that_is_busy_now_and_then_is_not_taken_for_noise() {
    let mut pair: Pair = Pair::new(3);
    pair.connect();
    let object = Object {
        kind: ObjectKind::Image,
        id: 5,
        length: 1 << 20,
    };
    pair.board.bulk_begin(pair.now, object).unwrap();
    let (mut written, mut ended) = (0, false);
    let mut chunk = [0; 4096];
    while !ended {
        // As a computer with more to do than it has processors for.
        if pair.now > pair.host_sleeps_until && pair.rng.random_bool(0.1) {
            pair.host_sleeps_until = pair.now + pair.rng.random_range(1_000..20_000);
        }
        written += pair.board.bulk_write(&chunk[..((1 << 20) - written).min(4096)]);
        pair.step(pair.now + 1_000);
        if pair.now >= pair.host_sleeps_until {
            while pair.host.bulk_read(&mut chunk) > 0 {}
            while let Some(event) = pair.host.poll_event() {
                ended |= matches!(event, Event::BulkEnd { .. });
            }
        }
        while pair.board.poll_event().is_some() {}
    }
    let (sent, again) = (
        pair.board.counters().frames_sent,
        pair.board.counters().retransmissions,
    );
    // In the longest pieces it takes 1,024 frames.
    assert!(sent < 1_300 && again < 60, "{sent} frames, {again} of them again");
}

#[test]
fn an_object_that_a_cut_line_interrupts_again_and_again_still_arrives() {
    for seed in seeds(3) {
        let mut pair: Pair = Pair::new(seed);
        pair.connect();
        pair.faults(Faults::bit_errors(1e-5));
        let image: Vec<u8> = (0..36_864).map(|_| pair.rng.random()).collect();
        let object = Object {
            kind: ObjectKind::Image,
            id: 5,
            length: 36_864,
        };
        pair.board.bulk_begin(pair.now, object).unwrap();
        let (mut written, mut read, mut cuts, mut mend_at, mut ended) = (0, Vec::new(), 0, 0, false);
        while !ended {
            if read.len() > 6_000 * (cuts + 1) {
                cuts += 1;
                pair.cut(true);
                // Shorter and longer than the silence interval.
                mend_at = pair.now + pair.rng.random_range(500_000..6_000_000);
            } else if pair.to_host.cut && pair.now >= mend_at {
                pair.cut(false);
            }
            written += pair.board.bulk_write(&image[written..]);
            pair.step(pair.now + 1_000);
            let mut chunk = [0; 4096];
            let count = pair.host.bulk_read(&mut chunk);
            read.extend_from_slice(&chunk[..count]);
            while let Some(event) = pair.host.poll_event() {
                ended |= matches!(event, Event::BulkEnd { .. });
            }
            while pair.board.poll_event().is_some() {}
        }
        assert!(cuts >= 5 && read == image, "{cuts}");
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
    let faults = Faults {
        flip: 0.004,
        drop: 0.002,
        insert: 0.002,
        burst: 0.001,
        twice: 0.1,
        ..Faults::default()
    };
    let run = |seed| {
        let mut pair = Pair::new(seed);
        let tally = talk(&mut pair, faults, Disturbance::CutsAndRestarts, 100);
        (pair.now, tally, *pair.host.counters(), *pair.board.counters())
    };
    assert_eq!(run(42), run(42));
    assert_ne!(run(42), run(43));
}

//! Objects go through a small window, whatever happens on the line.
#![allow(clippy::unwrap_used)] // A test stops at what it does not expect.

use protocol::link::*;
use protocol::message::*;
use protocol_sim::samples::*;
use protocol_sim::*;

#[test]
fn an_object_goes_through_a_window_smaller_than_itself() {
    let mut pair = connected();
    let image: Vec<u8> = (0..36_864u32).map(|i| (i * 7 / 5) as u8).collect();
    let object = Object {
        kind: ObjectKind::Image,
        id: 5,
        length: image.len() as u32,
    };
    let transfer = pair.board.bulk_begin(pair.now, object).unwrap();
    assert_eq!(pair.board.bulk_begin(pair.now, object), Err(BulkError::Busy));
    let (mut written, mut read, mut told) = (0, Vec::new(), Vec::new());
    let start = pair.now;
    while !told.iter().any(|event| matches!(event, Event::BulkSent { .. })) {
        assert!(pair.board.bulk_room() <= 4096);
        written += pair.board.bulk_write(&image[written..]);
        pair.step(pair.now + 1_000);
        let mut chunk = [0; 1000];
        let count = pair.host.bulk_read(&mut chunk);
        read.extend_from_slice(&chunk[..count]);
        told.extend(pair.host.poll_event());
        told.extend(pair.board.poll_event());
    }
    assert!(read == image);
    let outcome = BulkOutcome::Delivered;
    assert_eq!(
        told,
        [
            Event::BulkBegin { transfer, object },
            Event::BulkEnd {
                transfer,
                object,
                outcome
            },
            Event::BulkSent { transfer, outcome }
        ]
    );
    let line = (image.len() as f64 * pair.byte_us) as u64;
    assert!(
        pair.now - start < line * 105 / 100,
        "{} us where the line alone takes {line}",
        pair.now - start
    );
}

#[test]
fn a_receiver_that_does_not_read_holds_the_sender_back() {
    let mut pair: Pair<1024, 4, 131_072> = Pair::new(1);
    pair.connect();
    let object = Object {
        kind: ObjectKind::Image,
        id: 5,
        length: 100_000,
    };
    pair.board.bulk_begin(pair.now, object).unwrap();
    assert_eq!(pair.board.bulk_write(&vec![7; 100_000]), 100_000);
    pair.run(5 * SECOND);
    let sent = pair.to_host.sent;
    assert!(sent < 70_000, "no more than the receiver's window: {sent}");
    let mut chunk = vec![0; 100_000];
    let mut read = pair.host.bulk_read(&mut chunk);
    assert_eq!(read, 65_536);
    pair.run(SECOND);
    read += pair.host.bulk_read(&mut chunk);
    assert_eq!(read, 100_000);
    let (_, board) = pair.run(SECOND);
    assert!(matches!(
        board[..],
        [Event::BulkSent {
            outcome: BulkOutcome::Delivered,
            ..
        }]
    ));
}

#[test]
fn a_command_overtakes_an_object() {
    let mut pair = connected();
    let object = Object {
        kind: ObjectKind::Image,
        id: 5,
        length: 36_864,
    };
    pair.board.bulk_begin(pair.now, object).unwrap();
    let mut chunk = [0; 4096];
    let mut worst = 0;
    for number in 0..20 {
        let start = pair.now;
        pair.board.notify(pair.now, &progress(number)).unwrap();
        'heard: loop {
            pair.board.bulk_write(&[3; 512]);
            pair.step(pair.now + 1_000);
            pair.host.bulk_read(&mut chunk);
            while let Some(event) = pair.host.poll_event() {
                if event == Event::Notification(progress(number)) {
                    break 'heard;
                }
            }
        }
        worst = worst.max(pair.now - start);
    }
    let frame = (1_045.0 * pair.byte_us) as u64;
    assert!(worst < frame + 1_000, "{worst} us; a full frame takes {frame}");
}

#[test]
fn an_object_survives_a_cut_line_and_goes_on_where_it_was() {
    let mut pair = connected();
    let object = Object {
        kind: ObjectKind::Image,
        id: 5,
        length: 36_864,
    };
    pair.board.bulk_begin(pair.now, object).unwrap();
    let (mut chunk, mut read, mut outcome) = ([0; 4096], 0, None);
    let (mut cut_at, mut sent_before) = (None, 0);
    while outcome.is_none() {
        pair.board.bulk_write(&[3; 512]);
        pair.step(pair.now + 1_000);
        read += pair.host.bulk_read(&mut chunk);
        if read > 10_000 && cut_at.is_none() {
            cut_at = Some(pair.now);
            pair.cut(true);
        }
        if pair.to_host.cut && cut_at.is_some_and(|at| pair.now > at + 5 * SECOND) {
            pair.cut(false);
            sent_before = pair.to_host.sent;
        }
        while let Some(event) = pair.host.poll_event() {
            if let Event::BulkEnd { outcome: how, .. } = event {
                outcome = Some(how);
            }
        }
        pair.board.poll_event();
    }
    assert_eq!((outcome, read), (Some(BulkOutcome::Delivered), 36_864));
    let sent = pair.to_host.sent - sent_before;
    assert!(sent < 30_000, "it did not start again: {sent} bytes");
}

#[test]
fn an_object_that_is_given_up_ends_on_both_sides() {
    let mut pair = connected();
    let object = Object {
        kind: ObjectKind::Image,
        id: 5,
        length: 36_864,
    };
    let transfer = pair.board.bulk_begin(pair.now, object).unwrap();
    pair.board.bulk_write(&[3; 1_000]);
    pair.run(SECOND / 10);
    pair.board.bulk_cancel();
    let (host, board) = pair.run(SECOND / 10);
    let outcome = BulkOutcome::Cancelled;
    assert_eq!(
        host,
        [Event::BulkEnd {
            transfer,
            object,
            outcome
        }]
    );
    assert_eq!(board, [Event::BulkSent { transfer, outcome }]);

    let transfer = pair.board.bulk_begin(pair.now, object).unwrap();
    pair.board.bulk_write(&[3; 1_000]);
    pair.run(SECOND / 10);
    pair.host.bulk_reject();
    let (host, board) = pair.run(SECOND / 10);
    assert_eq!(
        host,
        [Event::BulkEnd {
            transfer,
            object,
            outcome
        }]
    );
    assert_eq!(board, [Event::BulkSent { transfer, outcome }]);
}

#[test]
fn a_board_refuses_objects() {
    let mut pair = connected();
    let object = Object {
        kind: ObjectKind::Image,
        id: 5,
        length: 100,
    };
    let transfer = pair.host.bulk_begin(pair.now, object).unwrap();
    pair.host.bulk_write(&[3; 100]);
    let (host, board) = pair.run(SECOND);
    assert_eq!(board, []);
    assert_eq!(
        host,
        [Event::BulkSent {
            transfer,
            outcome: BulkOutcome::Refused
        }]
    );
}

#[test]
fn an_empty_object_is_an_object() {
    let mut pair = connected();
    let object = Object {
        kind: ObjectKind::Image,
        id: 5,
        length: 0,
    };
    let transfer = pair.board.bulk_begin(pair.now, object).unwrap();
    let (host, board) = pair.run(SECOND);
    let outcome = BulkOutcome::Delivered;
    assert_eq!(
        host,
        [
            Event::BulkBegin { transfer, object },
            Event::BulkEnd {
                transfer,
                object,
                outcome
            }
        ]
    );
    assert_eq!(board, [Event::BulkSent { transfer, outcome }]);
}

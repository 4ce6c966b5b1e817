//! What a link promises, one promise a test.

#[allow(unreachable_pub)]
mod sim;

use protocol::link::{
    BulkError, BulkOutcome, Config, DownReason, Event, Object, RequestFailure, Role, SendError,
};
use protocol::message::{
    Accepted, CancelCapture, CapturePhase, CaptureProgress, CaptureVerdict, ObjectKind, Refusal, ShowVerdict,
    StatusRequest,
};
use protocol::{BoardLink, HostLink, Message, RequestId};
use sim::{Faults, Pair, firmware};

const SECOND: u64 = 1_000_000;

fn verdict(number: u32) -> Message {
    ShowVerdict {
        capture_id: number,
        verdict: CaptureVerdict::Match,
    }
    .into()
}

fn progress(number: u32) -> Message {
    CaptureProgress {
        capture_id: number,
        phase: CapturePhase::Reading,
    }
    .into()
}

fn connected() -> Pair {
    let mut pair = Pair::default();
    pair.connect();
    pair
}

fn requests(events: &[Event]) -> Vec<RequestId> {
    events
        .iter()
        .filter_map(|event| {
            if let Event::Request { id, .. } = event {
                Some(*id)
            } else {
                None
            }
        })
        .collect()
}

#[test]
fn a_link_of_a_board_fits_into_12_kib() {
    assert!(
        size_of::<BoardLink>() <= 12 * 1024,
        "{} bytes",
        size_of::<BoardLink>()
    );
}

#[test]
fn the_ends_learn_who_the_other_is() {
    let mut pair: Pair = Pair::default();
    let (host, board) = pair.run(SECOND / 10);
    let [Event::Up { peer, resumed: false }] = host[..] else {
        panic!("{host:?}")
    };
    assert_eq!(
        (peer.role, peer.boot_id, peer.firmware),
        (Role::Capture, 1002, firmware(2))
    );
    let [Event::Up { peer, resumed: false }] = board[..] else {
        panic!("{board:?}")
    };
    assert_eq!(
        (peer.role, peer.boot_id, peer.firmware),
        (Role::Host, 1001, firmware(1))
    );
    assert!(pair.now <= SECOND / 10);
}

#[test]
fn nothing_can_be_sent_before_somebody_is_there() {
    let mut link = HostLink::new(Config::new(Role::Host, 1, firmware(1)));
    assert_eq!(link.notify(0, &verdict(1)), Err(SendError::Down));
    assert_eq!(link.request(0, &StatusRequest {}.into()), Err(SendError::Down));
    let object = Object {
        kind: ObjectKind::Image,
        id: 1,
        length: 1,
    };
    assert_eq!(link.bulk_begin(0, object), Err(BulkError::Down));
}

#[test]
fn a_message_goes_only_the_way_it_is_meant_for() {
    let mut pair = connected();
    assert_eq!(
        pair.host.request(pair.now, &verdict(1)),
        Err(SendError::WrongUsage)
    );
    assert_eq!(
        pair.host.notify(pair.now, &StatusRequest {}.into()),
        Err(SendError::WrongUsage)
    );
    let nobody = RequestId { origin: 1, number: 1 };
    assert_eq!(
        pair.host.reply(pair.now, nobody, &Accepted {}.into()),
        Err(SendError::NotWaiting)
    );
    assert_eq!(
        pair.host.reply(pair.now, nobody, &verdict(1)),
        Err(SendError::WrongUsage)
    );
}

#[test]
fn a_lost_frame_is_sent_again_and_delivered_once() {
    let mut pair = connected();
    pair.host.notify(pair.now, &verdict(1)).unwrap();
    pair.to_board.cut = true;
    pair.transmit();
    pair.to_board.cut = false;
    let (_, board) = pair.run(SECOND);
    assert_eq!(board, [Event::Notification(verdict(1))]);
    assert_eq!(pair.host.counters().retransmissions, 1);
}

#[test]
fn a_lost_acknowledgement_means_resend_but_one_delivery() {
    let mut pair = connected();
    pair.host.notify(pair.now, &verdict(1)).unwrap();
    pair.to_host.cut = true;
    let (_, board) = pair.run(5_000);
    assert_eq!(board, [Event::Notification(verdict(1))]);
    pair.to_host.cut = false;
    let (_, board) = pair.run(SECOND);
    assert_eq!(board, []);
    assert!(pair.host.is_idle());
    assert!(pair.board.counters().duplicates >= 1);
}

#[test]
fn the_time_out_runs_while_the_line_is_busy() {
    // The board talks all the time; the host's lost frame must still be sent again.
    let mut pair = connected();
    pair.host.notify(pair.now, &verdict(1)).unwrap();
    pair.to_board.cut = true;
    pair.transmit();
    pair.to_board.cut = false;
    let mut delivered = None;
    for number in 0..10_000 {
        let _ = pair.board.notify(pair.now, &progress(number));
        let (_, board) = pair.run(100);
        if board.contains(&Event::Notification(verdict(1))) {
            delivered = Some(pair.now);
            break;
        }
    }
    assert!(delivered.is_some());
}

#[test]
fn a_gap_is_found_by_what_comes_after_it_without_waiting() {
    let mut pair = connected();
    pair.host.notify(pair.now, &verdict(0)).unwrap();
    pair.run(SECOND / 5);
    let start = pair.now;
    pair.host.notify(pair.now, &verdict(1)).unwrap();
    pair.to_board.cut = true;
    pair.transmit();
    pair.to_board.cut = false;
    pair.host.notify(pair.now, &verdict(2)).unwrap();
    let mut heard = Vec::new();
    while heard.len() < 2 {
        heard.extend(pair.run(100).1);
    }
    assert_eq!(
        heard,
        [Event::Notification(verdict(1)), Event::Notification(verdict(2))]
    );
    assert!(
        pair.now - start < 5_000,
        "in {} us, sooner than any time-out",
        pair.now - start
    );
}

#[test]
fn a_request_is_answered_once() {
    let mut pair = connected();
    let asked = pair.host.request(pair.now, &StatusRequest {}.into()).unwrap();
    let (_, board) = pair.run(SECOND / 10);
    assert_eq!(requests(&board), [asked]);
    pair.board.reply(pair.now, asked, &Accepted {}.into()).unwrap();
    assert_eq!(
        pair.board.reply(pair.now, asked, &Accepted {}.into()),
        Err(SendError::NotWaiting)
    );
    let (host, _) = pair.run(SECOND / 10);
    assert_eq!(
        host,
        [Event::Reply {
            id: asked,
            message: Accepted {}.into()
        }]
    );
}

#[test]
fn a_refusal_says_why() {
    let mut pair = connected();
    let asked = pair.host.request(pair.now, &StatusRequest {}.into()).unwrap();
    pair.run(SECOND / 10);
    pair.board.refuse(pair.now, asked, Refusal::Busy).unwrap();
    let (host, _) = pair.run(SECOND / 10);
    let reason = RequestFailure::Refused(Refusal::Busy);
    assert_eq!(host, [Event::RequestFailed { id: asked, reason }]);
}

#[test]
fn more_requests_than_can_be_remembered_are_held_back() {
    let mut pair = connected();
    let ids: Vec<_> = (0..8)
        .map(|id| {
            pair.host
                .request(pair.now, &CancelCapture { capture_id: id }.into())
                .unwrap()
        })
        .collect();
    assert_eq!(
        pair.host.request(pair.now, &StatusRequest {}.into()),
        Err(SendError::Full)
    );
    let (_, board) = pair.run(SECOND);
    assert_eq!(requests(&board), ids);
    for id in &ids {
        pair.board.reply(pair.now, *id, &Accepted {}.into()).unwrap();
    }
    assert_eq!(pair.run(SECOND).0.len(), 8);
    pair.host.request(pair.now, &StatusRequest {}.into()).unwrap();
}

#[test]
fn a_peer_that_asks_too_much_at_once_is_told_that_the_board_is_busy() {
    let mut pair = connected();
    for id in 0..20 {
        let id = pair
            .host
            .request(pair.now, &CancelCapture { capture_id: id }.into())
            .unwrap();
        pair.host.forget(id);
        pair.run(SECOND / 20);
    }
    let last = pair.host.request(pair.now, &StatusRequest {}.into()).unwrap();
    let (host, board) = pair.run(SECOND);
    assert_eq!(requests(&board), []);
    let reason = RequestFailure::Refused(Refusal::Busy);
    assert_eq!(host, [Event::RequestFailed { id: last, reason }]);
}

#[test]
fn a_request_repeated_after_a_restart_of_the_host_gets_the_remembered_answer() {
    let mut pair = connected();
    let asked = pair
        .host
        .request(pair.now, &CancelCapture { capture_id: 7 }.into())
        .unwrap();
    pair.run(SECOND / 10);
    pair.board.reply(pair.now, asked, &Accepted {}.into()).unwrap();
    pair.reboot_host();
    pair.connect();
    pair.host
        .request_again(pair.now, asked, &CancelCapture { capture_id: 7 }.into())
        .unwrap();
    let (host, board) = pair.run(SECOND);
    assert_eq!(requests(&board), [], "it does not act twice");
    assert!(host.contains(&Event::Reply {
        id: asked,
        message: Accepted {}.into()
    }));
}

#[test]
fn a_request_repeated_while_the_board_still_works_on_it_gets_that_answer() {
    let mut pair = connected();
    let asked = pair
        .host
        .request(pair.now, &CancelCapture { capture_id: 7 }.into())
        .unwrap();
    pair.run(SECOND / 10);
    pair.reboot_host();
    pair.connect();
    pair.host
        .request_again(pair.now, asked, &CancelCapture { capture_id: 7 }.into())
        .unwrap();
    assert_eq!(requests(&pair.run(SECOND).1), []);
    pair.board.reply(pair.now, asked, &Accepted {}.into()).unwrap();
    assert_eq!(
        pair.run(SECOND).0,
        [Event::Reply {
            id: asked,
            message: Accepted {}.into()
        }]
    );
}

#[test]
fn a_board_that_restarts_fails_the_requests_with_the_reason() {
    let mut pair = connected();
    let asked = pair.host.request(pair.now, &StatusRequest {}.into()).unwrap();
    pair.run(SECOND / 10);
    pair.reboot_board();
    let (host, _) = pair.run(SECOND);
    let [
        Event::Down {
            reason: DownReason::PeerRestarted,
        },
        failed,
        Event::Up { peer, resumed: false },
    ] = &host[..]
    else {
        panic!("{host:?}")
    };
    assert_eq!(
        *failed,
        Event::RequestFailed {
            id: asked,
            reason: RequestFailure::PeerRestarted
        }
    );
    assert_eq!(peer.boot_id, 1003);
    assert!(pair.now < 3 * SECOND);
}

#[test]
fn a_host_that_restarts_takes_over_at_once() {
    let mut pair = connected();
    pair.board.notify(pair.now, &progress(1)).unwrap();
    pair.reboot_host();
    let (host, board) = pair.run(SECOND / 5);
    assert!(matches!(host[..], [Event::Up { resumed: false, .. }]), "{host:?}");
    assert!(
        matches!(
            board[..],
            [
                Event::Down {
                    reason: DownReason::PeerRestarted
                },
                Event::Up { resumed: false, .. }
            ]
        ),
        "{board:?}"
    );
    pair.board.notify(pair.now, &progress(2)).unwrap();
    assert_eq!(
        pair.run(SECOND).0,
        [Event::Notification(progress(2))],
        "nothing of the session before"
    );
}

#[test]
fn what_was_acknowledged_is_handed_over_before_a_restart_is_taken_up() {
    let mut pair = connected();
    pair.board.notify(pair.now, &progress(1)).unwrap();
    // The host's owner does not poll for a while.
    let until = pair.now + SECOND / 10;
    while pair.now < until {
        pair.step(until);
    }
    pair.reboot_board();
    let until = pair.now + SECOND / 10;
    while pair.now < until {
        pair.step(until);
    }
    let (host, _) = pair.run(SECOND);
    assert_eq!(host[0], Event::Notification(progress(1)));
    assert_eq!(
        host[1],
        Event::Down {
            reason: DownReason::PeerRestarted
        }
    );
    assert!(matches!(host[2], Event::Up { resumed: false, .. }));
}

#[test]
fn a_silence_is_noticed_and_nothing_is_lost_when_it_ends() {
    let mut pair = connected();
    let asked = pair.host.request(pair.now, &StatusRequest {}.into()).unwrap();
    pair.cut(true);
    for number in 0..5 {
        pair.board.notify(pair.now, &progress(number)).unwrap();
    }
    let (host, board) = pair.run(4 * SECOND);
    assert_eq!(
        host,
        [Event::Down {
            reason: DownReason::Silent
        }]
    );
    assert_eq!(
        board,
        [Event::Down {
            reason: DownReason::Silent
        }]
    );
    assert_eq!(pair.host.notify(pair.now, &verdict(1)), Err(SendError::Down));
    pair.cut(false);
    let (host, board) = pair.run(SECOND);
    assert!(matches!(host[0], Event::Up { resumed: true, .. }), "{host:?}");
    let told: Vec<_> = (0..5)
        .map(|number| Event::Notification(progress(number)))
        .collect();
    assert_eq!(host[1..], told);
    assert_eq!(requests(&board), [asked]);
}

#[test]
fn a_line_without_traffic_stays_up_and_quiet() {
    let mut pair = connected();
    let before = pair.to_board.sent;
    let (host, board) = pair.run(60 * SECOND);
    assert_eq!((host, board), (vec![], vec![]));
    let per_second = (pair.to_board.sent - before) / 60;
    assert!(per_second < 100, "{per_second} bytes a second");
}

#[test]
fn a_looped_line_is_not_a_peer() {
    let mut link = HostLink::new(Config::new(Role::Host, 1, firmware(1)));
    let mut out = [0; HostLink::MAX_WIRE_FRAME];
    for now in (0..SECOND).step_by(1_000) {
        let len = link.poll_transmit(now, &mut out);
        link.handle_bytes(now, &out[..len]);
    }
    assert_eq!(link.poll_event(), None);
    assert!(link.counters().stray > 0);
}

#[test]
fn two_hosts_refuse_each_other_and_say_so_once() {
    let mut links = [1, 2].map(|boot| Box::new(HostLink::new(Config::new(Role::Host, boot, firmware(1)))));
    let mut out = [0; HostLink::MAX_WIRE_FRAME];
    let mut events = Vec::new();
    for now in (0..SECOND).step_by(1_000) {
        for from in 0..2 {
            let len = links[from].poll_transmit(now, &mut out);
            links[1 - from].handle_bytes(now, &out[..len]);
        }
        events.extend(links[0].poll_event());
    }
    assert_eq!(
        events,
        [Event::Down {
            reason: DownReason::WrongRole
        }]
    );
}

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
    assert_eq!(pair.board.bulk_write(&[7; 100_000]), 100_000);
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

#[test]
fn noise_alone_does_nothing_and_is_counted() {
    let mut pair = connected();
    let noise: Vec<u8> = (0..100_000u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    pair.board.handle_bytes(pair.now, &noise);
    assert_eq!(pair.board.poll_event(), None);
    let counters = pair.board.counters();
    assert!(counters.crc_errors + counters.framing_errors + counters.oversize > 100);
    pair.host.notify(pair.now, &verdict(1)).unwrap();
    assert_eq!(pair.run(SECOND).1, [Event::Notification(verdict(1))]);
}

#[test]
fn a_line_that_loses_every_tenth_frame_carries_everything() {
    let mut pair: Pair = Pair::new(7);
    pair.faults(Faults {
        flip: 0.005,
        ..Faults::default()
    });
    pair.connect();
    let mut heard = Vec::new();
    let mut next = 0;
    while heard.len() < 300 {
        if next < 300 && pair.host.notify(pair.now, &verdict(next)).is_ok() {
            next += 1;
        }
        heard.extend(pair.run(1_000).1);
    }
    let sent: Vec<_> = (0..300)
        .map(|number| Event::Notification(verdict(number)))
        .collect();
    assert_eq!(heard, sent);
}

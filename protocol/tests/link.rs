//! Messages arrive once and in order; requests are answered once.
#![allow(clippy::unwrap_used)] // A test stops at what it does not expect.

use protocol::frame::{ControlHeader, Decoder, FrameKind, encode, kind_and_session, split_kind_and_session};
use protocol::link::wire::Envelope;
use protocol::link::*;
use protocol::message::*;
use protocol::{HostLink, RequestId};
use protocol_sim::samples::*;
use protocol_sim::*;

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
fn an_owner_that_always_has_more_to_say_keeps_nothing_else_back() {
    let mut pair = connected();
    let id = pair.host.request(pair.now, &StatusRequest {}.into()).unwrap();
    let object = Object {
        kind: ObjectKind::Image,
        id: 5,
        length: 4,
    };
    let (mut replied, mut object_begun, mut number) = (false, false, 0);
    for _ in 0..1_000 {
        // Whenever there is room again, it is filled.
        while pair.board.notify(pair.now, &progress(number)).is_ok() {
            number += 1;
        }
        pair.step(pair.now + 1_000);
        while let Some(event) = pair.board.poll_event() {
            for asked in requests(&[event]) {
                pair.board.reply(pair.now, asked, &Accepted {}.into()).unwrap();
                pair.board.bulk_begin(pair.now, object).unwrap();
            }
        }
        while let Some(event) = pair.host.poll_event() {
            replied |= matches!(event, Event::Reply { id: of, .. } if of == id);
            object_begun |= matches!(event, Event::BulkBegin { .. });
        }
    }
    assert!(replied && object_begun, "{replied} {object_begun}");
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

/// The refusal that a board answers to a request with this code and body, put on the wire by hand.
fn refusal_of(code: u16, body: &[u8]) -> Option<Refusal> {
    let mut pair = connected();
    let mut wire = [0; HostLink::MAX_WIRE_FRAME];
    let mut decoder = Decoder::new();
    // Any frame of the host tells the session and the place in the sequence.
    pair.host.notify(pair.now, &verdict(1)).unwrap();
    let len = pair.host.poll_transmit(pair.now, &mut wire);
    decoder.push(&wire[..len]);
    let (_, session, _) = split_kind_and_session(decoder.frame()).unwrap();
    let header = ControlHeader {
        sequence: 0,
        acknowledged: 0,
    };
    let request = [&[1, 9, 0, 0, 0, 1, 0], &code.to_le_bytes()[..], body].concat();
    let parts = [
        &kind_and_session(FrameKind::Control, session)[..],
        &header.to_bytes(),
        &request,
    ];
    let len = encode(&mut wire, &parts).unwrap();
    pair.board.handle_bytes(pair.now, &wire[..len]);
    if pair.board.poll_event().is_some() {
        return None;
    }
    loop {
        let len = pair.board.poll_transmit(pair.now, &mut wire);
        if len == 0 {
            return None;
        }
        decoder.push(&wire[..len]);
        let (kind, _, rest) = split_kind_and_session(decoder.frame()).unwrap();
        if kind == Some(FrameKind::Control) {
            let (_, payload) = ControlHeader::split(rest).unwrap();
            if let Ok((_, Some(Envelope::Refusal { id, reason }))) = Envelope::parse(payload) {
                assert_eq!(id, RequestId { origin: 9, number: 1 });
                return Some(reason);
            }
        }
    }
}

#[test]
fn a_request_that_is_not_understood_is_refused_with_the_reason() {
    assert_eq!(refusal_of(0x7777, b"whatever"), Some(Refusal::UnknownMessage));
    assert_eq!(
        refusal_of(0x0201, &[1, 0, 0, 0, 99, 0, 1, 1, 0, 0, 0, 0]),
        Some(Refusal::Malformed)
    );
    assert_eq!(refusal_of(0x0003, &[0; 400]), Some(Refusal::TooLong));
    assert_eq!(
        refusal_of(0x0003, &[0; 40]),
        None,
        "fields appended later are no reason to refuse"
    );
}

//! A peer of the next version with today's ends: it says what nobody knows yet, wherever something may be appended.

use protocol::link::{BulkOutcome, Config, DownReason, Event, Object, RequestFailure};
use protocol::message::*;
use protocol::{BoardLink, HostLink, Message, Role, version};

use crate::peer::*;

/// The version after the present.
const NEXT: u8 = version::CURRENT + 1;

fn firmware() -> Firmware {
    Firmware::default()
}

/// Today's host and a board of the next version; also of a kind unknown today, if `role` says so.
fn newer_board(role: u8) -> Bench<8192, 16, 65536, 65536> {
    let mut bench = Bench::new(
        HostLink::new(Config::new(Role::Host, 0x0a0b_0c0d, firmware())),
        role,
        (1, NEXT),
    );
    grow(&mut bench);
    bench
}

/// Today's capture board and a host of the next version.
fn newer_host() -> Bench<1024, 4, 4096, 0> {
    let link = BoardLink::new(Config::new(Role::Capture, 0x0a0b_0c0d, firmware()));
    let mut bench = Bench::new(link, 1, (1, NEXT));
    grow(&mut bench);
    bench
}

/// A hello with flags, abilities and fields that today's version does not know.
fn grow<const Q: usize, const S: usize, const O: usize, const I: usize>(bench: &mut Bench<Q, S, O, I>) {
    bench.flags = 0xff;
    // A longest payload of 4096, all abilities, a `Firmware` of nine bytes, a window of 5, and seven bytes more.
    bench.hello_tail = [
        &[
            0, 16, 0xff, 0xff, 0xff, 0xff, 9, 1, 2, 3, 0, 0, 0, 0, 0xaa, 0xbb, 5, 0,
        ][..],
        &[0xde; 7],
    ]
    .concat();
}

fn id(number: u8) -> [u8; 6] {
    [1, 0, 0xed, 0x5e, number, 0]
}

fn progress(capture_id: u8) -> ([u8; 8], Event) {
    let message = CaptureProgress {
        capture_id: u32::from(capture_id),
        phase: CapturePhase::Reading,
        impression: 1,
        quality: FingerQuality::Unknown,
    };
    (
        [0, 3, 2, capture_id, 0, 0, 0, 2],
        Event::Notification(message.into()),
    )
}

#[test]
fn the_ends_use_the_highest_version_that_both_speak() {
    for role in [3, 9] {
        let mut bench = newer_board(role);
        let (_, events) = bench.meet();
        let [Event::Up { peer, .. }] = events[..] else {
            panic!("{events:?}")
        };
        assert_eq!(
            (peer.version, peer.role),
            (version::CURRENT, Role::from_code(role))
        );
    }
    let mut bench = newer_host();
    let (_, events) = bench.meet();
    assert!(
        matches!(events[..], [Event::Up { peer, .. }] if peer.version == version::CURRENT),
        "{events:?}"
    );
}

#[test]
fn a_peer_is_sent_as_much_as_its_window_before_it_acknowledges() {
    let window = |said: u16| {
        let mut bench = newer_board(3);
        let at = bench.hello_tail.len() - 9;
        bench.hello_tail[at..at + 2].copy_from_slice(&said.to_le_bytes());
        bench.meet();
        let verdict = ShowVerdict {
            capture_id: 1,
            verdict: CaptureVerdict::Done,
        };
        while bench.link.notify(bench.now, &verdict.clone().into()).is_ok() {}
        bench
            .said()
            .into_iter()
            .filter(|frame| frame.kind == CONTROL)
            .count()
    };
    assert_eq!([0, 1, 5, 32, 33, 0xffff].map(window), [1, 1, 5, 32, 32, 32]);
}

#[test]
fn a_peer_that_speaks_only_newer_versions_is_told_so_whatever_its_hello_says_further() {
    for tail in [vec![], vec![0xff], vec![0xee; 40]] {
        let mut bench = newer_board(3);
        bench.versions = (NEXT, NEXT + 4);
        bench.hello_tail.clone_from(&tail);
        let (_, events) = bench.meet();
        let reason = DownReason::VersionMismatch {
            peer_min: NEXT,
            peer_current: NEXT + 4,
        };
        assert_eq!(events, [Event::Down { reason }], "{tail:?}");
        let frames = bench.said();
        let refuse = frames
            .iter()
            .find(|frame| frame.kind == REFUSE)
            .expect("a refusal");
        assert_eq!(refuse.rest[..3], [1, version::MIN, version::CURRENT]);
        assert_eq!(
            (u32_at(&refuse.rest, 3), u32_at(&refuse.rest, 7)),
            (0x0a0b_0c0d, bench.boot)
        );
    }
}

#[test]
fn a_refusal_says_more_than_is_known() {
    let mut bench = newer_board(3);
    bench.said();
    let rest = [
        &[200, NEXT, NEXT][..],
        &[1, 0, 0, 0],
        &0x0a0b_0c0du32.to_le_bytes(),
        &[9; 9],
    ]
    .concat();
    bench.tell(REFUSE, &rest);
    // A reason without a name is taken for the one that needs no figures.
    assert_eq!(
        bench.events(),
        [Event::Down {
            reason: DownReason::WrongRole
        }]
    );
}

#[test]
fn an_unknown_request_is_refused_and_an_unknown_notification_is_counted() {
    let mut bench = newer_host();
    bench.meet();
    bench.send(&[&[1], &id(1)[..], &[0xbc, 0x7a, 1, 2, 3]].concat());
    bench.send(&[0, 0xbd, 0x7a, 4, 5, 6]);
    bench.send(&[0, 7, 2, 9, 0, 0, 0, 3]);
    let done = ShowVerdict {
        capture_id: 9,
        verdict: CaptureVerdict::Done,
    };
    assert_eq!(bench.events(), [Event::Notification(done.into())]);
    let counters = *bench.link.counters();
    assert_eq!((counters.undecodable, counters.refusals_sent), (2, 0));
    let refusal = [&[3], &id(1)[..], &[2]].concat();
    assert_eq!(bench.messages(), [refusal]);
    assert_eq!(bench.link.counters().refusals_sent, 1);
}

#[test]
fn fields_appended_to_messages_and_structures_are_skipped() {
    let mut bench = newer_board(3);
    bench.meet();
    let asked = bench.link.request(bench.now, &StatusRequest {}.into()).unwrap();
    let request = bench.messages().remove(0);
    let mut reply = [&[2], &request[1..7], &[4, 0]].concat();
    reply.extend([[1; 8], [2; 8]].concat()); // uptime; overruns and the beginning of the firmware
    reply[9 + 12] = 9; // the firmware has two bytes more
    reply.extend([3, 3, 3, 3, 0xaa, 0xbb]);
    reply.push(70 + 3);
    reply.extend((1..=14).flat_map(u32::to_le_bytes));
    reply.extend((15..=17).flat_map(u32::to_le_bytes));
    reply.extend([18, 0]);
    reply.extend([0xcc; 3]);
    reply.extend([0xdd; 20]);
    bench.send(&reply);
    let events = bench.events();
    let [
        Event::Reply {
            id,
            message: Message::Status(status),
        },
    ] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(
        (*id, status.uart_overruns, status.firmware.build),
        (asked, 0x0202_0202, 0x0303_0303)
    );
    let link = status.link;
    assert_eq!((link.frames_sent, link.silences, link.timeouts), (1, 14, 15));
    assert_eq!(
        (link.refusals_sent, link.round_trip_us, link.bulk_piece),
        (16, 17, 18)
    );
}

#[test]
fn an_unknown_code_of_an_open_enumeration_is_kept_and_of_a_closed_one_refused() {
    let mut bench = newer_board(3);
    bench.meet();
    bench.send(&[0, 5, 2, 9, 0, 0, 0, 200, 1]);
    let failed = CaptureFailed {
        capture_id: 9,
        reason: CaptureFailure::Unrecognised(200),
        sensor_code: 1,
    };
    assert_eq!(bench.events(), [Event::Notification(failed.into())]);

    let mut bench = newer_host();
    bench.meet();
    // Finger 99; then a verdict 99, which nobody waits for.
    bench.send(&[&[1], &id(1)[..], &[1, 2, 9, 0, 0, 0, 99, 0, 1, 1, 0, 0, 0, 0]].concat());
    bench.send(&[0, 7, 2, 9, 0, 0, 0, 99]);
    assert_eq!(bench.events(), []);
    assert_eq!(bench.link.counters().undecodable, 2);
    let malformed = [&[3], &id(1)[..], &[3]].concat();
    assert_eq!(bench.messages(), [malformed]);
}

#[test]
fn frames_of_unknown_kinds_are_counted_and_ignored() {
    let mut bench = newer_board(3);
    bench.meet();
    bench.said();
    for kind in [0, 8, 9, 10, 11, 12, 13, 14, 15] {
        bench.tell(kind, &[1, 2, 3, 4, 5, 6, 7, 8]);
    }
    assert_eq!((bench.said(), bench.events()), (vec![], vec![]));
    assert_eq!(bench.link.counters().stray, 9);
    let (message, event) = progress(1);
    bench.send(&message);
    assert_eq!(bench.events(), [event]);
}

#[test]
fn messages_of_unknown_classes_are_acknowledged_counted_and_ignored() {
    let mut bench = newer_board(3);
    bench.meet();
    for class in [8, 99, 255] {
        bench.send(&[class, 1, 2, 3, 4, 5, 6, 7, 8]);
    }
    let (message, event) = progress(1);
    bench.send(&message);
    assert_eq!(bench.events(), [event]);
    assert_eq!(bench.acknowledged(), (4, 4));
    assert_eq!(bench.link.counters().undecodable, 3);
}

#[test]
fn an_unknown_reason_to_refuse_reaches_the_owner() {
    let mut bench = newer_board(3);
    bench.meet();
    let asked = bench.link.request(bench.now, &StatusRequest {}.into()).unwrap();
    let request = bench.messages().remove(0);
    bench.send(&[&[3], &request[1..7], &[77, 0xee, 0xee]].concat());
    let reason = RequestFailure::Refused(Refusal::Unrecognised(77));
    assert_eq!(bench.events(), [Event::RequestFailed { id: asked, reason }]);
}

#[test]
fn an_answer_that_is_not_known_fails_the_request() {
    let mut bench = newer_board(3);
    bench.meet();
    let asked = bench.link.request(bench.now, &StatusRequest {}.into()).unwrap();
    let request = bench.messages().remove(0);
    bench.send(&[&[2], &request[1..7], &[0xbc, 0x7a]].concat());
    let reason = RequestFailure::BadReply;
    assert_eq!(bench.events(), [Event::RequestFailed { id: asked, reason }]);
}

#[test]
fn an_object_of_an_unknown_kind_comes_through_acknowledgements_that_say_more() {
    let mut bench = newer_board(3);
    bench.meet();
    // Class, transfer, kind, id, length, and three bytes more.
    bench.send(&[4, 1, 99, 7, 0, 0, 0, 2, 0, 0, 0, 0xaa, 0xbb, 0xcc]);
    let object = Object {
        kind: ObjectKind::Unrecognised(99),
        id: 7,
        length: 2,
    };
    let events = bench.events();
    assert!(
        matches!(events[..], [Event::BulkBegin { object: it, .. }] if it == object),
        "{events:?}"
    );
}

#[test]
fn todays_board_sends_an_object_to_a_host_that_says_more() {
    let mut bench = newer_host();
    bench.meet();
    let object = Object {
        kind: ObjectKind::Image,
        id: 9,
        length: 100,
    };
    bench.link.bulk_begin(bench.now, object).unwrap();
    assert_eq!(bench.link.bulk_write(&[0x55; 100]), 100);
    let control: Vec<_> = bench
        .said()
        .into_iter()
        .filter(|frame| frame.kind == CONTROL)
        .collect();
    let transfer = control[0].message()[1];
    bench.tell(ACK, &[2, 0, 9, 0, 0, 0, 0, 0, 0xee, 0xee, 0xee]);
    // Nothing has come, all is taken, no ranges, and three bytes more.
    bench.tell(
        BULK_ACK,
        &[transfer, 0, 0, 0, 0, 100, 0, 0, 0, 0, 0xee, 0xee, 0xee],
    );
    let frames = bench.said();
    let [piece] = &frames[..] else {
        panic!("{frames:?}")
    };
    assert_eq!((piece.kind, &piece.rest[4..]), (BULK, &[0x55; 100][..]));
    // A range whose structure has grown.
    bench.tell(
        BULK_ACK,
        &[
            transfer, 50, 0, 0, 0, 100, 0, 0, 0, 1, 10, 60, 0, 0, 0, 100, 0, 0, 0, 0xee, 0xee,
        ],
    );
    bench.send(&[6, transfer, 200, 0xee]);
    let events = bench.events();
    assert!(
        matches!(
            events[..],
            [Event::BulkSent {
                outcome: BulkOutcome::Cancelled,
                ..
            }]
        ),
        "an outcome without a name is not delivery: {events:?}"
    );
    assert_eq!(bench.link.counters().undecodable, 0);
}

//! A peer of version 1 with today's ends. Its bytes are written down here as version 1 had them.

use protocol::link::{BulkOutcome, Config, Event, Object};
use protocol::message::*;
use protocol::{BoardLink, HostLink, Message, Role};

use crate::peer::*;

/// The id of a request that the old peer makes.
const ID: [u8; 6] = [1, 0, 0xed, 0x5e, 7, 0];

const FIRMWARE: Firmware = Firmware {
    major: 4,
    minor: 5,
    patch: 6,
    build: 0x0102_0304,
};

/// Today's host and a capture board of version 1.
fn old_board() -> Bench<8192, 16, 65536, 65536> {
    Bench::new(
        HostLink::new(Config::new(Role::Host, 0x0a0b_0c0d, FIRMWARE)),
        3,
        (1, 1),
    )
}

/// Today's capture board and a host of version 1.
fn old_host() -> Bench<1024, 4, 4096, 0> {
    Bench::new(
        BoardLink::new(Config::new(Role::Capture, 0x0a0b_0c0d, FIRMWARE)),
        1,
        (1, 1),
    )
}

fn verdict(capture_id: u32) -> Message {
    ShowVerdict {
        capture_id,
        verdict: CaptureVerdict::Match,
    }
    .into()
}

/// Checks a hello as a reader of version 1 does: by place, whatever follows.
fn read_hello(hello: &Frame, role: u8) {
    let rest = &hello.rest;
    assert!(
        rest[2] <= 1 && rest[3] >= 1,
        "version 1 is spoken: {} to {}",
        rest[2],
        rest[3]
    );
    assert_eq!((u32_at(rest, 4), rest[12]), (0x0a0b_0c0d, role));
    assert!(u16_at(rest, 14) >= 265, "the longest message fits");
    assert_eq!(u32_at(rest, 16), 0, "no abilities");
    assert_eq!(rest[20..28], [7, 4, 5, 6, 4, 3, 2, 1]);
    assert!(rest.len() > 28, "today's hello says more");
}

#[test]
fn todays_host_meets_a_board_of_version_1() {
    let mut bench = old_board();
    let (hello, events) = bench.meet();
    read_hello(&hello, 1);
    let [Event::Up { peer, resumed: false }] = events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(
        (peer.role, peer.boot_id, peer.version),
        (Role::Capture, bench.boot, 1)
    );
    assert_eq!(peer.firmware.build, 0xdead_beef);
}

#[test]
fn a_board_that_names_no_window_is_sent_one_message_before_it_acknowledges() {
    let mut bench = old_board();
    bench.meet();
    for number in 0..3 {
        bench.link.notify(bench.now, &verdict(number)).unwrap();
    }
    let sent = bench
        .said()
        .into_iter()
        .filter(|frame| frame.kind == CONTROL)
        .count();
    assert_eq!(sent, 1);
}

#[test]
fn a_board_of_version_1_answers_with_the_status_it_knows() {
    let mut bench = old_board();
    bench.meet();
    let asked = bench.link.request(bench.now, &StatusRequest {}.into()).unwrap();
    let request = bench.messages().remove(0);
    // Class, id, code.
    assert_eq!(
        (request[0], u32_at(&request, 1), u16_at(&request, 5)),
        (1, asked.origin, asked.number)
    );
    assert_eq!(request[7..], [3, 0]);
    let mut reply = [&[2], &request[1..7], &[4, 0]].concat();
    reply.extend(77u64.to_le_bytes());
    reply.extend(5u32.to_le_bytes());
    reply.extend([7, 1, 2, 3, 0, 0, 0, 0]);
    reply.push(14 * 4);
    reply.extend((100..114).flat_map(u32::to_le_bytes));
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
    assert_eq!((*id, status.uptime_ms, status.uart_overruns), (asked, 77, 5));
    assert_eq!((status.link.frames_sent, status.link.silences), (100, 113));
    let appended = (
        status.link.timeouts,
        status.link.refusals_sent,
        status.link.round_trip_us,
        status.link.bulk_piece,
    );
    assert_eq!(appended, (0, 0, 0, 0));
    assert_eq!(bench.acknowledged(), (1, 1));
}

#[test]
fn a_board_of_version_1_tells_and_sends_an_object() {
    let mut bench = old_board();
    bench.meet();
    bench.send(&[0, 3, 2, 9, 0, 0, 0, 2]);
    let reading = CaptureProgress {
        capture_id: 9,
        phase: CapturePhase::Reading,
        impression: 1,
        quality: FingerQuality::Unknown,
    };
    assert_eq!(bench.events(), [Event::Notification(reading.into())]);

    let content: Vec<u8> = (0..2_000u32).map(|at| ((at * 7) >> 3) as u8).collect();
    let checksum = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(&content);
    // Class, transfer, kind, id, length.
    bench.send(&[&[4, 33, 1, 9, 0, 0, 0][..], &2_000u32.to_le_bytes()].concat());
    assert!(matches!(bench.events()[..], [Event::BulkBegin { .. }]));
    let ack = bench
        .said()
        .into_iter()
        .find(|frame| frame.kind == BULK_ACK)
        .unwrap();
    assert_eq!(
        (
            ack.rest[0],
            u32_at(&ack.rest, 1),
            u32_at(&ack.rest, 5),
            ack.rest[9]
        ),
        (33, 0, 2_000, 0)
    );
    for (start, end) in [(0, 700), (1_400, 2_000), (700, 1_400)] {
        let offset = (start as u32).to_le_bytes();
        bench.tell(
            BULK,
            &[&[33, offset[0], offset[1], offset[2]], &content[start..end]].concat(),
        );
        if start == 1_400 {
            let frames = bench.said();
            let ack = frames.iter().find(|frame| frame.kind == BULK_ACK).unwrap();
            // One range ahead: its length, start, end.
            assert_eq!((u32_at(&ack.rest, 1), ack.rest[9], ack.rest[10]), (700, 1, 8));
            assert_eq!((u32_at(&ack.rest, 11), u32_at(&ack.rest, 15)), (1_400, 2_000));
        }
    }
    bench.send(&[&[5, 33][..], &checksum.to_le_bytes()].concat());
    let mut received = vec![0; 3_000];
    let len = bench.link.bulk_read(&mut received);
    assert_eq!(received[..len], content);
    let events = bench.events();
    assert!(
        matches!(
            events[..],
            [Event::BulkEnd {
                outcome: BulkOutcome::Delivered,
                ..
            }]
        ),
        "{events:?}"
    );
    assert_eq!(bench.messages(), [[6, 33, 0]]);
}

#[test]
fn todays_board_meets_a_host_of_version_1_and_tells_it_more_than_it_knows() {
    let mut bench = old_host();
    let (hello, events) = bench.meet();
    read_hello(&hello, 3);
    assert!(
        matches!(events[..], [Event::Up { peer, .. }] if peer.version == 1),
        "{events:?}"
    );

    for round in 0..3 {
        let mut id = ID;
        id[4] += round;
        bench.send(&[&[1], &id[..], &[3, 0]].concat());
        let events = bench.events();
        let [
            Event::Request {
                id: asked,
                message: Message::StatusRequest(_),
            },
        ] = events[..]
        else {
            panic!("{events:?}")
        };
        let link = *bench.link.counters();
        let status = Status {
            uptime_ms: 77,
            uart_overruns: 5,
            firmware: FIRMWARE,
            link,
        };
        bench.link.reply(bench.now, asked, &status.into()).unwrap();
        let replies = bench.messages();
        let [reply] = &replies[..] else {
            panic!("{replies:?}")
        };
        // Class, id, code, then the fields of version 1; what follows in the structure is skipped by its length.
        assert_eq!(reply[..9], [&[2], &id[..], &[4, 0]].concat());
        let body = &reply[9..];
        assert!(body.len() <= 128);
        assert_eq!((u32_at(body, 0), u32_at(body, 4), u32_at(body, 8)), (77, 0, 5));
        assert_eq!(body[12..20], [7, 4, 5, 6, 4, 3, 2, 1]);
        let counters = usize::from(body[20]);
        assert!(counters > 14 * 4, "today's counters say more: {counters}");
        assert_eq!(body.len(), 21 + counters);
        let known: Vec<_> = (0..14).map(|index| u32_at(body, 21 + 4 * index)).collect();
        assert_eq!(
            (known[0], known[1], known[13]),
            (link.frames_sent, link.frames_received, link.silences)
        );
    }
}

#[test]
fn todays_board_tells_and_sends_an_object_to_a_host_of_version_1() {
    let mut bench = old_host();
    bench.meet();
    let reading = CaptureProgress {
        capture_id: 9,
        phase: CapturePhase::Reading,
        impression: 1,
        quality: FingerQuality::Unknown,
    };
    bench.link.notify(bench.now, &reading.into()).unwrap();
    let told = bench.messages();
    let [progress] = &told[..] else { panic!("{told:?}") };
    // Class and code, then the fields of version 1. What was appended since may follow: that peer skips it.
    assert_eq!(progress[..8], [0, 3, 2, 9, 0, 0, 0, 2]);
    assert!(progress.len() > 8, "today's board says more: {progress:?}");

    let content: Vec<u8> = (0..3_000u32).map(|at| ((at * 5) >> 2) as u8).collect();
    let object = Object {
        kind: ObjectKind::Image,
        id: 9,
        length: 3_000,
    };
    bench.link.bulk_begin(bench.now, object).unwrap();
    assert_eq!(bench.link.bulk_write(&content), 3_000);
    let announced = bench.messages();
    let begin = &announced[0];
    let transfer = begin[1];
    assert_eq!(begin[2..], [1, 9, 0, 0, 0, 0xb8, 0x0b, 0, 0]);
    let checksum = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(&content);
    assert_eq!(
        announced[1][..],
        [&[5, transfer][..], &checksum.to_le_bytes()].concat()
    );
    let mut received = Vec::new();
    while received.len() < content.len() {
        let come = (received.len() as u32).to_le_bytes();
        let ack = [&[transfer][..], &come, &3_000u32.to_le_bytes(), &[0]].concat();
        bench.tell(BULK_ACK, &ack);
        let pieces: Vec<_> = bench
            .said()
            .into_iter()
            .filter(|frame| frame.kind == BULK)
            .collect();
        assert!(!pieces.is_empty());
        for piece in pieces {
            let place = u32_at(&[&piece.rest[1..4], &[0]].concat(), 0);
            assert_eq!((piece.rest[0], place), (transfer, received.len() as u32));
            received.extend_from_slice(&piece.rest[4..]);
        }
    }
    assert_eq!(received, content);
    bench.send(&[6, transfer, 0]);
    let events = bench.events();
    assert!(
        matches!(
            events[..],
            [Event::BulkSent {
                outcome: BulkOutcome::Delivered,
                ..
            }]
        ),
        "{events:?}"
    );
}

#[test]
fn a_host_of_an_older_version_is_told_nothing_of_the_log() {
    for versions in [(1, 1), (1, 2), (1, 3)] {
        let mut bench = old_host();
        bench.versions = versions;
        bench.log = vec![0x6c; 1_000];
        bench.meet();
        let kinds: Vec<_> = bench.said().iter().map(|frame| frame.kind).collect();
        // Kind 7 came with version 3.
        assert_eq!(kinds.contains(&7), versions.1 >= 3, "{versions:?}: {kinds:?}");
    }
}

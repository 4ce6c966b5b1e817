//! A peer that means harm, or has gone mad, with intact frames: it gets answers and refusals, and nothing else.
#![allow(clippy::unwrap_used)] // A test stops at what it does not expect.

use proptest::collection::vec;
use proptest::prelude::*;
use protocol::BoardLink;
use protocol::frame::{
    BulkHeader, FrameKind, MAX_WIRE_FRAME, encode, kind_and_session, split_kind_and_session,
};
use protocol::link::{Event, Object};
use protocol::message::{CapturePhase, CaptureProgress, ObjectKind};
use protocol_sim::Pair;

/// The number of the session of a connected pair, as the host's frames carry it.
fn session_of(pair: &mut Pair) -> u16 {
    let mut out = [0; MAX_WIRE_FRAME];
    let mut decoder = protocol::frame::Decoder::new();
    pair.host
        .notify(
            pair.now,
            &protocol::message::ShowVerdict {
                capture_id: 1,
                verdict: protocol::message::CaptureVerdict::Done,
            }
            .into(),
        )
        .unwrap();
    let len = pair.host.poll_transmit(pair.now, &mut out);
    decoder.push(&out[..len]);
    split_kind_and_session(decoder.frame()).unwrap().1
}

fn frame(kind: FrameKind, session: u16, rest: &[u8]) -> Vec<u8> {
    let mut out = [0; MAX_WIRE_FRAME];
    let len = encode(&mut out, &[&kind_and_session(kind, session), rest]).unwrap();
    out[..len].to_vec()
}

fn kinds() -> impl Strategy<Value = FrameKind> {
    prop_oneof![
        Just(FrameKind::Hello),
        Just(FrameKind::Refuse),
        Just(FrameKind::Control),
        Just(FrameKind::Ack),
        Just(FrameKind::Bulk),
        Just(FrameKind::BulkAck),
        Just(FrameKind::Log),
    ]
}

/// Payloads near sense: small numbers in most places, so that they reach behind the first checks.
fn payload() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![5 => 0u8..8, 1 => any::<u8>()];
    let with_magic = vec(byte.clone(), 0..40).prop_map(|rest| [&b"LK\x01\x01"[..], &rest].concat());
    prop_oneof![vec(byte, 0..300), with_magic]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn intact_nonsense_neither_panics_nor_hangs_nor_babbles(
        frames in vec((kinds(), payload(), any::<bool>()), 1..150),
    ) {
        let mut pair = Pair::default();
        pair.connect();
        let session = session_of(&mut pair);
        let object = Object { kind: ObjectKind::Image, id: 1, length: 10_000 };
        pair.board.bulk_begin(pair.now, object).unwrap();
        pair.board.bulk_write(&[1; 4_000]);
        let message = CaptureProgress { capture_id: 1, phase: CapturePhase::Lift, impression: 1, quality: protocol::message::FingerQuality::Unknown, }.into();
        pair.board.notify(pair.now, &message).unwrap();
        let mut out = [0; MAX_WIRE_FRAME];
        for (kind, payload, right_session) in frames {
            let bytes = frame(kind, if right_session { session } else { session ^ 1 }, &payload);
            pair.now += 100;
            pair.board.handle_bytes(pair.now, &bytes);
            pair.host.handle_bytes(pair.now, &bytes);
            let mut events = 0;
            while let Some(event) = pair.board.poll_event() {
                events += 1;
                // Everything that is asked is answered, even here.
                if let Event::Request { id, .. } = event {
                    pair.board.refuse(pair.now, id, protocol::message::Refusal::NotPossible).unwrap();
                }
            }
            while pair.host.poll_event().is_some() {}
            prop_assert!(events <= 20, "{} events from one frame", events);
            let mut frames = 0;
            while pair.board.poll_transmit(pair.now, &mut out) > 0 {
                frames += 1;
            }
            prop_assert!(frames <= 110, "{} frames for one", frames);
            while pair.host.poll_transmit(pair.now, &mut out) > 0 {}
            let mut chunk = [0; 512];
            while pair.host.bulk_read(&mut chunk) > 0 {}
            pair.board.handle_timeout(pair.now);
        }
    }
}

#[test]
fn an_answer_to_every_hello_and_no_more() {
    let mut pair: Pair = Pair::default();
    pair.connect();
    let mut hello = Vec::new();
    hello.extend_from_slice(b"LK\x01\x01");
    hello.extend_from_slice(&77u32.to_le_bytes());
    hello.extend_from_slice(&[0; 4]);
    hello.extend_from_slice(&[1, 1, 0, 4, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0]);
    let mut out = [0; MAX_WIRE_FRAME];
    let mut answers = 0;
    for _ in 0..1_000 {
        pair.now += 10;
        pair.board
            .handle_bytes(pair.now, &frame(FrameKind::Hello, 0, &hello));
        while pair.board.poll_transmit(pair.now, &mut out) > 0 {
            answers += 1;
        }
    }
    assert!((1_000..1_100).contains(&answers), "{answers}");
    assert!(
        pair.board.is_up(),
        "a stranger that does not know this boot changes nothing"
    );
    assert_eq!(pair.board.peer().unwrap().boot_id, pair.host.boot_id());
}

#[test]
fn somebody_there_can_be_no_session_with_does_not_end_the_session_there_is() {
    let mut pair = protocol_sim::connected();
    // Boot id, nobody's boot id; flags, max_payload, capabilities, firmware.
    let (boots, rest) = (
        [77, 0, 0, 0, 0, 0, 0, 0],
        [1, 0, 4, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0],
    );
    let another_board = [b"LK\x01\x01", &boots[..], &[3], &rest].concat();
    let newer_host = [b"LK\x09\x09", &boots[..], &[1], &rest].concat();
    for hello in [another_board, newer_host] {
        let bytes = frame(FrameKind::Hello, 0, &hello);
        pair.board.handle_bytes(pair.now, &bytes);
        assert_eq!(
            pair.board.poll_event(),
            None,
            "the link is not down, so nobody says so"
        );
        assert!(pair.board.is_up());
    }
}

#[test]
fn work_per_byte_is_bounded_whatever_the_bytes_are() {
    // Not the time, which depends on the machine, but that each kind of stream costs about the same per byte.
    let mut out = [0; MAX_WIRE_FRAME];
    let streams: [(&str, Vec<u8>); 4] = [
        ("zeros", vec![0; 200_000]),
        ("ones", vec![1; 200_000]),
        (
            "short frames",
            frame(FrameKind::Control, 5, &[0; 4]).repeat(10_000),
        ),
        (
            "noise",
            (0..200_000u32)
                .map(|i| (i.wrapping_mul(2_654_435_761) >> 11) as u8)
                .collect(),
        ),
    ];
    for (name, stream) in streams {
        let mut board = BoardLink::new(protocol::Config::new(
            protocol::Role::Kiosk,
            1,
            protocol_sim::firmware(1),
        ));
        let mut sent = 0;
        for (index, piece) in stream.chunks(100).enumerate() {
            let now = index as u64 * 1_000;
            board.handle_bytes(now, piece);
            sent += board.poll_transmit(now, &mut out);
        }
        assert_eq!(board.poll_event(), None, "{name}");
        assert!(
            sent < stream.len() / 2,
            "{name}: {sent} bytes for {}",
            stream.len()
        );
    }
}

/// A board with an object of 1,000 bytes on its way, to which nobody but the test answers.
fn sending(window: u32) -> (Pair, u16, Vec<u8>) {
    let mut pair = protocol_sim::connected();
    let session = session_of(&mut pair);
    let object = Object {
        kind: ObjectKind::Image,
        id: 5,
        length: 1_000,
    };
    pair.board.bulk_begin(pair.now, object).unwrap();
    let content: Vec<u8> = (0..1_000_u16).map(|at| at as u8).collect();
    assert_eq!(pair.board.bulk_write(&content), 1_000);
    bulk_ack(&mut pair, session, 0, window, &[]);
    (pair, session, content)
}

/// Tells the board what has come: section 2 of the specification.
fn bulk_ack(pair: &mut Pair, session: u16, acknowledged: u32, limit: u32, spans: &[(u32, u32)]) {
    let mut rest = vec![1];
    rest.extend(acknowledged.to_le_bytes());
    rest.extend(limit.to_le_bytes());
    rest.push(spans.len() as u8);
    for (start, end) in spans {
        // A structure is preceded by its length.
        rest.push(8);
        rest.extend(start.to_le_bytes());
        rest.extend(end.to_le_bytes());
    }
    let bytes = frame(FrameKind::BulkAck, session, &rest);
    pair.board.handle_bytes(pair.now, &bytes);
}

#[test]
fn a_receiver_that_kept_half_a_piece_is_sent_the_rest_of_it() {
    let (mut pair, session, content) = sending(1_000);
    let all: Vec<u8> = pieces(&mut pair)
        .into_iter()
        .flat_map(|(_, bytes)| bytes)
        .collect();
    assert_eq!(all, content);
    bulk_ack(&mut pair, session, 300, 1_000, &[]);
    pair.now += 1_000_000;
    let rest: Vec<u8> = pieces(&mut pair)
        .into_iter()
        .flat_map(|(_, bytes)| bytes)
        .collect();
    assert_eq!(rest, content[300..]);
}

#[test]
fn many_gaps_are_repaired_after_one_acknowledgement() {
    // The window grows by a little each time, so that there are many pieces.
    let (mut pair, session, content) = sending(100);
    let mut sent = pieces(&mut pair);
    for limit in (200..=1_000).step_by(100) {
        bulk_ack(&mut pair, session, 0, limit, &[]);
        sent.extend(pieces(&mut pair));
    }
    assert!(sent.len() >= 10, "{sent:?}");
    let end = |(offset, bytes): &(u32, Vec<u8>)| offset + bytes.len() as u32;
    // Every second one came, the last among them: the others are lost, since the line keeps the order.
    let (came, lost): (Vec<_>, Vec<_>) = (0..sent.len()).partition(|index| (sent.len() - index) % 2 == 1);
    let spans: Vec<_> = came
        .iter()
        .map(|index| (sent[*index].0, end(&sent[*index])))
        .collect();
    pair.now += 1_000;
    bulk_ack(&mut pair, session, 0, 1_000, &spans);
    let mut again: Vec<bool> = vec![false; 1_000];
    for (offset, bytes) in pieces(&mut pair) {
        let range = offset as usize..offset as usize + bytes.len();
        assert_eq!(bytes, content[range.clone()]);
        again[range].fill(true);
    }
    for (index, piece) in sent.iter().enumerate() {
        let range = piece.0 as usize..end(piece) as usize;
        let wanted = lost.contains(&index);
        assert!(again[range].iter().all(|again| *again == wanted), "piece {index}");
    }
}

#[test]
fn the_end_of_an_object_is_repeated_as_soon_as_an_answer_could_have_come() {
    let mut pair = protocol_sim::connected();
    let object = Object {
        kind: ObjectKind::Image,
        id: 5,
        length: 200,
    };
    for lost in [false, true] {
        let start = pair.now;
        pair.board.bulk_begin(pair.now, object).unwrap();
        pair.board.bulk_write(&[9; 200]);
        pair.run(1_500);
        if lost {
            // Whatever of it is on the wire now will not arrive.
            pair.to_host.cut = true;
            pair.run(2_000);
            pair.to_host.cut = false;
        }
        let mut chunk = [0; 256];
        while !matches!(pair.board.poll_event(), Some(Event::BulkSent { .. })) {
            pair.step(pair.now + 500);
            pair.host.bulk_read(&mut chunk);
            pair.host.poll_event();
            assert!(pair.now - start < 30_000, "{} us", pair.now - start);
        }
    }
}

/// The pieces of an object that the board sends now.
fn pieces(pair: &mut Pair) -> Vec<(u32, Vec<u8>)> {
    let mut pieces = Vec::new();
    loop {
        let mut out = [0; MAX_WIRE_FRAME];
        let len = pair.board.poll_transmit(pair.now, &mut out);
        if len == 0 {
            return pieces;
        }
        let mut decoder = protocol::frame::Decoder::new();
        decoder.push(&out[..len]);
        let (kind, _, rest) = split_kind_and_session(decoder.frame()).unwrap();
        if kind == Some(FrameKind::Bulk) {
            let (header, bytes) = BulkHeader::split(rest).unwrap();
            pieces.push((header.offset, bytes.to_vec()));
        }
    }
}

#[test]
fn an_object_that_another_takes_the_place_of_ends_before_that_begins() {
    let mut pair = protocol_sim::connected();
    let session = session_of(&mut pair);
    for transfer in [1_u8, 2] {
        // Sequence, acknowledged, class BulkBegin, transfer, kind, id, length.
        let rest = [
            transfer - 1,
            0,
            0,
            0,
            4,
            transfer,
            1,
            transfer,
            0,
            0,
            0,
            9,
            0,
            0,
            0,
        ];
        let bytes = frame(FrameKind::Control, session, &rest);
        pair.host.handle_bytes(pair.now, &bytes);
    }
    let events: Vec<_> = core::iter::from_fn(|| pair.host.poll_event())
        .map(|event| match event {
            Event::BulkBegin { object, .. } => ("begins", object.id),
            Event::BulkEnd { object, .. } => ("ends", object.id),
            _ => ("?", 0),
        })
        .collect();
    assert_eq!(events, [("begins", 1), ("ends", 1), ("begins", 2)]);
}

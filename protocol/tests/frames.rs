//! Frames survive the wire; nothing else gets through as one.
#![allow(clippy::unwrap_used)] // A test stops at what it does not expect.

use proptest::collection::vec;
use proptest::prelude::*;
use protocol::frame::{Decoder, MAX_FRAME, MAX_PAYLOAD, MAX_WIRE_FRAME, Received, encode, wire_len};

/// What a decoder makes of a stream that comes in pieces of the given lengths, over and over.
fn decode(stream: &[u8], pieces: &[usize]) -> Vec<Result<Vec<u8>, Received>> {
    let mut decoder = Decoder::new();
    let mut found = Vec::new();
    let mut rest = stream;
    let mut lengths = pieces.iter().copied().cycle();
    while !rest.is_empty() {
        let (mut piece, tail) = rest.split_at(lengths.next().unwrap_or(1).clamp(1, rest.len()));
        rest = tail;
        while !piece.is_empty() {
            let (taken, received) = decoder.push(piece);
            assert!(taken > 0, "it never stands still");
            piece = &piece[taken..];
            found.extend(received.map(|received| match received {
                Received::Frame => Ok(decoder.frame().to_vec()),
                other => Err(other),
            }));
        }
    }
    found
}

fn encoded(content: &[u8]) -> Vec<u8> {
    let mut out = [0; MAX_WIRE_FRAME];
    let len = encode(&mut out, &[content]).expect("it fits");
    out[..len].to_vec()
}

/// Content with long runs of zeros and of other bytes, where byte stuffing has its corners.
fn content() -> impl Strategy<Value = Vec<u8>> {
    vec(
        (
            prop_oneof![Just(0u8), Just(1), Just(0xff), any::<u8>()],
            1usize..300,
        ),
        1..8,
    )
    .prop_map(|runs| {
        let mut bytes: Vec<u8> = runs
            .into_iter()
            .flat_map(|(byte, count)| vec![byte; count])
            .collect();
        bytes.truncate(6 + MAX_PAYLOAD);
        bytes.resize(bytes.len().max(2), 7);
        bytes
    })
}

proptest! {
    #[test]
    fn frames_come_out_as_they_went_in_however_the_stream_is_split(
        frames in vec(content(), 1..5),
        pieces in vec(1usize..400, 1..5),
    ) {
        let stream: Vec<u8> = frames.iter().flat_map(|content| encoded(content)).collect();
        let expected: Vec<_> = frames.into_iter().map(Ok).collect();
        prop_assert_eq!(decode(&stream, &pieces), expected);
    }

    #[test]
    fn the_byte_stuffing_is_that_of_the_cobs_crate(content in content()) {
        let wire = encoded(&content);
        prop_assert_eq!((wire[0], wire[wire.len() - 1]), (0, 0));
        let inside = &wire[1..wire.len() - 1];
        prop_assert!(!inside.contains(&0));
        prop_assert!(wire.len() <= wire_len(content.len() + 4));
        let mut plain = vec![0; MAX_FRAME + 8];
        let report = cobs::decode(inside, &mut plain).expect("their decoder reads ours");
        prop_assert_eq!(&plain[..report.frame_size() - 4], &content[..]);

        let mut theirs = vec![0; 2 * MAX_FRAME];
        let len = cobs::encode(&plain[..content.len() + 4], &mut theirs);
        let stream = [&[0], &theirs[..len], &[0]].concat();
        prop_assert_eq!(decode(&stream, &[64]), vec![Ok(content)]);
    }

    #[test]
    fn a_frame_is_the_same_in_parts_and_where_there_is_just_room(
        content in content(),
        cuts in vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let wire = encoded(&content);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(content.len() + 1)).collect();
        cuts.sort_unstable();
        let mut parts = Vec::new();
        let mut rest = &content[..];
        for cut in cuts.into_iter().rev() {
            let (before, part) = rest.split_at(cut);
            parts.insert(0, part);
            rest = before;
        }
        parts.insert(0, rest);
        // Neither what was there before shows nor is there anything written behind.
        let mut out = vec![0xaa; wire_len(content.len() + 4)];
        let len = encode(&mut out, &parts);
        prop_assert_eq!(len, Some(wire.len()));
        prop_assert_eq!(&out[..wire.len()], &wire[..]);
        out.pop();
        prop_assert_eq!(encode(&mut out, &parts), None);
    }

    #[test]
    fn garbage_neither_panics_nor_takes_the_next_frame_along(
        garbage in vec(any::<u8>(), 0..3000),
        content in content(),
        pieces in vec(1usize..400, 1..5),
    ) {
        let stream = [garbage, encoded(&content)].concat();
        let found = decode(&stream, &pieces);
        prop_assert_eq!(found.last(), Some(&Ok(content)));
    }

    #[test]
    fn a_turned_bit_is_never_taken_for_the_frame(content in content(), bit in any::<prop::sample::Index>()) {
        let mut wire = encoded(&content);
        let bit = bit.index(wire.len() * 8);
        wire[bit / 8] ^= 1 << (bit % 8);
        let whole = decode(&wire, &[wire.len()]).into_iter().filter_map(Result::ok).collect::<Vec<_>>();
        // A delimiter that was hit leaves the frame to the next one.
        let delimiter = bit / 8 == 0 || bit / 8 == wire.len() - 1;
        prop_assert!(whole.is_empty() || (delimiter && whole == vec![content]));
    }
}

#[test]
fn empty_frames_mean_nothing() {
    assert_eq!(decode(&[0; 50], &[7]), []);
}

#[test]
fn a_frame_that_is_too_long_is_discarded_to_its_end_and_reported_once() {
    let babble = [vec![0], vec![0x55; 10_000], vec![0]].concat();
    let stream = [babble, encoded(b"after")].concat();
    assert_eq!(
        decode(&stream, &[100]),
        [Err(Received::Oversize), Ok(b"after".to_vec())]
    );
}

#[test]
fn a_frame_that_is_too_short_is_bad_framing() {
    assert_eq!(decode(&[0, 3, 1, 1, 0], &[1]), [Err(Received::BadFraming)]);
}

#[test]
fn a_frame_cut_short_is_bad_framing_or_a_bad_checksum() {
    let wire = encoded(b"a message that is cut short");
    for len in 2..wire.len() - 1 {
        let stream = [&wire[..len], &[0], &encoded(b"after")[..]].concat();
        let found = decode(&stream, &[5]);
        assert!(
            matches!(found[0], Err(Received::BadFraming | Received::BadChecksum)),
            "{len}: {found:?}"
        );
        assert_eq!(found[1], Ok(b"after".to_vec()));
    }
}

#[test]
fn what_does_not_fit_is_not_encoded() {
    assert_eq!(encode(&mut [0; 4000], &[&[0; MAX_PAYLOAD + 7]]), None);
    assert_eq!(encode(&mut [0; 10], &[b"longer than that"]), None);
}

#[test]
fn a_full_frame_has_twelve_bytes_of_overhead_and_one_per_254() {
    let content = [7; 6 + MAX_PAYLOAD];
    let overhead = encoded(&content).len() - MAX_PAYLOAD;
    assert_eq!(overhead, 12 + 5);
}

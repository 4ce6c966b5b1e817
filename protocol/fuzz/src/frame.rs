//! Any bytes in any pieces through the decoder.
//!
//! What it makes of them must not depend on the pieces, must be what a plain decoder of the specification makes of
//! them, and must be right again with the first good frame. What is encoded must be decoded as it was.

use protocol::frame::{CRC_LEN, Decoder, MAX_FRAME, MAX_WIRE_FRAME, MIN_FRAME, Received, encode, wire_len};

use super::pattern;
use super::program::Program;

/// Longer streams show nothing new, and take time.
const MAX_STREAM: usize = 4_000;

/// What a decoder says of a stream: each end of a frame, with header and payload if it was intact.
type Heard = Vec<(Received, Vec<u8>)>;

/// Runs the target.
pub fn run(input: &[u8]) {
    let mut program = Program::new(input);
    let pieces = [program.byte(), program.byte(), program.byte()];
    let mut stream = stream(&mut program);
    let heard = hear(stream.chunks(stream.len().max(1)));
    assert_eq!(heard, hear(stream.chunks(1)), "byte by byte");
    assert_eq!(
        heard,
        hear(cut(&stream, pieces).into_iter()),
        "in pieces {pieces:?}"
    );
    assert_eq!(heard, specified(&stream), "as the specification has it");
    for (_, content) in heard.iter().filter(|(received, _)| *received == Received::Frame) {
        round_trip(content, usize::from(pieces[0]));
    }
    // Whatever came before, a good frame is received.
    let good = encoded(&[b"\x03\x00after the noise"]);
    stream.extend_from_slice(&good);
    let last = hear(stream.chunks(stream.len())).pop();
    assert_eq!(last, Some((Received::Frame, b"\x03\x00after the noise".to_vec())));
}

/// Garbage, good frames, and good frames that something happened to.
fn stream(program: &mut Program<'_>) -> Vec<u8> {
    let mut stream = Vec::new();
    while !program.is_over() && stream.len() < MAX_STREAM {
        match program.below(8) {
            0 | 1 => {
                let count = usize::from(program.byte());
                stream.extend_from_slice(program.bytes(count));
            }
            2 => stream.extend_from_slice(program.bytes(MAX_STREAM)),
            3 => {
                let (byte, count) = (program.byte(), program.word() % 1500);
                stream.extend(std::iter::repeat_n(byte, usize::from(count)));
            }
            4 => {
                let content = content(program);
                round_trip(&content, usize::from(program.byte()));
                stream.extend(encoded(&[&content]));
            }
            5 => {
                let mut frame = encoded(&[&content(program)]);
                frame.truncate(usize::from(program.word()) % (frame.len() + 1));
                stream.extend(frame);
            }
            6 => {
                let mut frame = encoded(&[&content(program)]);
                let at = usize::from(program.word()) % frame.len();
                frame[at] ^= program.byte();
                stream.extend(frame);
            }
            // An intact checksum over too much or too little, which no encoder makes.
            _ => {
                let mut content = content(program);
                let growth = usize::from(program.below(10));
                content.extend(std::iter::repeat_n(7, growth));
                content.drain(..usize::from(program.below(8)).min(content.len()));
                content.extend_from_slice(&pattern::checksum(&content).to_le_bytes());
                let mut stuffed = vec![0; cobs::max_encoding_length(content.len())];
                let len = cobs::encode(&content, &mut stuffed);
                stream.extend_from_slice(&stuffed[..len]);
                stream.push(0);
            }
        }
    }
    stream
}

/// Header and payload of a frame.
fn content(program: &mut Program<'_>) -> Vec<u8> {
    const MAX_CONTENT: usize = MAX_FRAME - CRC_LEN;
    let len = match program.below(4) {
        0 => usize::from(program.byte()),
        1 => program.near(254) as usize,
        2 => program.near(508) as usize,
        _ => program.near(MAX_CONTENT as u32) as usize,
    };
    let len = len.clamp(MIN_FRAME - CRC_LEN, MAX_CONTENT);
    match program.below(3) {
        0 => vec![program.byte(); len],
        1 => pattern::bytes(program.byte().into(), 0, len),
        _ => {
            let mut content = program.bytes(len).to_vec();
            content.resize(len, 1);
            content
        }
    }
}

fn encoded(parts: &[&[u8]]) -> Vec<u8> {
    let mut out = vec![0xaa; MAX_WIRE_FRAME];
    let len = encode(&mut out, parts).expect("a frame of a length that is allowed");
    out.truncate(len);
    out
}

/// What is encoded is decoded, by this crate and by others, and takes no more bytes than promised.
fn round_trip(content: &[u8], cut: usize) {
    let (first, second) = content.split_at(cut % (content.len() + 1));
    let wire = encoded(&[first, second]);
    assert_eq!(wire, encoded(&[content]), "the parts do not show");
    let promised = wire_len(content.len() + CRC_LEN);
    assert!(wire.len() <= promised);
    let inner = &wire[1..wire.len() - 1];
    assert!(wire.starts_with(&[0]) && wire.ends_with(&[0]) && !inner.contains(&0));
    assert_eq!(
        hear(std::iter::once(&wire[..])),
        [(Received::Frame, content.to_vec())]
    );
    let mut whole = content.to_vec();
    whole.extend_from_slice(&pattern::checksum(content).to_le_bytes());
    let mut theirs = vec![0; inner.len()];
    let report = cobs::decode(inner, &mut theirs).expect("others can read it");
    assert_eq!(theirs[..report.frame_size()], whole);
    let mut short = vec![0; promised - 1];
    assert_eq!(encode(&mut short, &[content]), None, "no room is said, not tried");
}

/// The stream in pieces of the given lengths, again and again.
fn cut(stream: &[u8], lengths: [u8; 3]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let mut rest = stream;
    for length in lengths.into_iter().cycle() {
        if rest.is_empty() {
            return pieces;
        }
        let (piece, after) = rest.split_at(usize::from(length).clamp(1, rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

fn hear<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Heard {
    let mut decoder = Decoder::new();
    let mut heard = Heard::new();
    for mut piece in pieces {
        while !piece.is_empty() {
            let (taken, received) = decoder.push(piece);
            assert!(
                0 < taken && taken <= piece.len(),
                "it goes on, within what there is"
            );
            piece = &piece[taken..];
            heard.extend(received.map(|received| (received, contents(received, &decoder))));
        }
    }
    heard
}

fn contents(received: Received, decoder: &Decoder) -> Vec<u8> {
    if received == Received::Frame {
        decoder.frame().to_vec()
    } else {
        Vec::new()
    }
}

/// Section 2 of the specification, as plainly as possible.
fn specified(stream: &[u8]) -> Heard {
    // What stands after the last delimiter has not ended yet.
    let mut stuffed: Vec<_> = stream.split(|byte| *byte == 0).collect();
    stuffed.pop();
    stuffed
        .into_iter()
        .filter(|stuffed| !stuffed.is_empty())
        .map(|stuffed| {
            let (frame, whole) = unstuffed(stuffed);
            if frame.len() > MAX_FRAME {
                return (Received::Oversize, Vec::new());
            }
            if !whole || frame.len() < MIN_FRAME {
                return (Received::BadFraming, Vec::new());
            }
            let (content, sum) = frame.split_at(frame.len() - CRC_LEN);
            if pattern::checksum(content).to_le_bytes() == sum {
                (Received::Frame, content.to_vec())
            } else {
                (Received::BadChecksum, Vec::new())
            }
        })
        .collect()
}

/// The bytes of a frame, and whether its last block is whole.
fn unstuffed(stuffed: &[u8]) -> (Vec<u8>, bool) {
    let mut frame = Vec::new();
    let mut rest = stuffed;
    while let Some((code, after)) = rest.split_first() {
        let len = usize::from(*code) - 1;
        let Some((block, after)) = after.split_at_checked(len) else {
            frame.extend_from_slice(after);
            return (frame, false);
        };
        frame.extend_from_slice(block);
        rest = after;
        if *code != 0xff && !rest.is_empty() {
            frame.push(0);
        }
    }
    let mut theirs = vec![0; stuffed.len()];
    let report = cobs::decode(stuffed, &mut theirs).expect("others can read it");
    assert_eq!(theirs[..report.frame_size()], frame, "others read the same");
    (frame, true)
}

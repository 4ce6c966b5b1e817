//! A session made by hand, from the wire to the lines that a technician reads; and what must never be in a file.

use std::fmt::Write as _;

use proptest::prelude::*;
use protocol::Message;
use protocol::frame::{BulkHeader, ControlHeader, FrameKind, MAX_WIRE_FRAME, encode, kind_and_session};
use protocol::link::wire::{Ack, BulkAck, Envelope, MAX_CONTROL, Span};
use protocol::link::{BulkOutcome, Object, RequestId};
use protocol::message::{
    Accepted, Capture, CapturePhase, CaptureProgress, CapturePurpose, FingerPosition, ObjectKind, Refusal,
    SetClock, Writer,
};

use super::*;

/// 2026-11-23 09:15:00 UTC.
const MORNING: u64 = 1_795_425_300_000_000;
const SESSION: u16 = 0x3a1;
const HOST: u32 = 0x1057;
const BOARD: u32 = 0xb0a4d;

fn wire(kind: FrameKind, session: u16, payload: &[u8]) -> Vec<u8> {
    let mut out = [0; MAX_WIRE_FRAME];
    let len = encode(&mut out, &[&kind_and_session(kind, session), payload]).unwrap();
    out[..len].to_vec()
}

fn written(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut buffer = [0; MAX_CONTROL];
    let mut out = Writer::new(&mut buffer);
    write(&mut out);
    let len = out.len();
    buffer[..len].to_vec()
}

/// A hello as version 1 has it.
fn hello(boot_id: u32, peer_boot_id: u32, role: u8) -> Vec<u8> {
    let mut body = b"LK\x01\x01".to_vec();
    body.extend(boot_id.to_le_bytes());
    body.extend(peer_boot_id.to_le_bytes());
    body.extend([role, 1, 0, 4, 0, 0, 0, 0, 7, 1, 2, 3]);
    body.extend(0xfeed_beef_u32.to_le_bytes());
    wire(FrameKind::Hello, 0, &body)
}

fn control(session: u16, sequence: u16, acknowledged: u16, envelope: &Envelope<'_>) -> Vec<u8> {
    let header = ControlHeader {
        sequence,
        acknowledged,
    };
    let envelope = written(|out| envelope.write(out).unwrap());
    wire(
        FrameKind::Control,
        session,
        &[&header.to_bytes()[..], &envelope].concat(),
    )
}

fn ack(acknowledged: u16) -> Vec<u8> {
    let ack = Ack {
        acknowledged,
        limit: acknowledged + 4,
        received: 0,
    };
    wire(
        FrameKind::Ack,
        SESSION,
        &written(|out| ack.write_body(out).unwrap()),
    )
}

fn bulk(offset: u32, bytes: &[u8]) -> Vec<u8> {
    let header = BulkHeader { transfer: 1, offset };
    wire(
        FrameKind::Bulk,
        SESSION,
        &[&header.to_bytes()[..], bytes].concat(),
    )
}

fn request(number: u16, message: &Message, answer: impl FnOnce(Envelope<'_>) -> Vec<u8>) -> Vec<u8> {
    let id = RequestId { origin: HOST, number };
    let body = written(|out| message.write_body(out).unwrap());
    let (code, body) = (message.code(), &body[..]);
    answer(Envelope::Request { id, code, body })
}

/// A line with its recorder and, behind the file, its reader.
struct Bench {
    at: u64,
    file: Vec<u8>,
    cutters: [Cutter; 2],
}

impl Bench {
    fn new() -> Self {
        Self {
            at: MORNING,
            file: preamble("loket 0.0.0", "capture", "/dev/ttyUSB1"),
            cutters: [Direction::ToBoard, Direction::FromBoard].map(Cutter::new),
        }
    }

    fn after(&mut self, us: u64) -> &mut Self {
        self.at += us;
        self
    }

    fn note(&mut self, text: &str) {
        self.file.extend(entry(&Record {
            at: self.at,
            direction: None,
            content: Content::Note(text.into()),
        }));
    }

    fn pass(&mut self, direction: Direction, bytes: &[u8]) -> &mut Self {
        let file = &mut self.file;
        self.cutters[direction as usize].push(self.at, bytes, |record| file.extend(entry(&record)));
        self
    }

    fn host(&mut self, bytes: &[u8]) -> &mut Self {
        self.after(500).pass(Direction::ToBoard, bytes)
    }

    fn board(&mut self, bytes: &[u8]) -> &mut Self {
        self.after(1500).pass(Direction::FromBoard, bytes)
    }

    /// The lines, and the summary.
    fn read(&self) -> (Vec<Line>, String) {
        let mut reader = Reader::default();
        let mut reading = Reading::new(Scale::Time);
        let mut lines = Vec::new();
        reader
            .push(&self.file, |board, record| {
                lines.push(reading.read(board, &record));
            })
            .unwrap();
        let mut text = String::new();
        for (board, summary) in reading.summaries() {
            let _ = write!(text, "{board}: {summary}");
        }
        (lines, text)
    }
}

/// What stands for a fingerprint: no six bytes of it are like any that a file has by itself.
fn image() -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(3000)
    .collect()
}

fn session() -> Bench {
    let mut bench = Bench::new();
    bench.note("port /dev/ttyUSB1 opened");
    bench
        .host(&hello(HOST, 0, 1))
        .board(&hello(BOARD, HOST, 3))
        .host(&hello(HOST, BOARD, 1));

    // A request and its answer.
    let set_clock = SetClock {
        unix_seconds: 1_795_425_300,
        utc_offset_minutes: 420,
    };
    bench.host(&request(1, &set_clock.into(), |envelope| {
        control(SESSION, 0, 0, &envelope)
    }));
    bench.board(&ack(1));
    let accepted = Message::from(Accepted {}).code();
    let id = RequestId {
        origin: HOST,
        number: 1,
    };
    let (code, body) = (accepted, &[][..]);
    bench.board(&control(SESSION, 0, 1, &Envelope::Reply { id, code, body }));

    // One that is sent twice and refused.
    let capture = Message::from(Capture {
        capture_id: 7,
        finger: FingerPosition::RightIndex,
        purpose: CapturePurpose::Verify,
        attempt: 1,
        attempts: 4,
        timeout_ms: 20_000,
        impressions: 1,
    });
    let asked = request(2, &capture, |envelope| control(SESSION, 1, 1, &envelope));
    bench.host(&asked).after(20_000).host(&asked);
    let (id, reason) = (RequestId { number: 2, ..id }, Refusal::Busy);
    bench.board(&control(SESSION, 1, 2, &Envelope::Refusal { id, reason }));

    // A message that is late, one that this version does not know, and half a one.
    let progress = |capture_id, phase| {
        let message = Message::from(CaptureProgress {
            capture_id,
            phase,
            impression: 1,
            quality: protocol::message::FingerQuality::Unknown,
        });
        (message.code(), written(|out| message.write_body(out).unwrap()))
    };
    for (sequence, phase) in [
        (3, CapturePhase::FingerPlaced),
        (2, CapturePhase::WaitingForFinger),
    ] {
        let (code, body) = progress(7, phase);
        let body = &body[..];
        bench.board(&control(
            SESSION,
            sequence,
            2,
            &Envelope::Notification { code, body },
        ));
    }
    let (code, body) = (0x0999, &b"nobody knows"[..]);
    bench.board(&control(SESSION, 4, 2, &Envelope::Notification { code, body }));
    let (code, body) = progress(7, CapturePhase::Reading);
    let body = &body[..3];
    bench.board(&control(SESSION, 5, 2, &Envelope::Notification { code, body }));

    // An object with a damaged piece.
    let image = image();
    let object = Object {
        kind: ObjectKind::Image,
        id: 7,
        length: 3000,
    };
    let transfer = 1;
    bench.board(&control(SESSION, 6, 2, &Envelope::BulkBegin { transfer, object }));
    bench.board(&bulk(0, &image[..1024]));
    let mut damaged = bulk(1024, &image[1024..2048]);
    damaged[500] ^= 0x10;
    bench.board(&damaged);
    bench.board(&bulk(2048, &image[2048..]));
    let missing = BulkAck {
        transfer,
        acknowledged: 1024,
        limit: 3000,
        received: [Span {
            start: 2048,
            end: 3000,
        }]
        .into_iter()
        .collect(),
    };
    bench.host(&wire(
        FrameKind::BulkAck,
        SESSION,
        &written(|out| missing.write_body(out).unwrap()),
    ));
    bench.board(&bulk(1024, &image[1024..2048]));
    bench.board(&bulk(2048, &image[2048..]));
    let checksum = 0x1234_5678;
    bench.board(&control(SESSION, 7, 2, &Envelope::BulkEnd { transfer, checksum }));
    let outcome = BulkOutcome::Delivered;
    bench.host(&control(
        SESSION,
        2,
        8,
        &Envelope::BulkResult { transfer, outcome },
    ));

    // Noise, a silence, and the board's restart.
    bench.board(&[0x55, 0xaa, 0x00]);
    bench.board(&[0x77; 1200]).board(&[0]);
    bench.after(3_000_000).board(&hello(BOARD + 1, 0, 3));
    bench.host(&control(0x111, 0, 0, &Envelope::BulkCancel { transfer }));
    bench.board(&ack(3));
    // A kind of frame that only a newer peer knows.
    let mut newer = [0; 100];
    let len = encode(&mut newer, &[&[0x1f, 0x11], b"secret of the future"]).unwrap();
    bench.board(&newer[..len]);
    bench
}

#[test]
fn a_recorded_session_reads_like_this() {
    let (mut lines, summary) = session().read();
    let mut text = format!("{}\n", day(lines[0].at));
    for line in &mut lines {
        // Fields that came after version 1 are not what this is about.
        line.fields
            .0
            .retain(|(_, value)| !matches!(value, Value::Default(_)));
        text += &line.text(Scale::Time);
        text.push('\n');
    }
    text += &summary;
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/src/board/trace/golden/session.txt");
    if std::env::var_os("LOKET_WRITE_GOLDEN").is_some() {
        std::fs::write(golden, &text).unwrap();
    }
    let expected = std::fs::read_to_string(golden).unwrap();
    assert!(
        text == expected,
        "what is read has changed; if it is better now, write it anew with LOKET_WRITE_GOLDEN=1:\n{text}"
    );
}

#[test]
fn a_program_gets_every_line_with_its_fields() {
    let (lines, _) = session().read();
    let refused = lines
        .iter()
        .map(|line| line.json(Scale::Time))
        .find(|line| line["class"] == "refusal")
        .unwrap();
    assert_eq!(refused["direction"], "from_board");
    assert_eq!(refused["session"], SESSION);
    assert_eq!(refused["request"], "00001057:2");
    assert_eq!(refused["reason"], "Busy");
    assert_eq!(refused["seq"], 1);
    let asked = lines
        .iter()
        .map(|line| line.json(Scale::Time))
        .find(|line| line["message"] == "Capture")
        .unwrap();
    assert_eq!(asked["fields"]["finger"], "RightIndex");
    assert_eq!(asked["fields"]["timeout_ms"], 20_000);
}

/// Whether six bytes of the image lie in the file one after the other.
fn shows(file: &[u8], image: &[u8]) -> bool {
    let known: std::collections::HashSet<&[u8]> = image.windows(6).collect();
    file.windows(6).any(|six| known.contains(six))
}

#[test]
fn nothing_of_an_object_and_nothing_unknown_is_in_a_file() {
    let file = session().file;
    assert!(!shows(&file, &image()));
    for secret in [&b"secret"[..], b"nobody"] {
        assert!(!file.windows(6).any(|six| six == secret));
    }
    assert!(
        shows(&bulk(0, &image()[..100]), &image()),
        "the check itself works"
    );
}

/// What noise does to bytes.
#[derive(Clone, Debug)]
enum Noise {
    Flip(prop::sample::Index, u8),
    Zeros(prop::sample::Index, usize),
    Drop(prop::sample::Index, usize),
}

fn noise() -> impl Strategy<Value = Noise> {
    prop_oneof![
        (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, byte)| Noise::Flip(at, byte)),
        (any::<prop::sample::Index>(), 1..4_usize).prop_map(|(at, count)| Noise::Zeros(at, count)),
        (any::<prop::sample::Index>(), 1..2000_usize).prop_map(|(at, count)| Noise::Drop(at, count)),
    ]
}

fn any_frame() -> impl Strategy<Value = Vec<u8>> {
    let payload = prop::collection::vec(prop_oneof![0..8_u8, any::<u8>()], 0..60);
    (0..10_u8, any::<u8>(), payload).prop_map(|(kind, session, payload)| {
        let mut out = [0; 200];
        let len = encode(&mut out, &[&[kind, session & 1], &payload]).unwrap();
        out[..len].to_vec()
    })
}

proptest! {
    #[test]
    fn nothing_of_an_image_is_in_a_file_whatever_noise_does_to_the_line(
        noises in prop::collection::vec(noise(), 0..12),
        step in 1..3000_usize,
    ) {
        let image = image();
        let mut line = bulk(0, &image[..100]);
        for start in (0..3000).step_by(1000) {
            line.extend(bulk(start as u32, &image[start..start + 1000]));
        }
        for noise in noises {
            match noise {
                Noise::Flip(at, byte) => *at.get_mut(&mut line) = byte,
                Noise::Zeros(at, count) => {
                    let at = at.index(line.len());
                    let end = (at + count).min(line.len());
                    line[at..end].fill(0);
                }
                Noise::Drop(at, count) => {
                    let at = at.index(line.len());
                    let end = (at + count).min(line.len() - 1);
                    drop(line.drain(at.min(end)..end));
                }
            }
        }
        let mut cutter = Cutter::new(Direction::FromBoard);
        let mut file = Vec::new();
        let mut known = Vec::new();
        for chunk in line.chunks(step) {
            cutter.push(0, chunk, |record| {
                match &record.content {
                    Content::Frame { bytes, .. } => {
                        assert_eq!(bytes.len(), 6, "the header only");
                        known.push(bytes[..2].to_vec());
                    }
                    Content::Damaged { claim, .. } => {
                        assert!(claim.is_empty() || known.contains(claim), "nothing but what is known");
                    }
                    Content::Note(_) => {}
                }
                file.extend(entry(&record));
            });
        }
        prop_assert!(!shows(&file, &image));
    }

    #[test]
    fn any_bytes_are_read_without_harm(
        parts in prop::collection::vec(
            prop_oneof![prop::collection::vec(any::<u8>(), 0..60), any_frame()],
            0..40,
        ),
        ways in prop::collection::vec(any::<bool>(), 40),
        step in 1..50_usize,
    ) {
        let mut bench = Bench::new();
        for (part, to_board) in parts.iter().zip(ways) {
            for chunk in part.chunks(step) {
                if to_board { bench.host(chunk) } else { bench.board(chunk) };
            }
        }
        let (lines, _) = bench.read();
        for line in lines {
            line.text(Scale::Time);
            line.json(Scale::Bytes);
        }
    }

    #[test]
    fn any_entries_are_read_without_harm(
        entries in prop::collection::vec(
            (any::<u64>(), any::<bool>(), prop::collection::vec(any::<u8>(), 0..60), any::<u32>()),
            0..40,
        ),
    ) {
        let mut reading = Reading::new(Scale::Time);
        for (at, to_board, bytes, more) in entries {
            let record = Record {
                at,
                direction: Some(if to_board { Direction::ToBoard } else { Direction::FromBoard }),
                content: Content::Frame { len: bytes.len() + more as usize, bytes },
            };
            let line = reading.read("x", &record);
            line.text(Scale::Time);
            line.json(Scale::Time);
        }
        for (_, summary) in reading.summaries() {
            let _ = summary.to_string();
            summary.json();
        }
    }
}

//! Vectors of frames: content and checksum, then all of it on the wire.

use crc::{CRC_32_ISO_HDLC, Crc};
use protocol::frame::{
    self, BulkHeader, ControlHeader, Decoder, FrameKind, MAX_FRAME, Received, kind_and_session,
    split_kind_and_session,
};
use protocol::link::wire::{Ack, BulkAck, Envelope, Hello, Log, MAX_CONTROL, Refuse};
use protocol::link::{BulkOutcome, Config, Object};
use protocol::message::{
    Accepted, CancelCapture, CaptureVerdict, FieldSpec, Firmware, ObjectKind, Refusal, ShowVerdict, Writer,
};
use protocol::{BoardLink, HostLink, Message, RequestId, Role, version};

use crate::codes::{CLASSES, frame_kinds};
use crate::file::{Line, Vector, render, vectors, vectors_of};
use crate::same;
use crate::show::{beside, bytes_of, changed_in, message_lines, skeleton};

const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);
/// The session of the frames in the files.
const SESSION: u16 = 0x4f7;

/// The content of a frame: what is between its delimiters, without byte stuffing and checksum.
fn content(wire: &[u8]) -> Vec<u8> {
    let mut decoder = Decoder::new();
    let mut rest = wire;
    loop {
        let (taken, received) = decoder.push(rest);
        rest = &rest[taken..];
        match received {
            Some(received) => break assert_eq!(received, Received::Frame),
            None => assert!(!rest.is_empty(), "no frame ended"),
        }
    }
    assert_eq!(rest, [0; 0]);
    decoder.frame().to_vec()
}

fn on_wire(content: &[u8]) -> Vec<u8> {
    let mut encoded = [0; frame::MAX_WIRE_FRAME];
    let len = frame::encode(&mut encoded, &[content]).unwrap();
    encoded[..len].to_vec()
}

/// Bytes of what `write` writes.
fn written<E: std::fmt::Debug>(write: impl FnOnce(&mut Writer<'_>) -> Result<(), E>) -> Vec<u8> {
    let mut buffer = [0; MAX_FRAME];
    let mut out = Writer::new(&mut buffer);
    write(&mut out).unwrap();
    let len = out.len();
    buffer[..len].to_vec()
}

/// A frame as its vector, in the form of a version: what is read from its content is written again.
fn render_frame(version: u8, title: &str, content: &[u8]) -> String {
    let (kind, session, rest) = split_kind_and_session(content).unwrap();
    let kind = kind.unwrap();
    let head = kind_and_session(kind, session);
    macro_rules! own {
        ($name:ident) => {{
            let value = $name::parse_body(rest).unwrap().1;
            let body = written(|out| value.write_body(out));
            beside(version, &value, &head, $name::FIELDS, &body)
        }};
    }
    let mut lines = match kind {
        FrameKind::Hello => own!(Hello),
        FrameKind::Refuse => own!(Refuse),
        FrameKind::Ack => own!(Ack),
        FrameKind::BulkAck => own!(BulkAck),
        FrameKind::Log => own!(Log),
        FrameKind::Control => control_lines(version, &head, rest),
        FrameKind::Bulk => bulk_lines(&head, rest),
    };
    lines[0].1 = format!("kind {}, session 0x{session:03x}: {}", kind as u8, lines[0].1);
    let content = bytes_of(&lines);
    let checksum = CRC.checksum(&content);
    lines.push((checksum.to_le_bytes().to_vec(), format!("CRC-32: {checksum:#x}")));
    lines.push((on_wire(&content), "on the wire".to_owned()));
    render(title, &lines)
}

fn bulk_lines(head: &[u8], rest: &[u8]) -> Vec<Line> {
    let (header, piece) = BulkHeader::split(rest).unwrap();
    let bytes = header.to_bytes();
    vec![
        (head.to_vec(), "Bulk".to_owned()),
        (bytes[..1].to_vec(), format!("transfer: {:#x}", header.transfer)),
        (bytes[1..].to_vec(), format!("offset: {:#x}", header.offset)),
        (piece.to_vec(), format!("{:#x} bytes of the object", piece.len())),
    ]
}

fn control_lines(version: u8, head: &[u8], rest: &[u8]) -> Vec<Line> {
    let (header, payload) = ControlHeader::split(rest).unwrap();
    let bytes = header.to_bytes();
    let mut lines = vec![
        (head.to_vec(), "Control".to_owned()),
        (bytes[..2].to_vec(), format!("sequence: {:#x}", header.sequence)),
        (
            bytes[2..].to_vec(),
            format!("acknowledged: {:#x}", header.acknowledged),
        ),
    ];
    let envelope = Envelope::parse(payload).unwrap().1.unwrap();
    let bytes = written(|out| envelope.write(out));
    let mut inside = vec![(
        bytes[..1].to_vec(),
        format!("class {}: {}", bytes[0], class(&envelope)),
    )];
    let mut at = 1;
    let mut field = |len: usize, what: String| {
        inside.push((bytes[at..at + len].to_vec(), what));
        at += len;
    };
    match envelope {
        Envelope::Notification { .. } | Envelope::BulkCancel { .. } => {}
        Envelope::Request { id, .. } | Envelope::Reply { id, .. } | Envelope::Refusal { id, .. } => {
            field(4, format!("origin: {:#x}", id.origin));
            field(2, format!("number: {:#x}", id.number));
        }
        Envelope::BulkBegin { transfer, object } => {
            field(1, format!("transfer: {transfer:#x}"));
            field(1, format!("kind: {:?}", object.kind));
            field(4, format!("id: {:#x}", object.id));
            field(4, format!("length: {:#x}", object.length));
        }
        Envelope::BulkEnd { transfer, checksum } => {
            field(1, format!("transfer: {transfer:#x}"));
            field(4, format!("checksum: {checksum:#x}"));
        }
        Envelope::BulkResult { transfer, outcome } => {
            field(1, format!("transfer: {transfer:#x}"));
            field(1, format!("outcome: {outcome:?}"));
        }
    }
    match envelope {
        Envelope::Refusal { reason, .. } => field(1, format!("reason: {reason:?}")),
        Envelope::BulkCancel { transfer } => field(1, format!("transfer: {transfer:#x}")),
        Envelope::Notification { code, body }
        | Envelope::Request { code, body, .. }
        | Envelope::Reply { code, body, .. } => {
            let message = Message::parse(code, body).unwrap();
            inside.extend(message_lines(version, &message));
        }
        _ => {}
    }
    if version == version::CURRENT {
        assert_eq!(bytes_of(&inside), bytes);
    }
    lines.extend(inside);
    lines
}

/// Name of an envelope's class.
fn class(envelope: &Envelope<'_>) -> &'static str {
    let code = written(|out| envelope.write(out))[0];
    CLASSES[usize::from(code)]
}

/// The two ends of the handshake in the files.
fn ends() -> (Box<HostLink>, Box<BoardLink>) {
    let firmware = |first| Firmware {
        major: first,
        minor: first + 1,
        patch: first + 2,
        build: u32::from_le_bytes([first + 3, first + 4, first + 5, first + 6]),
    };
    let host = Config::new(Role::Host, 0x2423_2221, firmware(0x25));
    let board = Config::new(Role::Kiosk, 0x3433_3231, firmware(0x35));
    (Box::new(HostLink::new(host)), Box::new(BoardLink::new(board)))
}

/// What two ends say until both know that the other is there: title, and content of the frame.
fn handshake() -> Vec<(String, Vec<u8>)> {
    let (mut host, mut board) = ends();
    let mut frames = Vec::new();
    let mut wire = [0; HostLink::MAX_WIRE_FRAME];
    let mut said = |sender: &str, wire: &[u8]| {
        let number = frames.len() + 1;
        frames.push((
            format!("frame {number} of a handshake, from the {sender}"),
            content(wire),
        ));
    };
    for now in (1_000..12_000).step_by(1_000) {
        let len = host.poll_transmit(now, &mut wire);
        if len > 0 {
            board.handle_bytes(now, &wire[..len]);
            said("host", &wire[..len]);
        }
        let len = board.poll_transmit(now, &mut wire);
        if len > 0 {
            host.handle_bytes(now, &wire[..len]);
            said("board", &wire[..len]);
        }
        while host.poll_event().is_some() || board.poll_event().is_some() {}
    }
    assert!(host.is_up() && board.is_up());
    frames
}

/// Titles and contents of frames that are in no handshake.
fn proposals() -> Vec<(String, Vec<u8>)> {
    let mut next = 0x10;
    let mut own = |kind, session, fields: &[FieldSpec]| {
        let body = skeleton(fields, &mut next, &mut 0);
        (
            format!("frame {kind:?}"),
            [&kind_and_session(kind, session)[..], &body].concat(),
        )
    };
    let mut frames = vec![
        own(FrameKind::Refuse, 0, Refuse::FIELDS),
        own(FrameKind::Ack, SESSION, Ack::FIELDS),
        own(FrameKind::BulkAck, SESSION, BulkAck::FIELDS),
        own(FrameKind::Log, SESSION, Log::FIELDS),
    ];
    let nothing_ahead = BulkAck {
        transfer: 0x21,
        acknowledged: 0x2524_2322,
        limit: 0x2928_2726,
        received: heapless::Vec::new(),
    };
    let body = written(|out| nothing_ahead.write_body(out));
    frames.push((
        "frame BulkAck without ranges".to_owned(),
        [&kind_and_session(FrameKind::BulkAck, SESSION)[..], &body].concat(),
    ));
    let pieces: [(&str, u32, Vec<u8>); 3] = [
        ("", 0x14_1312, vec![0x15, 0x16, 0, 0x17, 0, 0, 0x18, 0]),
        (" of no bytes", 0x14_1312, Vec::new()),
        (
            " with a long run without zero",
            0x14_1312,
            (1..=255).chain([0]).chain(1..=9).collect(),
        ),
    ];
    for (what, offset, piece) in pieces {
        let header = BulkHeader {
            transfer: 0x11,
            offset,
        }
        .to_bytes();
        let head = kind_and_session(FrameKind::Bulk, SESSION);
        frames.push((format!("frame Bulk{what}"), [&head[..], &header, &piece].concat()));
    }
    frames.extend(envelopes());
    frames
}

/// One Control frame of each class.
fn envelopes() -> Vec<(String, Vec<u8>)> {
    let verdict = Message::from(ShowVerdict {
        capture_id: 0x2423_2221,
        verdict: CaptureVerdict::Done,
    });
    let cancel = Message::from(CancelCapture {
        capture_id: 0x2827_2625,
    });
    let body_of = |message: &Message| written(|out| message.write_body(out));
    let (told, asked) = (body_of(&verdict), body_of(&cancel));
    let id = RequestId {
        origin: 0x3433_3231,
        number: 0x3635,
    };
    let object = Object {
        kind: ObjectKind::Image,
        id: 0x4443_4241,
        length: 0x47_4645,
    };
    let transfer = 0x40;
    let (outcome, reason) = (BulkOutcome::Refused, Refusal::NotPossible);
    let envelopes = [
        Envelope::Notification {
            code: verdict.code(),
            body: &told,
        },
        Envelope::Request {
            id,
            code: cancel.code(),
            body: &asked,
        },
        Envelope::Reply {
            id,
            code: Message::from(Accepted {}).code(),
            body: &[],
        },
        Envelope::Refusal { id, reason },
        Envelope::BulkBegin { transfer, object },
        Envelope::BulkEnd {
            transfer,
            checksum: 0x4b4a_4948,
        },
        Envelope::BulkResult { transfer, outcome },
        Envelope::BulkCancel { transfer },
    ];
    let header = ControlHeader {
        sequence: 0x1211,
        acknowledged: 0x1413,
    };
    let frames = envelopes.iter().map(|envelope| {
        let payload = written(|out| envelope.write(out));
        assert!(payload.len() <= MAX_CONTROL);
        let head = kind_and_session(FrameKind::Control, SESSION);
        let content = [&head[..], &header.to_bytes(), &payload].concat();
        (format!("frame Control, {}", class(envelope)), content)
    });
    frames.collect()
}

/// The vectors of frames of a version, and their contents.
fn frames_of(version: u8) -> impl Iterator<Item = (Vector, Vec<u8>)> {
    frames_in(vectors_of(version))
}

fn frames_in(vectors: Vec<Vector>) -> impl Iterator<Item = (Vector, Vec<u8>)> {
    let frames = vectors
        .into_iter()
        .filter(|vector| vector.title.starts_with("frame "));
    frames.map(|vector| {
        let content = content(&vector.wire());
        (vector, content)
    })
}

/// What a frame is an instance of: its kind, and the class of a Control frame.
fn sort(content: &[u8]) -> (u8, Option<u8>) {
    let (kind, _, rest) = split_kind_and_session(content).unwrap();
    let kind = kind.unwrap();
    (
        kind as u8,
        rest.get(4).copied().filter(|_| kind == FrameKind::Control),
    )
}

/// The version that brought a kind of frame.
fn kind_since(kind: u8) -> u8 {
    if kind == FrameKind::Log as u8 { 3 } else { 1 }
}

/// The sorts of frames that a version must have vectors of.
fn sorts_of(version: u8) -> Vec<(u8, Option<u8>)> {
    if version == 1 {
        let kinds = frame_kinds().into_iter().map(|(kind, _)| kind);
        let kinds = kinds.filter(|kind| kind_since(*kind) == 1);
        let others = kinds.filter(|kind| *kind != FrameKind::Control as u8);
        let classes = (0..CLASSES.len() as u8).map(|class| (FrameKind::Control as u8, Some(class)));
        return others.map(|kind| (kind, None)).chain(classes).collect();
    }
    let own = [
        (FrameKind::Hello, Hello::FIELDS),
        (FrameKind::Refuse, Refuse::FIELDS),
        (FrameKind::Ack, Ack::FIELDS),
        (FrameKind::BulkAck, BulkAck::FIELDS),
    ];
    let changed = own.into_iter().filter(|(_, fields)| changed_in(version, fields));
    let changed = changed.map(|(kind, _)| kind as u8);
    let new = frame_kinds().into_iter().map(|(kind, _)| kind);
    let new = new.filter(|kind| kind_since(*kind) == version);
    changed.chain(new).map(|kind| (kind, None)).collect()
}

/// What a version must have vectors of and has not in `vectors`, in the form of the file.
pub fn missing(version: u8, vectors: Vec<Vector>) -> String {
    let known: Vec<_> = frames_in(vectors).map(|(_, content)| sort(&content)).collect();
    let mut missing = String::new();
    for sort_of in sorts_of(version) {
        if known.contains(&sort_of) {
            continue;
        }
        let said = handshake().into_iter().chain(proposals());
        let all = said.filter(|(title, content)| {
            // A handshake is only worth something as a whole.
            sort(content) == sort_of || (sort_of.0 == FrameKind::Hello as u8 && title.contains("handshake"))
        });
        for (title, content) in all {
            missing.push_str(&render_frame(version, &title, &content));
            missing.push('\n');
        }
    }
    missing
}

#[test]
fn every_frame_has_a_vector_of_every_version_that_changed_it() {
    for version in 1..=version::CURRENT {
        let missing = missing(version, vectors_of(version));
        assert!(
            missing.is_empty(),
            "append to vectors/v{version}.txt, when you have read it:\n\n{missing}"
        );
    }
}

#[test]
fn frames_are_read_from_and_written_as_their_vectors() {
    for version in 1..=version::CURRENT {
        for (vector, content) in frames_of(version) {
            same(&render_frame(version, vector.title, &content), &vector.text);
        }
    }
}

/// What a link offers (window, limits) may change, so its own words are not compared: it must understand.
#[test]
fn a_link_comes_up_with_a_peer_that_says_the_vectors() {
    for version in 1..=version::CURRENT {
        let frames = vectors().into_iter().filter_map(|vector| {
            let (_, sender) = vector.title.split_once(" of a handshake, from the ")?;
            (vector.version == version).then(|| (sender, vector.wire()))
        });
        let frames: Vec<_> = frames.collect();
        if frames.is_empty() {
            assert!(
                !changed_in(version, Hello::FIELDS),
                "version {version} has a handshake of its own"
            );
            continue;
        }
        let (mut host, mut board) = ends();
        for (now, (sender, wire)) in (1_000..).step_by(1_000).zip(frames) {
            match sender {
                "host" => board.handle_bytes(now, &wire),
                "board" => host.handle_bytes(now, &wire),
                other => panic!("{other} is no end of a link"),
            }
        }
        let versions = [host.peer(), board.peer()].map(|peer| peer.map(|peer| peer.version));
        assert_eq!(versions, [Some(version); 2]);
        assert_eq!((host.counters().stray, board.counters().stray), (0, 0));
    }
}

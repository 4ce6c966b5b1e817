//! Golden vectors: the bytes of every version, for ever. If a test here fails, fix the code, not the vector.
//!
//! `vectors/v1.txt` describes its own form. What a test prints for a missing vector can be appended to it.
#![allow(clippy::unwrap_used)] // A test stops at what it does not expect.

use std::fmt::{Debug, Write};

use crc::{CRC_32_ISCSI, CRC_32_ISO_HDLC, Crc};
use protocol::frame::{self, Decoder, FrameKind, Received, split_kind_and_session};
use protocol::link::Config;
use protocol::link::wire::{Ack, Hello};
use protocol::message::{ENUMS, FieldSpec, Firmware, MAX_BODY, MessageSpec, STRUCTS, Writer};
use protocol::{BoardLink, HostLink, Message, Role};

const V1: &str = include_str!("../vectors/v1.txt");
const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);
/// Another checksum than that of frames, which would be the same for all bytes that end with their own.
const SEAL: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);
/// Bytes in a line of the file; the description stands after them.
const BYTES_PER_LINE: usize = 8;

/// A vector as it stands in the file.
struct Vector {
    /// First line, without the seal.
    title: &'static str,
    /// Checksum of the bytes when the vector was written.
    seal: u32,
    /// All bytes of its lines.
    bytes: Vec<u8>,
    /// The whole of it.
    text: String,
}

/// The bytes that stand on lines of a vector.
fn hex<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<u8> {
    let bytes = lines.flat_map(|line| line.split('|').next().unwrap().split_whitespace());
    bytes.map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

/// The vectors of a file: paragraphs of a title line and indented lines, after a preamble of `#` lines.
fn vectors(file: &'static str) -> Vec<Vector> {
    let paragraphs = file.split("\n\n").map(str::trim_end);
    paragraphs
        .filter(|paragraph| !paragraph.trim_start().starts_with('#') && !paragraph.is_empty())
        .map(|paragraph| {
            let first = paragraph.lines().next().unwrap();
            let (title, seal) = first.split_once(" | seal ").expect("a title ends with its seal");
            Vector {
                title,
                seal: u32::from_str_radix(seal, 16).unwrap(),
                bytes: hex(paragraph.lines().skip(1)),
                text: format!("{paragraph}\n"),
            }
        })
        .collect()
}

/// Writes a vector as it should stand in the file: each piece of its bytes beside what it is.
fn render(title: &str, lines: &[(Vec<u8>, String)]) -> String {
    let bytes: Vec<_> = lines.iter().flat_map(|(bytes, _)| bytes).copied().collect();
    let mut out = format!("{title} | seal {:08x}\n", SEAL.checksum(&bytes));
    for (bytes, what) in lines {
        let mut rows = bytes.chunks(BYTES_PER_LINE);
        let mut what = what.as_str();
        loop {
            let row = rows.next().unwrap_or_default();
            let hex: Vec<_> = row.iter().map(|byte| format!("{byte:02x}")).collect();
            let width = BYTES_PER_LINE * 3 - 1;
            writeln!(
                out,
                "{}",
                format!("    {:width$} | {what}", hex.join(" ")).trim_end()
            )
            .unwrap();
            what = "";
            if rows.len() == 0 {
                break;
            }
        }
    }
    out
}

/// Inside of `Name<…>`.
fn generic<'a>(ty: &'a str, name: &str) -> Option<&'a str> {
    let ty = ty.strip_prefix(name)?.trim_start();
    Some(ty.strip_prefix('<')?.strip_suffix('>')?.trim())
}

fn structure(ty: &str) -> Option<&'static [FieldSpec]> {
    STRUCTS
        .iter()
        .find(|(name, ..)| *name == ty)
        .map(|(.., fields)| *fields)
}

/// Bytes of a field whose type has one length.
fn fixed_len(ty: &str) -> usize {
    match ty {
        "u8" | "bool" => 1,
        "u16" | "i16" => 2,
        "u32" => 4,
        "u64" => 8,
        name if ENUMS.iter().any(|spec| spec.name == name) => 1,
        other => panic!("the specification does not say what a {other} is"),
    }
}

/// Cuts fields into the bytes that belong to each line of their `{:#?}`.
fn cut(fields: &[FieldSpec], bytes: &mut &[u8], out: &mut Vec<Vec<u8>>) {
    for field in fields {
        cut_field(field.ty, bytes, out);
    }
}

fn cut_field(ty: &str, bytes: &mut &[u8], out: &mut Vec<Vec<u8>>) {
    let mut take = |len: usize| {
        bytes
            .split_off(..len)
            .expect("the fields end before the bytes do")
            .to_vec()
    };
    if generic(ty, "String").is_some() {
        let mut text = take(1);
        text.extend(take(usize::from(text[0])));
        out.push(text);
    } else if let Some(arguments) = generic(ty, "Vec") {
        let count = take(1);
        out.push(count.clone());
        if count[0] > 0 {
            let element = arguments.split(',').next().unwrap().trim();
            (0..count[0]).for_each(|_| cut_field(element, bytes, out));
            out.push(Vec::new());
        }
    } else if let Some(fields) = structure(ty) {
        out.push(take(1));
        cut(fields, bytes, out);
        out.push(Vec::new());
    } else {
        out.push(take(fixed_len(ty)));
    }
}

/// The bytes of a structure, each beside its line of the value's `{:#x?}`.
fn beside(value: &impl Debug, head: &[u8], fields: &[FieldSpec], mut body: &[u8]) -> Vec<(Vec<u8>, String)> {
    let mut pieces = vec![head.to_vec()];
    cut(fields, &mut body, &mut pieces);
    assert_eq!(body, [0; 0], "bytes that belong to no field");
    if !fields.is_empty() {
        pieces.push(Vec::new());
    }
    let text = format!("{value:#x?}");
    let lines: Vec<_> = text.lines().map(str::to_owned).collect();
    assert_eq!(pieces.len(), lines.len(), "{text}");
    pieces.into_iter().zip(lines).collect()
}

/// A message as its vector. `Message` shows itself as `Name(` … `)`: the lines between are those of the structure.
fn render_message(title: &str, message: &Message, body: &[u8]) -> String {
    struct Inner(Vec<String>);
    impl Debug for Inner {
        fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            out.write_str(&self.0.join("\n"))
        }
    }
    let text = format!("{message:#x?}");
    let lines: Vec<_> = text.lines().collect();
    let inner = lines[1..lines.len() - 1].iter().map(|line| line[4..].to_owned());
    let mut inner: Vec<_> = inner.collect();
    let last = inner.last_mut().unwrap();
    *last = last.trim_end_matches(',').to_owned();
    let spec = message.spec();
    let head = spec.code.to_le_bytes();
    render(title, &beside(&Inner(inner), &head, spec.fields, body))
}

/// A body with a different byte wherever the type allows it, for a message that has no vector yet. Of several
/// yes-or-no fields only the one with the given number is true, so that they cannot be confused.
fn skeleton(fields: &[FieldSpec], next: &mut u8, truth: &mut usize) -> Vec<u8> {
    let one = |ty: &str, next: &mut u8, truth: &mut usize| skeleton_field(ty, next, truth);
    fields
        .iter()
        .flat_map(|field| one(field.ty, next, truth))
        .collect()
}

fn skeleton_field(ty: &str, next: &mut u8, truth: &mut usize) -> Vec<u8> {
    let mut byte = || {
        *next += 1;
        *next
    };
    if let Some(capacity) = generic(ty, "String") {
        let capacity: u8 = capacity.parse().unwrap();
        let text: String = (0..capacity.min(5))
            .map(|_| char::from(b'a' + byte() % 26))
            .collect();
        [vec![text.len() as u8], text.into_bytes()].concat()
    } else if let Some(arguments) = generic(ty, "Vec") {
        let element = arguments.split(',').next().unwrap().trim();
        let elements = [
            skeleton_field(element, next, truth),
            skeleton_field(element, next, truth),
        ];
        [vec![2], elements.concat()].concat()
    } else if let Some(fields) = structure(ty) {
        let body = skeleton(fields, next, truth);
        [vec![body.len() as u8], body].concat()
    } else if let Some(spec) = ENUMS.iter().find(|spec| spec.name == ty) {
        vec![spec.codes.last().unwrap().0]
    } else if ty == "bool" {
        *truth = truth.wrapping_sub(1);
        vec![u8::from(*truth == usize::MAX)]
    } else if ty == "i16" {
        vec![byte(), 0xfe]
    } else {
        (0..fixed_len(ty)).map(|_| byte()).collect()
    }
}

fn bools(fields: &[FieldSpec]) -> usize {
    fields.iter().filter(|field| field.ty == "bool").count()
}

/// Vectors for a message that has none.
fn skeletons(spec: &MessageSpec) -> String {
    let mut out = String::new();
    for truth in 0..bools(spec.fields).max(1) {
        let body = skeleton(spec.fields, &mut 0x10, &mut truth.clone());
        let message = Message::parse(spec.code, &body).unwrap();
        out.push_str(&render_message(
            &format!("message {}", spec.name),
            &message,
            &body,
        ));
        out.push('\n');
    }
    out
}

#[test]
fn every_message_has_a_vector() {
    let vectors = vectors(V1);
    let mut missing = String::new();
    for spec in Message::TABLE {
        let title = format!("message {}", spec.name);
        if !vectors.iter().any(|vector| vector.title == title) {
            missing.push_str(&skeletons(spec));
        }
    }
    assert!(
        missing.is_empty(),
        "append to vectors/v1.txt, when you have read it:\n\n{missing}"
    );
}

#[test]
fn no_vector_has_changed() {
    for vector in vectors(V1) {
        assert_eq!(
            vector.seal,
            SEAL.checksum(&vector.bytes),
            "somebody has changed a vector: put it back, and fix the code\n{}",
            vector.text
        );
    }
}

#[test]
fn messages_are_read_from_and_written_as_their_vectors() {
    for vector in vectors(V1) {
        if !vector.title.starts_with("message ") {
            continue;
        }
        let (code, body) = vector.bytes.split_first_chunk().unwrap();
        let message = Message::parse(u16::from_le_bytes(*code), body).unwrap();
        let mut buffer = [0; MAX_BODY];
        let len = message.encode_body(&mut buffer).unwrap();
        let written = render_message(&format!("message {}", message.name()), &message, &buffer[..len]);
        if has_grown(message.spec().fields) {
            assert!(
                says_all_of(&written, &vector.text),
                "{written}\nlacks something of\n{}",
                vector.text
            );
        } else {
            assert_eq!(&buffer[..len], body, "{}", vector.text);
            same(&written, &vector.text);
        }
    }
}

/// Compares what the code makes of a vector's bytes with the vector.
fn same(written: &str, vector: &str) {
    assert!(
        written == vector,
        "the bytes mean something else to the code:\n\n{written}\nthan the vector says:\n\n{vector}"
    );
}

/// Whether a version after the first has appended to these fields or to a structure among them.
fn has_grown(fields: &[FieldSpec]) -> bool {
    fields.iter().any(|field| {
        let element = generic(field.ty, "Vec").map_or(field.ty, |it| it.split(',').next().unwrap().trim());
        field.appended.is_some() || structure(element).is_some_and(has_grown)
    })
}

/// Whether `newer` says everything that `older` says, in the same order: values that were appended stand between.
fn says_all_of(newer: &str, older: &str) -> bool {
    let mut newer = newer.lines().skip(1).filter_map(|line| line.split_once('|'));
    let mut older = older.lines().skip(1).filter_map(|line| line.split_once('|'));
    older.all(|(_, value)| newer.any(|(_, other)| other == value))
}

#[test]
fn a_message_that_grew_still_says_what_its_first_vector_says() {
    let first = "message A | seal 0\n    01 | A {\n    02 |     b: 0x2,\n       | }\n";
    let grown = "message A | seal 1\n    01 | A {\n    02 |     b: 0x2,\n    03 |     c: 0x3,\n       | }\n";
    let changed =
        "message A | seal 2\n    01 | A {\n    03 |     b: 0x3,\n    03 |     c: 0x3,\n       | }\n";
    assert!(says_all_of(grown, first) && !says_all_of(first, grown) && !says_all_of(changed, first));
}

/// The two ends of the handshake in the file.
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

/// What two ends say until both know that the other is there: sender and bytes on the wire.
fn handshake() -> Vec<(&'static str, Vec<u8>)> {
    let (mut host, mut board) = ends();
    let mut frames = Vec::new();
    let mut wire = [0; HostLink::MAX_WIRE_FRAME];
    for now in (1_000..12_000).step_by(1_000) {
        let len = host.poll_transmit(now, &mut wire);
        if len > 0 {
            board.handle_bytes(now, &wire[..len]);
            frames.push(("host", wire[..len].to_vec()));
        }
        let len = board.poll_transmit(now, &mut wire);
        if len > 0 {
            host.handle_bytes(now, &wire[..len]);
            frames.push(("board", wire[..len].to_vec()));
        }
        while host.poll_event().is_some() || board.poll_event().is_some() {}
    }
    assert!(host.is_up() && board.is_up());
    frames
}

/// A frame as its vector: header and payload, checksum, and all of it on the wire.
fn render_frame(title: &str, wire: &[u8]) -> String {
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
    let frame = decoder.frame();
    let (kind, session, payload) = split_kind_and_session(frame).unwrap();
    let mut buffer = [0; MAX_BODY];
    let mut out = Writer::new(&mut buffer);
    let head = &frame[..2];
    let (fields, mut lines) = match kind.unwrap() {
        FrameKind::Hello => {
            let hello = Hello::parse_body(payload).unwrap().1;
            hello.write_body(&mut out).unwrap();
            let len = out.len();
            (Hello::FIELDS, beside(&hello, head, Hello::FIELDS, &buffer[..len]))
        }
        FrameKind::Ack => {
            let ack = Ack::parse_body(payload).unwrap().1;
            ack.write_body(&mut out).unwrap();
            let len = out.len();
            (Ack::FIELDS, beside(&ack, head, Ack::FIELDS, &buffer[..len]))
        }
        other => panic!("a handshake has no {other:?}"),
    };
    if !has_grown(fields) {
        assert_eq!(
            lines
                .iter()
                .flat_map(|(bytes, _)| bytes)
                .copied()
                .collect::<Vec<_>>(),
            frame
        );
    }
    lines[0].1 = format!(
        "kind {}, session 0x{session:03x}: {}",
        kind.unwrap() as u8,
        lines[0].1
    );
    let checksum = CRC.checksum(frame);
    lines.push((checksum.to_le_bytes().to_vec(), format!("CRC-32: {checksum:#x}")));
    lines.push((wire.to_vec(), "on the wire".to_owned()));

    let mut encoded = [0; frame::MAX_WIRE_FRAME];
    let len = frame::encode(&mut encoded, &[frame]).unwrap();
    assert_eq!(&encoded[..len], wire);
    render(title, &lines)
}

/// The frames of the handshake in the file: who sent it, the vector, its bytes on the wire.
fn written_handshake() -> Vec<(&'static str, Vector, Vec<u8>)> {
    let frames = vectors(V1).into_iter().filter_map(|vector| {
        let (_, sender) = vector.title.strip_prefix("frame ")?.rsplit_once(' ')?;
        let wire = hex(vector
            .text
            .lines()
            .skip_while(|line| !line.ends_with("on the wire")));
        Some((sender, vector, wire))
    });
    frames.collect()
}

#[test]
fn frames_are_read_from_and_written_as_their_vectors() {
    let frames = written_handshake();
    if frames.is_empty() {
        let mut said = String::new();
        for (number, (sender, wire)) in (1..).zip(handshake()) {
            let title = format!("frame {number} of a handshake, from the {sender}");
            said.push_str(&render_frame(&title, &wire));
            said.push('\n');
        }
        panic!("append to vectors/v1.txt, when you have read it:\n\n{said}");
    }
    for (_, vector, wire) in frames {
        let written = render_frame(vector.title, &wire);
        if has_grown(Hello::FIELDS) || has_grown(Ack::FIELDS) {
            assert!(
                says_all_of(&written, &vector.text),
                "{written}\nlacks something of\n{}",
                vector.text
            );
        } else {
            same(&written, &vector.text);
        }
    }
}

/// What a link offers (window, limits) may change, so its own words are not compared: it must understand.
#[test]
fn a_link_comes_up_with_a_peer_that_says_the_vectors() {
    let (mut host, mut board) = ends();
    for (now, (sender, _, wire)) in (1_000..).step_by(1_000).zip(written_handshake()) {
        match sender {
            "host" => board.handle_bytes(now, &wire),
            "board" => host.handle_bytes(now, &wire),
            other => panic!("{other} is no end of a link"),
        }
    }
    assert!(host.is_up() && board.is_up());
    assert_eq!((host.counters().stray, board.counters().stray), (0, 0));
}

//! Vectors of codes and fields: what each code of a version stands for, and which fields of which type there are. A later
//! version's file has those that it appended.

use protocol::frame::FrameKind;
use protocol::link::wire::{Ack, BulkAck, Envelope, Hello, Log, REFUSE_ROLE, REFUSE_VERSION, Refuse, Span};
use protocol::message::{ENUMS, STRUCTS, Writer};
use protocol::{Message, Role, version};

use crate::file::{Line, Vector, render, vectors, vectors_of};
use crate::same;

/// Classes of Control frames, by code.
pub const CLASSES: [&str; 8] = [
    "Notification",
    "Request",
    "Reply",
    "Refusal",
    "BulkBegin",
    "BulkEnd",
    "BulkResult",
    "BulkCancel",
];

/// The kinds of frames that the code knows.
pub fn frame_kinds() -> Vec<(u8, String)> {
    let kinds = (0..16).filter_map(|code| Some((code, format!("{:?}", FrameKind::from_code(code)?))));
    kinds.collect()
}

fn classes() -> Vec<(u8, String)> {
    // Long enough for each class.
    let known = (0..=255).filter_map(|code| {
        let payload = [code, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let (_, envelope) = Envelope::parse(&payload).unwrap();
        let name = format!("{:?}", envelope?);
        Some((code, name.split(' ').next().unwrap().to_owned()))
    });
    known.collect()
}

fn roles() -> Vec<(u8, String)> {
    let roles = (0..=255).map(|code| (code, Role::from_code(code)));
    let known = roles.filter(|(_, role)| !matches!(role, Role::Unrecognised(_)));
    known.map(|(code, role)| (code, format!("{role:?}"))).collect()
}

/// Outcomes that are read as what they are written as; others are read as one of them.
fn outcomes() -> Vec<(u8, String)> {
    let known = (0..=255).filter_map(|code| {
        let payload = [6, 0, code];
        let (_, envelope) = Envelope::parse(&payload).unwrap();
        let mut again = [0; 3];
        envelope?.write(&mut Writer::new(&mut again)).unwrap();
        let Some(Envelope::BulkResult { outcome, .. }) = envelope else {
            panic!("{envelope:?}")
        };
        (again == payload).then(|| (code, format!("{outcome:?}")))
    });
    known.collect()
}

/// Everything that has codes: title, and each code with what it stands for.
fn tables() -> Vec<(String, Vec<Line>)> {
    let reasons = [(REFUSE_VERSION, "no common version"), (REFUSE_ROLE, "wrong role")];
    let reasons = reasons.map(|(code, name)| (code, name.to_owned())).to_vec();
    let one_byte = [
        ("frames", frame_kinds()),
        ("classes of Control frames", classes()),
        ("roles", roles()),
        ("reasons to refuse a session", reasons),
        ("outcomes of an object", outcomes()),
    ];
    let mut tables: Vec<(String, Vec<Line>)> = Vec::new();
    for (name, codes) in one_byte {
        let lines = codes.into_iter().map(|(code, name)| (vec![code], name));
        tables.push((format!("codes of {name}"), lines.collect()));
    }
    let messages = Message::TABLE.iter().map(|spec| {
        let what = format!("{}: {:?}, {:?}", spec.name, spec.usage, spec.direction);
        (spec.code.to_le_bytes().to_vec(), what)
    });
    tables.push(("codes of messages".to_owned(), messages.collect()));
    for spec in ENUMS {
        let openness = if spec.open { "open" } else { "closed" };
        let lines = spec
            .codes
            .iter()
            .map(|(code, name, _)| (vec![*code], (*name).to_owned()));
        tables.push((format!("codes of {} ({openness})", spec.name), lines.collect()));
    }
    tables
}

/// The version that brought a structure: that of the first message with a field of it.
fn structure_since(name: &str) -> u8 {
    let uses = Message::TABLE.iter().flat_map(|spec| {
        let own = spec.fields.iter().filter(|field| holds(field.ty, name));
        own.map(|field| field.appended.map_or(spec.since, |appended| appended.since))
    });
    uses.min().expect("some message has a field of each structure")
}

/// Whether a field of type `ty` is a structure of this name or a list of them.
fn holds(ty: &str, name: &str) -> bool {
    ty.split(|letter: char| !letter.is_alphanumeric())
        .any(|word| word == name)
}

/// Everything that has fields: title, and name and type of each field with the version that brought it.
fn shapes() -> Vec<(String, Vec<(u8, Line)>)> {
    let frames = [
        ("Hello", 1, Hello::FIELDS),
        ("Refuse", 1, Refuse::FIELDS),
        ("Ack", 1, Ack::FIELDS),
        ("BulkAck", 1, BulkAck::FIELDS),
        ("Span", 1, Span::FIELDS),
        ("Log", 3, Log::FIELDS),
    ];
    let structures = STRUCTS
        .iter()
        .map(|(name, _, fields)| (*name, structure_since(name), *fields));
    let messages = Message::TABLE
        .iter()
        .map(|spec| (spec.name, spec.since, spec.fields));
    let all = frames.into_iter().chain(structures).chain(messages);
    all.filter(|(.., fields)| !fields.is_empty())
        .map(|(name, since, fields)| {
            let lines = fields.iter().map(|field| {
                let ty: String = field.ty.split_whitespace().collect();
                let line = (Vec::new(), format!("{}: {ty}", field.name));
                (field.appended.map_or(since, |appended| appended.since), line)
            });
            (format!("fields of {name}"), lines.collect())
        })
        .collect()
}

/// The lines of a vector of codes or fields.
fn lines(text: &str) -> impl Iterator<Item = Line> {
    text.lines().skip(1).map(|line| {
        let (bytes, what) = line.split_once('|').unwrap();
        let bytes = bytes
            .split_whitespace()
            .map(|byte| u8::from_str_radix(byte, 16).unwrap());
        (bytes.collect(), what.trim().to_owned())
    })
}

/// The codes that are in none of `vectors`, in the form of the file.
pub fn missing_codes(vectors: &[Vector]) -> String {
    let mut missing = String::new();
    for (title, table) in tables() {
        let written = vectors.iter().filter(|vector| vector.title == title);
        let written: Vec<_> = written.flat_map(|vector| lines(&vector.text)).collect();
        let new: Vec<_> = table.into_iter().filter(|line| !written.contains(line)).collect();
        if !new.is_empty() {
            missing.push_str(&render(&title, &new));
            missing.push('\n');
        }
    }
    missing
}

/// The fields that a version brought.
fn own_fields(version: u8) -> impl Iterator<Item = (String, Vec<Line>)> {
    shapes().into_iter().filter_map(move |(title, shape)| {
        let own = shape.into_iter().filter(|(since, _)| *since == version);
        let own: Vec<_> = own.map(|(_, line)| line).collect();
        (!own.is_empty()).then_some((title, own))
    })
}

/// The fields that a version brought and that are not in `vectors`, in the form of the file.
pub fn missing_fields(version: u8, vectors: &[Vector]) -> String {
    let new = own_fields(version).filter(|(title, _)| vectors.iter().all(|vector| vector.title != *title));
    new.map(|(title, own)| render(&title, &own) + "\n").collect()
}

#[test]
fn every_code_means_what_it_always_meant_and_each_is_written_down() {
    let vectors = vectors();
    let tables = tables();
    for vector in vectors.iter().filter(|it| it.title.starts_with("codes of ")) {
        let table = tables.iter().find(|(title, _)| *title == vector.title);
        let Some((title, table)) = table else {
            panic!("there is no table for {}", vector.title)
        };
        for line in lines(&vector.text) {
            assert!(
                table.contains(&line),
                "{title}: the code does not have {line:02x?} any more"
            );
        }
    }
    let missing = missing_codes(&vectors);
    assert!(
        missing.is_empty(),
        "append to vectors/v{}.txt, when you have read it:\n\n{missing}",
        version::CURRENT
    );
}

#[test]
fn every_field_has_the_name_place_and_type_it_always_had_and_each_is_written_down() {
    for version in 1..=version::CURRENT {
        let vectors = vectors_of(version);
        let missing = missing_fields(version, &vectors);
        assert!(
            missing.is_empty(),
            "append to vectors/v{version}.txt, when you have read it:\n\n{missing}"
        );
        let own: Vec<_> = own_fields(version).collect();
        for (title, own) in &own {
            let vector = vectors.iter().find(|vector| vector.title == *title).unwrap();
            same(&render(title, own), &vector.text);
        }
        let written = vectors.iter().filter(|it| it.title.starts_with("fields of "));
        assert_eq!(written.count(), own.len(), "vectors of fields that there are not");
    }
}

#[test]
fn classes_have_the_names_of_the_code() {
    let named = (0..)
        .zip(CLASSES.map(str::to_owned))
        .collect::<Vec<(u8, String)>>();
    assert_eq!(classes(), named);
}

//! Vectors of codes and fields: what each code of a version stands for, and which fields of which type there are. A later
//! version's file has those that it appended.

use protocol::frame::FrameKind;
use protocol::link::wire::{Ack, BulkAck, Envelope, Hello, REFUSE_ROLE, REFUSE_VERSION, Refuse, Span};
use protocol::message::{ENUMS, STRUCTS, Writer};
use protocol::{Message, Role, version};

use crate::file::{Line, render, vectors, vectors_of};
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

/// Everything that has fields: title, and name and type of each field with the version that brought it.
fn shapes() -> Vec<(String, Vec<(u8, Line)>)> {
    let frames = [
        ("Hello", Hello::FIELDS),
        ("Refuse", Refuse::FIELDS),
        ("Ack", Ack::FIELDS),
        ("BulkAck", BulkAck::FIELDS),
        ("Span", Span::FIELDS),
    ];
    let frames = frames.map(|(name, fields)| (name, 1, fields));
    let structures = STRUCTS.iter().map(|(name, _, fields)| (*name, 1, *fields));
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

#[test]
fn every_code_means_what_it_always_meant_and_each_is_written_down() {
    let vectors: Vec<_> = vectors()
        .into_iter()
        .filter(|it| it.title.starts_with("codes of "))
        .collect();
    let tables = tables();
    let mut missing = String::new();
    for (title, table) in &tables {
        let written = vectors.iter().filter(|vector| vector.title == *title);
        let written: Vec<_> = written.flat_map(|vector| lines(&vector.text)).collect();
        for line in &written {
            assert!(
                table.contains(line),
                "{title}: the code does not have {line:02x?} any more"
            );
        }
        let new: Vec<_> = table
            .iter()
            .filter(|line| !written.contains(line))
            .cloned()
            .collect();
        if !new.is_empty() {
            missing.push_str(&render(title, &new));
            missing.push('\n');
        }
    }
    assert!(
        missing.is_empty(),
        "append to vectors/v{}.txt, when you have read it:\n\n{missing}",
        version::CURRENT
    );
    for vector in vectors {
        let known = tables.iter().any(|(title, _)| *title == vector.title);
        assert!(known, "there is no table for {}", vector.title);
    }
}

#[test]
fn every_field_has_the_name_place_and_type_it_always_had_and_each_is_written_down() {
    for version in 1..=version::CURRENT {
        let vectors: Vec<_> = vectors_of(version)
            .into_iter()
            .filter(|it| it.title.starts_with("fields of "))
            .collect();
        let mut missing = String::new();
        let mut expected = 0;
        for (title, shape) in shapes() {
            let own: Vec<_> = shape
                .into_iter()
                .filter(|(since, _)| *since == version)
                .map(|(_, line)| line)
                .collect();
            if own.is_empty() {
                continue;
            }
            expected += 1;
            match vectors.iter().find(|vector| vector.title == title) {
                Some(vector) => same(&render(&title, &own), &vector.text),
                None => missing.extend([&render(&title, &own), "\n"]),
            }
        }
        assert!(
            missing.is_empty(),
            "append to vectors/v{version}.txt, when you have read it:\n\n{missing}"
        );
        assert_eq!(vectors.len(), expected, "vectors of fields that there are not");
    }
}

#[test]
fn classes_have_the_names_of_the_code() {
    let named = (0..)
        .zip(CLASSES.map(str::to_owned))
        .collect::<Vec<(u8, String)>>();
    assert_eq!(classes(), named);
}

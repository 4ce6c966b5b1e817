//! Values shown as vectors: the bytes of each field beside its line of the value's `{:#x?}`, in the form that a version
//! gives them. What a later version appended is left out.

use std::fmt::Debug;

use protocol::Message;
use protocol::message::{ENUMS, FieldSpec, MAX_BODY, MessageSpec, STRUCTS};

use crate::file::Line;

/// Inside of `Name<…>`.
fn generic<'a>(ty: &'a str, name: &str) -> Option<&'a str> {
    let ty = ty.strip_prefix(name)?.trim_start();
    Some(ty.strip_prefix('<')?.strip_suffix('>')?.trim())
}

/// What a list holds.
fn element(arguments: &str) -> &str {
    arguments.split(',').next().unwrap().trim()
}

fn structure(ty: &str) -> Option<&'static [FieldSpec]> {
    if ty == "Span" {
        return Some(protocol::link::wire::Span::FIELDS);
    }
    let known = STRUCTS.iter().find(|(name, ..)| *name == ty);
    known.map(|(.., fields)| *fields)
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

/// The version that added a field.
fn since(field: &FieldSpec) -> u8 {
    field.appended.map_or(1, |appended| appended.since)
}

/// Whether a version has appended to these fields, or to a structure among them.
pub fn changed_in(version: u8, fields: &[FieldSpec]) -> bool {
    fields.iter().any(|field| {
        let ty = generic(field.ty, "Vec").map_or(field.ty, element);
        since(field) == version || structure(ty).is_some_and(|fields| changed_in(version, fields))
    })
}

/// Whether a version has added this message or something to it.
pub fn message_changed_in(version: u8, spec: &MessageSpec) -> bool {
    spec.since == version || (spec.since < version && changed_in(version, spec.fields))
}

/// Cuts fields, as the newest version writes them, into the bytes that belong to each line of their `{:#?}`; `None` for
/// the lines of what `version` does not have.
fn cut(version: u8, fields: &[FieldSpec], bytes: &mut &[u8]) -> Vec<Option<Vec<u8>>> {
    let mut out = Vec::new();
    for field in fields {
        let lines = cut_field(version, field.ty, bytes);
        let known = since(field) <= version;
        out.extend(lines.into_iter().map(|line| line.filter(|_| known)));
    }
    out
}

fn cut_field(version: u8, ty: &str, bytes: &mut &[u8]) -> Vec<Option<Vec<u8>>> {
    let mut take = |len: usize| {
        bytes
            .split_off(..len)
            .expect("the fields end before the bytes do")
    };
    let end = Some(Vec::new());
    if generic(ty, "String").is_some() {
        let length = take(1);
        vec![Some([length, take(usize::from(length[0]))].concat())]
    } else if let Some(arguments) = generic(ty, "Vec") {
        let count = take(1);
        let mut out = vec![Some(count.to_vec())];
        if count[0] > 0 {
            let element = element(arguments);
            out.extend((0..count[0]).flat_map(|_| cut_field(version, element, bytes)));
            out.push(end);
        }
        out
    } else if let Some(fields) = structure(ty) {
        let length = take(1);
        let mut inside = take(usize::from(length[0]));
        let fields = cut(version, fields, &mut inside);
        assert_eq!(inside, [0; 0], "bytes that belong to no field of {ty}");
        let length = fields.iter().flatten().map(Vec::len).sum::<usize>();
        [vec![Some(vec![length as u8])], fields, vec![end]].concat()
    } else {
        vec![Some(take(fixed_len(ty)).to_vec())]
    }
}

/// The lines of a structure: `head`, then the fields of `body`, each beside its line of the value's `{:#x?}`.
pub fn beside(
    version: u8,
    value: &impl Debug,
    head: &[u8],
    fields: &[FieldSpec],
    mut body: &[u8],
) -> Vec<Line> {
    let text = format!("{value:#x?}");
    let lines: Vec<_> = text.lines().collect();
    lines_beside(version, &lines, head, fields, &mut body)
}

fn lines_beside(
    version: u8,
    lines: &[&str],
    head: &[u8],
    fields: &[FieldSpec],
    body: &mut &[u8],
) -> Vec<Line> {
    let mut pieces = vec![Some(head.to_vec())];
    pieces.extend(cut(version, fields, body));
    assert_eq!(*body, [0; 0], "bytes that belong to no field");
    if !fields.is_empty() {
        pieces.push(Some(Vec::new()));
    }
    assert_eq!(pieces.len(), lines.len(), "{lines:#?}");
    let both = pieces.into_iter().zip(lines);
    both.filter_map(|(bytes, line)| Some((bytes?, (*line).to_owned())))
        .collect()
}

/// A message as the lines of its vector: code and body.
pub fn message_lines(version: u8, message: &Message) -> Vec<Line> {
    let mut buffer = [0; MAX_BODY];
    let len = message.encode_body(&mut buffer).unwrap();
    // `Message` shows itself as `Name(` … `)`: the lines between are those of the structure.
    let text = format!("{message:#x?}");
    let lines: Vec<_> = text.lines().collect();
    let (last, inner) = lines[1..lines.len() - 1].split_last().unwrap();
    let inner = inner.iter().copied().chain([last.trim_end_matches(',')]);
    let inner: Vec<_> = inner.map(|line| &line[4..]).collect();
    let spec = message.spec();
    lines_beside(
        version,
        &inner,
        &spec.code.to_le_bytes(),
        spec.fields,
        &mut &buffer[..len],
    )
}

/// The bytes of lines.
pub fn bytes_of(lines: &[Line]) -> Vec<u8> {
    lines.iter().flat_map(|(bytes, _)| bytes).copied().collect()
}

/// A body with a different byte wherever the type allows it, for what has no vector yet. Of several yes-or-no fields only
/// the one with the given number is true, so that they cannot be confused.
pub fn skeleton(fields: &[FieldSpec], next: &mut u8, truth: &mut usize) -> Vec<u8> {
    let each = fields.iter().map(|field| skeleton_field(field.ty, next, truth));
    each.flatten().collect()
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
        let element = element(arguments);
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

/// How many fields are yes-or-no.
pub fn bools(fields: &[FieldSpec]) -> usize {
    fields.iter().filter(|field| field.ty == "bool").count()
}

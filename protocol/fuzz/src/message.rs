//! Any bytes as a message, as an envelope, and as what the link itself says.
//!
//! Whatever can be read can be written, and is then read as the same; what a newer peer appends changes nothing; what
//! is made after the specification's own table is always understood.

use std::fmt::Debug;

use protocol::Message;
use protocol::link::wire::{Ack, BulkAck, Envelope, Hello, Refuse};
use protocol::message::{ENUMS, FieldSpec, MAX_BODY, NoRoom, Parsed, STRUCTS, Writer};

use super::program::Program;

/// Runs the target.
pub fn run(input: &[u8]) {
    let mut program = Program::new(input);
    match program.below(4) {
        0 => {
            let code = program.word();
            message(code, program.bytes(usize::MAX));
        }
        1 => after_the_table(&mut program),
        2 => envelope(program.bytes(usize::MAX)),
        _ => {
            let payload = program.bytes(usize::MAX);
            own(payload, Hello::parse_body, Hello::write_body);
            // One of versions that this end does not speak is read in part.
            if let Ok((_, hello)) = Hello::parse(payload)
                && protocol::version::in_common(hello.version_min, hello.version_current).is_some()
            {
                assert_eq!(Hello::parse_body(payload).map(|(_, whole)| whole), Ok(hello));
            }
            own(payload, Refuse::parse_body, Refuse::write_body);
            own(payload, Ack::parse_body, Ack::write_body);
            own(payload, BulkAck::parse_body, BulkAck::write_body);
        }
    }
}

fn message(code: u16, body: &[u8]) -> Option<Message> {
    let message = Message::parse(code, body).ok()?;
    let spec = message.spec();
    assert_eq!(message.code(), code);
    let mut buffer = [0xaa; MAX_BODY + 3];
    let len = message
        .encode_body(&mut buffer[..MAX_BODY])
        .expect("what was read fits");
    assert!(len <= spec.max_body, "{len} bytes of {}", spec.name);
    assert_eq!(Message::parse(code, &buffer[..len]).as_ref(), Ok(&message));
    for appended in 1..=3 {
        let longer = &buffer[..len + appended];
        assert_eq!(
            Message::parse(code, longer).as_ref(),
            Ok(&message),
            "{appended} more"
        );
    }
    let grown = spec.fields.iter().any(|field| field.appended.is_some());
    for short in (0..len).filter(|_| !grown) {
        assert!(
            Message::parse(code, &buffer[..short]).is_err(),
            "{short} bytes are too few"
        );
    }
    if let Some(short) = len.checked_sub(1) {
        assert_eq!(message.encode_body(&mut buffer[..short]), Err(NoRoom));
    }
    Some(message)
}

/// A body made field by field after the table that the specification shows.
fn after_the_table(program: &mut Program<'_>) {
    let spec = &Message::TABLE[usize::from(program.byte()) % Message::TABLE.len()];
    let mut body = Vec::new();
    let sense = fields(spec.fields, program, &mut body);
    let read = message(spec.code, &body);
    assert!(!sense || read.is_some(), "{}: {body:02x?}", spec.name);
    // And one with a mistake in it.
    if !body.is_empty() {
        let at = usize::from(program.byte()) % body.len();
        body[at] ^= program.byte();
        message(spec.code, &body);
    }
}

/// Appends fields; returns whether all of them make sense.
fn fields(specs: &[FieldSpec], program: &mut Program<'_>, body: &mut Vec<u8>) -> bool {
    let mut sense = true;
    for spec in specs {
        sense &= field(spec.ty, program, body);
    }
    sense
}

fn field(ty: &str, program: &mut Program<'_>, body: &mut Vec<u8>) -> bool {
    if let Some(capacity) = inside(ty, "String") {
        let capacity: u8 = capacity.parse().expect("a number");
        let len = program.byte() % (capacity + 2);
        let text = program.bytes(len.into());
        body.push(text.len() as u8);
        body.extend_from_slice(text);
        return text.len() <= usize::from(capacity) && std::str::from_utf8(text).is_ok();
    }
    if let Some(arguments) = inside(ty, "Vec") {
        let (element, capacity) = arguments.split_once(',').expect("type and number");
        let capacity: u8 = capacity.trim().parse().expect("a number");
        let count = program.byte() % (capacity + 2);
        body.push(count);
        let mut sense = count <= capacity;
        for _ in 0..count {
            sense &= field(element.trim(), program, body);
        }
        return sense;
    }
    if let Some((.., specs)) = STRUCTS.iter().find(|(name, ..)| *name == ty) {
        let mut inner = Vec::new();
        let sense = fields(specs, program, &mut inner);
        // What a newer peer says more.
        let more = program.below(4);
        inner.extend_from_slice(program.bytes(more.into()));
        body.push(inner.len() as u8);
        body.extend_from_slice(&inner);
        return sense;
    }
    if let Some(spec) = ENUMS.iter().find(|spec| spec.name == ty) {
        let byte = program.byte();
        let known = spec.codes.get(usize::from(byte)).map_or(byte, |(code, ..)| *code);
        body.push(known);
        return spec.open || spec.codes.iter().any(|(code, ..)| *code == known);
    }
    let len = match ty {
        "u8" | "bool" => 1,
        "u16" | "i16" => 2,
        "u32" => 4,
        "u64" => 8,
        other => panic!("the specification does not say what a {other} is"),
    };
    body.extend((0..len).map(|_| program.byte()));
    true
}

fn inside<'a>(ty: &'a str, name: &str) -> Option<&'a str> {
    let ty = ty.strip_prefix(name)?.trim_start();
    Some(ty.strip_prefix('<')?.strip_suffix('>')?.trim())
}

fn envelope(payload: &[u8]) {
    let Ok((_, Some(envelope))) = Envelope::parse(payload) else {
        return;
    };
    let mut buffer = vec![0; payload.len()];
    let mut out = Writer::new(&mut buffer);
    envelope.write(&mut out).expect("it takes no more than it took");
    let len = out.len();
    let read = Envelope::parse(&buffer[..len]).map(|(_, read)| read);
    assert_eq!(read, Ok(Some(envelope)));
    match envelope {
        Envelope::Notification { code, body }
        | Envelope::Request { code, body, .. }
        | Envelope::Reply { code, body, .. } => {
            message(code, body);
        }
        _ => {}
    }
}

/// A payload of the link's own.
fn own<T: Debug + PartialEq>(
    payload: &[u8],
    parse: impl Fn(&[u8]) -> Parsed<'_, T>,
    write: impl Fn(&T, &mut Writer<'_>) -> Result<(), NoRoom>,
) {
    let Ok((_, value)) = parse(payload) else {
        return;
    };
    // It may have been longer than this version knows, or shorter, from a peer of an older one.
    let mut buffer = vec![0; payload.len() + MAX_BODY];
    let mut out = Writer::new(&mut buffer);
    write(&value, &mut out).expect("it fits");
    let len = out.len();
    assert_eq!(parse(&buffer[..len]), Ok((&[][..], value)));
}

//! Every message survives the wire. The messages are made from the specification's table alone, as a stranger
//! would make them.
#![allow(clippy::unwrap_used)] // A test stops at what it does not expect.

use proptest::collection::vec;
use proptest::prelude::*;
use protocol::message::{DecodeError, ENUMS, FieldSpec, MAX_BODY, MessageSpec, STRUCTS};
use protocol::{Message, version};

/// Bytes of a field of the type that the specification names, in the form of a version.
fn field(ty: &'static str, version: u8) -> BoxedStrategy<Vec<u8>> {
    let generic = |prefix: &str| ty.strip_prefix(prefix).and_then(|rest| rest.strip_suffix('>'));
    if let Some(capacity) = generic("String<") {
        let capacity: usize = capacity.trim().parse().unwrap();
        return vec(
            prop_oneof![Just("a"), Just("Z"), Just("é"), Just("–"), Just("😀")],
            0..=capacity,
        )
        .prop_map(move |chars| {
            let mut text = String::new();
            for char in chars {
                if text.len() + char.len() <= capacity {
                    text.push_str(char);
                }
            }
            [vec![text.len() as u8], text.into_bytes()].concat()
        })
        .boxed();
    }
    if let Some(arguments) = generic("Vec<") {
        let (element, capacity) = arguments.split_once(',').unwrap();
        let capacity: usize = capacity.trim().parse().unwrap();
        return vec(field(element.trim(), version), 0..=capacity)
            .prop_map(|elements| [vec![elements.len() as u8], elements.concat()].concat())
            .boxed();
    }
    if let Some(spec) = ENUMS.iter().find(|spec| spec.name == ty) {
        let known = proptest::sample::select(spec.codes).prop_map(|(code, ..)| vec![code]);
        return if spec.open {
            prop_oneof![known, any::<u8>().prop_map(|code| vec![code])].boxed()
        } else {
            known.boxed()
        };
    }
    if let Some((_, _, fields)) = STRUCTS.iter().find(|(name, ..)| *name == ty) {
        return body(fields, version)
            .prop_map(|fields| [vec![fields.len() as u8], fields].concat())
            .boxed();
    }
    let len = match ty {
        "bool" => return any::<bool>().prop_map(|value| vec![u8::from(value)]).boxed(),
        "u8" => 1,
        "u16" | "i16" => 2,
        "u32" => 4,
        "u64" => 8,
        other => panic!("the specification does not say what a {other} is"),
    };
    vec(any::<u8>(), len).boxed()
}

fn body(fields: &'static [FieldSpec], version: u8) -> BoxedStrategy<Vec<u8>> {
    fields
        .iter()
        .filter(|spec| spec.appended.is_none_or(|appended| appended.since <= version))
        .map(|spec| field(spec.ty, version))
        .fold(Just(Vec::new()).boxed(), |before, next| {
            (before, next)
                .prop_map(|(before, next)| [before, next].concat())
                .boxed()
        })
}

fn messages() -> impl Strategy<Value = (MessageSpec, Vec<u8>)> {
    messages_of(version::CURRENT)
}

/// Messages as a version had them, without the fields appended since.
fn messages_of(version: u8) -> impl Strategy<Value = (MessageSpec, Vec<u8>)> {
    proptest::sample::select(Message::TABLE)
        .prop_flat_map(move |spec: MessageSpec| (Just(spec), body(spec.fields, version)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_message_is_read_and_written_as_the_table_says((spec, bytes) in messages()) {
        let message = Message::parse(spec.code, &bytes).expect("a message made from the table is understood");
        prop_assert_eq!(message.spec(), &spec);
        prop_assert!(bytes.len() <= spec.max_body);
        let mut buffer = [0; MAX_BODY];
        let len = message.encode_body(&mut buffer).unwrap();
        prop_assert_eq!(&buffer[..len], &bytes[..]);
    }

    #[test]
    fn fields_appended_by_a_later_version_are_ignored(
        (spec, bytes) in messages(),
        appended in vec(any::<u8>(), 0..40),
    ) {
        let message = Message::parse(spec.code, &bytes);
        prop_assert_eq!(message, Message::parse(spec.code, &[bytes, appended].concat()));
    }

    #[test]
    fn a_message_of_any_version_is_understood(
        (spec, bytes) in (version::MIN..=version::CURRENT).prop_flat_map(messages_of),
    ) {
        let message = Message::parse(spec.code, &bytes).expect("what a version has is understood");
        let mut buffer = [0; MAX_BODY];
        let len = message.encode_body(&mut buffer).unwrap();
        prop_assert!(len >= bytes.len());
        prop_assert_eq!(Message::parse(spec.code, &buffer[..len]), Ok(message));
    }

    #[test]
    fn a_message_cut_short_is_malformed((spec, bytes) in messages_of(1), keep in any::<prop::sample::Index>()) {
        prop_assume!(!bytes.is_empty());
        let cut = &bytes[..keep.index(bytes.len())];
        prop_assert!(matches!(Message::parse(spec.code, cut), Err(DecodeError::Malformed(_))));
    }

    #[test]
    fn any_bytes_are_a_message_or_an_error(code in 0u16..0x300, bytes in vec(any::<u8>(), 0..300)) {
        if let Ok(message) = Message::parse(code, &bytes) {
            prop_assert_eq!(message.code(), code);
            let mut buffer = [0; MAX_BODY];
            message.encode_body(&mut buffer).expect("what was read can be written");
        } else {
            prop_assert!(true);
        }
    }
}

#[test]
fn a_structure_that_grew_in_a_later_version_is_still_read() {
    // `Configure` with one service whose structure has two bytes more than this version knows.
    let service = [9, b'A', 1, b'x', 1, b'y', 0xaa, 0xbb];
    let bytes = [&[0, 1, 1, service.len() as u8], &service[..]].concat();
    let Ok(Message::Configure(configure)) = Message::parse(0x0101, &bytes) else {
        panic!()
    };
    assert_eq!(configure.services[0].id, 9);
    assert_eq!(configure.services[0].name_en, "y");
}

#[test]
fn an_unknown_message_is_told_apart_from_a_malformed_one() {
    assert_eq!(
        Message::parse(0x7fff, &[]),
        Err(DecodeError::UnknownMessage(0x7fff))
    );
    assert!(matches!(
        Message::parse(0x0002, &[]),
        Err(DecodeError::Malformed(_))
    ));
}

#[test]
fn codes_and_names_are_unique() {
    for (index, spec) in Message::TABLE.iter().enumerate() {
        for other in &Message::TABLE[..index] {
            assert!(
                spec.code != other.code && spec.name != other.name,
                "{} and {}",
                spec.name,
                other.name
            );
        }
    }
}

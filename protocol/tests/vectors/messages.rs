//! Vectors of messages: code and body.

use protocol::message::MessageSpec;
use protocol::{Message, version};

use crate::file::{Vector, render, vectors, vectors_of};
use crate::same;
use crate::show::{bools, message_changed_in, message_lines, skeleton};

/// Vectors, in the form of a version, for a message that has none.
fn skeletons(version: u8, spec: &MessageSpec) -> String {
    let mut out = String::new();
    for truth in 0..bools(spec.fields).max(1) {
        let body = skeleton(spec.fields, &mut 0x10, &mut truth.clone());
        let message = Message::parse(spec.code, &body).unwrap();
        let lines = message_lines(version, &message);
        out.push_str(&render(&format!("message {}", spec.name), &lines));
        out.push('\n');
    }
    out
}

/// What a version must have vectors of and has not in `vectors`, in the form of the file.
pub fn missing(version: u8, vectors: &[Vector]) -> String {
    let mut missing = String::new();
    for spec in Message::TABLE {
        let title = format!("message {}", spec.name);
        let known = vectors.iter().any(|vector| vector.title == title);
        if message_changed_in(version, spec) && !known {
            missing.push_str(&skeletons(version, spec));
        }
    }
    missing
}

#[test]
fn every_message_has_a_vector_of_every_version_that_changed_it() {
    for version in 1..=version::CURRENT {
        let missing = missing(version, &vectors_of(version));
        assert!(
            missing.is_empty(),
            "append to vectors/v{version}.txt, when you have read it:\n\n{missing}"
        );
    }
}

#[test]
fn messages_are_read_from_and_written_as_their_vectors() {
    for vector in vectors() {
        if !vector.title.starts_with("message ") {
            continue;
        }
        let (code, body) = vector.bytes.split_first_chunk().unwrap();
        let message = Message::parse(u16::from_le_bytes(*code), body).unwrap();
        let lines = message_lines(vector.version, &message);
        same(
            &render(&format!("message {}", message.name()), &lines),
            &vector.text,
        );
    }
}

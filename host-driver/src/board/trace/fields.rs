//! Fields of a message by name, read from its bytes with the tables of the specification.
//!
//! So a message, a counter or a field that the vocabulary gains is shown without a line here.

use std::fmt;

use protocol::link::wire::Span;
use protocol::message::{ENUMS, FieldSpec, Malformed, STRUCTS};
use serde_json::{Map, json};

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number without a sign.
    Unsigned(u64),
    /// A number with a sign.
    Signed(i64),
    /// Yes or no.
    Bool(bool),
    /// A text.
    Text(String),
    /// The code of an enumeration, and its name if this version knows it.
    Code(u8, Option<&'static str>),
    /// A list.
    List(Vec<Self>),
    /// A structure.
    Struct(Fields),
    /// The sender is older and does not send the field; it is taken to be this.
    Default(&'static str),
}

/// Fields in the order of the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(pub Vec<(&'static str, Value)>);

type Parsed<'a, T> = Result<(T, &'a [u8]), Malformed>;

impl Fields {
    /// Reads the fields of a table from the front of `input`; what is left was appended by a newer version.
    ///
    /// # Errors
    /// As the protocol's own parser.
    pub fn parse<'a>(table: &[FieldSpec], mut input: &'a [u8]) -> Parsed<'a, Self> {
        let mut fields = Vec::with_capacity(table.len());
        for field in table {
            let value = match field.appended {
                Some(appended) if input.is_empty() => Value::Default(appended.default),
                _ => {
                    let (value, rest) = Value::parse(field.ty, input)?;
                    input = rest;
                    value
                }
            };
            fields.push((field.name, value));
        }
        Ok((Self(fields), input))
    }

    /// The fields as an object.
    pub fn to_json(&self) -> serde_json::Value {
        let fields = self.0.iter();
        let object: Map<_, _> = fields
            .map(|(name, value)| ((*name).to_owned(), value.to_json()))
            .collect();
        object.into()
    }
}

impl Value {
    fn parse<'a>(ty: &str, input: &'a [u8]) -> Parsed<'a, Self> {
        if let Some(longest) = parameter(ty, "String<") {
            let (bytes, rest) = prefixed(input)?;
            let text = std::str::from_utf8(bytes).map_err(|_| Malformed::NotUtf8)?;
            return if text.len() > longest.parse().unwrap_or(usize::MAX) {
                Err(Malformed::TooLong)
            } else {
                Ok((Self::Text(text.to_owned()), rest))
            };
        }
        if let Some((element, longest)) = parameter(ty, "Vec<").and_then(|inner| inner.split_once(',')) {
            let (&count, mut rest) = input.split_first().ok_or(Malformed::Short)?;
            if usize::from(count) > longest.trim().parse().unwrap_or(usize::MAX) {
                return Err(Malformed::TooLong);
            }
            let mut list = Vec::new();
            for _ in 0..count {
                let (value, after) = Self::parse(element.trim(), rest)?;
                list.push(value);
                rest = after;
            }
            return Ok((Self::List(list), rest));
        }
        if let Some(table) = structure(ty) {
            let (inner, rest) = prefixed(input)?;
            let (fields, _appended_later) = Fields::parse(table, inner)?;
            return Ok((Self::Struct(fields), rest));
        }
        if let Some(spec) = ENUMS.iter().find(|spec| spec.name == ty) {
            let (&code, rest) = input.split_first().ok_or(Malformed::Short)?;
            let name = spec
                .codes
                .iter()
                .find(|known| known.0 == code)
                .map(|known| known.1);
            return if name.is_none() && !spec.open {
                Err(Malformed::UnknownCode)
            } else {
                Ok((Self::Code(code, name), rest))
            };
        }
        Ok(match ty {
            "bool" => {
                let (byte, rest) = unsigned(input, 1)?;
                (Self::Bool(byte != 0), rest)
            }
            "i16" => {
                let (word, rest) = unsigned(input, 2)?;
                (Self::Signed(i64::from(word as u16 as i16)), rest)
            }
            "u8" | "u16" | "u32" | "u64" => {
                let bits: usize = ty[1..].parse().unwrap_or(8);
                let (number, rest) = unsigned(input, bits / 8)?;
                (Self::Unsigned(number), rest)
            }
            // A test sees to it that the vocabulary has no other types.
            _ => return Err(Malformed::UnknownCode),
        })
    }

    fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Unsigned(number) => json!(number),
            Self::Signed(number) => json!(number),
            Self::Bool(yes) => json!(yes),
            Self::Text(text) => json!(text),
            Self::Code(_, Some(name)) => json!(name),
            Self::Code(code, None) => json!(code),
            Self::List(list) => list.iter().map(Self::to_json).collect(),
            Self::Struct(fields) => fields.to_json(),
            // Not sent: whoever reads JSON is not to take the default for something that was.
            Self::Default(_) => serde_json::Value::Null,
        }
    }
}

/// `u8` for `Vec<` and `Vec<u8>`.
fn parameter<'a>(ty: &'a str, generic: &str) -> Option<&'a str> {
    ty.strip_prefix(generic)?.strip_suffix('>')
}

fn structure(name: &str) -> Option<&'static [FieldSpec]> {
    let of_the_link = (name == "Span").then_some(Span::FIELDS);
    of_the_link.or_else(|| {
        let (_, _, fields) = STRUCTS.iter().find(|(known, _, _)| *known == name)?;
        Some(fields)
    })
}

fn prefixed(input: &[u8]) -> Parsed<'_, &[u8]> {
    let (&len, rest) = input.split_first().ok_or(Malformed::Short)?;
    rest.split_at_checked(usize::from(len)).ok_or(Malformed::Short)
}

fn unsigned(input: &[u8], len: usize) -> Parsed<'_, u64> {
    let (bytes, rest) = input.split_at_checked(len).ok_or(Malformed::Short)?;
    let number = bytes
        .iter()
        .rev()
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    Ok((number, rest))
}

/// `name=value`, with spaces between.
impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.0.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            write!(f, "{space}{name}={value}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned(number) => write!(f, "{number}"),
            Self::Signed(number) => write!(f, "{number}"),
            Self::Bool(yes) => write!(f, "{yes}"),
            // Quoted, and what would upset a terminal escaped.
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Code(_, Some(name)) => f.write_str(name),
            Self::Code(code, None) => write!(f, "unknown({code})"),
            Self::List(list) => {
                f.write_str("[")?;
                for (index, value) in list.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{value}")?;
                }
                f.write_str("]")
            }
            Self::Struct(fields) => write!(f, "{{{fields}}}"),
            Self::Default(default) => write!(f, "(not sent: {default})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use protocol::Message;
    use protocol::link::wire::{Ack, BulkAck, Hello, Refuse};
    use protocol::message::{CaptureProgress, DecodeError};

    use super::*;

    fn known(ty: &str) -> bool {
        if let Some(inner) = parameter(ty, "Vec<") {
            return inner.split_once(',').is_some_and(|(element, _)| known(element));
        }
        parameter(ty, "String<").is_some()
            || structure(ty).is_some()
            || ENUMS.iter().any(|spec| spec.name == ty)
            || ["bool", "i16", "u8", "u16", "u32", "u64"].contains(&ty)
    }

    #[test]
    fn every_type_of_the_vocabulary_and_the_link_can_be_shown() {
        let messages = Message::TABLE.iter().map(|spec| spec.fields);
        let structures = STRUCTS.iter().map(|(_, _, fields)| *fields);
        let link = [
            Hello::FIELDS,
            Refuse::FIELDS,
            Ack::FIELDS,
            BulkAck::FIELDS,
            Span::FIELDS,
        ];
        for field in messages.chain(structures).chain(link).flatten() {
            assert!(known(field.ty), "{}: {}", field.name, field.ty);
        }
    }

    #[test]
    fn a_message_reads_as_its_fields() {
        let (fields, rest) = Fields::parse(CaptureProgress::FIELDS, &[7, 0, 0, 0, 2, 3, 0, 9]).unwrap();
        assert_eq!(
            fields.to_string(),
            "capture_id=7 phase=Reading impression=3 quality=Unknown"
        );
        let json = json!({ "capture_id": 7, "phase": "Reading", "impression": 3, "quality": "Unknown" });
        assert_eq!(fields.to_json(), json);
        assert_eq!(rest, [9]);
    }

    proptest! {
        #[test]
        fn the_tables_read_what_the_parser_reads(
            row in 0..Message::TABLE.len(),
            // Small numbers, so that lengths and codes are often right.
            body in prop::collection::vec(prop_oneof![0..6_u8, any::<u8>()], 0..120),
        ) {
            let spec = &Message::TABLE[row];
            let ours = Fields::parse(spec.fields, &body).map(drop);
            let theirs = Message::parse(spec.code, &body).map(drop);
            prop_assert_eq!(ours.map_err(DecodeError::Malformed), theirs);
        }
    }
}

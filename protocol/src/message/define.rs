//! The macros that turn one definition into a type, its encoder, its parser and its row in the specification.

/// Defines an enumeration that takes one byte on the wire.
///
/// `closed`: a code without a meaning makes the message malformed. For values that decide what is done.
/// `open`: such a code is kept as `Unrecognised(code)`. For causes and states that a newer peer may add to.
/// In both, codes are only ever appended.
macro_rules! wire_enum {
    ($(#[doc = $doc:literal])* open $name:ident { $($(#[doc = $vdoc:literal])* $variant:ident = $code:literal,)+ }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        pub enum $name {
            $($(#[doc = $vdoc])* $variant,)+
            /// A code of a newer version, kept as it came.
            Unrecognised(u8),
        }

        impl $name {
            /// The code on the wire.
            pub const fn code(self) -> u8 {
                match self { $(Self::$variant => $code,)+ Self::Unrecognised(code) => code }
            }

            /// The value of a code on the wire.
            pub const fn from_code(code: u8) -> Self {
                match code { $($code => Self::$variant,)+ other => Self::Unrecognised(other) }
            }
        }

        impl $crate::message::Field for $name {
            const MAX_LEN: usize = 1;

            fn write(&self, out: &mut $crate::message::Writer<'_>) {
                $crate::message::Field::write(&self.code(), out);
            }

            fn read(input: &mut $crate::message::Reader<'_>) -> Self {
                Self::from_code($crate::message::Field::read(input))
            }
        }

        $crate::message::define::wire_enum!(@spec $name open [$($doc)*] $($variant $code [$($vdoc)*])+);
    };
    ($(#[doc = $doc:literal])* closed $name:ident { $($(#[doc = $vdoc:literal])* $variant:ident = $code:literal,)+ }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        pub enum $name { $($(#[doc = $vdoc])* $variant,)+ }

        impl $name {
            /// The code on the wire.
            pub const fn code(self) -> u8 {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The value of a code on the wire, if it has one in this version.
            pub const fn from_code(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }
        }

        impl $crate::message::Field for $name {
            const MAX_LEN: usize = 1;

            fn write(&self, out: &mut $crate::message::Writer<'_>) {
                $crate::message::Field::write(&self.code(), out);
            }

            fn read(input: &mut $crate::message::Reader<'_>) -> Self {
                Self::from_code($crate::message::Field::read(input)).unwrap_or_else(|| {
                    input.fail($crate::message::Malformed::UnknownCode);
                    // Any: nobody gets to see it.
                    [$(Self::$variant),+][0]
                })
            }
        }

        $crate::message::define::wire_enum!(@spec $name closed [$($doc)*] $($variant $code [$($vdoc)*])+);
    };
    (@spec $name:ident $openness:ident [$($doc:literal)*] $($variant:ident $code:literal [$($vdoc:literal)*])+) => {
        impl $name {
            /// What the specification says of this enumeration.
            pub const SPEC: $crate::message::EnumSpec = $crate::message::EnumSpec {
                name: stringify!($name),
                open: $crate::message::define::wire_enum!(@is_open $openness),
                doc: concat!($($doc),*),
                codes: &[$(($code, stringify!($variant), concat!($($vdoc),*)),)+],
            };
        }
    };
    (@is_open open) => { true };
    (@is_open closed) => { false };
}

/// Defines a structure. As a field of a message it is preceded by its length in one byte, so that
/// fields can be appended to it later.
///
/// A field that a later version appends bears `#[since(VERSION, else DEFAULT)]` after its description: what
/// ends before it, as an older peer's does, is read as if it held the default.
macro_rules! wire_struct {
    ($(#[doc = $doc:literal])* $(#[derive($($derive:ident),+)])? $name:ident {
        $($(#[doc = $fdoc:literal])* $(#[since($since:literal, else $default:expr)])? $field:ident: $ty:ty,)*
    }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, Eq, $($($derive),+)?)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        pub struct $name { $($(#[doc = $fdoc])* pub $field: $ty,)* }

        impl $name {
            /// The most bytes that the fields take.
            pub const MAX_BODY: usize = 0 $(+ <$ty as $crate::message::Field>::MAX_LEN)*;

            /// What the specification says of the fields.
            pub const FIELDS: &[$crate::message::FieldSpec] = &[$($crate::message::FieldSpec {
                name: stringify!($field),
                ty: stringify!($ty),
                doc: concat!($($fdoc),*),
                appended: $crate::message::wire_struct!(@appended $($since, $default)?),
            },)*];

            /// What the specification says of the structure.
            pub const DOC: &str = concat!($($doc),*);

            /// Appends the fields, in order.
            pub fn write_body(&self, out: &mut $crate::message::Writer<'_>) -> Result<(), $crate::message::NoRoom> {
                self.write_fields(out);
                out.end()
            }

            #[allow(unused_variables)] // A structure may have no fields yet.
            pub(crate) fn write_fields(&self, out: &mut $crate::message::Writer<'_>) {
                $($crate::message::Field::write(&self.$field, out);)*
            }

            /// Reads the fields from the front of `input`; what is left was appended by a newer version.
            pub fn parse_body(input: &[u8]) -> $crate::message::Parsed<'_, Self> {
                let mut input = $crate::message::Reader::new(input);
                let value = Self::read_fields(&mut input);
                input.end(value)
            }

            #[allow(unused_variables)] // A structure may have no fields yet.
            pub(crate) fn read_fields(input: &mut $crate::message::Reader<'_>) -> Self {
                Self { $($field: $crate::message::wire_struct!(@read input, $ty $(, $default)?),)* }
            }
        }

        const _: () = assert!(
            $crate::message::field::appended_in_order($name::FIELDS),
            "an appended field must stand after those of the versions before"
        );

        impl $crate::message::Field for $name {
            const MAX_LEN: usize = 1 + Self::MAX_BODY;

            fn write(&self, out: &mut $crate::message::Writer<'_>) {
                $crate::message::field::write_prefixed(out, |out| self.write_fields(out));
            }

            fn read(input: &mut $crate::message::Reader<'_>) -> Self {
                $crate::message::field::read_prefixed(input, Self::read_fields)
            }
        }
    };
    (@since) => { 1 };
    (@since $added:literal) => { $added };
    (@appended) => { None };
    (@appended $since:literal, $default:expr) => {
        Some($crate::message::Appended { since: $since, default: stringify!($default) })
    };
    (@read $input:ident, $ty:ty) => { <$ty as $crate::message::Field>::read($input) };
    (@read $input:ident, $ty:ty, $default:expr) => {
        $crate::message::field::read_appended::<$ty>($input, || $default)
    };
}

/// Defines every message: for each a structure with encoder and parser, together the enumeration
/// [`Message`](crate::message::Message) and the table that the specification is checked against.
///
/// A message that a later version adds bears that version behind its direction: `(Request, HostToKiosk, since 3)`.
macro_rules! messages {
    ($($(#[doc = $doc:literal])* $code:literal $name:ident ($use:ident, $direction:ident $(, since $added:literal)?) {
        $($(#[doc = $fdoc:literal])* $(#[since($since:literal, else $default:expr)])? $field:ident: $ty:ty,)*
    })*) => {
        $($crate::message::define::wire_struct! {
            $(#[doc = $doc])* $name {
                $($(#[doc = $fdoc])* $(#[since($since, else $default)])? $field: $ty,)*
            }
        }

        impl From<$name> for Message {
            fn from(message: $name) -> Self {
                Self::$name(message)
            }
        })*

        /// A message of the vocabulary, whichever it is.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        // A board has no heap to box the largest message on, and passes few of them around.
        #[allow(clippy::large_enum_variant)]
        pub enum Message {
            $($(#[doc = $doc])* $name($name),)*
        }

        impl Message {
            /// Every message, in the order of the specification.
            pub const TABLE: &[MessageSpec] = &[$(MessageSpec {
                code: $code,
                name: stringify!($name),
                usage: Usage::$use,
                direction: Direction::$direction,
                since: $crate::message::wire_struct!(@since $($added)?),
                doc: $name::DOC,
                fields: $name::FIELDS,
                max_body: $name::MAX_BODY,
            },)*];

            /// What the specification says of this message.
            pub const fn spec(&self) -> &'static MessageSpec {
                match self { $(Self::$name(_) => const { &MessageSpec {
                    code: $code,
                    name: stringify!($name),
                    usage: Usage::$use,
                    direction: Direction::$direction,
                    since: $crate::message::wire_struct!(@since $($added)?),
                    doc: $name::DOC,
                    fields: $name::FIELDS,
                    max_body: $name::MAX_BODY,
                } },)* }
            }

            // What follows is not taken from `spec`: all its texts would lie in the flash of each board.

            /// The code on the wire.
            pub const fn code(&self) -> u16 {
                match self { $(Self::$name(_) => $code,)* }
            }

            /// How the message travels.
            pub const fn usage(&self) -> Usage {
                match self { $(Self::$name(_) => Usage::$use,)* }
            }

            /// The first version of the protocol that has the message.
            pub const fn since(&self) -> u8 {
                match self { $(Self::$name(_) => $crate::message::wire_struct!(@since $($added)?),)* }
            }

            /// The name of the message, for logs. The content may be personal and does not belong there.
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$name(_) => stringify!($name),)* }
            }

            /// Appends the body (the fields, without the code).
            ///
            /// Without the feature `host`, a message that only a host says is taken for one that does not fit.
            pub fn write_body(&self, out: &mut Writer<'_>) -> Result<(), NoRoom> {
                match self {
                    $(Self::$name(message) if Direction::$direction.is_said() => message.write_fields(out),)*
                    #[allow(unreachable_patterns)] // With the feature.
                    _ => return Err(NoRoom),
                }
                out.end()
            }

            /// Reads the body of the message with the given code. Bytes after the last known field are ignored.
            ///
            /// Without the feature `host`, a message that only a host hears is unknown.
            pub fn parse(code: u16, body: &[u8]) -> Result<Self, DecodeError> {
                Self::parse_if(code, body, |_, direction| direction.is_heard(0))
            }

            /// The same for some messages only; the others are as good as unknown.
            #[inline]
            pub(crate) fn parse_if(
                code: u16,
                body: &[u8],
                wanted: impl Fn(Usage, Direction) -> bool,
            ) -> Result<Self, DecodeError> {
                let mut input = Reader::new(body);
                let message = match code {
                    $($code if wanted(Usage::$use, Direction::$direction) => {
                        Self::$name($name::read_fields(&mut input))
                    })*
                    unknown => return Err(DecodeError::UnknownMessage(unknown)),
                };
                match input.failure() {
                    None => Ok(message),
                    Some(failure) => Err(DecodeError::Malformed(failure)),
                }
            }
        }
    };
}

pub(crate) use {messages, wire_enum, wire_struct};

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A test stops at what it does not expect.
mod tests {
    use super::super::{Appended, DecodeError, MAX_BODY, Malformed, Writer};

    /// What every definition of messages needs in scope.
    mod scope {
        pub(super) use super::super::super::{
            DecodeError, Direction, MessageSpec, NoRoom, Reader, Usage, Writer,
        };
    }

    #[allow(dead_code, unreachable_pub)] // Of what the macros make, only a part is tested here.
    mod old {
        use super::scope::*;

        wire_struct! {
            /// A part.
            Part {
                /// As shipped.
                first: u8,
            }
        }

        messages! {
            /// As shipped.
            0x7001 Report (Request, BoardToHost) {
                /// As shipped.
                first: u16,
                /// A structure that grows.
                part: Part,
            }
        }
    }

    #[allow(dead_code, unreachable_pub)] // Of what the macros make, only a part is tested here.
    mod new {
        use super::scope::*;
        use heapless::String;

        wire_enum! {
            /// A choice without a code 0.
            closed Choice {
                /// One.
                This = 1,
                /// The other.
                That = 2,
            }
        }

        wire_struct! {
            /// A part.
            Part {
                /// As shipped.
                first: u8,
                /// Appended.
                #[since(3, else 700)]
                wide: u16,
            }
        }

        messages! {
            /// As shipped, and more.
            0x7001 Report (Request, BoardToHost) {
                /// As shipped.
                first: u16,
                /// A structure that grows.
                part: Part,
                /// Appended.
                #[since(2, else Choice::That)]
                choice: Choice,
                /// Appended later.
                #[since(3, else String::new())]
                text: String<4>,
                /// Appended later, too.
                #[since(3, else 9)]
                number: u32,
            }

            /// Added.
            0x7002 Retire (Notification, HostToBoard, since 3) {}
        }
    }

    const OLD_BYTES: [u8; 4] = [0x34, 0x12, 1, 0x56];

    fn report(wide: u16, choice: new::Choice, text: &str, number: u32) -> new::Message {
        let part = new::Part { first: 0x56, wide };
        let text = text.try_into().unwrap();
        new::Report {
            first: 0x1234,
            part,
            choice,
            text,
            number,
        }
        .into()
    }

    #[test]
    fn what_an_older_peer_leaves_out_reads_as_its_default() {
        let message = old::Message::from(old::Report {
            first: 0x1234,
            part: old::Part { first: 0x56 },
        });
        let mut buffer = [0; OLD_BYTES.len()];
        message.write_body(&mut Writer::new(&mut buffer)).unwrap();
        assert_eq!(buffer, OLD_BYTES);
        assert_eq!(
            new::Message::parse(0x7001, &OLD_BYTES),
            Ok(report(700, new::Choice::That, "", 9))
        );
    }

    #[test]
    fn a_peer_of_a_version_between_leaves_out_only_what_came_after_it() {
        assert_eq!(
            new::Message::parse(0x7001, &[0x34, 0x12, 1, 0x56, 1]),
            Ok(report(700, new::Choice::This, "", 9))
        );
    }

    #[test]
    fn an_older_peer_skips_what_a_newer_one_appends() {
        let mut buffer = [0; MAX_BODY];
        let newer = report(0x789a, new::Choice::This, "new", 0xbcde_f012);
        let mut out = Writer::new(&mut buffer);
        newer.write_body(&mut out).unwrap();
        let len = out.len();
        assert_eq!(
            buffer[..len],
            [
                0x34, 0x12, 3, 0x56, 0x9a, 0x78, 1, 3, b'n', b'e', b'w', 0x12, 0xf0, 0xde, 0xbc
            ]
        );
        assert_eq!(new::Message::parse(0x7001, &buffer[..len]), Ok(newer));
        assert_eq!(
            old::Message::parse(0x7001, &buffer[..len]),
            Ok(old::Report {
                first: 0x1234,
                part: old::Part { first: 0x56 }
            }
            .into())
        );
    }

    #[test]
    fn a_field_is_there_or_not_but_never_in_part() {
        let short = Err(DecodeError::Malformed(Malformed::Short));
        let whole = [
            0x34, 0x12, 3, 0x56, 0x9a, 0x78, 1, 3, b'n', b'e', b'w', 0x12, 0xf0, 0xde, 0xbc,
        ];
        for len in 0..whole.len() {
            let between_fields = [6, 7, 11].contains(&len);
            let parsed = new::Message::parse(0x7001, &whole[..len]);
            assert_eq!(parsed.is_ok(), between_fields, "{len} bytes");
            assert!(between_fields || parsed == short, "{len} bytes");
        }
        // The same in a structure: half of its appended field.
        assert_eq!(new::Message::parse(0x7001, &[0x34, 0x12, 2, 0x56, 0x9a]), short);
        // And a default never stands in for a code without a meaning.
        assert_eq!(
            new::Message::parse(0x7001, &[0x34, 0x12, 1, 0x56, 7]),
            Err(DecodeError::Malformed(Malformed::UnknownCode))
        );
    }

    #[test]
    fn the_table_tells_since_when_and_what_else() {
        let appended: heapless::Vec<_, 5> = new::Report::FIELDS.iter().map(|field| field.appended).collect();
        let since = |since, default| Some(Appended { since, default });
        assert_eq!(
            appended[..],
            [
                None,
                None,
                since(2, "Choice::That"),
                since(3, "String::new()"),
                since(3, "9")
            ]
        );
        let added: heapless::Vec<_, 2> = new::Message::TABLE.iter().map(|spec| spec.since).collect();
        assert_eq!(added[..], [1, 3]);
    }
}

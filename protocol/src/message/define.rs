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

            fn write(&self, out: &mut $crate::message::Writer<'_>) -> Result<(), $crate::message::NoRoom> {
                out.put(&[self.code()])
            }

            fn parse(input: &[u8]) -> $crate::message::Parsed<'_, Self> {
                let (rest, code) = u8::parse(input)?;
                Ok((rest, Self::from_code(code)))
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

            fn write(&self, out: &mut $crate::message::Writer<'_>) -> Result<(), $crate::message::NoRoom> {
                out.put(&[self.code()])
            }

            fn parse(input: &[u8]) -> $crate::message::Parsed<'_, Self> {
                let (rest, code) = u8::parse(input)?;
                let value = Self::from_code(code)
                    .ok_or(nom::Err::Failure($crate::message::Malformed::UnknownCode))?;
                Ok((rest, value))
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
macro_rules! wire_struct {
    ($(#[doc = $doc:literal])* $(#[derive($($derive:ident),+)])? $name:ident { $($(#[doc = $fdoc:literal])* $field:ident: $ty:ty,)* }) => {
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
            },)*];

            /// What the specification says of the structure.
            pub const DOC: &str = concat!($($doc),*);

            /// Appends the fields, in order.
            #[allow(unused_variables)] // A structure may have no fields yet.
            pub fn write_body(&self, out: &mut $crate::message::Writer<'_>) -> Result<(), $crate::message::NoRoom> {
                $($crate::message::Field::write(&self.$field, out)?;)*
                Ok(())
            }

            /// Reads the fields from the front of `input`; what is left was appended by a newer version.
            pub fn parse_body(input: &[u8]) -> $crate::message::Parsed<'_, Self> {
                $(let (input, $field) = <$ty as $crate::message::Field>::parse(input)?;)*
                Ok((input, Self { $($field),* }))
            }
        }

        impl $crate::message::Field for $name {
            const MAX_LEN: usize = 1 + Self::MAX_BODY;

            fn write(&self, out: &mut $crate::message::Writer<'_>) -> Result<(), $crate::message::NoRoom> {
                out.put_prefixed(|out| self.write_body(out))
            }

            fn parse(input: &[u8]) -> $crate::message::Parsed<'_, Self> {
                $crate::message::field::prefixed(input, Self::parse_body)
            }
        }
    };
}

/// Defines every message: for each a structure with encoder and parser, together the enumeration
/// [`Message`](crate::message::Message) and the table that the specification is checked against.
macro_rules! messages {
    ($($(#[doc = $doc:literal])* $code:literal $name:ident ($use:ident, $direction:ident) { $($(#[doc = $fdoc:literal])* $field:ident: $ty:ty,)* })*) => {
        $($crate::message::define::wire_struct! {
            $(#[doc = $doc])* $name { $($(#[doc = $fdoc])* $field: $ty,)* }
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
                    doc: $name::DOC,
                    fields: $name::FIELDS,
                    max_body: $name::MAX_BODY,
                } },)* }
            }

            /// Appends the body (the fields, without the code).
            pub fn write_body(&self, out: &mut Writer<'_>) -> Result<(), NoRoom> {
                match self { $(Self::$name(message) => message.write_body(out),)* }
            }

            /// Reads the body of the message with the given code. Bytes after the last known field are ignored.
            pub fn parse(code: u16, body: &[u8]) -> Result<Self, DecodeError> {
                match code {
                    $($code => match $name::parse_body(body) {
                        Ok((_appended_later, message)) => Ok(Self::$name(message)),
                        Err(error) => Err(DecodeError::Malformed(field::cause(&error))),
                    },)*
                    unknown => Err(DecodeError::UnknownMessage(unknown)),
                }
            }
        }
    };
}

pub(crate) use {messages, wire_enum, wire_struct};

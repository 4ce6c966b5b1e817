//! How a value lies in a message: little-endian, in the order of definition, without padding.

use heapless::{String, Vec};
use nom::bytes::complete::take;
use nom::number::complete as number;

use super::{Appended, FieldSpec};

/// Why bytes could not be read as the value they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Malformed {
    /// The bytes end before the value does.
    #[error("the message ends before its fields do")]
    Short,
    /// A code that this version gives no meaning to, in a field where a guess would be dangerous.
    #[error("a field holds a code without a meaning in this version")]
    UnknownCode,
    /// A text or a list is longer than this peer can hold.
    #[error("a text or a list is longer than this peer can hold")]
    TooLong,
    /// A text is not UTF-8.
    #[error("a text is not UTF-8")]
    NotUtf8,
}

impl nom::error::ParseError<&[u8]> for Malformed {
    fn from_error_kind(_: &[u8], _: nom::error::ErrorKind) -> Self {
        // The only parsers of nom used here are fixed-width numbers and `take`; both fail only for want of bytes.
        Self::Short
    }

    fn append(_: &[u8], _: nom::error::ErrorKind, other: Self) -> Self {
        other
    }
}

/// Result of a parser: what is left, and the value.
pub type Parsed<'a, T> = nom::IResult<&'a [u8], T, Malformed>;

/// The buffer given to a [`Writer`] is too small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[error("the buffer is too small for the message")]
pub struct NoRoom;

/// Appends values to a buffer of fixed size.
#[derive(Debug)]
pub struct Writer<'a> {
    buffer: &'a mut [u8],
    len: usize,
}

impl<'a> Writer<'a> {
    /// A writer that starts at the beginning of `buffer`.
    pub fn new(buffer: &'a mut [u8]) -> Self {
        Self { buffer, len: 0 }
    }

    /// Number of bytes written.
    #[allow(clippy::len_without_is_empty)] // A count of progress, not a container.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Appends `bytes`, or nothing when they do not fit.
    // Every field of every message calls it: on a board, flash is dearer than the call.
    #[cfg_attr(target_os = "none", inline(never))]
    pub fn put(&mut self, bytes: &[u8]) -> Result<(), NoRoom> {
        let end = self.len.checked_add(bytes.len()).ok_or(NoRoom)?;
        self.buffer
            .get_mut(self.len..end)
            .ok_or(NoRoom)?
            .copy_from_slice(bytes);
        self.len = end;
        Ok(())
    }

    /// Appends what `body` writes, preceded by its length in one byte.
    pub(crate) fn put_prefixed(
        &mut self,
        body: impl FnOnce(&mut Self) -> Result<(), NoRoom>,
    ) -> Result<(), NoRoom> {
        let prefix = self.len;
        self.put(&[0])?;
        body(self)?;
        self.fill_in_length(prefix)
    }

    #[cfg_attr(target_os = "none", inline(never))] // As `put`.
    fn fill_in_length(&mut self, prefix: usize) -> Result<(), NoRoom> {
        let length = u8::try_from(self.len - prefix - 1).map_err(|_| NoRoom)?;
        *self.buffer.get_mut(prefix).ok_or(NoRoom)? = length;
        Ok(())
    }
}

/// A value that can be a field of a message.
pub trait Field: Sized {
    /// The most bytes that a value takes.
    const MAX_LEN: usize;

    /// Appends the value.
    fn write(&self, out: &mut Writer<'_>) -> Result<(), NoRoom>;

    /// Reads a value from the front of `input`.
    fn parse(input: &[u8]) -> Parsed<'_, Self>;
}

macro_rules! number_fields {
    ($($ty:ident $parser:ident)*) => {$(
        impl Field for $ty {
            const MAX_LEN: usize = size_of::<$ty>();

            #[cfg_attr(target_os = "none", inline(never))] // As `Writer::put`.
            fn write(&self, out: &mut Writer<'_>) -> Result<(), NoRoom> {
                out.put(&self.to_le_bytes())
            }

            fn parse(input: &[u8]) -> Parsed<'_, Self> {
                number::$parser(input)
            }
        }
    )*};
}

number_fields! { u8 le_u8 u16 le_u16 u32 le_u32 u64 le_u64 i16 le_i16 }

/// One byte: 0 is false, every other value true.
impl Field for bool {
    const MAX_LEN: usize = 1;

    fn write(&self, out: &mut Writer<'_>) -> Result<(), NoRoom> {
        out.put(&[u8::from(*self)])
    }

    fn parse(input: &[u8]) -> Parsed<'_, Self> {
        let (rest, byte) = u8::parse(input)?;
        Ok((rest, byte != 0))
    }
}

/// Length in bytes (one byte), then UTF-8.
impl<const N: usize> Field for String<N> {
    const MAX_LEN: usize = 1 + N;

    fn write(&self, out: &mut Writer<'_>) -> Result<(), NoRoom> {
        out.put_prefixed(|out| out.put(self.as_bytes()))
    }

    fn parse(input: &[u8]) -> Parsed<'_, Self> {
        let (rest, text) = text(input)?;
        let text = Self::try_from(text).map_err(|_| nom::Err::Failure(Malformed::TooLong))?;
        Ok((rest, text))
    }
}

/// Number of elements (one byte), then the elements.
impl<T: Field, const N: usize> Field for Vec<T, N> {
    const MAX_LEN: usize = 1 + N * T::MAX_LEN;

    fn write(&self, out: &mut Writer<'_>) -> Result<(), NoRoom> {
        out.put(&[u8::try_from(self.len()).map_err(|_| NoRoom)?])?;
        self.iter().try_for_each(|element| element.write(out))
    }

    fn parse(input: &[u8]) -> Parsed<'_, Self> {
        let (mut input, count) = u8::parse(input)?;
        let mut list = Self::new();
        for _ in 0..count {
            let (rest, element) = T::parse(input)?;
            list.push(element)
                .map_err(|_| nom::Err::Failure(Malformed::TooLong))?;
            input = rest;
        }
        Ok((input, list))
    }
}

/// Reads a length in one byte, and so many bytes.
fn counted(input: &[u8]) -> Parsed<'_, &[u8]> {
    let (input, length) = u8::parse(input)?;
    take(length)(input)
}

/// Reads a text of any length.
#[cfg_attr(target_os = "none", inline(never))] // As `Writer::put`.
fn text(input: &[u8]) -> Parsed<'_, &str> {
    let (rest, bytes) = counted(input)?;
    match core::str::from_utf8(bytes) {
        Ok(text) => Ok((rest, text)),
        Err(_) => Err(nom::Err::Failure(Malformed::NotUtf8)),
    }
}

/// Reads `length` bytes as a structure of its own, ignoring what follows its last known field.
pub(crate) fn prefixed<'a, T>(
    input: &'a [u8],
    body: impl FnOnce(&'a [u8]) -> Parsed<'a, T>,
) -> Parsed<'a, T> {
    let (rest, inner) = counted(input)?;
    let (_appended_later, value) = body(inner)?;
    Ok((rest, value))
}

/// Reads a field that a later version appended: where nothing is left, the sender is older and its value is
/// `default`.
pub(crate) fn appended<T: Field>(input: &[u8], default: impl FnOnce() -> T) -> Parsed<'_, T> {
    if input.is_empty() {
        Ok((input, default()))
    } else {
        T::parse(input)
    }
}

/// Whether each field stands after those of the versions before its own, as what a reader skips or leaves
/// out must be the end.
pub(crate) const fn appended_in_order(fields: &[FieldSpec]) -> bool {
    let mut version = 1;
    let mut index = 0;
    while index < fields.len() {
        let since = match fields[index].appended {
            Some(Appended { since, .. }) if since < 2 => return false,
            Some(Appended { since, .. }) => since,
            None => 1,
        };
        if since < version {
            return false;
        }
        version = since;
        index += 1;
    }
    true
}

/// The cause of a failed parse.
pub(crate) fn cause(error: &nom::Err<Malformed>) -> Malformed {
    match error {
        nom::Err::Error(cause) | nom::Err::Failure(cause) => *cause,
        // Only streaming parsers ask for more.
        nom::Err::Incomplete(_) => Malformed::Short,
    }
}

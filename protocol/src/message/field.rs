//! How a value lies in a message: little-endian, in the order of definition, without padding.
//!
//! Reader and writer go on after a failure and tell of it at the end: so a field costs a call and a store, and a message no
//! branches, which a board has no flash for.

use heapless::string::StringView;
use heapless::vec::VecView;
use heapless::{String, Vec};

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

/// What reading came to: what is left, and the value.
pub type Parsed<'a, T> = Result<(&'a [u8], T), Malformed>;

/// Takes values from the front of bytes.
///
/// After a failure it hands out zeros, defaults and empty lists, which nobody gets to see: [`end`](Self::end) tells.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    failure: Option<Malformed>,
}

impl<'a> Reader<'a> {
    /// A reader at the beginning of `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            failure: None,
        }
    }

    /// The value and what is left, unless something was wrong.
    pub fn end<T>(self, value: T) -> Parsed<'a, T> {
        match self.failure {
            None => Ok((self.rest, value)),
            Some(failure) => Err(failure),
        }
    }

    /// What was wrong first.
    pub(crate) const fn failure(&self) -> Option<Malformed> {
        self.failure
    }

    /// Everything that is left.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The first failure counts. Nothing is left after it.
    #[cfg_attr(target_os = "none", inline(never))] // As `Writer::put`.
    pub(crate) fn fail(&mut self, failure: Malformed) {
        self.failure.get_or_insert(failure);
        self.rest = &[];
    }

    /// The next bytes; none if there are not so many.
    #[cfg_attr(target_os = "none", inline(never))] // As `Writer::put`.
    fn take(&mut self, count: usize) -> &'a [u8] {
        if let Some((taken, rest)) = self.rest.split_at_checked(count) {
            self.rest = rest;
            taken
        } else {
            self.fail(Malformed::Short);
            &[]
        }
    }

    /// The next bytes; zeros if there are not so many.
    fn array<const N: usize>(&mut self) -> [u8; N] {
        self.take(N).try_into().unwrap_or([0; N])
    }

    /// A length in one byte, and so many bytes.
    #[cfg_attr(target_os = "none", inline(never))] // As `Writer::put`.
    fn counted(&mut self) -> &'a [u8] {
        let count = u8::read(self);
        self.take(count.into())
    }

    /// Goes into a structure, which has its length in front; returns what [`leave`](Self::leave) needs.
    fn enter(&mut self) -> &'a [u8] {
        let inside = self.counted();
        core::mem::replace(&mut self.rest, inside)
    }

    /// Goes to the end of a structure, past what a newer version appended.
    fn leave(&mut self, after: &'a [u8]) {
        if self.failure.is_none() {
            self.rest = after;
        }
    }
}

/// The buffer given to a [`Writer`] is too small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[error("the buffer is too small for the message")]
pub struct NoRoom;

/// Appends values to a buffer of fixed size.
///
/// After something did not fit, it appends no more, and [`end`](Self::end) tells.
#[derive(Debug)]
pub struct Writer<'a> {
    buffer: &'a mut [u8],
    len: usize,
    full: bool,
}

impl<'a> Writer<'a> {
    /// A writer that starts at the beginning of `buffer`.
    pub fn new(buffer: &'a mut [u8]) -> Self {
        Self {
            buffer,
            len: 0,
            full: false,
        }
    }

    /// Number of bytes written.
    #[allow(clippy::len_without_is_empty)] // A count of progress, not a container.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether everything did fit.
    pub fn end(&self) -> Result<(), NoRoom> {
        if self.full { Err(NoRoom) } else { Ok(()) }
    }

    /// Appends `bytes`, or nothing when they do not fit.
    // Every field of every message calls it: on a board, flash is dearer than the call.
    #[cfg_attr(target_os = "none", inline(never))]
    pub fn put(&mut self, bytes: &[u8]) {
        let room = self.buffer.get_mut(self.len..).unwrap_or_default();
        match room.get_mut(..bytes.len()) {
            Some(place) if !self.full => {
                place.copy_from_slice(bytes);
                self.len += bytes.len();
            }
            _ => self.full = true,
        }
    }

    /// Makes room for the length of what follows; returns what [`close`](Self::close) needs.
    fn open(&mut self) -> usize {
        let prefix = self.len;
        self.put(&[0]);
        prefix
    }

    /// Fills in the length of what was appended since.
    #[cfg_attr(target_os = "none", inline(never))] // As `put`.
    fn close(&mut self, prefix: usize) {
        if self.full {
            return;
        }
        match (self.buffer.get_mut(prefix), u8::try_from(self.len - prefix - 1)) {
            (Some(place), Ok(length)) => *place = length,
            _ => self.full = true,
        }
    }
}

/// A value that can be a field of a message.
pub trait Field: Sized {
    /// The most bytes that a value takes.
    const MAX_LEN: usize;

    /// Appends the value.
    fn write(&self, out: &mut Writer<'_>);

    /// Takes a value.
    fn read(input: &mut Reader<'_>) -> Self;
}

macro_rules! number_fields {
    ($($ty:ident)*) => {$(
        impl Field for $ty {
            const MAX_LEN: usize = size_of::<$ty>();

            #[cfg_attr(target_os = "none", inline(never))] // As `Writer::put`.
            fn write(&self, out: &mut Writer<'_>) {
                out.put(&self.to_le_bytes());
            }

            #[cfg_attr(target_os = "none", inline(never))] // As `Writer::put`.
            fn read(input: &mut Reader<'_>) -> Self {
                Self::from_le_bytes(input.array())
            }
        }
    )*};
}

number_fields! { u8 u16 u32 u64 }

/// Two's complement.
impl Field for i16 {
    const MAX_LEN: usize = u16::MAX_LEN;

    fn write(&self, out: &mut Writer<'_>) {
        self.cast_unsigned().write(out);
    }

    fn read(input: &mut Reader<'_>) -> Self {
        u16::read(input).cast_signed()
    }
}

/// One byte: 0 is false, every other value true.
impl Field for bool {
    const MAX_LEN: usize = 1;

    fn write(&self, out: &mut Writer<'_>) {
        u8::from(*self).write(out);
    }

    fn read(input: &mut Reader<'_>) -> Self {
        u8::read(input) != 0
    }
}

/// Length in bytes (one byte), then UTF-8.
impl<const N: usize> Field for String<N> {
    const MAX_LEN: usize = 1 + N;

    fn write(&self, out: &mut Writer<'_>) {
        write_text(self, out);
    }

    fn read(input: &mut Reader<'_>) -> Self {
        let mut text = Self::new();
        read_text(text.as_mut_view(), input);
        text
    }
}

#[cfg_attr(target_os = "none", inline(never))] // As `Writer::put`.
fn read_text(text: &mut StringView, input: &mut Reader<'_>) {
    match core::str::from_utf8(input.counted()) {
        Ok(read) => {
            if text.push_str(read).is_err() {
                input.fail(Malformed::TooLong);
            }
        }
        Err(_) => input.fail(Malformed::NotUtf8),
    }
}

#[cfg_attr(target_os = "none", inline(never))] // As `Writer::put`.
fn write_text(text: &str, out: &mut Writer<'_>) {
    let prefix = out.open();
    out.put(text.as_bytes());
    out.close(prefix);
}

/// Number of elements (one byte), then the elements.
impl<T: Field, const N: usize> Field for Vec<T, N> {
    const MAX_LEN: usize = 1 + N * T::MAX_LEN;

    fn write(&self, out: &mut Writer<'_>) {
        write_list(self, out);
    }

    fn read(input: &mut Reader<'_>) -> Self {
        let mut list = Self::new();
        read_list(list.as_mut_view(), input);
        list
    }
}

#[cfg_attr(target_os = "none", inline(never))] // As `Writer::put`.
fn write_list<T: Field>(list: &[T], out: &mut Writer<'_>) {
    // A list is never longer than a body.
    (list.len() as u8).write(out);
    for element in list {
        element.write(out);
    }
}

/// Apart from the list's capacity, so that lists of the same type share it.
#[cfg_attr(target_os = "none", inline(never))] // As `Writer::put`.
fn read_list<T: Field>(list: &mut VecView<T>, input: &mut Reader<'_>) {
    let mut count = usize::from(u8::read(input));
    if count > list.capacity() {
        input.fail(Malformed::TooLong);
        count = 0;
    }
    for _ in 0..count {
        // There is room, as was seen to.
        let _ = list.push(T::read(input));
    }
}

/// Appends what `body` writes, preceded by its length in one byte.
pub(crate) fn write_prefixed(out: &mut Writer<'_>, body: impl FnOnce(&mut Writer<'_>)) {
    let prefix = out.open();
    body(out);
    out.close(prefix);
}

/// Takes a structure, which has its length in front, ignoring what follows its last known field.
pub(crate) fn read_prefixed<'a, T>(input: &mut Reader<'a>, fields: impl FnOnce(&mut Reader<'a>) -> T) -> T {
    let after = input.enter();
    let value = fields(input);
    input.leave(after);
    value
}

/// Takes a field that a later version appended: where nothing is left, the sender is older and its value is
/// `default`.
pub(crate) fn read_appended<T: Field>(input: &mut Reader<'_>, default: impl FnOnce() -> T) -> T {
    if input.rest.is_empty() {
        default()
    } else {
        T::read(input)
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

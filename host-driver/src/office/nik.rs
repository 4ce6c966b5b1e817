//! The 16-digit numbers of civil registration: NIK (a person) and KK (a family card).

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a text is not a NIK or a KK number.
///
/// Neither variant carries the text, because errors are logged and these numbers never are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Not exactly 16 characters.
    #[error("it has {found} characters instead of 16; compare it with the family card")]
    Length {
        /// How many characters there were.
        found: usize,
    },
    /// A character that is not a digit 0 to 9.
    #[error("character {position} is not a digit; compare it with the family card")]
    NotADigit {
        /// Position of the first such character, from 1.
        position: usize,
    },
}

fn check(text: &str) -> Result<(), NumberError> {
    if let Some(position) = text.chars().position(|c| !c.is_ascii_digit()) {
        return Err(NumberError::NotADigit {
            position: position + 1,
        });
    }
    if text.len() != DIGITS {
        return Err(NumberError::Length { found: text.len() });
    }
    Ok(())
}

/// Digits of a NIK and of a KK number.
const DIGITS: usize = 16;

macro_rules! sixteen_digits {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Takes a text of exactly 16 digits.
            ///
            /// # Errors
            /// [`NumberError`] when it is anything else. Nothing but the form is judged: a NIK is given once and stays,
            /// so its region and date parts need not agree with today's record.
            pub fn parse(text: &str) -> Result<Self, NumberError> {
                check(text).map(|()| Self(text.to_owned()))
            }

            /// The 16 digits. Not for logs.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NumberError;

            fn try_from(text: String) -> Result<Self, NumberError> {
                check(&text).map(|()| Self(text))
            }
        }

        impl From<$name> for String {
            fn from(number: $name) -> Self {
                number.0
            }
        }

        // Masked, so that a stray `{:?}` in a log or a test failure shows nobody's number.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(16 digits)"))
            }
        }
    };
}

sixteen_digits! {
    /// Nomor Induk Kependudukan: the number of a person. `Debug` does not show it.
    Nik
}

sixteen_digits! {
    /// Number of a Kartu Keluarga (family card). `Debug` does not show it.
    KkNumber
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_digits_are_a_nik() {
        assert_eq!(
            Nik::parse("1374025203900001").unwrap().as_str(),
            "1374025203900001"
        );
    }

    #[test]
    fn a_short_number_is_told_its_length() {
        assert_eq!(Nik::parse("13740252"), Err(NumberError::Length { found: 8 }));
    }

    #[test]
    fn a_letter_is_told_its_place() {
        assert_eq!(
            Nik::parse("1374O25203900001"),
            Err(NumberError::NotADigit { position: 5 })
        );
    }

    #[test]
    fn a_debug_print_shows_no_digit_of_the_number() {
        let shown = format!("{:?}", Nik::parse("1374025203900001").unwrap());
        assert!(!shown.contains("1374"), "{shown}");
    }
}

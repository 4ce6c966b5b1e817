//! The chip's own number.

use serde::{Serialize, Serializer};
use thiserror::Error;

/// Unique identifier of a contactless chip: 4, 7 or 10 bytes (ISO/IEC 14443-3 type A; the 4-byte PUPI for type B).
///
/// Shown and parsed as capital hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uid {
    length: u8,
    bytes: [u8; 10],
}

/// Not the identifier of an ISO/IEC 14443 chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a card UID has 4, 7 or 10 bytes")]
pub struct NotAUid;

impl Uid {
    /// The identifier's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl TryFrom<&[u8]> for Uid {
    type Error = NotAUid;

    fn try_from(uid: &[u8]) -> Result<Self, NotAUid> {
        if !matches!(uid.len(), 4 | 7 | 10) {
            return Err(NotAUid);
        }
        let mut bytes = [0; 10];
        bytes[..uid.len()].copy_from_slice(uid);
        Ok(Self {
            length: uid.len() as u8,
            bytes,
        })
    }
}

impl std::str::FromStr for Uid {
    type Err = NotAUid;

    fn from_str(text: &str) -> Result<Self, NotAUid> {
        let digits: Option<Vec<u8>> = text
            .chars()
            .map(|c| c.to_digit(16).map(|digit| digit as u8))
            .collect();
        let digits = digits.filter(|digits| digits.len() % 2 == 0).ok_or(NotAUid)?;
        let bytes: Vec<u8> = digits
            .chunks_exact(2)
            .map(|pair| pair[0] << 4 | pair[1])
            .collect();
        Self::try_from(bytes.as_slice())
    }
}

impl std::fmt::Display for Uid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_bytes()
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl std::fmt::Debug for Uid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Uid({self})")
    }
}

impl Serialize for Uid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_survives_text() {
        let uid: Uid = "04A1B2C3D4E5F6".parse().unwrap();
        assert_eq!(uid.as_bytes(), [0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6]);
        assert_eq!(uid.to_string(), "04A1B2C3D4E5F6");
    }

    #[test]
    fn other_lengths_and_letters_are_refused() {
        for text in ["", "04", "04A1B2C3D", "04A1B2C3D4", "04A1B2XX"] {
            assert_eq!(text.parse::<Uid>(), Err(NotAUid), "{text}");
        }
    }
}

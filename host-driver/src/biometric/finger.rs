//! Which finger.

use serde::{Deserialize, Serialize};

/// A finger, with the codes of ISO/IEC 19794-2:2005, table 2 ("Finger position codes").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum FingerPosition {
    /// Code 0: nobody said which finger.
    Unknown = 0,
    /// Code 1.
    RightThumb = 1,
    /// Code 2; with the left index finger one of the two on a KTP-el's chip.
    RightIndex = 2,
    /// Code 3.
    RightMiddle = 3,
    /// Code 4.
    RightRing = 4,
    /// Code 5.
    RightLittle = 5,
    /// Code 6.
    LeftThumb = 6,
    /// Code 7.
    LeftIndex = 7,
    /// Code 8.
    LeftMiddle = 8,
    /// Code 9.
    LeftRing = 9,
    /// Code 10.
    LeftLittle = 10,
}

impl FingerPosition {
    /// Every position, by code.
    pub const ALL: [Self; 11] = [
        Self::Unknown,
        Self::RightThumb,
        Self::RightIndex,
        Self::RightMiddle,
        Self::RightRing,
        Self::RightLittle,
        Self::LeftThumb,
        Self::LeftIndex,
        Self::LeftMiddle,
        Self::LeftRing,
        Self::LeftLittle,
    ];

    /// The code in a record, 0 to 10.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The finger of a record's code; `None` above 10.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standard() {
        for (code, finger) in FingerPosition::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(finger.code()), code);
            assert_eq!(FingerPosition::from_code(finger.code()), Some(finger));
        }
        assert_eq!(FingerPosition::from_code(11), None);
    }
}

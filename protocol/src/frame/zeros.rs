//! Where the zeros are, a word at a time.

/// Bytes of a word of this processor.
pub(super) const WORD: usize = size_of::<usize>();

/// 0x01 in every byte.
const ONES: usize = usize::MAX / 0xff;
/// The highest bit of every byte.
const HIGH: usize = ONES << 7;

/// The highest bit of each byte of `word` that is zero, and no other.
#[inline]
const fn marks(word: usize) -> usize {
    // The lower seven bits carry into the highest unless all of them are 0.
    !(((word & !HIGH) + !HIGH) | word) & HIGH
}

/// The places of zeros in a word, ascending.
pub(super) struct Zeros(usize);

impl Zeros {
    /// Those of a word, as its bytes follow each other.
    #[inline]
    pub(super) fn of(word: [u8; WORD]) -> Self {
        Self(marks(usize::from_le_bytes(word)))
    }

    /// Whether the whole word is zero.
    #[inline]
    pub(super) fn is_all(&self) -> bool {
        self.0 == HIGH
    }
}

impl Iterator for Zeros {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let place = self.0.trailing_zeros() as usize / 8;
        self.0 &= self.0 - 1;
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zero_of_a_word_is_found_and_nothing_else_is_taken_for_one() {
        for other in [1, 0x7f, 0x80, 0xff] {
            for pattern in 0..1_usize << WORD {
                let bytes: [u8; WORD] = core::array::from_fn(|place| ((pattern >> place) & 1) as u8 * other);
                let found = Zeros::of(bytes).fold(0, |found, place| found | 1 << place);
                assert_eq!(found, !pattern & ((1 << WORD) - 1));
                assert_eq!(Zeros::of(bytes).is_all(), pattern == 0);
            }
        }
    }
}

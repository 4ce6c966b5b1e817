//! The fuzzer's bytes as a program of choices.

use arbitrary::Unstructured;

/// Choices, one after the other; when the bytes are over, every choice is the first.
pub(crate) struct Program<'a>(Unstructured<'a>);

impl<'a> Program<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(Unstructured::new(bytes))
    }

    pub(crate) fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.0.arbitrary().unwrap_or_default()
    }

    pub(crate) fn word(&mut self) -> u16 {
        self.0.arbitrary().unwrap_or_default()
    }

    pub(crate) fn long(&mut self) -> u32 {
        self.0.arbitrary().unwrap_or_default()
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// One of `count` choices.
    pub(crate) fn below(&mut self, count: u8) -> u8 {
        self.byte() % count
    }

    /// One of these.
    pub(crate) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::from(self.byte()) % choices.len()]
    }

    /// The next bytes, as many as are left but not more than `most`.
    pub(crate) fn bytes(&mut self, most: usize) -> &'a [u8] {
        let count = most.min(self.0.len());
        self.0.bytes(count).unwrap_or_default()
    }

    /// A number that is likely to be near `centre`, and may be any.
    pub(crate) fn near(&mut self, centre: u32) -> u32 {
        let byte = self.byte();
        let zigzag = |bits: u8| (i32::from(bits >> 1)) ^ -(i32::from(bits & 1));
        match byte {
            0..=127 => centre.wrapping_add_signed(zigzag(byte)),
            128..=223 => centre.wrapping_add_signed(zigzag(byte - 128) * 37),
            224..=253 => u32::from(byte - 224),
            _ => self.long(),
        }
    }
}

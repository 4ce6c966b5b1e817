//! What a program is told.

/// Options or parameters of a program, and the lines for which somebody who knows the program would choose them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Setting {
    /// As the program's module reads it, and as it is shown.
    pub(super) text: &'static str,
    /// Bit error rates.
    rates: &'static [f64],
}

impl Setting {
    /// A setting for lines of these bit error rates.
    pub(super) const fn new(text: &'static str, rates: &'static [f64]) -> Self {
        Self { text, rates }
    }

    /// Whether it is a choice for a line.
    pub(super) fn is_for(&self, bit_error_rate: f64) -> bool {
        self.rates.contains(&bit_error_rate)
    }
}

//! What to tell the operator when a finger cannot be judged.

/// One sentence for the operator: what is wrong and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advice {
    /// In Indonesian.
    pub id: &'static str,
    /// In English.
    pub en: &'static str,
}

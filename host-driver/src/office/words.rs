//! A text in the two languages of the office.

use serde::{Deserialize, Serialize};

/// The same text in Indonesian and in English.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Words {
    /// In Indonesian.
    pub id: String,
    /// In English.
    pub en: String,
}

impl Words {
    /// From both languages.
    pub fn new(id: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            en: en.into(),
        }
    }

    /// A technical message that exists in English only.
    pub fn technical(message: &(impl ToString + ?Sized)) -> Self {
        let text = message.to_string();
        Self {
            id: text.clone(),
            en: text,
        }
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.id.is_empty() && self.en.is_empty()
    }
}

impl From<crate::biometric::Advice> for Words {
    fn from(advice: crate::biometric::Advice) -> Self {
        Self::new(advice.id, advice.en)
    }
}

impl From<crate::printer::Advice> for Words {
    fn from(advice: crate::printer::Advice) -> Self {
        Self::new(advice.id, advice.en)
    }
}

//! Status words: how a card ends every reply (ISO/IEC 7816-4:2020, section 5.6).

/// The two status bytes SW1-SW2 at the end of a reply.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct StatusWord(pub u16);

/// The one table of status words: name, value, meaning.
macro_rules! status_words {
    ($($name:ident = $value:literal, $meaning:literal;)*) => {
        impl StatusWord {
            $(#[doc = concat!("`", stringify!($value), "`: ", $meaning, ".")]
            pub const $name: Self = Self($value);)*

            /// Every status word that has a name, in the order of the table.
            pub const NAMED: &'static [Self] = &[$(Self::$name),*];

            /// What the card says with it, as a phrase for a message.
            pub const fn meaning(self) -> &'static str {
                match self.0 {
                    $($value => $meaning,)*
                    0x6100..=0x61FF => "more reply bytes are waiting",
                    0x6200..=0x62FF => "warning, nothing changed",
                    0x63C0..=0x63CF => "wrong, with a number of tries left",
                    0x6300..=0x63FF => "warning, something changed",
                    0x6400..=0x64FF => "execution error, nothing changed",
                    0x6500..=0x65FF => "execution error, something changed",
                    0x6600..=0x66FF => "security error",
                    0x6800..=0x68FF => "the class byte asks for something the card cannot do",
                    0x6900..=0x69FF => "command not allowed",
                    0x6A00..=0x6AFF => "wrong parameters",
                    0x6C00..=0x6CFF => "wrong expected length, the right one follows",
                    _ => "not a status of ISO 7816-4",
                }
            }
        }
    };
}

status_words! {
    OK = 0x9000, "done";
    CORRUPTED = 0x6281, "part of the returned data may be corrupted";
    END_OF_FILE = 0x6282, "the file ended before the expected length";
    FILE_DEACTIVATED = 0x6283, "the selected file is deactivated";
    FILE_TERMINATED = 0x6285, "the selected file is terminated";
    MEMORY_FAILURE = 0x6581, "the card's memory failed while writing";
    WRONG_LENGTH = 0x6700, "wrong length";
    SECURITY_STATUS = 0x6982, "security status not satisfied";
    AUTHENTICATION_BLOCKED = 0x6983, "authentication method blocked";
    CONDITIONS = 0x6985, "conditions of use not satisfied";
    NO_CURRENT_FILE = 0x6986, "command not allowed: no file is selected";
    SM_OBJECT_MISSING = 0x6987, "a secure messaging object is missing";
    SM_OBJECT_WRONG = 0x6988, "a secure messaging object is wrong";
    WRONG_DATA = 0x6A80, "wrong command data";
    NOT_SUPPORTED = 0x6A81, "function not supported";
    FILE_NOT_FOUND = 0x6A82, "file or application not found";
    NO_SPACE = 0x6A84, "not enough memory in the file";
    WRONG_PARAMETERS = 0x6A86, "wrong parameters P1-P2";
    DATA_NOT_FOUND = 0x6A88, "referenced data not found";
    WRONG_OFFSET = 0x6B00, "offset outside the file";
    UNKNOWN_INSTRUCTION = 0x6D00, "instruction not supported";
    UNKNOWN_CLASS = 0x6E00, "class not supported";
}

impl StatusWord {
    /// Splits a reply into its data and its status word.
    ///
    /// Returns `None` when there are not even two bytes, which no card may send.
    pub fn split(reply: &[u8]) -> Option<(&[u8], Self)> {
        let (data, status) = reply.split_last_chunk::<2>()?;
        Some((data, Self(u16::from_be_bytes(*status))))
    }

    /// The two bytes in the order in which they travel.
    pub const fn to_bytes(self) -> [u8; 2] {
        self.0.to_be_bytes()
    }

    /// Whether the command was done without a warning.
    pub const fn is_ok(self) -> bool {
        self.0 == Self::OK.0
    }

    /// With `61xx`: how many more reply bytes GET RESPONSE can fetch, 1 to 256 (`6100` means 256 or more).
    pub const fn bytes_waiting(self) -> Option<usize> {
        match self.0 {
            0x6100 => Some(256),
            0x6101..=0x61FF => Some((self.0 & 0xFF) as usize),
            _ => None,
        }
    }

    /// With `6Cxx`: the expected length the card would accept, 1 to 256.
    pub const fn right_length(self) -> Option<usize> {
        match self.0 {
            0x6C00 => Some(256),
            0x6C01..=0x6CFF => Some((self.0 & 0xFF) as usize),
            _ => None,
        }
    }

    /// With `63Cx`: tries left, 0 to 15.
    pub const fn tries_left(self) -> Option<u8> {
        match self.0 {
            0x63C0..=0x63CF => Some((self.0 & 0x0F) as u8),
            _ => None,
        }
    }
}

impl std::fmt::Display for StatusWord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04X} ({})", self.0, self.meaning())
    }
}

impl std::fmt::Debug for StatusWord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StatusWord({:04X})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_splits_into_data_and_status() {
        assert_eq!(
            StatusWord::split(&[1, 2, 0x90, 0x00]),
            Some((&[1, 2][..], StatusWord::OK))
        );
        assert_eq!(
            StatusWord::split(&[0x6A, 0x82]),
            Some((&[][..], StatusWord::FILE_NOT_FOUND))
        );
        assert_eq!(StatusWord::split(&[0x90]), None);
    }

    #[test]
    fn a_count_of_00_means_256() {
        assert_eq!(StatusWord(0x6100).bytes_waiting(), Some(256));
        assert_eq!(StatusWord(0x61FE).bytes_waiting(), Some(254));
        assert_eq!(StatusWord(0x6C00).right_length(), Some(256));
        assert_eq!(StatusWord(0x6C35).right_length(), Some(0x35));
        assert_eq!(StatusWord::OK.bytes_waiting(), None);
        assert_eq!(StatusWord(0x63C4).tries_left(), Some(4));
    }

    #[test]
    fn messages_carry_number_and_meaning() {
        let shown = StatusWord::CONDITIONS.to_string();
        assert_eq!(shown, "6985 (conditions of use not satisfied)");
        assert_eq!(
            StatusWord(0x1234).to_string(),
            "1234 (not a status of ISO 7816-4)"
        );
    }
}

//! What the bytes of text mean.

/// Characters 80 to FF of code page 437, the one that every ESC/POS printer starts with.
const CP437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
                     └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// Characters 80 to 9F of Windows 1252; A0 to FF are those of Latin-1.
const WINDOWS_1252: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";

/// Code page that `ESC t` selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum CodePage {
    /// Number 0.
    #[default]
    Cp437,
    /// Number 16.
    Windows1252,
}

impl CodePage {
    /// The page with this number; the others are not in this printer.
    pub(super) fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Cp437),
            16 => Some(Self::Windows1252),
            _ => None,
        }
    }

    /// Decodes a run of text.
    ///
    /// Many printers of today take UTF-8 as it comes. A run that is valid UTF-8 with letters beyond ASCII is hardly
    /// ever meant otherwise, so it is taken for UTF-8.
    pub(super) fn decode(self, run: &[u8]) -> String {
        if let Ok(text) = std::str::from_utf8(run) {
            return text.to_owned();
        }
        run.iter().map(|&byte| self.character(byte)).collect()
    }

    fn character(self, byte: u8) -> char {
        let high = match (self, byte) {
            (_, ..0x80) => None,
            (Self::Cp437, _) => CP437.chars().nth(usize::from(byte - 0x80)),
            (Self::Windows1252, 0x80..0xa0) => WINDOWS_1252.chars().nth(usize::from(byte - 0x80)),
            (Self::Windows1252, _) => None,
        };
        high.unwrap_or(char::from(byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_pages_are_complete() {
        assert_eq!(CP437.chars().count(), 128);
        assert_eq!(WINDOWS_1252.chars().count(), 32);
    }

    #[test]
    fn a_run_is_utf8_if_it_can_be_and_the_code_page_otherwise() {
        assert_eq!(CodePage::Cp437.decode("Antréan".as_bytes()), "Antréan");
        assert_eq!(CodePage::Cp437.decode(b"Antr\x82an"), "Antréan");
        assert_eq!(CodePage::Windows1252.decode(b"Antr\xe9an"), "Antréan");
    }
}

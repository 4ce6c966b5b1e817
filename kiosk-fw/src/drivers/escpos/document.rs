//! Composing a ticket from ESC/POS commands.

use heapless::Vec;

/// Dots of a character of font A, across.
pub const CHARACTER_DOTS: usize = 12;

/// Width of the roll. At 203 dpi (8 dots a millimetre), 5 mm at both edges of 58 mm and 4 mm of 80 mm cannot be printed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Roll {
    /// 58 mm.
    #[default]
    Mm58,
    /// 80 mm.
    Mm80,
}

impl Roll {
    /// The roll of so many millimetres: 80, or else the narrow one, on which everything fits.
    pub const fn of_millimetres(width: u8) -> Self {
        if width == 80 { Self::Mm80 } else { Self::Mm58 }
    }

    /// Dots across.
    pub const fn dots(self) -> usize {
        match self {
            Self::Mm58 => 384,
            Self::Mm80 => 576,
        }
    }

    /// Characters of font A in a line of normal size.
    pub const fn columns(self) -> usize {
        self.dots() / CHARACTER_DOTS
    }
}

/// Where a line stands on the paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// At the left edge.
    Left,
    /// In the middle.
    Center,
}

/// A document being composed, in up to `N` bytes. What does not fit is left out and remembered: see [`Document::finish`].
#[derive(Clone, Debug)]
pub struct Document<const N: usize> {
    bytes: Vec<u8, N>,
    overflow: bool,
}

impl<const N: usize> Document<N> {
    /// An empty document that has begun.
    pub fn new() -> Self {
        let mut document = Self {
            bytes: Vec::new(),
            overflow: false,
        };
        document.begin();
        document
    }

    /// Forgets what it holds and starts with `ESC @`, which makes the printer forget whatever the one before left behind.
    pub fn begin(&mut self) -> &mut Self {
        self.bytes.clear();
        self.overflow = false;
        self.raw(&[0x1B, b'@']);
        self
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.overflow |= self.bytes.extend_from_slice(bytes).is_err();
    }

    /// `ESC a`: where the following lines stand.
    pub fn align(&mut self, align: Align) -> &mut Self {
        self.raw(&[
            0x1B,
            b'a',
            match align {
                Align::Left => 0,
                Align::Center => 1,
            },
        ]);
        self
    }

    /// `ESC E`: bold on or off.
    pub fn bold(&mut self, on: bool) -> &mut Self {
        self.raw(&[0x1B, b'E', u8::from(on)]);
        self
    }

    /// `GS !`: characters `width` times as wide and `height` times as high, both 1 to 8.
    pub fn size(&mut self, width: u8, height: u8) -> &mut Self {
        let (width, height) = (width.clamp(1, 8) - 1, height.clamp(1, 8) - 1);
        self.raw(&[0x1D, b'!', width << 4 | height]);
        self
    }

    /// Prints `text` and ends the line, breaking at spaces where a line of `columns` characters is full.
    ///
    /// Characters outside ASCII become `?`: what a printer's code page makes of them cannot be known.
    pub fn line(&mut self, text: &str, columns: usize) -> &mut Self {
        self.lines(text, columns, b"", b"")
    }

    /// As [`line`](Self::line) for an entry of a list: the first line begins with a hyphen, the others stand under its text.
    pub fn item(&mut self, text: &str, columns: usize) -> &mut Self {
        self.lines(text, columns.saturating_sub(2), b"- ", b"  ")
    }

    fn lines(&mut self, text: &str, columns: usize, first: &[u8], others: &[u8]) -> &mut Self {
        let mut rest = text.trim_ascii();
        let mut before = first;
        loop {
            // Checked, though it always is the boundary of a character: the words of the panic would take four kilobytes of flash.
            let end = break_at(rest, columns.max(1));
            let (line, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
            self.raw(before);
            before = others;
            self.characters(line.trim_ascii_end());
            self.raw(b"\n");
            rest = tail.trim_ascii_start();
            if rest.is_empty() {
                return self;
            }
        }
    }

    fn characters(&mut self, text: &str) {
        for character in text.chars() {
            let byte = u8::try_from(character)
                .ok()
                .filter(|byte| matches!(byte, b' '..=b'~'))
                .unwrap_or(b'?');
            self.raw(&[byte]);
        }
    }

    /// `ESC d`: leaves `lines` lines empty.
    pub fn feed(&mut self, lines: u8) -> &mut Self {
        self.raw(&[0x1B, b'd', lines]);
        self
    }

    /// `GS ( k`: prints `content` as a QR code, model 2, error correction M, `dots` (1 to 16) dots a module.
    pub fn qr(&mut self, content: &str, dots: u8) -> &mut Self {
        // cn = 49 ('1') is QR; fn: 65 model, 67 module size, 69 error correction, 80 store, 81 print.
        self.raw(&[0x1D, b'(', b'k', 4, 0, 49, 65, 50, 0]);
        self.raw(&[0x1D, b'(', b'k', 3, 0, 49, 67, dots.clamp(1, 16)]);
        self.raw(&[0x1D, b'(', b'k', 3, 0, 49, 69, 49]);
        let length = (content.len() + 3) as u16;
        let [low, high] = length.to_le_bytes();
        self.raw(&[0x1D, b'(', b'k', low, high, 49, 80, 48]);
        self.raw(content.as_bytes());
        self.raw(&[0x1D, b'(', b'k', 3, 0, 49, 81, 48]);
        self
    }

    /// `GS V 66`: feeds to the cutter and `dots` more, and cuts all but one point.
    pub fn cut(&mut self, dots: u8) -> &mut Self {
        self.raw(&[0x1D, b'V', 66, dots]);
        self
    }

    /// The bytes for the printer.
    ///
    /// # Errors
    ///
    /// [`TooLong`] if something was left out: half a ticket must not be printed.
    pub fn finish(&self) -> Result<&[u8], TooLong> {
        if self.overflow {
            Err(TooLong)
        } else {
            Ok(&self.bytes)
        }
    }
}

impl<const N: usize> Default for Document<N> {
    fn default() -> Self {
        Self::new()
    }
}

/// The document has more bytes than its buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// Where to end a line of at most `columns` characters: at the last space that fits, else in the middle of a word.
fn break_at(text: &str, columns: usize) -> usize {
    let Some((limit, next)) = text.char_indices().nth(columns) else {
        return text.len();
    };
    if next == ' ' {
        return limit;
    }
    let line = text.get(..limit).unwrap_or(text);
    let spaces = line.char_indices().filter(|(_, character)| *character == ' ');
    let last = spaces.map(|(at, _)| at).next_back();
    last.filter(|space| *space > 0).unwrap_or(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &str, columns: usize) -> String {
        let mut document = Document::<256>::new();
        document.line(text, columns);
        String::from_utf8(document.finish().unwrap()[2..].to_vec()).unwrap()
    }

    #[test]
    fn lines_break_at_spaces_and_long_words_in_the_middle() {
        assert_eq!(
            printed("Dinas Kependudukan dan Pencatatan", 20),
            "Dinas Kependudukan\ndan Pencatatan\n"
        );
        assert_eq!(printed("abcdefgh", 3), "abc\ndef\ngh\n");
        assert_eq!(printed("abc def", 3), "abc\ndef\n");
        assert_eq!(printed("", 3), "\n");
    }

    #[test]
    fn an_entry_of_a_list_stands_behind_its_hyphen() {
        let mut document = Document::<64>::new();
        document.item("KTP lama dan fotokopinya", 14);
        assert_eq!(
            document.finish().unwrap()[2..],
            *b"- KTP lama dan\n  fotokopinya\n"
        );
    }

    #[test]
    fn a_document_that_begins_anew_holds_nothing_of_the_one_before() {
        let mut document = Document::<8>::new();
        document.line("too much for it", 32).begin().line("fits", 32);
        assert_eq!(document.finish().unwrap(), b"\x1b@fits\n");
    }

    #[test]
    fn characters_that_code_pages_disagree_on_become_question_marks() {
        assert_eq!(printed("caf\u{e9} \u{1b}", 32), "caf? ?\n");
    }

    #[test]
    fn a_qr_code_carries_its_length_and_its_content() {
        let mut document = Document::<64>::new();
        document.qr("LOKET", 6);
        let bytes = document.finish().unwrap();
        let store = [0x1D, b'(', b'k', 8, 0, 49, 80, 48, b'L', b'O', b'K', b'E', b'T'];
        assert!(bytes.windows(store.len()).any(|part| part == store));
    }

    #[test]
    fn a_document_that_does_not_fit_is_not_printed_in_part() {
        let mut document = Document::<8>::new();
        document.line("too much for it", 32);
        assert_eq!(document.finish(), Err(TooLong));
    }
}

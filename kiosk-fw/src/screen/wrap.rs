//! Breaking words into lines.

use heapless::Vec;

use super::font::{self, Font};

/// The most lines that the panel has room for in a readable font.
pub(crate) const MOST_LINES: usize = 4;
/// Lines of one text.
pub(crate) type Lines<'a> = Vec<&'a str, MOST_LINES>;

/// Rows from one baseline to the next: descenders, and a row of air.
pub(crate) const fn pitch(font: Font) -> i32 {
    font.capital_height + font.capital_height / 4 + 1
}

/// `text` in the largest font of [`font::READABLE`] in which it takes at most `lines` lines of at most `width` pixels and `height` rows,
/// words kept whole; if there is none, in the narrowest with words broken where the line ends.
pub(crate) fn readable(text: &str, width: i32, height: i32, lines: usize) -> (Font, Lines<'_>) {
    font::READABLE
        .iter()
        .find_map(|font| {
            let broken = whole_words(text, *font, width)?;
            let fits = broken.len() <= lines && block_height(*font, broken.len()) <= height;
            fits.then_some((*font, broken))
        })
        .unwrap_or_else(|| (font::LIGHT, anywhere(text, font::LIGHT, width)))
}

/// The same in the smallest readable font: no room is wasted on large letters.
pub(crate) fn readable_small(text: &str, width: i32, lines: usize) -> (Font, Lines<'_>) {
    let small = |lines| readable(text, width, block_height(font::TINY, lines), lines);
    let one = small(1);
    if one.1.len() == 1 { one } else { small(lines) }
}

/// Rows of so many lines, from the top of the first capital to the lowest descender of the last.
pub(crate) fn block_height(font: Font, lines: usize) -> i32 {
    pitch(font) * lines as i32
}

/// Lines of whole words; `None` if a word is too wide or the lines are too many.
fn whole_words(text: &str, font: Font, width: i32) -> Option<Lines<'_>> {
    let fits = |text: &str, end| text.get(..end).is_some_and(|line| font.width(line) <= width);
    let mut lines = Lines::new();
    let mut rest = text.trim_ascii();
    while !rest.is_empty() {
        let end = rest
            .char_indices()
            .filter_map(|(at, character)| (character == ' ').then_some(at))
            .chain([rest.len()])
            .take_while(|end| fits(rest, *end))
            .last()?;
        let (line, tail) = rest.split_at_checked(end)?;
        lines.push(line).ok()?;
        rest = tail.trim_ascii_start();
    }
    Some(lines)
}

/// Lines as full as they can be. What does not fit in the last is left out: more than 36 of the widest letters.
fn anywhere(text: &str, font: Font, width: i32) -> Lines<'_> {
    let fits = |text: &str, end| text.get(..end).is_some_and(|line| font.width(line) <= width);
    let mut lines = Lines::new();
    let mut rest = text.trim_ascii();
    while !rest.is_empty() {
        let end = rest
            .char_indices()
            .map(|(at, character)| at + character.len_utf8())
            .take_while(|end| fits(rest, *end))
            .last()
            .unwrap_or(rest.len());
        let Some((line, tail)) = rest.split_at_checked(end) else {
            break;
        };
        if lines.push(line).is_err() {
            break;
        }
        rest = tail.trim_ascii_start();
    }
    lines
}

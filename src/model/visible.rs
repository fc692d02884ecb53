//! Makes text from outside safe to display, and finds invisible characters.

mod ignorable;
mod ordinary;

use std::fmt::{self, Write};

use ignorable::is_ignorable;
use ordinary::is_ordinary;

/// Displays text on one line, with control and invisible characters escaped, so that it can neither move the cursor nor
/// reorder the text beside it.
#[derive(Debug, Clone, Copy)]
pub struct Visible<T>(pub T);

impl<T: AsRef<str>> fmt::Display for Visible<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escaped(f, self.0.as_ref(), |_, _| false)
    }
}

/// Displays the text of a file: like [`Visible`], but with its tabs and line ends.
#[derive(Debug, Clone, Copy)]
pub struct VisibleText<T>(pub T);

impl<T: AsRef<str>> fmt::Display for VisibleText<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.as_ref();
        escaped(f, text, |at, character| match character {
            '\n' | '\t' => true,
            '\r' => text.as_bytes().get(at + 1) == Some(&b'\n'),
            _ => false,
        })
    }
}

fn escaped(f: &mut fmt::Formatter<'_>, text: &str, keeps: impl Fn(usize, char) -> bool) -> fmt::Result {
    for (at, character) in text.char_indices() {
        if is_visible(character) || is_ordinary(text, at, character) || keeps(at, character) {
            f.write_char(character)?;
        } else {
            write!(f, "{}", character.escape_default())?;
        }
    }
    Ok(())
}

/// Whether a character is safe to display: it has a glyph, is not a control character, and does not end a line.
#[must_use]
pub fn is_visible(character: char) -> bool {
    !(character.is_control() || is_ignorable(character) || matches!(character, '\u{2028}' | '\u{2029}'))
}

/// A character that a human reviewer does not see, but an agent reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HiddenCharacter {
    /// The line, from 1; a lone carriage return ends one too.
    pub line: usize,
    /// The character.
    pub character: char,
}

/// Finds control characters, separators of lines and paragraphs, and characters without a glyph. A carriage return
/// counts unless a line feed follows: a terminal would overwrite the text before it. Ordinary uses are not reported: a
/// byte order mark at the start, U+FE0F after an emoji, joiners in emoji and in scripts that need them, and the tags of
/// a flag.
#[must_use]
pub fn hidden_characters(text: &str) -> Vec<HiddenCharacter> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let (mut line, mut counted) = (1, 0);
    for (index, chunk) in bytes.chunks(CHUNK).enumerate() {
        if !any_may_hide(chunk) {
            continue; // nearly all chunks of nearly all files
        }
        for (offset, _) in chunk.iter().enumerate().filter(|&(_, &byte)| may_hide(byte)) {
            let at = index * CHUNK + offset;
            if let Some(character) = hidden_at(text, at) {
                line += bytes[counted..at].iter().map(|&byte| usize::from(byte == b'\n')).sum::<usize>();
                counted = at;
                found.push(HiddenCharacter { line, character });
                line += usize::from(character == '\r');
            }
        }
    }
    found
}

/// Number of bytes to test at once.
const CHUNK: usize = 64;

/// A build for size makes no vector instructions of comparisons: byte by byte, they take five times as long as eight bytes at once
/// and then this table.
const MAY_HIDE: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = u8::MIN;
    while byte < u8::MAX {
        // the last one does not occur in UTF-8
        table[byte as usize] = may_hide(byte);
        byte += 1;
    }
    table
};

fn any_may_hide(chunk: &[u8]) -> bool {
    let (eights, rest) = chunk.as_chunks();
    let any = |bytes: &[u8]| bytes.iter().any(|&it| MAY_HIDE[usize::from(it)]);
    eights.iter().any(|it| !are_printable(*it) && any(it)) || any(rest)
}

/// Whether all bytes are printable ASCII. A byte that is not has its highest bit set in one of three words, and only such a byte
/// borrows from its neighbour or carries to it.
const fn are_printable(bytes: [u8; 8]) -> bool {
    const EACH: u64 = u64::from_ne_bytes([1; 8]);
    let bytes = u64::from_ne_bytes(bytes);
    let controls = bytes.wrapping_sub(EACH * 0x20);
    let deletes = bytes.wrapping_add(EACH);
    (bytes | controls | deletes) & (EACH * 0x80) == 0
}

/// Whether a hidden character may start with this byte: control characters, and the first bytes of the others.
const fn may_hide(byte: u8) -> bool {
    let control = byte < 0x20 && !matches!(byte, b'\t' | b'\n');
    control | matches!(byte, 0x7f | 0xc2 | 0xcd | 0xd8 | 0xe1 | 0xe2 | 0xe3 | 0xef | 0xf0 | 0xf3)
}

/// The hidden character that starts at this byte.
fn hidden_at(text: &str, at: usize) -> Option<char> {
    let character = text.get(at..)?.chars().next()?;
    if character == '\r' {
        return (text.as_bytes().get(at + 1) != Some(&b'\n')).then_some(character);
    }
    (!is_visible(character) && !is_ordinary(text, at, character)).then_some(character)
}

#[cfg(test)]
mod tests {
    use super::{Visible, VisibleText, hidden_characters};

    #[test]
    fn escapes_characters_that_move_the_cursor() {
        assert_eq!(Visible("a\u{1b}[2J\n\u{202e}b é").to_string(), "a\\u{1b}[2J\\n\\u{202e}b é");
    }

    #[test]
    fn the_text_of_a_file_keeps_its_lines_and_tabs() {
        let text = "\u{feff}# a\tb\r\n\n\u{26a0}\u{fe0f} c\n";
        assert_eq!(VisibleText(text).to_string(), text);
        let hidden = VisibleText("a\rb\u{1b}[2J\u{9b}\n\u{202e}c\u{200b}\u{2028}\r").to_string();
        assert_eq!(hidden, "a\\rb\\u{1b}[2J\\u{9b}\n\\u{202e}c\\u{200b}\\u{2028}\\r");
    }

    fn found(text: &str) -> Vec<(usize, char)> {
        hidden_characters(text).iter().map(|it| (it.line, it.character)).collect()
    }

    #[test]
    fn finds_tags_bidi_and_controls() {
        assert_eq!(found("\u{feff}plain\ttext\r\nnext"), []);
        let expected = [(2, '\u{200b}'), (2, '\u{e0041}'), (2, '\u{202e}'), (2, '\u{0}'), (2, '\u{feff}')];
        assert_eq!(found("ok\na\u{200b}b \u{e0041} \u{202e}\u{0}\u{feff}"), expected);
    }

    #[test]
    fn a_lone_carriage_return_is_hidden_and_ends_a_line() {
        assert_eq!(found("a\rb\u{200b}\r\nc\r\r\n\u{200b}"), [(1, '\r'), (2, '\u{200b}'), (3, '\r'), (5, '\u{200b}')]);
        assert_eq!(found("end\r"), [(1, '\r')]);
        assert_eq!(found("a\u{2028}b\u{2029}\n\u{2028}"), [(1, '\u{2028}'), (1, '\u{2029}'), (2, '\u{2028}')]);
    }

    #[test]
    fn every_hidden_character_is_found_wherever_it_stands() {
        for character in (char::MIN..=char::MAX).filter(|&it| !super::is_visible(it)) {
            let known = matches!(character, '\t' | '\n');
            for before in [1, 7, 8, 63, 64, 65, 100] {
                let text = format!("{}{character}b", "a".repeat(before));
                assert_eq!(hidden_characters(&text).len(), usize::from(!known), "{character:?} after {before}");
            }
        }
    }
}

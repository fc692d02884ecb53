//! Text from outside, made safe to look at, and the characters that a reader would not see.

use std::fmt::{self, Write};

/// Displays text on one line with control and invisible characters escaped, so that a name or a message from outside can
/// neither move the cursor nor reorder what stands beside it.
#[derive(Debug, Clone, Copy)]
pub struct Visible<T>(pub T);

impl<T: AsRef<str>> fmt::Display for Visible<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.as_ref().chars() {
            if is_visible(character) {
                f.write_char(character)?;
            } else {
                write!(f, "{}", character.escape_default())?;
            }
        }
        Ok(())
    }
}

/// Whether a reader sees the character and nothing else happens: it is no control, has a shape, and ends no line.
#[must_use]
pub fn is_visible(character: char) -> bool {
    !(character.is_control() || is_hidden(character) || matches!(character, '\u{2028}' | '\u{2029}'))
}

/// A character in a skill that a person who reviews it does not see, but an agent reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HiddenCharacter {
    /// The line, from 1.
    pub line: usize,
    /// The character.
    pub character: char,
}

/// Finds tag, zero-width, bidirectional and control characters. The joiners that emoji and some scripts need (U+200C, U+200D
/// between other characters) and a byte order mark at the very start are not reported.
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
            }
        }
    }
    found
}

/// How many bytes are looked at together.
const CHUNK: usize = 64;

/// A build for size makes no vector instructions of comparisons: then this table takes a tenth of their time, eight bytes at once.
const MAY_HIDE: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = u8::MIN;
    while byte < u8::MAX {
        // the last is in no text
        table[byte as usize] = may_hide(byte);
        byte += 1;
    }
    table
};

fn any_may_hide(chunk: &[u8]) -> bool {
    let (eights, rest) = chunk.as_chunks();
    let hides = |byte: u8| MAY_HIDE[usize::from(byte)];
    let any = |[a, b, c, d, e, f, g, h]: [u8; 8]| {
        hides(a) | hides(b) | hides(c) | hides(d) | hides(e) | hides(f) | hides(g) | hides(h)
    };
    eights.iter().any(|&it| any(it)) || rest.iter().any(|&it| hides(it))
}

/// Whether a hidden character may start with this byte: control characters, and the first bytes of what [`is_hidden`] lists.
const fn may_hide(byte: u8) -> bool {
    let control = byte < 0x20 && !matches!(byte, b'\t' | b'\r' | b'\n');
    control | matches!(byte, 0x7f | 0xc2 | 0xd8 | 0xe1 | 0xe2 | 0xef | 0xf3)
}

/// The hidden character that starts at this byte.
fn hidden_at(text: &str, at: usize) -> Option<char> {
    let character = text.get(at..)?.chars().next()?;
    if character.is_control() {
        return Some(character);
    }
    let mark = character == '\u{feff}' && at == 0;
    if !is_hidden(character) || mark {
        return None;
    }
    let joins = |neighbour: Option<char>| neighbour.is_some_and(|it| !it.is_ascii() && !is_hidden(it));
    let after = at + character.len_utf8();
    let joiner = matches!(character, '\u{200c}' | '\u{200d}')
        && joins(text[..at].chars().next_back())
        && joins(text[after..].chars().next());
    (!joiner).then_some(character)
}

/// Characters without a shape of their own (Unicode: default-ignorable and bidirectional controls, and tags).
fn is_hidden(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e01ef}'
    )
}

#[cfg(test)]
mod tests {
    use super::{Visible, hidden_characters};

    #[test]
    fn escapes_what_moves_the_cursor() {
        assert_eq!(Visible("a\u{1b}[2J\n\u{202e}b é").to_string(), "a\\u{1b}[2J\\n\\u{202e}b é");
    }

    #[test]
    fn finds_tags_bidi_and_controls_but_not_emoji_joiners() {
        assert!(hidden_characters("\u{feff}plain\ttext\r\nfamily 👨\u{200d}👩\u{200d}👧").is_empty());
        let found: Vec<_> = hidden_characters("ok\na\u{200b}b \u{e0041} \u{202e}\u{0}")
            .iter()
            .map(|it| (it.line, it.character))
            .collect();
        assert_eq!(found, [(2, '\u{200b}'), (2, '\u{e0041}'), (2, '\u{202e}'), (2, '\u{0}')]);
    }

    #[test]
    fn every_hidden_character_is_found_wherever_it_stands() {
        for character in (char::MIN..=char::MAX).filter(|&it| it.is_control() || super::is_hidden(it)) {
            let known = matches!(character, '\t' | '\r' | '\n');
            for before in [1, 7, 8, 63, 64, 65, 100] {
                let text = format!("{}{character}b", "a".repeat(before));
                assert_eq!(hidden_characters(&text).len(), usize::from(!known), "{character:?} after {before}");
            }
        }
    }
}

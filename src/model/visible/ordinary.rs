//! Ordinary uses of characters without a glyph: for their purpose in Unicode, in which they cannot carry a message.

use std::ops::RangeInclusive;

use unicode_properties::UnicodeEmoji;

use super::ignorable::is_ignorable;

/// Scripts whose letters join, with the blocks that they are in (Unicode 17.0, Blocks.txt).
const JOINING: &[RangeInclusive<char>] = &[
    '\u{600}'..='\u{7ff}',   // Arabic, Syriac, Thaana, N'Ko
    '\u{840}'..='\u{8ff}',   // Mandaic, Syriac, Arabic
    '\u{900}'..='\u{dff}',   // Devanagari to Sinhala
    '\u{1000}'..='\u{109f}', // Myanmar
    '\u{1780}'..='\u{17ff}', // Khmer
    '\u{1800}'..='\u{18af}', // Mongolian
    '\u{1b00}'..='\u{1b7f}', // Balinese
    '\u{a840}'..='\u{a87f}', // Phags-pa
    '\u{a980}'..='\u{a9df}', // Javanese
    '\u{fb50}'..='\u{fdff}', // Arabic presentation forms
    '\u{fe70}'..='\u{fefc}',
    '\u{10d00}'..='\u{10d3f}', // Hanifi Rohingya
    '\u{11000}'..='\u{1107f}', // Brahmi
    '\u{11100}'..='\u{111df}', // Chakma, Mahajani, Sharada
    '\u{1e900}'..='\u{1e95f}', // Adlam
];

/// The signs of Indic scripts that take a joiner after them even at the end of a word.
const VIRAMAS: &[char] =
    &['\u{94d}', '\u{9cd}', '\u{a4d}', '\u{acd}', '\u{b4d}', '\u{bcd}', '\u{c4d}', '\u{ccd}', '\u{d4d}', '\u{dca}'];

const FLAG: char = '\u{1f3f4}';
const END_OF_FLAG: char = '\u{e007f}';

/// Maximum number of tags of a flag before the terminating one: a country and a subdivision, such as `gbsct`.
const MOST_TAGS: usize = 6;

/// Whether the character at this byte is in an ordinary place.
pub(super) fn is_ordinary(text: &str, at: usize, character: char) -> bool {
    let (before, after) = (&text[..at], &text[at + character.len_utf8()..]);
    match character {
        '\u{feff}' => at == 0,
        '\u{fe0f}' => ends_with_emoji(before) || is_keycap(before, after),
        '\u{200d}' => {
            before.ends_with(VIRAMAS) || joins(before, after) || {
                let base = before.strip_suffix('\u{fe0f}').unwrap_or(before);
                (ends_with_emoji(base) || ends_with_flag(base)) && after.starts_with(is_emoji)
            }
        }
        '\u{200c}' => joins(before, after),
        '\u{e0030}'..='\u{e007f}' => is_in_flag(before, &text[at..]),
        _ => false,
    }
}

fn is_emoji(character: char) -> bool {
    !character.is_ascii() && character.is_emoji_char_or_emoji_component() && !is_ignorable(character)
}

fn ends_with_emoji(text: &str) -> bool {
    text.ends_with(is_emoji)
}

/// A digit in a box: `1`, U+FE0F, U+20E3.
fn is_keycap(before: &str, after: &str) -> bool {
    before.ends_with(|it: char| it.is_ascii_digit() || matches!(it, '#' | '*')) && after.starts_with('\u{20e3}')
}

/// Whether both neighbours are letters or signs of scripts that join.
fn joins(before: &str, after: &str) -> bool {
    let joining = |it: char| JOINING.iter().any(|range| range.contains(&it)) && !is_ignorable(it);
    before.ends_with(joining) && after.starts_with(joining)
}

fn is_tag(character: char) -> bool {
    matches!(character, '\u{e0030}'..='\u{e0039}' | '\u{e0061}'..='\u{e007a}')
}

/// Whether a tag is one of a whole flag: a black flag, a few tags, and the tag that ends them. `rest` begins with it.
fn is_in_flag(before: &str, rest: &str) -> bool {
    let tags_before = before.chars().rev().take(MOST_TAGS + 1).take_while(|&it| is_tag(it)).count();
    let flag = before.chars().rev().nth(tags_before) == Some(FLAG);
    let tags_after = rest.chars().take(MOST_TAGS + 1).take_while(|&it| is_tag(it)).count();
    let ends = rest.chars().nth(tags_after) == Some(END_OF_FLAG);
    flag && ends && (3..=MOST_TAGS).contains(&(tags_before + tags_after))
}

fn ends_with_flag(text: &str) -> bool {
    text.strip_suffix(END_OF_FLAG).is_some_and(|before| is_in_flag(before, &text[before.len()..]))
}

#[cfg(test)]
mod tests {
    use crate::model::{Visible, hidden_characters};

    #[test]
    fn emoji_flags_and_scripts_that_join_are_ordinary() {
        for text in [
            "heart \u{2764}\u{fe0f} and \u{a9}\u{fe0f}",
            "keycap 1\u{fe0f}\u{20e3} #\u{fe0f}\u{20e3}",
            "family \u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
            "\u{2764}\u{fe0f}\u{200d}\u{1f525}",
            "\u{1f469}\u{1f3fd}\u{200d}\u{1f4bb}",
            "\u{1f3f4}\u{200d}\u{2620}\u{fe0f}",
            "\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
            "\u{645}\u{6cc}\u{200c}\u{62e}",
            "\u{915}\u{94d}\u{200d}\u{937}",
            "\u{d28}\u{d4d}\u{200d} ends a word",
        ] {
            assert_eq!(hidden_characters(text), [], "{text:?}");
            assert_eq!(Visible(text).to_string(), text);
        }
    }

    #[test]
    fn the_same_characters_elsewhere_are_hidden() {
        for (text, count) in [
            ("a\u{fe0f}", 1),
            ("1\u{fe0f}", 1),
            ("\u{2764}\u{fe0f}\u{fe0f}", 1),
            ("\u{1f600}\u{fe00}\u{fe01}\u{e0100}", 3),
            ("a\u{200d}b", 1),
            ("\u{e9}\u{200d}\u{e9}", 1),
            ("\u{1f468}\u{200d}", 1),
            ("\u{1f468}\u{200d}\u{200d}\u{1f467}", 2),
            ("\u{645}\u{200c}x", 1),
            ("\u{645}\u{200c}\u{200c}\u{62e}", 2),
            ("\u{1f3f4}\u{e0067}\u{e0062}", 2),
            ("\u{1f3f4}\u{e0067}\u{e007f}", 2),
            ("\u{1f3f4}\u{e0061}\u{e0061}\u{e0061}\u{e0061}\u{e0061}\u{e0061}\u{e0061}\u{e007f}", 8),
            ("\u{e0067}\u{e0062}\u{e0073}\u{e007f}", 4),
            ("\u{1f3f4}\u{e0048}\u{e0049}\u{e0048}\u{e007f}", 4),
        ] {
            assert_eq!(hidden_characters(text).len(), count, "{text:?}");
        }
    }
}

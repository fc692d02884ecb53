//! Splits text into words, as the index has them: Unicode words without regard to case, and the parts of identifiers.
//!
//! Words are not reduced to stems: on public skill files, that found fewer skills by their own descriptions.

use unicode_segmentation::UnicodeSegmentation as _;

use crate::model::folded;

/// Maximum length of a word, in bytes. Longer runs are encoded data.
const LONGEST: usize = 64;

/// The words of a text as written, each with its position: identifiers are split at punctuation.
pub(super) fn written(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.unicode_word_indices().flat_map(|(at, word)| parts(at, word))
}

/// The parts of a word, which starts at `at`.
fn parts(at: usize, word: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = at;
    let positioned = word.split(|it: char| it.is_ascii_punctuation()).map(move |part| {
        let here = start;
        start += part.len() + 1; // punctuation is one byte
        (here, part)
    });
    positioned.filter(|(_, part)| !part.is_empty())
}

/// Calls `each` with the forms of a written word: the whole, and the parts of `camelCase`.
pub(super) fn forms(word: &str, each: &mut dyn FnMut(&str)) {
    if word.len() > LONGEST {
        return;
    }
    if !word.is_ascii() {
        return each(&folded(word));
    }
    let mut lower = word.to_owned();
    lower.make_ascii_lowercase();
    each(&lower);
    let mut start = 0;
    for end in (1..word.len()).filter(|it| is_boundary(word.as_bytes(), *it)).chain([word.len()]) {
        if (start, end) != (0, word.len()) {
            each(&lower[start..end]);
        }
        start = end;
    }
}

/// Whether a part of `camelCase` or `HTTPServer` begins here.
fn is_boundary(word: &[u8], at: usize) -> bool {
    let (before, here) = (word[at - 1], word[at]);
    let next_is_lower = word.get(at + 1).is_some_and(u8::is_ascii_lowercase);
    here.is_ascii_uppercase() && (!before.is_ascii_uppercase() || next_is_lower)
}

/// Calls `each` with every form of every word.
pub(in crate::ops) fn each_word(text: &str, each: &mut dyn FnMut(&str)) {
    for (_, word) in written(text) {
        forms(word, each);
    }
}

/// A name in the form in which names are compared: words joined by hyphens.
pub(super) fn name_key(text: &str) -> String {
    let words: Vec<String> = written(text).map(|(_, word)| folded(word)).collect();
    words.join("-")
}

#[cfg(test)]
mod tests {
    use super::{each_word, name_key, written};

    fn words(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        each_word(text, &mut |it| words.push(it.to_owned()));
        words
    }

    #[test]
    fn words_are_those_of_unicode_and_of_identifiers() {
        for (text, expected) in [
            ("Sign a JWT, then: check it!", &["sign", "a", "jwt", "then", "check", "it"][..]),
            ("jwt-authentication my_table a.b", &["jwt", "authentication", "my", "table", "a", "b"]),
            ("parseHTTPRequest", &["parsehttprequest", "parse", "http", "request"]),
            ("PostgreSQL", &["postgresql", "postgre", "sql"]),
            ("ABC x1 3.14", &["abc", "x1", "3", "14"]),
            ("Stra\u{df}e \u{c9}t\u{e9} E\u{301}t\u{e9}", &["stra\u{df}e", "\u{e9}t\u{e9}", "\u{e9}t\u{e9}"]),
            ("\u{8bfb}\u{53d6}", &["\u{8bfb}", "\u{53d6}"]),
            ("--- \0 \u{1f600} ''", &[]),
            ("", &[]),
        ] {
            assert_eq!(words(text), expected, "{text:?}");
        }
        assert!(words(&"a".repeat(65)).is_empty(), "encoded data");
    }

    #[test]
    fn positions_are_those_in_the_text() {
        let text = "Don't: my_table\u{e9} 's";
        for (at, word) in written(text) {
            assert_eq!(text.get(at..at + word.len()), Some(word));
        }
    }

    #[test]
    fn names_are_compared_by_their_words() {
        assert_eq!(name_key("JWT_Authentication"), "jwt-authentication");
        assert_eq!(name_key(" jwt  authentication "), "jwt-authentication");
        assert_eq!(name_key("!!"), "");
    }
}

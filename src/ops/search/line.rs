//! The line of a skill that shows best why it matches.

use std::collections::BTreeSet;
use std::ops::Range;

use super::words;

/// Maximum length of a line in a report, in characters: some files are one line.
const LONGEST: usize = 300;

/// A line with matching words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Its number in the file, from 1.
    pub(super) number: usize,
    /// Its text, or the part around the first matching word.
    pub(super) text: String,
}

/// The first of these lines with the most different words of the query.
pub(super) fn best<'a>(lines: impl Iterator<Item = (usize, &'a str)>, terms: &[Vec<String>]) -> Option<Line> {
    let mut best: Option<(usize, usize, &str)> = None;
    for (number, line) in lines {
        let count = matching(line, terms).len();
        if count > best.map_or(0, |it| it.0) {
            best = Some((count, number, line));
        }
    }
    best.map(|(_, number, line)| Line { number, text: around(line.trim(), terms) })
}

/// The words of the query that a text has, by their index.
pub(super) fn matching(text: &str, terms: &[Vec<String>]) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    words::each_word(text, &mut |word| {
        found.extend(terms.iter().enumerate().filter(|(_, it)| it.iter().any(|it| it == word)).map(|(index, _)| index));
    });
    found
}

/// Where a text has one of these words.
#[must_use]
pub fn marks(text: &str, terms: &[String]) -> Vec<Range<usize>> {
    let has = |word: &str| {
        let mut found = false;
        words::forms(word, &mut |form| found |= terms.iter().any(|it| it == form));
        found
    };
    let marked = words::written(text).filter(|(_, word)| has(word));
    marked.map(|(at, word)| at..at + word.len()).collect()
}

fn around(line: &str, terms: &[Vec<String>]) -> String {
    if line.chars().count() <= LONGEST {
        return line.to_owned();
    }
    let first = marks(line, &terms.concat()).first().map_or(0, |it| it.start);
    let before = line[..first].chars().count().saturating_sub(LONGEST / 4);
    let part: String = line.chars().skip(before).take(LONGEST).collect();
    let end = if before + LONGEST < line.chars().count() { "…" } else { "" };
    format!("{}{part}{end}", if before > 0 { "…" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::{Line, marks};

    fn terms(words: &[&str]) -> Vec<Vec<String>> {
        words.iter().map(|it| vec![(*it).to_owned()]).collect()
    }

    #[test]
    fn the_line_with_the_most_words_is_the_best() {
        let text = "# Tokens\nSigns tokens with keys.\nTokens, keys.";
        let line = |number, text: &str| Some(Line { number, text: text.to_owned() });
        let best = |text: &str, words: &[&str]| super::best((1..).zip(text.lines()), &terms(words));
        assert_eq!(best(text, &["tokens", "keys"]), line(2, "Signs tokens with keys."));
        assert_eq!(best(text, &["tokens"]), line(1, "# Tokens"));
        assert_eq!(best(text, &["none"]), None);
        let long = format!("{} token {}", "a ".repeat(500), "b ".repeat(500));
        let found = best(&long, &["token"]).map(|it| it.text).unwrap_or_default();
        assert!(found.contains("token") && found.starts_with('…') && found.ends_with('…'), "{found}");
        assert!(found.chars().count() < 310);
    }

    #[test]
    fn marks_are_the_written_words() {
        let text = "PostgreSQL: sql_query";
        let marked = |word: &str| -> Vec<_> {
            marks(text, &[word.to_owned()]).into_iter().filter_map(|it| text.get(it)).collect()
        };
        assert_eq!(marked("sql"), ["PostgreSQL", "sql"]);
        assert_eq!(marked("postgresql"), ["PostgreSQL"]);
    }
}

//! Oddities anywhere in a file: invisible characters, unusual line ends, and markers of an unfinished merge.

use std::borrow::Cow;

use super::finding::{self, Rule};
use crate::model::{HiddenCharacter, Remark, hidden_characters};

/// Maximum number of characters that a finding lists.
const MOST_NAMED: usize = 5;

/// Checks a whole file; returns at most one finding of each kind.
pub(super) fn of(text: &str) -> Vec<Remark<(), Rule>> {
    let (returns, hidden): (Vec<_>, Vec<_>) = hidden_characters(text).into_iter().partition(|it| it.character == '\r');
    [invisible(&hidden), carriage_returns(&returns), conflict(text)].into_iter().flatten().collect()
}

/// Replaces each lone carriage return with a line feed, so that both end a line. Byte offsets do not change.
pub(super) fn with_line_feeds(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let alone = |at: usize| bytes.get(at) == Some(&b'\r') && bytes.get(at + 1) != Some(&b'\n');
    if !text.match_indices('\r').any(|(at, _)| alone(at)) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.char_indices().map(|(at, it)| if alone(at) { '\n' } else { it }).collect())
}

/// Lists characters: `U+200B, U+202E and 3 others`.
pub(super) fn names(characters: impl Iterator<Item = char>) -> String {
    let mut distinct: Vec<char> = Vec::new();
    let mut others = 0_usize;
    for character in characters {
        if distinct.contains(&character) {
        } else if distinct.len() < MOST_NAMED {
            distinct.push(character);
        } else {
            others += 1;
        }
    }
    let named: Vec<_> = distinct.iter().map(|it| format!("U+{:04X}", u32::from(*it))).collect();
    let more = if others > 0 { format!(" and {others} others") } else { String::new() };
    named.join(", ") + &more
}

fn invisible(hidden: &[HiddenCharacter]) -> Option<Remark<(), Rule>> {
    let first = hidden.first()?;
    let names = names(hidden.iter().map(|it| it.character));
    let message = match hidden.len() {
        1 => format!("the file has an invisible character: {names}"),
        count => format!("the file has {count} invisible characters: {names}"),
    };
    Some(finding::odd(first.line, message))
}

fn carriage_returns(returns: &[HiddenCharacter]) -> Option<Remark<(), Rule>> {
    let first = returns.first()?;
    let what = match returns.len() {
        1 => "a line ends with a lone carriage return (U+000D)".to_owned(),
        count => format!("{count} lines end with a lone carriage return (U+000D)"),
    };
    Some(finding::odd(first.line, format!("{what}: a terminal hides text before it")))
}

fn conflict(text: &str) -> Option<Remark<(), Rule>> {
    let line = conflict_line(text)?;
    Some(finding::odd(line, "the file has conflict markers of an unfinished merge".to_owned()))
}

/// The line of the first marker of an unfinished merge, from 1. Code blocks are ignored, since they may show one.
pub(super) fn conflict_line(text: &str) -> Option<usize> {
    if !text.contains("<<<<<<< ") {
        return None; // nearly every file
    }
    let (mut code, mut opened) = (false, None);
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~") {
            code = !code;
        } else if !code && line.starts_with("<<<<<<< ") {
            opened = opened.or(Some(index + 1));
        } else if !code && line.starts_with(">>>>>>> ") && opened.is_some() {
            return opened;
        }
    }
    None
}

/// Whether a line is a marker of an unfinished merge.
pub(super) fn is_conflict_marker(line: &str) -> bool {
    let line = line.trim_end();
    line == "=======" || ["<<<<<<< ", "||||||| ", ">>>>>>> "].iter().any(|marker| line.starts_with(marker))
}

//! Lists of words as people write them: YAML lists, commas, blanks.

use super::finding::{Notes, quoted};
use super::node::{Entry, Kind, Node};

/// Reads a field that lists words; none where it says nothing. `split` takes a list apart that was written as text.
pub(super) fn read(entry: &Entry<'_>, split: fn(&str) -> Vec<String>, notes: &mut Notes) -> Option<Vec<String>> {
    match &entry.value {
        Node::Scalar { kind: Kind::Null, .. } => None,
        Node::Scalar { text, .. } => Some(split(text)),
        Node::List(items) => {
            let words: Vec<_> = items.iter().filter_map(word).collect();
            if words.len() < items.len() {
                let left = items.len() - words.len();
                let message = format!("{} has {left} entries that are not text; they are not used", quoted(&entry.key));
                notes.repair(entry.at, message);
            }
            Some(words)
        }
        Node::Map(_) => {
            left_out(entry, "a list", notes);
            None
        }
    }
}

fn word(item: &Node<'_>) -> Option<String> {
    match item {
        Node::Scalar { text, kind } if *kind != Kind::Null => {
            Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
        }
        _ => None,
    }
}

/// Tags in one text are separated by commas: a tag may have several words.
pub(super) fn tags(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}

/// Tools in one text are separated by blanks or commas, but not within parentheses: `Bash(git add:*, git rm:*)` is one.
pub(super) fn tools(text: &str) -> Vec<String> {
    let mut tools = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 && (character == ',' || character.is_whitespace()) => {
                tools.push(&text[start..at]);
                start = at + character.len_utf8();
            }
            _ => {}
        }
    }
    tools.push(&text[start..]);
    tools.retain(|tool| !tool.trim().is_empty());
    tools.into_iter().map(str::to_owned).collect()
}

/// Whether tools in one text are separated by commas, which the format does not know.
pub(super) fn has_comma(text: &str) -> bool {
    let mut depth = 0_usize;
    text.chars().any(|character| {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && character == ','
    })
}

/// Names a field whose value is of the wrong kind.
pub(super) fn left_out(entry: &Entry<'_>, expected: &str, notes: &mut Notes) {
    let kind = match &entry.value {
        Node::Scalar { .. } => "text",
        Node::List(_) => "a list",
        Node::Map(_) => "a mapping",
    };
    notes
        .repair(entry.at, format!("{} is {kind} where {expected} was expected, so it is not used", quoted(&entry.key)));
}

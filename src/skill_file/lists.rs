//! Lists of words: YAML lists, or text with commas or blanks.

use super::finding::{Notes, quoted};
use super::node::{Entry, Kind, Node};

/// Reads a list of words; `None` if the field is empty. `split` divides a list that was written as text.
pub(super) fn read(entry: &Entry<'_>, split: fn(&str) -> Vec<String>, notes: &mut Notes) -> Option<Vec<String>> {
    match &entry.value {
        Node::Scalar { kind: Kind::Null, .. } => None,
        Node::Scalar { text, .. } => Some(split(text)),
        Node::List(items) => {
            let words: Vec<_> = items.iter().filter_map(word).collect();
            let scalars = items.iter().filter(|it| matches!(it, Node::Scalar { .. })).count();
            for (left, what) in
                [(scalars - words.len(), "that are empty"), (items.len() - scalars, "that are not text")]
            {
                if left > 0 {
                    let message = format!("{} has {left} entries {what}; they were ignored", quoted(&entry.key));
                    notes.repair(entry.at, message);
                }
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

/// Splits tags at commas and line ends, since a tag may have several words. Text that looks like a YAML list is one:
/// `"[a, b]"`, or a block of lines that begin with `- `.
pub(super) fn tags(text: &str) -> Vec<String> {
    let text = text.trim();
    let inner = text.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let tags = inner.unwrap_or(text).split([',', '\n']).map(|tag| {
        let tag = tag.trim();
        let tag = tag.strip_prefix("- ").unwrap_or(tag).trim();
        inner.map_or(tag, |_| tag.trim_matches(['"', '\'']).trim())
    });
    tags.filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}

/// Splits tools at blanks or commas, but not within parentheses: `Bash(git add:*, git rm:*)` is one tool.
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

/// Whether tools are separated by commas, which the format does not allow.
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

/// Reports a field whose value has the wrong type.
pub(super) fn left_out(entry: &Entry<'_>, expected: &str, notes: &mut Notes) {
    let kind = match &entry.value {
        Node::Scalar { .. } => "text",
        Node::List(_) => "a list",
        Node::Map(_) => "a mapping",
    };
    notes.repair(entry.at, format!("{} was ignored: it is {kind}, and {expected} was expected", quoted(&entry.key)));
}

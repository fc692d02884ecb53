//! Reads front matter that is not valid YAML, field by field: a field that is valid YAML by itself is read as such, a
//! value that can only be prose is taken literally (the Agent Skills client guide calls this quoting), and anything
//! else is ignored. Each step is noted with its line. Structure is never guessed.

use std::borrow::Cow;

use super::blocks::{Block, blocks};
use super::finding::{Notes, quoted};
use super::node::{Entry, Kind, Node};
use super::yaml::{self, Problem, TooComplex};

/// Maximum number of fields to read.
const MOST_FIELDS: usize = 256;

/// Fields whose values are prose, which may span lines.
const PROSE: [&str; 4] = ["description", "compatibility", "license", "name"];

/// Fields with structure, which cannot be read as text.
const STRUCTURED: [&str; 3] = ["metadata", "tags", "allowed-tools"];

/// Reads all readable fields. Only exceeding a limit is an error.
pub(super) fn salvage<'a>(yaml: &'a str, nesting: usize, notes: &mut Notes) -> Result<Vec<Entry<'a>>, TooComplex> {
    let mut entries = Vec::new();
    let mut marks = Marks::below(yaml);
    for (index, block) in blocks(yaml, notes).iter().enumerate() {
        if index == MOST_FIELDS {
            let message = format!("there are more than {MOST_FIELDS} fields; the ones from here on were left out");
            notes.repair(block.start, message);
            break;
        }
        marks.pass(block.start + block.text.len());
        if block.wide {
            entries.extend(read_wide(block, notes));
        } else {
            entries.extend(read(block, &marks, nesting, notes)?);
        }
    }
    Ok(entries)
}

/// The quotation marks after a field, counted once for all fields.
struct Marks<'a> {
    yaml: &'a [u8],
    at: usize,
    double: usize,
    single: usize,
}

impl<'a> Marks<'a> {
    fn below(yaml: &'a str) -> Self {
        let count = |mark| yaml.bytes().filter(|&it| it == mark).count();
        Self { yaml: yaml.as_bytes(), at: 0, double: count(b'"'), single: count(b'\'') }
    }

    /// Skips the marks before this byte.
    fn pass(&mut self, end: usize) {
        for byte in self.yaml.get(self.at..end).unwrap_or_default() {
            self.double -= usize::from(*byte == b'"');
            self.single -= usize::from(*byte == b'\'');
        }
        self.at = self.at.max(end);
    }

    /// Whether a quotation opens on a field's first line and may close on a later one.
    fn may_close(&self, first: &str) -> bool {
        let closes =
            |mark: char, below: usize| first.strip_prefix(mark).is_some_and(|it| !it.contains(mark) && below % 2 == 1);
        closes('"', self.double) || closes('\'', self.single)
    }
}

/// Reads a field with a full-width colon, which is not a colon in YAML.
fn read_wide<'a>(block: &Block<'a>, notes: &mut Notes) -> Option<Entry<'a>> {
    let text = literal(block);
    let what = if text.is_some() { "; it was read as a colon" } else { ", and the field was left out" };
    notes.repair(block.start, format!("a full-width colon (U+FF1A) follows {}{what}", quoted(block.key)));
    Some(Entry {
        at: block.start,
        key: Cow::Borrowed(block.key),
        value: Node::Scalar { text: text?, kind: Kind::Text },
    })
}

/// Reads one field.
fn read<'a>(
    block: &Block<'a>,
    below: &Marks<'_>,
    nesting: usize,
    notes: &mut Notes,
) -> Result<Option<Entry<'a>>, TooComplex> {
    let mut own = Notes::default();
    let (at, why) = match yaml::parse(block.text, nesting, &mut own) {
        Ok(mut entries) => match (entries.pop(), entries.is_empty()) {
            (Some(entry), true) if entry.key == block.key => {
                notes.append(block.start, own);
                return Ok(Some(Entry { at: entry.at + block.start, ..entry }));
            }
            _ => (0, "it is not one field".to_owned()),
        },
        Err(Problem::Syntax { at, why }) => (at, why),
        Err(Problem::TooComplex(limit)) => return Err(TooComplex { at: limit.at + block.start, ..limit }),
    };
    let literal = literal(block).filter(|_| !below.may_close(block.first));
    let what = if literal.is_some() { "; it was read as plain text" } else { " and was left out" };
    let message = format!("the value of {} is not valid YAML ({}){what}", quoted(block.key), why.trim_end_matches('.'));
    // An error in the first line is reported at the field itself, so that it sorts before its other findings.
    let first_line = block.text.find('\n').unwrap_or(block.text.len());
    notes.repair(block.start + if at <= first_line { 0 } else { at.min(block.text.trim_end().len()) }, message);
    Ok(literal.map(|text| Entry {
        at: block.start,
        key: Cow::Borrowed(block.key),
        value: Node::Scalar { text, kind: Kind::Text },
    }))
}

/// The value as prose, if it cannot be anything else.
fn literal<'a>(block: &Block<'a>) -> Option<Cow<'a, str>> {
    let first = block.first;
    let rest: Vec<&str> = block.rest().map(str::trim).filter(|line| !line.is_empty()).collect();
    let prose = PROSE.contains(&block.key);
    match first.as_bytes().first() {
        None => prose.then(|| Cow::Owned(join("", &rest))),
        Some(b'|' | b'>') if first.len() <= 3 => prose.then(|| Cow::Owned(rest.join("\n"))),
        Some(b'"' | b'\'') => unquote(first, &rest, prose),
        Some(b'{' | b'[') => rest.is_empty().then_some(Cow::Borrowed(first)),
        Some(_) if rest.is_empty() => Some(Cow::Borrowed(first)),
        Some(_) if STRUCTURED.contains(&block.key) || rest.iter().any(|line| hides_field(line)) => None,
        Some(_) => Some(Cow::Owned(join(first, &rest))),
    }
    .filter(|text| !text.is_empty())
}

/// Whether an indented line is really a field, indented by mistake, and not part of the value above.
fn hides_field(line: &str) -> bool {
    line.split_once(':').is_some_and(|(key, _)| PROSE.contains(&key) || STRUCTURED.contains(&key) || key == "version")
}

/// Joins the lines of a plain value with blanks, as YAML does, but keeps the items of a Markdown list on separate
/// lines.
fn join(first: &str, rest: &[&str]) -> String {
    let mut text = first.to_owned();
    for line in rest {
        if !text.is_empty() {
            let item = line.starts_with(['-', '*', '•']) || line.starts_with(|first: char| first.is_ascii_digit());
            text.push(if item { '\n' } else { ' ' });
        }
        text.push_str(line);
    }
    text
}

/// Unquotes a value that is not valid YAML. The outer quotation marks are removed only if they enclose all of it.
fn unquote<'a>(first: &'a str, rest: &[&str], prose: bool) -> Option<Cow<'a, str>> {
    let mark = first.chars().next()?;
    let whole: Cow<'a, str> = if rest.is_empty() { Cow::Borrowed(first) } else { Cow::Owned(join(first, rest)) };
    let inner = &whole[1..];
    let Some(second) = inner.find(mark) else {
        // Without a closing mark, the value is complete if it has one line; if it has several, its end is unknown.
        return rest.is_empty().then(|| Cow::Owned(inner.trim().to_owned()));
    };
    let after = inner[second + 1..].chars().next();
    let closes =
        after.is_none_or(|after| after.is_whitespace() || matches!(after, '.' | ',' | ';' | ':' | '!' | '?' | ')'));
    match inner.strip_suffix(mark) {
        // The second mark opens a quotation or is an apostrophe, so the first and the last enclose the whole.
        Some(enclosed) if !closes || second == inner.len() - 1 => {
            Some(Cow::Owned(enclosed.replace(&format!("\\{mark}"), &mark.to_string()).trim().to_owned()))
        }
        _ if rest.is_empty() || (prose && closes) => Some(whole),
        _ => None,
    }
}

//! Splits front matter that is not YAML into fields: a field starts with `key:` at the start of a line, and ends before
//! the next one. `salvage` reads the values.

use super::finding::Notes;
use super::oddities::{conflict_line, is_conflict_marker};

/// Maximum length of a key, in bytes; a longer one is prose with a colon.
const LONGEST_KEY: usize = 64;

/// Keys that need no blank after the colon (`name:pdf`): prose does not start like that.
const SURE: [&str; 4] = ["name", "description", "version", "license"];

/// Keys that may end with a full-width colon; in prose, it is punctuation.
const WIDE: [&str; 10] = [
    "name",
    "description",
    "license",
    "compatibility",
    "metadata",
    "allowed-tools",
    "version",
    "category",
    "tags",
    "owner",
];

const WIDE_COLON: char = '\u{ff1a}';

/// Limit for searching closing brackets, as a multiple of the front matter's size. Only brackets that never close need
/// more than one pass.
const FLOW_LOOKS: usize = 8;

/// A field with its lines.
#[derive(Debug)]
pub(super) struct Block<'a> {
    /// Byte offset in the front matter.
    pub(super) start: usize,
    /// Its key, without quotation marks.
    pub(super) key: &'a str,
    /// The text after the colon, trimmed.
    pub(super) first: &'a str,
    /// All its lines.
    pub(super) text: &'a str,
    /// Whether the colon is full-width.
    pub(super) wide: bool,
}

impl<'a> Block<'a> {
    /// The lines after the first, without comments between fields.
    pub(super) fn rest(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.text.lines().skip(1).filter(|line| !line.starts_with('#'))
    }

    fn opens_flow(&self) -> bool {
        self.first.starts_with(['{', '['])
    }

    fn takes(&self, line: &str, after_blank: bool) -> bool {
        match line.as_bytes().first() {
            None | Some(b' ' | b'\t' | b'#' | b'\r' | b'\n') => true,
            Some(b'"' | b'{' | b'[' | b'}' | b']' | b',') if self.opens_flow() => true,
            Some(b'}' | b']') => self.first.is_empty(),
            Some(b'-') if self.first.is_empty() => true,
            // Unindented prose continues the value above, unless a blank line or structure comes between.
            Some(_) => !after_blank && !self.opens_flow(),
        }
    }
}

/// Splits the text into fields, and notes lines outside any field.
pub(super) fn blocks<'a>(yaml: &'a str, notes: &mut Notes) -> Vec<Block<'a>> {
    let mut found: Vec<Block<'a>> = Vec::new();
    let mut lost: Option<(usize, usize)> = None;
    let (mut at, mut flow_end, mut after_blank, mut open) = (0, 0, false, false);
    let conflict = conflict_line(yaml).is_some();
    let mut looks = yaml.len() * FLOW_LOOKS;
    for line in yaml.split_inclusive('\n') {
        let start = at;
        at += line.len();
        if conflict && is_conflict_marker(line) {
            open = false; // no part of a value, and said already
            continue;
        }
        let takes = open && found.last().is_some_and(|block| block.takes(line, after_blank));
        let inside = start < flow_end || (takes && line.starts_with('"'));
        let field = if inside { None } else { key_of(line) };
        after_blank = line.trim().is_empty();
        if let Some((key, first, wide)) = field {
            flow_end = if first.starts_with(['{', '[']) { flow_end_of(yaml, start, &mut looks) } else { 0 };
            found.push(Block { start, key, first, text: &yaml[start..at], wide });
            open = true;
        } else if let (true, Some(block)) = (takes || inside, found.last_mut()) {
            block.text = &yaml[block.start..at];
        } else if !after_blank && !line.starts_with('#') {
            open = false;
            match &mut lost {
                Some((_, count)) => *count += 1,
                None => lost = Some((start, 1)),
            }
        }
        if field.is_some() {
            note_lost(lost.take(), notes);
        }
    }
    note_lost(lost, notes);
    found
}

fn note_lost(lost: Option<(usize, usize)>, notes: &mut Notes) {
    if let Some((at, count)) = lost {
        let what = match count {
            1 => "a line belongs to no field and was".to_owned(),
            _ => format!("{count} lines belong to no field and were"),
        };
        notes.repair(at, format!("{what} left out"));
    }
}

/// The key and trimmed value of a line that starts a field, and whether its colon is full-width.
fn key_of(line: &str) -> Option<(&str, &str, bool)> {
    if let Some((key, rest)) = line.split_once(WIDE_COLON)
        && WIDE.contains(&key.trim_end_matches(' '))
    {
        return Some((key.trim_end_matches(' '), rest.trim(), true));
    }
    let (key, rest) = if let Some(quoted) = line.strip_prefix(['"', '\'']) {
        let (key, rest) = quoted.split_once(&line[..1])?;
        (key, rest.trim_start_matches(' ').strip_prefix(':')?)
    } else {
        let (key, rest) = line.split_once(':')?;
        (key.trim_end_matches(' '), rest)
    };
    let word = |character: char| character.is_alphanumeric() || matches!(character, '_' | '-' | '.');
    let is_key = !key.is_empty() && key.len() <= LONGEST_KEY && !key.starts_with('-') && key.chars().all(word);
    let apart = rest.trim_end().is_empty() || rest.starts_with([' ', '\t']) || SURE.contains(&key);
    (is_key && apart).then(|| (key, rest.trim(), false))
}

/// The end of the line on which the brackets of the value close; `start` if they never do, or not within `looks` bytes.
fn flow_end_of(yaml: &str, start: usize, looks: &mut usize) -> usize {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for (at, &byte) in yaml.as_bytes().iter().enumerate().skip(start).take(*looks) {
        *looks -= 1;
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return yaml[at..].find('\n').map_or(yaml.len(), |line| at + line + 1);
                }
            }
            _ => {}
        }
    }
    start
}

//! Findings about a skill file, with line and severity, and errors for unreadable files. The modules beside this one
//! make the findings; the command line displays them.

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use crate::model::{Remark, Visible};

/// Maximum number of findings per file. A malicious file must not flood the screen or the memory.
const MOST: usize = 100;

/// Maximum number of characters that a message quotes from a file.
const LONGEST_QUOTE: usize = 60;

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file can be used, but should be corrected.
    Warning,
    /// The file violates a rule of the mode.
    Error,
}

impl Serialize for Remark<(), Severity> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Remark", 3)?;
        fields.serialize_field("line", &self.line)?;
        fields.serialize_field("severity", &self.kind)?;
        fields.serialize_field("message", &self.reason)?;
        fields.end()
    }
}

/// Whether the format allows a deviation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Allowed, but worth a remark to the author.
    Kept,
    /// Not allowed: only lenient mode accepts it.
    Broken,
}

/// A finding that violates no rule of the format.
pub(super) fn odd(line: usize, message: impl Into<String>) -> Remark<(), Rule> {
    Remark::new((), Rule::Kept, message).at(line)
}

/// A finding that only lenient mode accepts.
pub(super) fn broken(line: usize, message: impl Into<String>) -> Remark<(), Rule> {
    Remark::new((), Rule::Broken, message).at(line)
}

/// The reason that a file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The file or its front matter is over the limit.
    #[error("the {what} has {size} bytes, but at most {limit} are allowed")]
    TooLarge {
        /// "file" or "front matter".
        what: &'static str,
        /// The first line of that part.
        line: usize,
        /// Its size in bytes.
        size: usize,
        /// The maximum size in bytes.
        limit: usize,
    },
    /// Bytes that are not UTF-8.
    #[error("line {line} is not UTF-8 text")]
    NotUtf8 {
        /// The line of the first invalid byte.
        line: usize,
    },
    /// No bytes, or only blanks.
    #[error("the file is empty")]
    Empty,
    /// The front matter is nested too deeply, or its aliases expand to too much.
    #[error("the front matter is {why}")]
    TooComplex {
        /// The line on which the limit was exceeded.
        line: usize,
        /// Which limit.
        why: &'static str,
    },
}

impl Unreadable {
    /// The line of the problem, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        match self {
            Self::TooLarge { line, .. } | Self::NotUtf8 { line } | Self::TooComplex { line, .. } => *line,
            Self::Empty => 1,
        }
    }
}

/// A finding at a byte offset of the front matter. Lines are counted once, at the end, and only if there are notes.
#[derive(Debug)]
pub(super) struct Note {
    /// Byte offset in the front matter.
    pub(super) at: usize,
    /// The sentence.
    pub(super) message: String,
    /// Whether the format allows it.
    pub(super) rule: Rule,
}

/// A limited list of notes.
#[derive(Debug, Default)]
pub(super) struct Notes {
    kept: Vec<Note>,
    dropped: usize,
}

impl Notes {
    /// Adds a deviation that only lenient mode accepts.
    pub(super) fn repair(&mut self, at: usize, message: String) {
        self.push(Note { at, message, rule: Rule::Broken });
    }

    /// Adds a remark that violates no rule.
    pub(super) fn remark(&mut self, at: usize, message: String) {
        self.push(Note { at, message, rule: Rule::Kept });
    }

    /// Whether there are no notes.
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Adds the notes about the part that starts at `start`.
    pub(super) fn append(&mut self, start: usize, other: Self) {
        self.dropped += other.dropped;
        for note in other.kept {
            self.push(Note { at: note.at + start, ..note });
        }
    }

    fn push(&mut self, note: Note) {
        if self.kept.len() < MOST {
            self.kept.push(note);
        } else {
            self.dropped += 1;
        }
    }

    /// Converts offsets to lines; `first_line` is the line of the front matter's first byte.
    pub(super) fn into_findings(mut self, yaml: &str, first_line: usize) -> Vec<Remark<(), Rule>> {
        self.kept.sort_by_key(|note| note.at);
        let mut lines = LineCounter::new(yaml, first_line);
        let kept = self.kept.into_iter();
        let mut findings: Vec<_> =
            kept.map(|it| Remark::new((), it.rule, it.message).at(lines.line_at(it.at))).collect();
        if self.dropped > 0 {
            let line = findings.last().and_then(|it| it.line).unwrap_or(first_line);
            findings.push(broken(line, format!("there are {} more findings, not shown", self.dropped)));
        }
        findings
    }
}

/// Counts lines up to ascending offsets.
pub(super) struct LineCounter<'a> {
    text: &'a [u8],
    at: usize,
    line: usize,
}

impl<'a> LineCounter<'a> {
    pub(super) fn new(text: &'a str, first_line: usize) -> Self {
        Self { text: text.as_bytes(), at: 0, line: first_line }
    }

    /// The line of a byte. Offsets must not decrease between calls.
    pub(super) fn line_at(&mut self, at: usize) -> usize {
        let at = at.min(self.text.len());
        if let Some(passed) = self.text.get(self.at..at) {
            self.line += passed.iter().map(|&byte| usize::from(byte == b'\n')).sum::<usize>();
            self.at = at;
        }
        self.line
    }
}

/// Quotes text from the file for a message: escaped, and truncated if long.
pub(super) fn quoted(text: &str) -> String {
    match text.char_indices().nth(LONGEST_QUOTE) {
        Some((end, _)) => format!("\"{}…\"", Visible(&text[..end])),
        None => format!("\"{}\"", Visible(text)),
    }
}

//! What is said about a skill file: findings with line and severity, and the reasons for which there is nothing to work with.
//! Which findings there are is up to the readers beside this file; how they are shown is up to the command line.

use serde::Serialize;

use crate::model::Visible;

/// The most findings that one file gets. A file made to provoke them must not fill a screen or the memory.
const MOST: usize = 100;

/// The most characters of outside text that a message repeats.
const LONGEST_QUOTE: usize = 60;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file can be used; somebody may want to mend it.
    Warning,
    /// The file breaks a rule of the mode in which it was checked.
    Error,
}

/// One thing that somebody should know about a skill file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The line in the file, from 1.
    pub line: usize,
    /// How much it weighs.
    pub severity: Severity,
    /// One sentence; text from the file is escaped in it.
    pub message: String,
    /// Whether something was read that the format does not allow: an error in strict mode.
    #[serde(skip)]
    pub(super) repaired: bool,
}

impl Finding {
    /// Something to know that breaks no rule of the format.
    pub(super) fn remark(line: usize, message: String) -> Self {
        Self { line, severity: Severity::Warning, message, repaired: false }
    }

    /// Something that only a lenient reader takes.
    pub(super) fn repair(line: usize, message: String) -> Self {
        Self { line, severity: Severity::Warning, message, repaired: true }
    }
}

/// Why nothing can be done with a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The file or its front matter is over the limit.
    #[error("the {what} has {size} bytes, and at most {limit} are allowed")]
    TooLarge {
        /// "file" or "front matter".
        what: &'static str,
        /// The first line of what is too large.
        line: usize,
        /// Its bytes.
        size: usize,
        /// The bytes that it may have.
        limit: usize,
    },
    /// Bytes that are no UTF-8.
    #[error("line {line} is not UTF-8 text")]
    NotUtf8 {
        /// The line of the first such byte.
        line: usize,
    },
    /// No bytes, or only blanks.
    #[error("the file is empty")]
    Empty,
    /// Front matter nested too deeply, or aliases that expand to too much.
    #[error("the front matter is {why}")]
    TooComplex {
        /// The line on which the limit was passed.
        line: usize,
        /// Which limit.
        why: &'static str,
    },
}

impl Unreadable {
    /// The line to look at, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        match self {
            Self::TooLarge { line, .. } | Self::NotUtf8 { line } | Self::TooComplex { line, .. } => *line,
            Self::Empty => 1,
        }
    }
}

/// A finding whose place is still an offset into the front matter: lines are counted once, at the end, and only where
/// there is something to say.
#[derive(Debug)]
pub(super) struct Note {
    /// The byte in the front matter.
    pub(super) at: usize,
    /// The sentence.
    pub(super) message: String,
    /// As in [`Finding`].
    pub(super) repaired: bool,
}

/// Collects notes up to a bound.
#[derive(Debug, Default)]
pub(super) struct Notes {
    kept: Vec<Note>,
    dropped: usize,
}

impl Notes {
    /// Notes something that only a lenient reader takes.
    pub(super) fn repair(&mut self, at: usize, message: String) {
        self.push(Note { at, message, repaired: true });
    }

    /// Notes something that breaks no rule.
    pub(super) fn remark(&mut self, at: usize, message: String) {
        self.push(Note { at, message, repaired: false });
    }

    /// Whether there is nothing to say.
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Takes over what another reader noted about the part that begins at `start`.
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

    /// Turns offsets into lines; `first_line` is the line of the front matter's first byte.
    pub(super) fn into_findings(mut self, yaml: &str, first_line: usize) -> Vec<Finding> {
        self.kept.sort_by_key(|note| note.at);
        let mut lines = LineCounter::new(yaml, first_line);
        let mut findings: Vec<_> = self
            .kept
            .into_iter()
            .map(|note| Finding {
                line: lines.line_at(note.at),
                severity: Severity::Warning,
                message: note.message,
                repaired: note.repaired,
            })
            .collect();
        if self.dropped > 0 {
            let line = findings.last().map_or(first_line, |finding| finding.line);
            findings.push(Finding::repair(line, format!("there are {} more findings, not shown", self.dropped)));
        }
        findings
    }
}

/// Counts lines up to offsets that only grow.
pub(super) struct LineCounter<'a> {
    text: &'a [u8],
    at: usize,
    line: usize,
}

impl<'a> LineCounter<'a> {
    pub(super) fn new(text: &'a str, first_line: usize) -> Self {
        Self { text: text.as_bytes(), at: 0, line: first_line }
    }

    /// The line of a byte that is not before the one asked for last.
    pub(super) fn line_at(&mut self, at: usize) -> usize {
        let at = at.min(self.text.len());
        if let Some(passed) = self.text.get(self.at..at) {
            self.line += passed.iter().map(|&byte| usize::from(byte == b'\n')).sum::<usize>();
            self.at = at;
        }
        self.line
    }
}

/// Text from the file for a message: in quotation marks, escaped, and cut where it is long.
pub(super) fn quoted(text: &str) -> String {
    match text.char_indices().nth(LONGEST_QUOTE) {
        Some((end, _)) => format!("\"{}…\"", Visible(&text[..end])),
        None => format!("\"{}\"", Visible(text)),
    }
}

//! `SKILL.md` as it really comes: reads any such file leniently, and says what it had to forgive.
//!
//! | file | what it owns |
//! |---|---|
//! | `frame` | where the front matter is, or why there is none |
//! | `yaml`, `node` | YAML within a budget; scalars as they were spelt |
//! | `salvage`, `blocks` | front matter that is not YAML, field by field |
//! | `front_matter`, `lists` | the fields that cfn knows, typed |
//! | `validate` | the rules of the Agent Skills format |
//! | `finding` | what is said about a file, and where |
//!
//! Reading from disk, and what a finding means for a command, is for others.

mod blocks;
mod finding;
mod frame;
mod front_matter;
mod lists;
mod node;
mod salvage;
mod validate;
mod yaml;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

use self::finding::Notes;
pub use self::finding::{Finding, Severity, Unreadable};
use self::frame::{Found, Frame};
pub use self::front_matter::FrontMatter;
use self::node::Entry;
pub use self::validate::{Mode, validate};
use self::yaml::{Problem, TooComplex};
use crate::model::{Visible, hidden_characters};

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of a file.
    pub file_bytes: usize,
    /// The most bytes between the two `---` lines.
    pub front_matter_bytes: usize,
    /// The most levels of lists and mappings within each other.
    pub nesting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file_bytes: 1024 * 1024, front_matter_bytes: 64 * 1024, nesting: 32 }
    }
}

/// A skill file that could be read, whatever there is to say about it.
#[derive(Debug, Clone, PartialEq)]
pub struct SkillFile<'a> {
    /// The whole text, without a byte order mark.
    pub text: &'a str,
    /// What stands between the two `---` lines; none where there are none, and a finding says why.
    pub front_matter: Option<FrontMatter>,
    /// From the line of the opening `---` up to, but not with, the line of the closing one.
    pub front_matter_lines: Option<Range<usize>>,
    /// What follows the front matter; all of the text where there is none.
    pub body: &'a str,
    /// The first line of the body.
    pub body_line: usize,
    /// What the reading found, by line: only warnings. [`validate`] repeats them.
    pub findings: Vec<Finding>,
}

impl<'a> SkillFile<'a> {
    /// Reads a file leniently: it warns and goes on, unless there is nothing to work with.
    pub fn read(bytes: &'a [u8], limits: &Limits) -> Result<Self, Unreadable> {
        let text = decode(bytes, limits)?;
        let mut findings = Vec::new();
        let text = if let Some(rest) = text.strip_prefix('\u{feff}') {
            findings.push(Finding::repair(1, "the file starts with a byte order mark".to_owned()));
            rest
        } else {
            text
        };
        if text.trim().is_empty() {
            return Err(Unreadable::Empty);
        }
        findings.extend(hidden(text));
        let mut file = Self { text, front_matter: None, front_matter_lines: None, body: text, body_line: 1, findings };
        match Frame::of(text) {
            Frame::Found(found) => file.take(&found, limits)?,
            Frame::Absent { line, why } => file.findings.push(Finding::repair(line, why)),
        }
        file.findings.sort_by_key(|finding| finding.line);
        Ok(file)
    }

    fn take(&mut self, found: &Found<'a>, limits: &Limits) -> Result<(), Unreadable> {
        let first_line = found.open_line + 1;
        let (size, limit) = (found.yaml.len(), limits.front_matter_bytes);
        if size > limit {
            return Err(Unreadable::TooLarge { what: "front matter", line: first_line, size, limit });
        }
        if found.open_line > 1 {
            let message = "blank lines come before the opening \"---\"".to_owned();
            self.findings.push(Finding::repair(1, message));
        }
        let yaml = found.yaml;
        let mut notes = Notes::default();
        match yaml::parse(yaml, limits.nesting, &mut notes) {
            Ok(entries) if entries.is_empty() && !yaml.trim().is_empty() => {
                let message = "between the \"---\" lines there are no fields, so they are no front matter".to_owned();
                self.findings.push(Finding::repair(found.open_line, message));
            }
            Ok(entries) => self.fill(entries, yaml, notes, found),
            Err(Problem::Syntax { at, why }) => return self.repair(found, limits, at, &why),
            Err(Problem::TooComplex(TooComplex { at, why })) => return Err(too_complex(yaml, first_line, at, why)),
        }
        Ok(())
    }

    /// Goes on after YAML that makes no sense from `at` on.
    fn repair(&mut self, found: &Found<'a>, limits: &Limits, at: usize, why: &str) -> Result<(), Unreadable> {
        if let Some(line) = found.glued {
            self.findings.push(Finding::repair(line, frame::glued_close()));
            return Ok(());
        }
        if frame::heading_before(found.yaml, at) {
            let message = "there is no closing \"---\" line before the first heading, so the front matter was not read";
            self.findings.push(Finding::repair(found.open_line, message.to_owned()));
            return Ok(());
        }
        let first_line = found.open_line + 1;
        let mut notes = Notes::default();
        let yaml = without_controls(found.yaml, &mut notes);
        let entries = match yaml::parse(&yaml, limits.nesting, &mut Notes::default()) {
            Ok(entries) if matches!(yaml, Cow::Owned(_)) => entries,
            _ => salvage::salvage(&yaml, limits.nesting, &mut notes)
                .map_err(|TooComplex { at, why }| too_complex(&yaml, first_line, at, why))?,
        };
        if entries.is_empty() {
            let why = Visible(why);
            let message = format!("no field could be read from the front matter, which is not valid YAML ({why})");
            self.findings.push(Finding::repair(first_line, message));
            return Ok(());
        }
        if notes.is_empty() {
            let why = Visible(why);
            notes.repair(at, format!("the front matter is not valid YAML ({why}); each field was read by itself"));
        }
        self.fill(entries, &yaml, notes, found);
        Ok(())
    }

    fn fill(&mut self, entries: Vec<Entry<'_>>, yaml: &str, mut notes: Notes, found: &Found<'a>) {
        let first_line = found.open_line + 1;
        self.front_matter = Some(FrontMatter::build(entries, yaml, first_line, &mut notes));
        self.front_matter_lines = Some(found.open_line..found.close_line);
        self.body = found.body;
        self.body_line = found.close_line + 1;
        self.findings.extend(notes.into_findings(yaml, first_line));
    }
}

fn decode<'a>(bytes: &'a [u8], limits: &Limits) -> Result<&'a str, Unreadable> {
    if bytes.len() > limits.file_bytes {
        return Err(Unreadable::TooLarge { what: "file", line: 1, size: bytes.len(), limit: limits.file_bytes });
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.iter().take(error.valid_up_to());
        Unreadable::NotUtf8 { line: 1 + before.filter(|&&byte| byte == b'\n').count() }
    })
}

/// One finding for all hidden characters, however many there are.
fn hidden(text: &str) -> Option<Finding> {
    let hidden = hidden_characters(text);
    let first = hidden.first()?;
    let character = first.character.escape_unicode();
    let message = match hidden.len() {
        1 => format!("the file has a character that is not visible ({character})"),
        count => format!("the file has {count} characters that are not visible, the first is {character}"),
    };
    Some(Finding::remark(first.line, message))
}

fn too_complex(yaml: &str, first_line: usize, at: usize, why: &'static str) -> Unreadable {
    Unreadable::TooComplex { line: finding::LineCounter::new(yaml, first_line).line_at(at), why }
}

/// YAML has no control characters. Each becomes the replacement character, so that nobody takes the rest for the whole.
fn without_controls<'t>(yaml: &'t str, notes: &mut Notes) -> Cow<'t, str> {
    let control = |character: char| character.is_control() && !matches!(character, '\t' | '\n' | '\r');
    let Some(at) = yaml.find(control) else { return Cow::Borrowed(yaml) };
    notes.repair(at, "control characters in the front matter were replaced by U+FFFD".to_owned());
    Cow::Owned(yaml.replace(control, "\u{fffd}"))
}

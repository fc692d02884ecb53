//! Reads `SKILL.md` files leniently, and reports every deviation as a finding.
//!
//! | file | what it owns |
//! |---|---|
//! | `frame` | the position of the front matter, or why there is none |
//! | `yaml`, `node` | YAML within limits; scalars as spelt |
//! | `salvage`, `blocks` | front matter that is not YAML, field by field |
//! | `front_matter`, `lists` | the known fields, typed |
//! | `summary` | the first sentence of a body |
//! | `validate` | the rules of the Agent Skills format |
//! | `oddities`, `escapes` | invisible characters in text and values; line ends; conflict markers |
//! | `finding` | findings and their lines |
//!
//! Callers read the file from disk, and decide what a finding means for a command.

mod blocks;
mod escapes;
mod finding;
mod frame;
mod front_matter;
mod lists;
mod node;
mod oddities;
mod salvage;
mod summary;
mod validate;
mod yaml;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

use self::finding::Notes;
pub use self::finding::{Rule, Severity, Unreadable};
use self::frame::{Ends, Found, Frame};
pub use self::front_matter::FrontMatter;
use self::node::Entry;
pub use self::summary::first_sentence;
pub use self::validate::{Mode, validate};
use self::yaml::{Problem, TooComplex};
use crate::model::Remark;

/// Limits on the size and nesting of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Maximum size of a file, in bytes.
    pub file_bytes: usize,
    /// Maximum size of the front matter, in bytes.
    pub front_matter_bytes: usize,
    /// Maximum nesting of lists and mappings.
    pub nesting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file_bytes: 1024 * 1024, front_matter_bytes: 64 * 1024, nesting: 32 }
    }
}

/// A readable skill file, with its findings.
#[derive(Debug, Clone, PartialEq)]
pub struct SkillFile<'a> {
    /// The whole text, without a byte order mark.
    pub text: &'a str,
    /// The front matter; `None` if there is none, with a finding that says why.
    pub front_matter: Option<FrontMatter>,
    /// From the line of the opening `---` up to, but not including, the line of the closing one.
    pub front_matter_lines: Option<Range<usize>>,
    /// The text after the front matter, or all of it.
    pub body: &'a str,
    /// The first line of the body.
    pub body_line: usize,
    /// Findings of reading the file, by line; all are warnings. [`validate`] includes them.
    pub findings: Vec<Remark<(), Rule>>,
}

impl<'a> SkillFile<'a> {
    /// Reads a file leniently: anything that can be worked around is a warning.
    pub fn read(bytes: &'a [u8], limits: &Limits) -> Result<Self, Unreadable> {
        let text = decode(bytes, limits)?;
        let mut findings = Vec::new();
        let text = if let Some(rest) = text.strip_prefix('\u{feff}') {
            findings.push(finding::broken(1, "the file starts with a byte order mark".to_owned()));
            rest
        } else {
            text
        };
        if text.trim().is_empty() {
            return Err(Unreadable::Empty);
        }
        findings.extend(oddities::of(text));
        let mut file = Self { text, front_matter: None, front_matter_lines: None, body: text, body_line: 1, findings };
        let broken = oddities::with_line_feeds(text);
        match Frame::of(&broken) {
            Frame::Found(ends) => file.take(&ends, limits)?,
            Frame::Absent { line, why } => file.findings.push(finding::broken(line, why)),
        }
        file.findings.sort_by_key(|it| it.line);
        Ok(file)
    }

    fn take(&mut self, ends: &Ends<'_>, limits: &Limits) -> Result<(), Unreadable> {
        let first = &ends.first;
        if first.open_line > 1 {
            let message = "blank lines come before the opening \"---\"".to_owned();
            self.findings.push(finding::broken(1, message));
        }
        let Some(glued) = &ends.glued else { return self.take_up_to(first, limits) };
        let mut notes = Notes::default();
        if first.yaml.len() <= limits.front_matter_bytes
            && let Ok(entries) = yaml::parse(first.yaml, limits.nesting, &mut notes)
        {
            self.settle(entries, first.yaml, notes, first);
            return Ok(());
        }
        self.take_up_to(glued, limits)
    }

    /// Takes the front matter up to this end.
    fn take_up_to(&mut self, found: &Found<'_>, limits: &Limits) -> Result<(), Unreadable> {
        let (yaml, first_line) = (found.yaml, found.open_line + 1);
        let (size, limit) = (yaml.len(), limits.front_matter_bytes);
        if size > limit && found.glued {
            self.findings.push(finding::broken(found.close_line, frame::never_ends()));
            return Ok(());
        }
        if size > limit {
            return Err(Unreadable::TooLarge { what: "front matter", line: first_line, size, limit });
        }
        let mut notes = Notes::default();
        match yaml::parse(yaml, limits.nesting, &mut notes) {
            Ok(entries) => self.settle(entries, yaml, notes, found),
            Err(Problem::Syntax { at, why }) => return self.repair(found, limits, at, &why),
            Err(Problem::TooComplex(TooComplex { at, why })) => return Err(too_complex(yaml, first_line, at, why)),
        }
        Ok(())
    }

    /// Recovers from invalid YAML at `at`.
    fn repair(&mut self, found: &Found<'_>, limits: &Limits, at: usize, why: &str) -> Result<(), Unreadable> {
        if frame::heading_before(found.yaml, at) {
            let message = "there is no closing \"---\" line before the first heading, so the front matter was not read";
            self.findings.push(finding::broken(found.open_line, message.to_owned()));
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
            let message = format!("no field could be read from the front matter, which is not valid YAML ({why})");
            self.findings.push(finding::broken(first_line, message));
            return Ok(());
        }
        if notes.is_empty() {
            notes.repair(at, format!("the front matter is not valid YAML ({why}); each field was read separately"));
        }
        self.fill(entries, &yaml, notes, found);
        Ok(())
    }

    /// Accepts valid YAML as front matter if it has fields.
    fn settle(&mut self, entries: Vec<Entry<'_>>, yaml: &str, notes: Notes, found: &Found<'_>) {
        if entries.is_empty() && !yaml.trim().is_empty() {
            let message = "there are no fields between the \"---\" lines, so they are not front matter".to_owned();
            self.findings.push(finding::broken(found.open_line, message));
        } else {
            self.fill(entries, yaml, notes, found);
        }
    }

    fn fill(&mut self, entries: Vec<Entry<'_>>, yaml: &str, mut notes: Notes, found: &Found<'_>) {
        let first_line = found.open_line + 1;
        self.front_matter = Some(FrontMatter::build(entries, yaml, first_line, &mut notes));
        self.front_matter_lines = Some(found.open_line..found.close_line);
        self.body = self.text.get(found.body_start..).unwrap_or_default();
        self.body_line = found.close_line + usize::from(!found.glued);
        self.findings.extend(notes.into_findings(yaml, first_line));
        if found.glued {
            let message = "text follows the closing \"---\" on the same line; the fields before it were read";
            self.findings.push(finding::broken(found.close_line, message.to_owned()));
        }
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

fn too_complex(yaml: &str, first_line: usize, at: usize, why: &'static str) -> Unreadable {
    Unreadable::TooComplex { line: finding::LineCounter::new(yaml, first_line).line_at(at), why }
}

/// Replaces control characters, which YAML does not allow, with U+FFFD, so that their loss is visible.
fn without_controls<'t>(yaml: &'t str, notes: &mut Notes) -> Cow<'t, str> {
    let control = |character: char| character.is_control() && !matches!(character, '\t' | '\n' | '\r');
    let Some(at) = yaml.find(control) else { return Cow::Borrowed(yaml) };
    notes.repair(at, "control characters in the front matter were replaced by U+FFFD".to_owned());
    Cow::Owned(yaml.replace(control, "\u{fffd}"))
}

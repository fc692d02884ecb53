//! Checks a file against the rules of the Agent Skills format: violations are errors in strict mode, warnings
//! otherwise.

use serde_json::Value;

use super::finding::{self, Rule, quoted};
use super::{FrontMatter, Severity, SkillFile, lists};
use crate::model::{Remark, is_conformant_name};

/// The six fields of the format.
const FIELDS: [&str; 6] = ["name", "description", "license", "compatibility", "metadata", "allowed-tools"];
const LONGEST_NAME: usize = 64;
const LONGEST_DESCRIPTION: usize = 1024;
const LONGEST_COMPATIBILITY: usize = 500;

/// Maximum number of findings per rule. A malicious file must not flood the screen.
const MOST_OF_A_KIND: usize = 100;

/// How strictly a file is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Exactly the format.
    Strict,
    /// Anything that an agent can use.
    Lenient,
}

/// All findings about a file, by line: those of reading it, and violations of the rules. `folder_name` is the name of
/// the file's folder, if known.
#[must_use]
pub fn validate(file: &SkillFile<'_>, folder_name: Option<&str>, mode: Mode) -> Vec<Remark<(), Severity>> {
    let mut findings = file.findings.clone();
    if let Some(front_matter) = &file.front_matter {
        let line = file.front_matter_lines.as_ref().map_or(1, |lines| lines.start + 1);
        let mut check = Check { front_matter, line, findings: &mut findings };
        check.name(folder_name);
        check.lengths();
        check.tools();
        check.unknown();
        if mode == Mode::Strict {
            check.metadata();
        }
    }
    findings.sort_by_key(|it| it.line);
    let severity = |rule| match (rule, mode) {
        (Rule::Broken, Mode::Strict) => Severity::Error,
        _ => Severity::Warning,
    };
    let judged = findings.into_iter().map(|it| {
        let severity = severity(it.kind);
        it.about((), severity)
    });
    judged.collect()
}

struct Check<'a> {
    front_matter: &'a FrontMatter,
    /// The first line of the front matter, for findings without a line.
    line: usize,
    findings: &'a mut Vec<Remark<(), Rule>>,
}

impl Check<'_> {
    fn broken(&mut self, field: &str, message: String) {
        let line = self.front_matter.line_of(field).unwrap_or(self.line);
        self.findings.push(finding::broken(line, message));
    }

    fn name(&mut self, folder_name: Option<&str>) {
        let Some(name) = &self.front_matter.name else { return };
        let length = name.chars().count();
        if length > LONGEST_NAME {
            self.broken("name", format!("the name has {length} characters, and at most {LONGEST_NAME} are allowed"));
        } else if !is_conformant_name(name) {
            let rule = "may contain only lower-case letters, digits and single hyphens between them";
            self.broken("name", format!("the name {} {rule}", quoted(name)));
        }
        if let Some(folder) = folder_name.filter(|folder| folder != name) {
            let message = format!("the name {} is not the name of its folder, {}", quoted(name), quoted(folder));
            self.broken("name", message);
        }
    }

    fn lengths(&mut self) {
        let limits = [
            ("description", &self.front_matter.description, LONGEST_DESCRIPTION),
            ("compatibility", &self.front_matter.compatibility, LONGEST_COMPATIBILITY),
        ];
        for (field, value, limit) in limits {
            let length = value.as_ref().map_or(0, |text| text.chars().count());
            if length > limit {
                self.broken(field, format!("the {field} has {length} characters, and at most {limit} are allowed"));
            }
        }
        if self.front_matter.compatibility.is_none()
            && matches!(self.front_matter.fields.get("compatibility"), Some(Value::Null | Value::String(_)))
        {
            self.broken("compatibility", "the compatibility is empty: remove the field, or fill it in".to_owned());
        }
    }

    fn tools(&mut self) {
        let message = match self.front_matter.fields.get("allowed-tools") {
            Some(Value::String(text)) if lists::has_comma(text) => {
                "\"allowed-tools\" must be separated by blanks, not commas"
            }
            Some(Value::Array(_)) => "\"allowed-tools\" must be one text separated by blanks, not a list",
            _ => return,
        };
        self.broken("allowed-tools", message.to_owned());
    }

    fn unknown(&mut self) {
        let mut unknown = self.front_matter.lines().filter(|(key, _)| !FIELDS.contains(key));
        for (key, line) in unknown.by_ref().take(MOST_OF_A_KIND) {
            let message = format!("{} is not a field of the format; it belongs under \"metadata\"", quoted(key));
            self.findings.push(finding::broken(line, message));
        }
        if let Some((_, line)) = unknown.next() {
            let message = format!("{} more fields are not of the format", 1 + unknown.count());
            self.findings.push(finding::broken(line, message));
        }
    }

    fn metadata(&mut self) {
        let front_matter = self.front_matter;
        let line = front_matter.line_of("metadata").unwrap_or(self.line);
        let nested = front_matter.metadata.iter().filter(|(_, it)| matches!(it, Value::Array(_) | Value::Object(_)));
        for (key, _) in nested.take(MOST_OF_A_KIND) {
            let message = format!("the value of {} in \"metadata\" must be text", quoted(key));
            self.findings.push(finding::broken(line, message));
        }
        // Whether an unquoted 1.0 is text depends on the reader: a risk, but not a violation.
        for key in front_matter.unquoted_metadata.iter().take(MOST_OF_A_KIND) {
            let message = format!("the value of {} in \"metadata\" is text only if it is quoted", quoted(key));
            self.findings.push(finding::odd(line, message));
        }
    }
}

//! A line of the doctor's report.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Serialize;

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name documents itself")]
pub enum Area {
    Database,
    Approvals,
    Delivery,
    Redis,
    Postgres,
    Containers,
    Agents,
    Network,
}

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// It is well.
    Ok,
    /// It works, but costs time, space or safety.
    Warn,
    /// It does not work.
    Fail,
    /// It is not used here, or was not looked at.
    NotUsed,
}

/// What `--fix` does about a line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fix {
    /// Migrates an older database.
    Migrate,
    /// Maintains the database.
    Maintain,
    /// Stores missing contents that are in files.
    Capture,
    /// Takes the right to write to a database and the files beside it from all but its owner and group.
    Protect(PathBuf),
    /// Gives keys without a time to live the time of their owners.
    ExpireKeys,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// What it is about.
    pub area: Area,
    /// Its name within the area.
    pub name: &'static str,
    /// How it is.
    pub state: Health,
    /// A number, a plan or a setting that shows it.
    pub evidence: String,
    /// What to run, if something is wrong.
    pub mend: Option<String>,
    /// What `--fix` does, if it is safe.
    #[serde(skip)]
    pub fix: Option<Fix>,
}

impl Diagnosis {
    /// Something that is well.
    #[must_use]
    pub fn ok(area: Area, name: &'static str, evidence: impl Into<String>) -> Self {
        Self { area, name, state: Health::Ok, evidence: evidence.into(), mend: None, fix: None }
    }

    /// Something that is not used here, or was not looked at.
    #[must_use]
    pub fn not_used(area: Area, name: &'static str, evidence: impl Into<String>) -> Self {
        Self { state: Health::NotUsed, ..Self::ok(area, name, evidence) }
    }

    /// Something that works, but not well.
    #[must_use]
    pub fn warn(area: Area, name: &'static str, evidence: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { state: Health::Warn, mend: Some(mend.into()), ..Self::ok(area, name, evidence) }
    }

    /// Something that does not work.
    #[must_use]
    pub fn fail(area: Area, name: &'static str, evidence: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { state: Health::Fail, ..Self::warn(area, name, evidence, mend) }
    }

    /// Well without findings; else they are named, with the command of cfn's that mends them.
    #[must_use]
    pub(super) fn findings(
        (area, name): (Area, &'static str),
        found: &[String],
        well: impl Into<String>,
        (command, fix): (&str, Fix),
    ) -> Self {
        if found.is_empty() {
            return Self::ok(area, name, well);
        }
        Self::warn(area, name, first_of(found), command).fixed_by(fix)
    }

    /// The same line, about which `--fix` does something if it is not well.
    #[must_use]
    pub fn fixed_by(self, fix: Fix) -> Self {
        let is_wrong = matches!(self.state, Health::Warn | Health::Fail);
        Self { fix: is_wrong.then_some(fix), ..self }
    }
}

/// Everything that was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DoctorReport {
    /// The lines, by area.
    pub lines: Vec<Diagnosis>,
    /// What `--fix` did before.
    pub fixed: Vec<String>,
}

impl DoctorReport {
    /// Number of lines in this state.
    #[must_use]
    pub fn count(&self, state: Health) -> usize {
        self.lines.iter().filter(|it| it.state == state).count()
    }

    /// What `--fix` would do, each once, in the order of doing it.
    #[must_use]
    pub fn fixes(&self) -> Vec<Fix> {
        let mut fixes: Vec<_> = self.lines.iter().filter_map(|it| it.fix.clone()).collect();
        fixes.sort();
        fixes.dedup();
        fixes
    }
}

/// A size for people.
#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
pub(super) fn megabytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

/// A count with its noun: `1 row`, `2 rows`.
pub(super) fn several(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// The first of some findings, and how many more there are.
pub(super) fn first_of<T: AsRef<str>>(findings: &[T]) -> String {
    const SHOWN: usize = 5;
    let mut shown = findings.iter().take(SHOWN).map(AsRef::as_ref).collect::<Vec<_>>().join("; ");
    if let Some(more) = findings.len().checked_sub(SHOWN).filter(|it| *it > 0) {
        let _ = write!(shown, "; and {more} more");
    }
    shown
}

/// A word for a shell, in quotes where it needs them.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |it: u8| it.is_ascii_alphanumeric() || b"/._+-:@=,".contains(&it);
    if !word.is_empty() && word.bytes().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::{first_of, quoted};

    #[test]
    fn words_are_quoted_for_a_shell_where_they_need_it() {
        assert_eq!(["a/b-c.db", "a b", "it's", ""].map(quoted), ["a/b-c.db", "'a b'", "'it'\\''s'", "''"]);
    }

    #[test]
    fn only_the_first_findings_are_shown() {
        let all: Vec<_> = (1..=7).map(|it| it.to_string()).collect();
        assert_eq!(first_of(&all[..2]), "1; 2");
        assert_eq!(first_of(&all), "1; 2; 3; 4; 5; and 2 more");
    }
}

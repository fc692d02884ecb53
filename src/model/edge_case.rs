//! Edge cases: inputs with which a skill failed.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use serde_json::Value;

use super::{ContentHash, HashPrefix, SkillId, StoredTime, UnknownWord};

/// How bad an edge case is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A nuisance.
    Low,
    /// Wrong output.
    Medium,
    /// Damage.
    High,
}

/// A recorded edge case, without its long texts. Other programs write these rows too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EdgeCase {
    /// The key.
    pub id: i64,
    /// The skill.
    pub skill_id: SkillId,
    /// Its name; `None` if there is no such skill.
    pub skill: Option<String>,
    /// The hash of its [kind](edge_case_kind).
    pub kind: String,
    /// The description.
    pub description: String,
    /// `low`, `medium` or `high`, unless another program wrote something else.
    pub severity: Option<String>,
    /// Whether it is resolved.
    pub resolved: bool,
    /// The time of recording, in UTC.
    pub detected_at: Option<StoredTime>,
    /// The time of resolving, in UTC.
    pub resolved_at: Option<StoredTime>,
}

/// The long texts of an edge case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct EdgeCaseTexts {
    /// The reason for the failure.
    pub failure_reason: Option<String>,
    /// The input.
    pub input_parameters: Option<String>,
    /// The expected output.
    pub expected_output: Option<String>,
    /// The actual output.
    pub actual_output: Option<String>,
    /// A proposed fix.
    pub proposed_fix: Option<String>,
    /// How it was resolved.
    pub resolution_notes: Option<String>,
}

/// What a user names: an id, or the prefix of the hash of a kind. A number of eight digits or more may be either.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgeCaseName {
    /// The text as an id.
    pub id: Option<i64>,
    /// The text as a hash.
    pub kind: Option<HashPrefix>,
}

/// Text that names no edge case.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an edge case is named by its id, or by the first 8 to 64 hexadecimal digits of its kind")]
pub struct InvalidEdgeCaseName;

/// The hash of an edge case's kind: of the skill, the failure and the input. White space, and the order and the
/// layout of JSON, make no difference.
#[must_use]
pub fn edge_case_kind(skill: SkillId, failure: Option<&str>, input: Option<&str>) -> String {
    let key = (skill.0, normal(failure.unwrap_or_default()), normal(input.unwrap_or_default()));
    ContentHash::of(serde_json::to_string(&key).unwrap_or_default().as_bytes()).to_string()
}

fn normal(text: &str) -> String {
    match serde_json::from_str::<Value>(text) {
        Ok(mut value) => {
            value.sort_all_objects();
            value.to_string()
        }
        Err(_) => text.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

impl Severity {
    /// All severities, lowest first.
    pub const ALL: [Self; 3] = [Self::Low, Self::Medium, Self::High];

    /// The word in the database and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl FromStr for Severity {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let unknown = || UnknownWord { what: "a severity", expected: "low, medium, high", got: text.to_owned() };
        Self::ALL.into_iter().find(|it| it.as_str() == text).ok_or_else(unknown)
    }
}

impl FromStr for EdgeCaseName {
    type Err = InvalidEdgeCaseName;

    fn from_str(text: &str) -> Result<Self, InvalidEdgeCaseName> {
        let name = Self { id: text.parse().ok(), kind: text.parse().ok() };
        if name.id.is_none() && name.kind.is_none() { Err(InvalidEdgeCaseName) } else { Ok(name) }
    }
}

impl fmt::Display for EdgeCaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.id, &self.kind) {
            (_, Some(kind)) => kind.fmt(f),
            (Some(id), None) => id.fmt(f),
            (None, None) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{EdgeCaseName, SkillId, edge_case_kind};

    #[test]
    fn a_kind_is_the_same_however_its_texts_are_laid_out() {
        let kind = |failure, input| edge_case_kind(SkillId(1), Some(failure), Some(input));
        let first = kind("no such  table\n", r#"{"a": 1, "b": [{"d": 2, "c": 3}]}"#);
        assert_eq!(kind("no such table", r#"{"b":[{"c":3,"d":2}],"a":1}"#), first);
        for (failure, input) in [("no such table", r#"{"a":1}"#), ("no such Table", r#"{"b":[{"c":3,"d":2}],"a":1}"#)] {
            assert_ne!(kind(failure, input), first);
        }
        assert_ne!(kind("a b", "c"), kind("a", "b c"), "the texts do not run into each other");
        assert_ne!(edge_case_kind(SkillId(2), Some("a"), None), edge_case_kind(SkillId(1), Some("a"), None));
        assert_eq!(edge_case_kind(SkillId(1), None, None), edge_case_kind(SkillId(1), Some(" "), Some("")));
    }

    #[test]
    fn a_name_is_an_id_or_the_beginning_of_a_hash() {
        let read = |text: &str| text.parse::<EdgeCaseName>().map(|it| (it.id, it.kind.is_some()));
        assert_eq!(read("7"), Ok((Some(7), false)));
        assert_eq!(read("12345678"), Ok((Some(12_345_678), true)));
        assert_eq!(read("00ab34ff"), Ok((None, true)));
        for bad in ["", "abc", "1.5", "00ab34fg"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}

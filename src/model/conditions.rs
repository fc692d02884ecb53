//! The conditions of a mapping: `conditions` and `tdd_condition`, which users write as JSON.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization as _;

use super::{StoredJson, Visible};

/// The keys of `conditions`.
const CONDITIONS: [&str; 2] = ["taskContext", "phase"];

/// Invalid JSON in a mapping's column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("its {column} is not readable ({reason})")]
pub struct UnreadableCondition {
    /// The column of `agent_skill_mappings`.
    pub column: &'static str,
    /// The parser's message.
    pub reason: String,
}

/// `conditions`. A condition applies only if the caller states that property.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Conditions {
    /// Keywords of tasks; empty: any task.
    #[serde(default, rename = "taskContext", deserialize_with = "words")]
    pub task_context: Vec<String>,
    /// Phases; empty: any phase.
    #[serde(default, deserialize_with = "words")]
    pub phase: Vec<String>,
}

/// The result of comparing conditions with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContextMatch {
    /// All conditions are met.
    Met,
    /// None of the caller's keywords is one of the skill's.
    OtherContext,
    /// The caller's phase is not one of the skill's.
    OtherPhase,
}

/// `tdd_condition`: minimum test figures. An unknown figure fails the condition.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct TddCondition {
    /// Minimum `test_coverage`, 0–1.
    pub min_coverage: Option<f64>,
    /// Minimum of the last logged `test_pass_rate`, 0–1.
    pub min_pass_rate: Option<f64>,
    /// Whether the skill must have a test suite.
    #[serde(default)]
    pub require_tests: bool,
}

/// The test figures of a skill.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct TddFigures {
    /// Share of code covered, 0–1.
    pub coverage: Option<f64>,
    /// The latest pass rate logged, 0–1.
    pub pass_rate: Option<f64>,
    /// Whether it has a test suite.
    pub has_suite: bool,
}

impl Conditions {
    /// Parses the column. NULL and blank text mean no conditions.
    pub fn read(json: Option<&StoredJson>) -> Result<Self, UnreadableCondition> {
        read("conditions", json)
    }

    /// Checks an object that a user writes: what load cannot read, or would not look at, is refused.
    pub fn check(fields: &Map<String, Value>) -> Result<(), String> {
        if let Some(key) = fields.keys().find(|it| !CONDITIONS.contains(&it.as_str())) {
            return Err(format!("'{}' is no condition: those are {}", Visible(key), CONDITIONS.join(" and ")));
        }
        let read = serde_json::from_value::<Self>(Value::Object(fields.clone()));
        read.map(drop).map_err(|error| Visible(error.to_string()).to_string())
    }

    /// Compares the conditions with a request. A keyword matches a task context or a tag, case-insensitively.
    #[must_use]
    pub fn compare(&self, context: &[String], phase: Option<&str>, tags: &[String]) -> ContextMatch {
        let meets = |keyword: &String| {
            let same = |word: &String| same_word(word, keyword);
            self.task_context.iter().any(same) || tags.iter().any(same)
        };
        if !self.task_context.is_empty() && !context.is_empty() && !context.iter().any(meets) {
            return ContextMatch::OtherContext;
        }
        match phase {
            Some(phase) if !self.phase.is_empty() && !self.phase.iter().any(|it| same_word(it, phase)) => {
                ContextMatch::OtherPhase
            }
            _ => ContextMatch::Met,
        }
    }
}

impl TddCondition {
    /// Parses the column. NULL and blank text mean no condition.
    pub fn read(json: Option<&StoredJson>) -> Result<Self, UnreadableCondition> {
        read("tdd_condition", json)
    }

    /// The first condition that fails, as the end of a sentence; `None` if all hold.
    #[must_use]
    pub fn failure(&self, figures: TddFigures) -> Option<&'static str> {
        let below = |least: Option<f64>, figure: Option<f64>| match (least, figure) {
            (None, _) => false,
            (Some(least), Some(figure)) => figure < least,
            (Some(_), None) => true,
        };
        if below(self.min_coverage, figures.coverage) {
            Some("its test coverage is unknown or below min_coverage")
        } else if below(self.min_pass_rate, figures.pass_rate) {
            Some("its latest test pass rate is unknown or below min_pass_rate")
        } else if self.require_tests && !figures.has_suite {
            Some("it has no test suite, and require_tests is set")
        } else {
            None
        }
    }
}

/// Compares case-insensitively, in Unicode's form NFC. ASCII words take a fast path.
fn same_word(left: &str, right: &str) -> bool {
    left.eq_ignore_ascii_case(right) || !(left.is_ascii() && right.is_ascii()) && folded(left).eq(folded(right))
}

/// Folds to upper case first, since letters such as \u{3c2} and \u{3c3} differ only in lower case.
fn folded(word: &str) -> impl Iterator<Item = char> {
    word.nfc().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfc()
}

fn read<T: Default + for<'de> Deserialize<'de>>(
    column: &'static str,
    json: Option<&StoredJson>,
) -> Result<T, UnreadableCondition> {
    match json.map(|it| it.as_str().trim()) {
        None | Some("" | "null") => Ok(T::default()),
        // Through a map, since serde accepts an array for a struct.
        Some(text) => serde_json::from_str::<Map<String, Value>>(text)
            .and_then(|fields| serde_json::from_value(Value::Object(fields)))
            .map_err(|error| UnreadableCondition { column, reason: error.to_string() }),
    }
}

/// Accepts a string or an array of strings, and drops empty ones.
fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let items = match Value::deserialize(deserializer)? {
        Value::Null => Vec::new(),
        Value::Array(items) => items,
        Value::String(word) => vec![Value::String(word)],
        other => return Err(D::Error::custom(format!("expected a string or an array of strings, found {other}"))),
    };
    let words: Result<Vec<String>, D::Error> = items
        .into_iter()
        .map(|item| match item {
            Value::String(word) => Ok(word),
            other => Err(D::Error::custom(format!("expected a string, found {other}"))),
        })
        .collect();
    Ok(words?.into_iter().filter(|it| !it.trim().is_empty()).collect())
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::{Conditions, ContextMatch, StoredJson, TddCondition, TddFigures};

    fn stored(json: &str) -> StoredJson {
        json.to_owned().into()
    }

    fn conditions(json: &str) -> Conditions {
        Conditions::read(Some(&stored(json))).unwrap_or_default()
    }

    #[test]
    fn restricts_only_what_the_caller_states() {
        let it = conditions(r#"{"taskContext": ["auth", "Database"], "phase": "loop3", "test_context": true}"#);
        let words = |word: &str| vec![word.to_owned()];
        assert_eq!(it.compare(&[], None, &[]), ContextMatch::Met);
        assert_eq!(it.compare(&words("AUTH"), None, &[]), ContextMatch::Met);
        assert_eq!(it.compare(&words("sql"), None, &[]), ContextMatch::OtherContext);
        assert_eq!(it.compare(&words("sql"), None, &words("SQL")), ContextMatch::Met);
        assert_eq!(it.compare(&[], Some("loop2"), &[]), ContextMatch::OtherPhase);
        assert_eq!(it.compare(&words("auth"), Some("LOOP3"), &[]), ContextMatch::Met);
        assert_eq!(conditions("").compare(&words("x"), Some("y"), &[]), ContextMatch::Met);
        let blank = conditions(r#"{"taskContext": [""], "phase": " "}"#);
        assert_eq!(blank.compare(&words("x"), Some("y"), &[]), ContextMatch::Met, "empty words restrict nothing");
    }

    #[test]
    fn words_match_in_whatever_form_and_case() {
        for (left, right) in [
            ("caf\u{e9}", "CAFE\u{301}"),
            ("CAF\u{c9}", "cafe\u{301}"),
            ("\u{212b}ngstr\u{f6}m", "a\u{30a}ngstro\u{308}m"),
            ("\u{1100}\u{1161}", "\u{ac00}"),
            ("\u{3a3}\u{39f}\u{3a3}", "\u{3c3}\u{3bf}\u{3c2}"),
            ("stra\u{df}e", "STRASSE"),
        ] {
            assert!(super::same_word(left, right) && super::same_word(right, left), "{left} {right}");
            let it = Conditions { task_context: vec![left.to_owned()], phase: vec![right.to_owned()] };
            assert_eq!(it.compare(&[right.to_owned()], Some(left), &[]), ContextMatch::Met);
            let it = Conditions { task_context: vec!["x".to_owned()], phase: Vec::new() };
            assert_eq!(it.compare(&[right.to_owned()], None, &[left.to_owned()]), ContextMatch::Met);
        }
        for (left, right) in [("caf\u{e9}", "cafe"), ("\u{ac00}", "a"), ("ﬁ", "f"), ("", "\u{301}")] {
            assert!(!super::same_word(left, right), "{left} {right}");
        }
    }

    #[test]
    fn what_a_user_writes_must_mean_something() {
        let check = |text: &str| Conditions::check(&serde_json::from_str(text).expect("an object"));
        for good in ["{}", r#"{"taskContext": ["a", "b"]}"#, r#"{"taskContext": "a", "phase": ["x"]}"#] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for key in ["context", "taskcontext", "Phase", "x", "min_coverage"] {
            let said = check(&format!(r#"{{"{key}": ["a"]}}"#)).err().unwrap_or_default();
            assert!(said.contains(key) && said.contains("taskContext and phase"), "{key}: {said}");
        }
        for value in ["1", "[1, 2]", "{}", "true", r#"["a", null]"#] {
            for key in super::CONDITIONS {
                assert!(check(&format!(r#"{{"{key}": {value}}}"#)).is_err(), "{key}: {value}");
            }
        }
    }

    #[test]
    fn unreadable_json_is_an_error() {
        for bad in ["{", "[]", r#"{"taskContext": 5}"#, r#"{"phase": [1]}"#, "auth"] {
            assert!(Conditions::read(Some(&stored(bad))).is_err(), "{bad}");
        }
        assert!(TddCondition::read(Some(&stored(r#"{"min_coverage": "high"}"#))).is_err());
    }

    #[test]
    fn an_unknown_figure_fails_the_gate() {
        let gate = TddCondition { min_coverage: Some(0.9), min_pass_rate: Some(0.95), require_tests: true };
        let good = TddFigures { coverage: Some(0.9), pass_rate: Some(0.95), has_suite: true };
        assert_eq!(gate.failure(good), None);
        assert!(gate.failure(TddFigures { coverage: None, ..good }).is_some());
        assert!(gate.failure(TddFigures { pass_rate: Some(0.949), ..good }).is_some());
        assert!(gate.failure(TddFigures { has_suite: false, ..good }).is_some());
        assert_eq!(TddCondition::default().failure(TddFigures::default()), None);
    }
}

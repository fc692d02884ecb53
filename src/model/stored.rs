//! Values that the database keeps as text, which another program may have written: each keeps its text, and is read when somebody
//! asks.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The tags of a skill: a JSON array. The old scripts left an empty text, and some users a comma-separated one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredTags(String);

impl StoredTags {
    /// As cfn writes them.
    #[must_use]
    pub fn of(words: &[String]) -> Self {
        Self(serde_json::Value::from(words).to_string())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tags, in order.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let text = self.0.trim();
        if text.is_empty() {
            return Vec::new();
        }
        serde_json::from_str(text)
            .unwrap_or_else(|_| text.split(',').map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()).collect())
    }
}

impl From<String> for StoredTags {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// JSON: conditions of a mapping, criteria of a decision, the front matter of a version. Whoever shows it shows the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StoredJson(String);

impl StoredJson {
    /// A value as JSON; none where it cannot be written.
    #[must_use]
    pub fn of(value: &impl Serialize) -> Option<Self> {
        serde_json::to_string(value).ok().map(Self)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value, where the text is JSON for one.
    pub fn read<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_str(&self.0)
    }
}

impl From<String> for StoredJson {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for StoredJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{StoredJson, StoredTags};

    #[test]
    fn tags_are_read_in_every_form_that_was_written() {
        for (text, words) in [
            (r#"["a", "b,c", ""]"#, &["a", "b,c", ""][..]),
            ("", &[]),
            ("  ", &[]),
            ("[]", &[]),
            (" a, b ,,c", &["a", "b", "c"]),
            (r#"["a", 1]"#, &[r#"["a""#, "1]"]),
        ] {
            assert_eq!(StoredTags::from(text.to_owned()).words(), words, "{text}");
        }
        let words = ["a \"b\"".to_owned(), "é".to_owned()];
        assert_eq!(StoredTags::of(&words).words(), words);
    }

    #[test]
    fn json_keeps_its_text() {
        let text = StoredJson::from("{\"b\": 1,\n\"a\": 2}".to_owned());
        assert_eq!(text.read::<serde_json::Value>().ok(), Some(serde_json::json!({"a": 2, "b": 1})));
        assert_eq!(StoredJson::of(&text).map(|it| it.to_string()).as_deref(), Some(r#""{\"b\": 1,\n\"a\": 2}""#));
        assert!(StoredJson::from("auth".to_owned()).read::<serde_json::Value>().is_err());
    }
}

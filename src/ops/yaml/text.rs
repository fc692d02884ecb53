//! Rows as YAML text.

use serde::Serialize;
use serde_json::Value;
use serde_saphyr::{SerializerOptions, ser_options};

use super::error::DocumentError;
use crate::ops::error::Result;
use crate::store::Row;

/// Columns whose text is JSON. They are written as YAML, if that gives the same text when it is read.
const JSON: &[&str] = &[
    "tags",
    "approval_criteria",
    "conditions",
    "tdd_condition",
    "risk_assessment",
    "test_results",
    "approval_criteria_check",
];

/// Text with line breaks becomes a block; everything else that could be read as something else is quoted.
pub(super) fn yaml(item: &impl Serialize) -> Result<String> {
    let options: SerializerOptions = ser_options! { folded_wrap_chars: usize::MAX };
    serde_saphyr::to_string_with_options(item, options)
        .map_err(|error| DocumentError::Output(std::io::Error::other(error.to_string())).into())
}

/// A row as the document has it.
pub(super) fn presented(row: Row) -> Row {
    let value = |(column, value): (String, Value)| {
        let structure = match &value {
            Value::String(text) if JSON.contains(&column.as_str()) => structure(text),
            _ => None,
        };
        (column, structure.unwrap_or(value))
    };
    row.into_iter().map(value).collect()
}

/// The JSON in a text, if it is written back as the same text.
fn structure(text: &str) -> Option<Value> {
    let value: Value = serde_json::from_str(text).ok()?;
    let is_structure = value.is_array() || value.is_object();
    (is_structure && serde_json::to_string(&value).is_ok_and(|it| it == text)).then_some(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};
    use serde_json::{Value, json};

    use super::{structure, yaml};

    fn survives(text: &str) -> bool {
        let item = json!([{ "text": text, "list": [text], "map": { "inner": text }, "after": 1 }]);
        let read = yaml(&item).ok().and_then(|it| serde_saphyr::from_str::<Value>(&it).ok());
        read == Some(item)
    }

    #[test]
    fn values_that_look_like_something_else_stay_text() {
        for text in [
            "yes",
            "1.0",
            "2.0",
            "null",
            "~",
            "",
            " lead",
            "trail ",
            ": ",
            "a: b",
            "- x",
            "# x",
            "x #y",
            "'",
            "\"",
            "\\",
            "12e4",
            "0x1F",
            "---",
            "...",
            "---\na: b\n---\n",
            "!t",
            "&a",
            "*a",
            "%d",
            "@x",
            "{a}",
            "[b]",
            ",",
            "? x",
            "|",
            ">",
            "2026-01-01",
            "cr\rlf",
            "a\r\nb\r\n",
            "\u{7}\u{1b}[31m",
            "\u{85}\u{2028}\u{feff}",
            "\n\n x\n \n",
            "a  \nb",
            "\ttab\t\n",
            "<<",
            "=",
        ] {
            assert!(survives(text), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_text_survives(text in any::<String>(), lines in "[ a:#\\n\\t\\r'\"-]{0,40}") {
            prop_assert_eq!((survives(&text), survives(&lines)), (true, true));
        }
    }

    #[test]
    fn json_is_written_as_yaml_only_if_its_text_comes_back() {
        assert!(structure(r#"{"a":[1,0.5]}"#).is_some() && structure("[]").is_some());
        for text in ["", "\"a\"", "1", "{ \"a\": 1}", "[1.0e1]", "not JSON"] {
            assert_eq!(structure(text), None, "{text}");
        }
    }
}

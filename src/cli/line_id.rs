//! The `id` of a JSON line: it comes back in the answer as it was written.

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Deserializer, Value};

use crate::model::json;

/// An `id` as JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LineId(Vec<u8>);

impl LineId {
    /// The value that the line has as its `id`. A number that is no integer of 64 bits is taken from the line, since the
    /// value is rounded.
    pub(super) fn new(value: &Value, line: &[u8]) -> Option<Self> {
        let exact = if may_be_rounded(value) { written(line) } else { None };
        match exact.filter(|text| text.iter().all(u8::is_ascii_graphic)) {
            Some(text) => Some(Self(text.to_vec())),
            None => json::to_vec(value).ok().map(Self),
        }
    }

    /// That of a line that could not be read otherwise.
    pub(super) fn of_bad(line: &[u8]) -> Option<Self> {
        let value = serde_json::from_slice::<Value>(line).ok()?;
        Self::new(value.get("id")?, line)
    }

    /// The pieces of an answer, a JSON object with at least one field, with the `id` before its fields.
    pub(super) fn before<'a>(&'a self, object: &'a [u8]) -> [&'a [u8]; 4] {
        [b"{\"id\":", &self.0, b",", object.strip_prefix(b"{").unwrap_or(object)]
    }
}

fn may_be_rounded(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(items) => items.iter().any(may_be_rounded),
        Value::Object(fields) => fields.values().any(may_be_rounded),
        _ => false,
    }
}

/// The text of the `id` in an object; the last one counts.
fn written(line: &[u8]) -> Option<&[u8]> {
    let mut rest = line.trim_ascii_start().strip_prefix(b"{")?;
    let mut found = None;
    loop {
        let (key, after) = next::<String>(rest)?;
        let value = after.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
        let (IgnoredAny, after) = next(value)?;
        if key == "id" {
            found = value.get(..value.len() - after.len());
        }
        match after.trim_ascii_start().strip_prefix(b",") {
            Some(after) => rest = after,
            None => return found,
        }
    }
}

/// The first JSON value, and what follows it.
fn next<T: DeserializeOwned>(text: &[u8]) -> Option<(T, &[u8])> {
    let mut values = Deserializer::from_slice(text).into_iter();
    let value = values.next()?.ok()?;
    Some((value, text.get(values.byte_offset()..)?))
}

#[cfg(test)]
mod tests {
    use super::LineId;

    fn answer(line: &str) -> Option<String> {
        let id = LineId::of_bad(line.as_bytes())?;
        Some(String::from_utf8_lossy(&id.before(b"{\"a\":1}").concat()).into_owned())
    }

    #[test]
    fn an_id_comes_back_as_it_was_written() {
        for id in [
            "7",
            "18446744073709551616",
            "-9223372036854775809",
            "123456789012345678901234567890",
            "1.10",
            "-0",
            "1e3",
            "0.12345678901234567890",
            "[18446744073709551616,\"x\"]",
            "{\"n\":18446744073709551616}",
            "null",
            "\"a\"",
        ] {
            let expected = Some(format!("{{\"id\":{id},\"a\":1}}"));
            for line in [
                format!("{{\"id\":{id}}}"),
                format!(" {{ \"a\" : [\"}}\", {{\"id\": 1.5}}], \"\\u0069d\" :\t{id}\t, \"b\":\"\\\"id\\\":2.5\"}} "),
                format!("{{\"id\":1.5,\"id\":{id}}}"),
            ] {
                assert_eq!(answer(&line), expected, "{line}");
            }
        }
    }

    #[test]
    fn text_of_an_id_is_safe_on_a_terminal() {
        assert_eq!(answer("{\"id\":[1.0, \"\u{200b}\"]}").as_deref(), Some("{\"id\":[1.0,\"\\u200b\"],\"a\":1}"));
        assert_eq!(answer("{\"id\":[1.50,\t2]}").as_deref(), Some("{\"id\":[1.5,2],\"a\":1}"));
    }

    #[test]
    fn a_line_without_an_id_has_none() {
        for line in ["{}", "[1.5]", "1.5", "{\"id\":1.5", "", "{\"a\":{\"id\":1.5}}"] {
            assert_eq!(answer(line), None, "{line}");
        }
    }
}

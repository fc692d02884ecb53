//! Rows as JSON that restores exactly the same bytes: floats as their shortest exact digits, non-UTF-8 text and blobs
//! in hex.

use serde_json::{Map, Value as Json};

/// A stored value. Text is bytes, since other programs may write invalid UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Null,
    Integer(i64),
    /// A float by its bits, so that NaN equals itself.
    Real(u64),
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

/// Whether a column is the key.
pub(in crate::store) fn is_id(name: &str) -> bool {
    name.eq_ignore_ascii_case("id")
}

/// The key of a row.
pub(in crate::store) fn id_of(names: &[String], row: &[Value]) -> i64 {
    let id = names.iter().position(|it| is_id(it)).and_then(|index| row.get(index));
    if let Some(Value::Integer(id)) = id { *id } else { 0 }
}

pub(super) fn to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Integer(number) => (*number).into(),
        Value::Real(bits) => tagged("real", f64::from_bits(*bits).to_string()),
        Value::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => text.into(),
            Err(_) => tagged("text", hex(bytes)),
        },
        Value::Blob(bytes) => tagged("blob", hex(bytes)),
    }
}

pub(super) fn from_json(json: Json) -> Option<Value> {
    match json {
        Json::Null => Some(Value::Null),
        Json::Number(number) => number.as_i64().map(Value::Integer),
        Json::String(text) => Some(Value::Text(text.into_bytes())),
        Json::Object(tagged) => {
            let (tag, text) = tagged.into_iter().next()?;
            let text = text.as_str()?;
            match tag.as_str() {
                "real" => text.parse().ok().map(|it: f64| Value::Real(it.to_bits())),
                "text" => unhex(text).map(Value::Text),
                "blob" => unhex(text).map(Value::Blob),
                _ => None,
            }
        }
        Json::Bool(_) | Json::Array(_) => None,
    }
}

fn tagged(tag: &str, text: String) -> Json {
    Json::Object(Map::from_iter([(tag.to_owned(), text.into())]))
}

/// Two digits a byte.
pub(in crate::store) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // a String takes everything
        text
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    if text.len().is_multiple_of(2) { text.as_bytes().chunks(2).map(pair).collect() } else { None }
}

#[cfg(test)]
mod tests {
    use super::{Value, from_json, to_json};

    #[test]
    fn every_value_comes_back_as_it_was() {
        let reals = [0.1 + 0.2, -0.0, f64::INFINITY, 5e-324].map(|it: f64| Value::Real(it.to_bits()));
        let texts = [b"a\0\"\n".to_vec(), vec![0xff, b'x'], "\u{10ffff}".into()].map(Value::Text);
        let others = [Value::Null, Value::Integer(i64::MIN), Value::Blob(vec![0, 255, 16])];
        for value in reals.into_iter().chain(texts).chain(others) {
            let text = to_json(&value).to_string();
            assert_eq!(serde_json::from_str(&text).ok().and_then(from_json), Some(value), "{text}");
        }
    }
}

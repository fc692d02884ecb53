//! Rows as JSON that restores exactly the same bytes: floats as their shortest exact digits, non-UTF-8 text and blobs
//! in hex.

use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Result};
use serde_json::{Map, Value as Json};

/// A stored value. Text is bytes, since other programs may write invalid UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    Integer(i64),
    /// A float by its bits, so that NaN equals itself.
    Real(u64),
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

impl FromSql for Value {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(number) => Self::Integer(number),
            ValueRef::Real(number) => Self::Real(number.to_bits()),
            ValueRef::Text(bytes) => Self::Text(bytes.to_vec()),
            ValueRef::Blob(bytes) => Self::Blob(bytes.to_vec()),
        })
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Real(bits) => ValueRef::Real(f64::from_bits(*bits)),
            Self::Text(bytes) => ValueRef::Text(bytes),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// The columns of this database's log.
pub(super) fn columns(connection: &Connection) -> Result<Vec<String>> {
    connection
        .prepare("SELECT name FROM pragma_table_info('skill_usage_log')")?
        .query_map([], |row| row.get(0))?
        .collect()
}

/// Quotes an identifier of the database's schema.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Whether a column is the key.
pub(super) fn is_id(name: &str) -> bool {
    name.eq_ignore_ascii_case("id")
}

/// The key of a row.
pub(super) fn id_of(names: &[String], row: &[Value]) -> i64 {
    let id = names.iter().position(|it| is_id(it)).and_then(|index| row.get(index));
    if let Some(Value::Integer(id)) = id { *id } else { 0 }
}

pub(super) fn to_json(value: ValueRef<'_>) -> Json {
    match value {
        ValueRef::Null => Json::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => tagged("real", number.to_string()),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => text.into(),
            Err(_) => tagged("text", hex(bytes)),
        },
        ValueRef::Blob(bytes) => tagged("blob", hex(bytes)),
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
pub(super) fn hex(bytes: &[u8]) -> String {
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
    use rusqlite::types::{ToSql, ToSqlOutput};

    #[test]
    fn every_value_comes_back_as_it_was() {
        let reals = [0.1 + 0.2, -0.0, f64::INFINITY, 5e-324].map(|it: f64| Value::Real(it.to_bits()));
        let texts = [b"a\0\"\n".to_vec(), vec![0xff, b'x'], "\u{10ffff}".into()].map(Value::Text);
        let others = [Value::Null, Value::Integer(i64::MIN), Value::Blob(vec![0, 255, 16])];
        for value in reals.into_iter().chain(texts).chain(others) {
            let Ok(ToSqlOutput::Borrowed(held)) = value.to_sql() else { continue };
            let text = to_json(held).to_string();
            assert_eq!(serde_json::from_str(&text).ok().and_then(from_json), Some(value), "{text}");
        }
    }
}

//! Values of front matter, with scalars as spelt, and their conversion to JSON.

use std::borrow::Cow;

use serde_json::{Map, Number, Value};

use super::finding::{Notes, quoted};

/// The type of a plain scalar. A quoted one is always text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Bool,
    Null,
}

/// A value.
#[derive(Debug, Clone)]
pub(super) enum Node<'a> {
    Scalar { text: Cow<'a, str>, kind: Kind },
    List(Vec<Node<'a>>),
    Map(Vec<Entry<'a>>),
}

/// A key and its value. Repeated keys are kept.
#[derive(Debug, Clone)]
pub(super) struct Entry<'a> {
    /// Byte offset of the key in the front matter.
    pub(super) at: usize,
    pub(super) key: Cow<'a, str>,
    pub(super) value: Node<'a>,
}

impl Node<'_> {
    /// The total size of all scalars, and the depth below this node.
    pub(super) fn measure(&self) -> (usize, usize) {
        let add = |(bytes, depth): (usize, usize), (more, below): (usize, usize)| (bytes + more, depth.max(below + 1));
        match self {
            Self::Scalar { text, .. } => (text.len(), 0),
            Self::List(items) => items.iter().map(Self::measure).fold((0, 1), add),
            Self::Map(entries) => entries
                .iter()
                .map(|entry| {
                    let (bytes, depth) = entry.value.measure();
                    (bytes + entry.key.len(), depth)
                })
                .fold((0, 1), add),
        }
    }

    /// Converts the value to JSON. Of repeated keys the first one is used, with a note.
    pub(super) fn into_json(self, notes: &mut Notes) -> Value {
        match self {
            Self::Scalar { text, kind } => scalar(text, kind),
            Self::List(items) => Value::Array(items.into_iter().map(|item| item.into_json(notes)).collect()),
            Self::Map(entries) => {
                let mut map = Map::with_capacity(entries.len());
                for Entry { at, key, value } in entries {
                    if map.contains_key(key.as_ref()) {
                        notes.repair(at, format!("the key {} is repeated; the first one is used", quoted(&key)));
                    } else {
                        map.insert(key.into_owned(), value.into_json(notes));
                    }
                }
                Value::Object(map)
            }
        }
    }
}

/// Keeps a number as text if JSON would spell it differently (`1.10`, `007`, `0x1F`): otherwise a version could turn
/// into another one.
fn scalar(text: Cow<'_, str>, kind: Kind) -> Value {
    let number = match kind {
        Kind::Text => None,
        Kind::Null => return Value::Null,
        Kind::Bool => return Value::Bool(text.starts_with(['t', 'T'])),
        Kind::Number => number(&text).filter(|number| number.to_string() == text),
    };
    number.map_or_else(|| Value::String(text.into_owned()), Value::Number)
}

fn number(text: &str) -> Option<Number> {
    let whole = text.parse::<i64>().map(Number::from).or_else(|_| text.parse::<u64>().map(Number::from));
    whole.ok().or_else(|| text.parse().ok().and_then(Number::from_f64))
}

/// The type of a plain scalar in the YAML 1.2 core schema, where `yes` and `no` are text.
pub(super) fn kind_of(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => Kind::Bool,
        _ if is_number(text) => Kind::Number,
        _ => Kind::Text,
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(digits, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    if let Some(hex) = digits.strip_prefix("0x") {
        return !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    if let Some(octal) = digits.strip_prefix("0o") {
        return !octal.is_empty() && octal.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    }
    // The first check is fast, and excludes "infinity" and "nan".
    digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') && digits.parse::<f64>().is_ok()
}

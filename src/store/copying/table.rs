//! Tables and columns, and what a column can hold.

use super::{Owned, Value};
use crate::model::{ContentHash, LONGEST_USAGE_TEXT};
use crate::store::archives::hex;

/// A table whose rows are copied.
#[derive(Debug)]
pub struct Table {
    /// Its name, on every engine.
    pub name: &'static str,
    /// Its columns, but those that an engine derives.
    pub columns: &'static [Column],
    /// How many columns are its key: the first ones.
    pub key: usize,
    /// Which of its rows are copied, as a condition of SQL.
    pub only: Option<&'static str>,
    /// Whether the database gives out its ids.
    pub is_numbered: bool,
}

/// A column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name, on every engine.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Whether it may not be NULL.
    pub is_required: bool,
    /// What is asked of its values.
    pub rule: Rule,
    /// Whether an index of a server has it, which holds only [`LONGEST_USAGE_TEXT`].
    pub is_indexed: bool,
}

/// The type of a column, with SQLite's storage class of what cfn writes there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Integers of 64 bits.
    Whole,
    /// Small integers: flags.
    Flag,
    /// Floating point numbers.
    Real,
    /// Text.
    Text,
    /// Text of any bytes, such as a path.
    Raw,
    /// Bytes.
    Bytes,
}

/// What is asked of the values of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Nothing: SQLite may hold any class there.
    Free,
    /// It is looked for, so it is exactly what the column says.
    Exact,
    /// It is one of these words.
    Words(&'static [&'static str]),
    /// It is the id of a row of this table.
    Refers(&'static str),
}

impl Table {
    /// The names of the columns, as a list in SQL.
    #[must_use]
    pub fn list(&self) -> String {
        self.columns.iter().map(|it| it.name).collect::<Vec<_>>().join(", ")
    }

    /// The columns of the key.
    #[must_use]
    pub fn keys(&self) -> &'static [Column] {
        &self.columns[..self.key]
    }

    /// The key of a row as text. No two rows have the same one.
    #[must_use]
    pub fn key_text(&self, row: &[Value<'_>]) -> String {
        let parts = self.keys().iter().zip(row).map(|(column, value)| match (column.kind, value) {
            (Kind::Raw, Value::Text(bytes)) => hex(bytes),
            (_, Value::Text(bytes) | Value::Blob(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
            (_, Value::Integer(number)) => number.to_string(),
            (_, Value::Real(number)) => number.to_string(),
            (_, Value::Null) => "NULL".to_owned(),
        });
        parts.collect::<Vec<_>>().join("/")
    }
}

impl Column {
    pub(super) const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, is_required: false, rule: Rule::Free, is_indexed: false }
    }

    pub(super) const fn required(self) -> Self {
        Self { is_required: true, ..self }
    }

    pub(super) const fn exact(self) -> Self {
        Self { rule: Rule::Exact, ..self }
    }

    pub(super) const fn indexed(self) -> Self {
        Self { is_indexed: true, ..self }
    }

    pub(super) const fn one_of(self, words: &'static [&'static str]) -> Self {
        Self { rule: Rule::Words(words), ..self }
    }

    pub(super) const fn refers(self, table: &'static str) -> Self {
        Self { rule: Rule::Refers(table), ..self }
    }

    /// Whether a text is longer than an index of a server holds.
    #[must_use]
    pub fn is_too_long(&self, text: &[u8]) -> bool {
        self.is_indexed && text.len() > LONGEST_USAGE_TEXT
    }

    /// Whether a value has the class that cfn writes there.
    #[must_use]
    pub fn is_usual(&self, value: Value<'_>) -> bool {
        match value {
            Value::Null => true,
            Value::Integer(_) => matches!(self.kind, Kind::Whole | Kind::Flag),
            Value::Real(_) => self.kind == Kind::Real,
            Value::Text(_) => matches!(self.kind, Kind::Text | Kind::Raw),
            Value::Blob(_) => self.kind == Kind::Bytes,
        }
    }

    /// What is in the column while the value itself is kept beside the row: as near to it as the column can hold.
    #[must_use]
    pub fn stand_in(&self, value: Value<'_>) -> Owned {
        let none = |instead: Owned| if self.is_required { instead } else { Owned::Null };
        match (self.kind, value) {
            (_, Value::Null) => Owned::Null,
            (Kind::Text | Kind::Raw, Value::Integer(number)) => Owned::Text(number.to_string().into_bytes()),
            (Kind::Text | Kind::Raw, Value::Real(number)) => Owned::Text(number.to_string().into_bytes()),
            (Kind::Text | Kind::Raw, Value::Text(bytes) | Value::Blob(bytes)) => {
                let text = String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}");
                Owned::Text(if self.is_too_long(text.as_bytes()) { shortened(&text) } else { text }.into_bytes())
            }
            (Kind::Whole, Value::Integer(number)) => Owned::Integer(number),
            (Kind::Flag, Value::Integer(number)) => Owned::Integer(i64::from(number != 0)),
            (Kind::Whole | Kind::Flag, _) => none(Owned::Integer(0)),
            (Kind::Real, Value::Real(number)) => Owned::Real(number),
            #[expect(clippy::cast_precision_loss, reason = "as near as a floating point number can be")]
            (Kind::Real, Value::Integer(number)) => Owned::Real(number as f64),
            (Kind::Real, _) => none(Owned::Real(0.0)),
            (Kind::Bytes, Value::Text(bytes) | Value::Blob(bytes)) => Owned::Blob(bytes.to_vec()),
            (Kind::Bytes, _) => none(Owned::Blob(Vec::new())),
        }
    }
}

/// A text as short as an index of a server needs it. Different texts stay different.
#[must_use]
pub fn shortened(text: &str) -> String {
    let hash = ContentHash::of(text.as_bytes()).to_string();
    let most = LONGEST_USAGE_TEXT - "…".len() - HASH_DIGITS;
    let end = (0..=most).rev().find(|it| text.is_char_boundary(*it)).unwrap_or_default();
    format!("{}…{}", &text[..end], &hash[..HASH_DIGITS])
}

/// Digits of a hash that tell shortened texts apart.
const HASH_DIGITS: usize = 32;

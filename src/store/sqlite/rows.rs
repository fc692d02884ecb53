//! Reads rows that other programs may have written. An invalid value is an error that names its table and row.

use std::str::FromStr;

use rusqlite::types::{FromSql, ToSql, ToSqlOutput, Type, Value, ValueRef};
use rusqlite::{Connection, Error, Params, Result, Row};

use super::failure::Damaged;
use super::prepared::prepare;
use crate::model::{ApprovalLevel, Moment, StoredJson, StoredTags, UnknownWord};

impl ToSql for Moment {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        self.as_str().to_sql()
    }
}

impl ToSql for StoredJson {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        self.as_str().to_sql()
    }
}

impl ToSql for StoredTags {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        self.as_str().to_sql()
    }
}

/// Whether a column is set. Other programs write words, which SQLite itself takes for numbers: `'true'` for 0, and
/// `'false'` for something that is not 0.
macro_rules! is_set {
    ($column:literal) => {
        concat!(
            "CASE typeof(",
            $column,
            ") WHEN 'text' THEN lower(trim(",
            $column,
            ")) IN ('true', 't', 'yes', 'y', 'on') ELSE coalesce(",
            $column,
            ", 0) <> 0 END"
        )
    };
}
pub(super) use is_set;

/// A row, read column by column in the order of the SELECT.
pub(super) struct Fields<'r> {
    row: &'r Row<'r>,
    table: &'static str,
    next: usize,
}

impl<'r> Fields<'r> {
    /// The first column must be the row's key.
    pub(super) fn new(table: &'static str, row: &'r Row<'r>) -> Self {
        Self { row, table, next: 0 }
    }

    /// The next column.
    pub(super) fn get<T: FromSql>(&mut self) -> Result<T> {
        let index = self.next;
        self.next += 1;
        self.row.get(index).map_err(|error| match error {
            Error::InvalidColumnType(..) | Error::FromSqlConversionFailure(..) | Error::Utf8Error(..) => {
                self.damaged(index, error.to_string())
            }
            other => other,
        })
    }

    /// The next column as text; invalid text is shown as well as possible.
    pub(super) fn maybe_text(&mut self) -> Result<Option<String>> {
        let index = self.next;
        self.next += 1;
        Ok(match self.row.get_ref(index)? {
            ValueRef::Null => None,
            ValueRef::Integer(number) => Some(number.to_string()),
            ValueRef::Real(number) => Some(number.to_string()),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        })
    }

    /// The same, as a value that keeps the text.
    pub(super) fn stored<T: From<String>>(&mut self) -> Result<Option<T>> {
        Ok(self.maybe_text()?.map(T::from))
    }

    /// The same, with empty text for NULL.
    pub(super) fn text(&mut self) -> Result<String> {
        Ok(self.maybe_text()?.unwrap_or_default())
    }

    /// The next column, if it is an integer.
    pub(super) fn number(&mut self) -> Result<Option<i64>> {
        let index = self.next;
        self.next += 1;
        Ok(self.row.get_ref(index)?.as_i64().ok())
    }

    /// Whether the next column is set, as [`is_set`] says: for statements that every short command prepares.
    pub(super) fn is_set(&mut self) -> Result<bool> {
        let index = self.next;
        self.next += 1;
        Ok(match self.row.get_ref(index)? {
            ValueRef::Null => false,
            ValueRef::Integer(number) => number != 0,
            ValueRef::Real(number) => number != 0.0,
            ValueRef::Text(text) => {
                let text = String::from_utf8_lossy(text);
                let word = text.trim_matches(' ');
                ["true", "t", "yes", "y", "on"].iter().any(|it| word.eq_ignore_ascii_case(it))
            }
            ValueRef::Blob(_) => true,
        })
    }

    /// The next column, if it is a number.
    pub(super) fn figure(&mut self) -> Option<f64> {
        let index = self.next;
        self.next += 1;
        self.row.get(index).ok()
    }

    /// The next column as a level; an unknown word counts as the strictest one.
    pub(super) fn level(&mut self) -> Result<ApprovalLevel> {
        Ok(self.text()?.parse().unwrap_or(ApprovalLevel::Human))
    }

    /// The next column as one of its words.
    pub(super) fn word<T: FromStr<Err = UnknownWord>>(&mut self) -> Result<T> {
        let index = self.next;
        let text: String = self.get()?;
        text.parse().map_err(|error: UnknownWord| self.damaged(index, error.to_string()))
    }

    fn damaged(&self, index: usize, detail: String) -> Error {
        let row = match self.row.get(0) {
            Ok(Value::Integer(id)) => id.to_string(),
            Ok(Value::Text(key)) => format!("\"{}\"", crate::model::Visible(key)),
            _ => "?".to_owned(),
        };
        Error::FromSqlConversionFailure(index, Type::Text, Box::new(Damaged { table: self.table, row, detail }))
    }
}

/// Runs a query, and collects its rows.
pub(super) fn collect<T>(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
    map: impl FnMut(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    prepare(connection, sql)?.query_map(parameters, map)?.collect()
}

/// Runs a query that returns at most one row.
pub(super) fn first<T>(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
    map: impl FnOnce(&Row<'_>) -> Result<T>,
) -> Result<Option<T>> {
    let mut statement = prepare(connection, sql)?;
    let mut rows = statement.query(parameters)?;
    rows.next()?.map(map).transpose()
}

/// Runs a statement; returns the number of changed rows.
pub(super) fn change(connection: &Connection, sql: &str, parameters: impl Params) -> Result<usize> {
    prepare(connection, sql)?.execute(parameters)
}

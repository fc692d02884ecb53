//! Values of any type, as SQLite has them.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Result, Row};

use crate::store::archives::Value;

/// A column of a row.
pub(super) fn value(row: &Row<'_>, index: usize) -> Result<Value> {
    Ok(match row.get_ref(index)? {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number.to_bits()),
        ValueRef::Text(bytes) => Value::Text(bytes.to_vec()),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    })
}

/// A value as a parameter.
pub(super) fn bound(value: &Value) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(match value {
        Value::Null => ValueRef::Null,
        Value::Integer(number) => ValueRef::Integer(*number),
        Value::Real(bits) => ValueRef::Real(f64::from_bits(*bits)),
        Value::Text(bytes) => ValueRef::Text(bytes),
        Value::Blob(bytes) => ValueRef::Blob(bytes),
    })
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

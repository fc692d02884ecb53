//! Whole rows: every column of the tables that users know, in the order of their documentation.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Result, params, params_from_iter};
use serde_json::Value;

use super::rows::{change, collect};
use super::transaction::SqliteTransaction;
use super::verified::{insert, update};
use crate::model::SkillId;
use crate::store::{self, Row, RowKind, WholeRowWrites, WholeRows};

fn read(connection: &Connection, of: RowKind, skill: Option<SkillId>, after: i64, most: usize) -> Result<Vec<Row>> {
    let (table, owner, columns) = of.table();
    // Two statements, so that each uses its index.
    let which = if skill.is_some() { format!("{owner} = ?1 AND ") } else { String::new() };
    let list = columns.join(", ");
    let sql = format!("SELECT rowid, {list} FROM {table} WHERE {which}rowid > ?2 AND ?1 IS ?1 ORDER BY rowid LIMIT ?3");
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    collect(connection, &sql, params![skill.map(|it| it.0), after, most], |row| {
        let mut fields = Row::new();
        for (at, name) in std::iter::once("id").chain(columns.iter().copied()).enumerate() {
            let value = match row.get_ref(at)? {
                ValueRef::Null => continue,
                ValueRef::Integer(number) => number.into(),
                ValueRef::Real(number) => number.into(),
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into(),
            };
            fields.insert(name.to_owned(), value);
        }
        Ok(fields)
    })
}

fn add(connection: &Connection, of: RowKind, row: &Row) -> Result<i64> {
    let (table, _, columns) = of.table();
    if of == RowKind::Version {
        // A trigger recorded the skill's current version; the order of recording is that of the calls.
        let sql = "DELETE FROM skill_versions WHERE skill_id = ?1 AND version = ?2";
        change(connection, sql, params_from_iter(["skill_id", "version"].map(|it| bound(row.get(it)))))?;
    }
    let marks: Vec<String> = (1..=columns.len() + 1).map(|it| format!("?{it}")).collect();
    let sql = format!("INSERT INTO {table} (rowid, {}) VALUES ({})", columns.join(", "), marks.join(", "));
    let values = std::iter::once("id").chain(columns.iter().copied()).map(|it| bound(row.get(it)));
    insert(connection, &sql, params_from_iter(values))?;
    Ok(connection.last_insert_rowid())
}

fn bound(value: Option<&Value>) -> ToSqlOutput<'_> {
    let value = match value {
        None | Some(Value::Null | Value::Array(_) | Value::Object(_)) => ValueRef::Null,
        Some(Value::Bool(flag)) => ValueRef::Integer((*flag).into()),
        Some(Value::String(text)) => ValueRef::Text(text.as_bytes()),
        Some(Value::Number(number)) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => ValueRef::Integer(whole),
            (None, Some(real)) => ValueRef::Real(real),
            (None, None) => ValueRef::Null,
        },
    };
    ToSqlOutput::Borrowed(value)
}

impl WholeRows for SqliteTransaction<'_> {
    fn whole_rows(&self, of: RowKind, skill: Option<SkillId>, after: i64, most: usize) -> store::Result<Vec<Row>> {
        self.say(read(self.connection(), of, skill, after, most))
    }
}

impl WholeRowWrites for SqliteTransaction<'_> {
    fn add_whole_row(&mut self, of: RowKind, row: &Row) -> store::Result<i64> {
        self.say(add(self.connection(), of, row))
    }

    fn link_replacement(&mut self, skill: SkillId, replacement: SkillId) -> store::Result<()> {
        let sql = "UPDATE skills SET replacement_id = ?2 WHERE id = ?1";
        self.say(update(self.connection(), sql, params![skill.0, replacement.0])).map(drop)
    }
}

//! Reads every row of a database, in one transaction.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use crate::clock::Clock;
use crate::model::{Location, Visible};
use crate::store::copying::{CopySource, EachRow, Kind, Table, Value};
use crate::store::file_error::file_error;
use crate::store::sqlite::adopt::OLD_INDEXES;
use crate::store::sqlite::options::Options;
use crate::store::sqlite::usage_push::TRIGGERS;
use crate::store::sqlite::{SqliteStore, layout, schema};
use crate::store::{Access, Result, StoreError};

/// At most so many months are looked for: a text that is no time may look like one.
const MOST_MONTHS: usize = 1200;

impl SqliteStore {
    /// A database to copy, in one snapshot from now on. It is only read: an older one is refused.
    pub fn copied(path: &Path, options: Options, clock: Clock) -> Result<Box<dyn CopySource>> {
        let mut store = Self::open(path, Access::Read, Options { all_rows: true, ..options }, clock)?;
        store.require_tables()?;
        // The snapshot begins with the first statement that reads.
        let begun = store.connection.execute_batch("BEGIN; SELECT count(*) FROM skills");
        begun.map_err(|error| store.place.fail(&error))?;
        let number = schema::version(&store.connection).map_err(|error| store.place.fail(&error))?;
        if number != schema::CURRENT {
            // A newer minor schema has something that this cfn does not know, and would leave out.
            let (found, known) = (schema::name_of(number), schema::name_of(schema::CURRENT));
            return Err(StoreError::Newer { location: path.into(), found, known });
        }
        Ok(Box::new(store))
    }

    fn number(&self, sql: &str) -> Result<i64> {
        self.connection.query_row(sql, [], |row| row.get(0)).map_err(|error| self.place.fail(&error))
    }
}

/// The condition of the rows that are copied.
fn condition(table: &Table) -> String {
    table.only.map(|it| format!(" WHERE {it}")).unwrap_or_default()
}

fn all_rows(table: &Table) -> String {
    let order = table.keys().iter().map(|it| match it.kind {
        Kind::Text | Kind::Raw => format!("{} COLLATE BINARY", it.name),
        _ => it.name.to_owned(),
    });
    let order = order.collect::<Vec<_>>().join(", ");
    format!("SELECT {} FROM {}{} ORDER BY {order}", table.list(), table.name, condition(table))
}

fn values<'r>(row: &'r Row<'_>, columns: usize) -> rusqlite::Result<Vec<Value<'r>>> {
    (0..columns).map(|at| Ok(value(row.get_ref(at)?))).collect()
}

pub(in crate::store::sqlite) fn value(stored: ValueRef<'_>) -> Value<'_> {
    match stored {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(bytes) => Value::Text(bytes),
        ValueRef::Blob(bytes) => Value::Blob(bytes),
    }
}

/// Objects and columns that a new database does not have.
fn left_out(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let fresh = schema::at(schema::CURRENT)?;
    let ours = layout::objects(&fresh, None)?;
    let mut left = Vec::new();
    for object in layout::objects(connection, None)? {
        let is_ours = ours.iter().any(|it| it.kind == object.kind && it.name.eq_ignore_ascii_case(&object.name));
        let is_known = OLD_INDEXES.contains(&object.name.as_str()) || TRIGGERS.iter().any(|it| it.0 == object.name);
        if !is_ours && !is_known {
            left.push(format!("the {} {}", object.kind, Visible(&object.name)));
        } else if object.kind == "table" {
            let known = layout::columns(&fresh, &object.name)?;
            let others = layout::columns(connection, &object.name)?
                .into_iter()
                .filter(|it| !known.iter().any(|own| own.name.eq_ignore_ascii_case(&it.name)));
            left.extend(others.map(|it| format!("the column {}.{}", Visible(&object.name), Visible(it.name))));
        }
    }
    Ok(left)
}

/// The months in the order of the index on times: one seek for each.
fn usage_months(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT loaded_at FROM skill_usage_log WHERE loaded_at >= ?1 AND typeof(loaded_at) = 'text' ORDER BY loaded_at LIMIT 1";
    let mut statement = connection.prepare(sql)?;
    let (mut months, mut from) = (Vec::new(), Vec::new());
    while months.len() < MOST_MONTHS {
        let bound = rusqlite::types::ToSqlOutput::Borrowed(ValueRef::Text(&from));
        let mut rows = statement.query([bound])?;
        let Some(row) = rows.next()? else { break };
        let mut month: Vec<u8> = row.get_ref(0)?.as_bytes().unwrap_or_default().to_vec();
        month.truncate("0000-00".len());
        months.extend(std::str::from_utf8(&month).ok().filter(|it| is_month(it)).map(str::to_owned));
        // Behind all times of this month, or behind this text, which is too short for one.
        month.push(if month.len() == "0000-00".len() { 0xff } else { 0 });
        from = month;
    }
    Ok(months)
}

fn is_month(text: &str) -> bool {
    let digits = |at: std::ops::Range<usize>| text.get(at).is_some_and(|it| it.bytes().all(|it| it.is_ascii_digit()));
    text.len() == 7 && digits(0..4) && digits(5..7) && text.as_bytes().get(4) == Some(&b'-')
}

impl CopySource for SqliteStore {
    fn location(&self) -> Location {
        self.place.location()
    }

    fn identity(&self) -> Result<String> {
        identity_of(&self.place.path)
    }

    fn left_out(&self) -> Result<Vec<String>> {
        left_out(&self.connection).map_err(|error| self.place.fail(&error))
    }

    fn count(&self, table: &'static Table) -> Result<u64> {
        let sql = format!("SELECT count(*) FROM {}{}", table.name, condition(table));
        self.number(&sql).map(i64::unsigned_abs)
    }

    fn last_id(&self, table: &'static Table) -> Result<i64> {
        self.number(&format!(
            "SELECT max(ifnull((SELECT max(id) FROM {0}), 0),
               ifnull((SELECT max(CAST(seq AS INTEGER)) FROM sqlite_sequence WHERE name = '{0}'), 0))",
            table.name
        ))
    }

    fn usage_months(&self) -> Result<Vec<String>> {
        usage_months(&self.connection).map_err(|error| self.place.fail(&error))
    }

    fn each_row(&self, table: &'static Table, each: EachRow<'_>) -> Result<()> {
        let fail = |error: rusqlite::Error| self.place.fail(&error);
        let mut statement = self.connection.prepare(&all_rows(table)).map_err(fail)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(fail)? {
            each(&values(row, table.columns.len()).map_err(fail)?)?;
        }
        self.place.require_unchanged()
    }
}

/// The file, by whatever name.
pub(super) fn identity_of(path: &Path) -> Result<String> {
    let found = fs::metadata(path).map_err(|error| file_error("could not read", path, error))?;
    Ok(format!("{}:{}", found.dev(), found.ino()))
}

//! A new database with the rows of another one: staged beside its path, and named when it is complete.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, params};

use super::source::identity_of;
use crate::clock::Clock;
use crate::store::copying::{Column, CopySource, CopyTarget, TABLES, Table, Value, Weighed};
use crate::store::sqlite::failure::Place;
use crate::store::sqlite::options::Options;
use crate::store::sqlite::staged::StagedDatabase;
use crate::store::sqlite::verified::require_one;
use crate::store::sqlite::{SqliteStore, layout, schema};
use crate::store::{Access, Result, StoreError};

/// The purpose in the name of a saved database.
const WHY: &str = "before-copy";

/// A database in a file that gets all rows of another one.
pub struct FileTarget {
    path: PathBuf,
    options: Options,
    clock: Clock,
    /// The database that is there.
    replaces: Option<String>,
    staged: Option<StagedDatabase>,
    /// What is being filled, and the statement for it.
    filling: Option<(&'static Table, String)>,
    /// A database in memory with the same columns, which shows what a column makes of a value.
    model: Connection,
}

impl FileTarget {
    /// A target that is not there, or that is one of cfn's and is to be replaced. Nothing is written yet.
    pub fn of(path: &Path, replace: bool, options: Options, clock: Clock) -> Result<Self> {
        let place = Place::new(path, options.busy_timeout);
        let is_there = fs::symlink_metadata(path).is_ok_and(|it| !it.is_file() || it.len() > 0);
        let replaces = if is_there { Some(described(path, options, clock)?) } else { None };
        if let (Some(what), false) = (&replaces, replace) {
            return Err(StoreError::Occupied { location: path.into(), holds: what.clone() });
        }
        let model = schema::at(schema::CURRENT).map_err(|error| place.fail(&error))?;
        let (path, staged, filling) = (path.to_owned(), None, None);
        Ok(Self { path, options, clock, replaces, staged, filling, model })
    }

    fn store(&self) -> Result<&SqliteStore> {
        self.staged.as_ref().map(StagedDatabase::store).ok_or(StoreError::Defect("a copy was filled before it began"))
    }

    fn run(&self, sql: &str) -> Result<()> {
        let store = self.store()?;
        store.connection.execute_batch(sql).map_err(|error| store.place.fail(&error))
    }

    /// Whether a column keeps a value in its class. A column with a type changes some classes to its own.
    fn keeps(&self, table: &Table, column: &Column, value: Value<'_>) -> rusqlite::Result<bool> {
        let columns = layout::columns(&self.model, table.name)?;
        let kind = columns.into_iter().find(|it| it.name == column.name).map(|it| it.kind).unwrap_or_default();
        self.model.execute_batch(&format!("DROP TABLE IF EXISTS temp.kept; CREATE TEMP TABLE kept(value {kind})"))?;
        self.model.execute("INSERT INTO temp.kept VALUES (?1)", params![bound(value)])?;
        let class: String = self.model.query_row("SELECT typeof(value) FROM temp.kept", [], |row| row.get(0))?;
        Ok(class == value.class())
    }
}

/// What a database holds, which is one of cfn's.
fn described(path: &Path, options: Options, clock: Clock) -> Result<String> {
    let store = SqliteStore::open(path, Access::Read, options, clock)?;
    let count = |table: &str| TABLES.iter().find(|it| it.name == table).map_or(Ok(0), |it| store.count(it));
    Ok(format!("{} skills and {} usage rows", count("skills")?, count("skill_usage_log")?))
}

fn bound(value: Value<'_>) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(match value {
        Value::Null => ValueRef::Null,
        Value::Integer(number) => ValueRef::Integer(number),
        Value::Real(number) => ValueRef::Real(number),
        Value::Text(bytes) => ValueRef::Text(bytes),
        Value::Blob(bytes) => ValueRef::Blob(bytes),
    })
}

pub(in crate::store::sqlite) fn insert(connection: &Connection, sql: &str, row: &[Value<'_>]) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(sql)?;
    for (at, value) in row.iter().enumerate() {
        statement.raw_bind_parameter(at + 1, bound(*value))?;
    }
    require_one(sql, statement.raw_execute()?)
}

impl CopyTarget for FileTarget {
    fn replaces(&self) -> Option<&str> {
        self.replaces.as_deref()
    }

    fn identity(&self) -> Result<Option<String>> {
        if self.replaces.is_some() { identity_of(&self.path).map(Some) } else { Ok(None) }
    }

    fn holds_orphans(&self) -> bool {
        true
    }

    fn weigh(&mut self, table: &'static Table, row: &[Value<'_>]) -> Result<Weighed> {
        for (column, value) in table.columns.iter().zip(row) {
            let why = match *value {
                Value::Real(number) if number.is_nan() => "SQLite has no NaN",
                value if column.is_usual(value) => continue,
                value => match self.keeps(table, column, value) {
                    Ok(true) => continue,
                    Ok(false) => "the column would change its class",
                    Err(error) => return Err(Place::new(&self.path, self.options.busy_timeout).fail(&error)),
                },
            };
            return Ok(Weighed::Refused { column: column.name, why });
        }
        Ok(Weighed::Held { beside: 0 })
    }

    fn begin(&mut self, _usage_months: &[String]) -> Result<()> {
        let mut staged = StagedDatabase::begin_beside(&self.path, &self.options, self.clock)?;
        staged.fill()?;
        self.staged = Some(staged);
        // Orphans stay what they are.
        self.run("PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE")?;
        TABLES.iter().try_for_each(|table| {
            let only = table.only.map(|it| format!(" WHERE {it}")).unwrap_or_default();
            self.run(&format!("DELETE FROM {}{only}", table.name))
        })
    }

    fn begin_table(&mut self, table: &'static Table) -> Result<()> {
        let marks = vec!["?"; table.columns.len()].join(", ");
        self.filling = Some((table, format!("INSERT INTO {} ({}) VALUES ({marks})", table.name, table.list())));
        Ok(())
    }

    fn add(&mut self, row: &[Value<'_>]) -> Result<Weighed> {
        let Some((table, sql)) = self.filling.take() else {
            return Err(StoreError::Defect("a row was copied outside a table"));
        };
        let weighed = self.weigh(table, row)?;
        if matches!(weighed, Weighed::Held { .. }) {
            let store = self.store()?;
            insert(&store.connection, &sql, row).map_err(|error| store.place.fail(&error))?;
        }
        self.filling = Some((table, sql));
        Ok(weighed)
    }

    fn end_table(&mut self, last_id: i64) -> Result<()> {
        let Some((table, _)) = self.filling.take() else { return Ok(()) };
        if table.is_numbered {
            // Only tables that never give out an id again are in there.
            let name = table.name;
            self.run(&format!(
                "UPDATE sqlite_sequence SET seq = {last_id} WHERE name = '{name}';
                 INSERT INTO sqlite_sequence (name, seq) SELECT '{name}', {last_id}
                   WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = '{name}')
                     AND EXISTS (SELECT 1 FROM sqlite_master WHERE name = '{name}' AND sql LIKE '%AUTOINCREMENT%')"
            ))?;
        }
        Ok(())
    }

    fn complete(&mut self) -> Result<()> {
        self.run("COMMIT")?;
        self.staged.as_mut().map_or(Ok(()), StagedDatabase::complete)
    }

    fn written(&self) -> Result<&dyn CopySource> {
        self.store().map(|it| it as &dyn CopySource)
    }

    fn publish(self: Box<Self>) -> Result<Option<PathBuf>> {
        let Some(staged) = self.staged else { return Err(StoreError::Defect("a copy was published before it began")) };
        if self.replaces.is_some() {
            let complete = staged.close()?;
            let mut replaced = SqliteStore::open(&self.path, Access::Write, self.options, self.clock)?;
            return replaced.restore_from(complete.path(), WHY).map(|it| it.previous);
        }
        if staged.publish()? {
            return Ok(None);
        }
        let holds = "another process made it meanwhile".to_owned();
        Err(StoreError::Occupied { location: self.path.as_path().into(), holds })
    }
}

//! The schema: which one a file has, a fresh one, and the adoption of an older one in place.

use std::fs;
use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::failure::Place;
use super::open::{self, Options};
use super::transaction::SqliteTransaction;
use super::{adopt, backup};
use crate::clock::Clock;
use crate::store::{MigrateReport, Result, StoreError, Transaction};

/// A step of the schema. `number` is what `PRAGMA user_version` holds after it: major · 1000 + minor.
struct Migration {
    number: i64,
    description: &'static str,
    sql: &'static str,
}

/// Append-only. The first is the whole schema; older databases are brought to it by comparison, see [`adopt`].
const MIGRATIONS: [Migration; 1] = [Migration {
    number: 3000,
    description: "Contents and versions in the database, approvals bound to bytes, write tokens",
    sql: include_str!("../../../migrations/sqlite/0001_skills_database.sql"),
}];

/// The SQL of the whole schema as the first migration has it.
pub(super) const BASELINE: &str = MIGRATIONS[0].sql;

const CURRENT: i64 = MIGRATIONS[MIGRATIONS.len() - 1].number;

/// What a file's schema is to this cfn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// Ours, or a newer minor one, which only adds.
    Current,
    /// Has to be adopted.
    Older {
        /// What it says it is.
        version: String,
    },
}

fn name_of(number: i64) -> String {
    format!("v{}.{}.0", number / 1000, number % 1000)
}

/// The schema that a connection's file says it has.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// `v3.0.0` for the schema of this connection's file.
pub(super) fn version_name(connection: &Connection) -> rusqlite::Result<String> {
    version(connection).map(name_of)
}

/// Reads the header, and looks at the tables only where that is not enough.
pub(super) fn state(connection: &Connection, place: &Place) -> Result<State> {
    let number = version(connection).map_err(|error| place.fail(&error))?;
    let newer = |found: String| StoreError::Newer { path: place.path.clone(), found, known: name_of(CURRENT) };
    if number / 1000 > CURRENT / 1000 {
        return Err(newer(name_of(number)));
    }
    if number >= CURRENT {
        return Ok(State::Current);
    }
    require_skills_table(connection, place)?;
    // A dump that was loaded again has lost the number in the header, but not this table.
    let recorded = recorded_version(connection).map_err(|error| place.fail(&error))?;
    match recorded.as_deref().and_then(crate::model::Version::lenient) {
        Some(found) if found.major() > (CURRENT / 1000).unsigned_abs() => Err(newer(format!("v{found}"))),
        Some(found) => Ok(State::Older { version: format!("v{found}") }),
        None => Ok(State::Older { version: "v1".to_owned() }),
    }
}

/// Refuses a file without the table that everything hangs on.
pub(super) fn require_skills_table(connection: &Connection, place: &Place) -> Result<()> {
    let columns: Vec<String> = connection
        .prepare("SELECT lower(name) FROM pragma_table_info('skills')")
        .and_then(|mut it| it.query_map([], |row| row.get(0))?.collect())
        .map_err(|error| place.fail(&error))?;
    let missing = ["id", "name"].iter().find(|column| !columns.iter().any(|it| it == *column));
    let why = match missing {
        None => return Ok(()),
        Some(_) if columns.is_empty() => "it has no table \"skills\"".to_owned(),
        Some(column) => format!("its table \"skills\" has no column \"{column}\""),
    };
    Err(StoreError::NotADatabase { path: place.path.clone(), why })
}

/// The highest version in `schema_versions` that was not rolled back.
fn recorded_version(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let has = |column: &str| {
        let there = "SELECT EXISTS (SELECT 1 FROM pragma_table_info('schema_versions') WHERE name = ?1)";
        connection.query_row(there, [column], |row| row.get::<_, bool>(0))
    };
    let recorded = match (has("version")?, has("rolled_back_at")?) {
        (false, _) => return Ok(None),
        (true, false) => "SELECT version FROM schema_versions WHERE version IS NOT NULL",
        (true, true) => "SELECT version FROM schema_versions WHERE version IS NOT NULL AND rolled_back_at IS NULL",
    };
    let mut statement = connection.prepare(recorded)?;
    let versions: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(versions.into_iter().max_by_key(|text| crate::model::Version::lenient(text)))
}

/// A fresh database: built under another name and renamed, so that a killed process leaves no half of one.
pub(super) fn create(path: &Path, options: &Options, clock: Clock) -> Result<bool> {
    if fs::symlink_metadata(path).is_ok() {
        return Ok(false);
    }
    backup::sweep(path);
    let draft = backup::draft_of(path);
    let built = build(&draft, options, clock).and_then(|()| backup::publish(&draft, path));
    if built.is_err() {
        backup::discard(&draft);
    }
    built
}

fn build(draft: &Path, options: &Options, clock: Clock) -> Result<()> {
    let (mut connection, place) = open::create(draft, options)?;
    let say = |error: rusqlite::Error| place.fail(&error);
    connection.execute_batch("PRAGMA synchronous = FULL").map_err(say)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(say)?;
    for migration in &MIGRATIONS {
        transaction.execute_batch(migration.sql).map_err(say)?;
    }
    note_versions(&transaction, clock).map_err(say)?;
    transaction.commit().map_err(say)?;
    open::settle_journal_mode(&connection, &place)?;
    connection.close().map_err(|(_, error)| place.fail(&error))
}

/// Brings an older database to this schema, in one transaction, after a backup.
pub(super) fn adopt(
    connection: &mut Connection,
    place: &Place,
    clock: Clock,
    fill: &mut dyn FnMut(&mut dyn Transaction) -> Result<()>,
) -> Result<MigrateReport> {
    let mut transaction = SqliteTransaction::begin(connection, place, TransactionBehavior::Immediate)?;
    // Another process may have been faster while this one waited for the lock.
    let from = match state(transaction.connection(), place)? {
        State::Current => None,
        State::Older { version } => Some(version),
    };
    let mut report = MigrateReport {
        from,
        to: name_of(CURRENT),
        backup: None,
        added: Vec::new(),
        dropped: Vec::new(),
        carried_forward: 0,
    };
    if report.from.is_none() {
        return Ok(report);
    }
    let backup = backup::beside(place, &format!("before-{}", report.to), clock)?;
    let adopted = adopt::baseline(transaction.connection(), &mut report)
        .and_then(|()| note_versions(transaction.connection(), clock))
        .map_err(|error| place.fail(&error))
        .and_then(|()| fill(&mut transaction))
        .and_then(|()| Box::new(transaction).commit());
    match adopted {
        Ok(()) => report.backup = Some(backup),
        Err(error @ StoreError::OutcomeUnknown { .. }) => return Err(error),
        Err(error) => {
            backup::discard(&backup); // nothing was changed, so there is no state before
            return Err(error);
        }
    }
    Ok(report)
}

/// Writes down, in the header and in `schema_versions`, which migrations a database has.
fn note_versions(connection: &Connection, clock: Clock) -> rusqlite::Result<()> {
    for migration in &MIGRATIONS {
        connection.execute(
            "INSERT INTO schema_versions (version, description, applied_at)
             SELECT ?1, ?2, ?3 WHERE NOT EXISTS (SELECT 1 FROM schema_versions WHERE version = ?1)",
            (name_of(migration.number), migration.description, clock.database_time()),
        )?;
    }
    connection.pragma_update(None, "user_version", CURRENT)
}

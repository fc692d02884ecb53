//! The schema: its steps, and which one a file has.

use rusqlite::Connection;

use super::failure::Place;
use crate::clock::Clock;
use crate::model::Version;
use crate::store::{Result, StoreError};

/// A step of the schema. `number` is what `PRAGMA user_version` holds after it: major · 1000 + minor.
struct Migration {
    number: i64,
    description: &'static str,
    sql: &'static str,
}

/// Append-only. A fresh database runs them all; an older one is compared with the result, see `adopt.rs`.
const MIGRATIONS: [Migration; 4] = [
    Migration {
        number: 3000,
        description: "Contents and versions in the database, approvals bound to bytes, write tokens",
        sql: include_str!("../../../migrations/sqlite/0001_skills_database.sql"),
    },
    Migration {
        number: 3001,
        description: "Usage rollups that stay equal to a full scan",
        sql: include_str!("../../../migrations/sqlite/0002_usage_rollups.sql"),
    },
    Migration {
        number: 3002,
        description: "Archives of the usage log",
        sql: include_str!("../../../migrations/sqlite/0003_usage_archive.sql"),
    },
    Migration {
        number: 3003,
        description: "What waits for the workflow database",
        sql: include_str!("../../../migrations/sqlite/0004_outbox.sql"),
    },
];

/// The schema with which the rollups came.
const WITH_ROLLUPS: i64 = 3001;

pub(super) const CURRENT: i64 = MIGRATIONS[MIGRATIONS.len() - 1].number;

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

pub(super) fn name_of(number: i64) -> String {
    format!("v{}.{}.0", number / 1000, number % 1000)
}

/// The schema that a connection's file says it has.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Whether the number is that of our schema, or of a newer minor one, which only adds.
pub(super) fn is_ours(number: i64) -> bool {
    number >= CURRENT && number / 1000 == CURRENT / 1000
}

/// `v3.0.0` for the schema of this connection's file.
pub(super) fn version_name(connection: &Connection) -> rusqlite::Result<String> {
    version(connection).map(name_of)
}

/// Whether the file has this very schema: not an older one, and not a newer minor one.
pub(super) fn is_current(connection: &Connection) -> rusqlite::Result<bool> {
    version(connection).map(|number| number == CURRENT)
}

/// Whether the file had rollups before, by the number in its header. A dump that was loaded again has lost that number, and may
/// have been edited.
pub(super) fn has_rollups(connection: &Connection) -> rusqlite::Result<bool> {
    version(connection).map(|number| number >= WITH_ROLLUPS)
}

/// The triggers that change the write tokens: name and SQL, as SQLite keeps it.
pub(super) fn token_triggers() -> impl Iterator<Item = (&'static str, &'static str)> {
    let pieces = MIGRATIONS[0].sql.split("CREATE TRIGGER ").skip(1);
    // The text is ours, so each piece ends with END and has a name before the first blank.
    pieces.filter_map(|it| {
        let sql = &it[..it.rfind("END;")? + "END".len()];
        Some((sql.split(' ').next()?, sql))
    })
}

/// The triggers that keep the rollups exact: name and SQL.
pub(super) fn rollup_triggers() -> rusqlite::Result<Vec<(String, String)>> {
    let fresh = Connection::open_in_memory()?;
    run_all(&fresh)?;
    fresh
        .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name GLOB 'cfn_usage_rollup_*'")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// Reads the header, and looks at the tables only where that is not enough.
pub(super) fn state(connection: &Connection, place: &Place) -> Result<State> {
    let number = version(connection).map_err(|error| place.fail(&error))?;
    let newer = |found: String| StoreError::Newer { path: place.path.clone(), found, known: name_of(CURRENT) };
    if number / 1000 > CURRENT / 1000 {
        return Err(newer(name_of(number)));
    }
    if is_ours(number) {
        return Ok(State::Current);
    }
    require_skills_table(connection, place)?;
    // A dump that was loaded again has lost the number in the header, but not this table.
    let recorded = recorded_version(connection).map_err(|error| place.fail(&error))?;
    match recorded.as_deref().and_then(Version::lenient) {
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
    Ok(versions.into_iter().max_by_key(|text| Version::lenient(text)))
}

/// Runs every migration: an empty database has the whole schema afterwards.
pub(super) fn run_all(connection: &Connection) -> rusqlite::Result<()> {
    MIGRATIONS.iter().try_for_each(|migration| connection.execute_batch(migration.sql))
}

/// Writes down, in the header and in `schema_versions`, which migrations a database has.
pub(super) fn note_versions(connection: &Connection, clock: Clock) -> rusqlite::Result<()> {
    for migration in &MIGRATIONS {
        connection.execute(
            "INSERT INTO schema_versions (version, description, applied_at)
             SELECT ?1, ?2, ?3 WHERE NOT EXISTS (SELECT 1 FROM schema_versions WHERE version = ?1)",
            (name_of(migration.number), migration.description, clock.database_time()),
        )?;
    }
    connection.pragma_update(None, "user_version", CURRENT)
}

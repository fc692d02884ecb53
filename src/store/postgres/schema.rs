//! The schema of the database: its migrations, and which of them it has.

use super::parameters::text;
use super::session::{Beginning, Session};
use crate::store::{Durability, Result};

/// Each migration, with the number of the schema after it. Numbers are those of the SQLite engine.
const MIGRATIONS: &[(i64, &str)] = &[(CURRENT, include_str!("../../../migrations/postgres/0001_skills_database.sql"))];

/// The number of the schema that this cfn needs.
pub(super) const CURRENT: i64 = 3008;

/// Reads the number of the schema.
pub(super) const NUMBER: &str = "SELECT convert_from(value, 'UTF8')::bigint FROM cfn_metadata WHERE name = 'schema'";

/// Creates the schema and everything in it; returns whether it was missing.
pub(super) fn create(session: &Session) -> Result<bool> {
    session.begin_unchecked(Beginning::Write(Durability::Full, session.place().lock_timeout));
    let created = create_missing(session).inspect_err(|_| session.undo())?;
    session.commit()?;
    Ok(created)
}

fn create_missing(session: &Session) -> Result<bool> {
    // The schema may be missing, so the lock is not on current_schema().
    session.first("SELECT pg_advisory_xact_lock(1667657217, hashtext($1))", &[text(session.schema())])?;
    let exists = "SELECT to_regclass(format('%I.cfn_metadata', $1)) IS NOT NULL";
    let row = session.first(exists, &[text(session.schema())])?;
    if row.is_some_and(|it| it.get(0)) {
        return Ok(false);
    }
    // The server quotes the name, which is no parameter of this statement.
    let creating = session.first("SELECT format('CREATE SCHEMA IF NOT EXISTS %I', $1)", &[text(session.schema())])?;
    session.script(&creating.map(|it| it.get::<_, String>(0)).unwrap_or_default())?;
    for (_, sql) in MIGRATIONS {
        session.script(sql)?;
    }
    let number = CURRENT.to_string();
    let sql = "INSERT INTO cfn_metadata (name, value) VALUES ('schema', convert_to($1, 'UTF8'))";
    session.change(sql, &[text(&number)])?;
    Ok(true)
}

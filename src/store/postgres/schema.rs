//! The schema of the database: its migrations, and which of them it has.

use super::beginning::Beginning;
use super::parameters::text;
use super::schema_number::{CURRENT, NUMBER, name_of};
use super::session::Session;
use crate::store::{MigrateReport, Result, StoreError};

/// Each migration, with the number of the schema after it. Numbers are those of the SQLite engine.
const MIGRATIONS: &[(i64, &str)] = &[
    (3008, include_str!("../../../migrations/postgres/0001_skills_database.sql")),
    (3008, include_str!("../../../migrations/postgres/0002_usage_log.sql")),
    (3009, include_str!("../../../migrations/postgres/0003_change_feed.sql")),
    (CURRENT, include_str!("../../../migrations/postgres/0004_usage_received.sql")),
];

/// Creates the schema and everything in it; returns whether it was missing.
pub(super) fn create(session: &Session) -> Result<bool> {
    alone(session, || {
        if exists(session)? {
            return Ok(false);
        }
        make(session)?;
        Ok(true)
    })
}

/// Makes the schema and everything in it, in the transaction that has begun.
pub(super) fn make(session: &Session) -> Result<()> {
    // The server quotes the name, which cannot be a parameter of this statement.
    let create = session.first("SELECT format('CREATE SCHEMA IF NOT EXISTS %I', $1)", &[text(session.schema())])?;
    session.script(&create.map(|it| it.get::<_, String>(0)).unwrap_or_default())?;
    upgrade(session, 0)
}

/// Brings an older schema up to date.
pub(super) fn migrate(session: &Session) -> Result<MigrateReport> {
    let from = alone(session, || {
        let location = session.place().location();
        if !exists(session)? {
            return Err(session.place().missing());
        }
        let found: i64 = session.first(NUMBER, &[])?.map_or(0, |it| it.get(0));
        if found / 1000 > CURRENT / 1000 {
            return Err(StoreError::Newer { location, found: name_of(found), known: name_of(CURRENT) });
        }
        upgrade(session, found)?;
        Ok((found < CURRENT).then(|| name_of(found)))
    })?;
    let to = name_of(CURRENT);
    Ok(MigrateReport { from, to, backup: None, added: Vec::new(), dropped: Vec::new(), carried_forward: 0 })
}

/// Runs the migrations after a schema, and notes which it is now.
fn upgrade(session: &Session, found: i64) -> Result<()> {
    for (_, sql) in MIGRATIONS.iter().filter(|(number, _)| *number > found) {
        session.script(sql)?;
    }
    let number = CURRENT.max(found).to_string();
    let note = "INSERT INTO cfn_metadata (name, value) VALUES ('schema', convert_to($1, 'UTF8'))
         ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    session.change(note, &[text(&number)]).map(|_| ())
}

/// Runs work in a transaction, one at a time for a schema, which need not exist.
fn alone<T>(session: &Session, work: impl FnOnce() -> Result<T>) -> Result<T> {
    session.begin_unchecked(Beginning::Unlocked);
    let done = lock(session).and_then(|()| work()).inspect_err(|_| session.undo())?;
    session.commit()?;
    Ok(done)
}

/// Keeps out others who make or change the schema, up to the end of the transaction.
pub(super) fn lock(session: &Session) -> Result<()> {
    session.first("SELECT pg_advisory_xact_lock(1667657217, hashtext($1))", &[text(session.schema())]).map(|_| ())
}

pub(super) fn exists(session: &Session) -> Result<bool> {
    let sql = "SELECT to_regclass(format('%I.cfn_metadata', $1)) IS NOT NULL";
    Ok(session.first(sql, &[text(session.schema())])?.is_some_and(|it| it.get(0)))
}

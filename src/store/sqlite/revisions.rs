//! Revisions, from the write tokens, and the check of the triggers that change them.
//!
//! Dropping a trigger, writing, and recreating the trigger does not change the tokens. But every change of the schema,
//! and a restore, increments SQLite's schema cookie, which is part of the revision.

use std::cell::Cell;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error, ErrorCode, Result, Row};

use super::schema;
use crate::model::{CacheKey, Revision, Tables};

/// Every request of a batch runs it, so it is optimised: single seeks cost a quarter less than one range with a
/// grouping.
const REVISION: &str = "SELECT (SELECT value FROM cfn_metadata WHERE name = 'database_id'), catalogue, usage,
       (SELECT value FROM cfn_metadata WHERE name = 'cache_key'),
       (SELECT user_version FROM pragma_user_version), (SELECT schema_version FROM pragma_schema_version)
     FROM cfn_tokens";

/// Gives a database other tokens: whatever was remembered of it is not asked for again.
pub(super) const RENEW: &str = "UPDATE cfn_tokens SET catalogue = random(), usage = random()";

/// `watched` holds the schema cookie for which all triggers were last found.
pub(super) fn revision(
    connection: &Connection,
    of: Tables,
    watched: Option<&Cell<Option<i64>>>,
) -> Result<Option<Revision>> {
    let found = connection.prepare_cached(REVISION).and_then(|mut it| it.query_row([], |row| Ok(read(row, of))));
    let (revision, cookie) = match found {
        Ok(Some(found)) => found,
        Ok(None) | Err(Error::QueryReturnedNoRows) => return Ok(None),
        // A missing table or column: there is no basis for a revision.
        Err(Error::SqliteFailure(error, _) | Error::SqlInputError { error, .. })
            if error.code == ErrorCode::Unknown =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    if watched.is_some_and(|it| it.get() == Some(cookie)) {
        return Ok(Some(revision));
    }
    if !triggers_are_there(connection)? {
        return Ok(None);
    }
    watched.inspect(|it| it.set(Some(cookie)));
    Ok(Some(revision))
}

/// The revision, and its schema cookie. Without valid values, there is no revision.
fn read(row: &Row<'_>, of: Tables) -> Option<(Revision, i64)> {
    fn bytes<const LENGTH: usize>(row: &Row<'_>, column: usize) -> Option<[u8; LENGTH]> {
        match row.get_ref(column).ok()? {
            ValueRef::Blob(bytes) => bytes.try_into().ok(),
            _ => None,
        }
    }
    let integer = |column: usize| row.get::<_, i64>(column).ok();
    let (catalogue, version, cookie) = (integer(1)?, integer(4)?, integer(5)?);
    let mut state = Vec::with_capacity(32);
    state.extend(version.to_le_bytes());
    state.extend(cookie.to_le_bytes());
    state.extend(catalogue.to_le_bytes());
    if of == Tables::CatalogueAndUsage {
        state.extend(integer(2)?.to_le_bytes());
    }
    Some((Revision::new(bytes(row, 0)?, state, CacheKey(bytes(row, 3)?)), cookie))
}

/// Whether all triggers that change a token exist, with exactly their SQL.
fn triggers_are_there(connection: &Connection) -> Result<bool> {
    let sql = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name GLOB 'cfn_*' AND sql IS NOT NULL";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut missing: Vec<&str> = schema::token_triggers().map(|(_, sql)| sql).collect();
    while let Some(row) = rows.next()? {
        let found = row.get_ref(0)?.as_str().unwrap_or_default().strip_prefix("CREATE TRIGGER ");
        missing.retain(|it| Some(*it) != found);
    }
    Ok(missing.is_empty())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use rusqlite::{Connection, Result};

    use super::revision;
    use crate::model::Tables;
    use crate::store::sqlite::{layout, schema};

    /// Tables that no answer is made of, and why.
    const UNWATCHED: [(&str, &str); 19] = [
        ("cfn_metadata", "it is about the database"),
        ("cfn_tokens", "it holds the tokens themselves"),
        ("schema_versions", "it is about the schema"),
        ("approval_criteria_templates", "no answer about risk is cached"),
        ("phase4_skill_generation", "other programs' own: cfn never reads it"),
        ("edge_case_tracking", "answers about it are not kept"),
        ("usage_daily", "sums of the usage log"),
        ("usage_totals", "sums of the usage log"),
        ("usage_dirty", "which sums of the usage log are out of date"),
        ("usage_archives", "rows leave the usage log and come back in one transaction with it, so its token changes"),
        ("usage_archive_parts", "as usage_archives"),
        ("usage_archive_kept", "as usage_archives"),
        ("outbox", "it is only sent elsewhere"),
        ("cfn_aliases", "answers are kept by the skill's present name, and a rename writes to skills"),
        ("follow", "it is about the database"),
        ("usage_unpushed", "it is only sent elsewhere"),
        ("usage_received", "it is about what was sent here"),
        ("follow_pass_rates", "an answer about pass rates is kept by the usage log, whose token a pull changes too"),
        ("cfn_events", "an event is of the transaction of the change that it tells of"),
    ];

    fn fresh() -> Result<Connection> {
        let connection = Connection::open_in_memory()?;
        schema::run_all(&connection)?;
        Ok(connection)
    }

    #[test]
    fn every_write_changes_the_revision_of_its_tables() -> Result<()> {
        let connection = fresh()?;
        connection.execute_batch("PRAGMA foreign_keys = OFF")?;
        let revisions = || -> Result<_> {
            Ok((
                revision(&connection, Tables::Catalogue, None)?,
                revision(&connection, Tables::CatalogueAndUsage, None)?,
            ))
        };
        let first = revisions()?;
        assert!(first.0.is_some() && first.1.is_some());
        assert_eq!(revisions()?, first, "nothing was written");
        connection
            .execute_batch("INSERT INTO skill_usage_log (agent_id, agent_type, skill_id) VALUES ('a', 'b', 1)")?;
        let second = revisions()?;
        assert_eq!(second.0, first.0);
        assert_ne!(second.1, first.1);
        connection.execute_batch("INSERT INTO skill_contents (hash, bytes) VALUES ('h', 'x')")?;
        let third = revisions()?;
        assert!(third.0 != second.0 && third.1 != second.1);
        connection.execute_batch("VACUUM")?;
        assert!(revisions()?.0 != third.0, "a VACUUM counts as a change");
        Ok(())
    }

    /// One that was added without its triggers would serve stale answers.
    #[test]
    fn every_write_to_any_table_that_answers_are_made_of_changes_the_revision() -> Result<()> {
        let tables = layout::objects(&fresh()?, Some("table"))?;
        let gone = UNWATCHED.iter().find(|(name, _)| !tables.iter().any(|it| it.name == *name));
        assert_eq!(gone, None, "there is no such table");
        for table in tables.iter().map(|it| it.name.as_str()).filter(|it| UNWATCHED.iter().all(|(name, _)| name != it))
        {
            let connection = fresh()?;
            connection.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON")?;
            let columns: Vec<String> = layout::columns(&connection, table)?.into_iter().map(|it| it.name).collect();
            let mut writes = vec![format!("INSERT INTO {table} VALUES ({})", vec!["1"; columns.len()].join(", "))];
            writes.extend(columns.iter().map(|column| format!("UPDATE {table} SET {column} = 2")));
            writes.extend([format!("DELETE FROM {table}")]);
            for write in writes {
                let before = revision(&connection, Tables::CatalogueAndUsage, None)?;
                assert!(before.is_some());
                connection.execute_batch(&write)?;
                let after = revision(&connection, Tables::CatalogueAndUsage, None)?;
                assert!(after != before, "{write}: give the table triggers, or say why it needs none");
            }
        }
        Ok(())
    }

    #[test]
    fn without_any_one_trigger_there_is_no_revision() -> Result<()> {
        let connection = fresh()?;
        let names: Vec<_> = schema::token_triggers().collect();
        assert_eq!(names.len(), 25);
        let watched = Cell::new(None);
        for (name, sql) in names {
            let marked = || revision(&connection, Tables::Catalogue, Some(&watched)).map(|it| it.is_some());
            assert!(marked()?);
            connection.execute_batch(&format!("DROP TRIGGER {name}"))?;
            assert!(!marked()?, "{name} is missing");
            connection.execute_batch(&format!("CREATE TRIGGER {}", sql.replace(";END", ";SELECT 1;END")))?;
            assert!(!marked()?, "{name} does something else");
            connection.execute_batch(&format!("DROP TRIGGER {name}; CREATE TRIGGER {sql}"))?;
            assert!(marked()?, "{name} is back");
        }
        Ok(())
    }

    #[test]
    fn without_a_token_there_is_no_revision_and_no_error() -> Result<()> {
        for damage in [
            "DELETE FROM cfn_tokens",
            "UPDATE cfn_tokens SET catalogue = 'text'",
            "UPDATE cfn_metadata SET value = 'text' WHERE name = 'database_id'",
            "UPDATE cfn_metadata SET value = x'00' WHERE name = 'cache_key'",
            "ALTER TABLE cfn_metadata RENAME COLUMN value TO other",
        ] {
            let connection = fresh()?;
            connection.execute_batch(damage)?;
            assert_eq!(revision(&connection, Tables::Catalogue, None)?, None, "{damage}");
        }
        let connection = fresh()?;
        connection.execute_batch("UPDATE cfn_tokens SET usage = NULL")?;
        assert!(revision(&connection, Tables::Catalogue, None)?.is_some());
        assert_eq!(revision(&connection, Tables::CatalogueAndUsage, None)?, None);
        Ok(())
    }
}

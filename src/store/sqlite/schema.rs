//! The schema: its migrations, triggers and version numbers.

use std::sync::LazyLock;

use rusqlite::{Connection, Result};

use super::views;
use crate::clock::Clock;
use crate::model::Version;

/// A migration.
struct Migration {
    /// The value of `PRAGMA user_version` after it: major · 1000 + minor.
    number: i64,
    description: &'static str,
    sql: &'static str,
    /// Changes of rows that SQL alone cannot make. They run on the schema of their own step.
    data: Option<fn(&Connection) -> Result<()>>,
}

/// All migrations; append-only. A new database runs all of them, an older one those that it lacks; see `upgrade.rs`.
const MIGRATIONS: [Migration; 11] = [
    Migration {
        number: 3000,
        description: "Contents and versions in the database, approvals bound to bytes, write tokens",
        sql: include_str!("../../../migrations/sqlite/0001_skills_database.sql"),
        data: None,
    },
    Migration {
        number: 3001,
        description: "Usage rollups that stay equal to a full scan",
        sql: include_str!("../../../migrations/sqlite/0002_usage_rollups.sql"),
        data: None,
    },
    Migration {
        number: 3002,
        description: "Archives of the usage log",
        sql: include_str!("../../../migrations/sqlite/0003_usage_archive.sql"),
        data: None,
    },
    Migration {
        number: 3003,
        description: "What waits for the workflow database",
        sql: include_str!("../../../migrations/sqlite/0004_outbox.sql"),
        data: None,
    },
    Migration {
        number: 3004,
        description: "Usage by UTC day, outcomes, small money, and uses that wait for their outcome",
        sql: include_str!("../../../migrations/sqlite/0005_usage_sums.sql"),
        data: None,
    },
    Migration {
        number: 3005,
        description: "A shorter schema, which every process parses",
        sql: include_str!("../../../migrations/sqlite/0006_shorter_schema.sql"),
        data: Some(views::shorten),
    },
    Migration {
        number: 3006,
        description: "Former names, events of skills, pinned versions",
        sql: include_str!("../../../migrations/sqlite/0007_names_and_events.sql"),
        data: None,
    },
    Migration {
        number: 3007,
        description: "Sums of tokens that have no amount of money",
        sql: include_str!("../../../migrations/sqlite/0008_unpriced_tokens.sql"),
        data: None,
    },
    Migration {
        number: 3008,
        description: "Files of skills beside SKILL.md, decisions about whole folders",
        sql: include_str!("../../../migrations/sqlite/0009_folders.sql"),
        data: None,
    },
    Migration {
        number: 3009,
        description: "What a database follows",
        sql: include_str!("../../../migrations/sqlite/0010_following.sql"),
        data: None,
    },
    Migration {
        number: 3010,
        description: "Uses on their way from a follower to its primary",
        sql: include_str!("../../../migrations/sqlite/0011_usage_push.sql"),
        data: None,
    },
];

/// The schema that a legacy database is completed to, before the later migrations.
pub(super) const FIRST: i64 = MIGRATIONS[0].number;

/// The schema that introduced the rollups.
const WITH_ROLLUPS: i64 = 3001;

pub(super) const CURRENT: i64 = MIGRATIONS[MIGRATIONS.len() - 1].number;

pub(super) fn name_of(number: i64) -> String {
    format!("v{}.{}.0", number / 1000, number % 1000)
}

/// The number of the schema that a recorded version names.
pub(super) fn number_of(version: Version) -> Option<i64> {
    let (major, minor) = (i64::try_from(version.major()).ok()?, i64::try_from(version.minor()).ok()?);
    (minor < 1000).then(|| major.checked_mul(1000)?.checked_add(minor))?
}

/// The declared schema number of a file.
pub(super) fn version(connection: &Connection) -> Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Whether the number is that of the current schema, or of a newer minor one, which only has additions.
pub(super) fn is_ours(number: i64) -> bool {
    number >= CURRENT && number / 1000 == CURRENT / 1000
}

/// `v3.0.0` for the schema of this connection's file.
pub(super) fn version_name(connection: &Connection) -> Result<String> {
    version(connection).map(name_of)
}

/// Whether the file has exactly this schema.
pub(super) fn is_current(connection: &Connection) -> Result<bool> {
    version(connection).map(|number| number == CURRENT)
}

/// Whether the file had rollups before, by the number in its header. A reloaded dump has lost that number, and may have
/// been edited.
pub(super) fn has_rollups(connection: &Connection) -> Result<bool> {
    version(connection).map(|number| number >= WITH_ROLLUPS)
}

/// The schema that made all triggers anew.
const WITH_TRIGGERS: i64 = 3005;

/// The triggers of the whole schema: name, and SQL from the name on, as SQLite keeps it.
static TRIGGERS: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    let mut triggers: Vec<(&str, &str)> = Vec::new();
    for sql in MIGRATIONS.iter().filter(|it| it.number >= WITH_TRIGGERS).map(|it| it.sql) {
        for (number, piece) in sql.split("\nDROP TRIGGER IF EXISTS ").enumerate() {
            if number > 0 {
                triggers.retain(|(name, _)| Some(*name) != piece.split(';').next());
            }
            // The text is ours: each trigger ends with END, and has a name before the first blank.
            triggers.extend(piece.split("\nCREATE TRIGGER ").skip(1).filter_map(|it| {
                let sql = &it[..it.rfind("END;")? + "END".len()];
                Some((sql.split(' ').next()?, sql))
            }));
        }
    }
    triggers
});

/// Whether a migration creates a table with this name.
pub(super) fn makes_table(name: &str) -> bool {
    let tables = MIGRATIONS.iter().flat_map(|it| it.sql.split("\nCREATE TABLE ").skip(1));
    tables.filter_map(|it| it.split([' ', '(']).next()).any(|it| it.eq_ignore_ascii_case(name))
}

/// The triggers that change the write tokens, and the one that records versions: a token without it would be of other rows.
pub(super) fn token_triggers() -> impl Iterator<Item = (&'static str, &'static str)> {
    TRIGGERS.iter().copied().filter(|(_, sql)| sql.contains("cfn_tokens"))
}

/// The triggers that keep the rollups exact.
pub(super) fn rollup_triggers() -> impl Iterator<Item = (&'static str, &'static str)> {
    TRIGGERS.iter().copied().filter(|(_, sql)| sql.contains("usage_dirty"))
}

/// An empty database with the schema of this number, or the newest that this cfn knows.
pub(super) fn at(number: i64) -> Result<Connection> {
    let fresh = Connection::open_in_memory()?;
    run(&fresh, i64::MIN, number)?;
    Ok(fresh)
}

/// Runs every migration on an empty database.
pub(super) fn run_all(connection: &Connection) -> Result<()> {
    run(connection, i64::MIN, CURRENT)
}

/// Runs the migrations after one number up to another, in order, each with its data.
pub(super) fn run(connection: &Connection, after: i64, up_to: i64) -> Result<()> {
    for migration in MIGRATIONS.iter().filter(|it| it.number > after && it.number <= up_to) {
        connection.execute_batch(migration.sql)?;
        migration.data.map_or(Ok(()), |data| data(connection))?;
    }
    Ok(())
}

/// Records the migrations in the header and in `schema_versions`. A newer database keeps its number.
pub(super) fn note_versions(connection: &Connection, number: i64, clock: Clock) -> Result<()> {
    for migration in &MIGRATIONS {
        connection.execute(
            "INSERT INTO schema_versions (version, description, applied_at)
             SELECT ?1, ?2, ?3 WHERE NOT EXISTS (SELECT 1 FROM schema_versions WHERE version = ?1)",
            (name_of(migration.number), migration.description, clock.moment()),
        )?;
    }
    connection.pragma_update(None, "user_version", number.max(CURRENT))
}

#[cfg(test)]
mod tests {
    use rusqlite::Result;

    use super::{CURRENT, TRIGGERS, at, makes_table};
    use crate::store::sqlite::layout;

    #[test]
    fn every_table_is_known_by_its_name() -> Result<()> {
        for table in layout::objects(&at(CURRENT)?, Some("table"))? {
            assert!(makes_table(&table.name.to_uppercase()), "{}", table.name);
        }
        assert!(!makes_table("active_skills_with_approval") && !makes_table("skill") && !makes_table(""));
        Ok(())
    }

    #[test]
    fn the_triggers_that_are_looked_for_are_those_of_a_fresh_database() -> Result<()> {
        let mut made: Vec<(String, String)> = layout::objects(&at(CURRENT)?, Some("trigger"))?
            .into_iter()
            .map(|it| (it.name, it.sql.trim_start_matches("CREATE TRIGGER ").to_owned()))
            .collect();
        made.sort();
        let mut read: Vec<(String, String)> =
            TRIGGERS.iter().map(|(name, sql)| ((*name).to_owned(), (*sql).to_owned())).collect();
        read.sort();
        assert_eq!(read, made);
        Ok(())
    }
}

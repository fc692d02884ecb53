//! The state of the file, and the effective settings of the connection.

use std::fs;

use rusqlite::types::Value;
use rusqlite::{Connection, Result};

use super::beside::wal_of;
use super::failure::Place;
use super::schema;
use super::work_file::WorkFile;
use crate::store::StatusReport;

const PRAGMAS: [&str; 9] = [
    "journal_mode",
    "synchronous",
    "cache_size",
    "temp_store",
    "mmap_size",
    "foreign_keys",
    "trusted_schema",
    "journal_size_limit",
    "page_size",
];

/// The tables to count, each with a constant query.
const COUNTS: [(&str, &str); 9] = [
    ("skills", "SELECT count(*) FROM skills"),
    ("skill_versions", "SELECT count(*) FROM skill_versions"),
    ("skill_contents", "SELECT count(*) FROM skill_contents"),
    ("approval_history", "SELECT count(*) FROM approval_history"),
    ("agent_skill_mappings", "SELECT count(*) FROM agent_skill_mappings"),
    ("skill_usage_log", "SELECT count(*) FROM skill_usage_log"),
    ("bootstrap_skills", "SELECT count(*) FROM bootstrap_skills"),
    ("phase4_skill_generation", "SELECT count(*) FROM phase4_skill_generation"),
    ("edge_case_tracking", "SELECT count(*) FROM edge_case_tracking"),
];

/// The three indexes of the architecture reference, on the columns that really exist.
const REFERENCE_INDEXES: [(&str, &str, &str); 3] = [
    ("idx_skills_name_hash", "skills", "the UNIQUE constraint on skills (name) serves the same queries"),
    ("idx_approval_history_skill_created", "approval_history", "not there; run 'cfn db migrate'"),
    (
        "idx_agent_mappings_agent_skill",
        "agent_skill_mappings",
        "the UNIQUE constraint on agent_skill_mappings (agent_type, skill_id) serves the same queries",
    ),
];

pub(super) fn report(connection: &Connection, place: &Place) -> crate::store::Result<StatusReport> {
    read(connection, place).map_err(|error| place.fail(&error))
}

fn read(connection: &Connection, place: &Place) -> Result<StatusReport> {
    let mut pragmas = Vec::new();
    for name in PRAGMAS {
        let value = connection.pragma_query_value(None, name, |row| row.get::<_, Value>(0))?;
        let value = match value {
            Value::Integer(number) => number.to_string(),
            Value::Text(text) => text,
            other => format!("{other:?}"),
        };
        pragmas.push((name.to_owned(), value));
    }
    let mut counts = Vec::new();
    for (table, query) in COUNTS {
        counts.push((table.to_owned(), connection.query_row(query, [], |row| row.get(0))?));
    }
    let mut indexes = Vec::new();
    for (name, table, otherwise) in REFERENCE_INDEXES {
        let there: bool = connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = ?1 AND tbl_name = ?2)",
            [name, table],
            |row| row.get(0),
        )?;
        indexes.push((name.to_owned(), if there { "an index".to_owned() } else { otherwise.to_owned() }));
    }
    Ok(StatusReport {
        path: place.path.clone(),
        size_bytes: fs::metadata(&place.path).map_or(0, |it| it.len()),
        wal_bytes: fs::metadata(wal_of(&place.path)).map_or(0, |it| it.len()),
        work_bytes: fs::metadata(WorkFile::path_of(&place.path)).map_or(0, |it| it.len()),
        schema_version: schema::version_name(connection)?,
        sqlite_version: rusqlite::version().to_owned(),
        pragmas,
        counts,
        indexes,
    })
}

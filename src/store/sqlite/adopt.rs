//! Adoption: what an older database lacks, compared with a fresh one, and what its rows need.

use rusqlite::{Connection, Result, params};

use super::{rollups, schema};
use crate::store::MigrateReport;

/// Indexes of the old schema that repeat a UNIQUE constraint or that no query of cfn uses; each costs every process start and
/// every write. A fresh database does not have them.
const REDUNDANT: [&str; 34] = [
    "idx_skills_name",
    "idx_skills_status",
    "idx_skills_category",
    "idx_skills_team",
    "idx_skills_approval_level",
    "idx_skills_phase4_pattern",
    "idx_skills_generated_by",
    "idx_skills_owner",
    "idx_skills_created_at",
    "idx_skills_category_status",
    "idx_approval_history_skill",
    "idx_approval_history_timestamp",
    "idx_approval_history_decision",
    "idx_approval_templates_level_category",
    "idx_agent_skills_priority",
    "idx_agent_skills_agent_type",
    "idx_agent_skills_required",
    "idx_agent_mapping_type_priority",
    "idx_usage_skill",
    "idx_usage_agent_type",
    "idx_usage_phase",
    "idx_usage_agent_id",
    "idx_usage_approval_level",
    "idx_usage_phase4_generated",
    "idx_bootstrap_load_order",
    "idx_phase4_skill",
    "idx_phase4_pattern",
    "idx_phase4_status",
    "idx_edge_case_resolved",
    "idx_edge_case_severity",
    // Names that the architecture reference gives; the UNIQUE constraints serve the same queries.
    "idx_skills_name_hash",
    "idx_agent_mappings_agent_skill",
    "idx_agent_mappings_agent_type",
    "idx_skills_content_hash",
];

/// One object or column of the fresh schema.
struct Column {
    name: String,
    kind: String,
    not_null: bool,
    default: Option<String>,
}

/// Adds what is missing, drops what is redundant, and carries the rows forward. All names and SQL come from our own schema.
pub(super) fn complete(connection: &Connection, report: &mut MigrateReport) -> Result<()> {
    let fresh = Connection::open_in_memory()?;
    schema::run_all(&fresh)?;
    let rolled_up = schema::has_rollups(connection)? && rollups::trusted(connection)?;
    let had_approvals = exists(connection, "table", "approval_history")?;
    for index in REDUNDANT {
        if exists(connection, "index", index)? {
            connection.execute_batch(&format!("DROP INDEX {}", quoted(index)))?;
            report.dropped.push(index.to_owned());
        }
    }
    for (name, sql) in objects(&fresh, "table")? {
        if exists(connection, "table", &name)? {
            add_columns(connection, &fresh, &name, report)?;
        } else {
            connection.execute_batch(&sql)?;
            report.added.push(format!("table {name}"));
        }
    }
    for kind in ["index", "view"] {
        for (name, sql) in objects(&fresh, kind)? {
            if !exists(connection, kind, &name)? {
                connection.execute_batch(&sql)?;
                report.added.push(format!("{kind} {name}"));
            }
        }
    }
    carry_forward(connection, had_approvals, report)?;
    // Last, so that they do not fire on the rows above, and always ours: a dump may have brought older ones.
    for (name, sql) in objects(&fresh, "trigger")? {
        connection.execute_batch(&format!("DROP TRIGGER IF EXISTS {};\n{sql}", quoted(&name)))?;
    }
    if rolled_up { rollups::trust(connection) } else { rollups::forget(connection) }
}

/// Versions, bound approvals and identity, for rows that were written before there was any of this.
fn carry_forward(connection: &Connection, had_approvals: bool, report: &mut MigrateReport) -> Result<()> {
    // A dump that was edited and loaded again has its old tokens, but not its old rows.
    connection.execute_batch(
        "DELETE FROM cfn_metadata WHERE name IN ('catalogue_token', 'usage_token');
         INSERT INTO cfn_metadata (name, value)
           SELECT name, randomblob(CASE name WHEN 'cache_key' THEN 32 ELSE 16 END)
           FROM (SELECT 'database_id' AS name UNION ALL SELECT 'cache_key' UNION ALL SELECT 'catalogue_token'
             UNION ALL SELECT 'usage_token') AS wanted
           WHERE NOT EXISTS (SELECT 1 FROM cfn_metadata m WHERE m.name = wanted.name);
         INSERT INTO cfn_metadata (name, value) SELECT 'rolled_up_through', -9223372036854775808
           WHERE NOT EXISTS (SELECT 1 FROM cfn_metadata WHERE name = 'rolled_up_through');
         INSERT INTO skill_versions (skill_id, version, content_hash, content_path, approval_level, source, created_at)
           SELECT s.id, s.version, s.content_hash, coalesce(s.content_path, ''), coalesce(s.approval_level, 'human'), 'adoption',
             coalesce(s.updated_at, s.created_at, datetime('now'))
           FROM skills s
           WHERE s.version IS NOT NULL AND s.content_hash IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM skill_versions v WHERE v.skill_id = s.id AND v.version = s.version);
         UPDATE approval_history SET content_hash = (SELECT s.content_hash FROM skills s
             WHERE s.id = approval_history.skill_id AND s.version = approval_history.version)
           WHERE content_hash IS NULL;",
    )?;
    if !had_approvals {
        // The old layout had no approvals: what was active was in use, and stays so.
        let carried = connection.execute(
            "INSERT INTO approval_history (skill_id, version, approval_level, approver, decision, reasoning, content_hash)
             SELECT id, version, CASE WHEN approval_level IN ('auto', 'escalate') THEN approval_level ELSE 'human' END,
               'system-migration', 'approved',
               'Active in a layout that had no approvals', content_hash
             FROM skills WHERE coalesce(status, 'active') = 'active' AND version IS NOT NULL AND content_hash IS NOT NULL",
            [],
        )?;
        connection.execute(
            "UPDATE skills SET last_approved_by = 'system-migration', last_approval_date = datetime('now')
             WHERE coalesce(status, 'active') = 'active' AND last_approved_by IS NULL",
            [],
        )?;
        report.carried_forward = u64::try_from(carried).unwrap_or(0);
    }
    Ok(())
}

/// A column that cannot be added as it is declared (no default for NOT NULL, or a default that is no constant) is added without
/// that; where its default was the time, existing rows get the time of the adoption.
fn add_columns(connection: &Connection, fresh: &Connection, table: &str, report: &mut MigrateReport) -> Result<()> {
    let present = columns(connection, table)?;
    for column in columns(fresh, table)? {
        if present.iter().any(|it| it.name.eq_ignore_ascii_case(&column.name)) {
            continue;
        }
        let constant = column.default.as_deref().filter(|text| !text.contains('('));
        let not_null = if column.not_null && constant.is_some() { " NOT NULL" } else { "" };
        let default = constant.map_or_else(String::new, |text| format!(" DEFAULT {text}"));
        let (table_name, name, kind) = (quoted(table), quoted(&column.name), &column.kind);
        connection.execute_batch(&format!("ALTER TABLE {table_name} ADD COLUMN {name} {kind}{not_null}{default}"))?;
        if column.name == "id" {
            // Rows that come later have none; cfn tells rows apart by their rowid.
            connection.execute_batch(&format!("UPDATE {table_name} SET {name} = rowid"))?;
        } else if column.default.is_some() && constant.is_none() {
            connection.execute_batch(&format!("UPDATE {table_name} SET {name} = datetime('now')"))?;
        }
        report.added.push(format!("column {table}.{}", column.name));
    }
    Ok(())
}

fn columns(connection: &Connection, table: &str) -> Result<Vec<Column>> {
    connection
        .prepare("SELECT name, type, \"notnull\", dflt_value FROM pragma_table_info(?1)")?
        .query_map([table], |row| {
            Ok(Column { name: row.get(0)?, kind: row.get(1)?, not_null: row.get(2)?, default: row.get(3)? })
        })?
        .collect()
}

/// Objects of a kind that have SQL of their own, in the order of their creation.
fn objects(connection: &Connection, kind: &str) -> Result<Vec<(String, String)>> {
    connection
        .prepare(
            "SELECT name, sql FROM sqlite_master WHERE type = ?1 AND sql IS NOT NULL AND name NOT LIKE 'sqlite_%'",
        )?
        .query_map([kind], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

fn exists(connection: &Connection, kind: &str, name: &str) -> Result<bool> {
    connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = ?1 AND name = ?2 COLLATE NOCASE)",
        params![kind, name],
        |row| row.get(0),
    )
}

/// An identifier of our own schema, quoted.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

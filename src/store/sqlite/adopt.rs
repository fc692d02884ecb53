//! Adoption: what a layout of the old scripts lacks, compared with the first schema, and what its rows need.

use rusqlite::{Connection, Result};

use super::layout::{self, Object, Relation, quoted};
use super::schema;

/// Indexes of the old schema that a fresh database does not have. Each costs every process start and every write, so one that
/// serves no query better than another does is dropped.
pub(super) const OLD_INDEXES: [&str; 34] = [
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

/// Adds what is missing, and carries the rows forward; answers how many skills got an approval. All names and SQL come from our own
/// schema.
pub(super) fn complete(connection: &Connection) -> Result<u64> {
    let first = schema::at(schema::FIRST)?;
    let approve = had_no_approvals(connection)?;
    for Object { name, sql, .. } in layout::objects(&first, Some("table"))? {
        match layout::relation(connection, &name)? {
            Relation::Nothing => connection.execute_batch(&sql)?,
            _ => add_columns(connection, &first, &name)?,
        }
    }
    for kind in ["index", "view"] {
        for Object { name, sql, .. } in layout::objects(&first, Some(kind))? {
            if !layout::exists(connection, kind, &name)? {
                connection.execute_batch(&sql)?;
            }
        }
    }
    let carried = carry_forward(connection, approve)?;
    // Last, so that they do not fire on the rows above.
    for Object { sql, .. } in layout::objects(&first, Some("trigger"))? {
        connection.execute_batch(&sql)?;
    }
    Ok(carried)
}

/// Whether what is active was in use without an approval. The first layout had no approvals at all. Its own migration failed half-way
/// on real databases: the table of approvals is there and empty, and the level of a skill is missing or was appended later.
fn had_no_approvals(connection: &Connection) -> Result<bool> {
    if layout::relation(connection, "approval_history")? == Relation::Nothing {
        return Ok(true);
    }
    let columns = layout::columns(connection, "skills")?;
    let at = |name: &str| columns.iter().position(|it| it.name.eq_ignore_ascii_case(name));
    let first_layout = match (at("approval_level"), at("updated_at")) {
        (None, _) => true,
        (Some(level), Some(last)) => level > last,
        (Some(_), None) => false,
    };
    let decided = "SELECT EXISTS (SELECT 1 FROM approval_history)";
    Ok(first_layout && !connection.query_row(decided, [], |row| row.get::<_, bool>(0))?)
}

/// Versions, bound approvals and identity, for rows that were written before there was any of this.
fn carry_forward(connection: &Connection, approve: bool) -> Result<u64> {
    connection.execute_batch(
        "INSERT INTO cfn_metadata (name, value) VALUES ('database_id', randomblob(16)), ('cache_key', randomblob(32)),
           ('catalogue_token', randomblob(16)), ('usage_token', randomblob(16));
         INSERT INTO skill_versions (skill_id, version, content_hash, content_path, approval_level, source, created_at)
           SELECT s.id, s.version, s.content_hash, coalesce(s.content_path, ''), coalesce(s.approval_level, 'human'), 'adoption',
             coalesce(s.updated_at, s.created_at, datetime('now'))
           FROM skills s WHERE s.version IS NOT NULL AND s.content_hash IS NOT NULL;
         UPDATE approval_history SET content_hash = (SELECT s.content_hash FROM skills s
             WHERE s.id = approval_history.skill_id AND s.version = approval_history.version)
           WHERE content_hash IS NULL;",
    )?;
    if !approve {
        return Ok(0);
    }
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
    Ok(carried.try_into().unwrap_or(u64::MAX))
}

/// A column that cannot be added as it is declared (no default for NOT NULL, or a default that is no constant) is added without
/// that; where its default was the time, existing rows get the time of the adoption.
fn add_columns(connection: &Connection, fresh: &Connection, table: &str) -> Result<()> {
    let present = layout::columns(connection, table)?;
    for column in layout::columns(fresh, table)? {
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
    }
    Ok(())
}

/// Drops an index of the old schema where another one, or a constraint, serves every query that it could.
pub(super) fn drop_served_indexes(connection: &Connection) -> Result<()> {
    for index in OLD_INDEXES {
        if is_served_otherwise(connection, index)? {
            connection.execute_batch(&format!("DROP INDEX {}", quoted(index)))?;
        }
    }
    Ok(())
}

/// Whether another index of the same table, of all its rows, begins with the same columns. An index that enforces something, or is
/// of some rows only, is not judged.
fn is_served_otherwise(connection: &Connection, index: &str) -> Result<bool> {
    let indexes: Vec<(String, bool)> = connection
        .prepare(
            "SELECT l.name, l.\"unique\" FROM sqlite_master m JOIN pragma_index_list(m.tbl_name) l
             WHERE m.type = 'index' AND m.name = ?1 COLLATE NOCASE AND NOT l.partial",
        )?
        .query_map([index], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_>>()?;
    let Some((name, false)) = indexes.iter().find(|(name, _)| name.eq_ignore_ascii_case(index)) else {
        return Ok(false);
    };
    let keys = index_keys(connection, name)?;
    if keys.iter().any(|(column, ..)| *column < 0) {
        return Ok(false);
    }
    for (other, _) in indexes.iter().filter(|(other, _)| other != name) {
        if index_keys(connection, other)?.starts_with(&keys) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What an index is sorted by: column (an expression's place is negative), collation, direction.
fn index_keys(connection: &Connection, index: &str) -> Result<Vec<(i64, String, bool)>> {
    connection
        .prepare("SELECT cid, coll, \"desc\" FROM pragma_index_xinfo(?1) WHERE key ORDER BY seqno")?
        .query_map([index], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect()
}

//! Adoption: completes a legacy layout to the first schema, and updates its rows.

use rusqlite::{Connection, Result};

use super::layout::{self, Object, Relation, quoted};
use super::schema;
use super::verified::{clear, require_all, require_none};

/// Indexes of the old schema that a new database lacks. Each slows down every start and every write, so redundant ones
/// are dropped.
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
    // Named in the architecture reference; the UNIQUE constraints serve the same queries.
    "idx_skills_name_hash",
    "idx_agent_mappings_agent_skill",
    "idx_agent_mappings_agent_type",
    "idx_skills_content_hash",
];

/// Adds missing objects, and updates the rows; returns how many skills got an approval. All names and SQL come from our
/// own schema.
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
    // Last, so that they do not fire on the changes above.
    for Object { sql, .. } in layout::objects(&first, Some("trigger"))? {
        connection.execute_batch(&sql)?;
    }
    Ok(carried)
}

/// Whether active skills were in use without an approval. The first layout had no approvals. Its own migration failed
/// halfway on real databases, so the table of approvals may be empty, and the level of a skill missing or appended
/// later.
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

/// A decision without the hash of the bytes that its version has.
const UNBOUND: &str = "SELECT 1 FROM approval_history a JOIN skills s ON s.id = a.skill_id AND s.version = a.version
   WHERE a.content_hash IS NULL AND s.content_hash IS NOT NULL";

/// Adds a row for each skill that a condition finds.
fn add_for_skills(connection: &Connection, sql: &str, condition: &str) -> Result<usize> {
    let count = format!("SELECT count(*) FROM skills s WHERE {condition}");
    let wanted = connection.query_row(&count, [], |row| row.get::<_, i64>(0))?;
    let added = connection.execute(&format!("{sql} FROM skills s WHERE {condition}"), [])?;
    require_all(sql, usize::try_from(wanted).unwrap_or(usize::MAX), added)?;
    Ok(added)
}

/// Adds versions, hashes of approvals, and the database's identity for existing rows.
fn carry_forward(connection: &Connection, approve: bool) -> Result<u64> {
    connection.execute_batch(
        "INSERT INTO cfn_metadata (name, value) VALUES ('database_id', randomblob(16)), ('cache_key', randomblob(32)),
           ('catalogue_token', randomblob(16)), ('usage_token', randomblob(16))",
    )?;
    add_for_skills(
        connection,
        "INSERT INTO skill_versions (skill_id, version, content_hash, content_path, approval_level, source, created_at)
           SELECT s.id, s.version, s.content_hash, coalesce(s.content_path, ''), coalesce(s.approval_level, 'human'), 'adoption',
             coalesce(s.updated_at, s.created_at, datetime('now'))",
        "s.version IS NOT NULL AND s.content_hash IS NOT NULL",
    )?;
    connection.execute_batch(
        "UPDATE approval_history SET content_hash = (SELECT s.content_hash FROM skills s
             WHERE s.id = approval_history.skill_id AND s.version = approval_history.version)
           WHERE content_hash IS NULL",
    )?;
    require_none(connection, "UPDATE approval_history", UNBOUND, &[])?;
    if !approve {
        return Ok(0);
    }
    // The old layout had no approvals: active skills were in use, and stay in use.
    let carried = add_for_skills(
        connection,
        "INSERT INTO approval_history (skill_id, version, approval_level, approver, decision, reasoning, content_hash)
         SELECT id, version, CASE WHEN approval_level IN ('auto', 'escalate') THEN approval_level ELSE 'human' END,
           'system-migration', 'approved',
           'Active in a layout that had no approvals', content_hash",
        "coalesce(status, 'active') = 'active' AND version IS NOT NULL AND content_hash IS NOT NULL",
    )?;
    clear(
        connection,
        "UPDATE skills SET last_approved_by = 'system-migration', last_approval_date = datetime('now')
         WHERE coalesce(status, 'active') = 'active' AND last_approved_by IS NULL",
        &[],
    )?;
    Ok(carried.try_into().unwrap_or(u64::MAX))
}

/// Adds a column. Constraints that SQLite cannot add (NOT NULL without a default, or a non-constant default) are left
/// out; if the default is the current time, existing rows get the time of the adoption.
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
            // Later rows have none; cfn identifies rows by their rowid.
            connection.execute_batch(&format!("UPDATE {table_name} SET {name} = rowid"))?;
            let others = format!("SELECT 1 FROM {table_name} WHERE {name} IS NOT rowid");
            require_none(connection, &format!("UPDATE {table}"), &others, &[])?;
        } else if column.default.is_some() && constant.is_none() {
            connection.execute_batch(&format!("UPDATE {table_name} SET {name} = datetime('now')"))?;
            let others = format!("SELECT 1 FROM {table_name} WHERE {name} IS NULL");
            require_none(connection, &format!("UPDATE {table}"), &others, &[])?;
        }
    }
    Ok(())
}

/// Drops an index of the old schema if another index or a constraint serves all its queries.
pub(super) fn drop_served_indexes(connection: &Connection) -> Result<()> {
    for index in OLD_INDEXES {
        if is_served_otherwise(connection, index)? {
            connection.execute_batch(&format!("DROP INDEX {}", quoted(index)))?;
        }
    }
    Ok(())
}

/// Whether another full index of the same table starts with the same columns. Unique and partial indexes are never
/// redundant.
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

/// The sort order of an index: column (negative for an expression), collation, direction.
fn index_keys(connection: &Connection, index: &str) -> Result<Vec<(i64, String, bool)>> {
    connection
        .prepare("SELECT cid, coll, \"desc\" FROM pragma_index_xinfo(?1) WHERE key ORDER BY seqno")?
        .query_map([index], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect()
}

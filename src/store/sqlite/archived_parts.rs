//! Parts of archives: which of them may have the uses of a task or a skill.

use rusqlite::{Connection, Error, Result, Row, params};

use super::rows::{change, collect};
use crate::model::SkillId;
use crate::store::UsageFilter;
use crate::store::archives::{ArchivedPart, Header, Value, gist_name, gist_of, newest_of, trace_of};

const PARTS: &str = "SELECT a.file, a.before, a.sha256, p.part, substr(m.value, 1, 8),
       (SELECT json_group_array(k.row_id) FROM usage_archive_kept k WHERE k.archive_id = a.id AND k.part = p.part),
       (SELECT hex(value) FROM cfn_metadata WHERE name = 'database_id')
     FROM usage_archives a JOIN usage_archive_parts p ON p.archive_id = a.id
     LEFT JOIN cfn_metadata m ON m.name = 'archive ' || a.sha256 || ' ' || p.part
     WHERE a.file LIKE 'postgresql://%' AND (m.value IS NULL OR instr(m.value, ?1) > 0)";

/// Parts that may have such rows.
pub(super) fn of_uses(connection: &Connection, filter: &UsageFilter<'_>) -> Result<Vec<ArchivedPart>> {
    collect(connection, PARTS, [trace_of(filter)], part)
}

fn part(row: &Row<'_>) -> Result<ArchivedPart> {
    let kept: String = row.get(5)?;
    Ok(ArchivedPart {
        place: row.get(0)?,
        before: row.get(1)?,
        sha256: row.get(2)?,
        part: row.get(3)?,
        newest: row.get::<_, Option<Vec<u8>>>(4)?.as_deref().and_then(newest_of),
        kept: serde_json::from_str(&kept).map_err(|error| Error::ToSqlConversionFailure(error.into()))?,
        database: row.get(6)?,
    })
}

pub(super) fn skill_names(connection: &Connection, skills: &[SkillId]) -> Result<Vec<(SkillId, String)>> {
    let ids: Vec<i64> = skills.iter().map(|it| it.0).collect();
    let ids = serde_json::Value::from(ids).to_string();
    let sql = "SELECT id, name FROM skills WHERE id IN (SELECT value FROM json_each(?1))";
    collect(connection, sql, [ids], |row| Ok((SkillId(row.get(0)?), row.get(1)?)))
}

/// Notes what a part has, while it leaves.
pub(super) fn keep_gist(connection: &Connection, header: &Header, part: i64, rows: &[Vec<Value>]) -> Result<()> {
    let (name, gist) = (gist_name(&header.sha256, part), gist_of(&header.columns, rows));
    change(connection, "INSERT OR REPLACE INTO cfn_metadata (name, value) VALUES (?1, ?2)", params![name, gist])
        .map(drop)
}

/// Forgets what a part had, when it is back.
pub(super) fn forget_gist(connection: &Connection, header: &Header, part: i64) -> Result<()> {
    change(connection, "DELETE FROM cfn_metadata WHERE name = ?1", [gist_name(&header.sha256, part)]).map(drop)
}

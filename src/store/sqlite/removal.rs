//! Removes skills, and erases bytes. The connection overwrites what is deleted, because SQLite is built so.

use rusqlite::{Connection, Result, params};

use super::rows::{collect, first};
use super::verified::clear;
use crate::model::SkillId;
use crate::store::{DeletedRows, Erased};

/// Tables whose rows belong to a skill. An adopted database may lack the foreign keys that would remove them.
const BELONGINGS: [&str; 5] = [
    "DELETE FROM skill_files WHERE version_id IN (SELECT id FROM skill_versions WHERE skill_id = ?1)",
    "DELETE FROM phase4_skill_generation WHERE skill_id = ?1",
    "DELETE FROM edge_case_tracking WHERE skill_id = ?1",
    "DELETE FROM cfn_aliases WHERE skill_id = ?1",
    "UPDATE skills SET replacement_id = NULL WHERE replacement_id = ?1",
];

pub(super) fn delete_skill(connection: &Connection, skill: SkillId) -> Result<DeletedRows> {
    let hashes: Vec<String> = collect(
        connection,
        "SELECT content_hash FROM skill_versions WHERE skill_id = ?1 UNION SELECT content_hash FROM skills WHERE id = ?1
         UNION SELECT f.hash FROM skill_versions v JOIN skill_files f ON f.version_id = v.id WHERE v.skill_id = ?1",
        [skill.0],
        |row| row.get::<_, Option<String>>(0).map(Option::unwrap_or_default),
    )?;
    let delete = |sql| clear(connection, sql, params![skill.0]);
    for sql in BELONGINGS {
        delete(sql)?;
    }
    let mut deleted = DeletedRows {
        versions: delete("DELETE FROM skill_versions WHERE skill_id = ?1")?,
        decisions: delete("DELETE FROM approval_history WHERE skill_id = ?1")?,
        mappings: delete("DELETE FROM agent_skill_mappings WHERE skill_id = ?1")?,
        usage_rows: delete("DELETE FROM skill_usage_log WHERE skill_id = ?1")?,
        contents: 0,
    };
    delete("DELETE FROM skills WHERE id = ?1")?;
    deleted.contents = delete_unnamed(connection, &hashes)?;
    Ok(deleted)
}

/// Deletes those contents that nothing names any more; returns their number. No index finds a file by its hash, so one
/// pass over the files serves all.
fn delete_unnamed(connection: &Connection, hashes: &[String]) -> Result<usize> {
    let Ok(hashes) = serde_json::to_string(hashes) else { return Ok(0) };
    clear(
        connection,
        "DELETE FROM skill_contents WHERE hash IN (SELECT value FROM json_each(?1))
           AND hash NOT IN (SELECT hash FROM skill_files WHERE hash IN (SELECT value FROM json_each(?1)))
           AND NOT EXISTS (SELECT 1 FROM skill_versions v WHERE v.content_hash = skill_contents.hash)
           AND NOT EXISTS (SELECT 1 FROM skills s WHERE s.content_hash = skill_contents.hash)
           AND NOT EXISTS (SELECT 1 FROM bootstrap_skills b WHERE b.content_hash = skill_contents.hash)",
        params![hashes],
    )
}

pub(super) fn erase(connection: &Connection, hash: &str) -> Result<Erased> {
    let size = "SELECT length(CAST(bytes AS BLOB)) FROM skill_contents WHERE hash = ?1";
    let size_bytes = first(connection, size, [hash], |row| row.get::<_, Option<i64>>(0))?;
    clear(connection, "DELETE FROM skill_contents WHERE hash = ?1", params![hash])?;
    let front_matters =
        "UPDATE skill_versions SET front_matter = NULL WHERE content_hash = ?1 AND front_matter NOTNULL";
    let descriptions = "UPDATE bootstrap_skills SET description = '' WHERE content_hash = ?1 AND description <> ''";
    clear(connection, descriptions, params![hash])?;
    let assessments =
        "UPDATE approval_history SET risk_assessment = NULL WHERE content_hash = ?1 AND risk_assessment NOTNULL";
    Ok(Erased {
        size_bytes: size_bytes.flatten().map(i64::unsigned_abs),
        front_matters: clear(connection, front_matters, params![hash])?,
        assessments: clear(connection, assessments, params![hash])?,
    })
}

#[cfg(test)]
mod tests {
    use crate::store::sqlite::plans::database;

    #[test]
    fn what_is_deleted_is_overwritten_without_being_asked_for() -> rusqlite::Result<()> {
        let on: i64 = database()?.pragma_query_value(None, "secure_delete", |row| row.get(0))?;
        assert_eq!(on, 1, "see .cargo/config.toml");
        Ok(())
    }
}

//! The bytes of a follower.

use rusqlite::{Connection, Result, params};

use crate::model::ContentHash;
use crate::store::following::Content;
use crate::store::sqlite::rows::collect;
use crate::store::sqlite::verified::{clear, insert_if};

pub(super) fn hashes(connection: &Connection) -> Result<Vec<String>> {
    collect(connection, "SELECT hash FROM skill_contents ORDER BY hash", [], |row| row.get(0))
}

/// No index finds a file by its hash, so one pass over the files serves all.
const NAMED_HERE: &str = "SELECT value FROM json_each(?2) WHERE value IN (SELECT hash FROM skill_files
       WHERE hash IN (SELECT value FROM json_each(?2)))
     OR EXISTS (SELECT 1 FROM skill_versions v WHERE v.content_hash = value)
     OR EXISTS (SELECT 1 FROM skills s WHERE s.content_hash = value)
     OR EXISTS (SELECT 1 FROM bootstrap_skills b WHERE b.content_hash = value)";

pub(super) fn missing(connection: &Connection, named: &[String], told: &[String]) -> Result<Vec<String>> {
    let json = |hashes: &[String]| serde_json::to_string(hashes).unwrap_or_default();
    let sql = format!(
        "SELECT value FROM (SELECT value FROM json_each(?1) UNION {NAMED_HERE})
         WHERE value NOT IN (SELECT hash FROM skill_contents WHERE hash IN (SELECT value FROM json_each(?1)
           UNION SELECT value FROM json_each(?2))) ORDER BY value"
    );
    collect(connection, &sql, [json(named), json(told)], |row| row.get(0))
}

pub(super) fn keep(connection: &Connection, contents: &[Content]) -> Result<()> {
    let wanted = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM skill_contents WHERE hash = ?1)";
    for Content { hash, bytes, created_at } in contents {
        let sql = "INSERT OR IGNORE INTO skill_contents (hash, bytes, created_at) VALUES (?1, ?2, ?3)";
        insert_if(connection, sql, wanted, params![hash, bytes, created_at])?;
    }
    Ok(())
}

pub(super) fn erase(connection: &Connection, hashes: &[String]) -> Result<u64> {
    let mut erased = 0;
    for hash in hashes {
        erased += clear(connection, "DELETE FROM skill_contents WHERE hash = ?1", params![hash])?;
    }
    Ok(erased as u64)
}

/// The hashes of bytes that were changed since they were pulled.
pub(super) fn damaged(connection: &Connection) -> Result<Vec<String>> {
    let sql = "SELECT hash, CAST(bytes AS BLOB) FROM skill_contents ORDER BY hash";
    let found = collect(connection, sql, [], |row| {
        let (hash, bytes) = (row.get::<_, String>(0)?, row.get_ref(1)?.as_blob_or_null()?.unwrap_or_default());
        Ok((!hash.parse::<ContentHash>().is_ok_and(|it| it.matches(bytes))).then_some(hash))
    })?;
    Ok(found.into_iter().flatten().collect())
}

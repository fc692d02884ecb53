//! `skill_contents`: bytes under their SHA-256.

use rusqlite::{Connection, Result, params};

use super::rows::{Fields, collect, first, is_set};
use super::verified::insert_if;
use crate::model::ContentHash;
use crate::store::Unstored;

/// The bytes of a hash. Other programs may have stored them as text.
pub(super) fn bytes(connection: &Connection, hash: &str) -> Result<Option<Vec<u8>>> {
    first(connection, "SELECT bytes FROM skill_contents WHERE hash = ?1", [hash], |row| {
        row.get_ref(0).map(|value| value.as_bytes_or_null().ok().flatten().unwrap_or_default().to_vec())
    })
}

/// Stores bytes, unless they are stored already; damaged bytes with the same hash are replaced.
pub(super) fn store(connection: &Connection, hash: &ContentHash, bytes: &[u8]) -> Result<()> {
    insert_if(
        connection,
        "INSERT INTO skill_contents (hash, bytes) VALUES (?1, ?2)
         ON CONFLICT (hash) DO UPDATE SET bytes = excluded.bytes WHERE bytes IS NOT excluded.bytes",
        "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM skill_contents WHERE hash = ?1 AND bytes IS ?2)",
        params![hash.to_string(), bytes],
    )?;
    Ok(())
}

/// The content that `capture` looks for on disk: current versions and bootstrap skills without stored bytes.
pub(super) fn unstored(connection: &Connection) -> Result<Vec<Unstored>> {
    let mut unstored = collect(
        connection,
        concat!(
            "SELECT s.name, s.content_path, s.content_hash, v.id, 0
         FROM skills s LEFT JOIN skill_versions v
           ON v.skill_id = s.id AND v.version = s.version AND v.content_hash = s.content_hash
         WHERE NOT EXISTS (SELECT 1 FROM skill_contents c WHERE c.hash = s.content_hash)
         UNION ALL
         SELECT b.skill_name, b.file_path, b.content_hash, NULL, 1
         FROM bootstrap_skills b
         WHERE NOT EXISTS (SELECT 1 FROM skill_contents c WHERE c.hash = b.content_hash) AND ",
            is_set!("b.enabled")
        ),
        [],
        |row| {
            let mut fields = Fields::new("skills", row);
            Ok(Unstored {
                name: fields.text()?,
                content_path: fields.text()?,
                content_hash: fields.maybe_text()?,
                version_id: fields.get()?,
                bootstrap: fields.get()?,
            })
        },
    )?;
    unstored.sort_by(|a: &Unstored, b| (a.bootstrap, &a.name).cmp(&(b.bootstrap, &b.name)));
    Ok(unstored)
}

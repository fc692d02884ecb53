//! `skill_versions`: every version of every skill. A trigger writes a row when the skill's row changes; cfn adds the
//! fields from the file.

use rusqlite::{Connection, Result, params};

use super::approvals::{approved, whole};
use super::files;
use super::rows::{self, Fields, change, collect, first};
use super::verified::{require_one, update};
use crate::model::{SkillFolder, SkillId, StoredJson, VersionBytes, VersionRecord};
use crate::store::{Holder, NewVersion};

pub(super) const OF: &str = concat!(
    "SELECT v.id, v.version, v.content_hash, v.folder_hash, v.content_path, v.front_matter, v.approval_level, v.source, v.created_at,
       EXISTS (SELECT 1 FROM skill_contents c WHERE c.hash = v.content_hash), coalesce(",
    approved!("v"),
    ", 0), coalesce(",
    whole!("v"),
    ", 0)
     FROM skill_versions v JOIN skills s ON s.id = v.skill_id WHERE v.skill_id = ?1 ORDER BY v.id DESC"
);

/// Versions with given bytes, and skills whose rows another program changed to them. It is rare, so it has no index for
/// files and folders.
const HOLDERS: &str = "SELECT s.id, s.name, v.version, v.content_hash, v.folder_hash, s.approval_level
     FROM skill_versions v JOIN skills s ON s.id = v.skill_id
     WHERE v.content_hash = ?1 OR v.folder_hash = ?1 OR v.id IN (SELECT version_id FROM skill_files WHERE hash = ?1)
   UNION SELECT s.id, s.name, s.version, s.content_hash, NULL, s.approval_level FROM skills s WHERE s.content_hash = ?1
     AND NOT EXISTS (SELECT 1 FROM skill_versions v WHERE v.skill_id = s.id AND v.version = s.version AND v.content_hash = ?1)
   ORDER BY 2, 3";

pub(super) fn holders(connection: &Connection, hash: &str) -> Result<Vec<Holder>> {
    collect(connection, HOLDERS, [hash], |row| {
        let mut fields = Fields::new("skills", row);
        Ok(Holder {
            skill: SkillId(fields.get()?),
            name: fields.text()?,
            version: fields.text()?,
            content_hash: fields.text()?,
            folder_hash: fields.maybe_text()?,
            approval_level: fields.level()?,
        })
    })
}

pub(super) fn of(connection: &Connection, skill: SkillId) -> Result<Vec<VersionRecord>> {
    collect(connection, OF, [skill.0], |row| {
        let mut fields = Fields::new("skill_versions", row);
        let record = VersionRecord {
            id: fields.get()?,
            version: fields.text()?,
            content_hash: fields.text()?,
            folder_hash: fields.maybe_text()?,
            content_path: fields.text()?,
            front_matter: fields.stored()?,
            approval_level: fields.level()?,
            source: fields.text()?,
            created_at: fields.text()?.into(),
            stored: fields.get()?,
            approved: fields.get()?,
            partial: false,
        };
        let whole: bool = fields.get()?;
        Ok(VersionRecord { partial: record.approved && !whole, ..record })
    })
}

pub(super) fn bytes_of(connection: &Connection, skill: SkillId) -> Result<Vec<VersionBytes>> {
    let sql = "SELECT id, version, content_hash, folder_hash FROM skill_versions WHERE skill_id = ?1 ORDER BY id DESC";
    collect(connection, sql, [skill.0], |row| {
        let mut fields = Fields::new("skill_versions", row);
        let _id: i64 = fields.get()?;
        Ok(VersionBytes { version: fields.text()?, content_hash: fields.text()?, folder_hash: fields.maybe_text()? })
    })
}

pub(super) fn front_matter(connection: &Connection, skill: SkillId, version: &str) -> Result<Option<StoredJson>> {
    let sql = "SELECT id, front_matter FROM skill_versions WHERE skill_id = ?1 AND version = ?2";
    let found = first(connection, sql, params![skill.0, version], |row| {
        let mut fields = Fields::new("skill_versions", row);
        let _id: i64 = fields.get()?;
        Ok(fields.get::<Option<String>>()?.map(StoredJson::from))
    })?;
    Ok(found.flatten())
}

/// Records a version, or completes its record. It never changes the recorded bytes, or the source and time of the first
/// record.
pub(super) fn record(connection: &Connection, skill: SkillId, version: &NewVersion<'_>) -> Result<()> {
    upsert(connection, skill, version, false)
}

/// Completes the record of a new skill's first version, which the trigger wrote without its files; or writes it if the
/// trigger is missing.
pub(super) fn complete(connection: &Connection, skill: SkillId, version: &NewVersion<'_>) -> Result<()> {
    upsert(connection, skill, version, true)
}

fn upsert(connection: &Connection, skill: SkillId, version: &NewVersion<'_>, first: bool) -> Result<()> {
    let folder = version.folder.filter(|it| !it.is_plain());
    let sql = "INSERT INTO skill_versions (skill_id, version, content_hash, content_path, front_matter, approval_level, source, created_at,
           folder_hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (skill_id, version) DO UPDATE SET content_path = excluded.content_path,
           front_matter = excluded.front_matter, approval_level = excluded.approval_level, folder_hash = excluded.folder_hash,
           source = CASE source WHEN 'external' THEN excluded.source ELSE source END,
           created_at = CASE source WHEN 'external' THEN excluded.created_at ELSE created_at END
         WHERE content_hash = excluded.content_hash AND (?10 OR folder_hash IS excluded.folder_hash)";
    let rows = change(
        connection,
        sql,
        params![
            skill.0,
            version.version,
            version.content_hash.to_string(),
            version.content_path,
            version.front_matter,
            version.approval_level.as_str(),
            version.source.as_str(),
            version.now,
            folder.map(|it| it.hash().to_string()),
            first,
        ],
    )?;
    // Callers check before they write, in the same transaction; this is the last line of defence.
    require_one(sql, rows)?;
    let Some(folder) = folder else { return Ok(()) };
    let id = "SELECT id FROM skill_versions WHERE skill_id = ?1 AND version = ?2";
    let id = rows::first(connection, id, params![skill.0, version.version], |row| row.get(0))?;
    id.map_or(Ok(()), |id| files::record(connection, id, folder))
}

/// Records the files of a version without any. Decisions about its skill file stay.
pub(super) fn attach(connection: &Connection, version_id: i64, folder: &SkillFolder) -> Result<()> {
    if folder.is_plain() {
        return Ok(());
    }
    let sql = "UPDATE skill_versions SET folder_hash = ?2 WHERE id = ?1 AND folder_hash IS NULL";
    match update(connection, sql, params![version_id, folder.hash().to_string()])? {
        0 => Ok(()),
        _ => files::record(connection, version_id, folder),
    }
}

pub(super) fn describe(connection: &Connection, version_id: i64, front_matter: Option<&StoredJson>) -> Result<()> {
    update(
        connection,
        "UPDATE skill_versions SET front_matter = ?2 WHERE id = ?1 AND front_matter IS NULL AND ?2 IS NOT NULL",
        params![version_id, front_matter],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::OF;
    use crate::store::sqlite::plans::{cost, database, scans};

    #[test]
    fn the_versions_of_a_skill_are_found_by_seeks_alone() -> rusqlite::Result<()> {
        let connection = database()?;
        assert!(scans(&connection, OF)?.is_empty(), "{:?}", scans(&connection, OF));
        assert_eq!(cost(&connection, OF, [7])?, (1, 0));
        Ok(())
    }
}

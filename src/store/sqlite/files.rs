//! `skill_files`: the files of versions that have more than a plain SKILL.md.

use rusqlite::{Connection, Result, params};

use super::rows::{Fields, collect};
use super::verified::{clear, insert};
use crate::model::{SkillFolder, SkillId, StoredFile, Visible};
use crate::store::CheckReport;

const OF: &str = "SELECT f.version_id, f.path, f.mode, f.hash, f.size
     FROM skill_versions v JOIN skill_files f ON f.version_id = v.id
     WHERE v.skill_id = ?1 AND v.version = ?2 ORDER BY CAST(f.path AS BLOB)";

pub(super) fn of(connection: &Connection, skill: SkillId, version: &str) -> Result<Vec<StoredFile>> {
    collect(connection, OF, params![skill.0, version], |row| {
        let mut fields = Fields::new("skill_files", row);
        let _version: i64 = fields.get()?;
        Ok(StoredFile {
            path: fields.text()?,
            mode: fields.text()?,
            hash: fields.text()?,
            size: fields.number()?.unwrap_or(-1),
        })
    })
}

/// Records the files of a version, in place of any others, which another program may have left.
pub(super) fn record(connection: &Connection, version_id: i64, folder: &SkillFolder) -> Result<()> {
    clear(connection, "DELETE FROM skill_files WHERE version_id = ?1", params![version_id])?;
    for file in folder.files() {
        insert(
            connection,
            "INSERT INTO skill_files (version_id, path, mode, hash, size) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                version_id,
                file.path.as_str(),
                file.mode.as_str(),
                file.hash.to_string(),
                i64::try_from(file.size).unwrap_or(i64::MAX),
            ],
        )?;
    }
    Ok(())
}

/// Every version with a folder hash or files, and its files.
const ALL: &str = "SELECT v.id, v.version, v.folder_hash, f.path, f.mode, f.hash, f.size
     FROM skill_versions v LEFT JOIN skill_files f ON f.version_id = v.id
     WHERE v.folder_hash NOTNULL OR f.version_id NOTNULL ORDER BY v.id";

/// Compares the files of each version with its folder hash.
pub(super) fn check(connection: &Connection, report: &mut CheckReport) -> Result<()> {
    let mut statement = connection.prepare(ALL)?;
    let mut rows = statement.query([])?;
    let mut recorded: Option<Recorded> = None;
    while let Some(row) = rows.next()? {
        let mut fields = Fields::new("skill_files", row);
        let id: i64 = fields.get()?;
        if recorded.as_ref().is_none_or(|it| it.id != id) {
            report.damage.extend(recorded.take().and_then(Recorded::fault));
        }
        let (version, folder_hash) = (fields.text()?, fields.text()?);
        let files = &mut recorded.get_or_insert(Recorded { id, version, folder_hash, files: Vec::new() }).files;
        if let Some(path) = fields.maybe_text()? {
            let (mode, hash, size) = (fields.text()?, fields.text()?, fields.number()?.unwrap_or(-1));
            files.push(StoredFile { path, mode, hash, size });
        }
    }
    report.damage.extend(recorded.and_then(Recorded::fault));
    Ok(())
}

/// The files of a version, as recorded.
struct Recorded {
    id: i64,
    version: String,
    folder_hash: String,
    files: Vec<StoredFile>,
}

impl Recorded {
    fn fault(self) -> Option<String> {
        let fault = SkillFolder::recorded(&self.files, &self.folder_hash).err()?;
        Some(format!("version {} (row {} of skill_versions): {fault}", Visible(&self.version), self.id))
    }
}

#[cfg(test)]
mod tests {
    use super::OF;
    use crate::store::sqlite::plans::{database, scans};

    #[test]
    fn the_files_of_a_version_are_found_by_seeks_alone() -> rusqlite::Result<()> {
        let connection = database()?;
        assert!(scans(&connection, OF)?.is_empty(), "{:?}", scans(&connection, OF));
        Ok(())
    }
}

//! `skill_versions`: every version of every skill. A trigger writes a row when the skill's row changes; cfn adds the
//! fields from the file.

use super::approvals::{approved, whole};
use super::fields::Fields;
use super::parameters::{big, text};
use super::session::Session;
use crate::model::{SkillFolder, SkillId, StoredFile, VersionRecord, Visible};
use crate::store::{Holder, Result, Unstored};

pub(super) const OF: &str = concat!(
    "SELECT v.id, v.version, v.content_hash, v.folder_hash, v.content_path, v.front_matter, v.approval_level, v.source, v.created_at,
       EXISTS (SELECT 1 FROM skill_contents c WHERE c.hash = v.content_hash), ",
    approved!("v"),
    ", ",
    whole!("v"),
    " FROM skill_versions v JOIN skills s ON s.id = v.skill_id WHERE v.skill_id = $1 ORDER BY v.id DESC"
);

/// Versions with given bytes, and skills whose rows another program changed to them.
const HOLDERS: &str = "SELECT s.id, s.name, v.version, v.content_hash, v.folder_hash, s.approval_level
     FROM skill_versions v JOIN skills s ON s.id = v.skill_id
     WHERE v.id = ANY (ARRAY(SELECT id FROM skill_versions WHERE content_hash = $1
         UNION ALL SELECT id FROM skill_versions WHERE folder_hash = $1
         UNION ALL SELECT version_id FROM skill_files WHERE hash = $1))
   UNION SELECT s.id, s.name, s.version, s.content_hash, NULL, s.approval_level FROM skills s WHERE s.content_hash = $1
     AND NOT EXISTS (SELECT 1 FROM skill_versions v WHERE v.skill_id = s.id AND v.version = s.version AND v.content_hash = $1)
   ORDER BY 2, 3";

/// Current versions and bootstrap skills without stored bytes.
const UNSTORED: &str = "SELECT * FROM (
     SELECT s.name AS name, s.content_path, s.content_hash, v.id, false AS bootstrap
     FROM skills s LEFT JOIN skill_versions v
       ON v.skill_id = s.id AND v.version = s.version AND v.content_hash = s.content_hash
     WHERE NOT EXISTS (SELECT 1 FROM skill_contents c WHERE c.hash = s.content_hash)
     UNION ALL
     SELECT b.skill_name, b.file_path, b.content_hash, NULL, true
     FROM bootstrap_skills b
     WHERE b.enabled <> 0 AND NOT EXISTS (SELECT 1 FROM skill_contents c WHERE c.hash = b.content_hash)
   ) found ORDER BY bootstrap, name";

pub(super) fn of(session: &Session, skill: SkillId) -> Result<Vec<VersionRecord>> {
    session.rows(OF, &[big(skill.0)])?.iter().map(|row| read(&mut Fields::new("skill_versions", row))).collect()
}

fn read(fields: &mut Fields<'_>) -> Result<VersionRecord> {
    let record = VersionRecord {
        id: fields.get()?,
        version: fields.text()?,
        content_hash: fields.text()?,
        folder_hash: fields.get()?,
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
}

pub(super) fn holders(session: &Session, hash: &str) -> Result<Vec<Holder>> {
    let rows = session.rows(HOLDERS, &[text(hash)])?;
    let read = |row| {
        let mut fields = Fields::new("skills", row);
        Ok(Holder {
            skill: SkillId(fields.get()?),
            name: fields.text()?,
            version: fields.text()?,
            content_hash: fields.text()?,
            folder_hash: fields.get()?,
            approval_level: fields.level()?,
        })
    };
    rows.iter().map(read).collect()
}

pub(super) fn unstored(session: &Session) -> Result<Vec<Unstored>> {
    let read = |row| {
        let mut fields = Fields::new("skills", row);
        Ok(Unstored {
            name: fields.text()?,
            content_path: fields.text()?,
            content_hash: fields.get()?,
            version_id: fields.get()?,
            bootstrap: fields.get()?,
        })
    };
    session.rows(UNSTORED, &[])?.iter().map(read).collect()
}

/// Every version with a folder hash or files, and its files.
const FOLDERS: &str = "SELECT v.id, v.version, v.folder_hash, convert_from(f.path, 'UTF8'), f.mode, f.hash, f.size
     FROM skill_versions v LEFT JOIN skill_files f ON f.version_id = v.id
     WHERE v.folder_hash IS NOT NULL OR f.version_id IS NOT NULL ORDER BY v.id, f.path";

/// What is wrong with the files of versions, compared with their folder hashes.
pub(super) fn faults_of_folders(session: &Session) -> Result<Vec<String>> {
    let (mut faults, mut recorded) = (Vec::new(), None::<RecordedFolder>);
    session.each(FOLDERS, &[], &mut |row| {
        let mut fields = Fields::new("skill_files", row);
        let id: i64 = fields.get()?;
        if recorded.as_ref().is_none_or(|it| it.id != id) {
            faults.extend(recorded.take().and_then(RecordedFolder::fault));
        }
        let (version, folder_hash) = (fields.text()?, fields.text()?);
        let files = &mut recorded.get_or_insert(RecordedFolder { id, version, folder_hash, files: Vec::new() }).files;
        if let Some(path) = fields.get::<Option<String>>()? {
            let (mode, hash) = (fields.text()?, fields.text()?);
            files.push(StoredFile { path, mode, hash, size: fields.get::<Option<i64>>()?.unwrap_or(-1) });
        }
        Ok(())
    })?;
    faults.extend(recorded.and_then(RecordedFolder::fault));
    Ok(faults)
}

/// The files of a version, as recorded.
struct RecordedFolder {
    id: i64,
    version: String,
    folder_hash: String,
    files: Vec<StoredFile>,
}

impl RecordedFolder {
    fn fault(self) -> Option<String> {
        let fault = SkillFolder::recorded(&self.files, &self.folder_hash).err()?;
        Some(format!("version {} (row {} of skill_versions): {fault}", Visible(&self.version), self.id))
    }
}

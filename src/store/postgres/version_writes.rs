//! Writes to skills and `skill_versions` with their files. The trigger that records versions runs after a statement, so it
//! finds the version that the statement recorded.

use tokio_postgres::Row;

use super::fields::Fields;
use super::parameters::{Parameter, big, maybe_big, maybe_text, small, text};
use super::session::Session;
use super::verified::{changed, skipped};
use crate::model::{SkillFolder, SkillId, StoredJson, StoredTags, VersionSource};
use crate::store::{NewSkill, NewVersion, Result, StoreError};

/// Sets the files of the rows of `recorded`, if there are any, in place of others, which another program may have left. A
/// statement cannot delete a row and add it again.
macro_rules! files {
    ($files:literal) => {
        concat!(
            ", listed AS (SELECT recorded.id, convert_to(f.path, 'UTF8') AS path, f.mode, f.hash, f.size
               FROM recorded, json_to_recordset(",
            $files,
            "::json) AS f (path text, mode text, hash text, size bigint)),
             others AS (DELETE FROM skill_files WHERE version_id IN (SELECT id FROM listed)
               AND path NOT IN (SELECT path FROM listed)),
             files AS (INSERT INTO skill_files (version_id, path, mode, hash, size) SELECT id, path, mode, hash, size FROM listed
               ON CONFLICT (version_id, path) DO UPDATE SET mode = excluded.mode, hash = excluded.hash, size = excluded.size
               RETURNING 1) "
        )
    };
}

macro_rules! without_files {
    () => {
        concat!(" UNION ALL ", skipped!("skill_files", "(SELECT count(*) FROM files) < (SELECT count(*) FROM listed)"))
    };
}

const INSERT: &str = concat!(
    "WITH skill AS (INSERT INTO skills (name, category, team, content_path, content_hash, tags, version, status,
       approval_level, phase4_pattern_id, generated_by, is_auto_generated, owner, created_at, updated_at)
       VALUES ($10, $11, $12, $3, $2, $13, $1, 'active', $5, $14, $15, $16, $17, $7, $7) RETURNING id),
     recorded AS (INSERT INTO skill_versions (skill_id, version, content_hash, content_path, front_matter, approval_level,
       source, created_at, folder_hash)
       SELECT id, $1, $2, $3, $4, $5, $6, $7, $8 FROM skill RETURNING id)",
    files!("$9"),
    "SELECT id FROM skill UNION ALL ",
    skipped!("skills", "NOT EXISTS (SELECT FROM skill)"),
    " UNION ALL ",
    skipped!("skill_versions", "NOT EXISTS (SELECT FROM recorded)"),
    without_files!()
);

/// The recorded bytes never change, nor do the source and time of the first record, unless it was another program's. If the
/// version is recorded with other bytes, the statement fails, so that nobody has to wait for its answer: see
/// [`Place::refused`](super::failure::Place::refused). Callers check before; this is the last line of defence.
const RECORD: &str = concat!(
    "WITH completed AS (UPDATE skill_versions SET content_path = $3, front_matter = $4, approval_level = $5,
       source = CASE source WHEN 'external' THEN $6 ELSE source END,
       created_at = CASE source WHEN 'external' THEN $7 ELSE created_at END
       WHERE skill_id = $10 AND version = $1 AND content_hash = $2 AND folder_hash IS NOT DISTINCT FROM $8 RETURNING id),
     added AS (INSERT INTO skill_versions (skill_id, version, content_hash, content_path, front_matter, approval_level,
       source, created_at, folder_hash)
       SELECT $10, $1, $2, $3, $4, $5, $6, $7, $8
       WHERE NOT EXISTS (SELECT FROM skill_versions WHERE skill_id = $10 AND version = $1) RETURNING id),
     recorded AS (SELECT id FROM completed UNION ALL SELECT id FROM added),
     skill AS (UPDATE skills SET version = $1, content_hash = $2, content_path = $3, approval_level = $5, updated_at = $7
       WHERE id = $10 AND EXISTS (SELECT FROM recorded) RETURNING 1)",
    files!("$9"),
    "SELECT 1 / (id - id) FROM skill_versions WHERE skill_id = $10 AND version = $1
       AND (content_hash <> $2 OR folder_hash IS DISTINCT FROM $8) UNION ALL ",
    skipped!("skill_versions", "NOT EXISTS (SELECT FROM recorded)"),
    " UNION ALL ",
    skipped!("skills", "NOT EXISTS (SELECT FROM skill) AND EXISTS (SELECT FROM skills WHERE id = $10)"),
    without_files!()
);

const ATTACH: &str = concat!(
    "WITH recorded AS (UPDATE skill_versions SET folder_hash = $2 WHERE id = $1 AND folder_hash IS NULL RETURNING id)",
    files!("$3"),
    skipped!(
        "skill_versions",
        "NOT EXISTS (SELECT FROM recorded) AND EXISTS (SELECT FROM skill_versions WHERE id = $1 AND folder_hash IS NULL)"
    ),
    without_files!()
);

const DESCRIBE: &str =
    changed!("skill_versions", "front_matter = $2", "id = $1 AND front_matter IS NULL AND $2 IS NOT NULL");

pub(super) fn insert(session: &Session, skill: &NewSkill<'_>, version: &NewVersion<'_>) -> Result<SkillId> {
    let (record, tags) = (Record::of(version)?, StoredTags::of(skill.tags));
    let generated_by = match (skill.phase4_pattern_id, version.source) {
        (Some(_), _) => "phase4",
        (None, VersionSource::Add) => "manual",
        (None, _) => "imported",
    };
    let mut all = record.parameters(version);
    all.extend([
        text(skill.name.as_str()),
        text(skill.category.as_str()),
        maybe_text(skill.team),
        text(tags.as_str()),
        maybe_big(skill.phase4_pattern_id),
        text(generated_by),
        small(skill.phase4_pattern_id.is_some()),
        maybe_text(skill.owner),
    ]);
    id(session.returned(INSERT, &all)?.as_ref()).map(SkillId)
}

/// Records a version, or completes its record, and makes it the skill's current one.
pub(super) fn record(session: &Session, skill: SkillId, version: &NewVersion<'_>) -> Result<()> {
    let record = Record::of(version)?;
    let mut all = record.parameters(version);
    all.push(big(skill.0));
    session.write(RECORD, &all)
}

/// Records the files of a version without any. Decisions about its skill file stay.
pub(super) fn attach(session: &Session, version_id: i64, folder: &SkillFolder) -> Result<()> {
    if folder.is_plain() {
        return Ok(());
    }
    let (hash, files) = (folder.hash().to_string(), listed(folder)?);
    session.write(ATTACH, &[big(version_id), text(&hash), text(&files)])
}

pub(super) fn describe(session: &Session, version_id: i64, front_matter: Option<&StoredJson>) -> Result<()> {
    let front_matter = maybe_text(front_matter.map(StoredJson::as_str));
    session.write(DESCRIBE, &[big(version_id), front_matter])
}

/// What a version is recorded with, as text.
struct Record {
    content_hash: String,
    folder_hash: Option<String>,
    files: String,
}

impl Record {
    fn of(version: &NewVersion<'_>) -> Result<Self> {
        let folder = version.folder.filter(|it| !it.is_plain());
        Ok(Self {
            content_hash: version.content_hash.to_string(),
            folder_hash: folder.map(|it| it.hash().to_string()),
            files: folder.map_or_else(|| Ok("[]".to_owned()), listed)?,
        })
    }

    /// The first nine parameters of a statement.
    fn parameters<'a>(&'a self, version: &'a NewVersion<'_>) -> Vec<Parameter<'a>> {
        vec![
            text(version.version),
            text(&self.content_hash),
            text(version.content_path),
            maybe_text(version.front_matter.map(StoredJson::as_str)),
            text(version.approval_level.as_str()),
            text(version.source.as_str()),
            text(version.now.as_str()),
            maybe_text(self.folder_hash.as_deref()),
            text(&self.files),
        ]
    }
}

/// The files as JSON, which makes one parameter of them.
fn listed(folder: &SkillFolder) -> Result<String> {
    serde_json::to_string(folder.files()).map_err(|_| StoreError::Defect("the files of a folder are no JSON"))
}

fn id(row: Option<&Row>) -> Result<i64> {
    row.map_or(Err(StoreError::Defect("an insert returned no key")), |row| Fields::new("skills", row).get())
}

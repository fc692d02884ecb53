//! Removes skills, and erases bytes. What is deleted stays in the table's pages until the server vacuums them, and in its
//! log and backups: see `docs/postgresql.md`. What is kept beside a row goes with it.

use super::fields::Fields;
use super::parameters::{big, text};
use super::session::Session;
use super::verified::skipped;
use crate::model::SkillId;
use crate::store::{DeletedRows, Erased, Result};

/// A part of a statement wrote fewer rows than there are.
macro_rules! kept {
    ($table:literal, $part:literal, $which:literal) => {
        concat!(
            skipped!(
                $table,
                concat!("(SELECT count(*) FROM ", $part, ") < (SELECT count(*) FROM ", $table, " WHERE ", $which, ")")
            ),
            " UNION ALL "
        )
    };
}

/// Foreign keys remove what is not counted. All parts of a statement see the rows as they were before it, so contents
/// are those that nothing but this skill names.
const DELETE: &str = concat!(
    "WITH own AS (SELECT id, content_hash FROM skill_versions WHERE skill_id = $1),
   named AS (SELECT content_hash AS hash FROM own UNION SELECT content_hash FROM skills WHERE id = $1
     UNION SELECT f.hash FROM own JOIN skill_files f ON f.version_id = own.id),
   spare AS (SELECT c.hash FROM skill_contents c WHERE c.hash IN (SELECT hash FROM named)
     AND NOT EXISTS (SELECT FROM skill_versions v WHERE v.content_hash = c.hash AND v.skill_id <> $1)
     AND NOT EXISTS (SELECT FROM skill_files f JOIN skill_versions v ON v.id = f.version_id
       WHERE f.hash = c.hash AND v.skill_id <> $1)
     AND NOT EXISTS (SELECT FROM skills s WHERE s.content_hash = c.hash AND s.id <> $1)
     AND NOT EXISTS (SELECT FROM bootstrap_skills b WHERE b.content_hash = c.hash)),
   contents AS (DELETE FROM skill_contents WHERE hash IN (SELECT hash FROM spare) RETURNING 1),
   files AS (DELETE FROM skill_files WHERE version_id IN (SELECT id FROM own) RETURNING 1),
   versions AS (DELETE FROM skill_versions WHERE skill_id = $1 RETURNING 1),
   decisions AS (DELETE FROM approval_history WHERE skill_id = $1 RETURNING 1),
   mappings AS (DELETE FROM agent_skill_mappings WHERE skill_id = $1 RETURNING 1),
   uses AS (DELETE FROM skill_usage_log WHERE skill_id = $1 RETURNING 1),
   cases AS (DELETE FROM edge_case_tracking WHERE skill_id = $1 RETURNING 1),
   names AS (DELETE FROM cfn_aliases WHERE skill_id = $1 RETURNING 1),
   skill AS (DELETE FROM skills WHERE id = $1 RETURNING 1),
   others AS (DELETE FROM other_values o WHERE o.table_name = 'skills' AND o.key = $1::text
     OR o.table_name = 'skill_versions' AND o.key IN (SELECT id::text FROM own)
     OR o.table_name = 'skill_files' AND split_part(o.key, '/', 1) IN (SELECT id::text FROM own)
     OR o.table_name = 'approval_history' AND o.key IN (SELECT id::text FROM approval_history WHERE skill_id = $1)
     OR o.table_name = 'agent_skill_mappings' AND o.key IN (SELECT id::text FROM agent_skill_mappings WHERE skill_id = $1)
     OR o.table_name = 'skill_usage_log' AND o.key IN (SELECT id::text FROM skill_usage_log WHERE skill_id = $1))
   SELECT (SELECT count(*) FROM versions), (SELECT count(*) FROM decisions), (SELECT count(*) FROM mappings),
     (SELECT count(*) FROM uses), (SELECT count(*) FROM contents)
   UNION ALL SELECT n, 0, 0, 0, 0 FROM (",
    kept!("skill_files", "files", "version_id IN (SELECT id FROM own)"),
    kept!("skill_versions", "versions", "skill_id = $1"),
    kept!("approval_history", "decisions", "skill_id = $1"),
    kept!("agent_skill_mappings", "mappings", "skill_id = $1"),
    kept!("skill_usage_log", "uses", "skill_id = $1"),
    kept!("edge_case_tracking", "cases", "skill_id = $1"),
    kept!("cfn_aliases", "names", "skill_id = $1"),
    kept!("skill_contents", "contents", "hash IN (SELECT hash FROM spare)"),
    skipped!("skills", "NOT EXISTS (SELECT FROM skill) AND EXISTS (SELECT FROM skills WHERE id = $1)"),
    ") AS of (n)"
);

const ERASE: &str = concat!(
    "WITH contents AS (DELETE FROM skill_contents WHERE hash = $1 RETURNING octet_length(bytes)::bigint AS size),
   others AS (DELETE FROM other_values o WHERE o.table_name = 'skill_contents' AND o.key = $1
     OR o.table_name = 'skill_versions' AND o.column_name = 'front_matter'
       AND o.key IN (SELECT id::text FROM skill_versions WHERE content_hash = $1)
     OR o.table_name = 'approval_history' AND o.column_name = 'risk_assessment'
       AND o.key IN (SELECT id::text FROM approval_history WHERE content_hash = $1)
     OR o.table_name = 'bootstrap_skills' AND o.column_name = 'description'
       AND o.key IN (SELECT skill_name FROM bootstrap_skills WHERE content_hash = $1)),
   descriptions AS (UPDATE bootstrap_skills SET description = '' WHERE content_hash = $1 RETURNING 1),
   front_matters AS (UPDATE skill_versions SET front_matter = NULL
     WHERE content_hash = $1 AND front_matter IS NOT NULL RETURNING 1),
   assessments AS (UPDATE approval_history SET risk_assessment = NULL
     WHERE content_hash = $1 AND risk_assessment IS NOT NULL RETURNING 1)
   SELECT (SELECT size FROM contents), (SELECT count(*) FROM front_matters), (SELECT count(*) FROM assessments)
   UNION ALL SELECT n, 0, 0 FROM (",
    kept!("bootstrap_skills", "descriptions", "content_hash = $1"),
    kept!("skill_versions", "front_matters", "content_hash = $1 AND front_matter IS NOT NULL"),
    kept!("approval_history", "assessments", "content_hash = $1 AND risk_assessment IS NOT NULL"),
    skipped!(
        "skill_contents",
        "NOT EXISTS (SELECT FROM contents) AND EXISTS (SELECT FROM skill_contents WHERE hash = $1)"
    ),
    ") AS of (n)"
);

pub(super) fn delete_skill(session: &Session, skill: SkillId) -> Result<DeletedRows> {
    let Some(row) = session.returned(DELETE, &[big(skill.0)])? else { return Ok(DeletedRows::default()) };
    let mut fields = Fields::new("skills", &row);
    let mut count = || fields.get().map(counted);
    Ok(DeletedRows {
        versions: count()?,
        decisions: count()?,
        mappings: count()?,
        usage_rows: count()?,
        contents: count()?,
    })
}

pub(super) fn erase(session: &Session, hash: &str) -> Result<Erased> {
    let Some(row) = session.returned(ERASE, &[text(hash)])? else { return Ok(Erased::default()) };
    let mut fields = Fields::new("skill_contents", &row);
    Ok(Erased {
        size_bytes: fields.get::<Option<i64>>()?.map(i64::unsigned_abs),
        front_matters: fields.get().map(counted)?,
        assessments: fields.get().map(counted)?,
    })
}

fn counted(rows: i64) -> usize {
    usize::try_from(rows).unwrap_or_default()
}

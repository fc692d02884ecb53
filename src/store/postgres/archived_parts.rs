//! Parts of archives: which of them may have the uses of a task or a skill.

use tokio_postgres::Row;

use super::fields::Fields;
use super::parameters::{big, bigs, bytes, text};
use super::session::Session;
use super::statement::Statement;
use super::sums::sums_of_sums;
use crate::model::SkillId;
use crate::store::archives::{ArchivedPart, Header, Value, gist_name, gist_of, newest_of, trace_of};
use crate::store::{Result, UsageFilter};

/// Parts that may have the uses of this trace.
macro_rules! parts {
    ($trace:literal) => {
        concat!(
            "SELECT a.file, a.before, a.sha256, p.part, substring(m.value FROM 1 FOR 8),
       ARRAY(SELECT k.row_id FROM usage_archive_kept k WHERE k.archive_id = a.id AND k.part = p.part),
       (SELECT upper(encode(value, 'hex')) FROM cfn_metadata WHERE name = 'database_id')
     FROM usage_archives a JOIN usage_archive_parts p ON p.archive_id = a.id
     LEFT JOIN cfn_metadata m ON m.name = 'archive ' || a.sha256 || ' ' || p.part
     WHERE a.file LIKE 'postgresql://%' AND (m.value IS NULL OR position(",
            $trace,
            " IN m.value) > 0)"
        )
    };
}

const OF_TASK: &str = parts!("$1");

/// The trace of a skill is made by the server, so that its id need not be known before.
pub(super) const OF_SKILL: &str = parts!("substring(sha256('\\x736b696c6c00'::bytea || int8send($1)) FROM 1 FOR 8)");

const KEEP_GIST: &str = "INSERT INTO cfn_metadata (name, value) VALUES ($1, $2)
     ON CONFLICT (name) DO UPDATE SET value = excluded.value";

const REDO_TOTALS: &str = concat!(
    "INSERT INTO usage_totals SELECT 1, skill_id, agent_type, approval_level, ",
    sums_of_sums!(),
    " FROM usage_daily WHERE archive_id > 0 GROUP BY skill_id, agent_type, approval_level"
);

/// Parts that may have such rows.
pub(super) fn of_uses(session: &Session, filter: &UsageFilter<'_>) -> Result<Vec<ArchivedPart>> {
    let rows = match filter {
        UsageFilter::Task(_) => session.rows(OF_TASK, &[bytes(&trace_of(filter))]),
        UsageFilter::Skill(skill) => session.rows(OF_SKILL, &[big(skill.0)]),
    };
    rows?.iter().map(part).collect()
}

/// The question that [`of_uses`] asks about a task.
pub(super) fn of_task(task: &str) -> Result<Statement> {
    Statement::new(OF_TASK, &[bytes(&trace_of(&UsageFilter::Task(task)))])
}

fn part(row: &Row) -> Result<ArchivedPart> {
    let mut fields = Fields::new("usage_archives", row);
    let (place, before, sha256, part) = (fields.text()?, fields.text()?, fields.text()?, fields.get()?);
    let newest = fields.get::<Option<&[u8]>>()?.and_then(newest_of);
    Ok(ArchivedPart { place, before, sha256, part, newest, kept: fields.get()?, database: fields.text()? })
}

pub(super) fn skill_names(session: &Session, skills: &[SkillId]) -> Result<Vec<(SkillId, String)>> {
    let ids: Vec<i64> = skills.iter().map(|it| it.0).collect();
    let rows = session.rows("SELECT id, name FROM skills WHERE id = ANY ($1)", &[bigs(&ids)])?;
    Ok(rows.iter().map(|row| (SkillId(row.get(0)), row.get(1))).collect())
}

/// Notes what a part has, while it leaves.
pub(super) fn keep_gist(session: &Session, header: &Header, part: i64, rows: &[Vec<Value>]) -> Result<()> {
    let (name, gist) = (gist_name(&header.sha256, part), gist_of(&header.columns, rows));
    session.change(KEEP_GIST, &[text(&name), bytes(&gist)]).map(drop)
}

/// Forgets what a part had, when it is back.
pub(super) fn forget_gist(session: &Session, header: &Header, part: i64) -> Result<()> {
    let name = gist_name(&header.sha256, part);
    session.change("DELETE FROM cfn_metadata WHERE name = $1", &[text(&name)]).map(drop)
}

/// The sums of all archives without their days.
pub(super) fn redo_totals(session: &Session) -> Result<()> {
    session.change("DELETE FROM usage_totals WHERE archived = 1", &[])?;
    session.change(REDO_TOTALS, &[]).map(drop)
}

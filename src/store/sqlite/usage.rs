//! `skill_usage_log`: the uses of skills.

use rusqlite::{Connection, Result, Row, params};

use super::approvals::approved;
use super::rollups;
use super::rows::{Fields, collect, first};
use super::verified::{insert, update};
use crate::model::{AgentType, OpenUse, Outcome, SkillId, SkillName, Usage, UsageRow, UsedSkill};
use crate::store::UsageFilter;

/// A skill, and the version that an agent of a type would load.
macro_rules! used {
    ($skill:literal) => {
        concat!(
    "SELECT s.id, s.approval_level, coalesce(s.generated_by, '') = 'phase4', v.version, v.content_hash, s.name
     FROM (SELECT *, coalesce((SELECT m.pinned_version FROM agent_skill_mappings m
       WHERE m.agent_type = ?2 AND m.skill_id = skills.id), pinned_version) AS pin FROM skills WHERE ", $skill, ") s
     LEFT JOIN skill_versions v ON v.id = (SELECT v.id FROM skill_versions v WHERE v.skill_id = s.id AND ",
    approved!("v"),
    " AND CASE WHEN s.pin IS NULL
         THEN v.id <= coalesce((SELECT c.id FROM skill_versions c WHERE c.skill_id = s.id AND c.version = s.version), v.id)
         ELSE v.version = s.pin END
       ORDER BY v.id DESC LIMIT 1)")
    };
}

const USED: &str = used!("name = ?1");
const USED_FORMER: &str = used!("id = (SELECT skill_id FROM cfn_aliases WHERE name = ?1)");

/// The skill, and its name.
pub(super) fn used(
    connection: &Connection,
    name: &SkillName,
    agent_type: &AgentType,
) -> Result<Option<(UsedSkill, String)>> {
    let of = [name.as_str(), agent_type.as_str()];
    match first(connection, USED, of, used_skill)? {
        Some(found) => Ok(Some(found)),
        None => first(connection, USED_FORMER, of, used_skill),
    }
}

fn used_skill(row: &Row<'_>) -> Result<(UsedSkill, String)> {
    let mut fields = Fields::new("skills", row);
    let (id, approval_level, phase4_generated) = (SkillId(fields.get()?), fields.level()?, fields.get()?);
    let (version, hash): (Option<String>, Option<String>) = (fields.get()?, fields.get()?);
    Ok((UsedSkill { id, approval_level, phase4_generated, version: version.zip(hash) }, fields.text()?))
}

/// Scans the index of `log show` from its end, and never that of the skill, which may have millions of rows.
pub(super) fn got(
    connection: &Connection,
    skill: SkillId,
    agent_id: &str,
    task_id: &str,
) -> Result<Option<(String, String)>> {
    let sql = "SELECT id, version, content_hash FROM skill_usage_log
         WHERE task_id = ?1 AND agent_id = ?2 AND +skill_id = ?3 AND version IS NOT NULL AND content_hash IS NOT NULL
         ORDER BY id DESC LIMIT 1";
    first(connection, sql, params![task_id, agent_id, skill.0], |row| {
        let mut fields = Fields::new("skill_usage_log", row);
        let _id: i64 = fields.get()?;
        Ok((fields.get()?, fields.get()?))
    })
}

/// Served by a partial index of open uses. A use completed by another program is no longer open.
pub(super) const OPEN: &str = "SELECT id, open_key FROM skill_usage_log
   WHERE task_id = ?1 AND agent_id = ?2 AND skill_id = ?3 AND open_key IS NOT NULL
     AND coalesce(exit_code, success_indicator, execution_time_ms, confidence_before, confidence_after, test_pass_rate,
       tokens_avoided, cost_avoided_usd) IS NULL
   ORDER BY id DESC LIMIT 1";

pub(super) fn open(connection: &Connection, skill: SkillId, agent_id: &str, task_id: &str) -> Result<Option<OpenUse>> {
    first(connection, OPEN, params![task_id, agent_id, skill.0], |row| {
        let mut fields = Fields::new("skill_usage_log", row);
        Ok(OpenUse { id: fields.get()?, key: fields.text()? })
    })
}

pub(super) fn complete(connection: &Connection, id: i64, phase: Option<&str>, outcome: &Outcome) -> Result<()> {
    rollups::keeping(connection, id, || {
        update(
            connection,
            "UPDATE skill_usage_log SET open_key = NULL, phase = coalesce(?2, phase), execution_time_ms = ?3,
               confidence_before = ?4, confidence_after = ?5, success_indicator = ?6, test_suite_executed = ?7,
               test_pass_rate = ?8, exit_code = ?9, tokens_avoided = ?10, cost_avoided_usd = ?11 WHERE id = ?1",
            params![
                id,
                phase,
                outcome.execution_ms,
                outcome.confidence_before,
                outcome.confidence_after,
                outcome.exit_code.map(|code| code == 0),
                outcome.test_pass_rate.map(|_| true),
                outcome.test_pass_rate,
                outcome.exit_code,
                outcome.tokens_avoided,
                outcome.cost_avoided_usd,
            ],
        )
        .map(|_| ())
    })
}

/// Served by a partial index, so rows without a rate are never read. On a follower, the latest one is that of the primary.
pub(super) const LATEST_PASS_RATE: &str = "SELECT ifnull((SELECT rate FROM follow_pass_rates WHERE skill_id = ?1),
   (SELECT test_pass_rate FROM skill_usage_log WHERE skill_id = ?1 AND test_pass_rate IS NOT NULL ORDER BY rowid DESC LIMIT 1))";

pub(super) fn latest_pass_rate(connection: &Connection, skill: SkillId) -> Result<Option<f64>> {
    // An invalid figure counts as unknown.
    Ok(first(connection, LATEST_PASS_RATE, [skill.0], |row| Ok(Fields::new("skill_usage_log", row).figure()))?
        .flatten())
}

/// Writes a row; `open` is the key of its event, while the row awaits its outcome. On a follower it has a key by which it is
/// pushed.
pub(super) fn log(connection: &Connection, row: &Usage<'_>, open: Option<&str>) -> Result<()> {
    let outcome = row.outcome.unwrap_or_default();
    insert(
        connection,
        "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, task_id, phase, loaded_at, approval_level,
           phase4_generated, version, content_hash, execution_time_ms, confidence_before, confidence_after, success_indicator,
           test_suite_executed, test_pass_rate, exit_code, tokens_avoided, cost_avoided_usd, open_key, delivery_key)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
           CASE WHEN EXISTS (SELECT 1 FROM follow) THEN lower(hex(randomblob(16))) END)",
        params![
            row.agent_id,
            row.agent_type,
            row.skill_id.0,
            row.task_id,
            row.phase,
            row.loaded_at,
            row.approval_level.as_str(),
            row.phase4_generated,
            row.version,
            row.content_hash,
            outcome.execution_ms,
            outcome.confidence_before,
            outcome.confidence_after,
            outcome.exit_code.map(|code| code == 0),
            outcome.test_pass_rate.map(|_| true),
            outcome.test_pass_rate,
            outcome.exit_code,
            outcome.tokens_avoided,
            outcome.cost_avoided_usd,
            open,
        ],
    )?;
    Ok(())
}

/// By task or by skill, each served by an index, newest first.
pub(super) fn rows(connection: &Connection, filter: &UsageFilter<'_>, most: usize) -> Result<Vec<UsageRow>> {
    macro_rules! shown {
        ($which:literal) => {
            concat!(
                "SELECT u.id, s.name, u.agent_id, u.agent_type, u.task_id, u.phase, coalesce(u.loaded_at, ''), u.version,
                   u.content_hash, u.execution_time_ms, u.exit_code
                 FROM skill_usage_log u LEFT JOIN skills s ON s.id = u.skill_id WHERE ",
                $which,
                " ORDER BY u.id DESC LIMIT ?2"
            )
        };
    }
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    match filter {
        UsageFilter::Task(task) => collect(connection, shown!("u.task_id = ?1"), params![task, most], shown_row),
        UsageFilter::Skill(skill) => collect(connection, shown!("u.skill_id = ?1"), params![skill.0, most], shown_row),
    }
}

fn shown_row(row: &Row<'_>) -> Result<UsageRow> {
    let mut fields = Fields::new("skill_usage_log", row);
    Ok(UsageRow {
        id: fields.get()?,
        skill: fields.maybe_text()?,
        agent_id: fields.text()?,
        agent_type: fields.text()?,
        task_id: fields.maybe_text()?,
        phase: fields.maybe_text()?,
        loaded_at: fields.text()?.into(),
        version: fields.maybe_text()?,
        content_hash: fields.maybe_text()?,
        execution_time_ms: fields.number()?,
        exit_code: fields.number()?,
    })
}

#[cfg(test)]
mod tests {
    use super::{LATEST_PASS_RATE, OPEN};
    use crate::store::sqlite::plans::{cost, database, scans};

    #[test]
    fn an_open_use_is_one_seek_however_many_share_the_task() -> rusqlite::Result<()> {
        let connection = database()?;
        connection.execute_batch("UPDATE skill_usage_log SET task_id = 't', agent_id = 'a' || (skill_id % 9)")?;
        connection.execute_batch("UPDATE skill_usage_log SET open_key = '' WHERE skill_id IN (9, 27)")?;
        assert!(scans(&connection, OPEN)?.is_empty());
        assert_eq!(cost(&connection, OPEN, rusqlite::params!["t", "a0", 9])?, (1, 0));
        assert_eq!(cost(&connection, OPEN, rusqlite::params!["t", "a7", 7])?, (0, 0));
        Ok(())
    }

    #[test]
    fn the_latest_rate_is_one_seek() -> rusqlite::Result<()> {
        let connection = database()?;
        assert_eq!(scans(&connection, LATEST_PASS_RATE)?, ["SCAN CONSTANT ROW"]);
        for skill in [8, 7] {
            assert_eq!(cost(&connection, LATEST_PASS_RATE, [skill])?, (1, 0), "one rate, or NULL");
        }
        Ok(())
    }
}

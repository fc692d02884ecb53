//! `skill_usage_log`: who got or used what.

use rusqlite::{Connection, Result, params};

use super::rows::{change, first};
use crate::model::{SkillId, Usage};

/// Served by a partial index, so rows without a rate are never looked at.
const LATEST_PASS_RATE: &str = "SELECT test_pass_rate FROM skill_usage_log
   WHERE skill_id = ?1 AND test_pass_rate IS NOT NULL ORDER BY rowid DESC LIMIT 1";

pub(super) fn latest_pass_rate(connection: &Connection, skill: SkillId) -> Result<Option<f64>> {
    first(connection, LATEST_PASS_RATE, [skill.0], |row| row.get(0))
}

pub(super) fn log(connection: &Connection, row: &Usage<'_>) -> Result<()> {
    change(
        connection,
        "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, task_id, phase, loaded_at, approval_level,
           phase4_generated, version, content_hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
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
        ],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::LATEST_PASS_RATE;
    use crate::store::sqlite::plans::{cost, database, scans};

    #[test]
    fn the_latest_rate_is_one_seek() -> rusqlite::Result<()> {
        let connection = database()?;
        assert!(scans(&connection, LATEST_PASS_RATE)?.is_empty());
        assert_eq!(cost(&connection, LATEST_PASS_RATE, [8])?, (1, 0));
        assert_eq!(cost(&connection, LATEST_PASS_RATE, [7])?, (0, 0));
        Ok(())
    }
}

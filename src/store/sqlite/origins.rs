//! Uses by origin, counted row by row.

use rusqlite::{Connection, Result, Row, params};

use super::rows::{Fields, collect};
use super::sums::time_of;
use crate::model::{Moment, OriginUses};
use crate::store::Days;

/// A time in whatever form begins with a day, which is at most one day off that of UTC: so an index finds the rows.
const OF_DAYS: &str = concat!(
    "SELECT u.origin, count(*), count(DISTINCT u.agent_id), count(DISTINCT u.skill_id),
       count(CASE typeof(u.exit_code) WHEN 'integer' THEN 1 END),
       count(CASE WHEN typeof(u.exit_code) = 'integer' AND u.exit_code = 0 THEN 1 END), min(u.at), max(u.at)
     FROM (SELECT u.origin, u.agent_id, u.skill_id, u.exit_code, ",
    time_of!(),
    " AS at FROM skill_usage_log u
       WHERE u.loaded_at >= date(?1, '-1 day') AND u.loaded_at < date(?2, '+2 days')
         AND (?3 IS NULL OR u.agent_type = ?3)
         AND (?4 IS NULL OR u.skill_id IN (SELECT id FROM skills WHERE category = ?4)) LIMIT -1) u
     WHERE substr(u.at, 1, 10) BETWEEN ?1 AND ?2 GROUP BY 1 ORDER BY 2 DESC, 1"
);

pub(super) fn uses(
    connection: &Connection,
    days: Days,
    agent_type: Option<&str>,
    category: Option<&str>,
) -> Result<Vec<OriginUses>> {
    collect(connection, OF_DAYS, params![days.first.to_string(), days.last.to_string(), agent_type, category], of_row)
}

fn of_row(row: &Row<'_>) -> Result<OriginUses> {
    let mut fields = Fields::new("skill_usage_log", row);
    Ok(OriginUses {
        origin: fields.maybe_text()?,
        uses: fields.get()?,
        agents: fields.get()?,
        skills: fields.get()?,
        outcomes: fields.get()?,
        succeeded: fields.get()?,
        first_used: Moment::written(&fields.text()?),
        last_used: Moment::written(&fields.text()?),
    })
}

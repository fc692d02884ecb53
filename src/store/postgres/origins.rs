//! Uses by origin, counted row by row in the partitions of the days.

use tokio_postgres::Row;

use super::fields::Fields;
use super::parameters::{maybe_text, text};
use super::session::Session;
use crate::model::{Moment, OriginUses};
use crate::store::{Days, Result};

const OF_DAYS: &str = "SELECT u.origin, count(*), count(DISTINCT u.agent_id), count(DISTINCT u.skill_id), count(u.exit_code),
       count(*) FILTER (WHERE u.exit_code = 0), cfn_time_text(min(u.loaded_time)), cfn_time_text(max(u.loaded_time))
     FROM skill_usage_log u
     WHERE u.loaded_time >= cfn_time($1 || ' 00:00:00') AND u.loaded_time < cfn_time($2 || ' 00:00:00') + interval '24 hours'
       AND u.month >= cfn_month(cfn_time($1 || ' 00:00:00')) AND u.month <= cfn_month(cfn_time($2 || ' 00:00:00'))
       AND ($3 IS NULL OR u.agent_type = $3)
       AND ($4 IS NULL OR u.skill_id IN (SELECT id FROM skills WHERE category = $4))
     GROUP BY 1 ORDER BY 2 DESC, 1 NULLS FIRST";

pub(super) fn uses(
    session: &Session,
    days: Days,
    agent_type: Option<&str>,
    category: Option<&str>,
) -> Result<Vec<OriginUses>> {
    let (first, last) = (days.first.to_string(), days.last.to_string());
    let rows = session.rows(OF_DAYS, &[text(&first), text(&last), maybe_text(agent_type), maybe_text(category)])?;
    rows.iter().map(of_row).collect()
}

fn of_row(row: &Row) -> Result<OriginUses> {
    let mut fields = Fields::new("skill_usage_log", row);
    Ok(OriginUses {
        origin: fields.get()?,
        uses: fields.get()?,
        agents: fields.get()?,
        skills: fields.get()?,
        outcomes: fields.get()?,
        succeeded: fields.get()?,
        first_used: Moment::written(&fields.text()?),
        last_used: Moment::written(&fields.text()?),
    })
}

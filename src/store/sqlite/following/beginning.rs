//! The beginning and the end of following.

use rusqlite::{Connection, Result};

use super::state;
use crate::store::sqlite::usage_push;
use crate::store::sqlite::verified::{clear, insert, update};

/// What belongs to the skills of the primary that was followed before, or to skills of its own. Ids of another primary are those of
/// other skills, so uses and sums of them go too.
const EMPTY: &str = "
    DELETE FROM skill_usage_log; DELETE FROM usage_daily; DELETE FROM usage_totals; DELETE FROM usage_dirty;
    DELETE FROM usage_archives; DELETE FROM usage_archive_parts; DELETE FROM usage_archive_kept;
    DELETE FROM agent_skill_mappings; DELETE FROM approval_history; DELETE FROM phase4_skill_generation;
    DELETE FROM edge_case_tracking; DELETE FROM cfn_aliases; DELETE FROM cfn_events; DELETE FROM skill_files;
    DELETE FROM skill_versions; DELETE FROM skills; DELETE FROM bootstrap_skills; DELETE FROM approval_criteria_templates;
    DELETE FROM skill_contents; DELETE FROM follow_pass_rates; DELETE FROM usage_unpushed;";

/// What the database holds of its own, in words.
pub(super) fn own(connection: &Connection) -> Result<Option<String>> {
    let sql = "SELECT (SELECT count(*) FROM skills), (SELECT count(*) FROM skill_usage_log)";
    let (skills, uses) = connection.query_row(sql, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
    Ok((skills > 0 || uses > 0).then(|| format!("{skills} skills and {uses} usage rows")))
}

/// Whether it follows another primary, or none.
pub(super) fn is_new(connection: &Connection, url: &str) -> Result<bool> {
    let before = state::primary(connection)?;
    Ok(before.as_deref() != Some(url))
}

/// Follows a primary. What was pulled from the same one stays until the next pull, which is one of everything.
pub(super) fn follow(connection: &Connection, url: &str, agents: Option<&[String]>, origin: &str) -> Result<()> {
    if is_new(connection, url)? {
        for sql in EMPTY.split_terminator(';') {
            clear(connection, sql, &[])?;
        }
    }
    let agents = agents.and_then(|it| serde_json::to_string(it).ok());
    insert(
        connection,
        "INSERT INTO follow (id, url, agents, origin) VALUES (1, ?1, ?2, ?3)
         ON CONFLICT (id) DO UPDATE SET url = excluded.url, agents = excluded.agents, origin = excluded.origin, system = NULL, timeline = NULL, feed = NULL,
           cursor = NULL, newest = NULL, token = NULL, pulled_at = NULL, primary_time = NULL",
        (url, agents, origin),
    )
}

pub(super) fn unfollow(connection: &Connection) -> Result<()> {
    usage_push::stop(connection)?;
    clear(connection, "DELETE FROM follow", &[])?;
    clear(connection, "DELETE FROM follow_pass_rates", &[])?;
    update(connection, "UPDATE cfn_tokens SET usage = random()", &[]).map(drop)
}

//! The four views of the old scripts, which other programs read. cfn reads none of them, but parses them at every start, so they
//! are as short as their rows allow.

use rusqlite::{Connection, Result};

use super::layout;

/// Name and query. Each has one row a skill at most, so nothing has to be joined and grouped again.
pub(super) const VIEWS: [(&str, &str); 4] = [
    (
        "active_skills_with_approval",
        "SELECT id,name,category,team,version,approval_level,last_approved_by,last_approval_date,\
         (SELECT count(DISTINCT agent_type)FROM agent_skill_mappings WHERE skill_id=s.id)agent_count,test_coverage,\
         (SELECT max(timestamp)FROM approval_history WHERE skill_id=s.id AND decision='approved')last_approval_timestamp \
         FROM skills s WHERE status='active'",
    ),
    (
        "approval_pending_skills",
        "SELECT id,name,category,approval_level,version,created_at,\
         (SELECT count(*)FROM approval_history WHERE skill_id=s.id)approval_attempts,\
         (SELECT max(timestamp)FROM approval_history WHERE skill_id=s.id)last_review_date \
         FROM skills s WHERE status='active'AND NOT EXISTS\
         (SELECT 1 FROM approval_history WHERE skill_id=s.id AND decision='approved')",
    ),
    (
        "approval_distribution",
        "SELECT approval_level,category,count(*)skill_count,count(DISTINCT team)team_count,avg(test_coverage)avg_test_coverage \
         FROM skills WHERE status='active'GROUP BY 1,2",
    ),
    (
        "migration_status",
        "SELECT column1||'_exists'check_name,(SELECT count(*)FROM sqlite_master WHERE type='table'AND name=column2)result \
         FROM(VALUES('approval_criteria_templates','approval_criteria_templates'),('approval_history','approval_history'),\
         ('skills_table','skills'))",
    ),
];

/// Puts these in place of the ones before. A view that somebody gave other columns is theirs, and stays.
pub(super) fn shorten(connection: &Connection) -> Result<()> {
    for (name, query) in VIEWS {
        connection.execute_batch(&format!("CREATE TEMP VIEW shorter_view AS {query}"))?;
        let wanted = columns(connection, "shorter_view")?;
        connection.execute_batch("DROP VIEW temp.shorter_view")?;
        let is_theirs = match columns(connection, name) {
            Ok(found) => !found.is_empty() && found != wanted,
            Err(_) => true, // it names what is not there
        };
        if !is_theirs {
            connection.execute_batch(&format!("DROP VIEW IF EXISTS {name}; CREATE VIEW {name} AS {query}"))?;
        }
    }
    Ok(())
}

fn columns(connection: &Connection, view: &str) -> Result<Vec<String>> {
    Ok(layout::columns(connection, view)?.into_iter().map(|it| it.name).collect())
}

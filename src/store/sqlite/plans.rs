//! Query plans, for the tests beside the queries: the cost of a full scan grows with the fleet.

use rusqlite::{Connection, Params, Result, StatementStatus};

use super::{schema, sums};

/// A new database with some skills, of which each agent type has a few.
pub(super) fn database() -> Result<Connection> {
    let connection = Connection::open_in_memory()?;
    schema::run_all(&connection)?;
    sums::register(&connection)?;
    connection.execute_batch(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
           INSERT INTO skills (name, category, content_path, content_hash, version, approval_level)
           SELECT 's' || i, 'testing', 's' || i, 'h' || i, '1.0.0', 'human' FROM n;
         INSERT INTO approval_history (skill_id, version, approval_level, decision) SELECT id, version, 'human', 'approved' FROM skills;
         INSERT INTO agent_skill_mappings (agent_type, skill_id) SELECT 'a' || (id % 50), id FROM skills;
         INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, test_pass_rate)
           SELECT 'x', 'a1', id, CASE id % 2 WHEN 0 THEN 0.5 END FROM skills;
         INSERT INTO skill_contents (hash, bytes) SELECT content_hash, 'x' FROM skills;",
    )?;
    Ok(connection)
}

/// The steps of a query that scan a whole table or index.
pub(super) fn scans(connection: &Connection, sql: &str) -> Result<Vec<String>> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
    let mut rows = statement.raw_query(); // parameters stay NULL: a plan does not depend on them
    let mut steps: Vec<String> = Vec::new();
    while let Some(row) = rows.next()? {
        steps.push(row.get("detail")?);
    }
    steps.retain(|it| it.starts_with("SCAN"));
    Ok(steps)
}

/// The number of rows that a query returns, and that it scans.
pub(super) fn cost(connection: &Connection, sql: &str, parameters: impl Params) -> Result<(usize, i32)> {
    let mut statement = connection.prepare(sql)?;
    let mut count = 0;
    let mut rows = statement.query(parameters)?;
    while rows.next()?.is_some() {
        count += 1;
    }
    drop(rows);
    Ok((count, statement.get_status(StatementStatus::FullscanStep)))
}

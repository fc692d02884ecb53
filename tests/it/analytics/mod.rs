//! The usage log, and the reports over it.

mod archive;
mod completed;
mod log;
mod log_batch;
mod options;
mod prices;
mod property;
mod reports;

use crate::harness::Project;

/// A project with three skills: one of them generated, one for review by a human, and an agent type that gets two.
pub(super) fn project() -> Project {
    let project = Project::new();
    for (pattern, name, category) in
        [("7", "alpha", "testing"), ("0", "beta", "domain"), ("9", "gamma", "infrastructure")]
    {
        let path = project.skill(name, &format!("How to {name}."));
        let path = path.to_string_lossy().into_owned();
        project.cfn(["deploy", pattern, name, &path, category, "tester"]).ok();
    }
    project.sqlite3("UPDATE skills SET generated_by = 'manual' WHERE name = 'beta'");
    project
}

/// Rows of every kind over some days: measured or not, with and without times, money, levels and days.
pub(super) const ROWS: &str = "
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
    INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, task_id, loaded_at, execution_time_ms, confidence_before,
      confidence_after, approval_level, tokens_avoided, cost_avoided_usd, exit_code)
    SELECT 'agent-' || i % 7, CASE i % 3 WHEN 0 THEN 'tester' ELSE 'coder' END, 1 + i % 2, 'task-' || i % 5,
      CASE i % 50 WHEN 49 THEN 'yesterday' ELSE datetime('2025-11-14 21:00:00', i || ' hours') END,
      CASE WHEN i % 4 THEN i * 10 END, CASE WHEN i % 5 THEN 0.53 END, CASE WHEN i % 6 THEN 0.53 + (i % 11) / 100.0 END,
      CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN 'human' ELSE 'auto' END, CASE WHEN i % 3 THEN i END,
      CASE WHEN i % 7 THEN i / 1000.0 END, CASE WHEN i % 8 THEN i % 3 END FROM n";

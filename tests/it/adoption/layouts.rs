//! Databases as the old scripts left them, written here from the description of their columns.

use std::fs;
use std::process::Command;
use std::sync::OnceLock;

use crate::harness::Project;
use crate::scene::sha256;

/// The second layout: all nine tables, four views, and some of the indexes that repeat what a constraint gives.
pub(crate) const V2: &str = "
CREATE TABLE skills (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE NOT NULL, category TEXT NOT NULL, team TEXT,
  content_path TEXT NOT NULL, content_hash TEXT NOT NULL, tags TEXT, version TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'deprecated', 'archived')),
  approval_level TEXT NOT NULL DEFAULT 'human' CHECK (approval_level IN ('auto', 'escalate', 'human')), approval_criteria TEXT,
  last_approved_by TEXT, last_approval_date TEXT, test_coverage REAL, test_suite_path TEXT, required_test_pass_rate REAL DEFAULT 0.95,
  phase4_pattern_id INTEGER, generated_by TEXT, is_auto_generated BOOLEAN DEFAULT 0, deprecation_note TEXT,
  replacement_id INTEGER, owner TEXT, created_at TEXT NOT NULL DEFAULT (datetime('now')),
  updated_at TEXT NOT NULL DEFAULT (datetime('now')), FOREIGN KEY (replacement_id) REFERENCES skills (id) ON DELETE SET NULL);
CREATE TABLE approval_history (id INTEGER PRIMARY KEY AUTOINCREMENT, skill_id INTEGER NOT NULL, version TEXT NOT NULL,
  approval_level TEXT NOT NULL CHECK (approval_level IN ('auto', 'escalate', 'human')), approver TEXT,
  decision TEXT NOT NULL CHECK (decision IN ('approved', 'rejected', 'escalated', 'needs_correction')), reasoning TEXT,
  risk_assessment TEXT, test_results TEXT, approval_criteria_check TEXT, escalation_reason TEXT, escalated_to TEXT,
  escalation_timestamp TEXT, timestamp TEXT NOT NULL DEFAULT (datetime('now')), review_duration_minutes INTEGER,
  FOREIGN KEY (skill_id) REFERENCES skills (id) ON DELETE CASCADE);
CREATE TABLE agent_skill_mappings (id INTEGER PRIMARY KEY AUTOINCREMENT, agent_type TEXT NOT NULL, skill_id INTEGER NOT NULL,
  priority INTEGER NOT NULL DEFAULT 5, required BOOLEAN NOT NULL DEFAULT 0, conditions TEXT, tdd_condition TEXT, notes TEXT,
  enabled BOOLEAN NOT NULL DEFAULT 1, created_at TEXT NOT NULL DEFAULT (datetime('now')),
  updated_at TEXT NOT NULL DEFAULT (datetime('now')), FOREIGN KEY (skill_id) REFERENCES skills (id) ON DELETE CASCADE,
  UNIQUE (agent_type, skill_id));
CREATE TABLE skill_usage_log (id INTEGER PRIMARY KEY AUTOINCREMENT, agent_id TEXT NOT NULL, agent_type TEXT NOT NULL,
  skill_id INTEGER NOT NULL, task_id TEXT, phase TEXT, loaded_at TEXT NOT NULL DEFAULT (datetime('now')), execution_time_ms INTEGER,
  confidence_before REAL, confidence_after REAL, success_indicator BOOLEAN, test_suite_executed BOOLEAN, test_pass_rate REAL,
  notes TEXT, approval_level TEXT, phase4_generated INTEGER DEFAULT 0,
  FOREIGN KEY (skill_id) REFERENCES skills (id) ON DELETE CASCADE);
CREATE TABLE bootstrap_skills (skill_name TEXT PRIMARY KEY, file_path TEXT NOT NULL, load_order INTEGER NOT NULL UNIQUE,
  description TEXT NOT NULL, approval_level TEXT DEFAULT 'auto', enabled BOOLEAN NOT NULL DEFAULT 1, content_hash TEXT,
  created_at TEXT NOT NULL DEFAULT (datetime('now')), updated_at TEXT NOT NULL DEFAULT (datetime('now')));
CREATE TABLE approval_criteria_templates (id INTEGER PRIMARY KEY AUTOINCREMENT, approval_level TEXT NOT NULL, category TEXT NOT NULL,
  criteria_json TEXT NOT NULL, description TEXT NOT NULL, enabled BOOLEAN NOT NULL DEFAULT 1,
  created_at TEXT NOT NULL DEFAULT (datetime('now')), updated_at TEXT NOT NULL DEFAULT (datetime('now')),
  UNIQUE (approval_level, category));
CREATE TABLE phase4_skill_generation (id INTEGER PRIMARY KEY AUTOINCREMENT, skill_id INTEGER NOT NULL UNIQUE,
  phase4_pattern_id INTEGER, pattern_name TEXT, generated_by TEXT, generated_at TEXT DEFAULT (datetime('now')),
  source_reflection_ids TEXT, edge_cases_tracked INTEGER DEFAULT 0, generation_status TEXT, deployment_timestamp TEXT,
  skill_version TEXT, github_pr_id TEXT, FOREIGN KEY (skill_id) REFERENCES skills (id) ON DELETE CASCADE);
CREATE TABLE edge_case_tracking (id INTEGER PRIMARY KEY AUTOINCREMENT, skill_id INTEGER NOT NULL, edge_case_description TEXT NOT NULL,
  failure_reason TEXT, input_parameters TEXT, expected_output TEXT, actual_output TEXT, severity TEXT, resolved BOOLEAN DEFAULT 0,
  resolution_notes TEXT, proposed_fix TEXT, requires_approval BOOLEAN DEFAULT 1, detected_at TEXT DEFAULT (datetime('now')),
  resolved_at TEXT, FOREIGN KEY (skill_id) REFERENCES skills (id) ON DELETE CASCADE);
CREATE TABLE schema_versions (version TEXT PRIMARY KEY, description TEXT NOT NULL,
  applied_at TEXT NOT NULL DEFAULT (datetime('now')), rolled_back_at TEXT);
INSERT INTO schema_versions (version, description) VALUES ('v2.0.0', 'The second layout');
CREATE INDEX idx_skills_name ON skills (name);
CREATE INDEX idx_skills_status ON skills (status);
CREATE INDEX idx_approval_history_skill ON approval_history (skill_id);
CREATE INDEX idx_agent_skills_skill ON agent_skill_mappings (skill_id);
CREATE INDEX idx_agent_skills_priority ON agent_skill_mappings (agent_type, priority);
CREATE INDEX idx_usage_skill ON skill_usage_log (skill_id);
CREATE INDEX idx_usage_phase ON skill_usage_log (phase);
CREATE INDEX idx_bootstrap_load_order ON bootstrap_skills (load_order);
CREATE VIEW active_skills_with_approval AS SELECT s.id, s.name, s.category, s.team, s.version, s.approval_level, s.last_approved_by,
  s.last_approval_date, COUNT(DISTINCT m.agent_type) AS agent_count, s.test_coverage, MAX(h.timestamp) AS last_approval_timestamp
  FROM skills s LEFT JOIN agent_skill_mappings m ON s.id = m.skill_id
  LEFT JOIN approval_history h ON s.id = h.skill_id AND h.decision = 'approved' WHERE s.status = 'active' GROUP BY s.id;
CREATE VIEW approval_pending_skills AS SELECT s.id, s.name, s.category, s.approval_level, s.version, s.created_at,
  COUNT(h.id) AS approval_attempts, MAX(h.timestamp) AS last_review_date FROM skills s
  LEFT JOIN approval_history h ON s.id = h.skill_id WHERE s.status = 'active' GROUP BY s.id
  HAVING SUM(h.decision = 'approved') IS NOT 1;
CREATE VIEW approval_distribution AS SELECT approval_level, category, COUNT(*) AS skill_count, COUNT(DISTINCT team) AS team_count,
  AVG(test_coverage) AS avg_test_coverage FROM skills WHERE status = 'active' GROUP BY approval_level, category;
CREATE VIEW migration_status AS SELECT 'skills_table_exists' AS check_name,
  (SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'skills') AS result;
";

/// The first layout: four tables, without approvals.
pub(crate) const V1: &str = "
CREATE TABLE skills (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE NOT NULL, category TEXT NOT NULL, team TEXT,
  content_path TEXT NOT NULL, content_hash TEXT NOT NULL, tags TEXT, version TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'active',
  deprecation_note TEXT, replacement_id INTEGER, owner TEXT, created_at TEXT NOT NULL DEFAULT (datetime('now')),
  updated_at TEXT NOT NULL DEFAULT (datetime('now')));
CREATE TABLE agent_skill_mappings (id INTEGER PRIMARY KEY AUTOINCREMENT, agent_type TEXT NOT NULL, skill_id INTEGER NOT NULL,
  priority INTEGER NOT NULL DEFAULT 5, required BOOLEAN NOT NULL DEFAULT 0, conditions TEXT,
  created_at TEXT NOT NULL DEFAULT (datetime('now')), UNIQUE (agent_type, skill_id));
CREATE TABLE skill_usage_log (id INTEGER PRIMARY KEY AUTOINCREMENT, agent_id TEXT NOT NULL, agent_type TEXT NOT NULL,
  skill_id INTEGER NOT NULL, task_id TEXT, phase TEXT, loaded_at TEXT NOT NULL DEFAULT (datetime('now')), execution_time_ms INTEGER,
  confidence_before REAL, confidence_after REAL);
CREATE TABLE bootstrap_skills (skill_name TEXT PRIMARY KEY, file_path TEXT NOT NULL, load_order INTEGER NOT NULL UNIQUE,
  description TEXT NOT NULL);
";

/// A folder whose database is what this SQL makes; not a database that cfn has seen.
pub(crate) fn project(sql: &str) -> Project {
    let project = Project::empty();
    fs::create_dir_all(project.database().parent().expect("a parent")).expect("folders");
    let output =
        Command::new("sqlite3").arg("-bail").arg(project.database()).arg(format!("\n{sql}")).output().expect("sqlite3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    project
}

/// Adds an active skill of the second layout with a file beside it; its level decides nothing here.
pub(crate) fn add(project: &Project, name: &str, body: &str) {
    project.file(&format!("files/{name}.md"), body);
    project.sqlite3(&format!(
        "INSERT INTO skills (name, category, content_path, content_hash, version)
           VALUES ('{name}', 'domain', 'files/{name}.md', '{}', '1.0.0');
         INSERT INTO agent_skill_mappings (agent_type, skill_id) VALUES ('dev', last_insert_rowid())",
        sha256(body)
    ));
}

/// Approves a skill's current version as the old script did.
pub(crate) fn approve(project: &Project, name: &str) {
    project.sqlite3(&format!(
        "INSERT INTO approval_history (skill_id, version, approval_level, approver, decision)
           SELECT id, version, 'human', 'phase4-system', 'approved' FROM skills WHERE name = '{name}'"
    ));
}

/// The shape of a database: tables with their columns, and the names of views, triggers and those indexes that a fresh database has:
/// an index of the old schema stays where nothing else serves its queries.
pub(crate) fn shape(project: &Project) -> String {
    static FRESH: OnceLock<String> = OnceLock::new();
    let indexes = FRESH.get_or_init(|| {
        Project::new().sqlite3("SELECT group_concat(quote(name), ', ') FROM sqlite_master WHERE type = 'index'")
    });
    project.sqlite3(&format!(
        "SELECT type || ' ' || name || coalesce((SELECT ': ' || group_concat(name, ' ') FROM
             (SELECT lower(c.name) AS name FROM pragma_table_info(m.name) c ORDER BY 1)), '')
         FROM sqlite_master m WHERE name NOT LIKE 'sqlite_%' AND (type <> 'index' OR name IN ({indexes})) ORDER BY type, name"
    ))
}

-- The skills database: nine tables and four views that users already have, and what cfn adds to them.
--
-- Why one file: a fresh database runs it as it stands; a database of the old scripts is compared with the result and gets what
-- it lacks (tables, columns, views), so there is one description of the schema and nothing to keep in step. Nothing here needs
-- more than SQLite 3.31, and triggers call built-in functions only: other programs write this file too.
--
-- Beyond the old schema:
--   skill_contents            the bytes, under their SHA-256; what load serves
--   skill_versions            every version of every skill; written by triggers, so other programs' changes are in it as well
--   approval_history.content_hash           an approval binds to bytes, not to a number
--   cfn_metadata              two random tokens that change with every write by whatever program: for the query cache;
--                             the database's id and a key for signing cached answers: for the query cache too
--   skill_usage_log.exit_code               written by the Node tool, forgotten by the old schema
--   skill_usage_log.version, .content_hash  which bytes an agent really got: for the usage reports
--   skill_usage_log.tokens_avoided, .cost_avoided_usd  for the cost report
--
-- Every index costs each process start, so each one here names the query that it serves. Those of the old schema that repeat a
-- UNIQUE constraint, or that no query uses, are not here, and adoption drops them.

CREATE TABLE skills (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE NOT NULL,
  category TEXT NOT NULL,
  team TEXT,
  content_path TEXT NOT NULL,
  content_hash TEXT NOT NULL,
  tags TEXT,
  version TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'deprecated', 'archived')),
  approval_level TEXT NOT NULL DEFAULT 'human' CHECK (approval_level IN ('auto', 'escalate', 'human')),
  approval_criteria TEXT,
  last_approved_by TEXT,
  last_approval_date TEXT,
  test_coverage REAL,
  test_suite_path TEXT,
  required_test_pass_rate REAL DEFAULT 0.95,
  phase4_pattern_id INTEGER,
  generated_by TEXT,
  is_auto_generated BOOLEAN DEFAULT 0,
  deprecation_note TEXT,
  replacement_id INTEGER REFERENCES skills (id) ON DELETE SET NULL,
  owner TEXT,
  created_at TEXT NOT NULL DEFAULT (datetime('now')),
  updated_at TEXT NOT NULL DEFAULT (datetime('now'))
);

CREATE TABLE approval_history (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  skill_id INTEGER NOT NULL REFERENCES skills (id) ON DELETE CASCADE,
  version TEXT NOT NULL,
  approval_level TEXT NOT NULL CHECK (approval_level IN ('auto', 'escalate', 'human')),
  approver TEXT,
  decision TEXT NOT NULL CHECK (decision IN ('approved', 'rejected', 'escalated', 'needs_correction')),
  reasoning TEXT,
  risk_assessment TEXT,
  test_results TEXT,
  approval_criteria_check TEXT,
  escalation_reason TEXT,
  escalated_to TEXT,
  escalation_timestamp TEXT,
  timestamp TEXT NOT NULL DEFAULT (datetime('now')),
  review_duration_minutes INTEGER,
  content_hash TEXT
);

CREATE TABLE agent_skill_mappings (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  agent_type TEXT NOT NULL,
  skill_id INTEGER NOT NULL REFERENCES skills (id) ON DELETE CASCADE,
  priority INTEGER NOT NULL DEFAULT 5,
  required BOOLEAN NOT NULL DEFAULT 0,
  conditions TEXT,
  tdd_condition TEXT,
  notes TEXT,
  enabled BOOLEAN NOT NULL DEFAULT 1,
  created_at TEXT NOT NULL DEFAULT (datetime('now')),
  updated_at TEXT NOT NULL DEFAULT (datetime('now')),
  UNIQUE (agent_type, skill_id)
);

CREATE TABLE skill_usage_log (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  agent_id TEXT NOT NULL,
  agent_type TEXT NOT NULL,
  skill_id INTEGER NOT NULL REFERENCES skills (id) ON DELETE CASCADE,
  task_id TEXT,
  phase TEXT,
  loaded_at TEXT NOT NULL DEFAULT (datetime('now')),
  execution_time_ms INTEGER,
  confidence_before REAL,
  confidence_after REAL,
  success_indicator BOOLEAN,
  test_suite_executed BOOLEAN,
  test_pass_rate REAL,
  notes TEXT,
  approval_level TEXT,
  phase4_generated INTEGER DEFAULT 0,
  exit_code INTEGER,
  version TEXT,
  content_hash TEXT,
  tokens_avoided INTEGER,
  cost_avoided_usd REAL
);

CREATE TABLE bootstrap_skills (
  skill_name TEXT PRIMARY KEY,
  file_path TEXT NOT NULL,
  load_order INTEGER NOT NULL UNIQUE,
  description TEXT NOT NULL,
  approval_level TEXT DEFAULT 'auto',
  enabled BOOLEAN NOT NULL DEFAULT 1,
  content_hash TEXT,
  created_at TEXT NOT NULL DEFAULT (datetime('now')),
  updated_at TEXT NOT NULL DEFAULT (datetime('now'))
);

CREATE TABLE approval_criteria_templates (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  approval_level TEXT NOT NULL CHECK (approval_level IN ('auto', 'escalate', 'human')),
  category TEXT NOT NULL,
  criteria_json TEXT NOT NULL,
  description TEXT NOT NULL,
  enabled BOOLEAN NOT NULL DEFAULT 1,
  created_at TEXT NOT NULL DEFAULT (datetime('now')),
  updated_at TEXT NOT NULL DEFAULT (datetime('now')),
  UNIQUE (approval_level, category)
);

CREATE TABLE phase4_skill_generation (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  skill_id INTEGER NOT NULL UNIQUE REFERENCES skills (id) ON DELETE CASCADE,
  phase4_pattern_id INTEGER,
  pattern_name TEXT,
  generated_by TEXT,
  generated_at TEXT DEFAULT (datetime('now')),
  source_reflection_ids TEXT,
  edge_cases_tracked INTEGER DEFAULT 0,
  generation_status TEXT CHECK (generation_status IN ('generated', 'approved', 'deployed', 'archived')),
  deployment_timestamp TEXT,
  skill_version TEXT,
  github_pr_id TEXT
);

CREATE TABLE edge_case_tracking (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  skill_id INTEGER NOT NULL REFERENCES skills (id) ON DELETE CASCADE,
  edge_case_description TEXT NOT NULL,
  failure_reason TEXT,
  input_parameters TEXT,
  expected_output TEXT,
  actual_output TEXT,
  severity TEXT CHECK (severity IN ('low', 'medium', 'high')),
  resolved BOOLEAN DEFAULT 0,
  resolution_notes TEXT,
  proposed_fix TEXT,
  requires_approval BOOLEAN DEFAULT 1,
  detected_at TEXT DEFAULT (datetime('now')),
  resolved_at TEXT
);

CREATE TABLE schema_versions (
  version TEXT PRIMARY KEY,
  description TEXT NOT NULL,
  applied_at TEXT NOT NULL DEFAULT (datetime('now')),
  rolled_back_at TEXT
);

CREATE TABLE skill_contents (
  hash TEXT PRIMARY KEY,
  bytes BLOB NOT NULL,
  created_at TEXT NOT NULL DEFAULT (datetime('now'))
);

-- The trigger on skills writes these rows, so nothing here may refuse a row that the old tables take.
CREATE TABLE skill_versions (
  id INTEGER PRIMARY KEY,
  skill_id INTEGER NOT NULL REFERENCES skills (id) ON DELETE CASCADE,
  version TEXT NOT NULL,
  content_hash TEXT NOT NULL,
  content_path TEXT NOT NULL,
  front_matter TEXT,
  approval_level TEXT NOT NULL,
  source TEXT NOT NULL,
  created_at TEXT NOT NULL DEFAULT (datetime('now')),
  UNIQUE (skill_id, version)
);

CREATE TABLE cfn_metadata (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
) WITHOUT ROWID;

INSERT INTO cfn_metadata (name, value) VALUES
  ('database_id', randomblob(16)),
  ('cache_key', randomblob(32)),
  ('catalogue_token', randomblob(16)),
  ('usage_token', randomblob(16));

-- history: the decisions of one skill, and the latest of the view active_skills_with_approval.
CREATE INDEX idx_approval_history_skill_created ON approval_history (skill_id, timestamp);
-- load, deploy, list: the latest decision on some bytes is the first entry from the end, and the row need not be read for it.
CREATE INDEX idx_approval_history_skill_hash ON approval_history (skill_id, content_hash, id, decision);
-- show, list, update's notification, and the cascade when a skill is deleted.
CREATE INDEX idx_agent_skills_skill ON agent_skill_mappings (skill_id);
-- check, capture: whether some bytes are still named by a version.
CREATE INDEX idx_skill_versions_content ON skill_versions (content_hash);
-- usage of one skill, and the cascade.
CREATE INDEX idx_usage_skill ON skill_usage_log (skill_id);
-- which bytes an agent got in a task.
CREATE INDEX idx_usage_task ON skill_usage_log (task_id);
-- reports over days, and the archive.
CREATE INDEX idx_usage_timestamp ON skill_usage_log (loaded_at);
-- load: the latest pass rate of a skill, however many rows have none.
CREATE INDEX idx_usage_pass_rate ON skill_usage_log (skill_id) WHERE test_pass_rate IS NOT NULL;
-- the cascade when a skill is deleted; open edge cases of a skill.
CREATE INDEX idx_edge_case_skill ON edge_case_tracking (skill_id);

CREATE VIEW active_skills_with_approval AS
SELECT s.id, s.name, s.category, s.team, s.version, s.approval_level, s.last_approved_by, s.last_approval_date,
  COUNT(DISTINCT m.agent_type) AS agent_count, s.test_coverage, MAX(h.timestamp) AS last_approval_timestamp
FROM skills s
LEFT JOIN agent_skill_mappings m ON m.skill_id = s.id
LEFT JOIN approval_history h ON h.skill_id = s.id AND h.decision = 'approved'
WHERE s.status = 'active'
GROUP BY s.id;

CREATE VIEW approval_pending_skills AS
SELECT s.id, s.name, s.category, s.approval_level, s.version, s.created_at,
  COUNT(h.id) AS approval_attempts, MAX(h.timestamp) AS last_review_date
FROM skills s
LEFT JOIN approval_history h ON h.skill_id = s.id
WHERE s.status = 'active'
GROUP BY s.id
HAVING COUNT(CASE WHEN h.decision = 'approved' THEN 1 END) = 0;

CREATE VIEW approval_distribution AS
SELECT approval_level, category, COUNT(*) AS skill_count, COUNT(DISTINCT team) AS team_count,
  AVG(test_coverage) AS avg_test_coverage
FROM skills
WHERE status = 'active'
GROUP BY approval_level, category;

CREATE VIEW migration_status AS
SELECT expected.name || '_exists' AS check_name, COUNT(found.name) AS result
FROM (SELECT 'skills_table' AS name, 'skills' AS table_name
  UNION ALL SELECT 'approval_history', 'approval_history'
  UNION ALL SELECT 'approval_criteria_templates', 'approval_criteria_templates') expected
LEFT JOIN sqlite_master found ON found.type = 'table' AND found.name = expected.table_name
GROUP BY expected.name;

-- A version is recorded once, by whoever writes the skill. NOT EXISTS and not OR IGNORE: inside a trigger the conflict clause
-- of the outer statement wins, and INSERT OR REPLACE INTO skills would replace a recorded version's bytes.
CREATE TRIGGER cfn_skills_insert AFTER INSERT ON skills BEGIN
  INSERT INTO skill_versions (skill_id, version, content_hash, content_path, approval_level, source)
    SELECT NEW.id, NEW.version, NEW.content_hash, coalesce(NEW.content_path, ''), coalesce(NEW.approval_level, 'human'), 'external'
    WHERE NEW.version IS NOT NULL AND NEW.content_hash IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM skill_versions WHERE skill_id = NEW.id AND version = NEW.version);
  UPDATE cfn_metadata SET value = randomblob(16) WHERE name = 'catalogue_token';
END;
CREATE TRIGGER cfn_skills_update AFTER UPDATE ON skills BEGIN
  INSERT INTO skill_versions (skill_id, version, content_hash, content_path, approval_level, source)
    SELECT NEW.id, NEW.version, NEW.content_hash, coalesce(NEW.content_path, ''), coalesce(NEW.approval_level, 'human'), 'external'
    WHERE NEW.version IS NOT NULL AND NEW.content_hash IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM skill_versions WHERE skill_id = NEW.id AND version = NEW.version);
  UPDATE cfn_metadata SET value = randomblob(16) WHERE name = 'catalogue_token';
END;
CREATE TRIGGER cfn_skills_delete AFTER DELETE ON skills BEGIN
  UPDATE cfn_metadata SET value = randomblob(16) WHERE name = 'catalogue_token';
END;

-- Other programs approve a version by its number: the approval is bound to the bytes that the number has at that moment.
CREATE TRIGGER cfn_approval_history_insert AFTER INSERT ON approval_history BEGIN
  UPDATE approval_history
    SET content_hash = (SELECT content_hash FROM skill_versions WHERE skill_id = NEW.skill_id AND version = NEW.version)
    WHERE id = NEW.id AND content_hash IS NULL;
  UPDATE cfn_metadata SET value = randomblob(16) WHERE name = 'catalogue_token';
END;
CREATE TRIGGER cfn_approval_history_update AFTER UPDATE ON approval_history BEGIN
  UPDATE cfn_metadata SET value = randomblob(16) WHERE name = 'catalogue_token';
END;
CREATE TRIGGER cfn_approval_history_delete AFTER DELETE ON approval_history BEGIN
  UPDATE cfn_metadata SET value = randomblob(16) WHERE name = 'catalogue_token';
END;

-- The rest of the catalogue, and the usage log: only the token. A delete by INSERT OR REPLACE fires no delete trigger, but the
-- insert that follows it fires one.
CREATE TRIGGER cfn_agent_skill_mappings_insert AFTER INSERT ON agent_skill_mappings BEGIN
  UPDATE cfn_metadata SET value = randomblob(16) WHERE name = 'catalogue_token';
END;
CREATE TRIGGER cfn_agent_skill_mappings_update AFTER UPDATE ON agent_skill_mappings BEGIN
  UPDATE cfn_metadata SET value = randomblob(16) WHERE name = 'catalogue_token';
END;
CREATE TRIGGER cfn_agent_skill_mappings_delete AFTER DELETE ON agent_skill_mappings BEGIN
  UPDATE cfn_metadata SET value = randomblob(16) WHERE name = 'catalogue_token';
END;
CREATE TRIGGER cfn_bootstrap_skills_insert AFTER INSERT ON bootstrap_skills BEGIN
  UPDATE cfn_metadata SET value = randomblob(16) WHERE name = 'catalogue_token';
END;
CREATE TRIGGER cfn_bootstrap_skills_update AFTER UPDATE ON bootstrap_skills BEGIN
  UPDATE cfn_metadata SET value = randomblob(16) WHERE name = 'catalogue_token';
END;
CREATE TRIGGER cfn_bootstrap_skills_delete AFTER DELETE ON bootstrap_skills BEGIN
  UPDATE cfn_metadata SET value = randomblob(16) WHERE name = 'catalogue_token';
END;
CREATE TRIGGER cfn_skill_contents_insert AFTER INSERT ON skill_contents BEGIN
  UPDATE cfn_metadata SET value = randomblob(16) WHERE name = 'catalogue_token';
END;
CREATE TRIGGER cfn_skill_contents_update AFTER UPDATE ON skill_contents BEGIN
  UPDATE cfn_metadata SET value = randomblob(16) WHERE name = 'catalogue_token';
END;
CREATE TRIGGER cfn_skill_contents_delete AFTER DELETE ON skill_contents BEGIN
  UPDATE cfn_metadata SET value = randomblob(16) WHERE name = 'catalogue_token';
END;
CREATE TRIGGER cfn_skill_versions_insert AFTER INSERT ON skill_versions BEGIN
  UPDATE cfn_metadata SET value = randomblob(16) WHERE name = 'catalogue_token';
END;
CREATE TRIGGER cfn_skill_versions_update AFTER UPDATE ON skill_versions BEGIN
  UPDATE cfn_metadata SET value = randomblob(16) WHERE name = 'catalogue_token';
END;
CREATE TRIGGER cfn_skill_versions_delete AFTER DELETE ON skill_versions BEGIN
  UPDATE cfn_metadata SET value = randomblob(16) WHERE name = 'catalogue_token';
END;
CREATE TRIGGER cfn_skill_usage_log_insert AFTER INSERT ON skill_usage_log BEGIN
  UPDATE cfn_metadata SET value = randomblob(16) WHERE name = 'usage_token';
END;
CREATE TRIGGER cfn_skill_usage_log_update AFTER UPDATE ON skill_usage_log BEGIN
  UPDATE cfn_metadata SET value = randomblob(16) WHERE name = 'usage_token';
END;
CREATE TRIGGER cfn_skill_usage_log_delete AFTER DELETE ON skill_usage_log BEGIN
  UPDATE cfn_metadata SET value = randomblob(16) WHERE name = 'usage_token';
END;

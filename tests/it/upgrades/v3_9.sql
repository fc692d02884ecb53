-- A filled database of schema v3.9.0, as .dump writes it, and what its header held.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
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
, pinned_version);
INSERT INTO skills VALUES(1,'jwt','domain','core','files/jwt.md','01c55d30d2cbde38c60e60618f379c61faba4526dd9392a641636b4bf86a151b','["auth"]','1.1.0','active','human',NULL,'ann','2026-01-01 00:00:00',0.9000000000000000222,NULL,0.94999999999999995559,7,'phase4',1,NULL,NULL,'ann','2026-01-01 00:00:00','2026-01-02 00:00:00',NULL);
INSERT INTO skills VALUES(2,'sql','domain',NULL,'files/sql.md','74eeabf9d1d262672c956e2ca6bcf773448986bb510a07167c44511e14bad8a7',NULL,'1.0.1','active','human',NULL,'ann','2026-01-01 00:00:00',NULL,NULL,0.94999999999999995559,NULL,'imported',0,NULL,NULL,NULL,'2026-01-01 00:00:00','2026-01-02 00:00:00',NULL);
INSERT INTO skills VALUES(3,'old','testing',NULL,'files/old.md','e88304b8cefe95062d689ab059fa9e7ffa9c6f355b7addf8ddc419bb48d4a569',NULL,'1.0.0','deprecated','auto',NULL,NULL,NULL,NULL,NULL,0.94999999999999995559,NULL,'manual',0,NULL,NULL,NULL,'2026-01-01 00:00:00','2026-01-01 00:00:00',NULL);
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
, folder_hash);
INSERT INTO approval_history VALUES(1,1,'1.0.0','human','ann','approved','fine',NULL,NULL,NULL,NULL,NULL,NULL,'2026-01-01 00:00:00',NULL,'e3b43bb57397ff9fa1cd8a99751309986737c9f18227538f410fd79f331b4954',NULL);
INSERT INTO approval_history VALUES(2,2,'1.0.0','human','ann','approved',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2026-01-01 00:00:00',NULL,'a83c47cbe579fd6b0a78f46a957b7b1592a9b7a76f00d09788b7e16a3b7643d5',NULL);
INSERT INTO approval_history VALUES(3,1,'1.1.0','human','ann','approved',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2026-01-02 00:00:00',NULL,'01c55d30d2cbde38c60e60618f379c61faba4526dd9392a641636b4bf86a151b',NULL);
INSERT INTO approval_history VALUES(4,2,'1.0.1','human','bob','rejected','wrong',NULL,NULL,NULL,NULL,NULL,NULL,'2026-01-02 00:00:00',NULL,'74eeabf9d1d262672c956e2ca6bcf773448986bb510a07167c44511e14bad8a7',NULL);
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
  updated_at TEXT NOT NULL DEFAULT (datetime('now')), pinned_version,
  UNIQUE (agent_type, skill_id)
);
INSERT INTO agent_skill_mappings VALUES(1,'dev',1,1,1,NULL,NULL,'first',1,'2026-01-01 00:00:00','2026-01-01 00:00:00',NULL);
INSERT INTO agent_skill_mappings VALUES(2,'dev',2,5,0,NULL,NULL,NULL,1,'2026-01-01 00:00:00','2026-01-01 00:00:00',NULL);
INSERT INTO agent_skill_mappings VALUES(3,'ghost',99,5,0,NULL,NULL,NULL,1,'2026-01-01 00:00:00','2026-01-01 00:00:00',NULL);
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
, open_key TEXT);
INSERT INTO skill_usage_log VALUES(1,'a1','dev',1,'t1',NULL,'2026-01-03 10:00:00',12,0.5,0.75,1,NULL,0.9000000000000000222,NULL,NULL,0,0,'1.1.0','01c55d30d2cbde38c60e60618f379c61faba4526dd9392a641636b4bf86a151b',100,0.25,NULL);
INSERT INTO skill_usage_log VALUES(2,'a1','dev',2,'t1',NULL,'2026-01-03 10:00:01',NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,0,1,'1.0.0','a83c47cbe579fd6b0a78f46a957b7b1592a9b7a76f00d09788b7e16a3b7643d5',NULL,NULL,NULL);
INSERT INTO skill_usage_log VALUES(3,'a2','dev',1,'t2',NULL,'2026-01-04 09:00:00',20,0.5,0.5,1,NULL,NULL,NULL,NULL,0,0,'1.1.0','01c55d30d2cbde38c60e60618f379c61faba4526dd9392a641636b4bf86a151b',50,0.5,NULL);
INSERT INTO skill_usage_log VALUES(4,'a3','ops',77,NULL,NULL,'2026-01-05 09:00:00',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL);
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
INSERT INTO bootstrap_skills VALUES('boot','files/boot.md',1,'First.','auto',1,'5b1d8143de37ef7487d0ac616729e5ed18376ffff4674739d813508764dcc293','2026-01-01 00:00:00','2026-01-01 00:00:00');
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
INSERT INTO approval_criteria_templates VALUES(1,'auto','domain','{}','x',1,'2026-01-01 00:00:00','2026-01-01 00:00:00');
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
INSERT INTO phase4_skill_generation VALUES(1,1,7,'p',NULL,'2026-01-01 00:00:00',NULL,0,'deployed',NULL,NULL,NULL);
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
INSERT INTO edge_case_tracking VALUES(1,1,'e',NULL,NULL,NULL,NULL,'low',0,NULL,NULL,1,'2026-01-01 00:00:00',NULL);
CREATE TABLE schema_versions (
  version TEXT PRIMARY KEY,
  description TEXT NOT NULL,
  applied_at TEXT NOT NULL DEFAULT (datetime('now')),
  rolled_back_at TEXT
);
INSERT INTO schema_versions VALUES('v3.0.0','Contents and versions in the database, approvals bound to bytes, write tokens','2026-01-01 00:00:00',NULL);
INSERT INTO schema_versions VALUES('v3.1.0','Usage rollups that stay equal to a full scan','2026-01-01 00:00:00',NULL);
INSERT INTO schema_versions VALUES('v3.2.0','Archives of the usage log','2026-01-01 00:00:00',NULL);
INSERT INTO schema_versions VALUES('v3.3.0','What waits for the workflow database','2026-01-01 00:00:00',NULL);
INSERT INTO schema_versions VALUES('v3.4.0','Usage by UTC day, outcomes, small money, and uses that wait for their outcome','2026-11-26 19:50:33',NULL);
INSERT INTO schema_versions VALUES('v3.5.0','A shorter schema, which every process parses','2026-11-26 22:48:22',NULL);
INSERT INTO schema_versions VALUES('v3.6.0','Former names, events of skills, pinned versions','2026-01-06 00:00:00',NULL);
INSERT INTO schema_versions VALUES('v3.7.0','Sums of tokens that have no amount of money','2026-11-27 02:37:31',NULL);
INSERT INTO schema_versions VALUES('v3.8.0','Files of skills beside SKILL.md, decisions about whole folders','2026-11-27 16:02:03',NULL);
INSERT INTO schema_versions VALUES('v3.9.0','What a database follows','2026-11-27 16:02:03',NULL);
CREATE TABLE skill_contents (
  hash TEXT PRIMARY KEY,
  bytes BLOB NOT NULL,
  created_at TEXT NOT NULL DEFAULT (datetime('now'))
);
INSERT INTO skill_contents VALUES('e3b43bb57397ff9fa1cd8a99751309986737c9f18227538f410fd79f331b4954',X'4a7774206f6e652e','2026-01-01 00:00:00');
INSERT INTO skill_contents VALUES('01c55d30d2cbde38c60e60618f379c61faba4526dd9392a641636b4bf86a151b',X'4a77742074776f2e','2026-01-02 00:00:00');
INSERT INTO skill_contents VALUES('a83c47cbe579fd6b0a78f46a957b7b1592a9b7a76f00d09788b7e16a3b7643d5',X'53716c206f6e652e','2026-01-01 00:00:00');
INSERT INTO skill_contents VALUES('74eeabf9d1d262672c956e2ca6bcf773448986bb510a07167c44511e14bad8a7',X'53716c2074776f2e','2026-01-02 00:00:00');
INSERT INTO skill_contents VALUES('e88304b8cefe95062d689ab059fa9e7ffa9c6f355b7addf8ddc419bb48d4a569',X'4f6c642e','2026-01-01 00:00:00');
INSERT INTO skill_contents VALUES('5b1d8143de37ef7487d0ac616729e5ed18376ffff4674739d813508764dcc293',X'426f6f742e','2026-01-01 00:00:00');
CREATE TABLE skill_versions (
  id INTEGER PRIMARY KEY,
  skill_id INTEGER NOT NULL REFERENCES skills (id) ON DELETE CASCADE,
  version TEXT NOT NULL,
  content_hash TEXT NOT NULL,
  content_path TEXT NOT NULL,
  front_matter TEXT,
  approval_level TEXT NOT NULL,
  source TEXT NOT NULL,
  created_at TEXT NOT NULL DEFAULT (datetime('now')), folder_hash,
  UNIQUE (skill_id, version)
);
INSERT INTO skill_versions VALUES(1,1,'1.0.0','e3b43bb57397ff9fa1cd8a99751309986737c9f18227538f410fd79f331b4954','files/jwt.md','{"name":"x"}','human','deploy','2026-01-01 00:00:00',NULL);
INSERT INTO skill_versions VALUES(2,2,'1.0.0','a83c47cbe579fd6b0a78f46a957b7b1592a9b7a76f00d09788b7e16a3b7643d5','files/sql.md','{"name":"x"}','human','deploy','2026-01-01 00:00:00',NULL);
INSERT INTO skill_versions VALUES(3,3,'1.0.0','e88304b8cefe95062d689ab059fa9e7ffa9c6f355b7addf8ddc419bb48d4a569','files/old.md','{"name":"x"}','auto','deploy','2026-01-01 00:00:00',NULL);
INSERT INTO skill_versions VALUES(4,1,'1.1.0','01c55d30d2cbde38c60e60618f379c61faba4526dd9392a641636b4bf86a151b','files/jwt.md','{"name":"x"}','human','deploy','2026-01-01 00:00:00',NULL);
INSERT INTO skill_versions VALUES(5,2,'1.0.1','74eeabf9d1d262672c956e2ca6bcf773448986bb510a07167c44511e14bad8a7','files/sql.md','{"name":"x"}','human','deploy','2026-01-01 00:00:00',NULL);
CREATE TABLE cfn_metadata (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
) WITHOUT ROWID;
INSERT INTO cfn_metadata VALUES('cache_key',X'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f');
INSERT INTO cfn_metadata VALUES('database_id',X'000102030405060708090a0b0c0d0e0f');
INSERT INTO cfn_metadata VALUES('rolled_up_schema',68);
INSERT INTO cfn_metadata VALUES('rolled_up_through',-9223372036854775808);
CREATE TABLE usage_daily (
  day TEXT, skill_id INTEGER, agent_type TEXT, approval_level TEXT, archive_id INTEGER, part INTEGER,
  uses, measured, gain, helped, timed, time_ms, outcomes, succeeded, tokens, usd, nano_usd, first_used, last_used, unpriced,
  PRIMARY KEY (day, skill_id, agent_type, approval_level, archive_id, part)
) WITHOUT ROWID;
INSERT INTO usage_daily VALUES('2025-12-30',1,'dev','human',1,1,2,1,250000,1,1,12,0,0,100,0,250000000,'2025-12-30 10:00:00','2025-12-30 11:00:00',0);
CREATE TABLE usage_totals (
  archived INTEGER, skill_id INTEGER, agent_type TEXT, approval_level TEXT,
  uses, measured, gain, helped, timed, time_ms, outcomes, succeeded, tokens, usd, nano_usd, first_used, last_used, unpriced,
  PRIMARY KEY (archived, skill_id, agent_type, approval_level)
) WITHOUT ROWID;
INSERT INTO usage_totals VALUES(1,1,'dev','human',2,1,250000,1,1,12,0,0,100,0,250000000,'2025-12-30 10:00:00','2025-12-30 11:00:00',0);
CREATE TABLE usage_dirty (loaded_at, skill_id);
CREATE TABLE cfn_tokens(catalogue,usage,skill);
INSERT INTO cfn_tokens VALUES(3011919960436725207,-6308294566933810579,NULL);
CREATE TABLE usage_archives(id INTEGER PRIMARY KEY,sha256 UNIQUE,before,file,rows,parts,archived_at);
INSERT INTO usage_archives VALUES(1,'aaaa','2026-01-01','archive.db',3,1,'2026-01-06 00:00:00');
CREATE TABLE usage_archive_parts(archive_id,part,PRIMARY KEY(archive_id,part))WITHOUT ROWID;
INSERT INTO usage_archive_parts VALUES(1,1);
CREATE TABLE usage_archive_kept(archive_id,part,row_id,PRIMARY KEY(archive_id,part,row_id))WITHOUT ROWID;
INSERT INTO usage_archive_kept VALUES(1,1,9);
CREATE TABLE outbox(id INTEGER PRIMARY KEY AUTOINCREMENT,delivery_key DEFAULT(lower(hex(randomblob(16)))),pattern_id,kind,payload,created_at DEFAULT(datetime('now')),set_aside_at,reason,not_before);
INSERT INTO outbox VALUES(1,'key-1',7,'deployed','{}','2026-01-02 00:00:00',NULL,NULL,NULL);
INSERT INTO outbox VALUES(2,'key-2',7,'updated','{}','2026-01-03 00:00:00','2026-01-04 00:00:00','refused',NULL);
CREATE TABLE cfn_aliases(name PRIMARY KEY,skill_id)WITHOUT ROWID;
INSERT INTO cfn_aliases VALUES('jwt-of-old',1);
CREATE TABLE cfn_events(id INTEGER PRIMARY KEY,skill_id,skill,event,version,content_hash,detail,actor,reason,created_at);
INSERT INTO cfn_events VALUES(1,1,'jwt','renamed',NULL,NULL,'{"from":"jwt-of-old","to":"jwt"}','ann',NULL,'2026-01-05 00:00:00');
CREATE TABLE skill_files(version_id INTEGER REFERENCES skill_versions ON DELETE CASCADE,path,mode,hash,size,PRIMARY KEY(version_id,path))WITHOUT ROWID;
CREATE TABLE follow(id INTEGER PRIMARY KEY,url,agents,origin,system,timeline,feed,cursor,newest,token,pulled_at,primary_time);
CREATE TABLE follow_pass_rates(skill_id INTEGER PRIMARY KEY,rate);
INSERT INTO follow_pass_rates VALUES(1,0.75);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('skills',3);
INSERT INTO sqlite_sequence VALUES('approval_history',4);
INSERT INTO sqlite_sequence VALUES('agent_skill_mappings',3);
INSERT INTO sqlite_sequence VALUES('approval_criteria_templates',1);
INSERT INTO sqlite_sequence VALUES('phase4_skill_generation',1);
INSERT INTO sqlite_sequence VALUES('edge_case_tracking',1);
INSERT INTO sqlite_sequence VALUES('skill_usage_log',4);
INSERT INTO sqlite_sequence VALUES('outbox',2);
CREATE INDEX idx_approval_history_skill_created ON approval_history (skill_id, timestamp);
CREATE INDEX idx_agent_skills_skill ON agent_skill_mappings (skill_id);
CREATE INDEX idx_skill_versions_content ON skill_versions (content_hash);
CREATE INDEX idx_usage_task ON skill_usage_log (task_id);
CREATE INDEX idx_usage_timestamp ON skill_usage_log (loaded_at);
CREATE INDEX idx_usage_pass_rate ON skill_usage_log (skill_id) WHERE test_pass_rate IS NOT NULL;
CREATE INDEX idx_edge_case_skill ON edge_case_tracking (skill_id);
CREATE INDEX idx_usage_skill_loaded ON skill_usage_log (skill_id, loaded_at);
CREATE INDEX idx_usage_daily_skill ON usage_daily (skill_id);
CREATE INDEX idx_usage_daily_part ON usage_daily (archive_id, part) WHERE archive_id > 0;
CREATE INDEX idx_usage_open ON skill_usage_log (task_id, agent_id, skill_id) WHERE open_key IS NOT NULL;
CREATE TRIGGER cfn_skills_insert AFTER INSERT ON skills BEGIN UPDATE cfn_tokens SET catalogue=random(),skill=NEW.id;END;
CREATE TRIGGER cfn_skills_update AFTER UPDATE ON skills BEGIN UPDATE cfn_tokens SET catalogue=random(),skill=NEW.id;END;
CREATE TRIGGER cfn_skills_delete AFTER DELETE ON skills BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_versions_record AFTER UPDATE OF skill ON cfn_tokens BEGIN INSERT INTO skill_versions(skill_id,version,content_hash,content_path,approval_level,source)SELECT id,version,content_hash,ifnull(content_path,''),ifnull(approval_level,'human'),'external'FROM skills WHERE id=NEW.skill AND version||content_hash NOTNULL ON CONFLICT DO NOTHING;END;
CREATE TRIGGER cfn_approvals_update AFTER UPDATE ON approval_history BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_approvals_delete AFTER DELETE ON approval_history BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_mappings_insert AFTER INSERT ON agent_skill_mappings BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_mappings_update AFTER UPDATE ON agent_skill_mappings BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_mappings_delete AFTER DELETE ON agent_skill_mappings BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_bootstrap_insert AFTER INSERT ON bootstrap_skills BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_bootstrap_update AFTER UPDATE ON bootstrap_skills BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_bootstrap_delete AFTER DELETE ON bootstrap_skills BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_contents_insert AFTER INSERT ON skill_contents BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_contents_update AFTER UPDATE ON skill_contents BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_contents_delete AFTER DELETE ON skill_contents BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_versions_insert AFTER INSERT ON skill_versions BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_versions_update AFTER UPDATE ON skill_versions BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_versions_delete AFTER DELETE ON skill_versions BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE VIEW active_skills_with_approval AS SELECT id,name,category,team,version,approval_level,last_approved_by,last_approval_date,(SELECT count(DISTINCT agent_type)FROM agent_skill_mappings WHERE skill_id=s.id)agent_count,test_coverage,(SELECT max(timestamp)FROM approval_history WHERE skill_id=s.id AND decision='approved')last_approval_timestamp FROM skills s WHERE status='active';
CREATE VIEW approval_pending_skills AS SELECT id,name,category,approval_level,version,created_at,(SELECT count(*)FROM approval_history WHERE skill_id=s.id)approval_attempts,(SELECT max(timestamp)FROM approval_history WHERE skill_id=s.id)last_review_date FROM skills s WHERE status='active'AND NOT EXISTS(SELECT 1 FROM approval_history WHERE skill_id=s.id AND decision='approved');
CREATE VIEW approval_distribution AS SELECT approval_level,category,count(*)skill_count,count(DISTINCT team)team_count,avg(test_coverage)avg_test_coverage FROM skills WHERE status='active'GROUP BY 1,2;
CREATE VIEW migration_status AS SELECT column1||'_exists'check_name,(SELECT count(*)FROM sqlite_master WHERE type='table'AND name=column2)result FROM(VALUES('approval_criteria_templates','approval_criteria_templates'),('approval_history','approval_history'),('skills_table','skills'));
CREATE TRIGGER cfn_usage_replace BEFORE INSERT ON skill_usage_log BEGIN INSERT INTO usage_dirty SELECT loaded_at,skill_id FROM skill_usage_log WHERE id=NEW.id;END;
CREATE TRIGGER cfn_usage_insert AFTER INSERT ON skill_usage_log BEGIN UPDATE cfn_tokens SET usage=random();INSERT INTO usage_dirty SELECT NEW.loaded_at,NEW.skill_id FROM cfn_metadata WHERE name='rolled_up_through'AND value>=NEW.id;END;
CREATE TRIGGER cfn_usage_update BEFORE UPDATE ON skill_usage_log BEGIN UPDATE cfn_tokens SET usage=random();INSERT INTO usage_dirty SELECT loaded_at,skill_id FROM cfn_metadata,(SELECT loaded_at,skill_id FROM skill_usage_log WHERE id IN(OLD.id,NEW.id)UNION ALL SELECT NEW.loaded_at,NEW.skill_id)WHERE name='rolled_up_through'AND value>=min(OLD.id,NEW.id);END;
CREATE TRIGGER cfn_usage_delete AFTER DELETE ON skill_usage_log BEGIN UPDATE cfn_tokens SET usage=random();INSERT INTO usage_dirty SELECT OLD.loaded_at,OLD.skill_id FROM cfn_metadata WHERE name='rolled_up_through'AND value>=OLD.id;END;
CREATE INDEX cfn_events_hash ON cfn_events(content_hash);
CREATE INDEX idx_approval_history_skill_hash ON approval_history(skill_id,content_hash,folder_hash,id,decision);
CREATE TRIGGER cfn_files_insert AFTER INSERT ON skill_files BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_files_update AFTER UPDATE ON skill_files BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_files_delete AFTER DELETE ON skill_files BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_approvals_insert AFTER INSERT ON approval_history BEGIN UPDATE cfn_tokens SET catalogue=random();UPDATE approval_history SET(content_hash,folder_hash)=(SELECT content_hash,folder_hash FROM skill_versions WHERE skill_id=NEW.skill_id AND version=NEW.version)WHERE rowid=NEW.rowid AND content_hash ISNULL;END;
COMMIT;
PRAGMA user_version = 3009;
UPDATE cfn_metadata SET value = (SELECT schema_version FROM pragma_schema_version) WHERE name = 'rolled_up_schema';

-- Reports that cost the same however long the usage log has grown.
--
-- Why: a report over ten million rows must not read ten million rows, and must give the same figures as if it did, whoever
-- wrote the rows. The invariant: for all rows of skill_usage_log with an id up to 'rolled_up_through', usage_daily holds
-- exactly their sums by day, skill, agent type and level, except for the (day, skill) pairs in usage_dirty; usage_totals holds
-- the sums of usage_daily without the day. Rows with higher ids are the tail: reports add them as they are, and cfn folds them
-- in from time to time. So appending, the usual case, costs nothing here; a change of a row that was folded in marks its pair,
-- and the pair is computed again before the next report.
--
-- INSERT OR REPLACE and UPDATE OR REPLACE delete a row without firing a delete trigger: the BEFORE triggers mark what the new
-- row's id displaces. Confidences and money are kept in millionths, as integers, so that sums do not drift.
--
-- Triggers that were dropped for a while have missed writes, and nobody can see that later from the triggers themselves. So
-- 'rolled_up_schema' is the PRAGMA schema_version for which the invariant was established: any change of the schema since
-- then, by whatever program, makes it differ, and the rollups are built again before they are believed. Before anything is
-- rolled up, 'rolled_up_through' is the lowest integer there is: ids of other programs' rows may be 0 or negative.
--
-- Rows of other programs may hold anything: a time that is no text in SQLite's form belongs to the day '', a skill_id that is
-- no integer to skill 0. The same expressions are in sums.rs.

CREATE TABLE usage_daily (
  day TEXT NOT NULL,
  skill_id INTEGER NOT NULL,
  agent_type TEXT NOT NULL,
  approval_level TEXT NOT NULL,
  uses INTEGER NOT NULL,
  measured INTEGER NOT NULL,
  gain_millionths INTEGER NOT NULL,
  helped INTEGER NOT NULL,
  timed INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  tokens_avoided INTEGER NOT NULL,
  cost_avoided_millionths INTEGER NOT NULL,
  first_used TEXT,
  last_used TEXT,
  PRIMARY KEY (day, skill_id, agent_type, approval_level)
) WITHOUT ROWID;

CREATE TABLE usage_totals (
  skill_id INTEGER NOT NULL,
  agent_type TEXT NOT NULL,
  approval_level TEXT NOT NULL,
  uses INTEGER NOT NULL,
  measured INTEGER NOT NULL,
  gain_millionths INTEGER NOT NULL,
  helped INTEGER NOT NULL,
  timed INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  tokens_avoided INTEGER NOT NULL,
  cost_avoided_millionths INTEGER NOT NULL,
  first_used TEXT,
  last_used TEXT,
  PRIMARY KEY (skill_id, agent_type, approval_level)
) WITHOUT ROWID;

CREATE TABLE usage_dirty (
  day TEXT NOT NULL,
  skill_id INTEGER NOT NULL,
  PRIMARY KEY (day, skill_id)
) WITHOUT ROWID;

INSERT INTO cfn_metadata (name, value) VALUES ('rolled_up_through', -9223372036854775808);

-- computing a skill's totals again from its days.
CREATE INDEX idx_usage_daily_skill ON usage_daily (skill_id);
-- computing a (day, skill) pair again, usage of one skill, and the cascade; replaces the index on skill_id alone.
DROP INDEX IF EXISTS idx_usage_skill;
CREATE INDEX idx_usage_skill_loaded ON skill_usage_log (skill_id, loaded_at);

CREATE TRIGGER cfn_usage_rollup_replaced BEFORE INSERT ON skill_usage_log
WHEN NEW.id <= (SELECT value FROM cfn_metadata WHERE name = 'rolled_up_through') BEGIN
  INSERT INTO usage_dirty (day, skill_id)
    SELECT d, s FROM (SELECT CASE WHEN typeof(loaded_at) = 'text' AND loaded_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*' THEN substr(loaded_at, 1, 10) ELSE '' END AS d,
      CASE WHEN typeof(skill_id) = 'integer' THEN skill_id ELSE 0 END AS s FROM skill_usage_log WHERE id = NEW.id)
    WHERE NOT EXISTS (SELECT 1 FROM usage_dirty WHERE day = d AND skill_id = s);
END;
CREATE TRIGGER cfn_usage_rollup_inserted AFTER INSERT ON skill_usage_log
WHEN NEW.id <= (SELECT value FROM cfn_metadata WHERE name = 'rolled_up_through') BEGIN
  INSERT INTO usage_dirty (day, skill_id)
    SELECT d, s FROM (SELECT CASE WHEN typeof(NEW.loaded_at) = 'text' AND NEW.loaded_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*' THEN substr(NEW.loaded_at, 1, 10) ELSE '' END AS d,
      CASE WHEN typeof(NEW.skill_id) = 'integer' THEN NEW.skill_id ELSE 0 END AS s)
    WHERE NOT EXISTS (SELECT 1 FROM usage_dirty WHERE day = d AND skill_id = s);
END;
CREATE TRIGGER cfn_usage_rollup_displaced BEFORE UPDATE ON skill_usage_log
WHEN NEW.id <> OLD.id AND NEW.id <= (SELECT value FROM cfn_metadata WHERE name = 'rolled_up_through') BEGIN
  INSERT INTO usage_dirty (day, skill_id)
    SELECT d, s FROM (SELECT CASE WHEN typeof(loaded_at) = 'text' AND loaded_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*' THEN substr(loaded_at, 1, 10) ELSE '' END AS d,
      CASE WHEN typeof(skill_id) = 'integer' THEN skill_id ELSE 0 END AS s FROM skill_usage_log WHERE id = NEW.id)
    WHERE NOT EXISTS (SELECT 1 FROM usage_dirty WHERE day = d AND skill_id = s);
END;
CREATE TRIGGER cfn_usage_rollup_updated AFTER UPDATE ON skill_usage_log
WHEN OLD.id <= (SELECT value FROM cfn_metadata WHERE name = 'rolled_up_through')
  OR NEW.id <= (SELECT value FROM cfn_metadata WHERE name = 'rolled_up_through') BEGIN
  INSERT INTO usage_dirty (day, skill_id)
    SELECT d, s FROM (SELECT CASE WHEN typeof(OLD.loaded_at) = 'text' AND OLD.loaded_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*' THEN substr(OLD.loaded_at, 1, 10) ELSE '' END AS d,
      CASE WHEN typeof(OLD.skill_id) = 'integer' THEN OLD.skill_id ELSE 0 END AS s)
    WHERE NOT EXISTS (SELECT 1 FROM usage_dirty WHERE day = d AND skill_id = s);
  INSERT INTO usage_dirty (day, skill_id)
    SELECT d, s FROM (SELECT CASE WHEN typeof(NEW.loaded_at) = 'text' AND NEW.loaded_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*' THEN substr(NEW.loaded_at, 1, 10) ELSE '' END AS d,
      CASE WHEN typeof(NEW.skill_id) = 'integer' THEN NEW.skill_id ELSE 0 END AS s)
    WHERE NOT EXISTS (SELECT 1 FROM usage_dirty WHERE day = d AND skill_id = s);
END;
CREATE TRIGGER cfn_usage_rollup_deleted AFTER DELETE ON skill_usage_log
WHEN OLD.id <= (SELECT value FROM cfn_metadata WHERE name = 'rolled_up_through') BEGIN
  INSERT INTO usage_dirty (day, skill_id)
    SELECT d, s FROM (SELECT CASE WHEN typeof(OLD.loaded_at) = 'text' AND OLD.loaded_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*' THEN substr(OLD.loaded_at, 1, 10) ELSE '' END AS d,
      CASE WHEN typeof(OLD.skill_id) = 'integer' THEN OLD.skill_id ELSE 0 END AS s)
    WHERE NOT EXISTS (SELECT 1 FROM usage_dirty WHERE day = d AND skill_id = s);
END;

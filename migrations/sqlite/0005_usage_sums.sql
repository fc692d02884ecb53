-- Sums of the usage log by UTC day, with outcomes and small money; and uses that wait for their outcome.
--
-- Why: a day was the first ten characters of a time, whatever its offset and its calendar; money was rounded to millionths of a
-- dollar before it was added; and what counted as success was a gain, whatever the exit code said. The invariants of 0002 and
-- 0003 stay: for all rows with an id up to 'rolled_up_through', the rows of usage_daily with archive_id 0 are exactly their sums,
-- except for what usage_dirty names; those with another archive_id are the sums of the rows that are out in a part of an archive;
-- usage_totals holds the sums of both without days.
--
-- A day needs more than SQL can tell in a line, and every character here costs each process. So triggers write down which times
-- and skills have changed, as they are and perhaps twice, and cfn finds their days when it adds them up. They change the token
-- as well: one trigger an event, and one for the row that INSERT OR REPLACE displaces, which fires no delete trigger. One that
-- UPDATE OR REPLACE displaces is found before it is gone. Key columns come first: SQLite 3.40 checks other tables wrongly.
--
-- Money is kept as whole dollars and billionths, so that no sum overflows. first_used and last_used are in UTC.
--
-- skill_usage_log.open_key: set while a use waits for its outcome, which 'log' adds once: id and delivery_key of the use in the
-- outbox, or empty where it was not queued. outbox.not_before: until when a delivery waits for that outcome.

DROP TRIGGER IF EXISTS cfn_usage_rollup_replaced;
DROP TRIGGER IF EXISTS cfn_usage_rollup_inserted;
DROP TRIGGER IF EXISTS cfn_usage_rollup_displaced;
DROP TRIGGER IF EXISTS cfn_usage_rollup_updated;
DROP TRIGGER IF EXISTS cfn_usage_rollup_deleted;
DROP TRIGGER IF EXISTS cfn_skill_usage_log_insert;
DROP TRIGGER IF EXISTS cfn_skill_usage_log_update;
DROP TRIGGER IF EXISTS cfn_skill_usage_log_delete;
DROP TABLE usage_daily;
DROP TABLE usage_totals;
DROP TABLE usage_dirty;
UPDATE cfn_metadata SET value = -9223372036854775808 WHERE name = 'rolled_up_through';

CREATE TABLE usage_daily (
  day TEXT, skill_id INTEGER, agent_type TEXT, approval_level TEXT, archive_id INTEGER, part INTEGER,
  uses, measured, gain, helped, timed, time_ms, outcomes, succeeded, tokens, usd, nano_usd, first_used, last_used,
  PRIMARY KEY (day, skill_id, agent_type, approval_level, archive_id, part)
) WITHOUT ROWID;
CREATE TABLE usage_totals (
  archived INTEGER, skill_id INTEGER, agent_type TEXT, approval_level TEXT,
  uses, measured, gain, helped, timed, time_ms, outcomes, succeeded, tokens, usd, nano_usd, first_used, last_used,
  PRIMARY KEY (archived, skill_id, agent_type, approval_level)
) WITHOUT ROWID;
CREATE TABLE usage_dirty (loaded_at, skill_id);

-- computing a skill's totals again from its days.
CREATE INDEX idx_usage_daily_skill ON usage_daily (skill_id);
-- taking the sums of a part that comes back away.
CREATE INDEX idx_usage_daily_part ON usage_daily (archive_id, part) WHERE archive_id > 0;

-- What is out stays counted. Days that are none, and exit codes, are known again when its rows come back.
INSERT INTO usage_daily
  SELECT CASE WHEN date(day) = day THEN day ELSE '' END, skill_id, agent_type, approval_level, archive_id, part,
    sum(uses), sum(measured), sum(gain_millionths), sum(helped), sum(timed), sum(time_ms), 0, 0, sum(tokens_avoided),
    sum(cost_avoided_millionths / 1000000), sum(cost_avoided_millionths % 1000000 * 1000),
    min(CASE WHEN date(day) = day THEN datetime(first_used) END), max(CASE WHEN date(day) = day THEN datetime(last_used) END)
  FROM usage_archived_daily GROUP BY 1, 2, 3, 4, 5, 6;
INSERT INTO usage_totals
  SELECT 1, skill_id, agent_type, approval_level, sum(uses), sum(measured), sum(gain), sum(helped), sum(timed), sum(time_ms),
    sum(outcomes), sum(succeeded), sum(tokens), sum(usd), sum(nano_usd), min(first_used), max(last_used)
  FROM usage_daily GROUP BY 2, 3, 4;
DROP TABLE usage_archived_daily;
DROP TABLE usage_archived_totals;

ALTER TABLE skill_usage_log ADD COLUMN open_key TEXT;
ALTER TABLE outbox ADD COLUMN not_before TEXT;
-- log: the use that it completes, however many agents share a task's name.
CREATE INDEX idx_usage_open ON skill_usage_log (task_id, agent_id, skill_id) WHERE open_key IS NOT NULL;

CREATE TRIGGER cfn_skill_usage_log_replace BEFORE INSERT ON skill_usage_log BEGIN
  INSERT INTO usage_dirty SELECT loaded_at, skill_id FROM skill_usage_log WHERE id = NEW.id;
END;
CREATE TRIGGER cfn_skill_usage_log_insert AFTER INSERT ON skill_usage_log BEGIN
  UPDATE cfn_metadata SET value = randomblob(16) WHERE name = 'usage_token';
  INSERT INTO usage_dirty SELECT NEW.loaded_at, NEW.skill_id FROM cfn_metadata WHERE name = 'rolled_up_through' AND value >= NEW.id;
END;
CREATE TRIGGER cfn_skill_usage_log_update BEFORE UPDATE ON skill_usage_log BEGIN
  UPDATE cfn_metadata SET value = randomblob(16) WHERE name = 'usage_token';
  INSERT INTO usage_dirty SELECT loaded_at, skill_id FROM cfn_metadata,
    (SELECT loaded_at, skill_id FROM skill_usage_log WHERE id IN (OLD.id, NEW.id) UNION ALL SELECT NEW.loaded_at, NEW.skill_id)
    WHERE name = 'rolled_up_through' AND value >= min(OLD.id, NEW.id);
END;
CREATE TRIGGER cfn_skill_usage_log_delete AFTER DELETE ON skill_usage_log BEGIN
  UPDATE cfn_metadata SET value = randomblob(16) WHERE name = 'usage_token';
  INSERT INTO usage_dirty SELECT OLD.loaded_at, OLD.skill_id FROM cfn_metadata WHERE name = 'rolled_up_through' AND value >= OLD.id;
END;

-- Old rows of the usage log in a file outside, and their sums still in every report.
--
-- Why: a log that only grows makes every backup and every VACUUM slower, while nobody reads its old rows one by one.
--
-- The invariant: a row of an archive's file is either in skill_usage_log (and in its rollups) or in usage_archived_daily, never
-- in both and never in neither: one transaction moves a part of the file's rows and the part's sums. Parts are counted in the
-- file, so the part that comes back drops exactly the sums with which it went. usage_archived_totals holds the sums of
-- usage_archived_daily without day, archive and part.

CREATE TABLE usage_archives (
  id INTEGER PRIMARY KEY,
  sha256 TEXT NOT NULL UNIQUE,
  before TEXT NOT NULL,
  file TEXT NOT NULL,
  rows INTEGER NOT NULL,
  parts INTEGER NOT NULL,
  archived_at TEXT NOT NULL
);

-- The parts whose rows are out of the log.
CREATE TABLE usage_archive_parts (
  archive_id INTEGER NOT NULL,
  part INTEGER NOT NULL,
  PRIMARY KEY (archive_id, part)
) WITHOUT ROWID;

-- Rows of a file that another program changed or deleted while it was being written: they stay as they are, and do not come back.
CREATE TABLE usage_archive_kept (
  archive_id INTEGER NOT NULL,
  part INTEGER NOT NULL,
  row_id INTEGER NOT NULL,
  PRIMARY KEY (archive_id, part, row_id)
) WITHOUT ROWID;

CREATE TABLE usage_archived_daily (
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
  archive_id INTEGER NOT NULL,
  part INTEGER NOT NULL,
  PRIMARY KEY (day, skill_id, agent_type, approval_level, archive_id, part)
) WITHOUT ROWID;

CREATE TABLE usage_archived_totals (
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

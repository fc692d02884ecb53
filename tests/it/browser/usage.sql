/* A project after two months: 13 skills (one that nobody used, one with a long name), 7 agent types, gains and losses, quiet
   Sundays, decisions of every kind. Made from numbers alone, so that every run draws the same page. */

WITH names (i, name) AS (VALUES (0, 'api-design'), (1, 'test-strategy'), (2, 'incident-response'), (3, 'database-migrations'),
  (4, 'accessibility-audit'), (5, 'docker-operations'), (6, 'code-review'),
  (7, 'a-very-long-skill-name-that-goes-on-and-on-until-it-ends-0001'), (8, 'release-notes'), (9, 'load-testing'),
  (10, 'secrets-rotation'), (11, 'legacy-porting'), (12, 'never-used'))
INSERT INTO skills (name, category, content_path, content_hash, version, status, approval_level, generated_by)
SELECT name, 'domain', 'x', 'x', '1.0.0', CASE WHEN i = 8 THEN 'deprecated' ELSE 'active' END,
  CASE i % 3 WHEN 0 THEN 'human' WHEN 1 THEN 'auto' ELSE 'escalate' END, CASE WHEN i % 4 = 0 THEN 'phase4' END
FROM names;

INSERT OR REPLACE INTO skill_versions (skill_id, version, content_hash, content_path, approval_level, source, created_at)
SELECT id, '1.0.0', 'x', 'x', approval_level, 'deploy', datetime('2026-09-01', '+' || (id * 2) || ' days') FROM skills;

INSERT INTO approval_history (skill_id, version, approval_level, decision, timestamp, review_duration_minutes)
SELECT id, '1.0.0', approval_level,
  CASE (id * 7 + k) % 5 WHEN 0 THEN 'rejected' WHEN 1 THEN 'escalated' WHEN 2 THEN 'needs_correction' ELSE 'approved' END,
  datetime('2026-09-01', '+' || (id * 2) || ' days', '+' || (id * k * 9) || ' hours'), id * 5
FROM skills, (SELECT 1 AS k UNION SELECT 2 UNION SELECT 3) WHERE id NOT IN (3, 7, 10);

WITH RECURSIVE numbers (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i < 3999),
uses (i, skill, at) AS (
  SELECT i, 1 + ((i * 7919) % 97) * ((i * 7919) % 97) * 12 / 9409,
    datetime('2026-09-24', '+' || ((i * 104729) % 61 * ((i * 31) % 53 + 60) / 112) || ' days', '+' || (i % 1440) || ' minutes')
  FROM numbers)
INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, loaded_at, execution_time_ms, confidence_before, confidence_after,
  approval_level, tokens_avoided, cost_avoided_usd)
SELECT 'agent-' || (i % 17),
  CASE i * i % 13 WHEN 0 THEN 'writer' WHEN 1 THEN 'backend-developer' WHEN 3 THEN 'frontend-developer' WHEN 4 THEN 'tester'
    WHEN 9 THEN 'backend-developer' WHEN 10 THEN 'reviewer' ELSE 'data-engineer' END,
  skill, at, 200 + (i * 37) % 900, 0.6, 0.6 + (5 - skill) * 0.02 + (i * 13 % 10) * 0.01 - 0.03,
  (SELECT approval_level FROM skills WHERE id = skill), (i * 31) % 900 + 10 * skill, ((i * 31) % 900) * 0.00002 * (13 - skill)
FROM uses WHERE strftime('%w', at) <> '0' AND (strftime('%w', at) <> '6' OR i % 3 = 0) AND at NOT LIKE '2026-10-14%';

INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, loaded_at)
SELECT 'agent-18', 'security-analyst', id, '2026-10-21 10:00:00' FROM skills WHERE id < 9;

-- Sums of tokens that have no amount of money.
--
-- Why: what such tokens are worth is a setting and not a figure of the log, so they are added up apart from the others, and a report
-- applies its price to their sum. The invariants of 0005 stay. The log is added up anew. The rows of an archive cannot be asked: of
-- what is out, the tokens of a sum without any money count as such, until its rows come back.

ALTER TABLE usage_daily ADD unpriced;
ALTER TABLE usage_totals ADD unpriced;
DELETE FROM usage_daily WHERE archive_id = 0;
DELETE FROM usage_totals;
DELETE FROM usage_dirty;
UPDATE cfn_metadata SET value = -9223372036854775808 WHERE name = 'rolled_up_through';
DELETE FROM cfn_metadata WHERE name = 'rolled_up_schema';
UPDATE usage_daily SET unpriced = CASE WHEN usd = 0 AND nano_usd = 0 THEN tokens ELSE 0 END;
INSERT INTO usage_totals
  SELECT 1, skill_id, agent_type, approval_level, sum(uses), sum(measured), sum(gain), sum(helped), sum(timed), sum(time_ms),
    sum(outcomes), sum(succeeded), sum(tokens), sum(usd), sum(nano_usd), min(first_used), max(last_used), sum(unpriced)
  FROM usage_daily GROUP BY 2, 3, 4;

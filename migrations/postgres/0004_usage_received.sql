-- Uses of skills that followers push.
--
-- Why: the fleet's usage is counted here, each use once, whatever is cut, killed, copied or restored meanwhile. A use is known by a
-- random key that its follower gave it; the key is recorded in the transaction of the row, and stays when the row is archived or
-- deleted. An answer that is lost makes the follower offer the same keys again, which are then known.
--
--   skill_usage_log.delivery_key  the key of a use that was pushed
--   skill_usage_log.origin        the label of the follower that pushed it; NULL for a use that was logged here
--   usage_received                row_id is NULL if the skill was gone, so that the use was discarded; is_open is 1 while the outcome is
--                                 to come

ALTER TABLE skill_usage_log ADD COLUMN delivery_key text COLLATE "C", ADD COLUMN origin text COLLATE "C";
CREATE TABLE usage_received (
  delivery_key text COLLATE "C" PRIMARY KEY,
  row_id bigint,
  is_open smallint NOT NULL
);

-- Uses of skills on their way from a follower to its primary.
--
-- Why: the fleet's usage is counted in one place, each use once, whatever is cut, killed, copied or restored meanwhile. Row ids repeat
-- after a copy or a restore, so a use is known by a random key that it gets when it is logged, and keeps.
--
--   delivery_key    the key of a use that a follower logged
--   origin          the label of the follower that pushed the use; NULL for one that was logged here
--   usage_unpushed  what a follower has to push; token changes with the row. Triggers fill it, which are there only while the database
--                   follows: what every process parses does not pay for it
--   usage_received  the key of each use that was received, also after its row is archived or deleted; row_id is NULL if its skill was
--                   gone, is_open is 1 while the outcome is to come. PostgreSQL fills it; here it is for copies
--
-- Every process parses this, so columns have no types that no rule needs.

ALTER TABLE skill_usage_log ADD delivery_key;
ALTER TABLE skill_usage_log ADD origin;
CREATE TABLE usage_unpushed(row_id INTEGER PRIMARY KEY,token);
CREATE TABLE usage_received(delivery_key PRIMARY KEY,row_id,is_open)WITHOUT ROWID;

-- What this database follows.
--
-- Why: a database in a file may follow one on a server: its agents load from the file, also while the network is gone. What it follows,
-- and how far it has come, is written in the transaction of each pull, so that a copy or a backup of the file follows from there.
--
--   follow   one row, or none. url is without a password. agents: a JSON array of agent types, NULL for all. origin is random, and
--            names this database in the primary's usage log. The columns up to token say what was pulled last, see
--            migrations/postgres/0003_change_feed.sql: system, timeline and feed tell which history of which database, cursor up
--            to where, and newest names the last rows of the feed. token is cfn_tokens.catalogue after the pull: where it differs,
--            another program wrote to the catalogue. The times are those of this machine, and of the primary
--   follow_pass_rates   the latest pass rate of a skill on the primary
--
-- Every process parses this, so columns have no types that no rule needs.

CREATE TABLE follow(id INTEGER PRIMARY KEY,url,agents,origin,system,timeline,feed,cursor,newest,token,pulled_at,primary_time);
CREATE TABLE follow_pass_rates(skill_id INTEGER PRIMARY KEY,rate);
